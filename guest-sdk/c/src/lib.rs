//! Insula for guests in C: the sources of the library, and how a program is compiled
//! with it.
//!
//! Who writes a guest in C needs nothing of this crate but `sdk/`; see `README.md`. The
//! command `insula` compiles C projects by it, and so do the tests.
//!
//! ```no_run
//! use insula_guest_c::{Toolchain, compile, write_sdk};
//! # use std::path::{Path, PathBuf};
//!
//! let toolchain = Toolchain::find()?;
//! write_sdk(Path::new("insula"))?;
//! compile(&toolchain, Path::new("."), &["src/main.c".into()], Path::new("insula"), Path::new("main.wasm"))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod compile;
mod debian;
mod error;
mod project;
mod sdk;
mod toolchain;

pub use compile::{FLAGS, compile};
pub use debian::fetch;
pub use error::{BuildError, FetchError, ToolchainError};
pub use project::Project;
pub use sdk::{FILES, write_sdk};
pub use toolchain::{INSTALL, TOOLCHAIN_VARIABLE, Toolchain};
