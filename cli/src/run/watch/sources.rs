//! What a program is made of: the files that the compiler has read, and before it ever
//! was built, those where sources are.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Files, and folders in which new sources may turn up.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sources {
    files: BTreeSet<PathBuf>,
    trees: BTreeSet<PathBuf>,
}

/// What makes a file in a folder of sources one, by its end.
const SOURCE: [&str; 3] = ["rs", "c", "h"];

/// What decides how a crate is built, beside its sources: in its folder and in those
/// above, of which one may be the workspace's.
const SETTINGS: [&str; 6] = [
    "Cargo.toml",
    "Cargo.lock",
    "build.rs",
    "rust-toolchain",
    "rust-toolchain.toml",
    ".cargo/config.toml",
];

/// How many folders above a crate are looked at for such files.
const ABOVE: usize = 4;

/// How many folders of sources are watched at most.
const FOLDERS: usize = 4_096;

/// What is known of the program at `place`, which was built as `module`.
pub fn known(place: &str, module: Option<&Path>) -> Sources {
    let mut sources = Sources::default();
    let path = insula::file_path(place).unwrap_or_else(|_| PathBuf::from(place));
    let Ok(path) = std::path::absolute(path) else {
        return sources;
    };
    if !path.is_dir() {
        sources.file(&path);
        return sources;
    }
    sources.tree(&path.join("src"));
    if !path.join("Cargo.toml").is_file() {
        // A program in C: its copy of the SDK, and what says how it is built.
        sources.tree(&path.join("insula"));
        sources.file(&path.join("Makefile"));
    }
    for folder in path.ancestors().take(ABOVE) {
        for name in SETTINGS {
            let file = folder.join(name);
            if file.is_file() {
                sources.file(&file);
            }
        }
    }
    // Next to what it has built cargo says what of, path dependencies included.
    if let Some(module) = module
        && let Ok(told) = fs::read_to_string(module.with_extension("d"))
    {
        for file in dependencies(&told) {
            sources.file(&file);
        }
    }
    sources
}

impl Sources {
    /// A file, whether it is there or not: it may be replaced.
    fn file(&mut self, path: &Path) {
        if let (Some(folder), Some(name)) = (path.parent(), path.file_name())
            && let Ok(folder) = folder.canonicalize()
        {
            self.files.insert(folder.join(name));
        }
    }

    /// A folder with all below it.
    fn tree(&mut self, path: &Path) {
        let mut folders: Vec<_> = path.canonicalize().into_iter().collect();
        while let Some(folder) = folders.pop() {
            if self.trees.len() >= FOLDERS {
                return;
            }
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(entry.path());
                }
            }
            self.trees.insert(folder);
        }
    }

    pub fn add(&mut self, other: &Sources) {
        self.files.extend(other.files.iter().cloned());
        self.trees.extend(other.trees.iter().cloned());
    }

    /// The folders in which something may change.
    pub fn folders(&self) -> BTreeSet<PathBuf> {
        let parents = self.files.iter().filter_map(|file| file.parent());
        let mut folders: BTreeSet<_> = parents.map(Path::to_owned).collect();
        folders.extend(self.trees.iter().cloned());
        folders
    }

    /// Whether a path is among them.
    pub fn has(&self, path: &Path) -> bool {
        let is_source = || {
            let end = path.extension().and_then(|end| end.to_str());
            end.is_some_and(|end| SOURCE.contains(&end))
        };
        let is_in_tree = || {
            path.parent()
                .is_some_and(|folder| self.trees.contains(folder))
        };
        self.files.contains(path) || (is_in_tree() && (is_source() || path.is_dir()))
    }
}

/// The files behind the colon of a rule, as make has them: a space in a name is escaped.
fn dependencies(told: &str) -> Vec<PathBuf> {
    let Some((_, files)) = told.lines().next().and_then(|rule| rule.split_once(": ")) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut name = String::new();
    let mut characters = files.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => name.extend(characters.next()),
            ' ' => found.push(std::mem::take(&mut name)),
            other => name.push(other),
        }
    }
    found.push(name);
    found.retain(|name| !name.is_empty());
    found.into_iter().map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_spaces_are_read() {
        assert_eq!(
            dependencies("/t/a.wasm: /s/main.rs /s/with\\ space.rs\n\n/s/main.rs:\n"),
            [
                PathBuf::from("/s/main.rs"),
                PathBuf::from("/s/with space.rs")
            ]
        );
        assert!(dependencies("").is_empty());
    }
}
