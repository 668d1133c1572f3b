//! Reading programs from files: ordinary ones, and never more than a program may
//! have.

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read as _;
use std::path::Path;

use insula_message::Limit;

use crate::error::LoadError;
use crate::limits::Limits;

/// Reads a file of the host's choice.
pub(crate) fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>, LoadError> {
    let unreadable = |error: std::io::Error| unreadable(path, error.to_string());
    check_ordinary(path, &std::fs::metadata(path).map_err(unreadable)?)?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, NO_WAITING);
    read_open(path, options.open(path).map_err(unreadable)?, limits)
}

/// For a file that becomes a pipe after it was looked at: opening one waits for
/// whoever writes to it.
#[cfg(unix)]
pub(crate) const NO_WAITING: i32 = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();

/// Reads an open file, called `path` in errors.
pub(crate) fn read_open(path: &Path, file: File, limits: &Limits) -> Result<Vec<u8>, LoadError> {
    let unreadable = |error: std::io::Error| unreadable(path, error.to_string());
    let metadata = file.metadata().map_err(unreadable)?;
    check_ordinary(path, &metadata)?;
    let most = limits.program_bytes;
    check_size(&path.display().to_string(), metadata.len(), limits)?;
    // It may grow while it is read.
    let mut bytes = Vec::new();
    let read = file.take(most.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(unreadable)?;
    Ok(bytes)
}

/// An error where a program of so many bytes is larger than it may be.
pub(crate) fn check_size(program: &str, bytes: u64, limits: &Limits) -> Result<(), LoadError> {
    if bytes <= limits.program_bytes {
        return Ok(());
    }
    Err(LoadError::Limit {
        program: program.to_owned(),
        hit: limits.hit(Limit::ProgramBytes),
    })
}

fn check_ordinary(path: &Path, metadata: &Metadata) -> Result<(), LoadError> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(unreadable(path, "it is no ordinary file".to_owned()))
}

pub(crate) fn unreadable(path: &Path, why: String) -> LoadError {
    let path = path.to_owned();
    LoadError::Read { path, why }
}
