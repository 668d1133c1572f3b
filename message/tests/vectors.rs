//! `wit/vectors`: what messages mean, for every language. Where this crate is meant to
//! read something else, `INSULA_BLESS=1` writes the files anew.

mod support;
#[path = "support/vectors.rs"]
mod vectors;

use std::fs;
use std::path::{Path, PathBuf};

use insula_message::{Backtrace, ExitReason, Frame, Limit, LimitHit};
use serde_json::{Value as Json, json};
use support::{bytes_of, hex};
use vectors::{hex_of, outcome};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit/vectors")
}

fn is_blessed() -> bool {
    std::env::var_os("INSULA_BLESS").is_some()
}

fn write(path: &Path, vectors: &[Json]) {
    let lines: Vec<_> = vectors.iter().map(line).collect();
    fs::write(path, format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
}

/// With its name in front, for people.
fn line(vector: &Json) -> String {
    let mut vector = vector.clone();
    let name = vector
        .as_object_mut()
        .and_then(|fields| fields.remove("name"));
    match name {
        Some(name) => format!("{{\"name\":{name},{}", &vector.to_string()[1..]),
        None => vector.to_string(),
    }
}

fn check(path: &Path) -> usize {
    let text = fs::read_to_string(path).unwrap();
    let found: Vec<Json> = serde_json::from_str(&text).unwrap();
    let now: Vec<Json> = found.iter().map(now).collect();
    if is_blessed() {
        write(path, &now);
    } else {
        for (found, now) in found.iter().zip(&now) {
            assert_eq!(found, now, "{}", path.display());
        }
    }
    now.len()
}

/// A vector with the outcome that it has here.
fn now(found: &Json) -> Json {
    let count = |field: &str| found[field].as_u64().unwrap_or(0) as usize;
    let bytes = hex(found["bytes"].as_str().unwrap());
    let mut now = outcome(&bytes, count("ports"), count("lost"));
    // What says nothing is left out.
    let fields = now.as_object_mut().unwrap();
    fields.retain(|name, value| match name.as_str() {
        "sends" => value != &json!([]),
        "canonical" => *value != found["bytes"],
        _ => true,
    });
    for given in ["name", "bytes", "ports", "lost"] {
        if let Some(value) = found.get(given) {
            now[given] = value.clone();
        }
    }
    now
}

#[test]
fn messages_are_read_as_the_vectors_say() {
    let mut count = 0;
    for name in ["values", "other-forms", "sharing", "ports", "malformed"] {
        count += check(&folder().join(format!("{name}.json")));
    }
    assert!(count > 150, "{count}");
}

fn exits() -> Vec<ExitReason> {
    let backtrace: Backtrace = vec![
        Frame {
            function: "inner".into(),
            place: Some("src/main.rs:3".into()),
        },
        Frame {
            function: "outer".into(),
            place: None,
        },
    ];
    let text = |text: &str| text.to_owned();
    let limit = |limit, value| ExitReason::Limit {
        hit: LimitHit { limit, value },
        backtrace: Vec::new(),
    };
    vec![
        ExitReason::Ended,
        ExitReason::Exited(3),
        ExitReason::Panicked {
            message: text("the dough is too dry"),
            place: text("src/main.rs:15:9"),
            backtrace,
        },
        ExitReason::Failed {
            error: text("no flour"),
            place: text("src/main.rs:16:1"),
            backtrace: Vec::new(),
        },
        ExitReason::Trapped {
            trap: text("out of bounds memory access"),
            backtrace: Vec::new(),
        },
        limit(Limit::Memory, 1 << 20),
        limit(Limit::TurnCpu, 500),
        ExitReason::ContractBroken {
            what: text("it used handle 0x1 as a send-port, and it has no such handle"),
            backtrace: Vec::new(),
        },
        ExitReason::NotStarted(text("there is no entry `x`")),
        ExitReason::Killed,
        ExitReason::Linked {
            isolate: text("miller#2"),
            reason: Box::new(ExitReason::Killed),
        },
        ExitReason::ShutDown,
        ExitReason::HostFailed(text("a bug")),
    ]
}

/// Monitors are told why an isolate ended.
#[test]
fn exit_reasons_are_written_as_the_vectors_say() {
    let path = folder().join("exits.json");
    let now: Vec<_> = exits()
        .iter()
        .map(|reason| {
            let bytes = bytes_of(reason);
            let mut vector = outcome(&bytes, 0, 0);
            let fields = vector.as_object_mut().unwrap();
            fields.retain(|name, _| name == "value");
            vector["bytes"] = hex_of(&bytes).into();
            vector["text"] = reason.to_string().into();
            vector
        })
        .collect();
    if is_blessed() {
        write(&path, &now);
    }
    let found: Vec<Json> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(found, now);
}
