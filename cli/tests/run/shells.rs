//! What helps at a shell: completions, manual pages, help.

use std::collections::BTreeSet;

use anyhow::Result;
use insula_tests::Folder;

use super::insula;

#[test]
fn there_are_completions_for_every_shell() -> Result<()> {
    for (shell, words) in [
        ("bash", "complete -F _insula"),
        ("zsh", "#compdef insula"),
        ("fish", "complete -c insula"),
        ("elvish", "edit:completion:arg-completer[insula]"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let ran = insula(["completions", shell])?;
        assert_eq!((ran.status, &*ran.stderr), (Some(0), ""));
        assert!(ran.stdout.contains(words), "{shell}: {}", ran.stdout);
        assert!(ran.stdout.contains("deterministic"), "{shell}");
    }
    let ran = insula(["completions", "tcsh"])?;
    assert_eq!(ran.status, Some(2));
    assert!(ran.stderr.contains("possible values: bash"), "{ran:?}");
    Ok(())
}

#[test]
fn there_is_a_page_for_every_command() -> Result<()> {
    let ran = insula(["man"])?;
    assert_eq!((ran.status, &*ran.stderr), (Some(0), ""));
    assert!(ran.stdout.contains(".TH insula 1"), "{}", ran.stdout);

    let folder = Folder::new("cli-man")?;
    let pages = folder.path("made/here");
    insula(["man", "--dir", &pages.to_string_lossy()])?.printed("");
    let written = std::fs::read_dir(&pages)?;
    let written = written.map(|page| Ok(page?.file_name().to_string_lossy().into_owned()));
    let written = written.collect::<Result<BTreeSet<_>>>()?;
    for page in [
        "insula.1",
        "insula-run.1",
        "insula-build.1",
        "insula-inspect.1",
    ] {
        assert!(written.contains(page), "{written:?}");
    }
    let run = std::fs::read_to_string(pages.join("insula-run.1"))?;
    assert!(
        run.contains("turn_cpu") && run.contains("Examples:"),
        "{run}"
    );
    Ok(())
}

#[test]
fn help_has_groups_and_examples() -> Result<()> {
    let long = insula(["run", "--help"])?;
    assert_eq!((long.status, &*long.stderr), (Some(0), ""));
    for words in [
        "What it may use:",
        "What it may reach:",
        "Examples:",
        "turn_cpu",
        "10s",
    ] {
        assert!(long.stdout.contains(words), "no {words}: {}", long.stdout);
    }
    let short = insula(["run", "-h"])?;
    assert!(short.stdout.len() < long.stdout.len());
    assert!(!short.stdout.contains("Examples:"), "{}", short.stdout);
    Ok(())
}
