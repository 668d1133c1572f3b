//! Getting a compiler from Debian's packages, for who is not root.
//!
//! What is missing of the packages is downloaded and unpacked into a folder; nothing is
//! installed, and nothing outside of the folder is written.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::FetchError;
use crate::toolchain::{Toolchain, in_path};

const PACKAGES: [&str; 4] = ["clang", "lld", "wasi-libc", "libclang-rt-dev-wasm32"];

/// The toolchain in `folder`, which is downloaded where it is not there yet: 4 MB,
/// and 30 MB more where the system has no LLVM.
///
/// # Errors
///
/// Where this is no Debian, or its packages cannot be reached.
pub fn fetch(folder: &Path) -> Result<Toolchain, FetchError> {
    let failed = |error| FetchError::Io {
        path: folder.to_owned(),
        error,
    };
    fs::create_dir_all(folder).map_err(failed)?;
    // Of those that come at once one fetches, and the others find it done.
    let lock = File::create(folder.join("lock")).map_err(failed)?;
    lock.lock().map_err(failed)?;
    let root = folder.join("root");
    if !root.is_dir() {
        for program in ["apt-get", "dpkg-deb"] {
            in_path(program).ok_or(FetchError::NoDebian(program))?;
        }
        let packages = folder.join("packages");
        fs::create_dir_all(&packages).map_err(failed)?;
        download(folder, &packages)?;
        unpack(&packages, &root)?;
        fs::remove_dir_all(&packages).map_err(failed)?;
    }
    Ok(Toolchain::in_folder(&root)?)
}

/// By the lists of packages that the system has, or else by lists of our own.
fn download(folder: &Path, packages: &Path) -> Result<(), FetchError> {
    let own = own_lists(folder);
    let (lists, missing) = match missing(&[]) {
        Ok(missing) => (Vec::new(), missing),
        Err(_) => {
            fs::create_dir_all(folder.join("lists/partial")).ok();
            fs::create_dir_all(folder.join("cache/archives/partial")).ok();
            run(apt_get(&own).arg("update"))?;
            let missing = missing(&own)?;
            (own, missing)
        }
    };
    run(apt_get(&lists)
        .current_dir(packages)
        .arg("download")
        .args(missing))?;
    Ok(())
}

/// What of the compiler has to be in one folder with the rest of it, whether the system
/// has it or not. Shared libraries need not.
const OWN: [&str; 5] = [
    "clang",
    "lld",
    "libclang-common-",
    "libclang-rt-",
    "wasi-libc",
];

/// What clang's packages depend on, and making modules does not.
const UNUSED: [&str; 3] = ["libclang1-", "libobjc", "libgc1"];

/// The packages that are needed and that the system does not have.
fn missing(lists: &[String]) -> Result<Vec<String>, FetchError> {
    let starts = |name: &str, with: &[&str]| with.iter().any(|start| name.starts_with(start));
    let mut names = depended_on(lists, &[])?;
    names.retain(|name| !starts(name, &UNUSED));
    // As if nothing were installed.
    let all = depended_on(lists, &["-o", "Dir::State::status=/dev/null"])?;
    for name in all {
        if starts(&name, &OWN) && !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// What apt would download to install the packages.
fn depended_on(lists: &[String], options: &[&str]) -> Result<Vec<String>, FetchError> {
    let mut simulated = apt_get(lists);
    simulated
        .args(options)
        .args(["install", "--print-uris", "--no-install-recommends", "-qq"])
        .args(PACKAGES);
    let said = run(&mut simulated)?;
    // 'http://…/pool/…/clang_14.0_amd64.deb' clang_1%3a14.0_amd64.deb 5144 MD5Sum:…
    let file_names = said.lines().filter_map(|line| line.split(' ').nth(1));
    let names = file_names.filter_map(|name| name.split('_').next());
    Ok(names.map(str::to_owned).collect())
}

fn own_lists(folder: &Path) -> Vec<String> {
    let set = |name: &str, path: PathBuf| format!("{name}={}", path.display());
    vec![
        "-o".to_owned(),
        set("Dir::State::lists", folder.join("lists")),
        "-o".to_owned(),
        set("Dir::Cache", folder.join("cache")),
    ]
}

fn apt_get(lists: &[String]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .args(["-y", "-o", "Debug::NoLocking=1"])
        // As root, apt would become a user who cannot write where this one can.
        .args(["-o", "APT::Sandbox::User="])
        .args(lists)
        .env("LC_ALL", "C");
    command
}

fn unpack(packages: &Path, root: &Path) -> Result<(), FetchError> {
    let failed = |error| FetchError::Io {
        path: packages.to_owned(),
        error,
    };
    // Complete or not there at all.
    let unfinished = packages.join("root");
    for entry in fs::read_dir(packages).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|end| end == "deb") {
            run(Command::new("dpkg-deb")
                .arg("-x")
                .arg(&path)
                .arg(&unfinished))?;
        }
    }
    fs::rename(&unfinished, root).map_err(failed)
}

/// What a command says on standard output, where it goes well.
fn run(command: &mut Command) -> Result<String, FetchError> {
    let text = format!("{command:?}").replace('"', "");
    let failed = |said: String| FetchError::Failed {
        command: text.clone(),
        said,
    };
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rev().find(|line| !line.trim().is_empty());
        return Err(failed(last.unwrap_or("it says nothing").to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
