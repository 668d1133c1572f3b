//! Where a module's exports are, found once: an instance is asked for them by place and
//! not by name.

use wasmtime::{Module, ModuleExport};

use super::{COMMAND, ENTRY_PREFIX};

/// What the host calls or looks at in an instance. Whether it is of the right type was
/// checked before.
pub(crate) struct Exports {
    pub(crate) memory: Option<ModuleExport>,
    pub(crate) realloc: Option<ModuleExport>,
    pub(crate) wake: Option<ModuleExport>,
    pub(crate) deliver: Option<ModuleExport>,
    pub(crate) initialize: Option<ModuleExport>,
    /// In the order of the program's entries.
    entries: Vec<Option<ModuleExport>>,
}

impl Exports {
    pub(super) fn find(module: &Module, entries: &[String]) -> Self {
        let place = |name: &str| module.get_export_index(name);
        let of_entry = |entry: &String| match place(&format!("{ENTRY_PREFIX}{entry}")) {
            // A plain command's one entry has no prefix.
            None if entry == COMMAND => place(COMMAND),
            found => found,
        };
        Exports {
            memory: place("memory"),
            realloc: place("cabi_realloc"),
            wake: place("wake"),
            deliver: place("deliver"),
            initialize: place("_initialize"),
            entries: entries.iter().map(of_entry).collect(),
        }
    }

    pub(super) fn entry(&self, number: usize) -> Option<ModuleExport> {
        *self.entries.get(number)?
    }
}
