//! What a program is made of.

use proptest::collection::vec;
use proptest::prelude::*;

/// One step. An isolate is named by a number, taken modulo how many there are.
#[derive(Debug, Clone)]
pub enum Step {
    /// By the host, or by an isolate that takes commands.
    Spawn {
        by: Option<usize>,
        paused: bool,
        errors_fatal: bool,
    },
    Send {
        to: usize,
    },
    /// Has one isolate send to another.
    Forward {
        via: usize,
        to: usize,
    },
    Fail {
        to: usize,
    },
    Close {
        of: usize,
    },
    Pause {
        of: usize,
        by: usize,
    },
    Resume {
        of: usize,
        by: usize,
    },
    /// Resumes what was spawned paused.
    Start {
        of: usize,
    },
    Ping {
        of: usize,
        when: When,
    },
    Kill {
        of: usize,
        when: When,
        tree: bool,
    },
    /// Without the right to.
    KillWithoutRight {
        of: usize,
    },
    ErrorsFatal {
        of: usize,
        on: bool,
    },
    AddExitListener {
        of: usize,
    },
    RemoveExitListener {
        of: usize,
    },
    AddMonitor {
        of: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Now,
    BeforeNextEvent,
}

/// How many capabilities there are to pause with.
pub const CAPABILITIES: usize = 3;

fn when() -> impl Strategy<Value = When> {
    prop_oneof![Just(When::Now), Just(When::BeforeNextEvent)]
}

fn step() -> impl Strategy<Value = Step> {
    let isolate = || any::<usize>();
    let capability = || 0..CAPABILITIES;
    prop_oneof![
        6 => (prop::option::weighted(0.9, isolate()), prop::bool::weighted(0.3), prop::bool::weighted(0.7))
            .prop_map(|(by, paused, errors_fatal)| Step::Spawn { by, paused, errors_fatal }),
        8 => isolate().prop_map(|to| Step::Send { to }),
        4 => (isolate(), isolate()).prop_map(|(via, to)| Step::Forward { via, to }),
        2 => isolate().prop_map(|to| Step::Fail { to }),
        1 => isolate().prop_map(|of| Step::Close { of }),
        4 => (isolate(), capability()).prop_map(|(of, by)| Step::Pause { of, by }),
        5 => (isolate(), capability()).prop_map(|(of, by)| Step::Resume { of, by }),
        2 => isolate().prop_map(|of| Step::Start { of }),
        3 => (isolate(), when()).prop_map(|(of, when)| Step::Ping { of, when }),
        4 => (isolate(), when(), any::<bool>())
            .prop_map(|(of, when, tree)| Step::Kill { of, when, tree }),
        1 => isolate().prop_map(|of| Step::KillWithoutRight { of }),
        1 => (isolate(), any::<bool>()).prop_map(|(of, on)| Step::ErrorsFatal { of, on }),
        2 => isolate().prop_map(|of| Step::AddExitListener { of }),
        1 => isolate().prop_map(|of| Step::RemoveExitListener { of }),
        2 => isolate().prop_map(|of| Step::AddMonitor { of }),
    ]
}

/// A program. It begins with an isolate, so that there is one to name.
pub fn programs() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..60).prop_map(|mut steps| {
        steps.insert(
            0,
            Step::Spawn {
                by: None,
                paused: false,
                errors_fatal: true,
            },
        );
        steps
    })
}
