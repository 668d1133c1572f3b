//! `SECURITY.md`: each promise names tests that exist.

use anyhow::{Result, ensure};

use crate::shown::{missing, root, rows};

#[test]
fn every_promise_is_shown_by_tests() -> Result<()> {
    let page = std::fs::read_to_string(root().join("SECURITY.md"))?;
    let promises = rows(&page, "What is promised")?;
    ensure!(promises.len() > 15, "there are {} promises", promises.len());
    let mut wrong = Vec::new();
    for promise in promises {
        let [promise, shown] = &promise[..] else {
            wrong.push(format!("not two cells: {promise:?}"));
            continue;
        };
        if let Some(what) = missing(shown)? {
            wrong.push(format!("{promise}: {what}"));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
