//! Programs from `https:` URIs. What comes is looked at only once its digest is the
//! one that was said, and kept by that, so that it is fetched once.

mod client;
mod kept;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};
use insula_policy::Digest;

use kept::Kept;

/// What is to be fetched, and how.
pub struct Fetch<'a> {
    pub uri: &'a str,
    /// What it has to be.
    pub digest: Option<Digest>,
    /// The user's cache, where there is one.
    pub cache: Option<PathBuf>,
    /// Who is trusted beside those whom the system trusts.
    pub ca_file: Option<&'a Path>,
    /// How long it may last until something comes.
    pub patience: Duration,
    /// How many bytes a program may have.
    pub most: u64,
}

/// Whether a program is to be fetched, by what the user calls it.
pub fn is_remote(place: &str) -> bool {
    let scheme = place.split_once(':').map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
    })
}

impl Fetch<'_> {
    /// The program's bytes, which have the digest.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        let uri = self.uri;
        let lower = uri.to_ascii_lowercase();
        if lower.starts_with("https:") && !lower.starts_with("https://") {
            bail!("{uri}: it is no URI of a program: write https://HOST/PATH");
        }
        if !lower.starts_with("https:") {
            bail!("{uri}: http: is open to whoever is on the way, so only https: is fetched");
        }
        // They would be shown in every message.
        let authority = uri["https://".len()..].split(['/', '?', '#']).next();
        if authority.is_some_and(|authority| authority.contains('@')) {
            bail!(
                "an https: URI with a user's name in it is not fetched: leave out what is before the @"
            );
        }
        let Some(digest) = self.digest else {
            let digest = Digest::of(&client::get(self)?);
            bail!(
                "{uri} is not pinned, so it was not run: say which digest it has to have. What \
                 came now has this one; if its author says the same, add `--digest {digest}`"
            );
        };
        let kept = self.cache.as_deref().map(Kept::new);
        if let Some(bytes) = kept.as_ref().and_then(|kept| kept.get(digest, self.most)) {
            return Ok(bytes);
        }
        let bytes = client::get(self)?;
        if let Err(other) = digest.check(&bytes) {
            bail!(
                "{uri} was not run: {other} (either it was changed, which its author will tell, \
                 or somebody is in between)"
            );
        }
        if let Some(kept) = kept {
            kept.keep(digest, &bytes);
        }
        Ok(bytes)
    }
}
