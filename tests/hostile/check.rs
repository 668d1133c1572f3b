//! The check that comes after every row can fail: whatever is left is noticed.

use std::fs::File;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use insula::SpawnOptions;
use insula_tests::hostile::{MEMORY, Table, server, table};

/// That this is said to be left, and nothing once it is gone.
fn is_noticed<T>(table: &Table, word: &str, made: T, end: impl FnOnce(T)) -> Result<()> {
    // A worker of the runtime's may be ending just now.
    let deadline = Instant::now() + Duration::from_secs(20);
    while !table.left()?.contains(word) {
        ensure!(
            Instant::now() < deadline,
            "{word}: found {:?}",
            table.left()?
        );
        thread::sleep(Duration::from_millis(1));
    }
    end(made);
    table.check()
}

#[test]
fn what_is_left_is_noticed() -> Result<()> {
    table(|table| {
        is_noticed(
            table,
            "file descriptors",
            File::open("/proc/self/stat")?,
            drop,
        )?;

        let (stop, wait) = channel::<()>();
        let thread = thread::spawn(move || wait.recv().is_ok());
        is_noticed(table, "threads", (stop, thread), |(stop, thread)| {
            drop(stop);
            let _ = thread.join();
        })?;

        is_noticed(table, "bytes in memory", vec![1u8; 64 << 20], drop)?;

        // Large pieces of the allocator's are mappings, not all side by side.
        let pieces: Vec<_> = (0..400).map(|_| vec![1u8; 160 << 10]).collect();
        let odd: Vec<_> = pieces.into_iter().step_by(2).collect();
        is_noticed(table, "mappings", odd, drop)
    })
}

/// What the runtime itself counts: an isolate, its group, its port, its memory.
#[test]
fn an_isolate_that_is_left_is_noticed() -> Result<()> {
    table(|table| {
        let program = table.host.wat(&table.module(&server("", "")))?;
        let isolate = table.host.runtime.spawn(&program, SpawnOptions::new())?;
        for word in ["isolates: 2", "groups: 2", "ports: 2"] {
            let left = table.left()?;
            ensure!(left.contains(word), "{word}: found {left:?}");
        }
        isolate.kill();
        isolate.join();
        let timer = format!(
            "{MEMORY} (func (export \"wake\")) (func (export \"insula:entry/main\")
                (call $timer.start (i64.const -1) (i64.const 0) (i32.const 64)))"
        );
        let program = table.host.wat(&table.module(&timer))?;
        let isolate = table.host.runtime.spawn(&program, SpawnOptions::new())?;
        while !table.left()?.contains("timers: 1") {
            ensure!(isolate.exit_reason().is_none(), "it ended");
        }
        isolate.kill();
        isolate.join();
        Ok(())
    })
}
