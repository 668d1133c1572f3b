//! The pages that are written from the program itself.
//!
//! `INSULA_WRITE_GUIDE=1 cargo test --test guide reference` writes them anew.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use insula::{Limit, Limits, Scope};
use insula_policy::{Policy, write_amount};
use serde_json::Value;

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

/// The keys of a table of the schema, with what each means.
fn keys(schema: &Value, page: &mut String) {
    page.push_str("\n| key | meaning |\n|---|---|\n");
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        let meaning = value["description"].as_str().unwrap_or_default();
        let choices = value["enum"].as_array().into_iter().flatten();
        let choices: Vec<_> = choices.map(|choice| format!("`{choice}`")).collect();
        let choices = match choices.is_empty() {
            true => String::new(),
            false => format!(" One of {}.", choices.join(", ")),
        };
        let _ = writeln!(
            page,
            "| `{key}` | {}{choices} |",
            meaning.replace('\n', " ")
        );
    }
}

#[test]
fn reference_of_policies_is_what_their_schema_says() -> Result<()> {
    let schema = Policy::schema();
    let mut page = String::from(
        "# Policy files\n\n\
         A policy is TOML, for `insula run --policy FILE`, `insula inspect --policy FILE` and the \
         crate `insula-policy`. A key that is not here is refused, with its place and with the \
         one that was meant. `insula schema` prints the same as a JSON Schema. A test compares \
         this page with it.\n\n\
         ```toml\n",
    );
    page.push_str(EVERY_KEY);
    page.push_str("```\n\n## At the top\n");
    keys(&schema, &mut page);
    page.push_str("\n## `[capabilities]`\n");
    keys(&schema["$defs"]["Capabilities"], &mut page);
    page.push_str(
        "\n## `[limits]`\n\n\
         The name of [every limit](limits.md), with a whole number, a text with a unit (`KiB`, \
         `MiB`, `GiB`; `ms`, `s`, `min`, `h`), or `\"none\"`.\n",
    );
    for table in [&schema, &schema["$defs"]["Capabilities"]] {
        for key in table["properties"].as_object().into_iter().flatten() {
            let is_shown = EVERY_KEY.lines().any(|line| line.contains(key.0));
            ensure!(is_shown, "the example has no `{}`", key.0);
        }
    }
    keep("reference/policy.md", &page)
}

/// The example of a policy: `blocks` has it read.
const EVERY_KEY: &str = r#"name = "thumbnails"     # what its first isolate is called
entry = "main"          # where it begins
digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
weight = 50             # half of what others get of the CPU
output_fatal = false
errors_fatal = true

[limits]
memory = "16MiB"
group_memory = "64MiB"
turn_cpu = "500ms"
life = "1h"
isolates = 10
cpu = "none"

[capabilities]
dirs = ["pictures::/in::ro", { host = "small", guest = "/out", access = "rw" }]
env = { LANG = "C.UTF-8" }
args = ["--size", "64"]
programs = ["filters/"]
stdin = "closed"
clock = "frozen"
random = 7
"#;
