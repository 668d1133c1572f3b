//! Packs the guest SDK's sources into the command, for the crates that `insula new`
//! makes: the SDK comes with the command, whatever is published and whenever.
//!
//! Where the SDK is not beside this crate, as in a package of it, nothing is packed, and
//! `insula new` names the version on crates.io.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// The SDK's crates and their folders in the repository.
const CRATES: [(&str, &str); 3] = [
    ("insula-guest", "guest-sdk"),
    ("insula-guest-macros", "guest-sdk/macros"),
    ("insula-message", "message"),
];

/// What a crate needs to be built, and what its licences ask for.
const PARTS: [&str; 5] = ["README.md", "LICENSE-APACHE", "LICENSE-MIT", "src", "wit"];

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("..");
    let mut files = String::new();
    if CRATES.iter().all(|(_, folder)| root.join(folder).is_dir()) {
        let workspace = read_toml(&root.join("Cargo.toml"))?;
        for (name, folder) in CRATES {
            let folder = root.join(folder);
            let manifest = resolved(&read_toml(&folder.join("Cargo.toml"))?, &workspace)?;
            add(
                &mut files,
                &format!("{name}/Cargo.toml"),
                &manifest.to_string(),
            )?;
            for part in PARTS {
                pack(&mut files, &folder.join(part), &format!("{name}/{part}"))?;
            }
        }
    }
    let text = format!(
        "/// The SDK's files, by their paths: none where the SDK was not there.\n\
         pub const FILES: &[(&str, &str)] = &[\n{files}];\n"
    );
    fs::write(out.join("sdk.rs"), text)?;
    Ok(())
}

/// Adds a file, or all files in a folder.
fn pack(files: &mut String, path: &Path, name: &str) -> Result<()> {
    // New files are seen too.
    println!("cargo::rerun-if-changed={}", path.display());
    if path.is_file() {
        return add(files, name, &fs::read_to_string(path)?);
    }
    if !path.is_dir() {
        return Ok(());
    }
    let mut entries: Vec<_> = fs::read_dir(path)?.collect::<std::result::Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let file = entry.file_name();
        let file = file.to_str().ok_or("a name that is no UTF-8")?;
        pack(files, &entry.path(), &format!("{name}/{file}"))?;
    }
    Ok(())
}

fn add(files: &mut String, name: &str, text: &str) -> Result<()> {
    writeln!(files, "    ({name:?}, {text:?}),")?;
    Ok(())
}

fn read_toml(path: &Path) -> Result<Table> {
    println!("cargo::rerun-if-changed={}", path.display());
    Ok(fs::read_to_string(path)?.parse()?)
}

/// A manifest that stands alone: what it has from the workspace is written into it.
fn resolved(manifest: &Table, workspace: &Table) -> Result<Table> {
    let of_workspace = |table: &str| {
        let shared = workspace.get("workspace")?.get(table)?;
        shared.as_table()
    };
    let package = of_workspace("package").ok_or("no [workspace.package]")?;
    let shared = of_workspace("dependencies").ok_or("no [workspace.dependencies]")?;
    let mut manifest = manifest.clone();
    // Tests of the SDK stay where it is written.
    manifest.remove("dev-dependencies");
    for (key, value) in table(&mut manifest, "package")? {
        if is_inherited(value) {
            let own = package.get(key);
            *value = own
                .ok_or_else(|| format!("no `{key}` in [workspace.package]"))?
                .clone();
        }
    }
    dependencies(&mut manifest, shared)?;
    if let Some(targets) = manifest.get_mut("target").and_then(Value::as_table_mut) {
        for (_, target) in targets {
            let target = target.as_table_mut().ok_or("a target is no table")?;
            dependencies(target, shared)?;
        }
    }
    Ok(manifest)
}

fn dependencies(of: &mut Table, shared: &Table) -> Result<()> {
    if !of.contains_key("dependencies") {
        return Ok(());
    }
    for (name, value) in table(of, "dependencies")? {
        if is_inherited(value) {
            let shared = shared.get(name);
            let shared =
                shared.ok_or_else(|| format!("no `{name}` in [workspace.dependencies]"))?;
            *value = merged(shared, value);
        }
        // They lie beside each other.
        let is_own = CRATES.iter().any(|(own, _)| own == name);
        if let Some(dependency) = value.as_table_mut().filter(|_| is_own) {
            dependency.insert("path".to_owned(), format!("../{name}").into());
        }
    }
    Ok(())
}

/// What the workspace says of a dependency, and what the crate says beside that.
fn merged(shared: &Value, own: &Value) -> Value {
    let mut whole = match shared {
        Value::Table(table) => table.clone(),
        version => Table::from_iter([("version".to_owned(), version.clone())]),
    };
    for (key, value) in own.as_table().into_iter().flatten() {
        if key == "workspace" {
            continue;
        }
        match (whole.get_mut(key), value) {
            (Some(Value::Array(all)), Value::Array(more)) => all.extend(more.iter().cloned()),
            _ => {
                whole.insert(key.clone(), value.clone());
            }
        }
    }
    Value::Table(whole)
}

fn is_inherited(value: &Value) -> bool {
    value
        .get("workspace")
        .is_some_and(|is| is.as_bool() == Some(true))
}

fn table<'a>(of: &'a mut Table, name: &str) -> Result<&'a mut Table> {
    let table = of.get_mut(name).and_then(Value::as_table_mut);
    Ok(table.ok_or_else(|| format!("no [{name}]"))?)
}
