//! A command that runs while a test does something to it.

use std::io::{BufRead, BufReader, Read as _};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};
use insula_tests::in_time;

use super::Ran;

/// The command, ended when the test is over.
pub struct Started {
    child: Child,
    stderr: Option<BufReader<ChildStderr>>,
    stdout: BufReader<ChildStdout>,
}

/// Starts `insula` with these arguments.
pub fn start<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<Started> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_insula"));
    command.args(arguments).stderr(Stdio::piped());
    start_command(command)
}

/// Starts a command whose standard error is what the caller says.
pub fn start_command(mut command: Command) -> Result<Started> {
    command.env_remove("CARGO_TARGET_DIR").stdin(Stdio::null());
    command.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
    command.stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let stdout = child.stdout.take().context("no pipe")?;
    Ok(Started {
        stderr: child.stderr.take().map(BufReader::new),
        child,
        stdout: BufReader::new(stdout),
    })
}

impl Started {
    /// The next line on its standard output.
    pub fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        Ok(line)
    }

    /// The next line on its standard error.
    pub fn error_line(&mut self) -> Result<String> {
        let mut line = String::new();
        let stderr = self.stderr.as_mut().context("no pipe")?;
        stderr.read_line(&mut line)?;
        Ok(line)
    }

    /// Sends a signal, by its name.
    pub fn signal(&self, name: &str) -> Result<()> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status()?;
        ensure!(sent.success(), "no signal could be sent");
        Ok(())
    }

    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Its exit status, once it has ended.
    pub fn status(&mut self) -> Result<Option<i32>> {
        Ok(self.child.wait()?.code())
    }

    /// What came of it, once it has ended. What was read already is not in there.
    pub fn finish(mut self) -> Result<Ran> {
        let mut errors = self.stderr.take().context("no pipe")?;
        in_time(move || {
            let (mut stdout, mut stderr) = (String::new(), String::new());
            self.stdout.read_to_string(&mut stdout)?;
            errors.read_to_string(&mut stderr)?;
            let status = self.child.wait()?.code();
            Ok(Ran {
                status,
                stdout,
                stderr,
            })
        })
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
