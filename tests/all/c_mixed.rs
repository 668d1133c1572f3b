//! Isolates in Rust and in C talk to each other: calls, ports, bytes, cycles, large
//! messages, failures and ends, both ways.

use anyhow::Result;
use insula::{ExitReason, Program, SpawnOptions};
use insula_tests::{Folder, Host, c_guest};

use crate::guests;

#[test]
fn rust_and_c_talk_to_each_other() -> Result<()> {
    let folder = Folder::new("mixed")?;
    folder.copy(guests::MIXED, "mixed.wasm")?;
    folder.copy(c_guest(guests::C_PEER)?, "c_peer.wasm")?;
    let host = Host::new()?;
    let program = Program::from_file(&host.runtime, folder.path("mixed.wasm"))?;
    let uris = ["mixed.wasm", "c_peer.wasm"].map(|name| folder.uri(name));
    let options = SpawnOptions::new().grant_uri(&uris[0]).grant_uri(&uris[1]);
    assert_eq!(host.run(&program, options)?, ExitReason::Ended);
    let path = folder.path("mixed.wasm").display().to_string();
    let lines: Vec<_> = host
        .lines_of("main#1")
        .into_iter()
        .map(|line| line.replace(&path, "MIXED"))
        .collect();
    assert_eq!(
        lines,
        [
            "all kinds come back: true",
            "the sum is 1099511627775",
            "reversed: [3, 2, 1]",
            "of nothing: []",
            "Thing { name: \"countess\", age: 37, nothing: Some(3.5), colour: Mixed(1, 2, 3), \
             at: (1.5, 2.0), tags: [\"Ada\"] }",
            "all sizes",
            "a port of C's",
            "ports come back: true, true",
            "C has called: ok \"good day to you\"",
            "C has called: no_answer null",
            "C has waited: timed_out",
            "C has called nobody: closed",
            "a cycle comes back: true",
            "a cycle where none is expected: Err(NoAnswer)",
            "doubler 21: ok 42, ended 0 \"ended\"",
            "doubler 0: ok 0, ended 3 \"nothing twice\"",
            "missing 1: no_answer null, ended 7 \"MIXED has no entry `missing`; it has \
             `doubler`, `main`\"",
            "uri_not_granted: the",
            "C kills: closed, then ok: killed",
            "a child of C's cannot be killed: true",
            "but started: 7",
            "it has ended",
            "silence: Err(NoAnswer), then 1, killed",
            "fail: Err(NoAnswer), failed at src/main.c:228: the flour is gone",
            "panic: Err(NoAnswer), panicked at src/main.c:230: the oven is cold",
            "stop: Err(NoAnswer), ended",
            "returns: failed at src/main.c:252: nobody waits for what I return",
        ]
    );
    let after = host.runtime.figures();
    assert_eq!((after.isolates, after.ports, after.waits), (0, 0, 0));
    Ok(())
}

/// What an entry in C returns is the result for the host that runs it.
#[test]
fn a_host_runs_an_entry_in_c_for_its_result() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(c_guest(guests::C_PEER)?)?;
    let options = SpawnOptions::new().entry("returns").message(&("a", 1.5));
    let returned: (String, f64) = host.runtime.run(&program, options)?;
    assert_eq!(returned, ("a".to_owned(), 1.5));
    Ok(())
}
