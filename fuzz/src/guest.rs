//! Guests that call imports in any order, with what they were given before.

use std::collections::BTreeSet;

use arbitrary::{Result, Unstructured};

use crate::calls::{Call, Imports, TEXT_LENGTH, TEXT_SLOT, TEXTS};

/// Names of entries, of limits, of ports, and programs beside the guest: all of
/// the length that calls pass.
pub const NAMES: [&str; 12] = [
    "entryA",
    "entryB",
    "memory",
    "timers",
    "name_1",
    "name_2",
    "k.wasm",
    "g.wasm",
    "x.wasm",
    "../a.x",
    "t\u{e9}xt_",
    "entryC",
];

/// How many things one function does.
const STEPS: usize = 12;

/// A guest in the text format: what goes wrong can be read then.
pub fn module(imports: &Imports, bytes: &mut Unstructured<'_>) -> Result<String> {
    let mut guest = Guest {
        imports,
        used: BTreeSet::new(),
    };
    let functions = guest.functions(bytes)?;
    let pages = bytes.int_in_range(1..=4)?;
    let texts = NAMES.iter().enumerate().map(|(place, name)| {
        assert_eq!(name.len() as u32, TEXT_LENGTH);
        let at = TEXTS + TEXT_SLOT * place as u32;
        format!("(data (i32.const {at}) \"{name}\")\n")
    });
    let used = guest.used.iter();
    let declarations = used.map(|number| imports.declaration(*number));
    Ok(format!(
        "(module
        {}(memory (export \"memory\") {pages})
        (table 8 funcref)
        (global $free (mut i32) (i32.const 16384))
        (global $steps (mut i32) (i32.const 0))
        {}{functions})",
        declarations.collect::<String>(),
        texts.collect::<String>(),
    ))
}

struct Guest<'a> {
    imports: &'a Imports,
    used: BTreeSet<usize>,
}

impl Guest<'_> {
    fn functions(&mut self, bytes: &mut Unstructured<'_>) -> Result<String> {
        let mut code = self.realloc(bytes)?;
        let begins_well = bytes.ratio(7, 8)?;
        let begin = if begins_well {
            self.begin(bytes)?
        } else {
            String::new()
        };
        code += &exported("insula:entry/entryA", &(begin + &self.steps(bytes)?));
        code += &exported("insula:entry/entryB", &self.steps(bytes)?);
        code += &exported("wake", &self.wake(bytes)?);
        if bytes.ratio(1, 8)? {
            code += &exported("_initialize", &self.steps(bytes)?);
        }
        if bytes.ratio(1, 8)? {
            code += &format!("(func $start {}) (start $start)", self.steps(bytes)?);
        }
        Ok(code)
    }

    /// One of each resource, in the order in which they need each other.
    fn begin(&mut self, bytes: &mut Unstructured<'_>) -> Result<String> {
        let mut code = String::new();
        for name in [
            "first-port",
            "[static]receive-port.open",
            "[method]receive-port.sender",
            "[method]receive-port.listen",
            "[static]isolate.current",
            "first-message",
            "[static]timer.start",
            "spawn",
        ] {
            code += &self.add(self.imports.named(name, bytes)?);
        }
        Ok(code)
    }

    fn wake(&mut self, bytes: &mut Unstructured<'_>) -> Result<String> {
        let receive = self.add(self.imports.named("receive", bytes)?);
        Ok(receive + &self.steps(bytes)?)
    }

    fn steps(&mut self, bytes: &mut Unstructured<'_>) -> Result<String> {
        let mut code = String::new();
        for _ in 0..bytes.int_in_range(0..=STEPS)? {
            code += &self.step(bytes)?;
        }
        Ok(code)
    }

    fn step(&mut self, bytes: &mut Unstructured<'_>) -> Result<String> {
        Ok(match bytes.arbitrary::<u8>()? {
            0..220 => self.add(self.imports.any(bytes)?),
            220..232 => self.again(bytes)?,
            232..240 => poke(bytes)?,
            240..244 => format!(
                "(drop (memory.grow (i32.const {})))\n",
                bytes.arbitrary::<u8>()?
            ),
            244..247 => format!(
                "(drop (table.grow (ref.null func) (i32.const {})))\n",
                bytes.arbitrary::<u16>()?
            ),
            247 => "(memory.fill (i32.const 0) (i32.const 255) (i32.const 65536))\n".to_owned(),
            248..251 => "(return)\n".to_owned(),
            251 => "(unreachable)\n".to_owned(),
            252 => "(loop $for-ever (br $for-ever))\n".to_owned(),
            253 => "(call $deeper)\n".to_owned(),
            _ => String::new(),
        })
    }

    /// A few calls many times: what is not on a budget grows.
    fn again(&mut self, bytes: &mut Unstructured<'_>) -> Result<String> {
        let mut call = String::new();
        for _ in 0..bytes.int_in_range(1..=4)? {
            call += &self.add(self.imports.any(bytes)?);
        }
        let times = bytes.int_in_range(2..=2000)?;
        Ok(format!(
            "(global.set $steps (i32.const {times}))
            (loop $again
                {call}
                (global.set $steps (i32.sub (global.get $steps) (i32.const 1)))
                (br_if $again (i32.gt_s (global.get $steps) (i32.const 0))))\n"
        ))
    }

    /// Mostly one that works: else no message reaches the guest.
    fn realloc(&mut self, bytes: &mut Unstructured<'_>) -> Result<String> {
        let code = match bytes.arbitrary::<u8>()? {
            0..200 => "(global.get $free)
                (global.set $free (i32.add (global.get $free)
                    (i32.and (i32.add (local.get 3) (i32.const 15)) (i32.const -8))))"
                .to_owned(),
            200..220 => "(i32.const 16384)".to_owned(),
            220..225 => "(i32.const 0)".to_owned(),
            225..230 => "(i32.const 16385)".to_owned(),
            230..235 => "(i32.const -8)".to_owned(),
            235..240 => "(drop (memory.grow (i32.const 1))) (i32.const 65536)".to_owned(),
            240..250 => self.add(self.imports.any(bytes)?) + "(i32.const 16384)",
            250..253 => "(unreachable)".to_owned(),
            _ => "(loop $for-ever (br $for-ever)) (i32.const 16384)".to_owned(),
        };
        Ok(format!(
            "(func $deeper (call $deeper))
            (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) {code})\n"
        ))
    }

    fn add(&mut self, call: Call) -> String {
        self.used.insert(call.import);
        call.code
    }
}

fn exported(name: &str, code: &str) -> String {
    format!("(func (export \"{name}\")\n{code})\n")
}

/// Overwrites something of what calls pass.
fn poke(bytes: &mut Unstructured<'_>) -> Result<String> {
    let place = bytes.int_in_range(1024..=8191u32)? & !3;
    let value: i32 = bytes.arbitrary()?;
    Ok(format!(
        "(i32.store (i32.const {place}) (i32.const {value}))\n"
    ))
}
