//! What the kernel allows this process, as far as it says.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::table::Table;

/// What the machine allows. Where the kernel says nothing there is none.
#[derive(Debug, Serialize)]
pub struct Machine {
    pub kernel: Option<String>,
    pub cpus: usize,
    /// How many CPUs' time the cgroup may use.
    pub cgroup_cpus: Option<f64>,
    pub cpu_features: Vec<&'static str>,
    /// Bits of an address that a process can use.
    pub address_bits: Option<u32>,
    /// `vm.max_map_count`.
    pub mappings: Option<u64>,
    /// `ulimit -v`, in bytes.
    pub address_space: Option<u64>,
    /// `ulimit -n`.
    pub open_files: Option<u64>,
    /// The least of `ulimit -u`, `kernel.threads-max` and the cgroup's `pids.max`.
    pub threads: Option<u64>,
    /// The memory that there is, in bytes.
    pub memory: Option<u64>,
    /// The cgroup's `memory.max`, in bytes.
    pub cgroup_memory: Option<u64>,
    /// Whether the kernel can say which pages a guest has touched, from 6.7 on.
    pub pagemap_scan: Option<bool>,
    pub no_new_privileges: Option<bool>,
    /// Whether a seccomp filter holds.
    pub seccomp: Option<bool>,
    /// Whether it may write core dumps, in which guests' memory would be.
    pub core_dumps: Option<bool>,
    pub is_root: Option<bool>,
}

impl Machine {
    pub fn look() -> Self {
        let kernel = line("/proc/sys/kernel/osrelease");
        Machine {
            pagemap_scan: kernel.as_deref().and_then(version).map(|at| at >= (6, 7)),
            kernel,
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            cgroup_cpus: cgroup_cpus(),
            cpu_features: cpu_features(),
            address_bits: address_bits(),
            mappings: number("/proc/sys/vm/max_map_count"),
            address_space: ulimit("Max address space"),
            open_files: ulimit("Max open files"),
            threads: least([
                ulimit("Max processes"),
                number("/proc/sys/kernel/threads-max"),
                cgroup("pids", &["pids.max"]),
            ]),
            memory: field("/proc/meminfo", "MemTotal").map(|kib| kib << 10),
            cgroup_memory: cgroup("memory", &["memory.max", "memory.limit_in_bytes"]),
            no_new_privileges: field("/proc/self/status", "NoNewPrivs").map(|on| on == 1),
            seccomp: field("/proc/self/status", "Seccomp").map(|mode| mode > 0),
            core_dumps: resource_limit("Max core file size").map(|size| size != Some(0)),
            is_root: field("/proc/self/status", "Uid").map(|user| user == 0),
        }
    }

    pub fn table(&self) -> Table {
        let mut table = Table::default();
        let number = |value: Option<u64>| value.map_or("no limit".to_owned(), |n| n.to_string());
        let yes = |value: Option<bool>| match value {
            Some(true) => "yes",
            Some(false) => "no",
            None => "unknown",
        };
        let cgroup_cpus = self
            .cgroup_cpus
            .map_or("no limit".to_owned(), |n| n.to_string());
        let bits = self
            .address_bits
            .map_or("unknown".to_owned(), |n| n.to_string());
        table.row(["kernel", self.kernel.as_deref().unwrap_or("unknown")]);
        table.row(["CPUs", &self.cpus.to_string()]);
        table.row(["CPUs of the cgroup", &cgroup_cpus]);
        table.row(["CPU features", &self.cpu_features.join(" ")]);
        table.row(["bits of an address", &bits]);
        table.row(["addresses (ulimit -v)", &number(self.address_space)]);
        table.row(["mappings (vm.max_map_count)", &number(self.mappings)]);
        table.row(["open files (ulimit -n)", &number(self.open_files)]);
        table.row(["threads", &number(self.threads)]);
        table.row(["memory", &number(self.memory)]);
        table.row(["memory of the cgroup", &number(self.cgroup_memory)]);
        table.row(["PAGEMAP_SCAN", yes(self.pagemap_scan)]);
        table.row(["no_new_privs", yes(self.no_new_privileges)]);
        table.row(["seccomp", yes(self.seccomp)]);
        table.row(["core dumps", yes(self.core_dumps)]);
        table.row(["root", yes(self.is_root)]);
        table
    }

    /// The memory that this process may really use.
    pub fn usable_memory(&self) -> Option<u64> {
        least([self.memory, self.cgroup_memory])
    }
}

/// The bytes of this process that are in memory.
pub fn resident() -> Option<u64> {
    field("/proc/self/status", "VmRSS").map(|kib| kib << 10)
}

/// The bytes of addresses that this process has mapped or reserved.
pub fn addresses() -> Option<u64> {
    field("/proc/self/status", "VmSize").map(|kib| kib << 10)
}

fn least<const N: usize>(values: [Option<u64>; N]) -> Option<u64> {
    values.into_iter().flatten().min()
}

fn line(path: impl AsRef<Path>) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

fn number(path: impl AsRef<Path>) -> Option<u64> {
    line(path)?.parse().ok()
}

/// The first number of `NAME: 1 ..` in a file.
fn field(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let rest = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// The soft limit of this name; none within where there is no limit.
fn resource_limit(name: &str) -> Option<Option<u64>> {
    let text = fs::read_to_string("/proc/self/limits").ok()?;
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(rest.split_whitespace().next()?.parse().ok())
}

fn ulimit(name: &str) -> Option<u64> {
    resource_limit(name).flatten()
}

/// The first two numbers of a kernel's version.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release
        .split(['.', '-'])
        .map_while(|part| part.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

/// Half of the addresses are the kernel's.
fn address_bits() -> Option<u32> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let sizes = text
        .lines()
        .find(|line| line.starts_with("address sizes"))?;
    let bits: u32 = sizes.split(", ").nth(1)?.split(' ').next()?.parse().ok()?;
    bits.checked_sub(1)
}

#[cfg(target_arch = "x86_64")]
fn cpu_features() -> Vec<&'static str> {
    let features = [
        ("sse4.2", std::arch::is_x86_feature_detected!("sse4.2")),
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("bmi2", std::arch::is_x86_feature_detected!("bmi2")),
        ("lzcnt", std::arch::is_x86_feature_detected!("lzcnt")),
        ("popcnt", std::arch::is_x86_feature_detected!("popcnt")),
    ];
    let there = features.into_iter().filter(|(_, is_there)| *is_there);
    there.map(|(name, _)| name).collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn cpu_features() -> Vec<&'static str> {
    Vec::new()
}

/// The least value that the files of these names have, from this process's cgroup up
/// to the root. The first version of cgroups has a tree for each controller, and other
/// names.
fn cgroup(controller: &str, files: &[&str]) -> Option<u64> {
    let folders = cgroup_folders(controller);
    let values = folders.iter().flat_map(|folder| {
        let files = files.iter();
        files.filter_map(|file| number(folder.join(file)))
    });
    // Near the most that fits is how the first version says that there is no limit.
    values.filter(|value| *value < 1 << 60).min()
}

fn cgroup_folders(controller: &str) -> Vec<PathBuf> {
    let Some(text) = line("/proc/self/cgroup") else {
        return Vec::new();
    };
    let mut folders = Vec::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        let root = match controllers {
            "" => PathBuf::from("/sys/fs/cgroup"),
            names if names.split(',').any(|name| name == controller) => {
                Path::new("/sys/fs/cgroup").join(names)
            }
            _ => continue,
        };
        // In a container the path may be one outside of what is mounted here: its
        // root is then all there is.
        let here = root.join(path.trim_start_matches('/'));
        let up = here
            .ancestors()
            .take_while(|folder| folder.starts_with(&root));
        folders.extend(up.map(Path::to_owned));
    }
    folders
}

fn cgroup_cpus() -> Option<f64> {
    let folders = cgroup_folders("cpu");
    let quotas = folders.iter().filter_map(|folder| {
        let second = || line(folder.join("cpu.max"));
        let first = || {
            let quota = line(folder.join("cpu.cfs_quota_us"))?;
            Some(format!(
                "{quota} {}",
                line(folder.join("cpu.cfs_period_us"))?
            ))
        };
        let quota = second().or_else(first)?;
        let (quota, period) = quota.split_once(' ')?;
        // Without a limit it is `max`, or -1.
        let (quota, period): (f64, f64) = (quota.parse().ok()?, period.parse().ok()?);
        (quota > 0.0 && period > 0.0).then_some(quota / period)
    });
    quotas.min_by(f64::total_cmp)
}
