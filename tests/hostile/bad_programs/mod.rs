//! What is no program gets an error that says what it is instead, and the host
//! goes on.

mod bounds;
pub mod bytes;
mod cost;
mod limits;
mod loading;
mod malformed;
mod proposals;

use anyhow::{Result, bail, ensure};
use insula::{ExitReason, LoadError, Program, SpawnError, SpawnOptions};
use insula_tests::Host;

const MEMORY: &str = "(memory (export \"memory\") 1)";
const ENTRY: &str = "(func (export \"insula:entry/main\"))";

/// The name of the error's case.
fn case(error: &LoadError) -> String {
    let debug = format!("{error:?}");
    debug
        .split([' ', '{', '('])
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn load(host: &Host, what: &str, bytes: &[u8]) -> Result<LoadError> {
    match Program::from_bytes(&host.runtime, bytes) {
        Ok(program) => bail!("{what} was loaded: {program:?}"),
        Err(error) => Ok(error),
    }
}

/// Loads what has to fail, and expects the case and all key words.
fn expect(host: &Host, what: &str, bytes: &[u8], expected: &str, words: &[&str]) -> Result<()> {
    let error = load(host, what, bytes)?;
    let text = error.to_string();
    ensure!(
        case(&error) == expected,
        "{what}: expected {expected}, found {error:?}"
    );
    for word in words.iter().chain([&"the module"]) {
        ensure!(text.contains(word), "{what}: no {word:?} in {text:?}");
    }
    ensure!(text.len() < 1000, "{what}: {} bytes of error", text.len());
    Ok(())
}

fn host() -> Result<Host> {
    Host::with(|builder| builder.max_isolates(4))
}

/// What is good is still good.
fn still_works(host: &Host) -> Result<()> {
    let program = host.wat(&format!("(module {MEMORY} {ENTRY})"))?;
    let reason = host.run(&program, SpawnOptions::new())?;
    ensure!(reason.is_ended(), "{reason}");
    Ok(())
}

#[test]
fn what_is_no_module_is_called_by_its_name() -> Result<()> {
    let host = host()?;
    let component = wat::parse_str("(component)")?;
    let huge = [b"\0asm\x02\0\0\0".to_vec(), vec![7; 4 << 20]].concat();
    for (what, bytes, expected, words) in [
        (
            "an empty file",
            &b""[..],
            "NotWasm",
            ["no WebAssembly module", "\"\""],
        ),
        (
            "a script",
            b"#!/bin/sh\nexit 0\n",
            "NotWasm",
            ["no WebAssembly module", "#!/bin/sh"],
        ),
        (
            "a native program",
            b"\x7fELF\x02\x01\x01",
            "NotWasm",
            ["no WebAssembly module", "ELF"],
        ),
        (
            "three of four bytes",
            b"\0as",
            "NotWasm",
            ["no WebAssembly module", "\\0as"],
        ),
        (
            "four bytes",
            b"\0asm",
            "Invalid",
            ["no valid module", "cut off"],
        ),
        (
            "seven bytes",
            b"\0asm\x01\0\0",
            "Invalid",
            ["no valid module", "cut off"],
        ),
        (
            "version 2",
            b"\0asm\x02\0\0\0",
            "Invalid",
            ["unknown version", "02"],
        ),
        (
            "version 2 and megabytes",
            &huge,
            "Invalid",
            ["unknown version", "02"],
        ),
        (
            "a component",
            &component,
            "Component",
            ["is a component", "core modules"],
        ),
        (
            "text",
            b"(module)",
            "Text",
            ["WebAssembly text", "wat2wasm"],
        ),
        (
            "text with a comment",
            b";; hello\n\n  (module)",
            "Text",
            ["WebAssembly text", "wat2wasm"],
        ),
        (
            "a component as text",
            b"(component)",
            "Text",
            ["WebAssembly text", "wat2wasm"],
        ),
        (
            "eight bytes",
            b"\0asm\x01\0\0\0",
            "NoMemory",
            ["exports no memory", "`memory`"],
        ),
    ] {
        expect(&host, what, bytes, expected, &words)?;
    }
    still_works(&host)
}

#[test]
fn a_module_has_a_memory_and_an_entry() -> Result<()> {
    let host = host()?;
    let text = |text: &str| wat::parse_str(format!("(module {text})"));
    for (what, module, expected, words) in [
        (
            "no memory",
            text(ENTRY)?,
            "NoMemory",
            ["exports no memory", "`memory`"],
        ),
        (
            "a memory that is kept",
            text(&format!("(memory 1) {ENTRY}"))?,
            "NoMemory",
            ["exports no memory", "`memory`"],
        ),
        (
            "a memory of another name",
            text(&format!("(memory (export \"mem\") 1) {ENTRY}"))?,
            "NoMemory",
            ["exports no memory", "`memory`"],
        ),
        (
            "a function of that name",
            text(&format!("(func (export \"memory\")) {ENTRY}"))?,
            "NoMemory",
            ["exports no memory", "`memory`"],
        ),
        (
            "no entry",
            text(MEMORY)?,
            "NoEntry",
            ["insula:entry/NAME", "_start"],
        ),
        (
            "an export without the mark",
            text(&format!("{MEMORY} (func (export \"main\"))"))?,
            "NoEntry",
            ["insula:entry/NAME", "#[insula_guest::entry]"],
        ),
    ] {
        expect(&host, what, &module, expected, &words)?;
    }
    still_works(&host)
}

#[test]
fn exports_that_the_host_calls_have_their_type() -> Result<()> {
    let host = host()?;
    for (what, export, found) in [
        (
            "insula:entry/main",
            "(func (export \"insula:entry/main\") (param i32))",
            "(i32) -> ()",
        ),
        (
            "insula:entry/main",
            "(func (export \"insula:entry/main\") (result i64) i64.const 0)",
            "() -> (i64)",
        ),
        (
            "insula:entry/main",
            "(global (export \"insula:entry/main\") i32 (i32.const 0))",
            "a global",
        ),
        (
            "insula:entry/main",
            "(export \"insula:entry/main\" (memory 0))",
            "a memory",
        ),
        (
            "insula:entry/main",
            "(table (export \"insula:entry/main\") 1 funcref)",
            "a table",
        ),
        (
            "wake",
            "(func (export \"wake\") (param i64))",
            "(i64) -> ()",
        ),
        (
            "wake",
            "(func (export \"wake\") (result i32) i32.const 0)",
            "() -> (i32)",
        ),
        (
            "wake",
            "(global (export \"wake\") i32 (i32.const 0))",
            "a global",
        ),
        (
            "deliver",
            "(func (export \"deliver\") (param i64 i32))",
            "(i64, i32) -> ()",
        ),
        (
            "deliver",
            "(table (export \"deliver\") 1 funcref)",
            "a table",
        ),
        (
            "_initialize",
            "(func (export \"_initialize\") (param i32))",
            "(i32) -> ()",
        ),
        (
            "_start",
            "(func (export \"_start\") (result i32) i32.const 0)",
            "() -> (i32)",
        ),
        (
            "cabi_realloc",
            "(func (export \"cabi_realloc\"))",
            "() -> ()",
        ),
        (
            "cabi_realloc",
            "(func (export \"cabi_realloc\") (param i32 i32 i32 i64) (result i32) i32.const 8)",
            "(i32, i32, i32, i64) -> (i32)",
        ),
        (
            "cabi_realloc",
            "(func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i64) i64.const 8)",
            "-> (i64)",
        ),
    ] {
        let module = wat::parse_str(format!(
            "(module {MEMORY} (func (export \"insula:entry/other\")) {export})"
        ))?;
        let words = [what, found, "has to be a function ("];
        expect(&host, export, &module, "WrongExport", &words)?;
    }
    still_works(&host)
}

#[test]
fn every_import_that_is_not_offered_is_named() -> Result<()> {
    let host = host()?;
    let module = wat::parse_str(format!(
        r#"(module
            (import "env" "first" (func))
            (import "insula:isolate/ports@0.1.0" "receive" (func (param i32)))
            (import "insula:isolate/ports@0.1.0" "[method]send-port.steal" (func))
            (import "insula:isolate/ports@0.2.0" "receive" (func (param i32)))
            (import "insula:isolate/ports" "receive" (func (param i32)))
            (import "insula:wasi" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
            (import "insula:isolate/self@0.1.0" "exit" (func (param i32)))
            (import "insula:isolate/self@0.1.0" "name" (global i32))
            (import "wasi_snapshot_preview1" "fd_write" (func (param i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
            (import "wasi_unstable" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
            (import "env" "table" (table 1 funcref))
            (import "env" "global" (global i32))
            {MEMORY} {ENTRY})"#
    ))?;
    let error = load(&host, "unknown imports", &module)?;
    let text = error.to_string();
    let LoadError::UnknownImports { imports, .. } = error else {
        bail!("{error:?}")
    };
    let starts = [
        "env::first",
        "insula:isolate/ports@0.1.0::[method]send-port.steal",
        "insula:isolate/ports@0.2.0::receive",
        "insula:isolate/ports::receive",
        "insula:wasi::fd_write",
        "insula:isolate/self@0.1.0::exit: it is a function () -> (), not a function (i32) -> ()",
        "insula:isolate/self@0.1.0::name: it is no function",
        "wasi_snapshot_preview1::fd_write: it is a function (i32, i32, i32, i32) -> (i32), not",
        "wasi_unstable::fd_write",
        "env::table: it is no function",
        "env::global: it is no function",
    ];
    ensure!(imports.len() == starts.len(), "{imports:#?}");
    for (import, start) in imports.iter().zip(starts) {
        ensure!(
            import.starts_with(start),
            "expected {start}, found {import}"
        );
        ensure!(text.contains(start), "{text}");
    }
    still_works(&host)
}

/// The memory is the guest's own: an imported one would be shared.
#[test]
fn a_memory_is_not_imported() -> Result<()> {
    let host = host()?;
    let module = wat::parse_str(format!(
        "(module (import \"env\" \"memory\" (memory 1)) (export \"memory\" (memory 0)) {ENTRY})"
    ))?;
    expect(
        &host,
        "an imported memory",
        &module,
        "UnknownImports",
        &["env::memory", "no function"],
    )?;
    still_works(&host)
}

#[test]
fn files_that_cannot_be_read_are_named() -> Result<()> {
    let host = host()?;
    let folder = env!("CARGO_MANIFEST_DIR");
    for (path, words) in [
        (
            format!("{folder}/no/such/file.wasm"),
            ["file.wasm", "No such file"],
        ),
        (folder.to_owned(), [folder, "no ordinary file"]),
    ] {
        let Err(error) = Program::from_file(&host.runtime, &path) else {
            bail!("{path} was loaded")
        };
        ensure!(case(&error) == "Read", "{error:?}");
        let text = error.to_string();
        ensure!(words.iter().all(|word| text.contains(word)), "{text}");
    }
    let this_file = format!("{folder}/hostile/bad_programs/mod.rs");
    let Err(error) = Program::from_file(&host.runtime, this_file) else {
        bail!("it is no module")
    };
    ensure!(
        case(&error) == "NotWasm" && error.to_string().contains("bad_programs/mod.rs"),
        "{error}"
    );
    for (uri, expected) in [
        ("http://example.org/a.wasm", "BadUri"),
        ("no uri", "BadUri"),
        ("", "BadUri"),
        ("file://elsewhere/a.wasm", "BadUri"),
        ("file:///no/such/file.wasm", "Read"),
    ] {
        let Err(error) = Program::from_uri(&host.runtime, uri) else {
            bail!("{uri} was loaded")
        };
        ensure!(case(&error) == expected, "{uri}: {error:?}");
        ensure!(
            error
                .to_string()
                .contains(uri.trim_start_matches("file://")),
            "{error}"
        );
    }
    still_works(&host)
}

#[test]
fn an_entry_that_is_not_there_is_answered_with_those_that_are() -> Result<()> {
    let host = host()?;
    let program = host.wat(&format!(
        "(module {MEMORY} (func (export \"insula:entry/one\")) (func (export \"insula:entry/two\")))"
    ))?;
    for (options, entry) in [
        (SpawnOptions::new().entry("three"), "three"),
        (SpawnOptions::new().entry(""), ""),
        (
            SpawnOptions::new().entry("insula:entry/one"),
            "insula:entry/one",
        ),
        // Two entries, and none of them is `main`.
        (SpawnOptions::new(), "main"),
    ] {
        let Err(error) = host.runtime.spawn(&program, options) else {
            bail!("`{entry}` was spawned")
        };
        let text = error.to_string();
        ensure!(
            text.contains(&format!("no entry `{entry}`; it has `one`, `two`")),
            "{text}"
        );
        ensure!(
            matches!(error, SpawnError::NoSuchEntry { entries, .. } if entries == ["one", "two"])
        );
    }
    let reason = host.run(&program, SpawnOptions::new().entry("two"))?;
    ensure!(reason.is_ended(), "{reason}");
    Ok(())
}

/// What is in the data or the elements and does not fit is found when the module
/// is started.
#[test]
fn segments_that_do_not_fit_end_the_isolate() -> Result<()> {
    let host = host()?;
    for segment in [
        "(data (i32.const 65536) \"x\")",
        "(data (i32.const -1) \"xx\")",
        "(table 1 funcref) (elem (i32.const 1) $f)",
        "(table 1 funcref) (elem (i32.const -1) $f)",
    ] {
        let text = format!("(module {MEMORY} (func $f (export \"insula:entry/main\")) {segment})");
        let reason = host.run(&host.wat(&text)?, SpawnOptions::new())?;
        ensure!(
            matches!(&reason, ExitReason::Trapped { trap, .. } if trap.contains("out of bounds")),
            "{segment}: {reason:?}"
        );
    }
    still_works(&host)
}
