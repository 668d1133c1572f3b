//! The scheduler alone: pieces of work that wake one another and do nothing else.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};

use crate::sched::{Admission, Scheduler, Seat, Share, USUAL_WEIGHT, Work};
use crate::sync::{AtomicU64, Ordering};

/// A scheduler with a ring of work, each piece of which wakes the next one.
pub struct HandOver {
    ring: Arc<Ring>,
    over: Receiver<()>,
}

struct Ring {
    scheduler: Arc<Scheduler<Piece>>,
    admission: Arc<Admission<Piece>>,
    pieces: OnceLock<Vec<Piece>>,
    /// How many turns are to be run yet.
    left: AtomicU64,
    over: Sender<()>,
}

#[derive(Clone)]
struct Piece {
    ring: Arc<Ring>,
    place: usize,
}

impl HandOver {
    /// With so many run permits and pieces of work.
    ///
    /// # Errors
    ///
    /// Where the system refuses a thread.
    pub fn start(permits: usize, pieces: usize) -> io::Result<Self> {
        let scheduler = Arc::new(Scheduler::new(permits, 0));
        scheduler.start()?;
        let (sender, over) = channel();
        let share = Arc::new(Share::new(0, USUAL_WEIGHT));
        let ring = Arc::new(Ring {
            scheduler,
            admission: Arc::new(Admission::new(1, share)),
            pieces: OnceLock::new(),
            left: AtomicU64::new(0),
            over: sender,
        });
        let piece = |place| Piece {
            ring: ring.clone(),
            place,
        };
        let all = (0..pieces.max(1)).map(piece).collect();
        // It was made just now.
        let _ = ring.pieces.set(all);
        Ok(HandOver { ring, over })
    }

    /// Runs so many turns, each woken by the one before it.
    pub fn run(&self, turns: u64) {
        self.ring.left.store(turns.max(1), Ordering::SeqCst);
        self.ring.wake(0, None);
        // The ring holds a sender.
        let _ = self.over.recv();
    }
}

impl Drop for HandOver {
    fn drop(&mut self) {
        self.ring.scheduler.close();
    }
}

impl Ring {
    fn wake(&self, place: usize, from: Option<&Seat<Piece>>) {
        let pieces = self.pieces.get().map_or(&[][..], Vec::as_slice);
        let Some(next) = pieces.get(place % pieces.len().max(1)).cloned() else {
            return;
        };
        match from {
            Some(seat) => self.scheduler.queue_from(seat, next),
            None => self.scheduler.queue(next),
        }
    }
}

impl Work for Piece {
    fn admission(&self) -> &Arc<Admission<Self>> {
        &self.ring.admission
    }

    fn share(&self) -> &Arc<Share> {
        self.ring.admission.share()
    }

    fn is_stopped(&self) -> bool {
        false
    }

    fn hangs(&self) -> bool {
        false
    }

    fn thread_waited() {}

    fn run(&self, seat: &Arc<Seat<Self>>) -> bool {
        if self.ring.left.fetch_sub(1, Ordering::SeqCst) > 1 {
            self.ring.wake(self.place + 1, Some(seat));
        } else {
            // Whoever waits may be gone.
            let _ = self.ring.over.send(());
        }
        false
    }
}
