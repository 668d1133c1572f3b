//! The server: one thread, few connections, each for a short while.
//!
//! A connection serves one request. Headers and bodies are small, and whoever takes
//! long to send or to read is hung up on; what is kept for him until then is one answer,
//! whose size is bounded by the rows of the board.

use std::convert::Infallible;
use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};

use crate::guard::Refusal;
use crate::routes::{self, Routes};

/// How many connections are served at once; more are hung up on at once.
const CONNECTIONS: usize = 16;

/// How large the head of a request may be, and how many headers it has.
const HEAD_BYTES: usize = 16 << 10;
const HEADERS: usize = 64;

/// How large the body of a request may be.
const BODY_BYTES: usize = 4 << 10;

/// How long a head may take to arrive, and all of a connection.
const HEAD_TIME: Duration = Duration::from_secs(5);
const WHOLE_TIME: Duration = Duration::from_secs(20);

/// How often it is seen to that nothing is held in vain.
const TIDY: Duration = Duration::from_millis(200);

/// Serves until `over` is told or dropped.
pub(crate) fn serve(listener: StdListener, routes: Arc<Routes>, over: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build();
    let Ok(runtime) = runtime else { return };
    runtime.block_on(async {
        tokio::spawn(accept(listener, routes.clone()));
        tokio::spawn(tidy(routes));
        let _ = over.await;
    });
    // Whoever is still being served is hung up on.
    runtime.shutdown_background();
}

async fn tidy(routes: Arc<Routes>) {
    loop {
        tokio::time::sleep(TIDY).await;
        routes.actions.forget_ended();
    }
}

async fn accept(listener: StdListener, routes: Arc<Routes>) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // No more files to be had, for example. It may become better.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            continue;
        };
        let routes = routes.clone();
        tokio::spawn(async move {
            let _ = tokio::time::timeout(WHOLE_TIME, connection(stream, routes)).await;
            drop(place);
        });
    }
}

async fn connection(stream: TcpStream, routes: Arc<Routes>) {
    let service = service_fn(move |request| {
        let routes = routes.clone();
        async move { Ok::<_, Infallible>(answer(&routes, request).await) }
    });
    let _ = http1::Builder::new()
        .keep_alive(false)
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(routes: &Routes, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    // Before anything of the body is read.
    if let Err(refusal) = routes.check(&head) {
        return routes::refused(refusal);
    }
    match Limited::new(body, BODY_BYTES).collect().await {
        Ok(body) => routes.answer(&head, &body.to_bytes()),
        Err(_) => routes::refused(Refusal::Bad),
    }
}
