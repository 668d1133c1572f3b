//! Folders of files that a test makes, and that are gone after it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A folder of one test's own, by the test's name.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Result<Self> {
        let parent = Path::new(env!("OUT_DIR")).canonicalize()?;
        let path = parent.join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(Folder(path))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The `file:` URI of something in it.
    pub fn uri(&self, name: &str) -> String {
        insula::file_uri(&self.path(name)).expect("the path is absolute")
    }

    /// Copies a guest's module to here.
    pub fn copy(&self, module: &str, name: &str) -> Result<PathBuf> {
        self.write(name, fs::read(module)?)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<PathBuf> {
        let path = self.path(name);
        fs::create_dir_all(path.parent().context("it is in the folder")?)?;
        fs::write(&path, bytes)?;
        Ok(path)
    }

    /// A link in the folder to whatever there is at `target`.
    pub fn link(&self, target: impl AsRef<Path>, name: &str) -> Result<()> {
        Ok(std::os::unix::fs::symlink(target, self.path(name))?)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
