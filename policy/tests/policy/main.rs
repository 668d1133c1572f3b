//! Policy files: what they say, what they refuse, and what becomes of it.

mod amounts;
mod refused;
mod schema;

use std::fmt::Write as _;

use anyhow::Result;
use insula::{Access, Capabilities, ClockAccess, Limit, Limits, Random, Stdin, WEIGHTS};
use insula_policy::{Policy, write_amount};

/// A policy with one limit.
fn one(limit: Limit, value: &str) -> String {
    format!("[limits]\n{} = {value}\n", limit.option())
}

#[test]
fn an_empty_policy_is_the_defaults() -> Result<()> {
    for text in ["", "# nothing\n", "[limits]\n[capabilities]\n"] {
        let policy = Policy::from_toml(text)?;
        assert_eq!(policy, Policy::default());
        assert_eq!(policy.limits(Limits::default()), Limits::default());
        assert_eq!(policy.capabilities(Default::default()), Default::default());
    }
    Ok(())
}

#[test]
fn a_policy_with_every_default_written_out_is_the_defaults() -> Result<()> {
    let defaults = Limits::default();
    let mut text = "[limits]\n".to_owned();
    for name in Limits::names() {
        let limit = Limit::ALL.iter().find(|limit| limit.option() == name);
        let limit = *limit.expect("each name is a limit's");
        writeln!(
            text,
            "{name} = \"{}\"",
            write_amount(limit, defaults.get(limit))
        )?;
    }
    let policy = Policy::from_toml(&text)?;
    // On limits that differ in everything, so that nothing can be left out.
    let others = Limit::ALL
        .iter()
        .fold(Limits::default(), |limits, limit| limits.with(*limit, 7));
    assert_eq!(policy.limits(others), defaults);
    Ok(())
}

#[test]
fn every_limit_is_set_by_its_name_and_no_other_changes() -> Result<()> {
    for limit in Limit::ALL {
        let policy = Policy::from_toml(&one(*limit, "77"))?;
        let expected = Limits::default().with(*limit, 77);
        assert_eq!(policy.limits(Limits::default()), expected, "{limit:?}");
        assert_eq!(policy.limit(*limit), Some(77));

        let policy = Policy::from_toml(&one(*limit, "\"none\""))?;
        assert_eq!(policy.limit(*limit), Some(Limits::NONE), "{limit:?}");
    }
    assert_eq!(Policy::default().limit(Limit::Memory), None);
    Ok(())
}

#[test]
fn capabilities_are_given_as_the_api_gives_them() -> Result<()> {
    let policy = Policy::from_toml(
        r#"
        [capabilities]
        dirs = [
            "maps::/maps::ro",
            "/srv/out::/out",
            { host = "notes", guest = "/notes", access = "ro" },
            { host = "/srv/log", guest = "/log", access = "rw" },
        ]
        env = { LANG = "C.UTF-8", EMPTY = "" }
        args = ["--verbose", "--", ""]
        stdin = "inherit"
        clock = "frozen"
        random = 7
        programs = [
            "plugins",
            "file:///srv/other.wasm",
            "https://example.org/a.wasm#sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ]
        "#,
    )?;
    let expected = Capabilities::default()
        .dir("/policies/maps", "/maps", Access::ReadOnly)
        .dir("/srv/out", "/out", Access::ReadWrite)
        .dir("/policies/notes", "/notes", Access::ReadOnly)
        .dir("/srv/log", "/log", Access::ReadWrite)
        .env("LANG", "C.UTF-8")
        .env("EMPTY", "")
        .arg("--verbose")
        .arg("--")
        .arg("")
        .stdin(Stdin::Inherit)
        .clock(ClockAccess::Frozen)
        .random(Random::Seeded(7))
        .programs("file:///policies/plugins")
        .programs("file:///srv/other.wasm");
    let pinned: Vec<_> = policy.pinned_programs().map(ToString::to_string).collect();
    assert_eq!(
        pinned,
        [
            "https://example.org/a.wasm#sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        ]
    );
    let given = policy
        .relative_to("/policies")
        .capabilities(Capabilities::default());
    assert_eq!(given, expected);
    Ok(())
}

#[test]
fn a_setting_is_read_as_its_flag_reads_it() -> Result<()> {
    let of = |text: &str| -> Result<Capabilities> {
        let policy = Policy::from_toml(&format!("[capabilities]\n{text}"))?;
        Ok(policy.capabilities(Capabilities::default()))
    };
    for name in ClockAccess::names() {
        let expected = Capabilities::default().clock(name.parse()?);
        assert_eq!(of(&format!("clock = \"{name}\""))?, expected);
    }
    for random in ["off", "real", "7", "18446744073709551615"] {
        let expected = Capabilities::default().random(random.parse()?);
        assert_eq!(of(&format!("random = \"{random}\""))?, expected);
    }
    Ok(())
}

#[test]
fn weights_are_those_that_there_are() -> Result<()> {
    for weight in [*WEIGHTS.start(), *WEIGHTS.end()] {
        let policy = Policy::from_toml(&format!("weight = {weight}"))?;
        assert_eq!(policy.weight(), Some(weight));
    }
    for weight in [WEIGHTS.start() - 1, WEIGHTS.end() + 1] {
        let error = Policy::from_toml(&format!("weight = {weight}")).expect_err("no weight");
        assert_eq!(
            error.to_string(),
            "the policy:1:10: a weight is from 1 to 10000"
        );
    }
    let schema = &Policy::schema()["properties"]["weight"];
    assert_eq!(schema["minimum"], *WEIGHTS.start());
    assert_eq!(schema["maximum"], *WEIGHTS.end());
    Ok(())
}
