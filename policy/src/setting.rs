//! One limit with its value, as a flag says it.

use insula::Limit;

use crate::amount::{AmountError, parse_amount};
use crate::unknown::most_like;

/// A text that sets no limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// There is no `=` in it.
    #[error("it has to be NAME=VALUE")]
    NoValue,
    /// No limit has this name.
    #[error("there is no limit `{name}`{}", instead(*suggestion))]
    NoSuchLimit {
        /// The name.
        name: String,
        /// The limit whose name is most like it, if one is.
        suggestion: Option<Limit>,
    },
    /// The value is none of this limit's.
    #[error(transparent)]
    Amount(#[from] AmountError),
}

fn instead(suggestion: Option<Limit>) -> String {
    match suggestion {
        Some(limit) => format!(": did you mean `{}`?", limit.option()),
        None => format!("; there is {}", names().join(", ")),
    }
}

fn names() -> Vec<&'static str> {
    Limit::ALL.iter().map(|limit| limit.option()).collect()
}

/// Reads `NAME=VALUE`, as in `memory=16MiB`.
///
/// ```
/// use insula::Limit;
///
/// assert_eq!(insula_policy::parse_setting("memory=16MiB"), Ok((Limit::Memory, 16 << 20)));
/// let wrong = insula_policy::parse_setting("memry=16MiB").unwrap_err();
/// assert_eq!(wrong.to_string(), "there is no limit `memry`: did you mean `memory`?");
/// ```
///
/// # Errors
///
/// Where there is no `=`, no such limit, or the value is no amount of it.
pub fn parse_setting(text: &str) -> Result<(Limit, u64), SettingError> {
    let (name, value) = text.split_once('=').ok_or(SettingError::NoValue)?;
    let limit = named(name)?;
    Ok((limit, parse_amount(limit, value)?))
}

fn named(name: &str) -> Result<Limit, SettingError> {
    let all = names();
    let find = |name: &str| Limit::ALL.iter().find(|limit| limit.option() == name);
    find(name)
        .copied()
        .ok_or_else(|| SettingError::NoSuchLimit {
            name: crate::shown(name),
            suggestion: most_like(name, &all).and_then(|name| find(name)).copied(),
        })
}
