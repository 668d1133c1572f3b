//! What no setting raises: a module has no more of anything than the compiler
//! should be asked to look at, and the error says of what.

use anyhow::{Result, bail, ensure};
use insula::{LoadError, Program};
use insula_tests::Host;

use super::bytes::{locals_and_forks, module, number, section};
use super::{ENTRY, MEMORY, host, still_works};

/// Expects that there is too much of this, one more than there may be at most.
fn too_much(host: &Host, bytes: &[u8], what: &str, most: u64) -> Result<()> {
    let error = match Program::from_bytes(&host.runtime, bytes) {
        Ok(_) => bail!("{what}: it was loaded"),
        Err(error) => error,
    };
    let text = error.to_string();
    let LoadError::TooMuch {
        what: of,
        found,
        most: at_most,
        ..
    } = error
    else {
        bail!("{what}: {text}")
    };
    ensure!((of, at_most) == (what, most), "{text}");
    ensure!(found > most, "{text}");
    ensure!(text.contains(&format!("it has {found} {what}, and {most} are the most")));
    Ok(())
}

/// A module with something so often.
fn with(item: &str, count: usize) -> Result<Vec<u8>> {
    let text = format!("(module {MEMORY} {ENTRY} {})", item.repeat(count));
    Ok(wat::parse_str(text)?)
}

#[test]
fn sections_have_a_most() -> Result<()> {
    let host = host()?;
    for (item, most, what) in [
        ("(type (func))", 20_000, "types"),
        ("(global i32 (i32.const 0))", 10_000, "globals"),
        ("(data \"\")", 10_000, "data segments"),
        ("(elem func)", 10_000, "element segments"),
    ] {
        Program::from_bytes(&host.runtime, &with(item, most - 1)?)?;
        too_much(&host, &with(item, most + 1)?, what, most as u64)?;
    }
    let exports = |count: usize| -> String {
        let export = |number| format!("(export \"{number}\" (func 0))");
        (0..count).map(export).collect()
    };
    Program::from_bytes(&host.runtime, &with(&exports(9_998), 1)?)?;
    too_much(&host, &with(&exports(9_999), 1)?, "exports", 10_000)?;
    still_works(&host)
}

/// Imports are first looked at for their number, then each for what it is.
#[test]
fn imports_have_a_most_and_an_error_names_some() -> Result<()> {
    let host = host()?;
    let imports = |count: usize| {
        let name = "n".repeat(5_000);
        let import = format!("(import \"m\" \"{name}\" (func))");
        wat::parse_str(format!(
            "(module {} {MEMORY} {ENTRY})",
            import.repeat(count)
        ))
    };
    too_much(&host, &imports(1_001)?, "imports", 1_000)?;
    let Err(error) = Program::from_bytes(&host.runtime, &imports(1_000)?) else {
        bail!("it was loaded")
    };
    let text = error.to_string();
    ensure!(text.ends_with("and 950 more"), "{text}");
    ensure!(text.len() < 20_000, "{} bytes", text.len());
    still_works(&host)
}

#[test]
fn custom_sections_and_names_have_a_most() -> Result<()> {
    let host = host()?;
    let custom = |count: usize| {
        let mut module = module(&[]);
        for _ in 0..count {
            section(&mut module, 0, &[0]);
        }
        module
    };
    Program::from_bytes(&host.runtime, &custom(1_000))?;
    too_much(&host, &custom(1_001), "custom sections", 1_000)?;
    // Two functions, and as many names for the first of them.
    let named = |count: usize| {
        let mut names = number(count);
        names.extend([0, 1, b'n'].repeat(count));
        let mut content = b"\x04name\x01".to_vec();
        content.extend(number(names.len()));
        content.extend(names);
        let mut module = module(&[(0, Vec::new())]);
        section(&mut module, 0, &content);
        module
    };
    Program::from_bytes(&host.runtime, &named(1))?;
    too_much(&host, &named(3), "names of functions", 2)?;
    still_works(&host)
}

#[test]
fn values_of_functions_and_blocks_have_a_most() -> Result<()> {
    let host = host()?;
    let results = |count: usize| {
        with(
            &format!("(func (result {}) unreachable)", "i32 ".repeat(count)),
            1,
        )
    };
    Program::from_bytes(&host.runtime, &results(16)?)?;
    too_much(&host, &results(17)?, "results of one function", 16)?;
    let params = |count: usize| {
        let types = "i32 ".repeat(count);
        with(
            &format!("(func unreachable (block (param {types}) unreachable))"),
            1,
        )
    };
    Program::from_bytes(&host.runtime, &params(16)?)?;
    too_much(&host, &params(17)?, "parameters of one block", 16)?;
    // A function may have more: it takes code to pass each.
    let many = format!("(func (param {}))", "i32 ".repeat(100));
    Program::from_bytes(&host.runtime, &with(&many, 1)?)?;
    still_works(&host)
}

#[test]
fn a_function_has_a_most() -> Result<()> {
    let host = host()?;
    let size = 512 << 10;
    // With what declares its locals and the end.
    let nops = |count: usize| module(&[(0, vec![1; count - 4])]);
    Program::from_bytes(&host.runtime, &nops(size))?;
    too_much(
        &host,
        &nops(size + 1),
        "bytes of code in one function",
        size as u64,
    )?;
    let locals = |count: usize| module(&[(count, Vec::new())]);
    Program::from_bytes(&host.runtime, &locals(10_000))?;
    too_much(&host, &locals(10_001), "locals in one function", 10_000)?;
    let forks = |count: usize| module(&[(1, locals_and_forks(0, count))]);
    Program::from_bytes(&host.runtime, &forks(16_384))?;
    let what = "blocks and branches in one function";
    too_much(&host, &forks(16_385), what, 16_384)?;
    let loops = |count: usize| module(&[(0, [0x03, 0x40, 0x0b].repeat(count))]);
    Program::from_bytes(&host.runtime, &loops(2_048))?;
    too_much(&host, &loops(2_049), "loops in one function", 2_048)?;
    let nested = |count: usize| {
        let ends = vec![0x0b; count];
        module(&[(0, [[0x03, 0x40].repeat(count), ends].concat().repeat(2))])
    };
    Program::from_bytes(&host.runtime, &nested(64))?;
    too_much(&host, &nested(65), "loops inside of each other", 64)?;
    still_works(&host)
}

/// Each local at each fork is a unit, and each instruction: what has little of both
/// is let through.
#[test]
fn work_has_a_most() -> Result<()> {
    let host = host()?;
    let what = "units of work for the compiler in one function";
    let body = |locals, forks| module(&[(locals, locals_and_forks(locals, forks))]);
    too_much(&host, &body(4_096, 4_096), what, 8 << 20)?;
    too_much(&host, &body(1_024, 16_384), what, 8 << 20)?;
    // As many locals and forks in functions of their own.
    let apart = module(&[
        (4_096, locals_and_forks(4_096, 0)),
        (1, locals_and_forks(1, 4_096)),
    ]);
    Program::from_bytes(&host.runtime, &apart)?;
    // None of them has too much, and all together have.
    let some = (2_048, locals_and_forks(2_048, 4_000));
    let what = "units of work for the compiler";
    too_much(&host, &module(&vec![some; 70]), what, 512 << 20)?;
    still_works(&host)
}
