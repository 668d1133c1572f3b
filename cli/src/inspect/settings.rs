//! What a program may use, as it is in effect, and who said so.

use insula::{Capabilities, Limit, Limits};
use insula_policy::write_amount;
use serde::Serialize;

use crate::flags::{Allowed, Source};
use crate::table::Table;

/// A limit in effect.
#[derive(Debug, Serialize)]
pub struct LimitInEffect {
    name: &'static str,
    /// Bytes, a count, or milliseconds for times; none when it is off.
    value: Option<u64>,
    /// The value with its unit.
    written: String,
    /// What it holds for.
    of: String,
    from: Source,
}

/// One thing that may be reached.
#[derive(Debug, Serialize)]
pub struct Capability {
    name: &'static str,
    /// As its flag takes it; none where nothing is given.
    value: Option<String>,
    from: Source,
}

/// What a policy can give several of, or none.
const LISTS: [&str; 4] = ["dirs", "env", "args", "programs"];

/// What may be reached, in the order in which it is documented.
pub fn capabilities(allowed: &Allowed) -> Vec<Capability> {
    let by_default = Capabilities::default().settings();
    let by_policy = allowed
        .policy
        .capabilities(Capabilities::default())
        .settings();
    let in_effect = allowed.capabilities.settings();
    let nothing = LISTS
        .into_iter()
        .filter(|name| !in_effect.iter().any(|(given, _)| given == name))
        .map(|name| Capability {
            name,
            value: None,
            from: Source::Default,
        });
    let given = in_effect.iter().map(|setting| Capability {
        name: setting.0,
        value: Some(setting.1.clone()),
        from: if by_default.contains(setting) {
            Source::Default
        } else if by_policy.contains(setting) {
            Source::Policy
        } else {
            Source::Flag
        },
    });
    given.chain(nothing).collect()
}

pub fn capability_table(capabilities: &[Capability]) -> Table {
    let mut table = Table::default();
    for Capability { name, value, from } in capabilities {
        table.row([name, value.as_deref().unwrap_or("none"), from.name()]);
    }
    table
}

/// Every limit, in the order in which they are documented.
pub fn limits(allowed: &Allowed) -> Vec<LimitInEffect> {
    let limits = Limit::ALL.iter();
    limits
        .map(|limit| {
            let value = allowed.limits.get(*limit);
            LimitInEffect {
                name: limit.option(),
                value: (value != Limits::NONE).then_some(value),
                written: write_amount(*limit, value),
                of: format!("{:?}", limit.scope()).to_lowercase(),
                from: allowed.source(*limit),
            }
        })
        .collect()
}

pub fn limit_table(limits: &[LimitInEffect]) -> Table {
    let mut table = Table::default();
    for limit in limits {
        table.row([limit.name, &limit.written, &limit.of, limit.from.name()]);
    }
    table
}
