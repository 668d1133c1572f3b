//! What a subscriber of `tracing` is told.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use anyhow::Result;
use insula::{Limits, SpawnOptions};
use insula_tests::{Host, alone};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::guests;

/// Keeps all as lines of text.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Times differ from run to run.
        match field.name().ends_with("_seconds") {
            true => write!(self.0, " {}", field.name()),
            false => write!(self.0, " {}={value:?}", field.name()),
        }
        .expect("a string takes it");
    }
}

impl Lines {
    fn add(&self, metadata: &Metadata<'_>, line: Line) {
        let text = format!("{} {}:{}", metadata.level(), metadata.target(), line.0);
        self.0.lock().expect("no panic").push(text);
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("insula::")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line(format!(" {}:", span.metadata().name()));
        span.record(&mut line);
        self.add(span.metadata(), line);
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.add(event.metadata(), line);
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}
    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}
    fn enter(&self, _span: &Id) {}
    fn exit(&self, _span: &Id) {}
}

/// In a process of its own, as a subscriber is the process's.
#[test]
fn spawns_turns_ends_limits_and_loads_are_told() -> Result<()> {
    alone(told)
}

fn told() -> Result<()> {
    let lines = Lines::default();
    tracing::subscriber::set_global_default(lines.clone())?;
    let host = Host::new()?;
    host.run(&host.program(guests::HELLO)?, SpawnOptions::new())?;
    let spin = host.program(guests::SPIN)?;
    let options = SpawnOptions::new().limits(Limits::default().turn_cpu(5));
    host.run(&spin, options.name("a\nb"))?;
    drop(host);
    let told = lines.0.lock().expect("no panic");
    let has = |line: &str| assert!(told.iter().any(|told| told == line), "{line} in {told:#?}");
    has("DEBUG insula::isolate: message=spawned group=1 isolate=main#1 entry=main");
    has(
        "DEBUG insula::isolate: message=spawned group=1 isolate=echo#3 entry=echo parent=\"main#1\"",
    );
    has("TRACE insula::turn: turn: group=1 isolate=echo#3");
    has(
        "DEBUG insula::isolate: message=ended group=1 isolate=echo#3 kind=\"ended\" reason=ended cpu_seconds age_seconds",
    );
    has("DEBUG insula::load: message=loaded from_cache=false entries=3");
    has(
        "DEBUG insula::isolate: message=met a limit group=2 isolate=a\\nb#1 limit=\"turn_cpu\" value=5",
    );
    let ended = told
        .iter()
        .find(|line| line.contains("group=2") && line.contains("kind="));
    let ended = ended.expect("it has ended");
    assert!(ended.starts_with("INFO insula::isolate: message=ended group=2 isolate=a\\nb#1 kind=\"limit\" reason=stopped: "), "{ended}");
    let load = format!("DEBUG insula::load: load: program={} bytes=", guests::HELLO);
    assert!(told.iter().any(|line| line.starts_with(&load)), "{told:#?}");
    Ok(())
}
