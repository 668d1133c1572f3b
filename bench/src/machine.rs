//! Where and of what a run was made.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

/// The machine and what was measured on it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    pub memory_mib: u64,
    pub kernel: String,
    pub max_map_count: String,
    pub rustc: String,
    pub commit: String,
    pub date: String,
    /// As it was given.
    pub command: String,
}

impl Machine {
    /// This one, now.
    pub fn read() -> Self {
        let cpu = field("/proc/cpuinfo", "model name");
        let memory = field("/proc/meminfo", "MemTotal");
        let kib: u64 = memory
            .trim_end_matches(" kB")
            .trim()
            .parse()
            .unwrap_or_default();
        let arguments = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
        Machine {
            cpu,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mib: kib >> 10,
            kernel: line("/proc/sys/kernel/osrelease"),
            max_map_count: line("/proc/sys/vm/max_map_count"),
            rustc: output("rustc", &["--version"]),
            commit: commit(),
            date: output("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
            command: format!("cargo run --release -p insula-bench -- {arguments}"),
        }
    }
}

/// How many processes wanted to run in the last minute.
pub fn load() -> String {
    let all = line("/proc/loadavg");
    all.split(' ').next().unwrap_or_default().to_owned()
}

/// The version of a crate in the workspace's lock file.
pub fn locked_version(name: &str) -> String {
    const LOCK: &str = include_str!("../../Cargo.lock");
    let start = format!("name = \"{name}\"\nversion = \"");
    let rest = LOCK.split_once(&start).map(|(_, rest)| rest);
    let version = rest.and_then(|rest| rest.split_once('"'));
    version.map_or("unknown", |(version, _)| version).to_owned()
}

fn commit() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).display().to_string();
    let commit = output("git", &["-C", &folder, "rev-parse", "--short=12", "HEAD"]);
    let changed = output(
        "git",
        &[
            "-C",
            &folder,
            "status",
            "--porcelain",
            "--untracked-files=no",
        ],
    );
    match changed.as_str() {
        "" => commit,
        _ => format!("{commit} with changes"),
    }
}

fn line(file: &str) -> String {
    fs::read_to_string(file)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// What stands behind the name in a file of names and values.
fn field(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    let found = fields.find(|(key, _)| key.trim() == name);
    found
        .map_or("unknown", |(_, value)| value.trim())
        .to_owned()
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&text).trim().to_owned()
}
