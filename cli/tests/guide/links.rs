//! Links lead to pages, headings and files that there are.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::page::{self, Page};
use super::{root, source};

/// The targets of links and pictures in a line: `](..)`, `src="..".`, `srcset=".."`.
fn targets(line: &str) -> Vec<String> {
    let mut plain = String::new();
    // What stands in backticks is no link.
    for (at, part) in line.split('`').enumerate() {
        plain.push_str(if at % 2 == 0 { part } else { "code" });
    }
    let mut found = Vec::new();
    for (mark, end) in [
        ("](", ')'),
        ("src=\"", '"'),
        ("srcset=\"", '"'),
        ("href=\"", '"'),
    ] {
        for part in plain.split(mark).skip(1) {
            let target = part.split(end).next().unwrap_or_default();
            found.push(target.split(' ').next().unwrap_or_default().to_owned());
        }
    }
    found
}

/// What mdBook calls a heading.
fn slug(heading: &str) -> String {
    let kept = heading.trim().chars().filter_map(|c| match c {
        c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c.to_ascii_lowercase()),
        c if c.is_whitespace() => Some('-'),
        _ => None,
    });
    kept.collect()
}

/// The places in a page that links may name.
fn anchors(page: &Page) -> Vec<String> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut anchors = Vec::new();
    for (_, line) in &page.prose {
        if let Some(heading) = line.strip_prefix('#') {
            let slug = slug(heading.trim_start_matches('#'));
            let count = counts.entry(slug.clone()).or_default();
            anchors.push(match *count {
                0 => slug,
                more => format!("{slug}-{more}"),
            });
            *count += 1;
        }
        anchors.extend(line.split("id=\"").skip(1).filter_map(|part| {
            let (id, _) = part.split_once('"')?;
            Some(id.to_owned())
        }));
    }
    anchors
}

/// What is wrong with a link of this page.
fn broken(page: &Page, path: &Path, target: &str) -> Result<Option<String>> {
    let is_elsewhere = ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| target.starts_with(scheme));
    if is_elsewhere {
        return Ok(None);
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let folder = path.parent().context("a page is in a folder")?;
    let aim = match file {
        "" => path.to_owned(),
        file => folder.join(file),
    };
    if !aim.exists() {
        return Ok(Some(format!("there is no {}", aim.display())));
    }
    if anchor.is_empty() || aim.extension().is_none_or(|end| end != "md") {
        return Ok(None);
    }
    let found = match file {
        "" => anchors(page),
        _ => anchors(&Page::read(&aim, file)?),
    };
    let is_there = found.iter().any(|other| other == anchor);
    Ok((!is_there).then(|| format!("{} has no heading `{anchor}`", aim.display())))
}

fn check(page: &Page, path: &Path, wrong: &mut Vec<String>) -> Result<usize> {
    let mut links = 0;
    for (at, line) in &page.prose {
        for target in targets(line) {
            links += 1;
            if let Some(why) = broken(page, path, &target)? {
                wrong.push(format!("{}:{at}: {target}: {why}", page.name));
            }
        }
    }
    Ok(links)
}

#[test]
fn every_link_leads_somewhere() -> Result<()> {
    let mut wrong = Vec::new();
    let mut links = 0;
    let source = source();
    for page in page::all()? {
        let path = source.join(&page.name);
        links += check(&page, &path, &mut wrong)?;
        // What is not in the book cannot be reached in it.
        for (at, line) in &page.prose {
            for target in targets(line) {
                let outside = path.parent().map(|folder| folder.join(&target));
                let outside = outside.and_then(|aim| lexically(&aim, &source));
                if outside.is_some() && !target.contains(':') {
                    wrong.push(format!("{}:{at}: {target} is not in the book", page.name));
                }
            }
        }
    }
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
    ] {
        let path = root().join(name);
        links += check(&Page::read(&path, name)?, &path, &mut wrong)?;
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    ensure!(links > 30, "only {links} links were found");
    Ok(())
}

/// The path with its `..` resolved, where it is not in `folder`.
fn lexically(path: &Path, folder: &Path) -> Option<std::path::PathBuf> {
    let mut plain = std::path::PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    (!plain.starts_with(folder)).then_some(plain)
}

#[test]
fn every_page_is_in_the_summary() -> Result<()> {
    let summary = fs::read_to_string(source().join("SUMMARY.md"))?;
    for page in page::all()? {
        let is_there = summary.contains(&format!("({})", page.name));
        ensure!(
            is_there || page.name == "SUMMARY.md",
            "{} is not in it",
            page.name
        );
    }
    Ok(())
}

#[test]
fn a_link_into_nothing_is_found() -> Result<()> {
    let page = Page {
        name: "test.md".to_owned(),
        prose: vec![(1, "# A `code` heading".to_owned())],
        blocks: Vec::new(),
    };
    let path = source().join("index.md");
    assert!(broken(&page, &path, "nowhere.md")?.is_some());
    assert!(broken(&page, &path, "SUMMARY.md")?.is_none());
    assert!(broken(&page, &path, "#a-code-heading")?.is_none());
    assert!(broken(&page, &path, "#another")?.is_some());
    assert_eq!(targets("see [x](a.md#b) and `[y](c)`"), ["a.md#b"]);
    Ok(())
}
