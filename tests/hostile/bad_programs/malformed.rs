//! Modules that are not well-formed, or ask for what is not offered.

use anyhow::{Result, ensure};
use insula::{ExitReason, Program, SpawnOptions};

use super::{MEMORY, expect, host, load, still_works};

/// A module with sections as given: number and content.
fn sections(sections: &[(u8, &[u8])]) -> Vec<u8> {
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    for (number, content) in sections {
        module.extend([*number, u8::try_from(content.len()).unwrap_or(0x7f)]);
        module.extend(*content);
    }
    module
}

/// Sizes and counts that lie are found before anything is allocated for them.
#[test]
fn claims_that_lie_are_no_valid_modules() -> Result<()> {
    const MOST: [u8; 5] = [0xff, 0xff, 0xff, 0xff, 0x0f];
    let host = host()?;
    let raw = |bytes: &[u8]| [b"\0asm\x01\0\0\0", bytes].concat();
    let counted = |section: u8| sections(&[(section, &MOST)]);
    let locals = [&[1, 9, 1][..], &MOST, &[0x7f, 0x0b, 0]].concat();
    let body = [&[1][..], &MOST, &[0, 0x0b]].concat();
    let one_function = |code: &[u8]| sections(&[(1, &[1, 0x60, 0, 0]), (3, &[1, 0]), (10, code)]);
    let mut modules = vec![
        ("a section of 4 GiB", raw(&[&[1][..], &MOST, &[0]].concat())),
        (
            "a custom section of 4 GiB",
            raw(&[&[0][..], &MOST, &[4, b'n', b'a', b'm', b'e']].concat()),
        ),
        (
            "a number that never ends",
            raw(&[1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80]),
        ),
        ("an unknown section", raw(&[77, 0])),
        ("sections out of order", sections(&[(3, &[0]), (1, &[0])])),
        ("a body of 4 GiB", one_function(&body)),
        (
            "functions without bodies",
            sections(&[(1, &[1, 0x60, 0, 0]), (3, &[1, 0])]),
        ),
        (
            "an export of nothing",
            sections(&[(7, &[1, 1, b'x', 0, 0x7f])]),
        ),
        (
            "a name that is no UTF-8",
            sections(&[(7, &[1, 2, 0xc3, 0x28, 0, 0])]),
        ),
        ("a start function that is not there", sections(&[(8, &[5])])),
    ];
    for section in [5, 10, 12] {
        modules.push(("a count of 4 billion", counted(section)));
    }
    for (what, module) in modules {
        expect(&host, what, &module, "Invalid", &["no valid module"])?;
    }
    // What there may be only so much of is not looked at where there is more.
    for section in [1, 2, 4, 6, 7, 9, 11] {
        let words = ["4294967295", "are the most"];
        expect(&host, "a count", &counted(section), "TooMuch", &words)?;
    }
    let words = ["Limits::program_functions"];
    expect(&host, "functions", &counted(3), "Limit", &words)?;
    let words = ["4294967295 locals"];
    expect(
        &host,
        "4 billion locals",
        &one_function(&locals),
        "TooMuch",
        &words,
    )?;
    still_works(&host)
}

/// Cut off anywhere, or with a byte changed: never a program by accident when it
/// is cut off, and never the end of the host.
#[test]
fn a_damaged_module_harms_nobody() -> Result<()> {
    let host = host()?;
    // Its code is its last section, so that every beginning of it lacks something.
    let module = wat::parse_str(format!(
        "(module (import \"insula:isolate/self@0.1.0\" \"exit\" (func)) {MEMORY}
            (table 2 funcref) (elem (i32.const 0) 0 1)
            (global (mut i32) (i32.const 5))
            (func (export \"insula:entry/main\") (local i64)
                (global.set 0 (i32.add (global.get 0) (i32.load (i32.const 8)))) (call 0)))"
    ))?;
    Program::from_bytes(&host.runtime, &module)?;
    for length in 0..module.len() {
        load(
            &host,
            &format!("the first {length} bytes"),
            &module[..length],
        )?;
    }
    for place in 0..module.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = module.clone();
            damaged[place] ^= flip;
            // It may load, and then do whatever its code says.
            if let Ok(program) = Program::from_bytes(&host.runtime, &damaged)
                && program.entries() == ["main"]
            {
                let limits = insula::Limits::default().turn_cpu(100);
                let reason =
                    host.run(&program, SpawnOptions::new().entry("main").limits(limits))?;
                ensure!(
                    !matches!(reason, ExitReason::HostFailed(_)),
                    "byte {place}: {reason}"
                );
            }
        }
    }
    still_works(&host)
}
