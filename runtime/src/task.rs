//! An isolate as the scheduler's work.

use std::sync::Arc;

use crate::isolate::IsolateCore;
use crate::sched::{Admission, Seat, Work};

#[derive(Clone)]
pub(crate) struct Task(pub(crate) Arc<IsolateCore>);

impl Work for Task {
    fn admission(&self) -> &Arc<Admission<Self>> {
        self.0.group().admission()
    }

    fn is_stopped(&self) -> bool {
        self.0.is_stopped()
    }

    fn hangs(&self) -> bool {
        self.0.hangs()
    }

    fn run(&self, seat: &Arc<Seat<Self>>) -> bool {
        self.0.run(seat)
    }
}
