//! A folder of the host's that guests see, as its flag takes it or as a table.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use insula::{Access, DirGrant};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

/// A folder that is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DirSetting(pub(crate) DirGrant);

/// The same as a table.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Dir")]
struct Table {
    /// The folder on the host, absolute or relative to the policy's file.
    host: PathBuf,
    /// What guests call it.
    guest: String,
    /// What they may do in it: read, or write too.
    access: AccessName,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
enum AccessName {
    #[serde(rename = "ro")]
    ReadOnly,
    #[serde(rename = "rw")]
    ReadWrite,
}

impl<'de> Deserialize<'de> for DirSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Dirs)
    }
}

struct Dirs;

impl<'de> Visitor<'de> for Dirs {
    type Value = DirSetting;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a text like \"/srv/maps::/maps::ro\" or a table of host, guest and access")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<DirSetting, E> {
        text.parse().map(DirSetting).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<DirSetting, A::Error> {
        let Table {
            host,
            guest,
            access,
        } = Table::deserialize(MapAccessDeserializer::new(map))?;
        let access = match access {
            AccessName::ReadOnly => Access::ReadOnly,
            AccessName::ReadWrite => Access::ReadWrite,
        };
        Ok(DirSetting(DirGrant {
            host,
            guest,
            access,
        }))
    }
}

impl JsonSchema for DirSetting {
    fn schema_name() -> Cow<'static, str> {
        "DirSetting".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string", "minLength": 1 },
                generator.subschema_for::<Table>(),
            ]
        })
    }
}
