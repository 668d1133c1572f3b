//! Doing what a page says, in a folder of its own.
//!
//! A page tells with comments what its reader has: `<!-- guide: link NAME PATH -->` is a
//! file or folder of the repository, and `<!-- guide: host NAME -->` that `cargo run` is
//! the example of that name in `docs/examples/host`, which `cargo test` has built (a new
//! crate would build wasmtime once more). A block below `<!-- guide: write PATH -->` is
//! what the reader writes into a file; below `<!-- guide: edit PATH -->`, the function that
//! is put in the place of the one of its name at the beginning of a file.
//!
//! A block that is marked `any-order` shows what isolates print beside each other. One
//! that is marked `fails` has commands that exit with another status than 0; elsewhere
//! `echo $?` shows it.

use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::page::{Block, Page};
use super::{build, pattern, root, source};
use anyhow::{Context, Result, bail, ensure};

/// How long a command may take: it may build a crate on a busy machine.
const PATIENCE: Duration = Duration::from_secs(900);

/// What the session's folder is called in what is shown.
const HOME: &str = "/home/ada";

struct Session {
    page: String,
    folder: PathBuf,
    current: PathBuf,
    /// The host that `cargo run` is.
    host: Option<PathBuf>,
    status: i32,
    background: Vec<Child>,
}

/// One command of a block, and the output that is shown for it.
struct Step<'a> {
    line: usize,
    command: String,
    shown: Vec<&'a str>,
}

/// Does all that a page says.
pub fn run(name: &str) -> Result<()> {
    build::guests()?;
    let page = Page::read(&source().join(name), name)?;
    let mut session = Session::new(name)?;
    let mut directives = page.directives().peekable();
    for block in &page.blocks {
        let at = || format!("docs/src/{name}:{}", block.line);
        while let Some((_, directive)) = directives.next_if(|(line, _)| *line < block.line) {
            session.prepare(directive).with_context(at)?;
        }
        for said in &block.directives {
            session.write(said, &block.text).with_context(at)?;
        }
        if block.language == "console" {
            session.block(block).with_context(at)?;
        }
    }
    Ok(())
}

/// A file with this function, which stands at its beginning, in the place of its first.
fn with_function(file: &str, function: &str) -> Result<String> {
    let name = |text: &str| text.split('(').next().map(str::to_owned);
    let (_, rest) = file
        .split_once("\n}\n")
        .context("the file has a function")?;
    ensure!(
        name(file) == name(function),
        "the file begins with another function"
    );
    Ok(format!("{function}{rest}"))
}

fn steps(block: &Block) -> Result<Vec<Step<'_>>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for (at, line) in block.text.lines().enumerate() {
        let line_number = block.line + 1 + at;
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                line: line_number,
                command: command.to_owned(),
                shown: Vec::new(),
            });
            continue;
        }
        let step = steps.last_mut().context("a block begins with `$ `")?;
        match line
            .strip_prefix('>')
            .map(|more| more.strip_prefix(' ').unwrap_or(more))
        {
            Some(more) if step.shown.is_empty() => {
                step.command.push('\n');
                step.command.push_str(more);
            }
            _ => step.shown.push(line),
        }
    }
    Ok(steps)
}

/// Does what may not hang.
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let (done, result) = mpsc::channel();
    thread::spawn(move || done.send(work()));
    let result = result.recv_timeout(PATIENCE);
    result.with_context(|| format!("it is not done after {PATIENCE:?}"))
}

impl Session {
    fn new(page: &str) -> Result<Self> {
        let name = page.replace(['/', '.'], "-");
        // Not in the repository: a crate that is made there would be in its workspace.
        // By the same name each time, so that cargo knows again what it has built.
        let mut checkout = std::hash::DefaultHasher::new();
        root().hash(&mut checkout);
        let folder = format!("insula-guide-{:x}", checkout.finish());
        let folder = std::env::temp_dir().join(folder).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join(".bin"))?;
        let folder = folder.canonicalize()?;
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_insula"), folder.join(".bin/insula"))?;
        Ok(Session {
            page: page.to_owned(),
            current: folder.clone(),
            folder,
            host: None,
            status: 0,
            background: Vec::new(),
        })
    }

    fn prepare(&mut self, directive: &str) -> Result<()> {
        let words: Vec<_> = directive.split_whitespace().collect();
        match words[..] {
            ["link", name, path] => {
                let (target, link) = (root().join(path), self.folder.join(name));
                ensure!(target.exists(), "there is no {}", target.display());
                fs::create_dir_all(link.parent().context("it is in the folder")?)?;
                std::os::unix::fs::symlink(target, link)?;
            }
            ["host", name] => {
                let built = Path::new(env!("CARGO_BIN_EXE_insula"));
                let host = built.with_file_name("examples").join(name);
                ensure!(
                    host.is_file(),
                    "{} is not built: run `cargo build --examples` first",
                    host.display()
                );
                self.host = Some(host);
            }
            // It is of a block.
            ["write" | "edit", _] => {}
            _ => bail!("there is no directive `{directive}`"),
        }
        Ok(())
    }

    /// Does what is said of a block.
    fn write(&self, said: &str, text: &str) -> Result<()> {
        let (what, path) = said.split_once(' ').unwrap_or((said, ""));
        let path = self.folder.join(path);
        match what {
            "write" => {
                fs::create_dir_all(path.parent().context("it is in the folder")?)?;
                fs::write(path, text)?;
            }
            "edit" => {
                let file = fs::read_to_string(&path)?;
                fs::write(path, with_function(&file, text)?)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn block(&mut self, block: &Block) -> Result<()> {
        let steps = steps(block)?;
        for (at, step) in steps.iter().enumerate() {
            let asked_for = steps
                .get(at + 1)
                .is_some_and(|next| next.command.contains("$?"));
            self.step(step, block.has_mark("any-order"))
                .with_context(|| {
                    format!("docs/src/{}:{}: {}", self.page, step.line, step.command)
                })?;
            let may_fail = asked_for || block.has_mark("fails");
            ensure!(
                self.status == 0 || may_fail,
                "docs/src/{}:{}: {}: it exits with {}, and the page does not say so",
                self.page,
                step.line,
                step.command,
                self.status
            );
        }
        Ok(())
    }

    fn step(&mut self, step: &Step<'_>, in_any_order: bool) -> Result<()> {
        if let Some(folder) = step.command.strip_prefix("cd ") {
            let folder = match folder.strip_prefix('~') {
                Some(below) => self.folder.join(below.trim_start_matches('/')),
                None => self.current.join(folder),
            };
            ensure!(folder.is_dir(), "there is no {}", folder.display());
            self.current = folder;
            return Ok(());
        }
        if let Some(command) = step.command.strip_suffix(" &") {
            return self.beside(command, &step.shown);
        }
        let mut command = self.command(&step.command);
        let output = in_time(move || command.output())??;
        self.status = output.status.code().unwrap_or(-1);
        let printed = self.plain(&String::from_utf8(output.stdout)?);
        // Empty lines at the end are for the eye.
        let printed: Vec<_> = printed.trim_end().lines().collect();
        let matches = match in_any_order {
            true => pattern::matches_in_any_order,
            false => pattern::matches,
        };
        ensure!(
            matches(&step.shown, &printed),
            "it is shown:\n{}\n\nand it printed:\n{}\n",
            step.shown.join("\n"),
            printed.join("\n")
        );
        Ok(())
    }

    /// Starts a command that goes on until the page is done, and waits for what is shown.
    fn beside(&mut self, command: &str, shown: &[&str]) -> Result<()> {
        let mut command = self.command(command);
        // Of a group of its own, so that it can be ended with all that it has started.
        command.process_group(0).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let output = child.stdout.take().context("its output is piped")?;
        self.background.push(child);
        let (shown, folder) = (
            shown
                .iter()
                .map(|line| (*line).to_owned())
                .collect::<Vec<_>>(),
            self.folder.display().to_string(),
        );
        in_time(move || {
            let mut output = BufReader::new(output);
            let mut may_skip = false;
            for expected in shown {
                if expected.trim() == "..." {
                    may_skip = true;
                    continue;
                }
                loop {
                    let mut line = String::new();
                    ensure!(
                        output.read_line(&mut line)? > 0,
                        "it has ended, without:\n{expected}"
                    );
                    let line = line.trim_end().replace(&folder, HOME);
                    if pattern::line_matches(&expected, &line) {
                        break;
                    }
                    ensure!(
                        may_skip,
                        "it is shown:\n{expected}\n\nand it printed:\n{line}\n"
                    );
                }
                may_skip = false;
            }
            // What else it prints has to go somewhere.
            thread::spawn(move || output.read_to_end(&mut Vec::new()));
            Ok(())
        })?
    }

    /// A command as a shell runs it, with what it says on both of its outputs in order.
    fn command(&self, text: &str) -> Command {
        let text = match (&self.host, text.strip_prefix("cargo run")) {
            (Some(host), Some(arguments)) => {
                let arguments = arguments.strip_prefix(" --").unwrap_or(arguments);
                format!("{}{arguments}", host.display())
            }
            _ => text.to_owned(),
        };
        // Where the reader has cloned the repository. (A link would do, but cargo takes what
        // is behind one for another package.)
        let text = text.replace("~/insula", &root().display().to_string());
        let mut command = Command::new("sh");
        build::clean(&mut command);
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .args(["-c", &format!("exec 2>&1\n(exit {})\n{text}", self.status)])
            .current_dir(&self.current)
            .stdin(Stdio::null())
            .env(
                "PATH",
                format!("{}:{path}", self.folder.join(".bin").display()),
            )
            .env("XDG_CACHE_HOME", self.folder.join(".cache"))
            .env("CARGO_TARGET_DIR", build::target())
            .env("CARGO_NET_OFFLINE", "true")
            .env("CARGO_TERM_COLOR", "never")
            .env("NO_COLOR", "1")
            .env("LC_ALL", "C.UTF-8")
            .env_remove("CLICOLOR_FORCE")
            .env_remove("RUST_BACKTRACE")
            .envs(insula_tests::c_toolchain());
        command
    }

    /// What was printed, with what is this machine's own taken out.
    fn plain(&self, printed: &str) -> String {
        printed
            .replace(&self.folder.display().to_string(), HOME)
            .replace(&build::target().display().to_string(), "target")
            .replace(&root().display().to_string(), &format!("{HOME}/insula"))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for child in &mut self.background {
            // Its whole group, and then what is left of it.
            let group = format!("-{}", child.id());
            let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
            let deadline = std::time::Instant::now() + Duration::from_secs(10);
            while matches!(child.try_wait(), Ok(None)) && std::time::Instant::now() < deadline {
                thread::sleep(Duration::from_millis(20));
            }
            let _ = Command::new("kill")
                .args(["-KILL", "--", &group])
                .stderr(Stdio::null())
                .status();
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}
