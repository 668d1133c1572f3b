//! A policy: read from a file, and put to use.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use insula::{Capabilities, Limit, Limits, Runtime, SpawnOptions, WEIGHTS};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use toml::de::DeTable;

use crate::capabilities::CapabilitySettings;
use crate::digest::Digest;
use crate::error::{PolicyError, PolicyErrorKind};
use crate::limits::LimitSettings;
use crate::programs::PinnedProgram;
use crate::unknown;

/// The most bytes of a policy file.
const POLICY_BYTES: usize = 1 << 20;

/// What a program may use and reach: the settings of one file, each there or not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    document: Document,
    /// What relative paths are relative to; the current folder when empty.
    folder: PathBuf,
}

/// What an isolate and all that it spawns may use and reach. What is not said keeps
/// its default; a flag of the command line goes before what is said here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "Insula policy")]
struct Document {
    /// What the first isolate is called, in place of its entry's name.
    #[schemars(with = "String")]
    name: Option<String>,
    /// The digest that the program has to have: what this was written for.
    #[schemars(with = "Digest")]
    digest: Option<Digest>,
    /// The entry to run, in place of the program's default one.
    #[schemars(with = "String")]
    entry: Option<String>,
    /// How much of the CPU its group gets beside others, in proportion to their weights:
    /// from 1 to 10,000. By default 100.
    #[serde(deserialize_with = "weight")]
    #[schemars(with = "u32", range(min = 1, max = 10_000))]
    weight: Option<u32>,
    /// Whether who prints more than the limits allow ends, rather than that its output
    /// is dropped from then on. By default false.
    #[schemars(with = "bool")]
    output_fatal: Option<bool>,
    /// Whether an error that nothing catches ends the isolate. By default true.
    #[schemars(with = "bool")]
    errors_fatal: Option<bool>,
    /// What may be used, by the names of the limits. An amount is a whole number, a
    /// text with a unit, or "none".
    limits: LimitSettings,
    /// What may be reached of the world outside. Everything is closed by default.
    capabilities: CapabilitySettings,
}

/// A weight in the range that there is.
fn weight<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let weight = u32::deserialize(deserializer)?;
    if !WEIGHTS.contains(&weight) {
        let (least, most) = (WEIGHTS.start(), WEIGHTS.end());
        return Err(D::Error::custom(format!(
            "a weight is from {least} to {most}"
        )));
    }
    Ok(Some(weight))
}

impl Policy {
    /// Reads a policy. Paths in it are relative to the current folder.
    ///
    /// # Errors
    ///
    /// Where the text is no TOML, larger than 1 MiB, or says something that is not
    /// known or not allowed.
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        if text.len() > POLICY_BYTES {
            return Err(too_large());
        }
        let syntax = |error: toml::de::Error| {
            PolicyError::new(PolicyErrorKind::Syntax(crate::said(error.message())))
                .at(text, error.span())
        };
        let document = DeTable::parse(text).map_err(syntax)?;
        if let Some((span, kind)) = unknown::first(document.get_ref(), schema()) {
            return Err(PolicyError::new(kind).at(text, Some(span)));
        }
        let document =
            Document::deserialize(toml::Deserializer::from(document)).map_err(|error| {
                PolicyError::new(PolicyErrorKind::Value(crate::said(error.message())))
                    .at(text, error.span())
            })?;
        Ok(Policy {
            document,
            folder: PathBuf::new(),
        })
    }

    /// Reads a policy file. Paths in it are relative to the file's folder.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read, and as [`Policy::from_toml`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, PolicyError> {
        let path = path.as_ref();
        let policy = read(path).and_then(|text| Policy::from_toml(&text));
        let policy = policy.map_err(|error| error.of_file(path))?;
        Ok(policy.relative_to(path.parent().unwrap_or(Path::new(""))))
    }

    /// This policy with paths that are relative to `folder`.
    #[must_use]
    pub fn relative_to(self, folder: impl Into<PathBuf>) -> Self {
        Policy {
            folder: folder.into(),
            ..self
        }
    }

    /// The value that the policy sets a limit to, if it does.
    pub fn limit(&self, limit: Limit) -> Option<u64> {
        self.document.limits.get(limit)
    }

    /// These limits with what the policy says in place, for a
    /// [`RuntimeBuilder`](insula::RuntimeBuilder) or for [`SpawnOptions`].
    #[must_use]
    pub fn limits(&self, limits: Limits) -> Limits {
        self.document.limits.set(limits)
    }

    /// These capabilities and what the policy gives.
    #[must_use]
    pub fn capabilities(&self, capabilities: Capabilities) -> Capabilities {
        self.document.capabilities.give(capabilities, &self.folder)
    }

    /// The digest that the program has to have, if the policy says one. Whoever loads
    /// the program checks it: see [`Digest::check`].
    pub fn digest(&self) -> Option<Digest> {
        self.document.digest
    }

    /// The programs from elsewhere that the policy lets be spawned. They are in no
    /// [`capabilities`](Self::capabilities), as nothing here fetches them: a host that
    /// does, and checks their digests, grants them with
    /// [`Capabilities::program`](insula::Capabilities::program).
    pub fn pinned_programs(&self) -> impl Iterator<Item = &PinnedProgram> {
        self.document.capabilities.pinned_programs()
    }

    /// The weight that the policy gives, if it does.
    pub fn weight(&self) -> Option<u32> {
        self.document.weight
    }

    /// Whether who prints too much ends, if the policy says so or not.
    pub fn output_fatal(&self) -> Option<bool> {
        self.document.output_fatal
    }

    /// How the policy wants a program to be spawned in this runtime: all that it
    /// says, with the runtime's own limits where it says nothing. What is set on the
    /// options after that goes before what the policy says.
    ///
    /// A limit of a whole runtime ([`Scope::Runtime`](insula::Scope::Runtime)) that is
    /// not the runtime's refuses the spawn: make the runtime with
    /// [`Policy::limits`] then.
    pub fn spawn_options<'a>(&self, runtime: &Runtime) -> SpawnOptions<'a> {
        let mut options = SpawnOptions::new()
            .limits(self.limits(runtime.limits().clone()))
            .capabilities(self.capabilities(Capabilities::default()));
        if let Some(name) = &self.document.name {
            options = options.name(name);
        }
        if let Some(entry) = &self.document.entry {
            options = options.entry(entry);
        }
        if let Some(weight) = self.document.weight {
            options = options.weight(weight);
        }
        if let Some(fatal) = self.document.output_fatal {
            options = options.output_fatal(fatal);
        }
        if let Some(fatal) = self.document.errors_fatal {
            options = options.errors_fatal(fatal);
        }
        options
    }

    /// The JSON Schema of policy files, for editors and for who generates them.
    pub fn schema() -> Value {
        schema().clone()
    }
}

fn schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(Document).into());
    &SCHEMA
}

fn too_large() -> PolicyError {
    PolicyError::new(PolicyErrorKind::TooLarge {
        limit: POLICY_BYTES,
    })
}

fn read(path: &Path) -> Result<String, PolicyError> {
    let unreadable =
        |error: std::io::Error| PolicyError::new(PolicyErrorKind::Read(error.to_string()));
    let file = File::open(path).map_err(unreadable)?;
    let mut text = Vec::new();
    file.take(POLICY_BYTES as u64 + 1)
        .read_to_end(&mut text)
        .map_err(unreadable)?;
    if text.len() > POLICY_BYTES {
        return Err(too_large());
    }
    String::from_utf8(text).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes());
        PolicyError::new(PolicyErrorKind::Syntax("it is not UTF-8".to_owned()))
            .at(&text, Some(place..place))
    })
}
