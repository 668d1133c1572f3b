//! Asking an isolate whether it answers, and being told of its errors.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use insula_message::RemoteError;

use crate::control::Priority;
use crate::error::SendError;
use crate::host_control::Control;
use crate::isolate::IsolateCore;
use crate::limits::Limits;
use crate::message;
use crate::port_ids::PortIds;
use crate::receive_port::{ReceivePort, Received};

impl Control {
    /// Whether the isolate answers: true when it has, at that priority, and false
    /// when it has ended before. One that is busy or paused is waited for, where it
    /// is to answer before its next event.
    ///
    /// # Errors
    ///
    /// Where its group has no room for the question.
    pub fn responds(&self, priority: Priority) -> Result<bool, SendError> {
        Ok(match self.ask(priority)? {
            Some(answer) => answer.recv().is_ok(),
            None => false,
        })
    }

    /// The same, waiting no longer than `time`: false also when it has not answered
    /// by then.
    ///
    /// # Errors
    ///
    /// Where its group has no room for the question.
    pub fn responds_timeout(&self, priority: Priority, time: Duration) -> Result<bool, SendError> {
        Ok(match self.ask(priority)? {
            Some(answer) => answer.recv_timeout(time).is_ok(),
            None => false,
        })
    }

    /// [`Control::responds`] for any executor. The isolate is asked at once.
    pub fn responds_async(
        &self,
        priority: Priority,
    ) -> impl Future<Output = Result<bool, SendError>> + Send + use<> {
        let asked = self.ask(priority);
        async move {
            Ok(match asked? {
                Some(answer) => answer.recv_async().await.is_ok(),
                None => false,
            })
        }
    }

    /// Where the answer will be; none of one that has ended.
    fn ask(&self, priority: Priority) -> Result<Option<ReceivePort>, SendError> {
        let (to, answer) = message::port(&Limits::default(), &PortIds::Process);
        match self.ping(&to, &(), priority) {
            Ok(()) => Ok(Some(answer)),
            Err(SendError::Closed) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The errors that nothing in the isolate has caught, from now on, a panic and a
    /// trap too. They end with the isolate.
    ///
    /// # Errors
    ///
    /// Where it has as many listeners as it may.
    pub fn errors(&self) -> Result<Errors, SendError> {
        let (to, notices) = message::port(&Limits::default(), &PortIds::Process);
        match self.add_error_listener(&to) {
            // The notices end at once.
            Ok(()) | Err(SendError::Closed) => {}
            Err(error) => return Err(error),
        }
        Ok(Errors {
            isolate: self.isolate().clone(),
            notices,
        })
    }
}

/// The errors that nothing in an isolate has caught: see [`Control::errors`]. A
/// blocking iterator, and a [`Stream`] for any executor.
///
/// Unlike a [`Control`] it does not keep the isolate's group from being over. As many
/// wait here as a mailbox holds; what comes then is lost.
pub struct Errors {
    isolate: Arc<IsolateCore>,
    notices: ReceivePort,
}

impl Errors {
    /// The next error, waiting no longer than `time`; none where there is none by
    /// then, or when the isolate has ended.
    pub fn next_timeout(&mut self, time: Duration) -> Option<RemoteError> {
        Some(read(&self.notices.recv_timeout(time).ok()?))
    }
}

fn read(notice: &Received) -> RemoteError {
    notice.decode().unwrap_or_else(|error| {
        RemoteError::from((format!("the error notice: {error}"), String::new()))
    })
}

impl Iterator for Errors {
    type Item = RemoteError;

    /// Waits for the next error; none when the isolate has ended.
    fn next(&mut self) -> Option<RemoteError> {
        Some(read(&self.notices.recv().ok()?))
    }
}

impl Stream for Errors {
    type Item = RemoteError;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<RemoteError>> {
        let notice = ready!(Pin::new(&mut self.notices).poll_next(context));
        Poll::Ready(notice.as_ref().map(read))
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        self.isolate
            .remove_error_listener(self.notices.send_port().port());
    }
}

impl fmt::Debug for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Errors")
            .field("isolate", &self.isolate.name())
            .finish_non_exhaustive()
    }
}
