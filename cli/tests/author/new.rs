//! `insula new`: what it makes works at once.

use std::fs;

use anyhow::Result;
use insula_tests::Folder;

use crate::support::{Ran, lock, run};

fn new(folder: &Folder, arguments: &[&str]) -> Result<Ran> {
    run(&folder.path("."), "insula", &[&["new"], arguments].concat())
}

/// Makes a crate, runs it, and passes its tests.
fn works(template: &str, printed: &[&str], tests: usize) -> Result<()> {
    let folder = Folder::new(&format!("new-{template}"))?;
    let made = new(&folder, &["my-plugin", "--template", template])?;
    assert_eq!(made.status, Some(0), "{made:?}");
    assert!(made.stderr.is_empty(), "{made:?}");
    let next = "\n\n    cd my-plugin\n    cargo run\n    cargo test\n";
    assert!(made.stdout.ends_with(next), "{made:?}");

    let plugin = folder.path("my-plugin");
    lock(&plugin)?;
    let ran = run(&plugin, "cargo", &["run", "-q"])?;
    // What is told of children comes beside what is done with them.
    let (mut lines, mut printed) = (ran.stdout.lines().collect::<Vec<_>>(), printed.to_vec());
    lines.sort_unstable();
    printed.sort_unstable();
    assert_eq!(lines, printed, "{ran:?}");
    assert_eq!(ran.status, Some(0));
    let tested = run(&plugin, "cargo", &["test"])?;
    assert_eq!(tested.status, Some(0), "{tested:?}");
    assert_eq!(tested.that("ok").len(), tests, "{tested:?}");
    let warned = tested.stderr.contains("warning");
    assert!(!warned, "{tested:?}");
    let natively = run(&plugin, "insula", &["test", "--native"])?;
    assert_eq!(natively.status, Some(0), "{natively:?}");
    let formatted = run(&plugin, "cargo", &["fmt", "--check"])?;
    assert_eq!(formatted.status, Some(0), "{formatted:?}");
    Ok(())
}

#[test]
fn an_echo_works_at_once() -> Result<()> {
    works("echo", &["[main#1] the echo is: HELLO!"], 3)
}

#[test]
fn a_worker_pool_works_at_once() -> Result<()> {
    works("worker-pool", &["[main#1] 2262 primes below 20000"], 4)
}

#[test]
fn a_supervisor_works_at_once() -> Result<()> {
    let printed = [
        "[main#1] till started",
        "[main#1] bread: that makes 2",
        "[main#1] wine: that makes 9",
        "[main#1] a horse: the till has failed",
        "[main#1] till failed at src/main.rs:14:12: nobody sells a horse",
        "[main#1] till started again",
        "[main#1] bread: that makes 2",
        "[main#1] till killed",
    ];
    works("supervised", &printed, 3)
}

#[test]
fn nothing_is_overwritten() -> Result<()> {
    let folder = Folder::new("new-there")?;
    folder.write("full/a.txt", "mine")?;
    fs::create_dir(folder.path("empty"))?;
    let refused = new(&folder, &["full"])?;
    assert_eq!(refused.status, Some(2), "{refused:?}");
    let why = "full: it is there already, and nothing is overwritten: give another path";
    assert!(refused.stderr.contains(why), "{refused:?}");
    assert_eq!(fs::read_dir(folder.path("full"))?.count(), 1);
    let refused = new(&folder, &["full/a.txt"])?;
    assert_eq!(refused.status, Some(2), "{refused:?}");
    assert_eq!(new(&folder, &["empty"])?.status, Some(0));
    assert!(folder.path("empty/src/main.rs").is_file());
    Ok(())
}

#[test]
fn names_are_those_that_cargo_takes() -> Result<()> {
    let folder = Folder::new("new-names")?;
    for (arguments, why) in [
        (&["2nd"][..], "`2nd`: it has to begin with a letter or `_`"),
        (&["a b"], "`a b`: it may have letters, digits, `-` and `_`"),
        (
            &["test"],
            "`test`: the word means something to Rust or cargo",
        ),
        (&["fine", "--name", "no.pe"], "`no.pe`: it may have"),
    ] {
        let refused = new(&folder, arguments)?;
        assert_eq!(refused.status, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(why), "{refused:?}");
        assert!(!folder.path(arguments[0]).exists());
    }
    let made = new(&folder, &["2nd", "--name", "second"])?;
    assert_eq!(made.status, Some(0), "{made:?}");
    let manifest = fs::read_to_string(folder.path("2nd/Cargo.toml"))?;
    assert!(manifest.starts_with("[package]\nname = \"second\"\n"));
    Ok(())
}

/// What comes along needs nothing of the repository: no file says where that is.
#[test]
fn the_sdk_comes_along_whole_or_from_a_checkout() -> Result<()> {
    let folder = Folder::new("new-sdk")?;
    assert_eq!(new(&folder, &["whole"])?.status, Some(0));
    for path in ["Cargo.toml", "src/lib.rs", "wit/isolate.wit", "LICENSE-MIT"] {
        assert!(
            folder
                .path("whole/vendor/insula-guest")
                .join(path)
                .is_file()
        );
    }
    let manifests = [
        "",
        "vendor/insula-guest/",
        "vendor/insula-guest-macros/",
        "vendor/insula-message/",
    ];
    for manifest in manifests {
        let text = fs::read_to_string(folder.path(&format!("whole/{manifest}Cargo.toml")))?;
        assert!(!text.contains("workspace = true"), "{text}");
        assert!(!text.contains("path = \"/"), "{text}");
    }

    let root = crate::support::root().canonicalize()?;
    let root = root.to_str().unwrap_or_default();
    assert_eq!(new(&folder, &["linked", "--sdk", root])?.status, Some(0));
    let manifest = fs::read_to_string(folder.path("linked/Cargo.toml"))?;
    let dependency = format!("insula-guest = {{ path = \"{root}/guest-sdk\" }}\n");
    assert!(manifest.contains(&dependency), "{manifest}");
    assert!(!folder.path("linked/vendor").exists());
    let refused = new(&folder, &["other", "--sdk", "whole"])?;
    assert_eq!(refused.status, Some(2), "{refused:?}");
    assert!(
        refused
            .stderr
            .contains("there is no guest-sdk/Cargo.toml in it"),
        "{refused:?}"
    );
    Ok(())
}
