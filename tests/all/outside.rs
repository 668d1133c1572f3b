//! What a guest reaches of the world outside: nothing that it was not granted, and
//! what it was.

mod files;
mod grants;
mod heirs;

use anyhow::Result;
use insula::{Capabilities, ExitReason, SpawnOptions};
use insula_tests::Host;

use crate::guests;

/// Does steps in a guest that may reach this, and gives what it says of each.
fn does(host: &Host, capabilities: Capabilities, steps: &[(&str, &[&str])]) -> Result<Vec<String>> {
    let program = host.program(guests::OUTSIDE)?;
    let before = host.lines_of("does#1").len();
    let options = SpawnOptions::new()
        .entry("does")
        .message(&steps)
        .capabilities(capabilities);
    assert_eq!(host.run(&program, options)?, ExitReason::Ended);
    let lines = host.lines_of("does#1").split_off(before);
    let said = steps.iter().zip(&lines).map(|((what, about), line)| {
        let heading = format!("{what} {}: ", about.join(" "));
        let said = line.strip_prefix(&heading);
        said.unwrap_or_else(|| panic!("{line} is not about {heading}"))
            .to_owned()
    });
    let said: Vec<_> = said.collect();
    assert_eq!(said.len(), steps.len(), "{lines:?}");
    Ok(said)
}
