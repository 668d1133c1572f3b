//! `--json`: what a program reads, errors too.

use anyhow::{Context, Result};
use insula_tests::{Folder, guests};
use serde_json::{Value, json};

use super::{Ran, insula, insula_run, module};

/// The objects on standard output. Nothing else is said anywhere.
fn objects(ran: &Ran) -> Result<Vec<Value>> {
    assert_eq!(ran.stderr, "");
    let lines = ran.stdout.lines();
    Ok(lines.map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// The events of this kind, without what differs at each run.
fn of<'a>(objects: &'a [Value], event: &str) -> Vec<&'a Value> {
    let objects = objects.iter();
    objects.filter(|object| object["event"] == event).collect()
}

#[test]
fn a_run_is_told_as_it_happens() -> Result<()> {
    let ran = insula_run(["--json", guests::HELLO])?;
    assert_eq!(ran.status, Some(0));
    let objects = objects(&ran)?;
    let kinds: Vec<_> = objects.iter().map(|object| &object["event"]).collect();
    assert_eq!(kinds[..2], ["loaded", "started"]);
    assert_eq!(objects[0]["program"], guests::HELLO);
    assert_eq!(objects[0]["entries"], json!(["echo", "hello", "main"]));
    assert_eq!(objects[1]["isolate"], "main#1");
    assert_eq!(
        of(&objects, "output"),
        [
            &json!({ "event": "output", "isolate": "hello#2", "stream": "stdout",
                     "text": "hello from an isolate!" }),
            &json!({ "event": "output", "isolate": "main#1", "stream": "stdout",
                     "text": "I received: Hello from main" }),
        ]
    );
    let mut exits = of(&objects, "exited");
    exits.sort_by_key(|exit| exit["isolate"].as_str());
    let exit = |isolate| {
        json!({ "event": "exited", "isolate": isolate, "reason": { "kind": "ended" },
                "text": "ended" })
    };
    assert_eq!(exits, [&exit("echo#3"), &exit("hello#2"), &exit("main#1")]);
    let last = objects.last().context("the end")?;
    assert_eq!(last["event"], "ended");
    assert_eq!(last["reason"], json!({ "kind": "ended" }));
    assert_eq!(
        (&last["status"], &last["stopped"]),
        (&json!(0), &Value::Null)
    );
    assert_eq!(last["figures"]["isolates"], 3);
    assert!(
        last["figures"]["peak_memory"].as_u64() >= Some(65_536),
        "{last}"
    );
    Ok(())
}

#[test]
fn a_reason_has_a_kind_and_what_belongs_to_it() -> Result<()> {
    let folder = Folder::new("cli-json-reasons")?;
    let trap = module(&folder, "trap.wasm", "unreachable")?;
    let exits = module(&folder, "exits.wasm", "(call $proc_exit (i32.const 7))")?;
    let reason = |module: &str, more: &[&str], status| -> Result<Value> {
        let ran = insula_run(["--json", module].iter().chain(more))?;
        assert_eq!(ran.status, Some(status), "{ran:?}");
        let objects = objects(&ran)?;
        let last = objects.last().context("the end")?;
        assert_eq!(last["status"], status);
        Ok(last["reason"].clone())
    };
    let trapped = reason(&trap.to_string_lossy(), &[], 1)?;
    assert_eq!(
        trapped,
        json!({
            "kind": "trapped",
            "trap": "wasm trap: wasm `unreachable` instruction executed",
            "backtrace": [{ "function": "boom", "place": null }, { "function": "main", "place": null }],
        })
    );
    let exited = reason(&exits.to_string_lossy(), &[], 7)?;
    assert_eq!(exited, json!({ "kind": "exited", "code": 7 }));
    let limit = reason(guests::SPIN, &["spinner", "--limit=turn_cpu=20ms"], 1)?;
    assert_eq!(
        (&limit["kind"], &limit["limit"], &limit["value"]),
        (&json!("limit"), &json!("turn_cpu"), &json!(20))
    );
    let linked = reason(guests::LINKS, &["linked", "--message=\"panic\""], 1)?;
    assert_eq!(linked["kind"], "linked");
    assert_eq!(linked["reason"]["kind"], "panicked", "{linked}");
    Ok(())
}

#[test]
fn errors_are_objects_too() -> Result<()> {
    for (arguments, message) in [
        (
            &["run", "--json", "nowhere.wasm"][..],
            "nowhere.wasm: there is no such file",
        ),
        (
            &["inspect", "nowhere.wasm", "--json"],
            "nowhere.wasm: there is no such file",
        ),
        (
            &["build", "--json", "nowhere"],
            "nowhere: there is no Cargo.toml in it",
        ),
        (
            &["run", "--json"],
            "the following required arguments were not provided",
        ),
        (
            &["run", "x", "--jason", "--json"],
            "unexpected argument '--jason' found",
        ),
    ] {
        let ran = insula(arguments.iter().copied())?;
        assert_eq!(ran.status, Some(2), "{ran:?}");
        let objects = objects(&ran)?;
        let [error] = &objects[..] else {
            panic!("{objects:?}");
        };
        assert_eq!(error["event"], "error");
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|text| text.starts_with(message)),
            "{error}"
        );
        assert!(error["causes"].is_array());
    }
    Ok(())
}

/// What is behind `--` is the program's.
#[test]
fn a_programs_own_flag_is_not_ours() -> Result<()> {
    let ran = insula(["run", "nowhere.wasm", "--", "--json"])?;
    assert_eq!((ran.status, &*ran.stdout), (Some(2), ""));
    assert!(ran.stderr.starts_with("insula: nowhere.wasm: "), "{ran:?}");
    Ok(())
}
