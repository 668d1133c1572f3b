//! Which files have changed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::Happening;
use super::sources::Sources;

/// Tells of changes to what it was told of.
pub struct Changes {
    watcher: RecommendedWatcher,
    sources: Arc<Mutex<Sources>>,
    folders: BTreeSet<PathBuf>,
}

impl Changes {
    pub fn new(happens: Sender<Happening>) -> Result<Self> {
        let sources = Arc::new(Mutex::new(Sources::default()));
        let known = sources.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let Ok(event) = event else { return };
            if matches!(event.kind, EventKind::Access(_)) {
                return;
            }
            let changed = event.paths.into_iter().find(|path| lock(&known).has(path));
            if let Some(path) = changed {
                let _ = happens.send(Happening::Changed(shortened(path)));
            }
        });
        Ok(Changes {
            watcher: watcher.context("this system does not tell when files change")?,
            sources,
            folders: BTreeSet::new(),
        })
    }

    /// Watches these too.
    pub fn also(&mut self, sources: &Sources) -> Result<()> {
        lock(&self.sources).add(sources);
        for folder in sources.folders() {
            if self.folders.contains(&folder) {
                continue;
            }
            let watched = self.watcher.watch(&folder, RecursiveMode::NonRecursive);
            watched.with_context(|| {
                format!(
                    "{} cannot be watched for changes (on Linux `sysctl -w \
                     fs.inotify.max_user_watches=..` allows more)",
                    folder.display()
                )
            })?;
            self.folders.insert(folder);
        }
        Ok(())
    }
}

fn lock(sources: &Mutex<Sources>) -> MutexGuard<'_, Sources> {
    sources.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A path below the current folder from there.
fn shortened(path: PathBuf) -> PathBuf {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    let below = here
        .ok()
        .and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned));
    below.unwrap_or(path)
}
