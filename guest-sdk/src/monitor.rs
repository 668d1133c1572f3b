//! Being told what becomes of an isolate.

use crate::error::granted;
use crate::{Control, ControlError, Priority, ReceivePort, Recv, SendError};
use futures_core::Stream;
use insula_message::{ExitReason, RemoteError};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// How an isolate ended: what a [`Monitor`] comes to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Exit {
    /// The isolate.
    pub isolate: Control,
    /// Why it ended.
    pub reason: ExitReason,
}

/// The end of an isolate to come: see [`Control::monitor`]. Dropped, it is told
/// of nothing.
#[must_use = "a future does nothing unless it is awaited"]
#[derive(Debug)]
pub struct Monitor {
    isolate: Control,
    port: ReceivePort,
    /// None when it was told.
    notice: Option<Recv>,
}

impl Monitor {
    pub(crate) fn new(isolate: &Control) -> Result<Self, ControlError> {
        let port = ReceivePort::try_new()?;
        isolate.add_monitor(&port.try_send_port()?, ())?;
        Ok(Self {
            isolate: isolate.clone(),
            notice: Some(port.recv()),
            port,
        })
    }
}

impl Future for Monitor {
    type Output = Exit;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Exit> {
        let Some(notice) = &mut self.notice else {
            panic!("a monitor was polled after it was told of the end");
        };
        let message = ready!(Pin::new(notice).poll(context));
        self.notice = None;
        let told = message.map(|message| message.decode::<((), ExitReason)>());
        let reason = match told {
            Some(Ok(((), reason))) => reason,
            Some(Err(error)) => ExitReason::HostFailed(format!("the exit notice: {error}")),
            None => unreachable!("nobody else could close this port"),
        };
        Poll::Ready(Exit {
            isolate: self.isolate.clone(),
            reason,
        })
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        // Where there is no handle for it, the isolate goes on knowing of a port
        // that is closed, which costs nobody else anything.
        if self.notice.is_some()
            && let Ok(to) = self.port.try_send_port()
        {
            self.isolate.remove_monitor(&to);
        }
    }
}

/// The errors that nothing in an isolate has caught, as a [`Stream`]: see
/// [`Control::errors`].
#[must_use = "a stream does nothing unless it is polled"]
#[derive(Debug)]
pub struct Errors {
    isolate: Control,
    port: ReceivePort,
    /// None when the isolate has ended.
    next: Option<Recv>,
}

impl Errors {
    pub(crate) fn new(isolate: &Control) -> Result<Self, ControlError> {
        let port = ReceivePort::try_new()?;
        let next = match isolate.add_error_listener(&port.try_send_port()?) {
            Ok(()) => Some(port.recv()),
            Err(SendError::Closed) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            isolate: isolate.clone(),
            port,
            next,
        })
    }

    /// The next one. None when the isolate has ended.
    pub async fn next(&mut self) -> Option<RemoteError> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for Errors {
    type Item = RemoteError;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<RemoteError>> {
        let Some(next) = &mut self.next else {
            return Poll::Ready(None);
        };
        let message = match Pin::new(&mut *next).poll(context) {
            Poll::Ready(message) => message,
            // When the isolate has ended, it holds the send port no more.
            Poll::Pending if next.is_unreachable() => None,
            Poll::Pending => return Poll::Pending,
        };
        self.next = message.is_some().then(|| self.port.recv());
        Poll::Ready(message.map(|message| {
            message.decode().unwrap_or_else(|error| {
                RemoteError::from((format!("the error notice: {error}"), String::new()))
            })
        }))
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        if self.next.is_some()
            && let Ok(to) = self.port.try_send_port()
        {
            self.isolate.remove_error_listener(&to);
        }
    }
}

/// Whether an isolate answers: see [`Control::responds`].
#[must_use = "a future does nothing unless it is awaited"]
#[derive(Debug)]
pub struct Pong(Option<Recv>);

impl Pong {
    #[track_caller]
    pub(crate) fn new(isolate: &Control, priority: Priority) -> Self {
        let port = ReceivePort::new();
        match isolate.ping(&port.send_port(), (), priority) {
            Err(SendError::Closed) => Self(None),
            asked => {
                granted(asked);
                Self(Some(port.recv()))
            }
        }
    }
}

impl Future for Pong {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<bool> {
        let Some(answer) = &mut self.0 else {
            return Poll::Ready(false);
        };
        match Pin::new(&mut *answer).poll(context) {
            Poll::Ready(message) => Poll::Ready(message.is_some()),
            Poll::Pending if answer.is_unreachable() => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    }
}
