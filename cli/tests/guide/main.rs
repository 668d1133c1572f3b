//! The guide (`docs/`): every block of code in it is compiled, parsed or run, and every
//! link leads somewhere.

mod blocks;
mod build;
mod figures;
mod links;
mod page;
mod pattern;
mod reference;
mod session;

use std::path::{Path, PathBuf};

use anyhow::Result;

/// The repository.
fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().expect("the repository is there")
}

/// Where the guide's pages are.
fn source() -> PathBuf {
    root().join("docs/src")
}

/// Runs what each page says to type, in an empty folder, one page after the other from
/// top to bottom. A test for each, so that they run beside one another.
macro_rules! pages {
    ($($test:ident: $page:literal;)*) => {
        const PAGES: &[&str] = &[$($page),*];
        $(
            #[test]
            fn $test() -> Result<()> {
                session::run($page)
            }
        )*
    };
}

pages! {
    coming_from_dart: "from/dart.md";
    your_first_plugin: "start/plugin.md";
    guests_in_c: "guide/c.md";
    looking_at_it: "guide/looking.md";
    at_a_shell: "start/shell.md";
    coming_from_erlang: "from/erlang.md";
    coming_from_extism: "from/extism.md";
    deploying: "guide/deploying.md";
    limits_and_policies: "guide/limits.md";
    messages: "guide/messages.md";
    supervision: "guide/supervision.md";
    testing: "guide/testing.md";
    your_first_host: "start/host.md";
}

#[test]
fn every_page_with_commands_is_run() -> Result<()> {
    let mut with_commands: Vec<String> = Vec::new();
    for page in page::all()? {
        if page.blocks.iter().any(|block| block.language == "console") {
            with_commands.push(page.name.clone());
        }
    }
    let mut run: Vec<_> = PAGES.iter().map(|page| (*page).to_owned()).collect();
    with_commands.sort();
    run.sort();
    assert_eq!(with_commands, run, "the list in `pages!` is to be changed");
    Ok(())
}
