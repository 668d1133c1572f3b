//! Policy files: what a program may use and reach, written down where a host can
//! review it.
//!
//! ```toml
//! name = "thumbnails"
//!
//! [limits]
//! memory = "16MiB"
//! turn_cpu = "500ms"
//! isolates = 10
//!
//! [capabilities]
//! dirs = ["maps::/maps::ro"]
//! env = { LANG = "C.UTF-8" }
//! clock = "frozen"
//! random = 7
//! ```
//!
//! Every name is that of the option of [`SpawnOptions`](insula::SpawnOptions),
//! [`Limits`](insula::Limits) and [`Capabilities`](insula::Capabilities), and what a
//! file does not say keeps its default. A key that means nothing is an error that
//! says where it stands and what was meant: a limit that is misspelt would be none.
//!
//! ```
//! # fn main() -> anyhow::Result<()> {
//! use insula::{Limit, Limits, Runtime};
//! use insula_policy::Policy;
//!
//! let policy = Policy::from_toml("limits = { memory = '16MiB', isolates = 10 }")?;
//! let runtime = Runtime::builder()
//!     .max_isolates(10)
//!     .limits(policy.limits(Limits::default()))
//!     .start()?;
//! assert_eq!(runtime.limits().get(Limit::Memory), 16 << 20);
//!
//! // Or for one group of a runtime that has others too:
//! let options = policy.spawn_options(&runtime);
//!
//! let wrong = Policy::from_toml("[limits]\nmemry = '16MiB'").unwrap_err();
//! assert_eq!(
//!     wrong.to_string(),
//!     "the policy:2:1: there is no `memry` in [limits]: did you mean `memory`?"
//! );
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod amount;
mod capabilities;
mod digest;
mod dir;
mod error;
mod limits;
mod policy;
mod programs;
mod setting;
mod text;
mod unknown;

pub use amount::{AmountError, parse_amount, write_amount};
pub use digest::{BadDigest, Digest, OtherDigest};
pub use error::{Place, PolicyError, PolicyErrorKind};
pub use policy::Policy;
pub use programs::{BadPin, PinnedProgram};
pub use setting::{SettingError, parse_setting};

/// How much of a file's own text an error repeats.
const SHOWN: usize = 64;

/// How long what a reader says may be: it may repeat a text of the file's.
const SAID: usize = 400;

/// A text of a file's, fit to be told in an error.
fn shown(text: &str) -> String {
    cut(text, SHOWN)
}

/// What a reader says, fit to be told in an error.
fn said(text: &str) -> String {
    cut(text, SAID)
}

fn cut(text: &str, most: usize) -> String {
    insula::harmless(&text.chars().take(most).collect::<String>())
}
