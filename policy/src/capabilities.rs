//! The table `[capabilities]`: what may be reached of the world outside.

use std::collections::BTreeMap;
use std::path::Path;

use insula::{Capabilities, ClockAccess, Random, Stdin};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::dir::DirSetting;
use crate::programs::{PinnedProgram, ProgramSetting};
use crate::text::Text;

/// What may be reached of the world outside. What is not said is closed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Capabilities")]
pub(crate) struct CapabilitySettings {
    /// Folders of the host that guests see, as the flag takes them ("HOST::GUEST::ro", or
    /// "HOST::GUEST" where they may change it) or as tables. A host's path is absolute or
    /// relative to the policy's file.
    dirs: Vec<DirSetting>,
    /// Variables of the environment.
    env: BTreeMap<String, String>,
    /// Arguments behind the isolate's name.
    args: Vec<String>,
    /// What the first isolate reads from its standard input: nothing by default.
    #[schemars(with = "StdinName")]
    stdin: Option<StdinName>,
    /// What guests' clocks show. By default "coarse": whole milliseconds.
    #[schemars(schema_with = "clock_schema")]
    clock: Option<Text<ClockAccess>>,
    /// What guests' random numbers are: "off", "real" (the default), or a seed.
    #[schemars(schema_with = "random_schema")]
    random: Option<Text<Random>>,
    /// Where programs may be spawned from: file: URIs, or paths relative to the
    /// policy's file, of a folder with all below it or of one file; and https: URIs of
    /// programs with their digests behind them, as in https://HOST/PATH#sha256:..
    programs: Vec<ProgramSetting>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum StdinName {
    Closed,
    Inherit,
}

fn clock_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": ClockAccess::names().collect::<Vec<_>>() })
}

fn random_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            { "type": "integer", "minimum": 0 },
            { "type": "string", "pattern": "^(off|real|[0-9]+)$" },
        ]
    })
}

impl CapabilitySettings {
    /// These capabilities and what the policy gives.
    pub(crate) fn give(&self, mut given: Capabilities, folder: &Path) -> Capabilities {
        for DirSetting(dir) in &self.dirs {
            given = given.dir(folder.join(&dir.host), &dir.guest, dir.access);
        }
        for (name, value) in &self.env {
            given = given.env(name, value);
        }
        for arg in &self.args {
            given = given.arg(arg);
        }
        for program in &self.programs {
            if let ProgramSetting::Here(program) = program {
                given = given.programs(program_uri(program, folder));
            }
        }
        if let Some(stdin) = self.stdin {
            given = given.stdin(match stdin {
                StdinName::Closed => Stdin::Closed,
                StdinName::Inherit => Stdin::Inherit,
            });
        }
        if let Some(Text(clock)) = self.clock {
            given = given.clock(clock);
        }
        if let Some(Text(random)) = self.random {
            given = given.random(random);
        }
        given
    }

    /// Programs that may be spawned and are not here.
    pub(crate) fn pinned_programs(&self) -> impl Iterator<Item = &PinnedProgram> {
        self.programs.iter().filter_map(|program| match program {
            ProgramSetting::Here(_) => None,
            ProgramSetting::Elsewhere(pinned) => Some(pinned),
        })
    }
}

/// A path as a URI; a URI as it is.
fn program_uri(given: &str, folder: &Path) -> String {
    if given.starts_with("file:") {
        return given.to_owned();
    }
    let path = std::path::absolute(folder.join(given));
    let uri = path.ok().and_then(|path| insula::file_uri(&path));
    // What cannot be said as a URI is refused as one.
    uri.unwrap_or_else(|| given.to_owned())
}
