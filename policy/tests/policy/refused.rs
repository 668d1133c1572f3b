//! Files that are refused: each says where, what, and what was meant.

use std::path::Path;

use anyhow::{Context, Result};
use insula_policy::{Place, Policy, PolicyErrorKind};
use insula_tests::Folder;

/// Text, and what is said about it after `the policy:`.
const REFUSED: &[(&str, &str)] = &[
    // Keys that mean nothing, with what was meant where that can be told.
    (
        "[limits]\nmemory = 1\nturn_cpus = 500\n",
        "3:1: there is no `turn_cpus` in [limits]: did you mean `turn_cpu`?",
    ),
    (
        "limit = {}",
        "1:1: there is no `limit`: did you mean `limits`?",
    ),
    (
        "limits.life = 1\nlimits.\"mem\\u001bory\" = 1",
        "2:8: there is no `mem\\u{1b}ory` in [limits]: did you mean `memory`?",
    ),
    (
        "[capabilities]\nstdn = \"x\"\n[capabilties]\n",
        "2:1: there is no `stdn` in [capabilities]: did you mean `stdin`?",
    ),
    // Values that their key does not take.
    (
        "limits = { memory = -1 }",
        "1:21: invalid value: integer `-1`, expected a whole number or a text like \"16MiB\"",
    ),
    (
        "limits.memory = 1.5",
        "1:17: invalid type: floating point `1.5`, expected a whole number or a text like \"16MiB\"",
    ),
    (
        "limits.memory = \"much\"",
        "1:17: `much` is no amount of bytes: a whole number, with KiB, MiB or GiB behind it or not, \
         or `none`",
    ),
    (
        "[limits]\n  turn_cpu = \"16MiB\"",
        "2:14: `16MiB` is no amount of time: a whole number of milliseconds, or one with ms, s, min \
         or h behind it, or `none`",
    ),
    (
        "[limits]\nhandles = [1]",
        "2:11: invalid type: sequence, expected a whole number or a text like \"none\"",
    ),
    (
        "limits = 7",
        "1:10: invalid type: integer `7`, expected a table of limits",
    ),
    (
        "digest = \"sha256:12\"",
        "1:10: `sha256:12` is no digest: it has to be sha256: and 64 hexadecimal digits",
    ),
    (
        "[capabilities]\nprograms = [\"a.wasm\", \"https://example.org/a.wasm\"]",
        "2:12: `https://example.org/a.wasm` has no digest behind it, as in \
         https://HOST/PATH#sha256:..",
    ),
    (
        "capabilities.programs = [\"http://example.org/a.wasm#sha256:12\"]",
        "1:25: `http://example.org/a.wasm#sha256:12` is no https: URI, and from elsewhere programs \
         come by those alone",
    ),
    (
        "name = 7",
        "1:8: invalid type: integer `7`, expected a string",
    ),
    (
        "[capabilities.env]\nLANG = true",
        "2:8: invalid type: boolean `true`, expected a string",
    ),
    (
        "[capabilities]\ndirs = [\"a::/b\", \"a::b::c\"]",
        "2:18: `a::b::c` grants no folder: write it as HOST, HOST::GUEST or HOST::GUEST::ro",
    ),
    (
        "[[capabilities.dirs]]\nhost = \"a\"\nguest = \"b\"\nacces = \"rw\"",
        "4:1: there is no `acces` in [dirs]: did you mean `access`?",
    ),
    (
        "capabilities.clock = \"fast\"",
        "1:22: `fast` is no kind of clock; there is off, coarse, real, frozen, virtual",
    ),
    // What is no TOML.
    (
        "[limits]\nmemory = 1\nmemory = 2\n",
        "3:1: it is no TOML: duplicate key",
    ),
    ("[limits]\n[limits]\n", "2:2: it is no TOML: duplicate key"),
    (
        "memory: 16MiB",
        "1:9: it is no TOML: key with no value, expected `=`",
    ),
];

#[test]
fn what_is_refused_says_where_and_what_was_meant() {
    for (text, expected) in REFUSED {
        let error = Policy::from_toml(text).expect_err(text).to_string();
        assert_eq!(error, format!("the policy:{expected}"));
    }
}

#[test]
fn an_unknown_key_is_told_as_data() -> Result<()> {
    let error = Policy::from_toml("\n[limits]\nturn_cpuu = 1").expect_err("it is misspelt");
    assert_eq!(error.place(), Some(Place { line: 3, column: 1 }));
    let PolicyErrorKind::UnknownKey {
        table,
        key,
        suggestion,
        known,
    } = error.kind()
    else {
        anyhow::bail!("{error}");
    };
    assert_eq!((&**table, &**key), ("limits", "turn_cpuu"));
    assert_eq!(suggestion.as_deref(), Some("turn_cpu"));
    let all = insula::Limits::names().all(|name| known.iter().any(|known| known == name));
    assert!(all, "{known:?}");

    // What is like nothing is told what there is.
    let error = Policy::from_toml("quux = 1").expect_err("it means nothing");
    let PolicyErrorKind::UnknownKey {
        suggestion: None,
        known,
        ..
    } = error.kind()
    else {
        anyhow::bail!("{error}");
    };
    assert!(error.to_string().ends_with(&known.join(", ")), "{error}");
    Ok(())
}

/// Every text that is a limit's or a key's name but for one character.
#[test]
fn a_limit_that_is_misspelt_by_one_character_is_recognised() -> Result<()> {
    for name in insula::Limits::names() {
        for place in 0..name.len() {
            let misspelt = format!("{}q{}", &name[..place], &name[place + 1..]);
            let error = Policy::from_toml(&format!("limits.{misspelt} = 1"));
            let error = error.expect_err(&misspelt);
            let PolicyErrorKind::UnknownKey { suggestion, .. } = error.kind() else {
                anyhow::bail!("{error}");
            };
            let near = suggestion.as_deref().context(misspelt)?;
            // `cpu` without a letter is as near to `life` as to nothing.
            assert!(near == name || name.len() < 5, "{name}: {near}");
        }
    }
    Ok(())
}

#[test]
fn a_file_is_bounded_in_size_and_depth() -> Result<()> {
    let folder = Folder::new("policy-bounds")?;
    let refused = |name: &str, text: &[u8]| -> Result<PolicyErrorKind> {
        let path = folder.write(name, text)?;
        let error = Policy::from_file(&path).expect_err(name);
        assert_eq!(error.file(), Some(&*path));
        assert!(error.to_string().len() < 1_000, "{error}");
        Ok(error.kind().clone())
    };
    let large = vec![b'#'; (1 << 20) + 1];
    assert!(matches!(
        refused("large", &large)?,
        PolicyErrorKind::TooLarge { .. }
    ));
    assert!(Policy::from_file(folder.write("just", &large[1..])?).is_ok());

    for (name, open, close) in [("array", "[", "]"), ("table", "{a=", "}")] {
        let deep = format!("name = {}1{}", open.repeat(100_000), close.repeat(100_000));
        assert!(matches!(
            refused(name, deep.as_bytes())?,
            PolicyErrorKind::Syntax(_)
        ));
    }
    let dotted = format!("a{} = 1", ".a".repeat(100_000));
    assert!(matches!(
        refused("dotted", dotted.as_bytes())?,
        PolicyErrorKind::Syntax(_)
    ));
    let long = format!("{} = 1", "k".repeat(1 << 19));
    assert!(matches!(
        refused("key", long.as_bytes())?,
        PolicyErrorKind::UnknownKey { .. }
    ));
    let value = format!("capabilities.clock = \"{}\"", "v".repeat(1 << 19));
    assert!(matches!(
        refused("value", value.as_bytes())?,
        PolicyErrorKind::Value(_)
    ));
    let wide: String = (0..50_000).map(|n| format!("k{n} = 1\n")).collect();
    assert!(matches!(
        refused("wide", wide.as_bytes())?,
        PolicyErrorKind::UnknownKey { .. }
    ));
    Ok(())
}

#[test]
fn a_file_that_cannot_be_read_is_told_by_its_name() -> Result<()> {
    let folder = Folder::new("policy-unreadable")?;
    let told = |path: &Path| Policy::from_file(path).expect_err("no policy").to_string();
    let path = folder.path("nowhere.toml");
    assert_eq!(
        told(&path),
        format!(
            "{}: it could not be read: No such file or directory (os error 2)",
            path.display()
        )
    );
    let path = folder.write("bytes.toml", b"name = \"a\"\nname = \"\xff\"")?;
    assert_eq!(
        told(&path),
        format!("{}:2:9: it is no TOML: it is not UTF-8", path.display())
    );
    Ok(())
}
