//! Signals end a run as if it had ended by itself: everything is told, and the exit
//! status is the one that shells give.

use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use insula_tests::{guests, in_time};

use super::started::{start, start_command};

#[test]
fn a_signal_ends_a_run_that_would_go_on_for_ever() -> Result<()> {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let mut run = start(["run", guests::SPIN, "--message", "2"])?;
        assert_eq!(run.line()?, "[main#1] 2 spinning\n");
        run.signal(signal)?;
        let ran = run.finish()?;
        assert_eq!(ran.status, Some(status), "{ran:?}");
        // Nobody is told of isolates that ended for that and nothing else.
        let stopped = format!("insula: stopped by SIG{signal}, after 2 isolates\n");
        assert_eq!((&*ran.stdout, ran.stderr), ("", stopped));
    }
    Ok(())
}

/// Nobody reads what it says on standard error, so the first signal is not enough.
#[test]
fn a_second_signal_ends_it_at_once() -> Result<()> {
    let (mut stderr, _unread) = UnixStream::pair()?;
    stderr.set_nonblocking(true)?;
    while stderr.write(&[0; 4096]).is_ok() {}
    while stderr.write(&[0]).is_ok() {}
    stderr.set_nonblocking(false)?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_insula"));
    command.args(["run", guests::SPIN]);
    command.stderr(OwnedFd::from(stderr));
    let mut run = start_command(command)?;
    assert_eq!(run.line()?, "1 spinning\n");
    let status = in_time(move || {
        while !run.has_ended()? {
            run.signal("INT")?;
            thread::sleep(Duration::from_millis(50));
        }
        run.status()
    })?;
    assert_eq!(status, Some(130));
    Ok(())
}

#[test]
fn a_program_is_told_of_the_signal_too() -> Result<()> {
    let mut run = start(["run", "--json", guests::SPIN])?;
    while !run.line()?.contains("1 spinning") {}
    run.signal("TERM")?;
    let ran = run.finish()?;
    assert_eq!((ran.status, &*ran.stderr), (Some(143), ""));
    let last = ran.stdout.lines().last().context("the end")?;
    let ended: serde_json::Value = serde_json::from_str(last)?;
    assert_eq!(
        (&ended["event"], &ended["stopped"], &ended["status"]),
        (&"ended".into(), &"SIGTERM".into(), &143.into())
    );
    assert_eq!(ended["reason"]["kind"], "killed");
    Ok(())
}
