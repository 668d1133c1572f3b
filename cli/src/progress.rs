//! What is shown on a terminal while something takes longer than a moment. Where
//! nobody looks nothing is.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::color;

/// What takes no longer is over before anybody has read what it is.
const MOMENT: Duration = Duration::from_millis(300);

/// How often it moves.
const STEP: Duration = Duration::from_millis(100);

/// Something that is being done. It is not shown any more once this is dropped.
pub struct Progress {
    bar: ProgressBar,
    /// Shows it after a moment, until the sender is gone.
    shows: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Something of which nobody knows how long it takes.
    pub fn of(what: &str) -> Self {
        Progress::show(
            what,
            ProgressBar::new_spinner(),
            "{spinner} {msg} ({elapsed})",
        )
    }

    /// Bytes that come in, of so many where that is known.
    pub fn of_bytes(what: &str, all: Option<u64>) -> Self {
        let template = match all {
            Some(_) => "{msg} [{bar:30}] {bytes} of {total_bytes}, {bytes_per_sec}",
            None => "{spinner} {msg} {bytes}, {bytes_per_sec}",
        };
        Progress::show(what, ProgressBar::new(all.unwrap_or(0)), template)
    }

    fn show(what: &str, bar: ProgressBar, template: &str) -> Self {
        bar.set_draw_target(ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(insula::harmless(what));
        let shows = color::is_watched().then(|| {
            let (sender, over) = channel();
            let shown = bar.clone();
            (sender, thread::spawn(move || after_a_moment(&shown, &over)))
        });
        Progress { bar, shows }
    }

    /// So many bytes have come in by now.
    pub fn is_at(&self, bytes: u64) {
        self.bar.set_position(bytes);
    }
}

fn after_a_moment(bar: &ProgressBar, over: &Receiver<()>) {
    if over.recv_timeout(MOMENT) == Err(RecvTimeoutError::Timeout) {
        bar.set_draw_target(ProgressDrawTarget::stderr());
        bar.enable_steady_tick(STEP);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.shows.take() {
            drop(sender);
            // It may be about to show it.
            let _ = thread.join();
        }
        self.bar.finish_and_clear();
    }
}
