//! Guests that compute for ever, in WebAssembly's text format.

use anyhow::Result;
use insula::{Isolate, Limits, Program, SpawnOptions};
use insula_tests::Host;

use insula_tests::hostile::{SPAWN, child, module};

/// What an isolate does for ever.
#[derive(Debug, Clone, Copy)]
pub enum Busy {
    /// It goes on in one endless turn.
    Loop,
    /// It goes on in short turns: each wakes it for the next.
    Waker,
}

const LOOP: &str = r#"
    (func (export "insula:entry/child") (loop $again (br $again)))"#;

const WAKER: &str = r#"
    (global $self (mut i32) (i32.const 0))
    (func (export "insula:entry/child")
        (call $first-port (i64.const 0) (i32.const 0))
        (call $receive-port.listen (i32.load (i32.const 4)) (i32.const 1))
        (call $receive-port.sender (i32.load (i32.const 4)) (i32.const 16))
        (global.set $self (i32.load (i32.const 20)))
        (call $again))
    (func (export "wake")
        (call $receive (i32.const 128))
        (call $again))
    (func $again
        (drop (call $send-port.send (global.get $self) (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))"#;

/// A program whose `main` spawns so many isolates of the entry `child`, and ends.
pub fn family(host: &Host, children: usize, busy: Busy) -> Result<Program> {
    let child_code = match busy {
        Busy::Loop => LOOP,
        Busy::Waker => WAKER,
    };
    let wat = format!(
        r#"(memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 2048))
        (data (i32.const 1024) "child")
        {}
        (func (export "insula:entry/main") {})
        {child_code}"#,
        child().data(),
        SPAWN.repeat(children),
    );
    host.wat(&module(host, &wat))
}

/// Limits that let it go on for as long as a test takes.
pub fn for_ever() -> Limits {
    Limits::default().turn_cpu(Limits::NONE)
}

/// A family of its own group.
pub fn spawn(
    host: &Host,
    (children, busy): (usize, Busy),
    options: SpawnOptions,
) -> Result<Isolate> {
    let program = family(host, children, busy)?;
    Ok(host.runtime.spawn(&program, options)?)
}
