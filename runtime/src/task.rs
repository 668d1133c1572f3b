//! An isolate as the scheduler's work.

use std::sync::Arc;

use crate::isolate::IsolateCore;
use crate::sched::{Admission, Seat, Share, Work};

#[derive(Clone)]
pub(crate) struct Task(pub(crate) Arc<IsolateCore>);

impl Work for Task {
    fn admission(&self) -> &Arc<Admission<Self>> {
        self.0.group().admission()
    }

    fn share(&self) -> &Arc<Share> {
        self.0.group().share()
    }

    fn is_stopped(&self) -> bool {
        self.0.is_stopped()
    }

    fn hangs(&self) -> bool {
        self.0.hangs()
    }

    fn waits_at_door(&self, waits: bool) {
        self.0.waits_at_door(waits);
    }

    fn thread_waited() {
        crate::cpu::skip();
    }

    fn run(&self, seat: &Arc<Seat<Self>>) -> bool {
        self.0.run(seat)
    }
}
