//! The digest that a program is pinned by.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// The SHA-256 digest of a program's bytes, written `sha256:` and 64 hexadecimal digits.
///
/// ```
/// use insula_policy::Digest;
///
/// let digest = Digest::of(b"not even a program");
/// assert_eq!(digest.to_string().parse(), Ok(digest));
/// assert!(digest.check(b"another one").is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String", extend("pattern" = "^sha256:[0-9a-fA-F]{64}$"))]
pub struct Digest([u8; 32]);

/// What the digest is called.
const NAME: &str = "sha256:";

/// A text that is no digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no digest: it has to be sha256: and 64 hexadecimal digits")]
pub struct BadDigest(String);

/// Bytes that have another digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its digest is {found}, and it has to be {expected}: these are other bytes")]
pub struct OtherDigest {
    /// What it has to be.
    pub expected: Digest,
    /// What it is.
    pub found: Digest,
}

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Digest(Sha256::digest(bytes).into())
    }

    /// Whether bytes are those that are meant.
    ///
    /// # Errors
    ///
    /// Where their digest is another one.
    pub fn check(self, bytes: &[u8]) -> Result<(), OtherDigest> {
        let found = Digest::of(bytes);
        if found == self {
            return Ok(());
        }
        Err(OtherDigest {
            expected: self,
            found,
        })
    }

    /// The hexadecimal digits alone.
    pub fn hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME}{}", self.hex())
    }
}

impl FromStr for Digest {
    type Err = BadDigest;

    fn from_str(text: &str) -> Result<Self, BadDigest> {
        let digest = || {
            let digits = text.strip_prefix(NAME)?.as_bytes();
            let mut digest = [0; 32];
            if digits.len() != 2 * digest.len() {
                return None;
            }
            for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
                *byte = 16 * digit(pair[0])? + digit(pair[1])?;
            }
            Some(Digest(digest))
        };
        digest().ok_or_else(|| BadDigest(crate::shown(text)))
    }
}

fn digit(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

impl TryFrom<String> for Digest {
    type Error = BadDigest;

    fn try_from(text: String) -> Result<Self, BadDigest> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the empty text, as everybody knows it.
    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_digest_is_read_as_it_is_written() {
        assert_eq!(Digest::of(b"").to_string(), EMPTY);
        assert_eq!(EMPTY.parse(), Ok(Digest::of(b"")));
        let upper = format!("sha256:{}", EMPTY[7..].to_uppercase());
        assert_eq!(upper.parse(), Ok(Digest::of(b"")));
        for bad in [
            "",
            "sha256:",
            &EMPTY[7..],
            &EMPTY[..70],
            "sha256:é",
            "sha512:00",
        ] {
            assert!(bad.parse::<Digest>().is_err(), "{bad}");
        }
        let long = format!("{EMPTY}0");
        assert!(long.parse::<Digest>().is_err());
    }
}
