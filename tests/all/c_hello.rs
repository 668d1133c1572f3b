//! The sample in C does what it says.

use anyhow::Result;
use insula::{ExitReason, SpawnOptions};
use insula_tests::{Host, c_guest};

use crate::guests;

#[test]
fn isolates_in_c_greet_echo_and_bake() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(c_guest(guests::C_HELLO)?)?;
    assert_eq!(host.run(&program, SpawnOptions::new())?, ExitReason::Ended);
    assert_eq!(host.lines_of("hello#2"), ["hello from an isolate!"]);
    assert_eq!(
        host.lines_of("main#1"),
        [
            "I received: Hello from main",
            "3 loaves of rye: 0.75 kg 1.00 kg 1.25 kg",
            "the baker has gone home",
        ]
    );
    for name in ["main#1", "hello#2", "echo#3", "baker#4"] {
        assert_eq!(host.exit_of(name), Some(ExitReason::Ended), "{name}");
    }
    let after = host.runtime.figures();
    assert_eq!((after.isolates, after.ports, after.waits), (0, 0, 0));
    Ok(())
}
