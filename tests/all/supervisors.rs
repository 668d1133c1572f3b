//! Supervisors, by the rules of Erlang's OTP.

use anyhow::Result;
use insula::ExitReason;
use insula_tests::Host;

use crate::guests;

/// What the guest says below a heading.
fn shown(heading: &str) -> Result<Vec<String>> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::SUPERVISORS)?, ExitReason::Ended);
    Ok(host.below(heading))
}

#[test]
fn one_for_one_starts_that_child_again() -> Result<()> {
    assert_eq!(
        shown("OneForOne")?,
        [
            "one started",
            "two started",
            "three started",
            "two panicked: as it was told",
            "two started again",
            "it answers: two",
            "stopped: Ok(())",
            "three killed",
            "two killed",
            "one killed",
        ]
    );
    Ok(())
}

#[test]
fn one_for_all_ends_the_others_in_reverse_and_starts_all_again() -> Result<()> {
    assert_eq!(
        shown("OneForAll")?,
        [
            "one started",
            "two started",
            "three started",
            "two panicked: as it was told",
            "three killed",
            "one killed",
            "one started again",
            "two started again",
            "three started again",
            "it answers: two",
            "stopped: Ok(())",
            "three killed",
            "two killed",
            "one killed",
        ]
    );
    Ok(())
}

#[test]
fn rest_for_one_does_so_with_those_after_it() -> Result<()> {
    assert_eq!(
        shown("RestForOne")?,
        [
            "one started",
            "two started",
            "three started",
            "two panicked: as it was told",
            "three killed",
            "two started again",
            "three started again",
            "it answers: two",
            "stopped: Ok(())",
            "three killed",
            "two killed",
            "one killed",
        ]
    );
    Ok(())
}

#[test]
fn one_restart_too_many_ends_all_children() -> Result<()> {
    assert_eq!(
        shown("giving up")?,
        [
            "one started",
            "two started",
            "three started",
            "two panicked: as it was told",
            "two started again",
            "one ended",
            "three killed",
            "two killed",
            "child one ended, and there were too many restarts: there may be 1 within 3600s \
             (see `Supervisor::intensity`)",
            "one more: the supervisor is over, and has no children any more",
        ]
    );
    Ok(())
}

#[test]
fn the_kind_of_restart_says_which_end_counts() -> Result<()> {
    assert_eq!(
        shown("kinds of restart")?,
        [
            "permanent started",
            "transient started",
            "temporary started",
            "permanent ended",
            "permanent started again",
            "transient panicked: as it was told",
            "transient started again",
            "transient ended",
            "temporary panicked: as it was told",
            "permanent killed",
            "over: Ok(())",
        ]
    );
    Ok(())
}

#[test]
fn children_are_added_and_ended_at_run_time() -> Result<()> {
    assert_eq!(
        shown("children at run time")?,
        [
            "one started",
            "two started",
            "one more: there is a child named two already: each needs a name of its own",
            "one killed",
            "one: None",
            "once more: there is no child named one",
            "left: two, 0 restarts",
            "two killed",
        ]
    );
    Ok(())
}

#[test]
fn a_child_that_does_not_want_to_end_is_killed() -> Result<()> {
    assert_eq!(
        shown("shutdowns")?,
        [
            "killed started",
            "asked started",
            "deaf started",
            "busy started",
            "busy killed",
            "deaf killed",
            "asked ended",
            "killed killed",
        ]
    );
    Ok(())
}

#[test]
fn children_outlive_an_end_in_peace() -> Result<()> {
    assert_eq!(
        shown("the end of a supervisor's isolate in peace")?,
        ["it ended", "its child goes on: true",]
    );
    Ok(())
}

#[test]
fn what_a_supervisor_cannot_deal_with_is_for_the_one_above_it() -> Result<()> {
    assert_eq!(
        shown("a supervisor under a supervisor")?,
        [
            "started again: true",
            "killed, and its child with it",
            "child inner killed, and there were too many restarts: there may be 1 within 5s \
             (see `Supervisor::intensity`)",
        ]
    );
    Ok(())
}
