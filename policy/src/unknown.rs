//! Keys that mean nothing: the schema says which are known at each place.

use std::ops::Range;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::PolicyErrorKind;

/// How like a known key an unknown one has to be to be taken for it, from 0 to 1.
const LIKENESS: f64 = 0.6;

/// How much of an unknown key is compared with others: comparing takes time in
/// proportion to both.
const COMPARED: usize = 64;

/// An unknown key, and where it stands.
pub(crate) type Unknown = (Range<usize>, PolicyErrorKind);

/// The first key of a document that the schema does not know.
pub(crate) fn first(document: &DeTable, schema: &Value) -> Option<Unknown> {
    let mut search = Search {
        root: schema,
        found: Vec::new(),
    };
    search.table(document, schema, "");
    search.found.into_iter().min_by_key(|(span, _)| span.start)
}

struct Search<'a> {
    root: &'a Value,
    found: Vec<Unknown>,
}

impl<'a> Search<'a> {
    fn table(&mut self, table: &DeTable, schema: &'a Value, name: &str) {
        // A table where none belongs, or one with names of the user's own.
        let Some(known) = schema["properties"].as_object() else {
            return;
        };
        for (key, value) in table {
            match known.get(&**key.get_ref()) {
                Some(schema) => self.value(value, schema, key.get_ref()),
                None => {
                    let known = known.keys().cloned().collect();
                    let kind = unknown(name, key.get_ref(), known);
                    self.found.push((key.span(), kind));
                }
            }
        }
    }

    fn value(&mut self, value: &Spanned<DeValue>, schema: &'a Value, name: &str) {
        match value.get_ref() {
            DeValue::Table(table) => {
                let schema = self.of_table(schema);
                self.table(table, schema, name);
            }
            DeValue::Array(values) => {
                for value in values {
                    self.value(value, &self.resolved(schema)["items"], name);
                }
            }
            _ => {}
        }
    }

    /// Where a schema leaves a choice, what it says of a table.
    fn of_table(&self, schema: &'a Value) -> &'a Value {
        let schema = self.resolved(schema);
        let mut choices = schema["anyOf"].as_array().into_iter().flatten();
        choices
            .find_map(|choice| Some(self.resolved(choice)).filter(|s| s["properties"].is_object()))
            .unwrap_or(schema)
    }

    fn resolved(&self, schema: &'a Value) -> &'a Value {
        let pointer = schema["$ref"].as_str().and_then(|to| to.strip_prefix('#'));
        pointer
            .and_then(|pointer| self.root.pointer(pointer))
            .unwrap_or(schema)
    }
}

fn unknown(table: &str, key: &str, known: Vec<String>) -> PolicyErrorKind {
    PolicyErrorKind::UnknownKey {
        table: crate::shown(table),
        key: crate::shown(key),
        suggestion: most_like(key, &known).cloned(),
        known,
    }
}

/// The known name that somebody most likely meant.
pub(crate) fn most_like<'a, N: AsRef<str>>(name: &str, known: &'a [N]) -> Option<&'a N> {
    let name: String = name.chars().take(COMPARED).collect();
    let likeness = |known: &&N| strsim::normalized_damerau_levenshtein(&name, known.as_ref());
    let nearest = known
        .iter()
        .max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
    (likeness(&nearest) >= LIKENESS).then_some(nearest)
}
