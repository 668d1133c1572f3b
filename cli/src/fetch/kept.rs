//! Programs that were fetched before, by their digests. Whatever is in the folder, only
//! what has the digest is used.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Result;
use insula_policy::Digest;

use crate::report;

/// How many bytes all of them may have; those that were used longest ago go first.
const MOST: u64 = 1 << 30;

pub struct Kept {
    folder: PathBuf,
}

impl Kept {
    /// Those in the user's cache.
    pub fn new(cache: &Path) -> Self {
        Kept {
            folder: cache.join("programs"),
        }
    }

    /// The program with this digest, where it is there.
    pub fn get(&self, digest: Digest, most: u64) -> Option<Vec<u8>> {
        let path = self.path(digest);
        if !path.metadata().ok()?.is_file() {
            return None;
        }
        let file = File::open(&path).ok()?;
        let mut bytes = Vec::new();
        let read = (&file).take(most.saturating_add(1)).read_to_end(&mut bytes);
        read.ok()?;
        if bytes.len() as u64 > most {
            return None;
        }
        if digest.check(&bytes).is_err() {
            // It was cut off or changed, and is fetched anew.
            let _ = fs::remove_file(&path);
            return None;
        }
        // Not among the oldest any more; where that cannot be said, it goes earlier.
        let _ = File::options()
            .append(true)
            .open(&path)
            .and_then(|file| file.set_modified(SystemTime::now()));
        Some(bytes)
    }

    /// Keeps a program. Where that does not work it is fetched again the next time.
    pub fn keep(&self, digest: Digest, bytes: &[u8]) {
        if let Err(error) = self.write(digest, bytes) {
            report::warning(&format!(
                "{digest} was not kept in {}: {error:#}",
                self.folder.display()
            ));
        }
    }

    fn write(&self, digest: Digest, bytes: &[u8]) -> Result<()> {
        create_private(&self.folder)?;
        let new = self.folder.join(format!("new-{}", std::process::id()));
        let written = File::create(&new)
            .and_then(|mut file| file.write_all(bytes))
            .and_then(|()| fs::rename(&new, self.path(digest)));
        if written.is_err() {
            let _ = fs::remove_file(&new);
        }
        written?;
        self.make_room()
    }

    fn make_room(&self) -> Result<()> {
        let mut programs = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            // Another process may be faster.
            let Ok((entry, metadata)) = entry.and_then(|entry| {
                let metadata = entry.metadata()?;
                Ok((entry, metadata))
            }) else {
                continue;
            };
            programs.push((metadata.modified()?, metadata.len(), entry.path()));
        }
        programs.sort();
        let mut all: u64 = programs.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, path) in programs {
            if all <= MOST {
                break;
            }
            let _ = fs::remove_file(path);
            all -= bytes;
        }
        Ok(())
    }

    fn path(&self, digest: Digest) -> PathBuf {
        self.folder.join(format!("{}.wasm", digest.hex()))
    }
}

/// Makes the folder, the user's alone: the compiler's cache beside it insists on that.
fn create_private(folder: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    Ok(builder.create(folder)?)
}
