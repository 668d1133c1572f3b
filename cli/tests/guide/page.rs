//! A page of the guide, as mdBook reads it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::source;

/// One page.
pub struct Page {
    /// Its path below `docs/src`.
    pub name: String,
    /// Its lines outside of blocks, with their numbers.
    pub prose: Vec<(usize, String)>,
    pub blocks: Vec<Block>,
}

/// A fenced block of code.
pub struct Block {
    /// The number of its first line.
    pub line: usize,
    /// The first word behind the fence.
    pub language: String,
    /// The other words behind the fence.
    pub marks: Vec<String>,
    /// What is in it, with everything included.
    pub text: String,
    /// The files that are included, where it is made of nothing else.
    pub included: Option<Vec<PathBuf>>,
    /// The comments right above it, which say what the test does with it.
    pub directives: Vec<String>,
}

impl Page {
    pub fn read(path: &Path, name: &str) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let folder = path.parent().context("a page is in a folder")?;
        let mut page = Page {
            name: name.to_owned(),
            prose: Vec::new(),
            blocks: Vec::new(),
        };
        let mut directives = Vec::new();
        let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
        while let Some((at, line)) = lines.next() {
            if let Some(info) = line.trim_start().strip_prefix("```") {
                let indent = line.len() - line.trim_start().len();
                let body: Vec<&str> = lines
                    .by_ref()
                    .map(|(_, line)| line.get(indent..).unwrap_or(line.trim_start()))
                    .take_while(|line| !line.starts_with("```"))
                    .collect();
                let block = Block::new(at, info, &body, folder, std::mem::take(&mut directives));
                page.blocks
                    .push(block.with_context(|| format!("{name}:{at}"))?);
                continue;
            }
            match directive(line) {
                Some(said) => directives.push(said.to_owned()),
                None if line.trim().is_empty() => {}
                None => directives.clear(),
            }
            page.prose.push((at, line.to_owned()));
        }
        Ok(page)
    }

    /// The comments that say how the page is run, with the numbers of their lines.
    pub fn directives(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.prose.iter();
        lines.filter_map(|(at, line)| Some((*at, directive(line)?)))
    }
}

impl Block {
    fn new(
        line: usize,
        info: &str,
        body: &[&str],
        folder: &Path,
        directives: Vec<String>,
    ) -> Result<Self> {
        let mut words = info.split([',', ' ']).filter(|word| !word.is_empty());
        let language = words.next().unwrap_or_default().to_owned();
        let marks = words.map(str::to_owned).collect();
        let mut text = String::new();
        let mut included = Some(Vec::new());
        for line in body {
            let Some(what) = line.strip_prefix("{{#include ") else {
                included = included.filter(|_| line.is_empty());
                text.push_str(line);
                text.push('\n');
                continue;
            };
            let what = what.strip_suffix("}}").context("an include has no end")?;
            let (path, anchor) = what.split_once(':').unwrap_or((what, ""));
            let path = folder.join(path);
            text.push_str(&include(&path, anchor)?);
            if let Some(included) = &mut included {
                included.push(path.canonicalize()?);
            }
        }
        Ok(Block {
            line,
            language,
            marks,
            text,
            included: included.filter(|included| !included.is_empty()),
            directives,
        })
    }

    pub fn has_mark(&self, mark: &str) -> bool {
        self.marks.iter().any(|other| other == mark)
    }
}

/// What a comment says that is for the test: `<!-- guide: .. -->`.
fn directive(line: &str) -> Option<&str> {
    let inner = line.trim().strip_prefix("<!-- guide: ")?;
    inner.strip_suffix(" -->")
}

/// A file, or the part of it between the comments with `ANCHOR: name` and `ANCHOR_END`.
pub fn include(path: &Path, anchor: &str) -> Result<String> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    if anchor.is_empty() {
        ensure!(
            !text.contains("ANCHOR"),
            "{} has anchors, which mdBook would show: include a part of it",
            path.display()
        );
        return Ok(text);
    }
    let named = |line: &str, mark: &str| {
        let behind = line.split_once(mark).map(|(_, behind)| behind);
        behind.is_some_and(|behind| behind.split_whitespace().next() == Some(anchor))
    };
    let (mut is_in, mut found) = (false, false);
    let mut part = String::new();
    for line in text.lines() {
        if named(line, "ANCHOR: ") {
            (is_in, found) = (true, true);
        } else if named(line, "ANCHOR_END: ") {
            is_in = false;
        } else if is_in && !line.contains("ANCHOR: ") && !line.contains("ANCHOR_END: ") {
            part.push_str(line);
            part.push('\n');
        }
    }
    if !found || is_in {
        bail!("{} has no part `{anchor}`", path.display());
    }
    Ok(part)
}

/// Every page of the guide.
pub fn all() -> Result<Vec<Page>> {
    let source = source();
    let mut pages = Vec::new();
    let mut folders = vec![source.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            // Links lead to pictures and results that are not the guide's own pages.
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "md") {
                let name = path.strip_prefix(&source)?.display().to_string();
                pages.push(Page::read(&path, &name)?);
            }
        }
    }
    pages.sort_by(|one, other| one.name.cmp(&other.name));
    ensure!(pages.len() > 3, "there are pages");
    Ok(pages)
}
