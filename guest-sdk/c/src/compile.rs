//! Compiling a program with the library.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::BuildError;
use crate::sdk::FILES;
use crate::toolchain::Toolchain;

/// What each program is compiled and linked with. The `Makefile` of a template says the
/// same.
///
/// The stack comes first in memory, so that an overflow traps. What is for debuggers
/// goes, wasi-libc's too, and the names of functions stay, for backtraces.
pub const FLAGS: &[&str] = &[
    "-std=c11",
    "-O2",
    "-Wall",
    "-Wextra",
    "-mexec-model=reactor",
    "-Wl,--stack-first",
    "-Wl,-z,stack-size=131072",
    "-Wl,--strip-debug",
];

/// Compiles `sources` and the library in `sdk` to `module`. Paths are relative to
/// `folder`, where the compiler runs: so are those in messages and panics. `CFLAGS` and
/// `LDFLAGS` of the environment come last.
///
/// # Errors
///
/// Where it does not compile: the compiler has said why on standard error.
pub fn compile(
    toolchain: &Toolchain,
    folder: &Path,
    sources: &[PathBuf],
    sdk: &Path,
    module: &Path,
) -> Result<(), BuildError> {
    if let Some(parent) = folder.join(module).parent() {
        fs::create_dir_all(parent).map_err(|error| BuildError::Io {
            path: parent.to_owned(),
            error,
        })?;
    }
    let library = FILES
        .iter()
        .filter(|(name, _)| name.ends_with(".c"))
        .map(|(name, _)| sdk.join(name));
    let mut include = std::ffi::OsString::from("-I");
    include.push(sdk);
    let mut clang = toolchain.command();
    clang
        .current_dir(folder)
        .args(FLAGS)
        .arg(include)
        // For the tests, which are in another folder.
        .arg("-Isrc")
        .args(sources)
        .args(library);
    for variable in ["CFLAGS", "LDFLAGS"] {
        let flags = env::var(variable).unwrap_or_default();
        clang.args(flags.split_whitespace());
    }
    let status = clang.arg("-o").arg(module).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(BuildError::Compile(folder.to_owned())),
        Err(error) => Err(BuildError::Io {
            path: toolchain.clang().to_owned(),
            error,
        }),
    }
}
