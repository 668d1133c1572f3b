//! Policy files: what a program may use and reach, as somebody wrote it down.

use insula::{Capabilities, Limit, Limits};
use insula_policy::{Policy, parse_amount, parse_setting, write_amount};

use crate::within;

/// What reading may allocate for each byte of a file, and beside that.
const FOR_EACH_BYTE: usize = 2048;
const ANYWAY: usize = 1 << 20;

/// Reads `bytes` as a policy, as an amount of everything, and as a setting.
pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let most = text.len() * FOR_EACH_BYTE + ANYWAY;
    match within(most, "a policy", || Policy::from_toml(&text)) {
        Ok(policy) => check(policy),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    for limit in Limit::ALL {
        match parse_amount(*limit, &text) {
            Ok(value) => {
                let again = write_amount(*limit, value);
                assert_eq!(parse_amount(*limit, &again), Ok(value), "{again}");
            }
            Err(error) => assert!(error.to_string().len() < 1024),
        }
    }
    match parse_setting(&text) {
        Ok((limit, value)) => assert_eq!(
            Limits::default()
                .set(limit.option(), value)
                .map(|limits| limits.get(limit)),
            Some(value)
        ),
        Err(error) => assert!(error.to_string().len() < 4096, "{error}"),
    }
}

/// What a policy says of a limit is what it sets.
fn check(policy: Policy) {
    let (default, set) = (Limits::default(), policy.limits(Limits::default()));
    for limit in Limit::ALL {
        let said = policy.limit(*limit).unwrap_or(default.get(*limit));
        assert_eq!(set.get(*limit), said, "{limit:?}");
    }
    let given = policy.capabilities(Capabilities::default());
    let elsewhere = policy.relative_to("/nowhere");
    assert!(!format!("{given:?} {elsewhere:?}").is_empty());
}
