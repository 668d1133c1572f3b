//! Calls generated from the contract: every import with valid values, and one
//! of them replaced.

use anyhow::{Context, Result, ensure};

use super::table::{End, MEMORY, Row, Table, row, short_name};
use crate::wit::{Contract, Core, Element, Lowered, Param};

/// Where a valid text of [`TEXT_LENGTH`] bytes lies: the name of an entry.
const TEXT: u32 = 1024;
pub const TEXT_LENGTH: u32 = 5;
/// Where a valid list of one handle lies.
pub const HANDLES: u32 = 2048;
/// Where there is room for any result.
const ANSWER: u32 = 3072;

/// The resources of which a calling guest has one each.
pub const RESOURCES: [&str; 3] = ["send-port", "receive-port", "timer"];

/// One import, and what it is called with.
#[derive(Clone)]
pub struct Call {
    pub import: Lowered,
    short: String,
    values: Vec<String>,
    before: String,
}

/// Every import of the contract that the host links, called as it should be.
/// One that the WIT does not have is an error: it would escape.
pub fn calls(table: &Table) -> Result<Vec<Call>> {
    let contract = Contract::read()?;
    let mut calls = Vec::new();
    for import in table.host.runtime.imports() {
        if import.module == "wasi_snapshot_preview1" {
            continue;
        }
        let lowered = contract.import(&import.module, &import.name);
        let lowered = lowered.with_context(|| format!("{} is not in the WIT", import.name))?;
        ensure!(
            lowered.params.len() == import.ty.params().len(),
            "{}",
            import.name
        );
        let values = lowered.params.iter().map(valid).collect();
        let (import, short) = (lowered.clone(), short_name(import));
        calls.push(Call {
            import,
            short,
            values,
            before: String::new(),
        });
    }
    Ok(calls)
}

pub fn number(value: u32) -> String {
    format!("(i32.const {value})")
}

/// A valid handle, in the module that [`Call::wat`] makes.
pub fn handle(resource: &str) -> String {
    format!("(global.get $a-{resource})")
}

/// A handle that was dropped.
pub fn gone(resource: &str) -> String {
    format!("(global.get $gone-{resource})")
}

fn valid(param: &Param) -> String {
    match param {
        Param::Scalar(Core::I32) => number(0),
        Param::Scalar(Core::I64) => "(i64.const 0)".to_owned(),
        Param::Handle(resource) => handle(resource),
        Param::Tag => number(1),
        Param::Pointer(Element::Utf8 | Element::Byte) => number(TEXT),
        Param::Pointer(Element::Handle(_)) => number(HANDLES),
        Param::Length(Element::Utf8 | Element::Byte) => number(TEXT_LENGTH),
        Param::Length(Element::Handle(_)) => number(1),
        Param::Answer { .. } => number(ANSWER),
    }
}

impl Call {
    /// The places of its parameters, with what they mean.
    pub fn params(&self) -> impl Iterator<Item = (usize, &Param)> {
        self.import.params.iter().enumerate()
    }

    /// The same call with another value.
    pub fn with(&self, place: usize, value: impl Into<String>) -> Self {
        let mut call = self.clone();
        call.values[place] = value.into();
        call
    }

    /// The same call with something done first.
    pub fn after(&self, code: &str) -> Self {
        let mut call = self.clone();
        call.before.push_str(code);
        call
    }

    /// The instruction itself.
    pub fn code(&self) -> String {
        let call = format!("(call ${} {})", self.short, self.values.join(" "));
        if self.import.results.is_empty() {
            call
        } else {
            format!("(drop {call})")
        }
    }

    /// As a row; `what` says what is wrong with it.
    pub fn row(&self, what: &str, end: End) -> Row {
        row(format!("{}: {what}", self.import.name), self.wat(), end)
    }

    /// A guest that makes the call.
    pub fn wat(&self) -> String {
        let globals: String = RESOURCES
            .iter()
            .map(|resource| {
                format!(
                    "(global $a-{resource} (mut i32) (i32.const 0))
                     (global $gone-{resource} (mut i32) (i32.const 0))"
                )
            })
            .collect();
        format!(
            "{MEMORY} {globals}
            (data (i32.const {TEXT}) \"quiet\")
            (func $result (result i32) (i32.load (i32.const {})))
            (func $make
                (call $receive-port.open (i64.const 7) (i32.const {ANSWER}))
                (global.set $a-receive-port (call $result))
                (call $receive-port.sender (global.get $a-receive-port) (i32.const {ANSWER}))
                (global.set $a-send-port (call $result))
                (call $timer.start (i64.const -1) (i64.const 7) (i32.const {ANSWER}))
                (global.set $a-timer (call $result)))
            (func (export \"insula:entry/quiet\"))
            (func (export \"insula:entry/main\")
                (call $make)
                (global.set $gone-receive-port (global.get $a-receive-port))
                (global.set $gone-send-port (global.get $a-send-port))
                (global.set $gone-timer (global.get $a-timer))
                (call $make)
                (call $drop-receive-port (global.get $gone-receive-port))
                (call $drop-send-port (global.get $gone-send-port))
                (call $drop-timer (global.get $gone-timer))
                (i32.store (i32.const {HANDLES}) (global.get $a-send-port))
                {}
                {}
                (call $exit))",
            ANSWER + 4,
            self.before,
            self.code()
        )
    }
}
