//! The edges of a memory and what it begins with, in both profiles.

use anyhow::{Result, bail, ensure};
use insula::{ExitReason, Limit, Limits, Profile, SpawnOptions};
use insula_tests::Host;

use crate::{MEMORY, host};

/// Code, and how it ends: well, or in a trap whose text has these words.
const ACCESSES: &[(&str, &str, Option<&str>)] = &[
    (
        "the last byte",
        "(drop (i32.load8_u (i32.const 65535)))",
        None,
    ),
    ("one behind", "(drop (i32.load8_u (i32.const 65536)))", OUT),
    ("half behind", "(drop (i64.load (i32.const 65532)))", OUT),
    (
        "writing half behind",
        "(i64.store (i32.const 65532) (i64.const -1))",
        OUT,
    ),
    (
        "an offset behind",
        "(drop (i32.load8_u offset=65536 (i32.const 0)))",
        OUT,
    ),
    (
        "the highest address",
        "(drop (i32.load8_u (i32.const -1)))",
        OUT,
    ),
    (
        "the highest offset",
        "(drop (i32.load8_u offset=4294967295 (i32.const 0)))",
        OUT,
    ),
    (
        "both",
        "(drop (i64.load offset=4294967295 (i32.const -1)))",
        OUT,
    ),
    (
        "writing there",
        "(i64.store offset=4294967295 (i32.const -1) (i64.const 1))",
        OUT,
    ),
    (
        "vectors there",
        "(v128.store offset=4294967280 (i32.const -1) (v128.const i64x2 1 1))",
        OUT,
    ),
    (
        "the last that is reserved",
        "(drop (i32.load8_u (i32.const 4194303)))",
        OUT,
    ),
    (
        "half of the last",
        "(i64.store (i32.const 4194300) (i64.const 1))",
        OUT,
    ),
    (
        "behind what is reserved",
        "(i32.store8 (i32.const 4194304) (i32.const 1))",
        OUT,
    ),
    (
        "in the guard",
        "(i32.store8 (i32.const 4259839) (i32.const 1))",
        OUT,
    ),
    (
        "behind the guard",
        "(i32.store8 (i32.const 4259840) (i32.const 1))",
        OUT,
    ),
    (
        "an offset over the guard",
        "(i32.store8 offset=4194304 (i32.const 65536) (i32.const 1))",
        OUT,
    ),
    ("the neighbours'", NEIGHBOURS, OUT),
    (
        "a fill over the end",
        "(memory.fill (i32.const 65530) (i32.const 1) (i32.const 7))",
        OUT,
    ),
    (
        "a copy over the end",
        "(memory.copy (i32.const 0) (i32.const 65000) (i32.const 537))",
        OUT,
    ),
    (
        "all that is allowed",
        "(if (i32.ne (memory.grow (i32.const 63)) (i32.const 1)) (then unreachable))
         (i64.store (i32.const 4194296) (i64.const -1))
         (if (i64.ne (i64.load offset=4194296 (i32.const 0)) (i64.const -1)) (then unreachable))",
        None,
    ),
    (
        "more than that",
        "(if (i32.ne (memory.grow (i32.const 64)) (i32.const -1)) (then unreachable))",
        None,
    ),
    (
        "behind all",
        "(drop (memory.grow (i32.const 63))) (i64.store (i32.const 4194297) (i64.const -1))",
        OUT,
    ),
    (
        "behind all by an offset",
        "(drop (memory.grow (i32.const 63))) (i32.store8 offset=4194304 (i32.const 0) (i32.const 1))",
        OUT,
    ),
    (
        "a table",
        "(call_indirect (i32.const 3))",
        Some("undefined element"),
    ),
    (
        "a high place of a table",
        "(call_indirect (i32.const -1))",
        Some("undefined element"),
    ),
];

const OUT: Option<&str> = Some("out of bounds memory access");

/// Writes at every step of 64 KiB up to 4 GiB: the first that is not its own ends it.
const NEIGHBOURS: &str = "(local $at i32)
    (loop $on
        (i32.store8 (local.get $at) (i32.const 255))
        (local.set $at (i32.add (local.get $at) (i32.const 65536)))
        (br_if $on (local.get $at)))";

#[test]
fn no_address_leads_out_of_a_memory() -> Result<()> {
    for profile in Profile::ALL {
        let host = host(profile, 16, Limits::default().memory(MEMORY))?;
        // Memories on both sides, which must not change.
        let (lower, upper) = (bystander(&host)?, bystander(&host)?);
        for (what, code, trap) in ACCESSES {
            let wat = format!(
                r#"(module (memory (export "memory") 1) (table 3 3 funcref) (elem (i32.const 0) $f)
                (func $f) (func (export "insula:entry/main") {code}))"#
            );
            let reason = host.run(&host.wat(&wat)?, SpawnOptions::new())?;
            match (&reason, trap) {
                (ExitReason::Ended, None) => {}
                (ExitReason::Trapped { trap: told, .. }, Some(words)) if told.contains(words) => {}
                _ => bail!("{profile}: {what}: {reason:?}"),
            }
        }
        for port in [lower.port(), upper.port()] {
            let sum: u64 = port.call(&7u64)?;
            ensure!(sum == 7, "{profile}: {sum}");
        }
    }
    Ok(())
}

/// A guest that answers with what it is sent.
fn bystander(host: &Host) -> Result<insula::Isolate> {
    let wat = insula_tests::hostile::module(host, insula_tests::hostile::BYSTANDER);
    let isolate = host.runtime.spawn(&host.wat(&wat)?, SpawnOptions::new())?;
    let answer: u64 = isolate.port().call(&7u64)?;
    ensure!(answer == 7);
    Ok(isolate)
}

#[test]
fn a_memory_is_limited_alike_in_both_profiles() -> Result<()> {
    for profile in Profile::ALL {
        let host = host(profile, 4, Limits::default().memory(MEMORY))?;
        let begins_too_large = r#"(module (memory (export "memory") 65)
            (func (export "insula:entry/main")))"#;
        let reason = host.run(&host.wat(begins_too_large)?, SpawnOptions::new())?;
        let ExitReason::Limit { hit, .. } = &reason else {
            bail!("{profile}: {reason:?}");
        };
        ensure!((hit.limit, hit.value) == (Limit::Memory, MEMORY), "{hit:?}");
    }
    Ok(())
}

/// What a memory begins with, and code that ends in a trap where it does not.
const BEGINNINGS: &[(&str, &str, &str, Option<&str>)] = &[
    (
        "text",
        r#"(data (i32.const 8) "\01\02")"#,
        "(i32.ne (i32.load (i32.const 8)) (i32.const 0x0201))",
        None,
    ),
    (
        "the later one where two overlap",
        r#"(data (i32.const 8) "\01\02\03\04") (data (i32.const 9) "\ff\fe")"#,
        "(i32.ne (i32.load (i32.const 8)) (i32.const 0x04feff01))",
        None,
    ),
    (
        "the first and the last byte",
        r#"(data (i32.const 65535) "\07") (data (i32.const 0) "\06")"#,
        "(i32.ne (i32.load8_u (i32.const 65535)) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))",
        None,
    ),
    (
        "a sum as an address",
        r#"(data (i32.add (i32.const 5) (i32.const 6)) "\09") (data (i32.const 12) "\09")"#,
        "(i32.ne (i32.load16_u (i32.const 11)) (i32.const 0x0909))",
        None,
    ),
    (
        "data to be put somewhere later, between other",
        r#"(data (i32.const 0) "\01") (data $later "\02\03") (data (i32.const 1) "\04")"#,
        "(memory.init $later (i32.const 2) (i32.const 0) (i32.const 2))
         (data.drop $later)
         (i32.ne (i32.load (i32.const 0)) (i32.const 0x03020401))",
        None,
    ),
    (
        "nothing of what was put there, a second time",
        r#"(data $first (i32.const 0) "\01")"#,
        "(memory.init $first (i32.const 0) (i32.const 0) (i32.const 0))
         (memory.init $first (i32.const 0) (i32.const 0) (i32.const 1))
         (i32.const 0)",
        OUT,
    ),
    (
        "data that does not fit",
        r#"(data (i32.const 65535) "\01\02")"#,
        "(i32.const 0)",
        OUT,
    ),
    (
        "no byte where there is no room",
        r#"(data (i32.const 65537) "")"#,
        "(i32.const 0)",
        OUT,
    ),
];

#[test]
fn a_memory_begins_as_its_module_says() -> Result<()> {
    for profile in Profile::ALL {
        let host = host(profile, 4, Limits::default())?;
        for (what, data, differs, trap) in BEGINNINGS {
            // What one isolate changes, the next does not see.
            let wat = format!(
                r#"(module (memory (export "memory") 1) {data} (func $start
                    (if (block (result i32) {differs}) (then unreachable))
                    (memory.fill (i32.const 0) (i32.const 85) (i32.const 65536)))
                (start $start) (func (export "insula:entry/main")))"#
            );
            let program = host.wat(&wat)?;
            for _ in 0..3 {
                let reason = host.run(&program, SpawnOptions::new())?;
                match (&reason, trap) {
                    (ExitReason::Ended, None) => {}
                    (ExitReason::Trapped { trap: told, .. }, Some(words))
                        if told.contains(words) => {}
                    _ => bail!("{profile}: {what}: {reason:?}"),
                }
            }
        }
    }
    Ok(())
}
