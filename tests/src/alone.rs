//! A test in a process of its own: what the kernel counts for a process is then
//! the test's alone, and so are the limits that it sets.

use std::env;
use std::process::{Command, exit};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// Set in the process that a test made for itself.
const ALONE: &str = "INSULA_TEST_ALONE";

/// How long such a test may take on a busy machine before it is said to hang. No
/// result depends on it.
const PATIENCE: Duration = Duration::from_secs(300);

/// Settings of glibc's allocator by which it gives back to the system what nobody
/// holds: else it keeps tens of megabytes after a few large allocations.
const GIVES_BACK: [(&str, &str); 3] = [
    ("MALLOC_ARENA_MAX", "2"),
    ("MALLOC_MMAP_THRESHOLD_", "131072"),
    ("MALLOC_TRIM_THRESHOLD_", "131072"),
];

static DOING: Mutex<String> = Mutex::new(String::new());

/// Says what is going on, for the case that it never ends.
pub fn doing(what: &str) {
    what.clone_into(&mut DOING.lock().unwrap_or_else(PoisonError::into_inner));
}

/// What was said last.
pub(crate) fn done_last() -> String {
    DOING.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Does the calling test's work in a process in which no other test runs.
///
/// # Errors
///
/// What the work fails with, and where its process ends in any other way than by
/// coming to the test's end.
pub fn alone(work: impl FnOnce() -> Result<()>) -> Result<()> {
    if env::var_os(ALONE).is_some() {
        thread::Builder::new()
            .name("watchdog".to_owned())
            .spawn(end_what_hangs)?;
        return work();
    }
    let thread = thread::current();
    let test = thread.name().context("it is no test that calls this")?;
    let ran = Command::new(env::current_exe()?)
        .args([test, "--exact", "--include-ignored", "--nocapture"])
        .env(ALONE, "1")
        .envs(GIVES_BACK)
        .output()?;
    let said = String::from_utf8_lossy(&ran.stdout);
    print!("{said}");
    eprint!("{}", String::from_utf8_lossy(&ran.stderr));
    ensure!(ran.status.success(), "{test}: {}", ran.status);
    ensure!(said.contains("1 passed"), "{test} did not run alone");
    Ok(())
}

fn end_what_hangs() {
    thread::sleep(PATIENCE);
    eprintln!("it hangs: {}", done_last());
    exit(1);
}
