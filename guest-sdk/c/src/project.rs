//! A folder with a program in C.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::compile::compile;
use crate::error::BuildError;
use crate::sdk::write_sdk;
use crate::toolchain::Toolchain;

/// A folder with a program in C: `src/*.c`, and beside it a `Makefile` or none.
///
/// Where there is a `Makefile`, make builds it: its first target has to make the file
/// that `MODULE` names, by the compiler that `CC` names. Else the sources are compiled
/// as they are, with the library in the folder `insula`, or with the one of this crate
/// where there is no such folder.
#[derive(Debug, Clone)]
pub struct Project {
    folder: PathBuf,
}

impl Project {
    /// The project in a folder, if it looks like one in C: it has `src/*.c` and no
    /// `Cargo.toml`.
    pub fn in_folder(folder: &Path) -> Option<Self> {
        let project = Project {
            folder: folder.to_owned(),
        };
        let is_crate = folder.join("Cargo.toml").is_file();
        let is_one = !is_crate && project.sources().is_ok_and(|found| !found.is_empty());
        is_one.then_some(project)
    }

    /// Its sources, in order, relative to its folder.
    ///
    /// # Errors
    ///
    /// Where `src` cannot be read.
    pub fn sources(&self) -> Result<Vec<PathBuf>, BuildError> {
        self.sources_in("src")
    }

    /// The sources of its tests, `tests/*.c`: they are compiled with the program's.
    ///
    /// # Errors
    ///
    /// Where there is no `tests`.
    pub fn tests(&self) -> Result<Vec<PathBuf>, BuildError> {
        self.sources_in("tests")
    }

    fn sources_in(&self, folder: &str) -> Result<Vec<PathBuf>, BuildError> {
        let path = self.folder.join(folder);
        let failed = |error| BuildError::Io {
            path: path.clone(),
            error,
        };
        let mut sources = Vec::new();
        for entry in fs::read_dir(&path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            if Path::new(&name).extension().is_some_and(|end| end == "c") {
                sources.push(Path::new(folder).join(name));
            }
        }
        sources.sort();
        Ok(sources)
    }

    /// Its name: the folder's.
    pub fn name(&self) -> String {
        let folder = self.folder.canonicalize();
        let folder = folder.as_deref().unwrap_or(&self.folder);
        let name = folder.file_name().unwrap_or("program".as_ref());
        name.to_string_lossy().into_owned()
    }

    /// Builds it, and gives the module: `build/NAME.wasm`.
    ///
    /// # Errors
    ///
    /// Where it cannot be built. What the compiler has to say is on standard error.
    pub fn build(&self, toolchain: &Toolchain) -> Result<PathBuf, BuildError> {
        let module = Path::new("build").join(format!("{}.wasm", self.name()));
        if self.has_makefile() {
            self.make(toolchain, "MODULE", &module, None)
        } else {
            self.compile(toolchain, &self.sources()?, &module)
        }
    }

    /// Builds it together with its tests, and gives the module: `build/NAME-tests.wasm`.
    /// Of a `Makefile` the target `tests` has to make the file that `TESTS` names.
    ///
    /// # Errors
    ///
    /// Where it cannot be built, or has no tests.
    pub fn build_tests(&self, toolchain: &Toolchain) -> Result<PathBuf, BuildError> {
        let module = Path::new("build").join(format!("{}-tests.wasm", self.name()));
        let tests = self.tests().unwrap_or_default();
        if tests.is_empty() {
            return Err(BuildError::NoTests(self.folder.clone()));
        }
        if self.has_makefile() {
            self.make(toolchain, "TESTS", &module, Some("tests"))
        } else {
            let sources = [self.sources()?, tests].concat();
            self.compile(toolchain, &sources, &module)
        }
    }

    fn has_makefile(&self) -> bool {
        self.folder.join("Makefile").is_file()
    }

    fn compile(
        &self,
        toolchain: &Toolchain,
        sources: &[PathBuf],
        module: &Path,
    ) -> Result<PathBuf, BuildError> {
        if sources.is_empty() {
            return Err(BuildError::NoSources(self.folder.clone()));
        }
        let mut sdk = PathBuf::from("insula");
        if !self.folder.join(&sdk).join("insula.h").is_file() {
            sdk = Path::new("build").join("insula");
            let path = self.folder.join(&sdk);
            write_sdk(&path).map_err(|error| BuildError::Io { path, error })?;
        }
        compile(toolchain, &self.folder, sources, &sdk, module)?;
        Ok(self.folder.join(module))
    }

    fn make(
        &self,
        toolchain: &Toolchain,
        variable: &'static str,
        module: &Path,
        target: Option<&str>,
    ) -> Result<PathBuf, BuildError> {
        let mut make = Command::new("make");
        make.current_dir(&self.folder)
            .args(["--silent", "--no-print-directory"])
            .arg(format!("CC={}", toolchain.cc()))
            .arg(format!("{variable}={}", module.display()))
            .args(target)
            // What is on standard output belongs to whoever runs this.
            .stdout(Stdio::from(std::io::stderr()));
        toolchain.prepare(&mut make);
        match make.status() {
            Ok(status) if status.success() => {}
            Ok(_) => return Err(BuildError::Make(self.folder.clone())),
            Err(_) => return Err(BuildError::NoMake(self.folder.clone())),
        }
        let made = self.folder.join(module);
        if !made.is_file() {
            return Err(BuildError::NoModule {
                folder: self.folder.clone(),
                module: module.to_owned(),
                target: target.map_or("first target", |_| "target `tests`"),
                variable,
            });
        }
        Ok(made)
    }
}
