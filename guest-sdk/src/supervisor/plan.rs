//! What a supervisor does when a child ends: the decisions, apart from isolates.

use super::{Restart, Strategy};
use std::collections::VecDeque;
use std::time::Duration;

/// The children in the order in which they are started, and what is to happen when
/// one of them ends.
pub struct Plan {
    strategy: Strategy,
    window: Window,
    children: Vec<Entry>,
}

struct Entry {
    id: u64,
    restart: Restart,
    running: bool,
}

/// What to do about a child that has ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: it had done its work.
    Leave,
    /// Nothing, and it is no child any more.
    Forget,
    /// End these, one after the other, then start those.
    Restart { end: Vec<u64>, start: Vec<u64> },
    /// It is one restart too many: end all that run, one after the other.
    GiveUp { end: Vec<u64> },
}

impl Plan {
    pub fn new(strategy: Strategy, window: Window) -> Self {
        Self {
            strategy,
            window,
            children: Vec::new(),
        }
    }

    /// One more child, after the others. It does not run yet.
    pub fn add(&mut self, id: u64, restart: Restart) {
        self.children.push(Entry {
            id,
            restart,
            running: false,
        });
    }

    pub fn forget(&mut self, id: u64) {
        self.children.retain(|child| child.id != id);
    }

    pub fn started(&mut self, id: u64) {
        self.set_running(id, true);
    }

    /// It was ended by the supervisor: nothing is to be decided. True when it is no
    /// child any more, as it is not to be started again.
    pub fn was_ended(&mut self, id: u64) -> bool {
        self.set_running(id, false);
        let child = self.place_of(id).map(|place| &self.children[place]);
        let forget = child.is_some_and(|child| child.restart == Restart::Temporary);
        if forget {
            self.forget(id);
        }
        forget
    }

    /// It has ended by itself or could not be started, `now` after the beginning.
    pub fn ended(&mut self, id: u64, in_peace: bool, now: Duration) -> Decision {
        self.set_running(id, false);
        let Some(place) = self.place_of(id) else {
            return Decision::Leave;
        };
        match self.children[place].restart {
            Restart::Temporary => {
                self.children.remove(place);
                return Decision::Forget;
            }
            Restart::Transient if in_peace => return Decision::Leave,
            Restart::Transient | Restart::Permanent => {}
        }
        if !self.window.admits(now) {
            return Decision::GiveUp {
                end: self.to_end(0),
            };
        }
        let affected = match self.strategy {
            Strategy::OneForOne => place..place + 1,
            Strategy::OneForAll => 0..self.children.len(),
            Strategy::RestForOne => place..self.children.len(),
        };
        let end = match self.strategy {
            Strategy::OneForOne => Vec::new(),
            _ => self.to_end(affected.start),
        };
        // Also those that had done their work: what they did it for begins anew.
        let again = self.children[affected].iter();
        let again = again.filter(|child| child.restart != Restart::Temporary);
        let start = again.map(|child| child.id).collect();
        Decision::Restart { end, start }
    }

    /// Those that run, in the order in which they are ended: the reverse.
    pub fn to_end(&self, from: usize) -> Vec<u64> {
        let running = self.children[from..].iter().rev();
        let running = running.filter(|child| child.running);
        running.map(|child| child.id).collect()
    }

    /// Whether any child runs.
    pub fn is_any_running(&self) -> bool {
        self.children.iter().any(|child| child.running)
    }

    fn place_of(&self, id: u64) -> Option<usize> {
        self.children.iter().position(|child| child.id == id)
    }

    fn set_running(&mut self, id: u64, running: bool) {
        if let Some(place) = self.place_of(id) {
            self.children[place].running = running;
        }
    }
}

/// How many restarts there may be within a stretch of time that ends now.
pub struct Window {
    max: usize,
    within: Duration,
    /// When there were restarts. Never more than `max`.
    restarts: VecDeque<Duration>,
}

impl Window {
    pub fn new(max: u32, within: Duration) -> Self {
        Self {
            max: max as usize,
            within,
            restarts: VecDeque::new(),
        }
    }

    /// Whether there may be one more `now`, which then counts.
    fn admits(&mut self, now: Duration) -> bool {
        let begin = now.saturating_sub(self.within);
        while self.restarts.front().is_some_and(|time| *time < begin) {
            self.restarts.pop_front();
        }
        let admitted = self.restarts.len() < self.max;
        if admitted {
            self.restarts.push_back(now);
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// The children 0, 1, 2.., all running.
    fn plan(strategy: Strategy, restarts: &[Restart]) -> Plan {
        let mut plan = Plan::new(strategy, Window::new(100, seconds(1)));
        for (id, restart) in (0..).zip(restarts) {
            plan.add(id, *restart);
            plan.started(id);
        }
        plan
    }

    fn restart(end: &[u64], start: &[u64]) -> Decision {
        Decision::Restart {
            end: end.to_vec(),
            start: start.to_vec(),
        }
    }

    const PERMANENT: [Restart; 4] = [Restart::Permanent; 4];

    #[test]
    fn each_strategy_has_its_own_circle() {
        for (strategy, decision) in [
            (Strategy::OneForOne, restart(&[], &[1])),
            (Strategy::OneForAll, restart(&[3, 2, 0], &[0, 1, 2, 3])),
            (Strategy::RestForOne, restart(&[3, 2], &[1, 2, 3])),
        ] {
            let mut plan = plan(strategy, &PERMANENT);
            assert_eq!(plan.ended(1, false, seconds(0)), decision);
        }
    }

    #[test]
    fn the_kind_of_restart_says_which_end_counts() {
        use Restart::*;
        for (kind, peace, failure) in [
            (Permanent, restart(&[], &[0]), restart(&[], &[0])),
            (Transient, Decision::Leave, restart(&[], &[0])),
            (Temporary, Decision::Forget, Decision::Forget),
        ] {
            let mut plan = plan(Strategy::OneForOne, &[kind]);
            assert_eq!(plan.ended(0, true, seconds(0)), peace, "{kind:?}");
            assert!(!plan.is_any_running());
            let mut plan = self::plan(Strategy::OneForOne, &[kind]);
            assert_eq!(plan.ended(0, false, seconds(0)), failure, "{kind:?}");
        }
    }

    #[test]
    fn what_is_temporary_ends_with_the_others_and_is_not_started_again() {
        use Restart::*;
        let mut plan = plan(Strategy::OneForAll, &[Permanent, Temporary, Permanent]);
        assert_eq!(plan.ended(2, false, seconds(0)), restart(&[1, 0], &[0, 2]));
        assert!(plan.was_ended(1));
        assert!(!plan.was_ended(0));
        assert_eq!(
            plan.ended(1, false, seconds(0)),
            Decision::Leave,
            "forgotten"
        );
    }

    #[test]
    fn who_had_done_its_work_does_it_again_with_the_others() {
        use Restart::*;
        let mut plan = plan(Strategy::RestForOne, &[Permanent, Transient]);
        assert_eq!(plan.ended(1, true, seconds(0)), Decision::Leave);
        assert_eq!(plan.ended(0, true, seconds(0)), restart(&[], &[0, 1]));
    }

    /// The second of three cannot be started, and the third was not tried yet.
    #[test]
    fn a_failed_start_goes_on_where_it_stopped() {
        let mut plan = plan(Strategy::RestForOne, &PERMANENT[..3]);
        let decision = plan.ended(0, false, seconds(0));
        assert_eq!(decision, restart(&[2, 1], &[0, 1, 2]));
        plan.was_ended(2);
        plan.was_ended(1);
        plan.started(0);
        assert_eq!(plan.ended(1, false, seconds(0)), restart(&[], &[1, 2]));
    }

    #[test]
    fn one_restart_too_many_ends_all_that_run_in_reverse() {
        let mut plan = Plan::new(Strategy::OneForOne, Window::new(0, seconds(5)));
        for id in 0..4 {
            plan.add(id, Restart::Permanent);
            plan.started(id);
        }
        let decision = plan.ended(1, false, seconds(9));
        assert_eq!(decision, Decision::GiveUp { end: vec![3, 2, 0] });
    }

    #[test]
    fn a_restart_counts_for_as_long_as_the_window_is_wide() {
        let mut window = Window::new(2, seconds(10));
        let admitted = [0, 4, 10, 11, 12, 14, 15, 22, 23].map(|now| window.admits(seconds(now)));
        // At 10 the one of 0 counts still; at 11 only that of 4 does.
        let expected = [true, true, false, true, false, false, true, true, false];
        assert_eq!(admitted, expected);
        assert!(window.restarts.len() <= 2);
    }

    #[test]
    fn none_is_admitted_where_none_may_be() {
        let mut window = Window::new(0, seconds(10));
        assert!(!window.admits(seconds(100)));
    }

    #[test]
    fn a_window_without_width_counts_what_happens_at_once() {
        let mut window = Window::new(1, Duration::ZERO);
        assert!(window.admits(seconds(1)));
        assert!(!window.admits(seconds(1)));
        assert!(window.admits(seconds(2)));
    }
}
