//! The JSON Schema that is checked in is the one that the types make.

use std::path::Path;

use anyhow::{Context, Result};
use insula::{Limit, Limits};
use insula_policy::Policy;
use serde_json::Value;

fn text() -> Result<String> {
    Ok(serde_json::to_string_pretty(&Policy::schema())? + "\n")
}

#[test]
fn the_schema_that_is_checked_in_is_not_stale() -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.json");
    let checked_in = std::fs::read_to_string(&path)?;
    assert!(
        checked_in == text()?,
        "policy/schema.json is stale: write it again with \
         `cargo run -- schema > policy/schema.json`"
    );
    Ok(())
}

#[test]
fn every_limit_has_its_description_and_its_default_in_the_schema() -> Result<()> {
    let schema = Policy::schema();
    let limits = schema["$defs"]["Limits"]["properties"]
        .as_object()
        .context("the limits are in the schema")?;
    assert_eq!(limits.len(), Limit::ALL.len());
    for limit in Limit::ALL {
        let described = &limits[limit.option()];
        let description = described["description"].as_str().context("a description")?;
        assert!(description.contains(limit.what()), "{description}");
        let default = match Limits::default().get(*limit) {
            Limits::NONE => Value::from("none"),
            value => Value::from(value),
        };
        assert_eq!(described["default"], default);
    }
    Ok(())
}
