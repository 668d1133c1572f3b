//! Every block of code is checked by something, as its language says.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use insula_policy::Policy;

use super::page::{self, Block, Page};
use super::{build, root, source};

/// Where sources are that cargo, or a test of the C library's, compiles.
const COMPILED: &[&str] = &[
    "docs/examples/",
    "guest-sdk/",
    "guests/",
    "runtime/examples/",
    "cli/templates/",
];

#[test]
fn every_block_is_compiled_parsed_or_run() -> Result<()> {
    build::guests()?;
    let mut wrong = Vec::new();
    for page in page::all()? {
        for block in &page.blocks {
            if let Err(error) = check(&page, block) {
                wrong.push(format!("docs/src/{}:{}: {error:#}", page.name, block.line));
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

fn check(page: &Page, block: &Block) -> Result<()> {
    match block.language.as_str() {
        // `session` runs it.
        "console" => Ok(()),
        "rust" | "c" | "makefile" => is_compiled(block),
        "toml" if block.included.is_some() => is_compiled(block),
        "toml" => is_policy(page, block),
        "json" => {
            let value = serde_json::from_str::<serde_json::Value>(&block.text)?;
            ensure!(!value.is_null(), "there is something in it");
            Ok(())
        }
        "wit" => is_quoted(block, "wit/isolate.wit"),
        // What `reference` has written.
        "text" if page.name.starts_with("reference/") => Ok(()),
        other => anyhow::bail!("nothing checks a block of `{other}`"),
    }
}

/// Made of parts of files that are compiled, or written to where a session compiles it.
fn is_compiled(block: &Block) -> Result<()> {
    let is_done = |said: &String| said.starts_with("write ") || said.starts_with("edit ");
    if block.directives.iter().any(is_done) {
        return Ok(());
    }
    let included = block
        .included
        .as_ref()
        .context("nothing compiles it: include it from `docs/examples`")?;
    let root = root();
    for path in included {
        let path = path.strip_prefix(&root)?.display().to_string();
        ensure!(
            COMPILED.iter().any(|place| path.starts_with(place)),
            "nothing compiles {path}"
        );
    }
    Ok(())
}

/// A policy, unless a session writes it to a file of cargo's and so has it read by that.
fn is_policy(page: &Page, block: &Block) -> Result<()> {
    let is_cargos = |said: &String| said.starts_with("write ") && said.ends_with("Cargo.toml");
    if block.directives.iter().any(is_cargos) {
        return Ok(());
    }
    Policy::from_toml(&block.text).with_context(|| page.name.clone())?;
    Ok(())
}

/// Stands so in a file, but for its indentation.
fn is_quoted(block: &Block, file: &str) -> Result<()> {
    let plain = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim().to_owned());
        lines.filter(|line| !line.is_empty()).collect()
    };
    let (quoted, all) = (
        plain(&block.text),
        plain(&fs::read_to_string(root().join(file))?),
    );
    ensure!(
        all.windows(quoted.len()).any(|lines| lines == quoted),
        "{file} does not say so"
    );
    Ok(())
}

/// The README has no includes: its blocks are whole pieces of compiled files, policies,
/// or commands that `.ci/run` runs.
#[test]
fn every_block_of_the_readme_is_compiled_parsed_or_run() -> Result<()> {
    let root = root();
    let readme = Page::read(&root.join("README.md"), "README.md")?;
    let ci = fs::read_to_string(root.join(".ci/run"))?;
    let mut sources = Vec::new();
    for place in ["docs/examples", "guests", "runtime/examples"] {
        rust_files(&root.join(place), &mut sources)?;
    }
    for block in &readme.blocks {
        let at = format!("README.md:{}", block.line);
        match block.language.as_str() {
            "rust" => ensure!(
                sources.iter().any(|source| source.contains(&block.text)),
                "{at}: this is in no file that is compiled"
            ),
            "sh" => {
                for line in block.text.lines() {
                    let command = line.split(" #").next().unwrap_or_default().trim();
                    ensure!(
                        ci.contains(command),
                        "{at}: .ci/run does not run `{command}`"
                    );
                }
            }
            // What these print is in `start/shell.md`, word for word, and run there.
            "console" => {
                let shown = fs::read_to_string(source().join("start/shell.md"))?;
                ensure!(
                    shown.contains(&block.text),
                    "{at}: start/shell.md does not say so"
                );
            }
            "toml" => {
                Policy::from_toml(&block.text).with_context(|| at)?;
            }
            other => anyhow::bail!("{at}: nothing checks a block of `{other}`"),
        }
    }
    Ok(())
}

fn rust_files(folder: &Path, sources: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("target") {
            rust_files(&path, sources)?;
        } else if path.extension().is_some_and(|end| end == "rs") {
            let source = fs::read_to_string(&path)?;
            let lines = source.lines().filter(|line| !line.contains("ANCHOR"));
            sources.push(lines.map(|line| format!("{line}\n")).collect());
        }
    }
    Ok(())
}

/// The messages that a page says what to do about are the program's.
#[test]
fn every_message_that_is_explained_is_one_of_the_programs() -> Result<()> {
    let root = root();
    let mut sources = Vec::new();
    for place in [
        "cli/src",
        "guest-sdk/c/src",
        "guest-sdk/src",
        "message/src",
        "policy/src",
        "runtime/src",
    ] {
        rust_files(&root.join(place), &mut sources)?;
    }
    let sources: String = sources.iter().map(|source| unbroken(source)).collect();
    let page = Page::read(&source().join("guide/trouble.md"), "guide/trouble.md")?;
    // What Rust's own library and the system say.
    let others = [
        "memory allocation of ",
        " bytes failed",
        "could not execute process",
        "No such file or directory",
    ];
    let mut explained = 0;
    let mut wrong = Vec::new();
    for (at, line) in &page.prose {
        let Some(message) = line
            .strip_prefix("| `")
            .and_then(|rest| rest.split('`').next())
        else {
            continue;
        };
        explained += 1;
        for part in message
            .split("[..]")
            .map(str::trim)
            .filter(|part| part.len() > 3)
        {
            let is_said = sources.contains(part)
                || others.iter().any(|other| other.trim().contains(part))
                || part == "Operation not permitted";
            if !is_said {
                wrong.push(format!(
                    "docs/src/guide/trouble.md:{at}: nothing says `{part}`"
                ));
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    ensure!(explained > 20, "only {explained} messages were found");
    Ok(())
}

/// A source with its string literals in one line each.
fn unbroken(source: &str) -> String {
    let mut text = String::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let mut line = line.to_owned();
        while let Some(begun) = line.strip_suffix('\\') {
            let next = lines.next().unwrap_or_default().trim_start();
            line = format!("{begun}{next}");
        }
        text.push_str(&line);
        text.push('\n');
    }
    text
}
