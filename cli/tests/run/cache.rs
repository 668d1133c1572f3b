//! Where compiled programs are kept: by default, elsewhere, nowhere.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use insula_tests::{Folder, guests};

use super::{Ran, finish};

const HELLO: &str = "[hello#2] hello from an isolate!\n[main#1] I received: Hello from main\n";

/// The files in a folder, without the key; none where there is no folder.
fn entries(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).into_iter().flatten();
    let names = files.map(|file| file.expect("it can be listed").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name != "key").collect()
}

/// Runs hello by `sh`, where `$0` is the command, `$1` the program and `$2` the
/// folder.
fn shell(line: &str, folder: &Folder) -> Result<Ran> {
    let mut command = Command::new("sh");
    command.args(["-c", line, env!("CARGO_BIN_EXE_insula"), guests::HELLO]);
    command.arg(folder.path(""));
    finish(command)
}

#[test]
fn a_compiled_program_is_kept_in_the_users_cache() -> Result<()> {
    let folder = Folder::new("cli-cache-default")?;
    let run = "XDG_CACHE_HOME=$2 HOME=/nowhere exec \"$0\" run \"$1\"";
    for _ in 0..2 {
        shell(run, &folder)?.printed(HELLO);
        assert_eq!(entries(&folder.path("insula")).len(), 1);
    }
    let home = "unset XDG_CACHE_HOME; HOME=$2 exec \"$0\" run \"$1\"";
    shell(home, &folder)?.printed(HELLO);
    assert_eq!(entries(&folder.path(".cache/insula")).len(), 1);
    Ok(())
}

#[test]
fn nothing_is_kept_where_that_is_asked_for() -> Result<()> {
    let folder = Folder::new("cli-cache-off")?;
    let run = "XDG_CACHE_HOME=$2 exec \"$0\" run --no-cache \"$1\"";
    shell(run, &folder)?.printed(HELLO);
    assert_eq!(entries(&folder.path("")), [""; 0]);
    Ok(())
}

#[test]
fn another_folder_is_used_where_that_is_asked_for() -> Result<()> {
    let folder = Folder::new("cli-cache-other")?;
    let run = "exec \"$0\" run --cache \"$2/made/here\" \"$1\"";
    shell(run, &folder)?.printed(HELLO);
    assert_eq!(entries(&folder.path("made/here")).len(), 1);
    Ok(())
}

/// A file may have 4 KiB here, so that the key can be written and no entry.
#[test]
fn a_program_runs_although_it_cannot_be_kept() -> Result<()> {
    let folder = Folder::new("cli-cache-full")?;
    let module = "(module (memory (export \"memory\") 1) (func (export \"insula:entry/main\")))";
    folder.write("main.wasm", wat::parse_str(module)?)?;
    let run = "trap '' XFSZ; ulimit -f 8; exec \"$0\" run --cache \"$2/c\" \"$2/main.wasm\"";
    let ran = shell(run, &folder)?;
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(0), ""), "{ran:?}");
    let why = ["was not kept in the cache", "File too large"];
    assert!(why.iter().all(|why| ran.stderr.contains(why)), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    // What was begun is gone.
    assert_eq!(entries(&folder.path("c")), [""; 0]);
    Ok(())
}
