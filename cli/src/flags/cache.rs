//! Where compiled programs are kept.

use std::env;
use std::path::PathBuf;

use clap::Args;
use insula::RuntimeBuilder;

#[derive(Args)]
pub struct CacheFlags {
    /// Keeps programs that were compiled or fetched in this folder [default: `insula` in
    /// $XDG_CACHE_HOME or ~/.cache].
    #[arg(help_heading = "How it runs", long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Compiles and fetches anew, and keeps nothing.
    #[arg(help_heading = "How it runs", long, conflicts_with = "cache")]
    no_cache: bool,
}

impl CacheFlags {
    pub fn set(&self, builder: RuntimeBuilder) -> RuntimeBuilder {
        match self.folder() {
            Some(folder) => builder.cache(folder),
            None => builder,
        }
    }

    /// The folder, where anything is kept.
    pub fn folder(&self) -> Option<PathBuf> {
        if self.no_cache {
            return None;
        }
        self.cache.clone().or_else(users_folder)
    }
}

/// Where programs of this user keep what they can make again. A relative path there
/// is to be ignored.
fn users_folder() -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let named = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".cache"));
    let caches = named.filter(absolute).or_else(|| home().filter(absolute))?;
    Some(caches.join("insula"))
}
