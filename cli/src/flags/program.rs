//! Which program.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use insula_policy::Digest;

use super::found::{Found, read};
use super::{Allowed, CacheFlags, FetchFlags};
use crate::c_project;
use crate::fetch;
use crate::guest_crate::{self, GuestCrate};

#[derive(Args)]
pub struct ProgramFlags {
    /// A guest crate's folder, a .wasm file, or a file: or https: URI.
    ///
    /// A crate is built first. What comes from an https: URI has to be pinned by its
    /// `--digest`; it is kept in the cache and fetched once. HTTPS_PROXY and NO_PROXY
    /// are heeded where they are set.
    program: String,
    /// Which of the crate's programs, where it has several.
    #[arg(long, value_name = "NAME")]
    bin: Option<String>,
    /// Takes the program as a file of WebAssembly text.
    #[arg(long)]
    wat: bool,
    /// The digest that the program has to have: `sha256:` and 64 hexadecimal digits.
    ///
    /// A program from an https: URI runs only where this is given. A policy can say it
    /// too, as `digest`.
    #[arg(long, value_name = "DIGEST", help_heading = "Where it comes from")]
    digest: Option<Digest>,
    #[command(flatten)]
    pub fetching: FetchFlags,
}

impl ProgramFlags {
    /// What the user means: fetches a program, or builds a guest crate.
    pub fn find(&self, cache: &CacheFlags, allowed: &Allowed) -> Result<Found> {
        let given = &self.program;
        let digest = self.digest.or(allowed.policy.digest());
        if self.wat {
            return self.text(digest);
        }
        if fetch::is_remote(given) {
            let module = self.fetching.fetch(given, digest, cache, allowed)?;
            return Ok(Found::bytes(given.clone(), module));
        }
        let path = Path::new(given);
        if given.starts_with("file:") || path.is_file() {
            return Found::file(given.clone(), digest);
        }
        if path.is_dir() {
            if digest.is_some() {
                bail!(
                    "{given}: a digest is one of a program that is there, and a crate is built \
                     anew: give the .wasm file, or leave the digest out"
                );
            }
            return Found::file(self.built(path)?.to_string_lossy().into_owned(), None);
        }
        bail!(
            "{given}: there is no such file or folder (give a guest crate's folder, a .wasm file \
             or a file: or https: URI)"
        )
    }

    /// What the user calls it.
    pub fn place(&self) -> &str {
        &self.program
    }

    /// Whether it has to be built.
    pub fn is_built(&self) -> bool {
        Path::new(&self.program).is_dir()
    }

    /// An error where nothing tells when it changes.
    pub fn check_watched(&self) -> Result<()> {
        if fetch::is_remote(&self.program) {
            bail!("{}: --watch is for files and folders", self.program);
        }
        Ok(())
    }

    fn built(&self, folder: &Path) -> Result<PathBuf> {
        match c_project::build(folder) {
            Some(module) => module,
            None => guest_crate::build(GuestCrate {
                folder,
                bin: self.bin.as_deref(),
            }),
        }
    }

    fn text(&self, digest: Option<Digest>) -> Result<Found> {
        let given = &self.program;
        let text = read(Path::new(given))?;
        if let Some(digest) = digest {
            digest.check(&text).with_context(|| given.clone())?;
        }
        let text = String::from_utf8(text).with_context(|| given.clone())?;
        let module = wat::parse_str(text).map_err(|mut error| {
            error.set_path(given);
            error
        });
        let module = module.context("it is no WebAssembly text")?;
        Ok(Found::bytes(given.clone(), module))
    }
}
