//! Guests that were granted nothing and call every function of WASI for what a
//! process would have: files, sockets, arguments, clocks, randomness.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use insula_tests::Host;
use insula_tests::hostile::{End, Row, main, row};

/// Error numbers of WASI.
const SUCCESS: i32 = 0;
const BAD_DESCRIPTOR: i32 = 8;
const INVALID: i32 = 28;
const NO_MEMORY: i32 = 48;
const NOT_SUPPORTED: i32 = 58;

/// A function of WASI, what it is called with, and the number that it answers.
type Call = (&'static str, &'static str, &'static str, i32);

/// By the descriptors that would be there: 0 is its input, 1 its output, 3 the
/// first folder.
const BY_DESCRIPTOR: &[Call] = &[
    (
        "advises about a folder",
        "fd_advise",
        "3 0L 1L 0",
        BAD_DESCRIPTOR,
    ),
    (
        "allocates in a file",
        "fd_allocate",
        "3 0L 0x7fffffffffffffffL",
        BAD_DESCRIPTOR,
    ),
    (
        "closes a descriptor that is not there",
        "fd_close",
        "3",
        BAD_DESCRIPTOR,
    ),
    (
        "closes a negative descriptor",
        "fd_close",
        "-1",
        BAD_DESCRIPTOR,
    ),
    (
        "flushes the data of a folder",
        "fd_datasync",
        "3",
        BAD_DESCRIPTOR,
    ),
    ("looks at a folder", "fd_fdstat_get", "3 64", BAD_DESCRIPTOR),
    (
        "sets a folder's flags",
        "fd_fdstat_set_flags",
        "3 1",
        BAD_DESCRIPTOR,
    ),
    (
        "takes all rights",
        "fd_fdstat_set_rights",
        "3 0L 0L",
        BAD_DESCRIPTOR,
    ),
    (
        "looks at what kind of file a folder is",
        "fd_filestat_get",
        "3 64",
        BAD_DESCRIPTOR,
    ),
    (
        "makes a file of 8 EiB",
        "fd_filestat_set_size",
        "3 0x7fffffffffffffffL",
        BAD_DESCRIPTOR,
    ),
    (
        "sets a file's times",
        "fd_filestat_set_times",
        "3 0L 0L 0",
        BAD_DESCRIPTOR,
    ),
    (
        "reads at a place",
        "fd_pread",
        "3 64 1 0L 128",
        BAD_DESCRIPTOR,
    ),
    (
        "writes at a place",
        "fd_pwrite",
        "3 64 1 0L 128",
        BAD_DESCRIPTOR,
    ),
    (
        "asks for its first folder",
        "fd_prestat_get",
        "3 64",
        BAD_DESCRIPTOR,
    ),
    (
        "asks for its first folder's name",
        "fd_prestat_dir_name",
        "3 64 100",
        BAD_DESCRIPTOR,
    ),
    (
        "reads from a folder",
        "fd_read",
        "3 64 1 128",
        BAD_DESCRIPTOR,
    ),
    (
        "lists a folder",
        "fd_readdir",
        "3 64 1024 0L 128",
        BAD_DESCRIPTOR,
    ),
    (
        "puts nothing over its output",
        "fd_renumber",
        "77 1",
        BAD_DESCRIPTOR,
    ),
    ("seeks in a folder", "fd_seek", "3 -1L 2 64", BAD_DESCRIPTOR),
    ("flushes a folder", "fd_sync", "3", BAD_DESCRIPTOR),
    (
        "asks where it is in a folder",
        "fd_tell",
        "3 64",
        BAD_DESCRIPTOR,
    ),
    (
        "writes to a folder",
        "fd_write",
        "3 64 1 128",
        BAD_DESCRIPTOR,
    ),
];

/// By paths below the first folder; the paths are in memory from 1024 on.
const BY_PATH: &[Call] = &[
    (
        "makes a folder",
        "path_create_directory",
        "3 1024 5",
        BAD_DESCRIPTOR,
    ),
    (
        "looks at the password file",
        "path_filestat_get",
        "3 0 1024 10 64",
        BAD_DESCRIPTOR,
    ),
    (
        "sets a file's times by its path",
        "path_filestat_set_times",
        "3 0 1024 10 0L 0L 0",
        BAD_DESCRIPTOR,
    ),
    (
        "links to the password file",
        "path_link",
        "3 0 1024 10 3 1040 1",
        BAD_DESCRIPTOR,
    ),
    (
        "opens the password file",
        "path_open",
        "3 1 1024 10 0 0L 0L 0 64",
        BAD_DESCRIPTOR,
    ),
    (
        "makes a file below its output",
        "path_open",
        "1 0 1024 10 9 0L 0L 0 64",
        BAD_DESCRIPTOR,
    ),
    (
        "reads a link",
        "path_readlink",
        "3 1024 10 2048 100 64",
        BAD_DESCRIPTOR,
    ),
    (
        "removes a folder",
        "path_remove_directory",
        "3 1024 5",
        BAD_DESCRIPTOR,
    ),
    (
        "renames the password file",
        "path_rename",
        "3 1024 10 3 1040 1",
        BAD_DESCRIPTOR,
    ),
    (
        "makes a symbolic link",
        "path_symlink",
        "1024 10 3 1040 1",
        BAD_DESCRIPTOR,
    ),
    (
        "removes the password file",
        "path_unlink_file",
        "3 1024 10",
        BAD_DESCRIPTOR,
    ),
];

const OTHERS: &[Call] = &[
    (
        "takes a connection",
        "sock_accept",
        "3 0 64",
        BAD_DESCRIPTOR,
    ),
    (
        "receives from a socket",
        "sock_recv",
        "3 64 1 0 128 132",
        BAD_DESCRIPTOR,
    ),
    (
        "sends to a socket",
        "sock_send",
        "3 64 1 0 128",
        BAD_DESCRIPTOR,
    ),
    (
        "shuts a socket down",
        "sock_shutdown",
        "3 3",
        BAD_DESCRIPTOR,
    ),
    ("raises a signal", "proc_raise", "9", NOT_SUPPORTED),
    ("asks for its arguments", "args_get", "64 1024", SUCCESS),
    (
        "asks how many arguments there are",
        "args_sizes_get",
        "64 68",
        SUCCESS,
    ),
    (
        "asks for the environment",
        "environ_get",
        "64 1024",
        SUCCESS,
    ),
    (
        "asks for the process's own CPU time",
        "clock_time_get",
        "2 0L 64",
        NOT_SUPPORTED,
    ),
    ("waits for nothing", "poll_oneoff", "64 1024 0 128", INVALID),
    (
        "waits for 2^28 things",
        "poll_oneoff",
        "64 1024 0x10000000 128",
        INVALID,
    ),
    ("gives way", "sched_yield", "", SUCCESS),
];

/// The call as code: numbers, those with an L of 64 bits.
fn code(function: &str, arguments: &str) -> String {
    let arguments: Vec<_> = arguments
        .split_whitespace()
        .map(|number| match number.strip_suffix('L') {
            Some(number) => format!("(i64.const {number})"),
            None => format!("(i32.const {number})"),
        })
        .collect();
    format!("(call ${function} {})", arguments.join(" "))
}

const PATHS: &str = "(data (i32.const 1024) \"etc/passwd\") (data (i32.const 1040) \"x\")";

/// A guest that exits with what it was answered, and 1000.
fn answer(call: &str) -> String {
    main(&format!(
        "(call $proc_exit (i32.add (i32.const 1000) {call}))"
    )) + PATHS
}

fn refused() -> impl Iterator<Item = Row> {
    let calls = [BY_DESCRIPTOR, BY_PATH, OTHERS].into_iter().flatten();
    calls.map(|(name, function, arguments, errno)| {
        row(
            *name,
            answer(&code(function, arguments)),
            End::Exited(1000 + errno),
        )
    })
}

/// What a guest gets that asks with pointers and lengths that lie.
fn lies() -> Vec<Row> {
    let lies = |name: &str, function: &str, arguments: &str, end: End| {
        row(name, answer(&code(function, arguments)), end)
    };
    let outside = |what: &'static str| End::broken([what, "outside"]);
    let answered = |errno: i32| End::Exited(1000 + errno);
    vec![
        lies(
            "4 GiB of random bytes",
            "random_get",
            "0 -1",
            answered(INVALID),
        ),
        lies(
            "random bytes over the end",
            "random_get",
            "131070 100",
            outside("random bytes"),
        ),
        lies(
            "the time, at the last address",
            "clock_time_get",
            "1 0L -8",
            outside("a place for a result"),
        ),
        lies(
            "a clock that is not there",
            "clock_res_get",
            "77 64",
            answered(INVALID),
        ),
        lies(
            "sizes over the end",
            "args_sizes_get",
            "131071 64",
            End::Trapped("out of bounds"),
        ),
        lies(
            "all rights that there are not",
            "path_open",
            "3 0 1024 10 0 -1L -1L 0 64",
            End::Trapped("out of range"),
        ),
        // Refused before it is copied.
        lies(
            "a path of 4 GiB",
            "path_open",
            "3 0 1024 -1 0 0L 0L 0 64",
            answered(NO_MEMORY),
        ),
    ]
}

/// What a guest is told where nothing was granted.
fn told() -> Vec<Row> {
    vec![
        row(
            "no environment, and its own name alone",
            main(
                "(if (call $environ_sizes_get (i32.const 64) (i32.const 68)) (then unreachable))
                (if (i32.load (i32.const 64)) (then unreachable))
                (if (call $args_sizes_get (i32.const 64) (i32.const 68)) (then unreachable))
                (if (i32.ne (i32.const 1) (i32.load (i32.const 64))) (then unreachable))
                ;; `main#1` and a null.
                (if (i32.ne (i32.const 7) (i32.load (i32.const 68))) (then unreachable))",
            ),
            End::Ended,
        ),
        row(
            "no input",
            main(
                "(i32.store (i32.const 64) (i32.const 1024)) (i32.store (i32.const 68) (i32.const 100))
                (if (call $fd_read (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)) (then unreachable))
                (if (i32.load (i32.const 128)) (then unreachable))",
            ),
            End::Ended,
        ),
        row(
            "a clock that began with it",
            main(
                "(if (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 64)) (then unreachable))
                ;; Ten minutes, which no host that runs this has been waiting for.
                (if (i64.gt_u (i64.load (i32.const 64)) (i64.const 600000000000)) (then unreachable))",
            ),
            End::Ended,
        ),
        row(
            "no descriptor at all, of 10,000",
            main(
                "(local $n i32) (local.set $n (i32.const 3))
                (loop $next
                    (if (i32.ne (i32.const 8) (call $fd_fdstat_get (local.get $n) (i32.const 64))) (then unreachable))
                    (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (br_if $next (i32.lt_u (local.get $n) (i32.const 10000))))",
            ),
            End::Ended,
        ),
    ]
}

pub fn rows() -> Vec<Row> {
    refused().chain(lies()).chain(told()).collect()
}

#[test]
fn ambient_effects() -> Result<()> {
    super::group("ambient effects")
}

/// No function of WASI is left out, but the one that ends the guest, which every
/// other calls.
#[test]
fn every_function_of_wasi_is_called() -> Result<()> {
    let host = Host::new()?;
    let rows: String = rows().iter().map(|row| row.guest.to_string()).collect();
    let functions: BTreeSet<_> = host
        .runtime
        .imports()
        .iter()
        .filter(|import| import.module == "wasi_snapshot_preview1")
        .map(|import| import.name.clone())
        .collect();
    ensure!(functions.len() >= 45, "{functions:?}");
    for function in functions {
        ensure!(rows.contains(&format!("(call ${function} ")), "{function}");
    }
    Ok(())
}
