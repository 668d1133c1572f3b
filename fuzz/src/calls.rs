//! Calls of every import, with arguments that mean something most of the time:
//! what is all wrong ends its guest at once, and the host is not seen any deeper.

use arbitrary::{Result, Unstructured};
use insula::{Import, Runtime};

use crate::wit::{Contract, Core, Element, Field, Param};

/// Where texts lie, so many bytes apart. All but the last are of one length.
pub const TEXTS: u32 = 1024;
pub const TEXT_SLOT: u32 = 64;
pub const TEXT_LENGTH: u32 = 6;
/// Where a list of handles lies.
const HANDLES: u32 = 2048;
/// Where a guest keeps the handles that it was given: a few of each resource.
const KEPT: u32 = 3072;
const KEPT_OF_EACH: u32 = 8;
/// Where there is room for results.
const ANSWERS: u32 = 4096;
const ANSWER_SIZE: u32 = 64;
/// Where parameters lie that are passed by a pointer, and the records in their
/// lists.
const PARAMETERS: u32 = 5120;
const RECORDS: u32 = 6144;

/// All imports, and what their parameters mean.
pub struct Imports {
    imports: Vec<(Import, Option<Vec<Param>>)>,
}

/// The code of one call, and the import that it needs.
pub struct Call {
    pub import: usize,
    pub code: String,
}

impl Imports {
    pub fn of(runtime: &Runtime) -> Self {
        let contract = Contract::read().expect("the contract can be read");
        let known = |import: &Import| contract.import(&import.module, &import.name);
        let with_meaning = |import: &Import| {
            let params = known(import).map(|lowered| lowered.params.clone());
            (import.clone(), params)
        };
        Imports {
            imports: runtime.imports().iter().map(with_meaning).collect(),
        }
    }

    /// An import's declaration, as `$fNUMBER`.
    pub fn declaration(&self, number: usize) -> String {
        let import = &self.imports[number].0;
        let list = |types: Vec<String>| types.join(" ");
        format!(
            "(import \"{}\" \"{}\" (func $f{number} (param {}) (result {})))\n",
            import.module,
            import.name,
            list(import.ty.params().map(|ty| ty.to_string()).collect()),
            list(import.ty.results().map(|ty| ty.to_string()).collect()),
        )
    }

    /// A module that imports all of them and does nothing.
    pub fn all(&self) -> String {
        let all = (0..self.imports.len()).map(|number| self.declaration(number));
        format!("(module {})", all.collect::<String>())
    }

    /// The call of an import by its name, for guests that begin well.
    pub fn named(&self, name: &str, bytes: &mut Unstructured<'_>) -> Result<Call> {
        let number = self
            .imports
            .iter()
            .position(|(found, _)| found.name == name);
        let number = number.unwrap_or_else(|| panic!("there is no import {name}"));
        self.call(number, bytes)
    }

    /// A call of any import.
    pub fn any(&self, bytes: &mut Unstructured<'_>) -> Result<Call> {
        let number = bytes.choose_index(self.imports.len())?;
        self.call(number, bytes)
    }

    fn call(&self, number: usize, bytes: &mut Unstructured<'_>) -> Result<Call> {
        let (import, meaning) = &self.imports[number];
        let mut stores = String::new();
        let mut arguments = Vec::new();
        match meaning {
            Some(params) => {
                for param in params {
                    if let Param::Record(record) = param {
                        store_fields(&mut stores, PARAMETERS, &record.fields, bytes)?;
                    }
                    arguments.push(value(param, bytes)?);
                }
            }
            None => {
                for ty in import.ty.params() {
                    arguments.push(unknown(&ty.to_string(), bytes)?);
                }
            }
        }
        let call = format!("(call $f{number} {})", arguments.join(" "));
        let call = match import.ty.results().len() {
            0 => call,
            _ => format!("(drop {call})"),
        };
        let kept = keep(&import.name, &arguments, bytes)?;
        Ok(Call {
            import: number,
            code: format!("{stores} {call} {kept}\n"),
        })
    }
}

/// Puts the fields of a record there, and those of the records in its lists.
fn store_fields(
    code: &mut String,
    base: u32,
    fields: &[Field],
    bytes: &mut Unstructured<'_>,
) -> Result<()> {
    for field in fields {
        if let Param::Pointer(Element::Record(record)) = &field.means {
            store_fields(code, RECORDS, &record.fields, bytes)?;
        }
        let store = match field.width {
            1 => "i32.store8",
            4 => "i32.store",
            _ => "i64.store",
        };
        let value = value(&field.means, bytes)?;
        *code += &format!("({store} (i32.const {}) {value})", base + field.offset);
    }
    Ok(())
}

/// A value that is what it should be, nearly always.
fn value(means: &Param, bytes: &mut Unstructured<'_>) -> Result<String> {
    let pick: u8 = bytes.arbitrary()?;
    if pick >= 250 {
        return wild(means.core(), bytes);
    }
    let pick = u32::from(pick);
    Ok(match means {
        Param::Scalar(Core::I32) => number(pick % 2),
        Param::Scalar(Core::I64) => format!("(i64.const {})", u64::from(pick).pow(pick % 4)),
        Param::Enum(cases) => number(pick % cases),
        Param::Handle(resource) => kept(resource, pick),
        Param::Tag(_) => number(pick % 2),
        Param::Case { last, .. } => number(pick % (last + 1)),
        Param::Pointer(Element::Utf8) => number(TEXTS + TEXT_SLOT * (pick % 12)),
        Param::Length(Element::Utf8) => number(TEXT_LENGTH),
        Param::Pointer(Element::Byte) => number(TEXTS + pick),
        // A few large ones: past what is copied inline, and past the limits.
        Param::Length(Element::Byte) => number(if pick > 240 { pick << 7 } else { pick }),
        Param::Pointer(Element::Handle(_)) => number(HANDLES + 4 * (pick % 8)),
        Param::Length(Element::Handle(_)) => number(if pick > 64 { 0 } else { pick % 8 }),
        Param::Pointer(Element::Record(_)) => number(RECORDS),
        Param::Length(Element::Record(_)) => number(pick % 2),
        Param::Record(_) => number(PARAMETERS),
        Param::Answer { .. } => number(ANSWERS + ANSWER_SIZE * (pick % 8)),
    })
}

/// A parameter of a function that is not in the contract: WASI's.
fn unknown(ty: &str, bytes: &mut Unstructured<'_>) -> Result<String> {
    if ty != "i32" {
        return wild(Core::I64, bytes);
    }
    Ok(match bytes.arbitrary::<u8>()? {
        pick @ 0..32 => number(u32::from(pick % 8)),
        // A path and its length.
        pick @ 32..52 => number(TEXTS + TEXT_SLOT * (u32::from(pick) % 12)),
        52..64 => number(TEXT_LENGTH),
        pick @ 64..96 => number(PARAMETERS + 8 * u32::from(pick)),
        pick @ 96..250 => number(ANSWERS + 8 * u32::from(pick % 64)),
        _ => return wild(Core::I32, bytes),
    })
}

/// Any number at all, those most of all where something begins or ends.
fn wild(core: Core, bytes: &mut Unstructured<'_>) -> Result<String> {
    const EDGES: [u64; 12] = [
        0,
        1,
        7,
        0xffff,
        0x1_0000,
        0x1_fffc,
        0x2_0000,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_fff8,
        0xffff_ffff,
        u64::MAX,
    ];
    let value = match bytes.arbitrary()? {
        true => *bytes.choose(&EDGES)?,
        false => bytes.arbitrary()?,
    };
    Ok(match core {
        Core::I32 => number(value as u32),
        Core::I64 => format!("(i64.const {})", value as i64),
    })
}

fn number(value: u32) -> String {
    format!("(i32.const {})", value as i32)
}

const RESOURCES: [&str; 5] = ["send-port", "receive-port", "timer", "isolate", "wait"];

/// Where a handle of this resource was kept.
fn place(resource: &str, pick: u32) -> u32 {
    let resource = RESOURCES.iter().position(|found| *found == resource);
    let resource = resource.unwrap_or(RESOURCES.len()) as u32;
    KEPT + 4 * (resource * KEPT_OF_EACH + pick % KEPT_OF_EACH)
}

fn kept(resource: &str, pick: u32) -> String {
    // Once in a while, one of another kind.
    let resource = if pick > 245 {
        RESOURCES[pick as usize % 5]
    } else {
        resource
    };
    format!("(i32.load (i32.const {}))", place(resource, pick))
}

/// Which handles a function gives, and where in its result they lie.
fn gives(name: &str) -> &'static [(&'static str, u32)] {
    match name {
        "[static]receive-port.open" | "first-port" => &[("receive-port", 4)],
        "[method]receive-port.sender"
        | "[method]send-port.duplicate"
        | "[static]send-port.capability"
        | "[method]isolate.control-port"
        | "result-port" => &[("send-port", 4)],
        "lookup" | "[method]isolate.pause-capability" | "[method]isolate.terminate-capability" => {
            &[("send-port", 8)]
        }
        "[method]send-port.send-when-ready" | "[method]send-port.when-closed" => &[("wait", 4)],
        "[static]timer.start" => &[("timer", 4)],
        "[static]isolate.current" | "[static]isolate.from-parts" => &[("isolate", 4)],
        "spawn" => &[("isolate", 4), ("send-port", 8)],
        // The reply port of a message.
        "receive" => &[("send-port", 44)],
        _ => &[],
    }
}

/// Keeps what a function gave, where its answer looks like one.
fn keep(name: &str, arguments: &[String], bytes: &mut Unstructured<'_>) -> Result<String> {
    let mut code = String::new();
    let Some(answer) = arguments.last() else {
        return Ok(code);
    };
    for (resource, offset) in gives(name) {
        let given = format!("(i32.load offset={offset} {answer})");
        let pick = u32::from(bytes.arbitrary::<u8>()?);
        code += &format!("(i32.store (i32.const {}) {given})", place(resource, pick));
        if *resource == "send-port" {
            code += &format!(
                "(i32.store (i32.const {}) {given})",
                HANDLES + 4 * (pick % 16)
            );
        }
    }
    if name == "receive" || name == "first-message" {
        // The first of the ports in a message, whose list begins there.
        let list = if name == "receive" { 32 } else { 12 };
        code += &format!(
            "(i32.store (i32.const {}) (i32.load (i32.and (i32.load offset={list} {answer})
                (i32.const 0xfffc))))",
            place("send-port", 0)
        );
    }
    Ok(code)
}
