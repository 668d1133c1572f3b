//! What programs a crate has: asked before anything is built, as that may take long.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::GuestCrate;
use super::cargo::{TARGET, command};
use crate::likely;

/// A crate as cargo describes it.
struct Package {
    /// Its folder, as a user would write it.
    folder: String,
    is_here: bool,
    programs: Vec<String>,
}

/// An error that says what to do, where it is not clear which program is to be built,
/// or there is none.
pub fn check(guest: GuestCrate) -> Result<()> {
    let shown = guest.folder.display();
    let packages = packages(guest.folder)?;
    let Some(own) = packages.iter().find(|package| package.is_here) else {
        let with_programs = packages.iter().filter(|other| !other.programs.is_empty());
        let folders: Vec<_> = with_programs.map(|other| &*other.folder).collect();
        bail!(
            "{shown}: it is a workspace of several crates; name the folder of one: {}",
            folders.join(", ")
        );
    };
    match (guest.bin, &own.programs[..]) {
        (_, []) => {
            bail!("{shown}: the crate builds no program for {TARGET} (it needs a src/main.rs)")
        }
        (None, [_]) => Ok(()),
        (None, several) => bail!(
            "{shown}: the crate builds several programs; say which with `--bin NAME`: {}",
            several.join(", ")
        ),
        (Some(bin), programs) if programs.iter().any(|program| program == bin) => Ok(()),
        (Some(bin), programs) => bail!(
            "{shown}: the crate has no program `{bin}`{}; it has {}",
            likely::meant(bin, programs),
            programs.join(", ")
        ),
    }
}

fn packages(folder: &Path) -> Result<Vec<Package>> {
    let told = command(folder, "cargo")
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .context(super::NO_CARGO)?;
    if !told.status.success() {
        let why = String::from_utf8_lossy(&told.stderr);
        bail!(
            "{}: cargo cannot read the crate: {}",
            folder.display(),
            why.trim().trim_start_matches("error: ")
        );
    }
    let told: Value = serde_json::from_slice(&told.stdout).context("what cargo says of a crate")?;
    let here = folder.canonicalize()?;
    let packages = told["packages"].as_array().into_iter().flatten();
    let packages = packages.filter_map(|package| {
        let root = Path::new(package["manifest_path"].as_str()?).parent()?;
        let targets = package["targets"].as_array()?.iter();
        let programs = targets.filter(|target| target["kind"] == serde_json::json!(["bin"]));
        let below = root.strip_prefix(&here);
        Some(Package {
            folder: below
                .map_or(root.to_owned(), |below| folder.join(below))
                .display()
                .to_string(),
            is_here: root == here,
            programs: programs
                .filter_map(|target| Some(target["name"].as_str()?.to_owned()))
                .collect(),
        })
    });
    Ok(packages.collect())
}
