//! A folder of the host's that guests see, as a text or as a table.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use insula::Access;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

/// What stands between the parts of a text.
const BETWEEN: &str = "::";

/// A folder that is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirSetting {
    /// The folder on the host.
    pub host: PathBuf,
    /// Where guests see it.
    pub guest: String,
    /// What they may do in it.
    pub access: Access,
}

/// A text that grants no folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` grants no folder: it has to be HOST::GUEST, with ::ro or ::rw behind it or not")]
pub struct DirError {
    given: String,
}

/// `HOST::GUEST`, with `::ro` (the default) or `::rw` behind it.
///
/// ```
/// use insula::Access;
/// use insula_policy::DirSetting;
///
/// # fn main() -> anyhow::Result<()> {
/// let maps: DirSetting = "/srv/maps::/maps::rw".parse()?;
/// assert_eq!((&*maps.guest, maps.access), ("/maps", Access::ReadWrite));
/// assert!("/srv/maps".parse::<DirSetting>().is_err());
/// # Ok(())
/// # }
/// ```
impl FromStr for DirSetting {
    type Err = DirError;

    fn from_str(text: &str) -> Result<Self, DirError> {
        read(text).ok_or_else(|| DirError {
            given: crate::shown(text),
        })
    }
}

fn read(text: &str) -> Option<DirSetting> {
    let mut parts = text.split(BETWEEN);
    let (host, guest) = (parts.next()?, parts.next()?);
    let access = match (parts.next(), parts.next()) {
        (None | Some("ro"), None) => Access::ReadOnly,
        (Some("rw"), None) => Access::ReadWrite,
        _ => return None,
    };
    let is_there = !host.is_empty() && !guest.is_empty();
    is_there.then(|| DirSetting {
        host: PathBuf::from(host),
        guest: guest.to_owned(),
        access,
    })
}

/// A folder of the host's that guests see.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Dir")]
struct Table {
    /// The folder on the host, absolute or relative to the policy's file.
    host: PathBuf,
    /// Where guests see it.
    guest: String,
    /// What they may do in it: read by default.
    #[serde(default)]
    access: AccessName,
}

#[derive(Deserialize, JsonSchema, Default)]
#[schemars(inline)]
enum AccessName {
    #[default]
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
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<DirSetting, A::Error> {
        let table = Table::deserialize(MapAccessDeserializer::new(map))?;
        Ok(DirSetting {
            host: table.host,
            guest: table.guest,
            access: match table.access {
                AccessName::ReadOnly => Access::ReadOnly,
                AccessName::ReadWrite => Access::ReadWrite,
            },
        })
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
                { "type": "string", "pattern": "^.+::.+$" },
                generator.subschema_for::<Table>(),
            ]
        })
    }
}
