//! What a program asks for, by the functions that it calls, and whether it gets it.

use serde::Serialize;

use super::module::Module;
use crate::flags::Allowed;
use crate::table::Table;

/// Something that a program can ask its host for.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    pub what: &'static str,
    /// The functions by which it does.
    functions: Vec<String>,
    /// Whether there is anything to be had.
    given: bool,
    /// What gives it.
    by: &'static str,
}

struct Kind {
    what: &'static str,
    /// How the functions begin, of WASI's or of the contract's, by the interface's name.
    functions: &'static [&'static str],
    /// The capability that is needed; none where limits alone hold.
    needs: &'static str,
    by: &'static str,
}

/// In the order in which they are told.
const KINDS: [Kind; 9] = [
    Kind {
        what: "files",
        functions: &["path_", "fd_readdir"],
        needs: "dirs",
        by: "--dir",
    },
    Kind {
        what: "input",
        functions: &["fd_read"],
        needs: "stdin",
        by: "--stdin",
    },
    Kind {
        what: "variables",
        functions: &["environ_get"],
        needs: "env",
        by: "--env",
    },
    Kind {
        what: "arguments",
        functions: &["args_get"],
        needs: "args",
        by: "`-- ARGUMENT..`",
    },
    Kind {
        what: "the time",
        functions: &["clock_time_get"],
        needs: "clock",
        by: "--clock",
    },
    Kind {
        what: "random numbers",
        functions: &["random_get"],
        needs: "random",
        by: "--random",
    },
    Kind {
        what: "isolates",
        functions: &["isolates/spawn"],
        needs: "",
        by: "--limit isolates=..",
    },
    Kind {
        what: "timers",
        functions: &["timers/[static]timer.start"],
        needs: "",
        by: "--limit timers=..",
    },
    Kind {
        what: "ports with names",
        functions: &["names/"],
        needs: "",
        by: "--limit named_ports=..",
    },
];

/// What of this is asked for.
pub fn of(module: &Module, allowed: &Allowed) -> Vec<Asked> {
    let settings = allowed.capabilities.settings();
    let given = |name: &str| {
        let mut values = settings.iter().filter(|(given, _)| *given == name);
        name.is_empty() || values.any(|(_, value)| value != "off" && value != "closed")
    };
    let kinds = KINDS.iter().filter_map(|kind| {
        let used = module.imports.iter().filter(|import| import.used);
        let functions = used.filter_map(|import| {
            let name = called(&import.module, &import.name);
            let is_one = kind.functions.iter().any(|start| name.starts_with(start));
            is_one.then(|| import.name.clone())
        });
        let functions: Vec<_> = functions.collect();
        (!functions.is_empty()).then(|| Asked {
            what: kind.what,
            functions,
            given: given(kind.needs),
            by: kind.by,
        })
    });
    kinds.collect()
}

/// A function of the contract with its interface, one of WASI's without.
fn called(module: &str, name: &str) -> String {
    match module.strip_prefix("insula:isolate/") {
        Some(interface) => {
            let interface = interface.split('@').next().unwrap_or(interface);
            format!("{interface}/{name}")
        }
        None => name.to_owned(),
    }
}

pub fn table(asked: &[Asked]) -> Table {
    let mut table = Table::default();
    for Asked {
        what, given, by, ..
    } in asked
    {
        let gets = match (given, by.starts_with("--limit")) {
            (true, true) => format!("given, within limits ({by})"),
            (true, false) => format!("given ({by})"),
            (false, _) => format!("not given: {by} does"),
        };
        table.row([what, &gets]);
    }
    table
}
