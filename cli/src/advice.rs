//! What to do about an error that does not say so itself: libraries know what
//! happened, and the command which of its flags helps.

use anyhow::Error;
use insula::{CapabilityError, LoadError, SpawnError, StartError};
use insula_policy::{PolicyError, PolicyErrorKind};

use crate::likely;

/// What the user may do, where there is something to say.
pub fn of(error: &Error) -> Option<String> {
    let mut causes = error.chain();
    causes.find_map(|cause| {
        let load = cause.downcast_ref().and_then(load);
        let spawn = || cause.downcast_ref().and_then(spawn);
        let start = || cause.downcast_ref().and_then(start);
        let policy = || cause.downcast_ref().and_then(policy);
        load.or_else(spawn).or_else(start).or_else(policy)
    })
}

fn load(error: &LoadError) -> Option<String> {
    let advice = match error {
        LoadError::Read { .. } => "is the path right, and may you read it?",
        LoadError::NoMemory { .. } => {
            "rustc and clang export it unless they are told not to: link it anew for wasm32-wasip1"
        }
        LoadError::UnknownImports { .. } => {
            "`insula inspect` shows all that it imports; build it for wasm32-wasip1, without what \
             other hosts offer"
        }
        LoadError::WrongExport { .. } => "build it anew with this version's SDK",
        LoadError::Invalid { .. } => "was it cut off or changed? build or fetch it anew",
        LoadError::TooMuch { .. } => "split the program, or generate less code",
        LoadError::CompilerFailed { .. } => {
            "please report it with the program; until then, build the program in another way"
        }
        _ => return None,
    };
    Some(advice.to_owned())
}

fn spawn(error: &SpawnError) -> Option<String> {
    match error {
        SpawnError::NoSuchEntry { entry, entries, .. } => {
            let meant = likely::meant(entry, entries);
            let meant = meant.trim_start_matches(": ");
            (!meant.is_empty()).then(|| meant.to_owned())
        }
        SpawnError::MessageTooLarge(_) => Some("give a smaller `--message`".to_owned()),
        SpawnError::Capability(CapabilityError::Dir { host, .. }) => Some(format!(
            "`--dir` takes a folder that is there: `mkdir {}` makes it",
            host.display()
        )),
        SpawnError::Grant(_) => Some("`--grant-uri` takes a path or a file: URI".to_owned()),
        _ => None,
    }
}

fn start(error: &StartError) -> Option<String> {
    match error {
        StartError::WasmStack(_) => Some("set it with `--limit wasm_stack=256KiB`".to_owned()),
        StartError::Threads(_) => Some("`ulimit -u` says how many there may be".to_owned()),
        _ => None,
    }
}

fn policy(error: &PolicyError) -> Option<String> {
    match error.kind() {
        PolicyErrorKind::Read(_) => Some(
            "`--policy` takes a file that is there; `insula schema` says what stands in one"
                .to_owned(),
        ),
        _ => None,
    }
}
