//! What can go wrong, an enum for each operation.

use std::path::PathBuf;
use std::{fmt, io};

use thiserror::Error;

use crate::toolchain::INSTALL;

/// Why there is no compiler for WebAssembly. One line that says what is missing and how
/// to install it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ToolchainError {
    /// No clang was found at all.
    #[error(
        "there is no clang, which compiles C to WebAssembly (looked for $WASI_SDK_PATH/bin/clang, \
         for $CC where that is a clang, and for clang in $PATH): {INSTALL}"
    )]
    NoClang,
    /// There is one, and it cannot make a module.
    #[error("{clang} cannot make WebAssembly modules: {missing}: {INSTALL}")]
    Incomplete {
        /// The clang that comes closest.
        clang: String,
        /// What it lacks.
        missing: Missing,
    },
    /// A folder for temporary files could not be used.
    #[error("clang could not be tried out: {0}")]
    Io(#[from] io::Error),
}

/// What a clang lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// The target wasm32 was not built into it.
    Target,
    /// The headers and the library of wasi-libc.
    Libc,
    /// The linker wasm-ld.
    Linker,
    /// compiler-rt's functions for wasm32.
    Builtins,
    /// Something else: what it said.
    Other(String),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Missing::Target => "it was built without the target wasm32",
            Missing::Libc => "wasi-libc is missing",
            Missing::Linker => "the linker wasm-ld is missing",
            Missing::Builtins => "compiler-rt's functions for wasm32 are missing",
            Missing::Other(said) => said,
        })
    }
}

/// Why a program in C was not built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no compiler.
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    /// The compiler has said on standard error what is wrong.
    #[error("{}: the program does not compile; clang says why above", .0.display())]
    Compile(PathBuf),
    /// make has said on standard error what is wrong.
    #[error("{}: make failed; it says why above", .0.display())]
    Make(PathBuf),
    /// The folder has a Makefile, and there is no make.
    #[error(
        "{}: it has a Makefile, and there is no make: install it (`sudo apt-get install make`), \
         or take the Makefile away, and insula compiles src/*.c itself", .0.display()
    )]
    NoMake(PathBuf),
    /// make went well, and there is no module.
    #[error(
        "{}: make has made no {}: the Makefile's {target} has to make the file that the \
         variable {variable} names", .folder.display(), .module.display()
    )]
    NoModule {
        /// The project.
        folder: PathBuf,
        /// The module that was to be.
        module: PathBuf,
        /// What should have made it.
        target: &'static str,
        /// The variable that named it.
        variable: &'static str,
    },
    /// The folder is no project in C.
    #[error("{}: there are no C sources in it (src/*.c)", .0.display())]
    NoSources(PathBuf),
    /// There is nothing to test.
    #[error("{}: there are no tests in it (tests/*.c, with INSULA_TEST)", .0.display())]
    NoTests(PathBuf),
    /// A file could not be read or written.
    #[error("{}: {error}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// Why the compiler could not be fetched.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// There is no `apt-get` or no `dpkg-deb`: no Debian.
    #[error("`{0}` is not there, so this is no Debian to get packages for")]
    NoDebian(&'static str),
    /// A command failed.
    #[error("`{command}` failed: {said}")]
    Failed {
        /// The command.
        command: String,
        /// The last line of what it said.
        said: String,
    },
    /// A file could not be read or written.
    #[error("{}: {error}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// What was fetched does not work.
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
}
