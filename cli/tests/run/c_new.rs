//! `insula new --lang c`: what it makes builds, runs and passes its tests at once.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use insula_guest_c::FILES;
use insula_tests::{Folder, c_guest, c_toolchain, guests};

use crate::{Ran, finish};

fn insula(folder: &Path, arguments: &[&str]) -> Result<Ran> {
    let mut insula = Command::new(env!("CARGO_BIN_EXE_insula"));
    insula.args(arguments).current_dir(folder);
    insula.envs(c_toolchain());
    finish(insula)
}

fn new(folder: &Folder, arguments: &[&str]) -> Result<Ran> {
    insula(
        &folder.path("."),
        &[&["new", "--lang", "c"], arguments].concat(),
    )
}

/// Makes a project, runs it, and passes its tests, by make where there is one.
fn works(template: &str, printed: &[&str], tests: usize) -> Result<()> {
    c_guest(guests::C_HELLO)?;
    let folder = Folder::new(&format!("c-new-{template}"))?;
    folder.write("keep", "")?;
    let made = new(&folder, &["my-plugin", "--template", template])?;
    assert_eq!(made.status, Some(0), "{made:?}");
    assert!(made.stderr.is_empty(), "{made:?}");
    let next = "\n\n    cd my-plugin\n    insula run .\n    insula test .\n";
    assert!(made.stdout.ends_with(next), "{made:?}");

    let plugin = folder.path("my-plugin");
    let has_make = Command::new("make").arg("--version").output().is_ok();
    if has_make {
        runs(&plugin, printed, tests)?;
        fs::remove_dir_all(plugin.join("build"))?;
    } else {
        let refused = insula(&plugin, &["run", "."])?;
        assert!(refused.stderr.contains("there is no make"), "{refused:?}");
    }
    fs::remove_file(plugin.join("Makefile"))?;
    runs(&plugin, printed, tests)
}

fn runs(plugin: &Path, printed: &[&str], tests: usize) -> Result<()> {
    let ran = insula(plugin, &["run", "."])?;
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert_eq!(lines, printed, "{ran:?}");
    assert_eq!(ran.status, Some(0));
    assert!(!ran.stderr.contains("warning"), "{ran:?}");
    assert!(plugin.join("build/my-plugin.wasm").is_file());

    let tested = insula(plugin, &["test", "."])?;
    assert_eq!(tested.status, Some(0), "{tested:?}");
    let result = format!("test result: ok. {tests} passed; 0 failed");
    assert!(tested.stdout.contains(&result), "{tested:?}");
    assert!(!tested.stderr.contains("warning"), "{tested:?}");
    Ok(())
}

#[test]
fn an_echo_in_c_works_at_once() -> Result<()> {
    works("echo", &["[main#1] the echo is: HELLO!"], 3)
}

#[test]
fn a_worker_pool_in_c_works_at_once() -> Result<()> {
    works("worker-pool", &["[main#1] 2262 primes below 20000"], 4)
}

#[test]
fn a_till_in_c_that_is_started_again_works_at_once() -> Result<()> {
    let printed = [
        "[main#1] bread: that makes 2",
        "[main#1] wine: that makes 9",
        "[main#1] the till has failed: nobody sells a horse",
        "[main#1] a horse: the till is empty again",
        "[main#1] bread: that makes 2",
    ];
    works("supervised", &printed, 3)
}

#[test]
fn the_sources_of_the_sdk_come_along() -> Result<()> {
    let folder = Folder::new("c-new-sdk")?;
    folder.write("keep", "")?;
    assert_eq!(new(&folder, &["whole"])?.status, Some(0));
    for (name, text) in FILES {
        let path = folder.path("whole/insula").join(name);
        assert_eq!(&fs::read_to_string(path)?, text, "{name}");
    }
    assert!(folder.path("whole/compile_flags.txt").is_file());
    assert!(!folder.path("whole/Cargo.toml").exists());
    let refused = new(&folder, &["other", "--sdk", "."])?;
    assert_eq!(refused.status, Some(2), "{refused:?}");
    assert!(
        refused.stderr.contains("copy guest-sdk/c/sdk"),
        "{refused:?}"
    );
    Ok(())
}
