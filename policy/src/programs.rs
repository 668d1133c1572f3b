//! Where programs may be spawned from: files and folders that are here, and programs
//! elsewhere that are pinned.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::digest::{BadDigest, Digest};

/// A program elsewhere and the digest that it has to have, written
/// `https://HOST/PATH#sha256:..`.
///
/// ```
/// use insula_policy::{Digest, PinnedProgram};
///
/// let digest = Digest::of(b"a program");
/// let pinned: PinnedProgram = format!("https://example.org/a.wasm#{digest}").parse()?;
/// assert_eq!((&*pinned.uri, pinned.digest), ("https://example.org/a.wasm", digest));
/// # Ok::<_, insula_policy::BadPin>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedProgram {
    /// Its URI, as guests name it.
    pub uri: String,
    /// What its bytes have to be.
    pub digest: Digest,
}

/// A text that pins no program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadPin {
    /// It is none of `https:`.
    #[error("`{0}` is no https: URI, and from elsewhere programs come by those alone")]
    NotHttps(String),
    /// There is no digest behind it.
    #[error("`{0}` has no digest behind it, as in https://HOST/PATH#sha256:..")]
    NoDigest(String),
    /// What is behind it is no digest.
    #[error(transparent)]
    Digest(#[from] BadDigest),
}

impl FromStr for PinnedProgram {
    type Err = BadPin;

    fn from_str(text: &str) -> Result<Self, BadPin> {
        if !text.to_ascii_lowercase().starts_with("https://") {
            return Err(BadPin::NotHttps(crate::shown(text)));
        }
        let (uri, digest) = text
            .rsplit_once('#')
            .ok_or_else(|| BadPin::NoDigest(crate::shown(text)))?;
        Ok(PinnedProgram {
            uri: uri.to_owned(),
            digest: digest.parse()?,
        })
    }
}

impl fmt::Display for PinnedProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.uri, self.digest)
    }
}

/// One of the programs that a policy grants.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String", inline)]
pub(crate) enum ProgramSetting {
    /// A `file:` URI or a path.
    Here(String),
    Elsewhere(PinnedProgram),
}

impl TryFrom<String> for ProgramSetting {
    type Error = BadPin;

    fn try_from(text: String) -> Result<Self, BadPin> {
        let scheme = text.split_once(':').map(|(scheme, _)| scheme);
        let is_elsewhere = scheme.is_some_and(|scheme| {
            scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
        });
        if is_elsewhere {
            return Ok(ProgramSetting::Elsewhere(text.parse()?));
        }
        Ok(ProgramSetting::Here(text))
    }
}
