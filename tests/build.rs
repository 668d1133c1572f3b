//! Builds every guest in `guests/`, those in Rust and those in C, and lists the modules
//! for the tests.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use insula_guest_c::{Project, TOOLCHAIN_VARIABLE, Toolchain};

const TARGET: &str = "wasm32-wasip1";

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?)
        .join("..")
        .canonicalize()?;
    let guests = root.join("guests");
    for source in ["guests", "guest-sdk", "message", "wit"] {
        watch(&root.join(source))?;
    }
    add_target(&guests)?;
    let target_dir = guests.join("target");
    let built = command(&guests, "cargo")
        .args([
            "build",
            "--release",
            "--locked",
            "--target",
            TARGET,
            "--target-dir",
        ])
        .arg(&target_dir)
        .status()?;
    if !built.success() {
        return Err("the guests do not build; cargo says why above".into());
    }
    let modules = target_dir.join(TARGET).join("release");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("guests.rs"), constants(&guests, &modules)?)?;
    fs::write(
        out.join("c.rs"),
        build_c(&root, &target_dir.join("c-toolchain"))?,
    )?;
    println!("cargo::rustc-env=INSULA_GUESTS={}", modules.display());
    Ok(())
}

/// A constant for each guest: a guest that no test uses is dead code, which the
/// compiler tells.
fn constants(guests: &Path, modules: &Path) -> Result<String, Box<dyn Error>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(guests)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.join("Cargo.toml").is_file() {
            names.push((name.to_string(), modules.join(format!("{name}.wasm"))));
        } else if Project::in_folder(&path).is_some() {
            let module = path.join("build").join(format!("{name}.wasm"));
            names.push((name.to_string(), module));
        }
    }
    names.sort();
    let mut text = String::new();
    for (name, module) in names {
        writeln!(
            text,
            "pub const {}: &str = {module:?};",
            name.to_uppercase()
        )?;
    }
    Ok(text)
}

/// Builds the guests in C. Where there is no compiler for them, and none can be fetched,
/// the tests of all others work, and theirs fail with what this says.
fn build_c(root: &Path, folder: &Path) -> Result<String, Box<dyn Error>> {
    for variable in [TOOLCHAIN_VARIABLE, "WASI_SDK_PATH", "CC"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    let mut fetched = None;
    let toolchain = match Toolchain::find() {
        Ok(toolchain) => toolchain,
        Err(error) => match insula_guest_c::fetch(folder) {
            Ok(toolchain) => {
                fetched = Some(folder.join("root"));
                toolchain
            }
            Err(why) => {
                let missing = format!("{error} (fetching Debian's packages failed: {why})");
                println!("cargo::warning=the guests in C are not built: {missing}");
                // Not there: the next build tries again.
                println!("cargo::rerun-if-changed={}", folder.join("root").display());
                return Ok(c_constants(Some(&missing), None));
            }
        },
    };
    let sdk = newest(&root.join("guest-sdk/c"))?;
    for entry in fs::read_dir(root.join("guests"))? {
        let path = entry?.path();
        let Some(project) = Project::in_folder(&path) else {
            continue;
        };
        let module = path.join("build").join(format!("{}.wasm", project.name()));
        let built = module.metadata().and_then(|data| data.modified());
        if built.is_ok_and(|built| built > sdk && newest(&path).is_ok_and(|new| built >= new)) {
            continue;
        }
        project.build(&toolchain)?;
    }
    Ok(c_constants(None, fetched.as_deref()))
}

fn c_constants(missing: Option<&str>, fetched: Option<&Path>) -> String {
    let fetched = fetched.map(|path| path.display().to_string());
    format!(
        "/// Why the guests in C were not built.\n\
         const C_MISSING: Option<&str> = {missing:?};\n\
         /// Where the compiler is that was fetched for them.\n\
         const C_TOOLCHAIN: Option<&str> = {:?};\n",
        fetched.as_deref()
    )
}

/// When the newest file of a folder was changed.
fn newest(folder: &Path) -> Result<SystemTime, Box<dyn Error>> {
    let mut latest = SystemTime::UNIX_EPOCH;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let time = if entry.file_type()?.is_dir() {
            newest(&entry.path())?
        } else {
            entry.metadata()?.modified()?
        };
        latest = latest.max(time);
    }
    Ok(latest)
}

/// Rebuilds when a file of the guests' changes, and not for what they build.
fn watch(folder: &Path) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if !path.ends_with("target") && !path.ends_with("build") {
                watch(&path)?;
            }
        } else {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    println!("cargo::rerun-if-changed={}", folder.display());
    Ok(())
}

fn add_target(guests: &Path) -> Result<(), Box<dyn Error>> {
    let library = command(guests, "rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()?;
    if Path::new(String::from_utf8_lossy(&library.stdout).trim()).is_dir() {
        return Ok(());
    }
    let added = command(guests, "rustup")
        .args(["target", "add", TARGET])
        .status();
    if !added.is_ok_and(|status| status.success()) {
        return Err(
            format!("the Rust target {TARGET} is missing and rustup could not add it").into(),
        );
    }
    Ok(())
}

/// A command for the guests, without what the outer cargo set for the host: under
/// clippy, build scripts inherit its driver.
fn command(guests: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(guests);
    for variable in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_WRAPPER",
        "RUSTC",
        "CARGO_BUILD_TARGET",
    ] {
        command.env_remove(variable);
    }
    command
}
