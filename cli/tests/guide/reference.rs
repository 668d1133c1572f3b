//! The pages that are written from the program itself.
//!
//! `INSULA_WRITE_GUIDE=1 cargo test --test guide reference` writes them anew.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use insula::{Limit, Limits, Scope};
use insula_policy::write_amount;

use super::source;

const WRITE: &str = "INSULA_WRITE_GUIDE";

/// Compares a page with what it has to be, or writes it.
pub fn keep(name: &str, text: &str) -> Result<()> {
    let path = source().join(name);
    if std::env::var_os(WRITE).is_some() {
        return Ok(fs::write(path, text)?);
    }
    let written = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    ensure!(
        written == text,
        "docs/src/{name} is stale: write it again with \
         `{WRITE}=1 cargo test --test guide reference`"
    );
    Ok(())
}

fn help(words: &[String]) -> Result<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_insula"))
        .args(words)
        .arg("--help")
        .env("NO_COLOR", "1")
        .env("COLUMNS", "80")
        .output()?;
    ensure!(output.status.success(), "insula {} --help", words.join(" "));
    let text = String::from_utf8(output.stdout)?;
    let lines = text.lines().map(|line| format!("{}\n", line.trim_end()));
    Ok(lines.collect())
}

/// The commands that a help names.
fn commands(help: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_in = false;
    for line in help.lines() {
        if !line.starts_with(' ') && !line.is_empty() {
            is_in = line == "Commands:";
        } else if is_in
            && let Some(entry) = line.strip_prefix("  ")
            && let Some(name) = entry.split_whitespace().next()
            && !entry.starts_with(' ')
            && name != "help"
        {
            found.push(name.to_owned());
        }
    }
    found
}

fn chapter(words: &[String], page: &mut String) -> Result<()> {
    let help = help(words)?;
    let name = format!("insula {}", words.join(" "));
    let _ = write!(
        page,
        "\n## {}\n\n```text\n{}\n```\n",
        name.trim(),
        help.trim()
    );
    for command in commands(&help) {
        let words = [words, &[command]].concat();
        chapter(&words, page)?;
    }
    Ok(())
}

#[test]
fn reference_of_the_command_line_is_what_help_says() -> Result<()> {
    let mut page = String::from(
        "# The command line\n\n\
         What `insula COMMAND --help` says, of every command. A test compares this page with \
         the program.\n",
    );
    chapter(&[], &mut page)?;
    ensure!(page.contains("## insula run"), "the commands were found");
    keep("reference/command-line.md", &page)
}

#[test]
fn reference_of_the_limits_is_what_the_runtime_has() -> Result<()> {
    let mut page = String::from(
        "# Every limit\n\n\
         The names are those of `--limit NAME=VALUE` at a shell, of the table `[limits]` in a \
         policy, and of the functions of `insula::Limits`. A test compares this page with the \
         runtime.\n",
    );
    for (scope, heading, says) in [
        (
            Scope::Isolate,
            "Of each isolate",
            "An isolate may give those that it spawns lower ones.",
        ),
        (
            Scope::Group,
            "Of a group",
            "A group is what one spawn of the host's leads to: that isolate and all that it \
             spawns.",
        ),
        (
            Scope::Runtime,
            "Of a runtime",
            "They are set when the runtime is made, and are the same for all of its groups.",
        ),
    ] {
        let _ = write!(
            page,
            "\n## {heading}\n\n{says}\n\n| name | the most | by default |\n|---|---|---|\n"
        );
        for limit in Limit::ALL.iter().filter(|limit| limit.scope() == scope) {
            let default = write_amount(*limit, Limits::default().get(*limit));
            let _ = writeln!(
                page,
                "| `{}` | {} | {default} |",
                limit.option(),
                limit.what()
            );
        }
    }
    ensure!(
        Limit::ALL.iter().all(|limit| page.contains(limit.option())),
        "a limit has another scope"
    );
    keep("reference/limits.md", &page)
}
