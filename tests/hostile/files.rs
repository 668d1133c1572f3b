//! Granted folders, at the level of descriptors: numbers that were never given, that
//! were moved and that are another's, and paths that are none.

use anyhow::{Result, ensure};
use insula::{Access, Capabilities, ExitReason, SpawnOptions, Stdin, Stream};
use insula_tests::Folder;
use insula_tests::hostile::{MEMORY, Table, spawn_request, table};

// Of WASI's `errno`.
const BADF: u32 = 8;
const ILSEQ: u32 = 25;
const INVAL: u32 = 28;
const NAMETOOLONG: u32 = 37;
const NOENT: u32 = 44;
const NOTSOCK: u32 = 57;
const NOTSUP: u32 = 58;
const PERM: u32 = 63;

/// Where the path lies of which a row is about, and another.
const PATH: u32 = 1024;
const LETTER: u32 = 512;

/// A guest with a path, that runs `code`.
fn guest(path: &str, code: &str) -> String {
    format!(
        "{MEMORY} (data (i32.const {PATH}) \"{path}\") (data (i32.const {LETTER}) \"letter\")
        ;; Eight bytes at 256, as a list of one piece at 64.
        (data (i32.const 64) \"\\00\\01\\00\\00\\08\\00\\00\\00\") (data (i32.const 256) \"written\\n\")
        (func $is (param $found i32) (param $expected i32)
            (if (i32.ne (local.get $found) (local.get $expected))
                (then (call $proc_exit (local.get $found)))))
        (func (export \"insula:entry/main\") {code})"
    )
}

/// `path_open`, for reading.
fn open(fd: u32, path: u32, length: u32) -> String {
    format!(
        "(call $path_open (i32.const {fd}) (i32.const 1) (i32.const {path}) (i32.const {length})
            (i32.const 0) (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 128))"
    )
}

fn is(call: &str, errno: u32) -> String {
    format!("(call $is {call} (i32.const {errno}))")
}

fn write(fd: u32) -> String {
    format!("(call $fd_write (i32.const {fd}) (i32.const 64) (i32.const 1) (i32.const 128))")
}

fn read(fd: u32) -> String {
    format!("(call $fd_read (i32.const {fd}) (i32.const 64) (i32.const 1) (i32.const 128))")
}

fn one(function: &str, fd: u32) -> String {
    format!("(call ${function} (i32.const {fd}))")
}

fn renumber(from: u32, to: u32) -> String {
    format!("(call $fd_renumber (i32.const {from}) (i32.const {to}))")
}

/// A folder with a letter in it, and a secret beside it.
fn folder(name: &str) -> Result<Folder> {
    let folder = Folder::new(name)?;
    folder.write("granted/letter", "salve amice")?;
    folder.write("secret", "not to be read")?;
    Ok(folder)
}

fn granted(folder: &Folder) -> Capabilities {
    Capabilities::default()
        .dir(folder.path("granted"), "/data", Access::ReadWrite)
        .stdin(Stdin::Bytes(b"0123456789".to_vec()))
}

/// Runs guests with a folder as descriptor 3; each has to end in peace.
fn all_end(table: &Table, folder: &Folder, rows: &[(&str, String)]) -> Result<()> {
    for (name, wat) in rows {
        table.doing(name);
        let options = SpawnOptions::new().capabilities(granted(folder));
        let reason = table.run(wat, options)?;
        ensure!(reason == ExitReason::Ended, "{name}: {reason}");
        table.check()?;
    }
    Ok(())
}

#[test]
fn numbers_that_were_never_given_are_no_descriptors() -> Result<()> {
    table(|table| {
        let folder = folder("hostile-files-numbers")?;
        let mut rows = Vec::new();
        for fd in [4, 5, 100, i32::MAX as u32, u32::MAX] {
            let calls = [
                read(fd),
                write(fd),
                open(fd, LETTER, 6),
                one("fd_close", fd),
                one("fd_sync", fd),
                renumber(fd, 3),
                renumber(3, fd),
                format!("(call $fd_prestat_get (i32.const {fd}) (i32.const 128))"),
                format!(
                    "(call $fd_readdir (i32.const {fd}) (i32.const 4096) (i32.const 64) (i64.const 0) (i32.const 128))"
                ),
                format!(
                    "(call $fd_pread (i32.const {fd}) (i32.const 64) (i32.const 1) (i64.const 0) (i32.const 128))"
                ),
                format!(
                    "(call $fd_pwrite (i32.const {fd}) (i32.const 64) (i32.const 1) (i64.const 0) (i32.const 128))"
                ),
                format!(
                    "(call $path_unlink_file (i32.const {fd}) (i32.const {LETTER}) (i32.const 6))"
                ),
                format!("(call $sock_accept (i32.const {fd}) (i32.const 0) (i32.const 128))"),
            ];
            let code: String = calls.iter().map(|call| is(call, BADF)).collect();
            rows.push(("a number", guest("", &code)));
        }
        // Standard streams are no folders, and a folder is neither file nor socket.
        let code = [0, 1, 2].map(|fd| is(&open(fd, LETTER, 6), BADF)).concat();
        rows.push(("streams", guest("", &code)));
        let folders = [
            is(&read(3), BADF),
            is(&write(3), BADF),
            is(
                "(call $sock_accept (i32.const 3) (i32.const 0) (i32.const 128))",
                NOTSOCK,
            ),
            is(
                "(call $sock_recv (i32.const 3) (i32.const 64) (i32.const 1) (i32.const 0) (i32.const 128) (i32.const 132))",
                NOTSOCK,
            ),
            is(
                "(call $sock_send (i32.const 3) (i32.const 64) (i32.const 1) (i32.const 0) (i32.const 128))",
                NOTSOCK,
            ),
            is("(call $sock_shutdown (i32.const 3) (i32.const 1))", NOTSOCK),
        ];
        rows.push(("a folder", guest("", &folders.concat())));
        all_end(table, &folder, &rows)
    })
}

#[test]
fn paths_that_are_none_lead_nowhere() -> Result<()> {
    table(|table| {
        let folder = folder("hostile-files-paths")?;
        let long = "a".repeat(5000);
        let longer = "a/".repeat(50_000);
        let deep = "./".repeat(2000) + "letter";
        let paths = [
            ("", 0, NOENT),
            ("letter", 6, 0),
            ("/etc/passwd", 11, PERM),
            ("/letter", 7, PERM),
            ("..", 2, PERM),
            ("../secret", 9, PERM),
            ("./.././secret", 13, PERM),
            ("letter\\00", 7, INVAL),
            ("\\00", 1, INVAL),
            ("\\ff\\fe", 2, ILSEQ),
            (long.as_str(), 5000, NAMETOOLONG),
            (longer.as_str(), 100_000, NAMETOOLONG),
            (deep.as_str(), 4006, 0),
        ];
        let rows: Vec<_> = paths
            .iter()
            .map(|(path, length, errno)| {
                let unlink = format!(
                    "(call $path_unlink_file (i32.const 3) (i32.const {PATH}) (i32.const {length}))"
                );
                let mut code = is(&open(3, PATH, *length), *errno);
                if *errno != 0 {
                    code += &format!("(if (i32.eqz {unlink}) (then unreachable))");
                }
                (&path[..path.len().min(40)], guest(path, &code))
            })
            .collect();
        all_end(table, &folder, &rows)?;
        ensure!(folder.path("secret").exists() && folder.path("granted/letter").exists());
        Ok(())
    })
}

#[test]
fn flags_that_are_none_are_refused() -> Result<()> {
    table(|table| {
        let folder = folder("hostile-files-flags")?;
        let with = |lookup: u32, how: u32, flags: u32, errno: u32| {
            let call = format!(
                "(call $path_open (i32.const 3) (i32.const {lookup}) (i32.const {LETTER}) (i32.const 6)
                    (i32.const {how}) (i64.const 2) (i64.const 2) (i32.const {flags}) (i32.const 128))"
            );
            ("flags", guest("", &is(&call, errno)))
        };
        let size = |size: i64, errno: u32| {
            let set = format!("(call $fd_filestat_set_size (i32.const 4) (i64.const {size}))");
            let code = is(&open(3, LETTER, 6), 0) + &is(&set, errno);
            ("a size", guest("", &code))
        };
        let allocate = "(call $fd_allocate (i32.const 4) (i64.const 0) (i64.const -1))";
        let rows = [
            with(0, 0, 2, NOTSUP),
            size(1, INVAL),
            size(-1, INVAL),
            (
                "allocate",
                guest("", &(is(&open(3, LETTER, 6), 0) + &is(allocate, NOTSUP))),
            ),
        ];
        all_end(table, &folder, &rows)?;
        // What has no meaning at all, WASI ends.
        for (lookup, how, flags) in [
            (2, 0, 0),
            (u32::MAX, 0, 0),
            (0, 0x10, 0),
            (0, u32::MAX, 0),
            (0, 0, 0x20),
            (0, 0, u32::MAX),
        ] {
            let (name, wat) = with(lookup, how, flags, 0);
            table.doing(name);
            let options = SpawnOptions::new().capabilities(granted(&folder));
            let reason = table.run(&wat, options)?;
            ensure!(matches!(reason, ExitReason::Trapped { .. }), "{reason}");
            table.check()?;
        }
        Ok(())
    })
}

/// What is output goes by what a descriptor is, not by its number.
#[test]
fn streams_may_be_closed_and_moved() -> Result<()> {
    table(|table| {
        let folder = folder("hostile-files-streams")?;
        let open_letter = is(&open(3, LETTER, 6), 0);
        // For writing, too.
        let open_new = "(call $path_open (i32.const 3) (i32.const 1) (i32.const 1024) (i32.const 3)
            (i32.const 9) (i64.const 66) (i64.const 66) (i32.const 0) (i32.const 128))";
        let silent = [
            (
                "closed output",
                is(&one("fd_close", 1), 0) + &is(&write(1), BADF),
            ),
            (
                "closed input",
                is(&one("fd_close", 0), 0) + &is(&read(0), BADF),
            ),
            (
                "closed folder",
                is(&one("fd_close", 3), 0)
                    + &is(&open(3, LETTER, 6), BADF)
                    + &is("(call $fd_prestat_get (i32.const 3) (i32.const 128))", BADF),
            ),
            (
                "a folder as output",
                is(&renumber(3, 1), 0) + &is(&write(1), BADF) + &is(&open(1, LETTER, 6), 0),
            ),
            (
                "a file as input",
                open_letter.clone()
                    + &is(&renumber(4, 0), 0)
                    + &is(&read(0), 0)
                    + "(call $is (i32.load8_u (i32.const 256)) (i32.const 115))",
            ),
            (
                "a file as output",
                is(open_new, 0) + &is(&renumber(4, 1), 0) + &is(&write(1), 0),
            ),
            (
                "output's number given again",
                is(&one("fd_close", 2), 0)
                    + &is(open_new, 0)
                    + "(call $is (i32.load (i32.const 128)) (i32.const 2))"
                    + &is(&write(2), 0),
            ),
        ];
        for (name, code) in silent {
            all_end(table, &folder, &[(name, guest("new", &code))])?;
            let lines = table.host.texts(Stream::Stdout);
            ensure!(lines.is_empty(), "{name}: {lines:?}");
            ensure!(table.host.texts(Stream::Stderr).is_empty(), "{name}");
        }
        ensure!(std::fs::read(folder.path("granted/new"))? == b"written\n");
        let moved = is(&renumber(1, 3), 0)
            + &is(&write(3), 0)
            + &is(&write(1), BADF)
            + &is(&open(3, LETTER, 6), BADF);
        let swapped = is(&renumber(2, 1), 0) + &is(&write(1), 0) + &is(&write(2), BADF);
        let input = is(&renumber(0, 3), 0)
            + &is(&read(3), 0)
            + "(call $is (i32.load8_u (i32.const 256)) (i32.const 48))"
            + &is(&read(0), BADF);
        let rows = [moved, swapped, input].map(|code| ("moved", guest("", &code)));
        all_end(table, &folder, &rows)?;
        ensure!(table.host.texts(Stream::Stdout) == ["written"]);
        ensure!(table.host.texts(Stream::Stderr) == ["written"]);
        Ok(())
    })
}

/// The input of a guest is what it may read, piece by piece, and pointers are checked.
#[test]
fn input_is_read_into_the_guests_memory_only() -> Result<()> {
    table(|table| {
        let folder = folder("hostile-files-input")?;
        let read = |pieces: u32, count: u32, read: u32| {
            format!(
                "(call $fd_read (i32.const 0) (i32.const {pieces}) (i32.const {count}) (i32.const {read}))"
            )
        };
        let bad = [
            (read(131_068, 1, 128), "a place for input"),
            (read(u32::MAX - 7, 1, 128), "a place for input"),
            (read(64, 1, 131_070), "a place for a result"),
            (read(64, 1, u32::MAX), "a place for a result"),
            (
                format!(
                    "(i32.store (i32.const 64) (i32.const 131070)) {}",
                    is(&read(64, 1, 128), 0)
                ),
                "a place for input",
            ),
        ];
        for (code, word) in bad {
            table.doing(word);
            let code = if code.starts_with("(call") {
                is(&code, 0)
            } else {
                code
            };
            let options = SpawnOptions::new().capabilities(granted(&folder));
            let reason = table.run(&guest("", &code), options)?;
            let text = reason.to_string();
            let broken = matches!(reason, ExitReason::ContractBroken { .. });
            ensure!(
                broken && text.contains(word) && text.contains("outside"),
                "{text}"
            );
            table.check()?;
        }
        let sum =
            |expected: u32| format!("(call $is (i32.load (i32.const 128)) (i32.const {expected}))");
        let all = is(&read(64, 0, 128), 0)
            + &sum(0)
            + &is(&read(64, 1, 128), 0)
            + &sum(8)
            + &is(&read(64, 1, 128), 0)
            + &sum(2)
            + &is(&read(64, 1, 128), 0)
            + &sum(0);
        all_end(table, &folder, &[("all of it", guest("", &all))])
    })
}

/// A poll tells of a descriptor that is none, and that input is there.
#[test]
fn a_poll_knows_descriptors() -> Result<()> {
    table(|table| {
        let folder = folder("hostile-files-poll")?;
        let poll = |fd: u32, kind: u32, errno: u32| {
            let code = format!(
                "(i32.store8 (i32.const 1032) (i32.const {kind})) (i32.store (i32.const 1040) (i32.const {fd}))
                {} (call $is (i32.load (i32.const 128)) (i32.const 1))
                (call $is (i32.load16_u (i32.const 2056)) (i32.const {errno}))",
                is("(call $poll_oneoff (i32.const 1024) (i32.const 2048) (i32.const 1) (i32.const 128))", 0)
            );
            ("a poll", guest("", &code))
        };
        let rows = [
            poll(0, 1, 0),
            poll(1, 2, 0),
            poll(3, 1, 0),
            poll(4, 1, BADF),
            poll(77, 2, BADF),
            poll(u32::MAX, 1, BADF),
        ];
        all_end(table, &folder, &rows)
    })
}

/// What one isolate has opened another cannot use by its number.
#[test]
fn descriptors_are_of_one_isolate() -> Result<()> {
    table(|table| {
        let folder = folder("hostile-files-other")?;
        let wat = format!(
            "{} {}
            (data (i32.const 3000) \"child\")
            (func (export \"insula:entry/child\") {} {})",
            guest(
                "",
                &(is(&open(3, LETTER, 6), 0)
                    + &is(&read(4), 0)
                    + "(call $spawn (i32.const 2048) (i32.const 160))
                       (call $is (i32.load8_u (i32.const 160)) (i32.const 0))")
            ),
            spawn_request(2048, 3000, 5).data(),
            is(&read(4), BADF),
            is(&open(3, LETTER, 6), 0),
        );
        all_end(table, &folder, &[("another's number", wat)])?;
        ensure!(table.host.exit_of("child#2") == Some(ExitReason::Ended));
        Ok(())
    })
}
