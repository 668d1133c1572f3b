//! What a host's tests of its plugins may look like.

use std::sync::{Arc, Mutex};

use anyhow::Result;
use insula::{ExitReason, Limit, Limits, Line, Program, Runtime, SpawnOptions};

/// A plugin in WebAssembly's text format: it never comes to an end.
const LOOPS: &str = r#"
    (module
        (memory (export "memory") 1)
        (func (export "insula:entry/main") (loop $again (br $again))))"#;

#[test]
fn a_plugin_that_loops_is_ended_and_says_nothing() -> Result<()> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = lines.clone();
    let runtime = Runtime::builder()
        .max_isolates(4)
        .limits(Limits::default().turn_cpu(100))
        .output(move |line: &Line<'_>| kept.lock().unwrap().push(line.text.to_owned()))
        .start()?;

    let program = Program::from_bytes(&runtime, &wat::parse_str(LOOPS)?)?;
    let plugin = runtime.spawn(&program, SpawnOptions::new())?;
    let reason = plugin.join();

    let ExitReason::Limit { hit, .. } = reason else {
        panic!("it was not stopped by a limit: {reason}");
    };
    assert_eq!((hit.limit, hit.value), (Limit::TurnCpu, 100));
    assert!(lines.lock().unwrap().is_empty());
    Ok(())
}
