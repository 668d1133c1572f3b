//! `insula inspect`: what a program is, and what it would be allowed.

use anyhow::{Context, Result};
use insula::{Limit, Limits};
use insula_policy::Digest;
use insula_tests::{Folder, guests};
use serde_json::Value;

use super::{Ran, insula};

/// One import that is called, one that is passed on, one that is only there.
const MODULE: &str = r#"(module
    (import "insula:isolate/self@0.1.0" "exit" (func $exit))
    (import "insula:isolate/ports@0.1.0" "receive" (func $receive (param i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
    (memory (export "memory") 2 3)
    (table 5 9 funcref)
    (elem (i32.const 0) $receive)
    (data (i32.const 0) "data")
    (func (export "insula:entry/main") call $exit)
    (func (export "insula:entry/other")))"#;

fn inspect<const N: usize>(arguments: [&str; N]) -> Result<Ran> {
    insula(["inspect"].into_iter().chain(arguments))
}

fn json<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<Value> {
    let ran = insula(["inspect", "--json"].into_iter().chain(arguments))?;
    assert_eq!((ran.status, &*ran.stderr), (Some(0), ""), "{ran:?}");
    Ok(serde_json::from_str(&ran.stdout)?)
}

/// The value and the source of every limit.
fn limits(report: &Value) -> Result<Vec<(&str, Value, &str)>> {
    let limits = report["limits"].as_array().context("limits")?;
    let limits = limits.iter().map(|limit| {
        let name = limit["name"].as_str().context("a name")?;
        Ok((
            name,
            limit["value"].clone(),
            limit["from"].as_str().context("a source")?,
        ))
    });
    limits.collect()
}

#[test]
fn a_program_is_shown_as_it_is() -> Result<()> {
    let folder = Folder::new("cli-inspect")?;
    let wasm = wat::parse_str(MODULE)?;
    let path = folder.write("module.wasm", &wasm)?;
    let report = json([&*path.to_string_lossy()])?;
    assert_eq!(report["refused"], Value::Null);
    assert_eq!(report["entries"], Value::from(vec!["main", "other"]));
    assert_eq!(report["default_entry"], "main");
    assert_eq!(report["bytes"], wasm.len());
    assert_eq!(
        (&report["functions"], &report["data_bytes"]),
        (&2.into(), &4.into())
    );
    assert_eq!(report["memories"][0]["minimum"], 131_072);
    assert_eq!(report["memories"][0]["maximum"], 196_608);
    assert_eq!(report["tables"][0]["minimum"], 5);
    assert_eq!(report["tables"][0]["maximum"], 9);
    let imports = report["imports"].as_array().context("imports")?;
    let imports: Vec<_> = imports
        .iter()
        .map(|import| (&import["name"], &import["used"], &import["known"]))
        .collect();
    let (yes, no) = (&true.into(), &false.into());
    assert_eq!(
        imports,
        [
            (&"exit".into(), yes, yes),
            (&"receive".into(), yes, yes),
            (&"proc_exit".into(), no, yes),
        ]
    );

    assert_eq!(report["digest"], Digest::of(&wasm).to_string());

    let text = inspect([&path.to_string_lossy()])?.stdout;
    for (words, there) in [
        ("main (the default)", true),
        ("proc_exit  unused", true),
        ("exit     unused", false),
        ("131072 bytes, at most 196608", true),
        ("5 elements, at most 9", true),
        ("unknown", false),
    ] {
        assert_eq!(text.contains(words), there, "{words}: {text}");
    }
    Ok(())
}

#[test]
fn a_crate_and_a_uri_are_inspected_too() -> Result<()> {
    let folder = Folder::new("cli-inspect-uri")?;
    folder.copy(guests::HELLO, "hello there.wasm")?;
    let report = json([&*folder.uri("hello there.wasm")])?;
    assert_eq!(
        report["entries"],
        Value::from(vec!["echo", "hello", "main"])
    );
    let ran = inspect([concat!(env!("CARGO_MANIFEST_DIR"), "/../guests/hello")])?;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("main (the default)"), "{ran:?}");
    Ok(())
}

#[test]
fn an_import_that_nobody_offers_is_shown_and_the_program_refused() -> Result<()> {
    let folder = Folder::new("cli-inspect-unknown")?;
    let text = r#"(module
        (import "env" "launch\1b[31m" (func $launch))
        (memory (export "memory") 1)
        (func (export "insula:entry/main") call $launch))"#;
    let path = folder.write("module.wasm", wat::parse_str(text)?)?;
    let ran = inspect([&path.to_string_lossy()])?;
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(
        ran.stdout
            .contains("unknown: the host offers no such thing"),
        "{ran:?}"
    );
    assert!(ran.stdout.contains("refused"), "{ran:?}");
    assert!(!ran.stdout.contains('\x1b'), "{ran:?}");

    // What is no module has nothing to be shown.
    let path = folder.write("notes.txt", "Some notes.\n")?;
    inspect([&path.to_string_lossy()])?.refused(&format!(
        "{} is no WebAssembly module: it starts with \"Some notes.\\n\", not with \\0asm \
         (compile it for wasm32-wasip1)",
        path.display()
    ));
    Ok(())
}

#[test]
fn every_limit_is_shown_with_who_said_so() -> Result<()> {
    let defaults = Limits::default();
    let report = json([guests::HELLO])?;
    let shown = limits(&report)?;
    assert_eq!(shown.len(), Limit::ALL.len());
    for (limit, (name, value, from)) in Limit::ALL.iter().zip(shown) {
        let default = match defaults.get(*limit) {
            Limits::NONE => Value::Null,
            value => value.into(),
        };
        assert_eq!((name, value, from), (limit.option(), default, "default"));
    }

    let folder = Folder::new("cli-inspect-limits")?;
    let policy = folder.write(
        "policy.toml",
        "[limits]\nmemory = \"1MiB\"\nhandles = 7\nlife = 5",
    )?;
    let policy = policy.to_string_lossy();
    let report = json([
        guests::HELLO,
        "--policy",
        &policy,
        "--limit=handles=9",
        "--limit=life=none",
        "-W",
        "max-table-elements=77",
        "-Wtimeout=2",
    ])?;
    let timeout = json([guests::HELLO, "-W", "timeout=2"])?;
    let mut timeout = limits(&timeout)?.into_iter();
    let life = timeout.find(|(name, ..)| *name == "life");
    assert_eq!(life, Some(("life", 2_000.into(), "flag")));
    for (name, value, from) in limits(&report)? {
        match name {
            "memory" => assert_eq!((value, from), (1_048_576.into(), "policy")),
            "handles" => assert_eq!((value, from), (9.into(), "flag")),
            // What has its own name goes before.
            "life" => assert_eq!((value, from), (Value::Null, "flag")),
            "table_elements" => assert_eq!((value, from), (77.into(), "flag")),
            name => assert_eq!(from, "default", "{name}"),
        }
    }
    Ok(())
}

#[test]
fn every_capability_is_shown_with_who_said_so() -> Result<()> {
    let shown = |report: &Value| -> Result<Vec<String>> {
        let capabilities = report["capabilities"].as_array().context("capabilities")?;
        let cell = |value: &Value| value.as_str().unwrap_or("none").to_owned();
        let capabilities = capabilities.iter().map(|capability| {
            let cells = ["name", "value", "from"].map(|name| cell(&capability[name]));
            cells.join(" ")
        });
        Ok(capabilities.collect())
    };
    let closed = [
        "stdin closed default",
        "clock coarse default",
        "random real default",
        "dirs none default",
        "env none default",
        "args none default",
        "programs none default",
    ];
    assert_eq!(shown(&json([guests::HELLO])?)?, closed);

    let folder = Folder::new("cli-inspect-capabilities")?;
    let policy = folder.write(
        "policy.toml",
        "[capabilities]\ndirs = [\"maps::/maps::rw\"]\nenv = { LANG = \"C\" }\nrandom = 7\nclock = \"off\"",
    )?;
    let policy = policy.to_string_lossy();
    let flags = ["--clock=real", "--dir=/srv/out", "--env=TZ=UTC", "--stdin"];
    let report = json(
        [guests::HELLO, "--policy", &policy]
            .into_iter()
            .chain(flags),
    )?;
    let maps = folder.path("maps");
    assert_eq!(
        shown(&report)?,
        [
            &*format!("dirs {}::/maps::rw policy", maps.display()),
            "dirs /srv/out::/srv/out::rw flag",
            "env LANG=C policy",
            "env TZ=UTC flag",
            "stdin inherit flag",
            "clock real flag",
            "random 7 policy",
            "args none default",
            "programs none default",
        ]
    );
    Ok(())
}

/// What is shown is what holds: each limit that is set is met by a run at its value.
#[test]
fn what_is_shown_is_what_a_run_gets() -> Result<()> {
    let folder = Folder::new("cli-inspect-effective")?;
    let policy = folder.write("policy.toml", "limits.memory = \"64KiB\"")?;
    let policy = format!("--policy={}", policy.display());
    let report = json([guests::SHOUT, &policy])?;
    let shown = limits(&report)?;
    let (_, value, _) = shown
        .iter()
        .find(|(name, ..)| *name == "memory")
        .context("memory")?;
    let ran = super::insula_run([guests::SHOUT, &policy])?;
    let told = ran.stderr.lines().next().context("it was stopped")?;
    assert!(
        told.contains(&format!("the limit of {value} bytes of memory")),
        "{told}"
    );
    Ok(())
}

#[test]
fn what_a_program_asks_for_is_shown_with_what_gives_it() -> Result<()> {
    let asks = |flags: &[&str]| -> Result<Vec<(String, bool)>> {
        let report = json([guests::OUTSIDE].iter().chain(flags).copied())?;
        let asks = report["asks"].as_array().context("asks")?;
        let asks = asks.iter().map(|asked| {
            let what = asked["what"].as_str().unwrap_or_default().to_owned();
            (what, asked["given"] == true)
        });
        Ok(asks.collect())
    };
    let closed = [
        ("files", false),
        ("input", false),
        ("variables", false),
        ("arguments", false),
        ("the time", true),
        ("random numbers", true),
        ("isolates", true),
    ];
    let owned = |asked: &[(&str, bool)]| -> Vec<_> {
        let asked = asked.iter();
        asked
            .map(|(what, given)| ((*what).to_owned(), *given))
            .collect()
    };
    assert_eq!(asks(&[])?, owned(&closed));
    let open = asks(&["--dir=.", "--stdin", "--env=A=1", "--clock=off", "--", "-v"])?;
    let expected = closed.map(|(what, given)| {
        (
            what,
            given != (what != "random numbers" && what != "isolates"),
        )
    });
    assert_eq!(open, owned(&expected));
    let text = inspect([guests::OUTSIDE, "--env=A=1"])?.stdout;
    for words in [
        "files           not given: --dir does",
        "variables       given (--env)",
    ] {
        assert!(text.contains(words), "no {words}: {text}");
    }
    Ok(())
}
