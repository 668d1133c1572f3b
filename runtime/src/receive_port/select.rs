//! Waiting for a message like this, while the others stay.
//!
//! All of it takes the port for itself: two that pass over messages at once would
//! hide from each other what the other one waits for.

use std::collections::VecDeque;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvError, RecvTimeoutError};

use super::{ReceivePort, Received};

impl ReceivePort {
    /// Waits for the first message that `wanted` says yes to, of those that are there
    /// and those that come. The others stay, in their order, for whoever receives
    /// next, and count against the limits of the mailbox as long as they do.
    ///
    /// ```
    /// # fn example(mut replies: insula::ReceivePort, id: u64) -> anyhow::Result<()> {
    /// let answer = replies.recv_where(|message| {
    ///     message.decode::<(u64, String)>().is_ok_and(|(answers, _)| answers == id)
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When no message that is there is wanted, and nothing can come any more.
    pub fn recv_where(
        &mut self,
        mut wanted: impl FnMut(&Received) -> bool,
    ) -> Result<Received, RecvError> {
        if let Some(received) = self.take_where(&mut wanted) {
            return Ok(received);
        }
        loop {
            let received = self.channel.recv()?;
            if let Some(received) = self.pass_over_unless(&mut wanted, received) {
                return Ok(received);
            }
        }
    }

    /// The same, waiting no longer than `time`.
    ///
    /// # Errors
    ///
    /// When the time is over, and as [`ReceivePort::recv_where`].
    pub fn recv_where_timeout(
        &mut self,
        mut wanted: impl FnMut(&Received) -> bool,
        time: Duration,
    ) -> Result<Received, RecvTimeoutError> {
        let Some(deadline) = Instant::now().checked_add(time) else {
            return Ok(self.recv_where(wanted)?);
        };
        if let Some(received) = self.take_where(&mut wanted) {
            return Ok(received);
        }
        loop {
            let received = self.channel.recv_deadline(deadline)?;
            if let Some(received) = self.pass_over_unless(&mut wanted, received) {
                return Ok(received);
            }
        }
    }

    /// [`ReceivePort::recv_where`] for any executor. Dropping the future loses no
    /// message.
    ///
    /// # Errors
    ///
    /// As [`ReceivePort::recv_where`].
    pub async fn recv_where_async(
        &mut self,
        mut wanted: impl FnMut(&Received) -> bool,
    ) -> Result<Received, RecvError> {
        if let Some(received) = self.take_where(&mut wanted) {
            return Ok(received);
        }
        loop {
            let received = self.recv_new().await?;
            if let Some(received) = self.pass_over_unless(&mut wanted, received) {
                return Ok(received);
            }
        }
    }

    /// The first that is wanted of those that were passed over before.
    fn take_where(&mut self, wanted: impl FnMut(&Received) -> bool) -> Option<Received> {
        let passed_over = self.all_passed_over();
        let place = passed_over.iter().position(wanted)?;
        passed_over.remove(place)
    }

    fn pass_over_unless(
        &mut self,
        mut wanted: impl FnMut(&Received) -> bool,
        received: Received,
    ) -> Option<Received> {
        if wanted(&received) {
            return Some(received);
        }
        self.all_passed_over().push_back(received);
        None
    }

    /// Without its lock, as `wanted` is the host's code.
    fn all_passed_over(&mut self) -> &mut VecDeque<Received> {
        let passed_over = self.passed_over.get_mut();
        passed_over.unwrap_or_else(PoisonError::into_inner)
    }
}
