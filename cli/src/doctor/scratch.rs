//! A folder of one proof's own, gone after it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use insula::{Access, Capabilities};

/// The program in the folder.
const PROGRAM: &str = "idle.wasm";

pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Result<Self> {
        let path =
            std::env::temp_dir().join(format!("insula-doctor-{}-{name}", std::process::id()));
        // Fails where it is there: what others have put there is not looked at.
        fs::create_dir(&path).with_context(|| path.display().to_string())?;
        let scratch = Scratch(path);
        let wasm = wat::parse_str(include_str!("guests/idle.wat"))?;
        fs::write(scratch.0.join(PROGRAM), wasm)?;
        Ok(scratch)
    }

    /// The guest with the program's URI in place of `URI`.
    pub fn fill_in(&self, guest: &str) -> Result<String> {
        let uri = uri(&self.0.join(PROGRAM))?;
        let length = uri.len().to_string();
        Ok(guest
            .replace("\"URI\"", &format!("\"{uri}\""))
            .replace("LENGTH", &length))
    }

    /// To read in the folder, and to spawn from it.
    pub fn capabilities(&self) -> Result<Capabilities> {
        let capabilities = Capabilities::default().programs(uri(&self.0)?);
        Ok(capabilities.dir(&self.0, "/scratch", Access::ReadOnly))
    }
}

fn uri(path: &Path) -> Result<String> {
    let path = path.canonicalize()?;
    insula::file_uri(&path).with_context(|| path.display().to_string())
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
