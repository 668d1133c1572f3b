//! What is served where, and to whom.

use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use insula::Metrics;

use crate::actions::{Action, Actions};
use crate::guard::{Guard, Refusal, check_method};
use crate::page;
use crate::watch::Shared;
use crate::wire::{self, Seen};

/// Sent with every answer. Nothing is loaded from elsewhere, nothing is kept, nobody
/// frames it, and the address, which has the token in it, is told to nobody.
const HEADERS: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("cache-control", "no-store"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// All that is needed to answer.
pub(crate) struct Routes {
    pub(crate) guard: Guard,
    pub(crate) shared: Arc<Shared>,
    pub(crate) actions: Actions,
    /// What the page is called, and shows beside its name.
    pub(crate) title: String,
}

enum Route {
    Page(&'static str),
    State,
    Metrics,
    Act,
}

impl Routes {
    fn route(&self, head: &Parts) -> Result<Route, Refusal> {
        match head.uri.path() {
            "/api/state" => Ok(Route::State),
            "/api/act" => Ok(Route::Act),
            "/metrics" => Ok(Route::Metrics),
            path => {
                let path = path.strip_prefix('/').unwrap_or(path);
                let (token, file) = path.split_once('/').ok_or(Refusal::Token)?;
                self.guard.check_token(token)?;
                let file = page::FILES.iter().find(|known| **known == file);
                file.map(|file| Route::Page(file)).ok_or(Refusal::Path)
            }
        }
    }

    /// Whether it is answered at all: from whom it comes, what it brings, how it asks.
    pub(crate) fn check(&self, head: &Parts) -> Result<(), Refusal> {
        self.guard.check_source(&head.headers)?;
        let route = self.route(head)?;
        if !matches!(route, Route::Page(_)) {
            self.guard.check_bearer(&head.headers)?;
        }
        check_method(&head.method, matches!(route, Route::Act))
    }

    /// Of a request that was checked.
    pub(crate) fn answer(&self, head: &Parts, body: &[u8]) -> Response<Full<Bytes>> {
        let answered = self.route(head).and_then(|route| match route {
            Route::Page(file) => Ok(page::file(file, &self.title)),
            Route::State => {
                let seen = seen(head.uri.query().unwrap_or_default());
                Ok((
                    "application/json",
                    wire::news(&self.shared, seen).to_string(),
                ))
            }
            Route::Metrics => {
                let text = self.shared.observer.metrics().to_openmetrics();
                Ok((Metrics::OPENMETRICS, text))
            }
            Route::Act => {
                let action: Action = serde_json::from_slice(body).map_err(|_| Refusal::Bad)?;
                let state = self.actions.act(&self.shared, &action)?;
                Ok(("application/json", state.to_string()))
            }
        });
        match answered {
            Ok((kind, text)) => response(StatusCode::OK, kind, text),
            Err(refusal) => refused(refusal),
        }
    }
}

/// What the page says that it knows. What it says otherwise is as good as nothing.
fn seen(query: &str) -> Seen {
    let mut seen = Seen::default();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let number = value.parse().unwrap_or(0);
        match name {
            "look" => seen.look = number,
            "exits" => seen.exits = number,
            "at" => seen.at = number,
            "flows" => seen.flows = number > 0,
            _ => {}
        }
    }
    seen
}

pub(crate) fn refused(refusal: Refusal) -> Response<Full<Bytes>> {
    let text = format!("insula: {refusal}\n");
    response(refusal.status(), "text/plain; charset=utf-8", text)
}

fn response(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
