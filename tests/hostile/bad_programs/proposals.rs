//! Each proposal of WebAssembly's is on or off by name: a module that uses one
//! that is off is no program, and one that is on does what it says.

use anyhow::{Context, Result, ensure};
use insula::SpawnOptions;

use super::bytes::module;
use super::{ENTRY, MEMORY, expect, host, still_works};

/// What a module has beside a memory and an entry, by proposal.
const OFF: &[(&str, &str)] = &[
    (
        "threads",
        "(func (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1))))",
    ),
    ("threads: a fence", "(func (atomic.fence))"),
    (
        "shared-everything threads",
        "(global (shared mut i32) (i32.const 0))",
    ),
    ("multi-memory", "(memory 1)"),
    (
        "memory control",
        "(func (memory.discard (i32.const 0) (i32.const 0)))",
    ),
    ("64-bit tables", "(table i64 1 funcref)"),
    ("GC: structs", "(type (struct (field i32)))"),
    ("GC: arrays", "(type (array i8))"),
    ("GC: i31", "(func (drop (ref.i31 (i32.const 1))))"),
    ("GC: subtypes", "(type (sub (func)))"),
    ("GC: groups of types", "(rec (type (func)) (type (func)))"),
    ("GC types: externref", "(func (param externref))"),
    ("GC types: a table of externref", "(table 1 externref)"),
    ("GC types: anyref", "(func (param anyref))"),
    (
        "function references",
        "(type $t (func)) (func (param (ref $t)))",
    ),
    (
        "function references: call_ref",
        "(type $t (func)) (func (call_ref $t (ref.null $t)))",
    ),
    (
        "function references: no null",
        "(func $f) (elem declare func $f)
        (func (local (ref func)) (local.set 0 (ref.func $f)))",
    ),
    (
        "custom descriptors",
        "(rec (type $a (descriptor $b) (struct)) (type $b (describes $a) (struct)))",
    ),
    ("exceptions: a tag", "(tag)"),
    ("exceptions: throw", "(tag $e) (func (throw $e))"),
    (
        "exceptions: try_table",
        "(func (block (try_table (catch_all 0))))",
    ),
    ("exceptions: exnref", "(func (param exnref))"),
    ("tail calls", "(func $f (return_call $f))"),
    (
        "tail calls through a table",
        "(table 1 funcref) (func (return_call_indirect (i32.const 0)))",
    ),
    ("stack switching", "(type $f (func)) (type (cont $f))"),
    (
        "relaxed SIMD",
        "(func (param v128 v128) (result v128)
        (i8x16.relaxed_swizzle (local.get 0) (local.get 1)))",
    ),
    (
        "wide arithmetic",
        "(func (param i64 i64 i64 i64) (result i64 i64)
        (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))",
    ),
];

/// The same, where the memory is what the proposal changes.
const MEMORIES: &[(&str, &str)] = &[
    ("memory64", "(memory (export \"memory\") i64 1)"),
    ("a shared memory", "(memory (export \"memory\") 1 1 shared)"),
    (
        "custom page sizes",
        "(memory (export \"memory\") 1 (pagesize 1))",
    ),
];

#[test]
fn a_module_that_uses_what_is_off_is_no_program() -> Result<()> {
    let host = host()?;
    let own_memory = OFF.iter().map(|(what, text)| (what, MEMORY, text));
    let others = MEMORIES.iter().map(|(what, memory)| (what, *memory, &""));
    for (what, memory, text) in own_memory.chain(others) {
        let module = wat::parse_str(format!("(module {memory} {ENTRY} {text})"));
        let module = module.with_context(|| (*what).to_owned())?;
        expect(&host, what, &module, "Invalid", &["no valid module"])?;
    }
    still_works(&host)
}

/// One import of the module `m` in the compact encoding: a name of length 0 and a
/// mark, then a list of names and types.
#[test]
fn compact_imports_are_no_imports() -> Result<()> {
    let host = host()?;
    let imports = [1, 1, b'm', 0, 0x7f, 1, 1, b'f', 0, 0];
    let mut module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02".to_vec();
    module.push(u8::try_from(imports.len())?);
    module.extend(imports);
    expect(
        &host,
        "compact imports",
        &module,
        "Invalid",
        &["no valid module"],
    )?;
    still_works(&host)
}

/// The text format has no word for them any more: `try` and `catch_all` are bytes.
#[test]
fn legacy_exceptions_are_no_instructions() -> Result<()> {
    let host = host()?;
    let module = module(&[(0, vec![0x06, 0x40, 0x19, 0x0b])]);
    let words = ["no valid module", "legacy_exceptions"];
    expect(&host, "legacy exceptions", &module, "Invalid", &words)?;
    still_works(&host)
}

#[test]
fn a_component_is_no_program() -> Result<()> {
    let host = host()?;
    for text in [
        "(component)",
        "(component (core module))",
        "(component (type (future u8)))",
        "(component (type (map string u32)))",
    ] {
        let component = wat::parse_str(text).with_context(|| text.to_owned())?;
        expect(&host, text, &component, "Component", &["is a component"])?;
    }
    still_works(&host)
}

/// A limit of the engine's places for isolates, not of a proposal's.
#[test]
fn a_module_has_one_table_that_a_slot_holds() -> Result<()> {
    let host = host()?;
    for (what, text) in [
        ("two tables", "(table 1 funcref) (table 1 funcref)"),
        ("a table that no slot holds", "(table 100001 funcref)"),
    ] {
        let module = wat::parse_str(format!("(module {MEMORY} {ENTRY} {text})"))?;
        expect(&host, what, &module, "TooMuch", &["are the most"])?;
    }
    let module = format!("(module (memory (export \"memory\") 65537) {ENTRY})");
    let module = wat::parse_str(module)?;
    expect(
        &host,
        "too much memory",
        &module,
        "Invalid",
        &["no valid module"],
    )?;
    still_works(&host)
}

/// What is on, as an expression that has to be 1.
const ON: &[(&str, &str, &str)] = &[
    (
        "mutable globals",
        "(global $g (export \"g\") (mut i32) (i32.const 0))",
        "(global.set $g (i32.const 1)) (global.get $g)",
    ),
    (
        "saturating conversions",
        "",
        "(i32.eqz (i32.trunc_sat_f32_s (f32.const nan)))",
    ),
    (
        "sign extension",
        "",
        "(i32.eq (i32.extend8_s (i32.const 255)) (i32.const -1))",
    ),
    (
        "multi-value",
        "(func $two (result i32 i32) (i32.const 3) (i32.const 2))",
        "(call $two) (block (param i32 i32) (result i32) (i32.sub))",
    ),
    (
        "bulk memory",
        "(data $d \"\\01\")",
        "(memory.init $d (i32.const 8) (i32.const 0) (i32.const 1)) (data.drop $d)
         (memory.copy (i32.const 9) (i32.const 8) (i32.const 1))
         (memory.fill (i32.const 8) (i32.const 0) (i32.const 1))
         (i32.load8_u (i32.const 9))",
    ),
    (
        "reference types",
        "(table $t 2 funcref) (elem declare func $one) (func $one (result i32) (i32.const 1))",
        "(table.set $t (i32.const 1) (ref.func $one))
         (if (ref.is_null (table.get $t (i32.const 1))) (then (unreachable)))
         (call_indirect $t (result i32) (i32.const 1))",
    ),
    (
        "floats",
        "",
        "(f64.eq (f64.sqrt (f64.const 4)) (f64.const 2))",
    ),
    (
        "SIMD",
        "",
        "(i32x4.extract_lane 3 (i32x4.sub (i32x4.splat (i32.const 3)) (i32x4.splat (i32.const 2))))",
    ),
    (
        "constants that are sums",
        "(global $sum i32 (i32.sub (i32.const 3) (i32.const 2)))",
        "(global.get $sum)",
    ),
];

#[test]
fn what_is_on_does_what_it_says() -> Result<()> {
    let host = host()?;
    for (what, items, one) in ON {
        let entry = "(func (export \"insula:entry/main\")";
        let check = "(i32.const 1) (i32.ne) (if (then (unreachable)))";
        let text = format!("(module {MEMORY} {items} {entry} {one} {check}))");
        let program = host.wat(&text).with_context(|| (*what).to_owned())?;
        let reason = host.run(&program, SpawnOptions::new())?;
        ensure!(reason.is_ended(), "{what}: {reason}");
    }
    Ok(())
}
