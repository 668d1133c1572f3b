//! Finding a clang that makes WebAssembly modules.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{self, Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{Missing, ToolchainError};

/// How to install what is missing.
pub const INSTALL: &str = "on Debian and Ubuntu run `sudo apt-get install clang lld wasi-libc \
     libclang-rt-dev-wasm32`; elsewhere unpack a release of \
     https://github.com/WebAssembly/wasi-sdk and set WASI_SDK_PATH to it";

/// The variable that names a folder in which [`fetch`](crate::fetch) has put a toolchain.
pub const TOOLCHAIN_VARIABLE: &str = "INSULA_C_TOOLCHAIN";

/// The older name is what every clang knows; some newer ones warn of it.
const TARGETS: [&str; 2] = ["wasm32-wasi", "wasm32-wasip1"];

/// The versions that Debian and Ubuntu name by number, newest first.
const VERSIONS: std::ops::RangeInclusive<u32> = 11..=22;

/// A clang that was tried out: it has made a module.
#[derive(Debug, Clone)]
pub struct Toolchain {
    clang: PathBuf,
    arguments: Vec<String>,
    /// Where the rest of it is, if it is not installed.
    elsewhere: Option<Elsewhere>,
}

/// Where a compiler that was unpacked, and not installed, finds the rest of itself.
#[derive(Debug, Clone)]
struct Elsewhere {
    /// Some versions look for the linker in the path alone.
    programs: PathBuf,
    libraries: OsString,
}

impl Toolchain {
    /// The first that works: in the folder that `INSULA_C_TOOLCHAIN` names, of the WASI
    /// SDK at `WASI_SDK_PATH`, `CC` where that is a clang, `clang` in the path, by its
    /// plain name or with a version.
    ///
    /// # Errors
    ///
    /// Where none works: what the one that comes closest lacks.
    pub fn find() -> Result<Self, ToolchainError> {
        if let Some(folder) = env::var_os(TOOLCHAIN_VARIABLE) {
            return Self::in_folder(Path::new(&folder));
        }
        let mut first = None;
        for candidate in candidates() {
            match candidate.tried_out() {
                Ok(toolchain) => return Ok(toolchain),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or(ToolchainError::NoClang))
    }

    /// The one in a folder in which packages were unpacked.
    ///
    /// # Errors
    ///
    /// Where it does not work.
    pub fn in_folder(folder: &Path) -> Result<Self, ToolchainError> {
        let usr = path::absolute(folder)?.join("usr");
        let mut libraries = Vec::new();
        let lib = usr.join("lib");
        for entry in fs::read_dir(&lib).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with("llvm-") {
                libraries.push(entry.path().join("lib"));
            } else if name.ends_with("-linux-gnu") {
                libraries.push(entry.path());
            }
        }
        let toolchain = Toolchain {
            clang: usr.join("bin/clang"),
            arguments: vec![format!("--sysroot={}", usr.display())],
            elsewhere: env::join_paths(libraries).ok().map(|libraries| Elsewhere {
                programs: usr.join("bin"),
                libraries,
            }),
        };
        toolchain.tried_out()
    }

    /// Where the compiler is.
    pub fn clang(&self) -> &Path {
        &self.clang
    }

    /// The compiler, ready for sources and options.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.clang);
        command.args(&self.arguments);
        self.prepare(&mut command);
        command
    }

    /// The compiler as one text, as `make` takes it for `CC`.
    pub fn cc(&self) -> String {
        let mut text = shell_word(&self.clang.to_string_lossy());
        for argument in &self.arguments {
            text.push(' ');
            text += &shell_word(argument);
        }
        text
    }

    /// Lets a command that runs the compiler find the compiler's libraries and linker.
    pub fn prepare(&self, command: &mut Command) {
        let Some(elsewhere) = &self.elsewhere else {
            return;
        };
        command.env("LD_LIBRARY_PATH", &elsewhere.libraries);
        let path = env::var_os("PATH").unwrap_or_default();
        let programs = [elsewhere.programs.clone()].into_iter();
        if let Ok(path) = env::join_paths(programs.chain(env::split_paths(&path))) {
            command.env("PATH", path);
        }
    }

    /// It runs in other folders than this one.
    fn new(clang: PathBuf) -> Self {
        Toolchain {
            clang: path::absolute(&clang).unwrap_or(clang),
            arguments: Vec::new(),
            elsewhere: None,
        }
    }

    /// Makes a module that needs all there is: headers, libc, builtins and linker.
    fn tried_out(self) -> Result<Self, ToolchainError> {
        let folder = scratch()?;
        let result = self.try_targets(&folder);
        fs::remove_dir_all(&folder).ok();
        result
    }

    fn try_targets(mut self, folder: &Path) -> Result<Self, ToolchainError> {
        let source = folder.join("try.c");
        fs::write(&source, TRY)?;
        let mut missing = None;
        for target in TARGETS {
            self.arguments.push(format!("--target={target}"));
            let output = self
                .command()
                .args(["-mexec-model=reactor", "-O1", "-o"])
                .arg(folder.join("try.wasm"))
                .arg(&source)
                .stdin(Stdio::null())
                .output();
            let output = output.map_err(|error| ToolchainError::Incomplete {
                clang: self.clang.display().to_string(),
                missing: Missing::Other(format!("it cannot be started ({error})")),
            })?;
            if output.status.success() {
                return Ok(self);
            }
            let said = String::from_utf8_lossy(&output.stderr);
            missing = missing.or_else(|| Some(what_is_missing(&said)));
            self.arguments.pop();
        }
        Err(ToolchainError::Incomplete {
            clang: self.clang.display().to_string(),
            missing: missing.unwrap_or(Missing::Target),
        })
    }
}

/// The division of 128 bits is a function of the builtins.
const TRY: &str = "#include <stdio.h>\n\
     __attribute__((export_name(\"try\"))) unsigned divide(unsigned long long a, unsigned b) {\n\
     printf(\"%u\", b);\n\
     return (unsigned)(((unsigned __int128)a << 70) / b);\n\
     }\n";

fn what_is_missing(said: &str) -> Missing {
    let line = said.lines().find(|line| line.contains("error"));
    let line = line.or(said.lines().next()).unwrap_or("it fails");
    let has = |text: &str| said.contains(text);
    if has("stdio.h") || has("crt1") || has("-lc") {
        Missing::Libc
    } else if has("builtins") {
        Missing::Builtins
    } else if has("wasm-ld") || has("invalid linker") {
        Missing::Linker
    } else if has("unable to create target") || has("unknown target triple") {
        Missing::Target
    } else {
        Missing::Other(line.trim().to_owned())
    }
}

fn candidates() -> Vec<Toolchain> {
    let mut found = Vec::new();
    if let Some(sdk) = env::var_os("WASI_SDK_PATH") {
        let sdk = path::absolute(&sdk).unwrap_or_else(|_| sdk.into());
        let mut toolchain = Toolchain::new(sdk.join("bin/clang"));
        let sysroot = sdk.join("share/wasi-sysroot");
        if sysroot.is_dir() {
            let sysroot = format!("--sysroot={}", sysroot.display());
            toolchain.arguments.push(sysroot);
        }
        found.push(toolchain);
    }
    if let Ok(cc) = env::var("CC")
        && cc.contains("clang")
        && let Some(path) = in_path(&cc)
    {
        found.push(Toolchain::new(path));
    }
    let numbered = VERSIONS.rev().map(|version| format!("clang-{version}"));
    for name in std::iter::once("clang".to_owned()).chain(numbered) {
        found.extend(in_path(&name).map(Toolchain::new));
    }
    let default = Path::new("/opt/wasi-sdk/bin/clang");
    if default.is_file() {
        found.push(Toolchain::new(default.to_owned()));
    }
    found
}

/// A program by its name or path.
pub(crate) fn in_path(name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    if path.components().count() > 1 {
        return path.is_file().then(|| path.to_owned());
    }
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(&file))
        .find(|path| path.is_file())
}

/// A folder of our own.
fn scratch() -> Result<PathBuf, ToolchainError> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("insula-clang-{}-{count}", std::process::id());
    let folder = env::temp_dir().join(name);
    fs::create_dir(&folder)?;
    Ok(folder)
}

fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-=+:@".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_clang_says_tells_what_it_lacks() {
        let said = "t.c:1:10: fatal error: 'stdio.h' file not found\n#include <stdio.h>";
        assert_eq!(what_is_missing(said), Missing::Libc);
        let said = "wasm-ld: error: cannot open /usr/lib/wasm32-wasi/crt1-reactor.o: No such file";
        assert_eq!(what_is_missing(said), Missing::Libc);
        let said = "wasm-ld: error: cannot open /usr/lib/llvm-14/lib/clang/14.0.6/lib/wasi/\
                    libclang_rt.builtins-wasm32.a: No such file or directory";
        assert_eq!(what_is_missing(said), Missing::Builtins);
        let said = "clang: error: unable to execute command: Executable \"wasm-ld\" doesn't exist!";
        assert_eq!(what_is_missing(said), Missing::Linker);
        let said = "error: unable to create target: 'No available targets are compatible with \
                    triple \"wasm32-unknown-wasi\"'";
        assert_eq!(what_is_missing(said), Missing::Target);
        let said = "warning: x\nerror: something else";
        let other = Missing::Other("error: something else".to_owned());
        assert_eq!(what_is_missing(said), other);
    }

    #[test]
    fn what_is_missing_is_said_in_one_line() {
        let error = ToolchainError::Incomplete {
            clang: "clang".to_owned(),
            missing: Missing::Libc,
        };
        let text = error.to_string();
        assert!(!text.contains('\n'));
        assert!(text.starts_with("clang cannot make WebAssembly modules: wasi-libc is missing: "));
        assert!(text.contains("apt-get install clang lld wasi-libc libclang-rt-dev-wasm32"));
        assert!(!ToolchainError::NoClang.to_string().contains('\n'));
    }

    #[test]
    fn words_for_a_shell() {
        assert_eq!(shell_word("/usr/bin/clang-14"), "/usr/bin/clang-14");
        assert_eq!(shell_word("/a b/it's"), r"'/a b/it'\''s'");
    }
}
