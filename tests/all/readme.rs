//! What the README quotes is what is compiled and run.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use insula::{ExitReason, SendPort, SpawnOptions};
use insula_tests::Host;
use serde::Serialize;

use crate::guests;

#[test]
fn the_readme_quotes_the_guests_and_the_host_as_they_are() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = std::fs::read_to_string(root.join("README.md"))?;
    for quoted in [
        "guests/hello/src/main.rs",
        "docs/examples/host/examples/first_host.rs",
    ] {
        let source = std::fs::read_to_string(root.join(quoted))?;
        let block = format!("```rust\n{source}```\n");
        assert!(
            readme.contains(&block),
            "README.md does not quote {quoted} as it is now"
        );
    }
    Ok(())
}

#[derive(Serialize)]
struct Services {
    prices: SendPort,
}

#[test]
fn the_guides_plugin_uses_its_hosts_service() -> Result<()> {
    let host = Host::new()?;
    let (prices, requests) = host.runtime.port();
    let services = Services { prices };
    let program = host.program(guests::PLUGIN)?;
    let plugin = host
        .runtime
        .spawn(&program, SpawnOptions::new().message(&services))?;
    drop(services);
    let service = std::thread::spawn(move || -> Result<usize> {
        let mut served = 0;
        for request in &requests {
            let price: Result<u32, String> = Ok(12);
            request
                .reply()
                .context("a call has a reply port")?
                .send(&price)?;
            served += 1;
        }
        Ok(served)
    });
    let quote: String = plugin
        .port()
        .call_timeout("quote", Duration::from_secs(60))?;
    assert_eq!(quote, "an amphora costs 12");
    assert_eq!(plugin.join(), ExitReason::Ended);
    assert_eq!(service.join().expect("no panic")?, 1);
    Ok(())
}
