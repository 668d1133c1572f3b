//! The table `[limits]`: every limit by its name.

use std::borrow::Cow;
use std::fmt;

use insula::{Limit, Limits, Unit};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use crate::amount::{parse_amount, write_amount};

/// The limits that a policy sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LimitSettings(Vec<(Limit, u64)>);

impl LimitSettings {
    pub(crate) fn get(&self, limit: Limit) -> Option<u64> {
        let LimitSettings(settings) = self;
        let setting = settings.iter().find(|(set, _)| *set == limit);
        setting.map(|(_, value)| *value)
    }

    /// These limits with what the policy says in place.
    pub(crate) fn set(&self, limits: Limits) -> Limits {
        let LimitSettings(settings) = self;
        settings
            .iter()
            .fold(limits, |limits, (limit, value)| limits.with(*limit, *value))
    }
}

fn named(name: &str) -> Option<Limit> {
    Limit::ALL
        .iter()
        .find(|limit| limit.option() == name)
        .copied()
}

impl<'de> serde::Deserialize<'de> for LimitSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Settings)
    }
}

struct Settings;

impl<'de> Visitor<'de> for Settings {
    type Value = LimitSettings;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a table of limits")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LimitSettings, A::Error> {
        let mut settings = Vec::new();
        while let Some(name) = map.next_key::<Cow<str>>()? {
            let Some(limit) = named(&name) else {
                return Err(A::Error::custom(format!("there is no limit `{name}`")));
            };
            settings.push((limit, map.next_value_seed(Amount(limit))?));
        }
        Ok(LimitSettings(settings))
    }
}

/// The value of this limit: a number, or a text with a unit.
struct Amount(Limit);

impl<'de> DeserializeSeed<'de> for Amount {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Amount {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "a whole number or a text like {}", example(self.0))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<u64, E> {
        Ok(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<u64, E> {
        u64::try_from(value)
            .map_err(|_| E::invalid_value(serde::de::Unexpected::Signed(value), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
        parse_amount(self.0, text).map_err(E::custom)
    }
}

fn example(limit: Limit) -> &'static str {
    match limit.unit() {
        Unit::Bytes => "\"16MiB\"",
        Unit::Milliseconds => "\"10s\"",
        Unit::Count => "\"none\"",
    }
}

impl JsonSchema for LimitSettings {
    fn schema_name() -> Cow<'static, str> {
        "Limits".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let properties: Map<String, Value> = Limit::ALL
            .iter()
            .map(|limit| (limit.option().to_owned(), schema_of(*limit)))
            .collect();
        json_schema!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        })
    }
}

fn schema_of(limit: Limit) -> Value {
    let default = Limits::default().get(limit);
    let written = write_amount(limit, default);
    let pattern = match limit.unit() {
        Unit::Bytes => "^([0-9]+ *(KiB|MiB|GiB)?|none)$",
        Unit::Milliseconds => "^([0-9]+ *(ms|s|min|h)?|none)$",
        Unit::Count => "^([0-9]+|none)$",
    };
    json!({
        "description": format!("The most {}. By default {written}.", limit.what()),
        "default": if default == Limits::NONE { json!(written) } else { json!(default) },
        "anyOf": [
            { "type": "integer", "minimum": 0 },
            { "type": "string", "pattern": pattern },
        ],
    })
}
