//! How a test went.

use insula::{ExitReason, Frame};

use super::module::Record;

/// How a test went.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Passed,
    /// It was not run, for this reason where one is given.
    Ignored(Option<String>),
    /// Why, where what it has printed does not say so.
    Failed(Option<String>),
}

/// What is known of a test's group when it is over.
pub struct Ended {
    /// Why the test's isolate ended.
    pub reason: ExitReason,
    /// Whether the function has returned, and then whether with success.
    pub returned: Option<bool>,
    /// It was ended, as it took too long.
    pub overdue: Option<Overdue>,
}

/// A test took longer than it may.
pub struct Overdue {
    /// How many milliseconds a test may take.
    pub life: u64,
    /// The isolates that were there still.
    pub alive: Vec<String>,
}

/// How a test went that was run as an entry.
pub fn judge(record: &Record, ended: &Ended) -> Outcome {
    let result = match (&ended.overdue, &record.should_panic) {
        (Some(overdue), _) => Err(late(overdue, ended.returned)),
        (None, None) => quiet(ended),
        (None, Some(expected)) => panicked(expected, ended),
    };
    match result {
        Ok(()) => Outcome::Passed,
        Err(why) => Outcome::Failed(Some(why)),
    }
}

pub fn late(overdue: &Overdue, returned: Option<bool>) -> String {
    let Overdue { life, alive } = overdue;
    let what = match returned {
        None => "its function had not returned when",
        Some(_) => "its function had returned, but something that it started went on until",
    };
    let mut text = format!(
        "{what} the {life} ms were over that a test may take (`--limit life=..` says how many)"
    );
    for isolate in alive {
        text.push_str(&format!("\n    {isolate} was still there"));
    }
    text
}

/// Of a test that should not panic.
fn quiet(ended: &Ended) -> Result<(), String> {
    match (&ended.reason, ended.returned) {
        (ExitReason::Ended, Some(true)) => Ok(()),
        (ExitReason::Ended, Some(false)) => Err("it returned an error".to_owned()),
        (ExitReason::Ended, None) => Err(
            "it ended before its function had returned: what it awaits cannot happen any more, \
             or it left by `exit`"
                .to_owned(),
        ),
        (reason, _) => Err(told(reason)),
    }
}

/// Of a test that should panic.
fn panicked(expected: &str, ended: &Ended) -> Result<(), String> {
    match &ended.reason {
        ExitReason::Panicked { message, .. } if message.contains(expected) => Ok(()),
        reason @ ExitReason::Panicked { message, .. } => Err(format!(
            "{}\nnote: panic did not contain expected string\n      panic message: {message:?}\n \
             expected substring: {expected:?}",
            told(reason)
        )),
        ExitReason::Ended if ended.returned == Some(true) => {
            Err("note: test did not panic as expected".to_owned())
        }
        reason => Err(format!(
            "note: test did not panic as expected: {}",
            told(reason)
        )),
    }
}

/// How many functions of a backtrace are shown.
const FRAMES: usize = 12;

/// Where libtest calls a plain test.
const LIBTEST: &str = "test::__rust_begin_short_backtrace";

/// What calls tests and handlers: of no interest to who wrote them.
const MACHINERY: [&str; 5] = [
    "insula_guest::",
    "std::thread::local::LocalKey<insula_guest::",
    "core::ops::function::",
    "alloc::boxed::Box<dyn core::ops::function::",
    "__main_void",
];

/// A reason, with the guest's functions.
pub fn told(reason: &ExitReason) -> String {
    let mut text = match reason {
        // The form that editors find the place in.
        ExitReason::Panicked { message, place, .. } if !place.is_empty() => {
            format!("panicked at {place}:\n{message}")
        }
        reason => reason.to_string(),
    };
    for frame in own(reason.backtrace()).iter().take(FRAMES) {
        text.push_str(&format!("\n    in {frame}"));
    }
    text
}

/// The functions that a test's author knows: up to the outermost that is no machinery.
fn own(frames: &[Frame]) -> &[Frame] {
    let test = frames
        .iter()
        .position(|frame| frame.function.starts_with(LIBTEST));
    let frames = &frames[..test.unwrap_or(frames.len())];
    let is_own = |frame: &Frame| {
        let name = frame.function.trim_start_matches(['<', '&']);
        let is_call = name.contains(" as core::ops::function::Fn");
        !is_call && name != "wake" && !MACHINERY.iter().any(|start| name.starts_with(start))
    };
    let outermost = frames.iter().rposition(is_own);
    &frames[..outermost.map_or(0, |outermost| outermost + 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(should_panic: Option<&str>) -> Record {
        Record {
            entry: "my::test".to_owned(),
            should_panic: should_panic.map(str::to_owned),
            limits: Vec::new(),
        }
    }

    fn ended(reason: ExitReason, returned: Option<bool>) -> Ended {
        Ended {
            reason,
            returned,
            overdue: None,
        }
    }

    fn panic(message: &str) -> ExitReason {
        ExitReason::Panicked {
            message: message.to_owned(),
            place: "src/main.rs:1:2".to_owned(),
            backtrace: Vec::new(),
        }
    }

    #[test]
    fn a_test_passes_where_it_returned_and_all_ended_in_peace() {
        let judged = |reason, returned| judge(&record(None), &ended(reason, returned));
        assert_eq!(judged(ExitReason::Ended, Some(true)), Outcome::Passed);
        for (reason, returned) in [
            (ExitReason::Ended, None),
            (ExitReason::Ended, Some(false)),
            (ExitReason::Killed, Some(true)),
            (ExitReason::Exited(3), Some(true)),
            (panic("in a handler"), Some(true)),
        ] {
            let outcome = judged(reason, returned);
            assert!(matches!(outcome, Outcome::Failed(Some(_))), "{outcome:?}");
        }
        let mut late = ended(ExitReason::Ended, Some(true));
        let alive = vec!["child#2".to_owned()];
        late.overdue = Some(Overdue { life: 7, alive });
        assert_ne!(judge(&record(None), &late), Outcome::Passed);
    }

    #[test]
    fn functions_that_call_a_test_are_not_shown() {
        let frames = |names: &[&str]| -> Vec<Frame> {
            let names = names.iter();
            let frames = names.map(|name| Frame {
                function: (*name).to_owned(),
                place: None,
            });
            frames.collect()
        };
        let stack = frames(&[
            "insula_guest::error::granted",
            "my::test",
            "<my::test as core::ops::function::FnOnce<()>>::call_once",
            "insula_guest::testing::run_test",
        ]);
        assert_eq!(own(&stack), &stack[..2]);
        let stack = frames(&["my::test", "test::__rust_begin_short_backtrace", "my::main"]);
        assert_eq!(own(&stack), &stack[..1]);
        assert_eq!(own(&frames(&["insula_guest::turn::wake", "wake"])), []);
    }

    #[test]
    fn only_a_panic_that_says_so_is_one_that_should_be() {
        let judged = |reason| judge(&record(Some("dry")), &ended(reason, None));
        assert_eq!(judged(panic("the dough is dry")), Outcome::Passed);
        for reason in [panic("wet"), ExitReason::Exited(1), ExitReason::Killed] {
            assert_ne!(judged(reason), Outcome::Passed);
        }
        let returned = ended(ExitReason::Ended, Some(true));
        let why = "note: test did not panic as expected".to_owned();
        assert_eq!(
            judge(&record(Some("")), &returned),
            Outcome::Failed(Some(why))
        );
    }
}
