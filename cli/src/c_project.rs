//! Building a program in C.

use std::path::{Path, PathBuf};

use anyhow::Result;
use insula_guest_c::{Project, Toolchain};

/// The module of the program in `folder`, where that is one in C: it has `src/*.c` and
/// no `Cargo.toml`.
pub fn build(folder: &Path) -> Option<Result<PathBuf>> {
    let project = Project::in_folder(folder)?;
    let build = || Ok(project.build(&Toolchain::find()?)?);
    Some(build())
}

/// The module of the program in `folder` with its tests, where that is one in C.
pub fn build_tests(folder: &Path) -> Option<Result<PathBuf>> {
    let project = Project::in_folder(folder)?;
    let build = || Ok(project.build_tests(&Toolchain::find()?)?);
    Some(build())
}
