//! `insula doctor`: it proves every limit there is, and nothing that does not hold.

use anyhow::{Context, Result};
use insula::Limit;
use serde_json::Value;

use super::insula;

#[test]
fn every_limit_is_proved() -> Result<()> {
    let ran = insula(["doctor", "--json"])?;
    assert_eq!((ran.status, &*ran.stderr), (Some(0), ""), "{ran:?}");
    let report: Value = serde_json::from_str(&ran.stdout)?;
    let limits = report["limits"].as_array().context("limits")?;
    let proved: Vec<_> = limits
        .iter()
        .map(|limit| (limit["limit"].as_str(), limit["holds"].as_bool()))
        .collect();
    let all = Limit::ALL.iter();
    let expected: Vec<_> = all
        .map(|limit| (Some(limit.option()), Some(true)))
        .collect();
    assert_eq!(proved, expected);
    // Kernels that say nothing of their mappings are not what this runs on.
    assert!(report["machine"]["mappings"].as_u64() > Some(1_000));
    assert!(report["isolate"]["mappings"].as_f64() > Some(0.0));
    assert!(report["isolate"]["memory"].as_f64() > Some(1_000.0));
    let bounds = report["bounds"].as_array().context("bounds")?;
    assert!(bounds.len() > 2, "{bounds:?}");
    Ok(())
}

#[test]
fn it_says_in_words_what_fits_and_which_knob_to_turn() -> Result<()> {
    let ran = insula(["doctor"])?;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    for words in [
        "isolates fit at once",
        "sysctl -w vm.max_map_count",
        "PAGEMAP_SCAN",
        "seccomp",
        "Every limit holds on this machine.",
    ] {
        assert!(ran.stdout.contains(words), "no {words}: {}", ran.stdout);
    }
    Ok(())
}
