//! `--policy`: what a file says holds, flags go before it, and what is misspelt is
//! refused before anything runs.

use anyhow::{Context, Result};
use insula_tests::{Folder, guests};

use super::{insula, insula_run};

#[test]
fn a_policy_sets_limits_and_flags_go_before_it() -> Result<()> {
    let folder = Folder::new("cli-policy")?;
    let policy = folder.write(
        "small.toml",
        "[limits]\nturn_cpu = \"20ms\"\nmemory = \"64KiB\"\n",
    )?;
    let policy = format!("--policy={}", policy.display());
    insula_run([guests::SPIN, "spinner", &policy, "--limit=memory=8MiB"])?.failed(
        "",
        "insula: spinner#1 stopped: the limit of 20 ms of computing in one turn is reached \
         (raise it with `Limits::turn_cpu`, or `--limit turn_cpu=..` at a shell)",
    );
    insula_run([guests::SHOUT, &policy])?.failed(
        "",
        "insula: main#1 stopped: the limit of 65536 bytes of memory in one isolate is reached \
         (raise it with `Limits::memory`, or `--limit memory=..` at a shell)",
    );
    insula_run([
        guests::SHOUT,
        &policy,
        "--limit=memory=8MiB",
        "--limit=turn_cpu=10s",
    ])?
    .printed("LET OTHERS START ME\n");
    Ok(())
}

#[test]
fn a_policy_names_the_entry_and_a_flag_goes_before_it() -> Result<()> {
    let folder = Folder::new("cli-policy-entry")?;
    let policy = folder.write(
        "policy.toml",
        "entry = \"takes_a_number\"\nname = \"seven\"",
    )?;
    let policy = format!("--policy={}", policy.display());
    insula_run([guests::PANICS, "--message=7", &policy])?.printed("");
    let ran = insula_run([guests::PANICS, "--message=\"7\"", &policy])?;
    let told = ran.stderr.lines().next().context("it panicked")?;
    assert!(told.starts_with("insula: seven#1 panicked"), "{told}");
    let ran = insula_run([guests::HELLO, "hello", &policy])?;
    assert_eq!((ran.status, &*ran.stdout), (Some(0), ""), "{ran:?}");
    Ok(())
}

#[test]
fn programs_are_granted_relative_to_the_policy() -> Result<()> {
    let folder = Folder::new("cli-policy-programs")?;
    let program = folder.copy(guests::URI, "program/uri.wasm")?;
    folder.copy(guests::SHOUT, "program/shout.wasm")?;
    let policy = folder.write(
        "policies/plugin.toml",
        "capabilities.programs = [\"../program\"]",
    )?;
    let program = program.to_string_lossy();
    let ran = insula_run([&*program, "--policy", &policy.to_string_lossy()])?;
    assert!(
        ran.stdout
            .contains("shout.wasm: HELLO FROM ANOTHER PROGRAM"),
        "{ran:?}"
    );
    let ran = insula_run([&*program])?;
    assert!(ran.stdout.contains("shout.wasm: refused"), "{ran:?}");
    Ok(())
}

#[test]
fn what_a_policy_grants_is_reached() -> Result<()> {
    let folder = Folder::new("cli-policy-outside")?;
    folder.write("maps/letter", "salve")?;
    let policy = folder.write(
        "plugin.toml",
        "[capabilities]\ndirs = [\"maps::/maps::ro\"]\nenv = { LANG = \"la\" }\nargs = [\"-v\"]",
    )?;
    let policy = format!("--policy={}", policy.display());
    insula_run([guests::OUTSIDE, &policy])?
        .printed("arguments: [\"-v\"]\nvariables: [(\"LANG\", \"la\")]\ninput: \"\"\n");
    let steps = r#"[["read",["/maps/letter"]],["append",["/maps/letter","!"]]]"#;
    insula_run([guests::OUTSIDE, "does", "--message", steps, &policy])?
        .printed("read /maps/letter: salve\nappend /maps/letter !: PermissionDenied 63\n");
    Ok(())
}

#[test]
fn a_policy_that_is_wrong_is_refused_with_the_place() -> Result<()> {
    let folder = Folder::new("cli-policy-wrong")?;
    for (text, why) in [
        (
            "[limits]\nturn_cpus = 20",
            ":2:1: there is no `turn_cpus` in [limits]: did you mean `turn_cpu`?",
        ),
        (
            "[limits]\nturn_cpu = \"20MiB\"",
            ":2:12: `20MiB` is no amount of time: a whole number of milliseconds, or one with \
             ms, s, min or h behind it, or `none`",
        ),
    ] {
        let policy = folder.write("wrong.toml", text)?;
        let policy = policy.to_string_lossy();
        insula_run([guests::HELLO, "--policy", &policy])?.refused(&format!("{policy}{why}"));
    }
    Ok(())
}

#[test]
fn the_schema_is_printed() -> Result<()> {
    let checked_in = concat!(env!("CARGO_MANIFEST_DIR"), "/../policy/schema.json");
    insula(["schema"])?.printed(&std::fs::read_to_string(checked_in)?);
    Ok(())
}
