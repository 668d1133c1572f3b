//! The worker threads: made when they are needed, ended when there are enough,
//! joined at the end.

use std::collections::BTreeMap;
use std::io;

use crate::sync::{Arc, JoinHandle, Mutex, lock, spawn_worker};

use super::seat::Seat;
use super::{Scheduler, Work};

pub(super) struct Threads<T>(Mutex<Book<T>>);

struct Book<T> {
    made: u64,
    running: BTreeMap<u64, (JoinHandle, Arc<Seat<T>>)>,
    /// Ended by themselves, to be joined.
    ended: Vec<u64>,
}

impl<T> Default for Threads<T> {
    fn default() -> Self {
        Threads(Mutex::new(Book {
            made: 0,
            running: BTreeMap::new(),
            ended: Vec::new(),
        }))
    }
}

impl<T: Work> Scheduler<T> {
    /// Makes the threads that are there from the start, one for each permit.
    pub(crate) fn start(self: &Arc<Self>) -> io::Result<()> {
        let permits = self.table().held.len();
        for _ in 0..permits {
            let seat = self.try_new_worker()?;
            self.table().spares.push(seat);
        }
        Ok(())
    }

    /// A new worker thread, or none where the system refuses one.
    pub(super) fn new_worker(self: &Arc<Self>) -> Option<Arc<Seat<T>>> {
        self.try_new_worker().ok()
    }

    fn try_new_worker(self: &Arc<Self>) -> io::Result<Arc<Seat<T>>> {
        let seat = Arc::new(Seat::new());
        let mut book = lock(&self.threads.0);
        book.join_ended();
        let number = book.made;
        let (scheduler, own_seat) = (self.clone(), seat.clone());
        let name = format!("insula-worker-{number}");
        let handle = spawn_worker(name, self.guest_stack, move || {
            scheduler.work(&own_seat);
            lock(&scheduler.threads.0).ended.push(number);
        })?;
        book.made += 1;
        book.running.insert(number, (handle, seat.clone()));
        Ok(seat)
    }

    /// The seats of all threads.
    pub(super) fn seats(&self) -> Vec<Arc<Seat<T>>> {
        let book = lock(&self.threads.0);
        let running = book.running.values();
        running.map(|(_, seat)| seat.clone()).collect()
    }

    /// Worker threads that are alive.
    pub(crate) fn threads(&self) -> usize {
        let mut book = lock(&self.threads.0);
        book.join_ended();
        book.running.len()
    }

    /// Ends and joins all threads, but for those that hang in a call of the host's:
    /// they end when it comes back. To be called when no work is left.
    pub(crate) fn close(&self) {
        let spares = {
            let mut table = self.table();
            table.closing = true;
            table.monitor_asleep = false;
            self.used.notify_all();
            std::mem::take(&mut table.spares)
        };
        for spare in spares {
            spare.tell_to_leave();
        }
        loop {
            let running = std::mem::take(&mut lock(&self.threads.0).running);
            if running.is_empty() {
                return;
            }
            for (handle, seat) in running.into_values() {
                if !seat.hangs() {
                    // A panic in a worker was reported by its thread already.
                    let _ = handle.join();
                }
            }
        }
    }
}

impl<T> Book<T> {
    fn join_ended(&mut self) {
        for number in std::mem::take(&mut self.ended) {
            if let Some((handle, _)) = self.running.remove(&number) {
                let _ = handle.join();
            }
        }
    }
}
