//! Part 1: two isolates of one program change the same global, and never see each
//! other's value.

use anyhow::Result;
use insula::{ExitReason, SpawnOptions};
use insula_tests::{HANG, Host};

use crate::guests;

#[test]
fn main_and_its_children_each_see_their_own_value_of_a_global() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::OWN_HEAP)?, ExitReason::Ended);
    assert_eq!(
        host.lines(),
        [
            "main#1: main 100, first 1, second 10",
            "main#1: main 100, first 3, second 30",
            "main#1: main 100, first 6, second 60",
        ]
    );
    Ok(())
}

#[test]
fn groups_of_one_program_each_see_their_own_value_of_a_global() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::OWN_HEAP)?;
    let spawn = || {
        host.runtime
            .spawn(&program, SpawnOptions::new().entry("adder"))
    };
    let (first, second) = (spawn()?, spawn()?);
    let add = |isolate: &insula::Isolate, amount: i64| -> Result<i64> {
        Ok(isolate.port().call_timeout(&amount, HANG)?)
    };
    assert_eq!((add(&first, 1)?, add(&second, 10)?), (1, 10));
    assert_eq!((add(&first, 2)?, add(&second, 20)?), (3, 30));

    // One that starts in the memory of another that is gone finds nothing of it.
    first.kill();
    assert_eq!(first.wait_timeout(HANG), Some(ExitReason::Killed));
    let third = spawn()?;
    assert_eq!((add(&third, 5)?, add(&second, 30)?), (5, 60));
    Ok(())
}
