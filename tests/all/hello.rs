//! The first guest that anybody runs.

use anyhow::Result;
use insula::{ExitReason, SpawnOptions};
use insula_tests::Host;

use crate::guests;

#[test]
fn hello_prints_from_an_isolate_and_answers_a_call() -> Result<()> {
    let host = Host::new()?;
    let hello = host.program(guests::HELLO)?;
    assert_eq!(host.run(&hello, SpawnOptions::new())?, ExitReason::Ended);
    assert_eq!(
        host.lines(),
        [
            "hello#2: hello from an isolate!",
            "main#1: I received: Hello from main"
        ]
    );
    Ok(())
}
