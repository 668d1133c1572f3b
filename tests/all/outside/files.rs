//! Folders: off, read-only, and to be written.

use std::fs;

use anyhow::Result;
use insula::{Access, Capabilities, Event, Limit, LimitHit, Limits, SpawnOptions};
use insula_tests::{Folder, Host};

use super::does;
use crate::guests;

fn granted(folder: &Folder, access: Access) -> Capabilities {
    Capabilities::default().dir(folder.path("granted"), "/data", access)
}

/// A folder with something in it, and something beside it.
fn folder(name: &str) -> Result<Folder> {
    let folder = Folder::new(name)?;
    folder.write("granted/letter", "salve")?;
    folder.write("granted/below/deep", "in the cellar")?;
    folder.write("secret", "not to be read")?;
    Ok(folder)
}

const NOT_FOUND: &str = "NotFound 44";
const DENIED: &str = "PermissionDenied 63";

#[test]
fn without_a_grant_there_is_no_file() -> Result<()> {
    let folder = folder("outside-none")?;
    let path = folder.path("secret");
    let path = path.to_string_lossy();
    let steps: [(&str, &[&str]); 5] = [
        ("read", &[&path]),
        ("read", &["/etc/passwd"]),
        ("list", &["/"]),
        ("list", &["."]),
        ("write", &["new", "text"]),
    ];
    let said = does(&Host::new()?, Capabilities::default(), &steps)?;
    for said in said {
        assert!(!said.contains("done") && said.contains(' '), "{said}");
        assert!(!said.contains("root") && !said.contains("not to be read"));
    }
    Ok(())
}

#[test]
fn a_folder_that_is_granted_is_read() -> Result<()> {
    let folder = folder("outside-read")?;
    let steps: [(&str, &[&str]); 6] = [
        ("list", &["/data"]),
        ("read", &["/data/letter"]),
        ("read", &["/data/below/../below/deep"]),
        ("read", &["/data/nothing"]),
        ("is folder", &["/data/below"]),
        ("read", &["/letter"]),
    ];
    for access in [Access::ReadOnly, Access::ReadWrite] {
        let said = does(&Host::new()?, granted(&folder, access), &steps)?;
        let expected = [
            "below, letter",
            "salve",
            "in the cellar",
            NOT_FOUND,
            "true",
            NOT_FOUND,
        ];
        assert_eq!(said, expected);
    }
    Ok(())
}

#[test]
fn a_folder_that_is_granted_read_only_is_not_changed() -> Result<()> {
    let folder = folder("outside-read-only")?;
    let before = fs::metadata(folder.path("granted/letter"))?;
    let steps: [(&str, &[&str]); 15] = [
        ("write", &["/data/letter", "vale"]),
        ("write", &["/data/new", "vale"]),
        ("append", &["/data/letter", "vale"]),
        ("create new", &["/data/new"]),
        ("truncate", &["/data/letter"]),
        ("set length", &["/data/letter"]),
        ("set times", &["/data/letter"]),
        ("set times", &["/data/below"]),
        ("make folder", &["/data/new"]),
        ("remove folder", &["/data/below"]),
        ("remove", &["/data/letter"]),
        ("rename", &["/data/letter", "/data/new"]),
        ("hard link", &["/data/letter", "/data/new"]),
        ("link", &["letter", "/data/new"]),
        ("read", &["/data/letter"]),
    ];
    let said = does(&Host::new()?, granted(&folder, Access::ReadOnly), &steps)?;
    assert_eq!(said[14], "salve");
    for (said, (what, _)) in said[..14].iter().zip(steps) {
        assert_eq!(said, DENIED, "{what}");
    }
    assert_eq!(fs::read_dir(folder.path("granted"))?.count(), 2);
    let after = fs::metadata(folder.path("granted/letter"))?;
    assert_eq!(after.modified()?, before.modified()?);
    Ok(())
}

#[test]
fn a_folder_that_is_granted_is_written() -> Result<()> {
    let folder = folder("outside-write")?;
    let steps: [(&str, &[&str]); 12] = [
        ("write", &["/data/new", "one"]),
        ("append", &["/data/new", " and two"]),
        ("read", &["/data/new"]),
        ("make folder", &["/data/folder"]),
        ("rename", &["/data/new", "/data/folder/new"]),
        ("hard link", &["/data/folder/new", "/data/other"]),
        ("link", &["folder/new", "/data/link"]),
        ("read", &["/data/link"]),
        ("remove", &["/data/letter"]),
        ("truncate", &["/data/other"]),
        ("set times", &["/data/other"]),
        ("much", &["/data/much"]),
    ];
    let said = does(&Host::new()?, granted(&folder, Access::ReadWrite), &steps)?;
    let mut expected = ["done"; 12];
    (expected[2], expected[7]) = ("one and two", "one and two");
    expected[11] = "true, 3145730 bytes, \"end\"";
    assert_eq!(said, expected);
    let granted = folder.path("granted");
    assert!(!granted.join("letter").exists());
    assert_eq!(fs::read(granted.join("folder/new"))?, b"");
    assert_eq!(fs::metadata(granted.join("much"))?.len(), (3 << 20) + 2);
    Ok(())
}

/// Out of the folder: by dots, by an absolute path, by links that are there and links
/// that the guest makes, and by what it renames and links into another folder.
#[test]
fn nothing_leads_out_of_a_folder() -> Result<()> {
    let folder = folder("outside-escapes")?;
    folder.link("../secret", "granted/relative")?;
    folder.link(folder.path("secret"), "granted/absolute")?;
    folder.link("..", "granted/above")?;
    folder.link("below/../../secret", "granted/winding")?;
    folder.link("loop", "granted/loop")?;
    let steps: [(&str, &[&str]); 18] = [
        ("read", &["/data/../secret"]),
        ("read", &["/data/below/../../secret"]),
        ("read", &["/data/relative"]),
        ("read", &["/data/absolute"]),
        ("read", &["/data/above/secret"]),
        ("read", &["/data/winding"]),
        ("read", &["/data/loop"]),
        ("list", &["/data/.."]),
        ("list", &["/data/above"]),
        ("write", &["/data/relative", "changed"]),
        ("write", &["/data/../new", "made"]),
        ("remove", &["/data/../secret"]),
        ("rename", &["/data/letter", "/data/../letter"]),
        ("rename", &["/data/../secret", "/data/secret"]),
        ("hard link", &["/data/../secret", "/data/mine"]),
        ("hard link", &["/data/letter", "/data/../letter"]),
        ("link", &["/etc/passwd", "/data/own"]),
        ("make folder", &["/data/../folder"]),
    ];
    let host = Host::new()?;
    let capabilities = granted(&folder, Access::ReadWrite);
    for (said, step) in does(&host, capabilities.clone(), &steps)?
        .iter()
        .zip(&steps)
    {
        let refused = ["PermissionDenied", "FilesystemLoop", NOT_FOUND];
        assert!(
            refused.iter().any(|word| said.starts_with(word)),
            "{step:?}: {said}"
        );
    }
    // Its own links lead nowhere either.
    let steps: [(&str, &[&str]); 4] = [
        ("link", &["../secret", "/data/own"]),
        ("read", &["/data/own"]),
        ("link", &["../..", "/data/below/up"]),
        ("read", &["/data/below/up/secret"]),
    ];
    let said = does(&host, capabilities, &steps)?;
    assert_eq!(said, ["done", DENIED, "done", DENIED]);
    assert_eq!(fs::read(folder.path("secret"))?, b"not to be read");
    assert_eq!(fs::read_dir(folder.path(""))?.count(), 2);
    Ok(())
}

/// Between two grants of different access nothing is moved, and what is read-only
/// does not become writable by another name.
#[test]
fn two_folders_stay_apart() -> Result<()> {
    let folder = folder("outside-two")?;
    folder.write("other/note", "mine")?;
    let capabilities =
        granted(&folder, Access::ReadOnly).dir(folder.path("other"), "/other", Access::ReadWrite);
    let steps: [(&str, &[&str]); 6] = [
        ("rename", &["/data/letter", "/other/letter"]),
        ("rename", &["/other/note", "/data/note"]),
        ("hard link", &["/data/letter", "/other/letter"]),
        ("hard link", &["/other/note", "/data/note"]),
        ("link", &["../granted/letter", "/other/letter"]),
        ("write", &["/other/letter", "vale"]),
    ];
    let said = does(&Host::new()?, capabilities, &steps)?;
    assert_eq!(said, [DENIED, DENIED, DENIED, DENIED, "done", DENIED]);
    assert_eq!(fs::read(folder.path("granted/letter"))?, b"salve");
    Ok(())
}

/// In many pieces, and each name once.
#[test]
fn a_folder_may_hold_more_than_one_piece_lists() -> Result<()> {
    let folder = folder("outside-many")?;
    for number in 0..2000 {
        folder.write(&format!("granted/many/a file with the number {number}"), "")?;
    }
    let steps: [(&str, &[&str]); 2] = [("count", &["/data/many"]), ("list", &["/data/many"])];
    let said = does(&Host::new()?, granted(&folder, Access::ReadOnly), &steps)?;
    assert_eq!(said[0], "2000");
    let mut names: Vec<_> = (0..2000)
        .map(|number| format!("a file with the number {number}"))
        .collect();
    names.sort();
    assert_eq!(said[1], names.join(", "));
    Ok(())
}

/// What is opened is what was granted, whatever its name means later.
#[test]
fn a_folder_is_opened_when_the_group_is_spawned() -> Result<()> {
    let folder = folder("outside-moved")?;
    let host = Host::new()?;
    let program = host.program(guests::OUTSIDE)?;
    let steps: [(&str, &[&str]); 1] = [("read", &["/data/letter"])];
    let options = SpawnOptions::new()
        .entry("does")
        .message(&steps)
        .paused(true)
        .capabilities(granted(&folder, Access::ReadOnly));
    let isolate = host.runtime.spawn(&program, options)?;
    fs::rename(folder.path("granted"), folder.path("moved"))?;
    folder.write("granted/letter", "of another")?;
    isolate.start()?;
    isolate.join();
    assert_eq!(host.lines_of("does#1"), ["read /data/letter: salve"]);
    Ok(())
}

/// Opening a pipe waits for its other end, and a device may do anything.
#[test]
fn what_is_neither_file_nor_folder_is_not_opened() -> Result<()> {
    let folder = folder("outside-special")?;
    let pipe = folder.path("granted/pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status()?;
    assert!(made.success());
    let _socket = std::os::unix::net::UnixListener::bind(folder.path("granted/socket"))?;
    let capabilities = granted(&folder, Access::ReadWrite).dir("/dev", "/dev", Access::ReadWrite);
    let steps: [(&str, &[&str]); 8] = [
        ("read", &["/data/pipe"]),
        ("write", &["/data/pipe", "text"]),
        ("append", &["/data/pipe", "text"]),
        ("read", &["/data/socket"]),
        ("read", &["/dev/zero"]),
        ("write", &["/dev/null", "text"]),
        ("list", &["/data"]),
        ("remove", &["/data/pipe"]),
    ];
    let said = does(&Host::new()?, capabilities, &steps)?;
    let refused = "PermissionDenied 2";
    let all = "below, letter, pipe, socket";
    let mut expected = [refused; 8];
    (expected[6], expected[7]) = (all, "done");
    assert_eq!(said, expected);
    Ok(())
}

/// Open files are the whole group's, and the process has few.
#[test]
fn open_files_have_a_limit() -> Result<()> {
    let folder = folder("outside-open")?;
    let host = Host::new()?;
    let program = host.program(guests::OUTSIDE)?;
    let mut events = host.runtime.events();
    let steps: [(&str, &[&str]); 2] = [("hold", &["/data/letter"]), ("hold", &["/data"])];
    let options = SpawnOptions::new()
        .entry("does")
        .message(&steps)
        .limits(Limits::default().open_files(10))
        .capabilities(granted(&folder, Access::ReadOnly));
    host.run(&program, options)?;
    assert_eq!(
        host.lines_of("does#1"),
        [
            "hold /data/letter: 10 and Uncategorized 41",
            "hold /data: 10 and Uncategorized 41",
        ]
    );
    let hit = LimitHit {
        limit: Limit::OpenFiles,
        value: 10,
    };
    let mut events = std::iter::from_fn(|| events.try_next());
    assert!(
        events.any(|event| matches!(event, Event::LimitHit { hit: found, .. } if found == hit))
    );
    Ok(())
}
