//! The limits of a runtime hold for every way in which a program is loaded, and
//! the error has the limit as data.

use std::fs::File;

use anyhow::{Context, Result, bail, ensure};
use insula::{ExitReason, Limit, Limits, LoadError, Program, SpawnOptions};
use insula_tests::{Folder, Host, guests};

use super::{ENTRY, MEMORY, still_works};

fn host(limits: Limits) -> Result<Host> {
    Host::with(|builder| builder.max_isolates(8).limits(limits))
}

/// Expects that the limit is named with its value and what raises it.
fn expect_limit(loaded: Result<Program, LoadError>, limit: Limit, value: u64) -> Result<()> {
    let Err(error) = loaded else {
        bail!("it was loaded")
    };
    let LoadError::Limit { hit, .. } = &error else {
        bail!("{error:?}")
    };
    ensure!((hit.limit, hit.value) == (limit, value), "{error:?}");
    let option = format!("Limits::{}", limit.option());
    let text = error.to_string();
    ensure!(text.contains(&value.to_string()), "{text}");
    ensure!(text.contains(&option), "{text}");
    Ok(())
}

/// A module of exactly so many bytes: its last section is for nothing.
fn of_bytes(bytes: usize) -> Result<Vec<u8>> {
    let mut module = wat::parse_str(format!("(module {MEMORY} {ENTRY})"))?;
    // A number of a section, a size in five bytes, and an empty name.
    let filler = bytes.checked_sub(module.len() + 6).context("too few")?;
    let size = u32::try_from(filler)?;
    module.push(0);
    module.extend([0, 7, 14, 21].map(|shift| (size >> shift) as u8 | 0x80));
    module.push((size >> 28) as u8);
    module.resize(bytes, 0);
    Ok(module)
}

#[test]
fn a_program_of_too_many_bytes_is_not_loaded() -> Result<()> {
    const MOST: u64 = 4_096;
    let host = host(Limits::default().program_bytes(MOST))?;
    let folder = Folder::new("programs-bytes")?;
    let most = of_bytes(MOST as usize)?;
    let more = of_bytes(MOST as usize + 1)?;
    Program::from_bytes(&host.runtime, &most)?;
    Program::from_file(&host.runtime, folder.write("most.wasm", &most)?)?;
    let file = folder.write("more.wasm", &more)?;
    for loaded in [
        Program::from_bytes(&host.runtime, &more),
        Program::from_file(&host.runtime, &file),
        Program::from_uri(&host.runtime, &folder.uri("more.wasm")),
    ] {
        expect_limit(loaded, Limit::ProgramBytes, MOST)?;
    }
    still_works(&host)
}

/// Its size is looked at first: this would be 10 GiB of memory.
#[test]
fn a_huge_file_is_not_read() -> Result<()> {
    let host = host(Limits::default())?;
    let folder = Folder::new("programs-huge")?;
    let path = folder.write("huge.wasm", "")?;
    File::options().write(true).open(&path)?.set_len(10 << 30)?;
    let loaded = Program::from_file(&host.runtime, &path);
    expect_limit(loaded, Limit::ProgramBytes, 64 << 20)?;
    still_works(&host)
}

/// Opening a pipe waits for who writes to it, and `/dev/zero` never ends.
#[test]
fn only_ordinary_files_are_read() -> Result<()> {
    let host = host(Limits::default())?;
    let folder = Folder::new("programs-devices")?;
    let pipe = folder.path("pipe.wasm");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status()?;
    ensure!(made.success());
    for path in [pipe, "/dev/zero".into(), "/dev/tty".into(), folder.path("")] {
        let Err(error) = Program::from_file(&host.runtime, &path) else {
            bail!("{} was loaded", path.display())
        };
        ensure!(matches!(error, LoadError::Read { .. }), "{error:?}");
        ensure!(error.to_string().contains("no ordinary file"), "{error}");
    }
    still_works(&host)
}

#[test]
fn a_program_of_too_many_functions_is_not_loaded() -> Result<()> {
    let host = host(Limits::default().program_functions(10))?;
    let module = |more: usize| {
        let text = format!("(module {MEMORY} {ENTRY} {})", "(func)".repeat(more));
        wat::parse_str(text)
    };
    Program::from_bytes(&host.runtime, &module(9)?)?;
    let loaded = Program::from_bytes(&host.runtime, &module(10)?);
    expect_limit(loaded, Limit::ProgramFunctions, 10)?;
    still_works(&host)
}

/// Where a program may take no time at all, none is loaded: the error is that, and
/// not how far it got.
#[test]
fn a_program_that_takes_too_long_is_not_loaded() -> Result<()> {
    let host = host(Limits::default().compile_time(0))?;
    let loaded = Program::from_file(&host.runtime, guests::HELLO);
    expect_limit(loaded, Limit::CompileTime, 0)?;
    let module = wat::parse_str(format!("(module {MEMORY} {ENTRY})"))?;
    let loaded = Program::from_bytes(&host.runtime, &module);
    expect_limit(loaded, Limit::CompileTime, 0)?;
    Ok(())
}

/// A guest's child, started from `folder/program`, in a runtime with these limits.
fn child(folder: &Folder, limits: Limits) -> Result<Host> {
    let host = host(limits)?;
    let program = Program::from_file(&host.runtime, folder.path("uri.wasm"))?;
    let options = SpawnOptions::new()
        .message(&["child.wasm"])
        .grant_uri(folder.uri(""));
    let reason = host.run(&program, options)?;
    ensure!(reason.is_ended(), "{reason}");
    Ok(host)
}

/// Its exit reason says which limit, as data.
#[test]
fn a_limit_of_programs_is_the_exit_reason_of_a_guests_child() -> Result<()> {
    let folder = Folder::new("programs-child")?;
    let own = folder.copy(guests::URI, "uri.wasm")?;
    let bytes = std::fs::metadata(own)?.len();
    folder.write("child.wasm", of_bytes(bytes as usize + 1)?)?;
    let host = child(&folder, Limits::default().program_bytes(bytes))?;
    let reason = host.exit_of("shout#2");
    ensure!(
        matches!(
            &reason,
            Some(ExitReason::Limit { hit, .. })
                if (hit.limit, hit.value) == (Limit::ProgramBytes, bytes)
        ),
        "{reason:?}"
    );
    Ok(())
}

#[test]
fn a_group_loads_so_many_programs_and_no_more() -> Result<()> {
    let folder = Folder::new("programs-many")?;
    folder.copy(guests::URI, "uri.wasm")?;
    folder.copy(guests::SHOUT, "shout.wasm")?;
    let host = host(Limits::default().programs(2))?;
    let mut events = host.runtime.events();
    let program = Program::from_file(&host.runtime, folder.path("uri.wasm"))?;
    let options = || {
        let four = &["shout.wasm"; 4];
        SpawnOptions::new().message(four).grant_uri(folder.uri(""))
    };
    ensure!(host.run(&program, options())?.is_ended());
    let lines = host.lines_of("main#1");
    let refused: Vec<_> = lines
        .iter()
        .filter(|line| line.contains("refused"))
        .collect();
    ensure!(refused.len() == 2, "{lines:?}");
    for line in refused {
        ensure!(
            line.contains("limit of 2 programs loaded by one group"),
            "{line}"
        );
        ensure!(line.contains("Limits::programs"), "{line}");
    }
    let hits = std::iter::from_fn(|| events.try_next()).filter(|event| {
        matches!(event, insula::Event::LimitHit { hit, .. } if hit.limit == Limit::Programs)
    });
    // Not each time, and at least once.
    ensure!((1..=2).contains(&hits.count()));
    // Another group has its own.
    ensure!(host.run(&program, options())?.is_ended());
    ensure!(host.lines_of("main#1").len() == 2 * lines.len());
    Ok(())
}
