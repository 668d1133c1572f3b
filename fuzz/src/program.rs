//! Programs: bytes that somebody says are a module.

use std::sync::LazyLock;

use arbitrary::Unstructured;
use insula::{ExitReason, LoadError, Program, SpawnOptions};

use crate::world::{HANG, World, limits};

static WORLD: LazyLock<World> = LazyLock::new(World::new);

/// Loads `bytes` as they are, as what their text says, or as a module that
/// wasm-smith makes of them. What can be loaded is run.
pub fn run(bytes: &[u8]) {
    if bytes.starts_with(b"\0as") {
        load(bytes);
    } else if bytes.starts_with(b"(") {
        load(bytes);
        if let Ok(module) = wat::parse_bytes(bytes) {
            load(&module);
        }
    } else if let Ok(module) = crate::smith::any(&mut Unstructured::new(bytes)) {
        load(&module);
    }
    WORLD.check(&|| "a program that was loaded".to_owned());
}

fn load(bytes: &[u8]) {
    match Program::from_bytes(&WORLD.runtime, bytes) {
        Ok(program) => program
            .entries()
            .iter()
            .for_each(|entry| start(&program, entry)),
        Err(LoadError::NoLoader { .. }) => panic!("no thread for loading"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn start(program: &Program, entry: &str) {
    let options = SpawnOptions::new().entry(entry).limits(limits(0));
    let isolate = WORLD.runtime.spawn(program, options);
    let isolate = isolate.expect("the entry is there, and one isolate allowed");
    let group = isolate.group().clone();
    let _ = isolate.wait_timeout(std::time::Duration::from_millis(1));
    isolate.kill();
    let reason = isolate.wait_timeout(HANG).expect("what was killed ends");
    assert!(!matches!(reason, ExitReason::HostFailed(_)), "{reason}");
    drop(isolate);
    group.wait();
}
