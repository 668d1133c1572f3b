//! Calls generated from the contract: every import with valid values, and one
//! of them replaced. A value is a parameter, or a number in a record that is
//! passed by a pointer, or in a list of records.

use anyhow::{Context, Result, ensure};

use insula_tests::hostile::{End, MEMORY, Row, Table, row, short_name, spawn_request};
use insula_tests::wit::{Contract, Core, Element, Field, Lowered, Param};

/// Where a valid text of [`TEXT_LENGTH`] bytes lies: the name of an entry, and
/// of a limit.
const TEXT: u32 = 1024;
pub const TEXT_LENGTH: u32 = 6;
/// Where a valid list of one handle lies.
pub const HANDLES: u32 = 2048;
/// Where there is room for any result.
const ANSWER: u32 = 3072;
/// Where the record lies in which parameters are passed.
pub const PARAMETERS: u32 = 4096;
/// Where valid lists of one record lie, each at a place of its own.
pub const RECORDS: u32 = 5120;
const RECORD_ROOM: u32 = 64;
/// The request by which the calling guest spawns what it has.
const REQUEST: u32 = 6144;

/// The resources of which a calling guest has one each.
pub const RESOURCES: [&str; 5] = ["send-port", "receive-port", "timer", "isolate", "wait"];

/// One import, and what it is called with.
#[derive(Clone)]
pub struct Call {
    pub import: Lowered,
    short: String,
    values: Vec<Value>,
    before: String,
}

/// One value of a call.
#[derive(Clone)]
struct Value {
    place: Place,
    means: Param,
    /// The code that gives it.
    code: String,
}

#[derive(Clone, Copy)]
enum Place {
    Argument,
    /// In the guest's memory, with so many bytes.
    Memory {
        at: u32,
        width: u32,
    },
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
        let mut values = Vec::new();
        for param in &lowered.params {
            add(&mut values, Place::Argument, param);
        }
        // Behind the parameters: a place among these stays what it is.
        for param in &lowered.params {
            if let Param::Record(record) = param {
                add_fields(&mut values, PARAMETERS, &record.fields);
            }
        }
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

fn add(values: &mut Vec<Value>, place: Place, means: &Param) {
    values.push(Value {
        place,
        means: means.clone(),
        code: valid(means),
    });
}

/// The fields of a record, and then those of the records in its lists.
fn add_fields(values: &mut Vec<Value>, base: u32, fields: &[Field]) {
    let mut lists = Vec::new();
    for field in fields {
        let (at, width) = (base + field.offset, field.width);
        add(values, Place::Memory { at, width }, &field.means);
        if let Param::Pointer(Element::Record(record)) = &field.means {
            let place = RECORDS + RECORD_ROOM * lists.len() as u32;
            lists.push((place, record));
            if let Some(value) = values.last_mut() {
                value.code = number(place);
            }
        }
    }
    for (place, record) in lists {
        add_fields(values, place, &record.fields);
    }
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

/// Where there is one valid element of a list, of which records have others too.
pub fn list_of(element: &Element) -> (u32, u32) {
    match element {
        Element::Utf8 | Element::Byte => (TEXT, TEXT_LENGTH),
        Element::Handle(_) => (HANDLES, 1),
        Element::Record(_) => (RECORDS, 1),
    }
}

fn valid(means: &Param) -> String {
    match means {
        Param::Scalar(Core::I32) | Param::Enum(_) => number(0),
        Param::Scalar(Core::I64) => "(i64.const 0)".to_owned(),
        Param::Handle(resource) => handle(resource),
        Param::Tag(_) => number(1),
        Param::Case { last, .. } => number(*last),
        Param::Pointer(element) => number(list_of(element).0),
        Param::Length(element) => number(list_of(element).1),
        Param::Record(_) => number(PARAMETERS),
        Param::Answer { .. } => number(ANSWER),
    }
}

impl Call {
    /// The places of its values, with what they mean.
    pub fn values(&self) -> impl Iterator<Item = (usize, &Param)> {
        let means = self.values.iter().map(|value| &value.means);
        means.enumerate()
    }

    /// How many bits the value has, that the host sees.
    pub fn bits(&self, place: usize) -> u32 {
        match self.values[place].place {
            Place::Argument => 32,
            Place::Memory { width, .. } => width * 8,
        }
    }

    /// What the value is called.
    pub fn what(&self, place: usize) -> String {
        match self.values[place].place {
            Place::Argument => format!("parameter {place}"),
            Place::Memory { at, .. } if at >= RECORDS => format!("listed + {}", at - RECORDS),
            Place::Memory { at, .. } => format!("field at {}", at - PARAMETERS),
        }
    }

    /// The address that the value is.
    pub fn address(&self, place: usize) -> Result<u32> {
        let code = &self.values[place].code;
        let address = code
            .strip_prefix("(i32.const ")
            .and_then(|rest| rest.strip_suffix(')'));
        Ok(address.context("no number")?.parse()?)
    }

    /// The same call with another value.
    pub fn with(&self, place: usize, value: impl Into<String>) -> Self {
        let mut call = self.clone();
        call.values[place].code = value.into();
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
        let arguments = self.values.iter().filter_map(|value| match value.place {
            Place::Argument => Some(value.code.as_str()),
            Place::Memory { .. } => None,
        });
        let arguments: Vec<_> = arguments.collect();
        let call = format!("(call ${} {})", self.short, arguments.join(" "));
        if self.import.results.is_empty() {
            call
        } else {
            format!("(drop {call})")
        }
    }

    /// Puts the values into memory that lie there.
    fn stores(&self) -> String {
        let stores = self.values.iter().filter_map(|value| {
            let Place::Memory { at, width } = value.place else {
                return None;
            };
            let store = match width {
                1 => "i32.store8",
                4 => "i32.store",
                _ => "i64.store",
            };
            Some(format!("({store} (i32.const {at}) {})", value.code))
        });
        stores.collect()
    }

    /// As a row; `what` says what is wrong with it.
    pub fn row(&self, what: &str, end: End) -> Row {
        row(format!("{}: {what}", self.import.name), self.wat(), end)
    }

    /// A guest that makes the call. Errors are not fatal to it.
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
        let keep: String = RESOURCES
            .iter()
            .map(|resource| format!("(global.set $gone-{resource} {})", handle(resource)))
            .collect();
        let drops: String = RESOURCES
            .iter()
            .map(|resource| format!("(call $drop-{resource} {})", gone(resource)))
            .collect();
        format!(
            "{MEMORY} {globals}
            (data (i32.const {TEXT}) \"timers\")
            {}
            (func $result (result i32) (i32.load (i32.const {})))
            (func $make
                (call $receive-port.open (i64.const 7) (i32.const {ANSWER}))
                (global.set $a-receive-port (call $result))
                (call $receive-port.sender (global.get $a-receive-port) (i32.const {ANSWER}))
                (global.set $a-send-port (call $result))
                (call $timer.start (i64.const -1) (i64.const 7) (i32.const {ANSWER}))
                (global.set $a-timer (call $result))
                (call $spawn (i32.const {REQUEST}) (i32.const {ANSWER}))
                (global.set $a-isolate (call $result))
                (call $send-port.when-closed (global.get $a-send-port) (i64.const 7) (i32.const {ANSWER}))
                (global.set $a-wait (call $result)))
            (func (export \"insula:entry/timers\"))
            (func (export \"insula:entry/main\")
                (call $make)
                {keep}
                (call $isolate.current (i32.const {ANSWER}))
                (drop (call $isolate.set-errors-fatal (call $result) (i32.const 0)))
                (call $make)
                {drops}
                (i32.store (i32.const {HANDLES}) (global.get $a-send-port))
                {}
                {}
                {}
                (call $exit))",
            // Paused: it does nothing until the group is over.
            spawn_request(REQUEST, TEXT, TEXT_LENGTH).paused().data(),
            ANSWER + 4,
            self.stores(),
            self.before,
            self.code()
        )
    }
}
