//! What a host's administrator may want to change, in plain words.

use super::machine::Machine;

/// So many open files are the default, and few for guests with folders.
const FEW_FILES: u64 = 1_024;

/// A runtime's preempted turns hold up to 1,024 threads, beside those of the host.
const FEW_THREADS: u64 = 2_048;

/// Advice for a machine that runs guests which nobody trusts.
pub fn of(machine: &Machine) -> Vec<String> {
    let advice = [
        (
            machine.is_root == Some(true),
            "It runs as root: give it a user of its own, so that what gets out of the \
             process gets nothing else.",
        ),
        (
            machine.core_dumps == Some(true),
            "Core dumps are on, and what guests and the host know would be in one: turn them \
             off with `ulimit -c 0`.",
        ),
        (
            machine.no_new_privileges == Some(false),
            "The process may get new privileges: set no_new_privs (`NoNewPrivileges=yes` of \
             systemd, `--security-opt no-new-privileges` of containers).",
        ),
        (
            machine.seccomp == Some(false),
            "No seccomp filter holds: one that allows what the host needs is a second wall.",
        ),
        (
            machine.cgroup_memory.is_none(),
            "No cgroup limits the memory of the process: set memory.max to what all groups \
             together may use.",
        ),
        (
            machine.cgroup_cpus.is_none(),
            "No cgroup limits the CPU time of the process: set cpu.max where other services \
             share the machine.",
        ),
        (
            machine.pagemap_scan == Some(false),
            "The kernel is older than 6.7 and cannot say which pages a guest has touched: \
             isolates are slower to reset.",
        ),
        (
            machine
                .threads
                .is_some_and(|threads| threads <= FEW_THREADS),
            "Few threads can be had, and each preempted turn holds one: raise `ulimit -u` and \
             the cgroup's pids.max.",
        ),
        (
            machine.open_files.is_some_and(|files| files <= FEW_FILES),
            "Few files can be open at once: raise `ulimit -n` where guests get folders.",
        ),
    ];
    let given = advice.into_iter().filter(|(is_due, _)| *is_due);
    given.map(|(_, words)| words.to_owned()).collect()
}
