//! A plain `#[test]`: libtest runs it, alone in an isolate, and what it prints around it
//! says how it went.

use insula::{ExitReason, Stream};

use super::captured::Printed;
use super::judge::{Outcome, told};

/// How a plain test went, and what it has printed itself.
pub fn judge(test: &str, reason: &ExitReason, lines: Vec<Printed>) -> (Outcome, Vec<Printed>) {
    let mut lines = without_start(test, lines);
    if matches!(reason, ExitReason::Ended) {
        if take_end(&mut lines, "ok", "test result: ok. 1 passed;") {
            return (Outcome::Passed, lines);
        }
        // libtest does not catch panics here, and runs no test that should panic.
        if take_end(&mut lines, "ignored", "test result: ok. 0 passed;") {
            let why = "a plain test cannot catch a panic here: write #[insula_guest::test]";
            return (Outcome::Ignored(Some(why.to_owned())), lines);
        }
        let why = "it ended the program, with code 0, before its function had returned";
        return (Outcome::Failed(Some(why.to_owned())), lines);
    }
    if take_failure(&mut lines) {
        let why = "it returned an error";
        return (Outcome::Failed(Some(why.to_owned())), lines);
    }
    // A panic has been printed, and the trap behind it says nothing more.
    let is_told = matches!(reason, ExitReason::Trapped { .. }) && lines.iter().any(is_panic);
    let why = (!is_told).then(|| told(reason));
    (Outcome::Failed(why), lines)
}

fn is_panic(line: &Printed) -> bool {
    let text = &line.text;
    line.stream == Stream::Stderr && text.starts_with("thread '") && text.contains("panicked at")
}

/// Without what libtest prints before the test runs.
fn without_start(test: &str, lines: Vec<Printed>) -> Vec<Printed> {
    let mut expected = vec![String::new(), "running 1 test".to_owned()].into_iter();
    let mut next = expected.next();
    let mut begun = false;
    let mut own = Vec::with_capacity(lines.len());
    for mut line in lines {
        if line.is_own() && line.stream == Stream::Stdout && !begun {
            if next.as_ref() == Some(&line.text) {
                next = expected.next();
                continue;
            }
            begun = true;
            let starts = [
                format!("test {test} ... "),
                format!("test {test} - should panic ... "),
            ];
            let rest = starts
                .iter()
                .find_map(|start| line.text.strip_prefix(start));
            if let Some(rest) = rest {
                line.text = rest.to_owned();
                // It printed nothing on that line.
                if line.text.is_empty() {
                    continue;
                }
            }
        }
        own.push(line);
    }
    own
}

/// Takes away what libtest prints behind a test. Whether it was there.
fn take_end(lines: &mut Vec<Printed>, verdict: &str, summary: &str) -> bool {
    let printed: Vec<usize> = stdout(lines).collect();
    let [.., at, empty, result, last] = printed[..] else {
        return false;
    };
    let is_end = lines[empty].text.is_empty()
        && lines[result].text.starts_with(summary)
        && lines[last].text.is_empty();
    let Some(own) = lines[at].text.strip_suffix(verdict).filter(|_| is_end) else {
        return false;
    };
    let own = own.to_owned();
    let emptied = own.is_empty().then_some(at);
    lines[at].text = own;
    remove(lines, emptied.into_iter().chain([empty, result, last]));
    true
}

/// The same behind a test that returned an error.
fn take_failure(lines: &mut Vec<Printed>) -> bool {
    let printed: Vec<usize> = stdout(lines).collect();
    let Some(at) = printed.iter().rposition(|at| {
        let text = &lines[*at].text;
        text.ends_with("FAILED") && !text.starts_with("test result: ")
    }) else {
        return false;
    };
    let texts: Vec<_> = printed[at + 1..]
        .iter()
        .map(|at| lines[*at].text.as_str())
        .collect();
    if !matches!(texts[..], ["", "failures:", ..]) {
        return false;
    }
    let line = printed[at];
    let own = lines[line].text.strip_suffix("FAILED").unwrap_or_default();
    lines[line].text = own.to_owned();
    let emptied = lines[line].text.is_empty().then_some(line);
    let rest = printed[at + 1..].iter().copied();
    remove(lines, emptied.into_iter().chain(rest).collect::<Vec<_>>());
    true
}

/// Where what the test itself printed to standard output stands; what it has spawned may
/// print at any time.
fn stdout(lines: &[Printed]) -> impl Iterator<Item = usize> + '_ {
    let places = lines.iter().enumerate();
    places
        .filter(|(_, line)| line.is_own() && line.stream == Stream::Stdout)
        .map(|(place, _)| place)
}

fn remove(lines: &mut Vec<Printed>, places: impl IntoIterator<Item = usize>) {
    let places: Vec<usize> = places.into_iter().collect();
    let mut place = 0;
    lines.retain(|_| {
        place += 1;
        !places.contains(&(place - 1))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Printed> {
        let lines = text.lines().map(|line| match line.strip_prefix("! ") {
            Some(line) => Printed::new(Stream::Stderr, line),
            None => Printed::new(Stream::Stdout, line),
        });
        lines.collect()
    }

    fn trapped() -> ExitReason {
        ExitReason::Trapped {
            trap: "unreachable".to_owned(),
            backtrace: Vec::new(),
        }
    }

    #[test]
    fn what_libtest_prints_is_not_the_tests() {
        let passed = lines(
            "\nrunning 1 test\ntest a::b ... one\n! err\nhalfok\n\n\
             test result: ok. 1 passed; 0 failed;\n\n",
        );
        let (outcome, own) = judge("a::b", &ExitReason::Ended, passed);
        assert_eq!(outcome, Outcome::Passed);
        assert_eq!(own, lines("one\n! err\nhalf"));

        let silent = lines("\nrunning 1 test\ntest b ... ok\n\ntest result: ok. 1 passed;\n\n");
        let (outcome, own) = judge("b", &ExitReason::Ended, silent);
        assert_eq!((outcome, own), (Outcome::Passed, Vec::new()));
    }

    #[test]
    fn what_others_print_meanwhile_is_kept_and_decides_nothing() {
        let text = "\nrunning 1 test\ntest b ... ok\n\ntest result: ok. 1 passed;\n\n";
        let other = Printed::new(Stream::Stdout, "late").by("child#2");
        for place in 0..=lines(text).len() {
            let mut printed = lines(text);
            printed.insert(place, other.clone());
            let (outcome, own) = judge("b", &ExitReason::Ended, printed);
            assert_eq!(outcome, Outcome::Passed, "{place}");
            assert_eq!(own, std::slice::from_ref(&other), "{place}");
        }
    }

    #[test]
    fn an_error_is_told_without_libtests_list() {
        let failed = lines(
            "\nrunning 1 test\ntest b ... one\n! Error: \"ow\"\nFAILED\n\nfailures:\n\n\
             failures:\n    b\n\ntest result: FAILED. 0 passed; 1 failed;\n\n",
        );
        let (outcome, own) = judge("b", &ExitReason::Exited(101), failed);
        let why = "it returned an error".to_owned();
        assert_eq!(outcome, Outcome::Failed(Some(why)));
        assert_eq!(own, lines("one\n! Error: \"ow\""));
    }

    #[test]
    fn a_panic_is_told_once() {
        let text = "\nrunning 1 test\ntest b ... one\n\
            ! thread 'main' (1) panicked at src/main.rs:1:2:\n! ow";
        let (outcome, own) = judge("b", &trapped(), lines(text));
        assert_eq!(outcome, Outcome::Failed(None));
        assert_eq!(own.len(), 3);
        let (outcome, _) = judge("b", &trapped(), lines("\nrunning 1 test\ntest b ... one"));
        assert_eq!(
            outcome,
            Outcome::Failed(Some("trapped: unreachable".to_owned()))
        );
    }

    #[test]
    fn a_test_that_leaves_has_not_passed() {
        let text = "\nrunning 1 test\ntest b ... ok";
        let (outcome, _) = judge("b", &ExitReason::Ended, lines(text));
        assert!(matches!(outcome, Outcome::Failed(Some(why)) if why.contains("with code 0")));
    }

    #[test]
    fn a_plain_test_that_should_panic_is_not_run_and_that_is_said() {
        let text = "\nrunning 1 test\ntest b - should panic ... ignored\n\n\
            test result: ok. 0 passed; 0 failed; 1 ignored;\n\n";
        let (outcome, own) = judge("b", &ExitReason::Ended, lines(text));
        assert!(matches!(outcome, Outcome::Ignored(Some(_))));
        assert!(own.is_empty());
    }
}
