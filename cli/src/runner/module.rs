//! A module that cargo has built of tests: what is in it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use wasm_encoder::{ExportKind, ExportSection, RawSection};
use wasmparser::{ExternalKind, Parser, Payload};

/// Where the SDK's attribute keeps its records.
const SECTION: &str = "insula:tests";

/// What marks an export as an entry.
const ENTRY: &str = "insula:entry/";

/// Where libtest starts.
pub const START: &str = "_start";

/// A module with libtest in it.
pub struct TestModule {
    /// The module, in which `_start` is an entry whatever else is one.
    pub bytes: Vec<u8>,
    /// The tests that are entries, by the name that libtest has for them.
    pub records: BTreeMap<String, Record>,
    /// Whether libtest is in it. It is not where tests are written in C: the records
    /// are all that there is.
    pub has_libtest: bool,
}

/// What the SDK's attribute says of a test.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The entry, named like the test, with the crate in front.
    #[serde(rename = "test")]
    pub entry: String,
    /// That it has to panic, and what the panic has to say.
    pub should_panic: Option<String>,
    /// Limits of its own, as `--limit` takes them.
    #[serde(default)]
    pub limits: Vec<String>,
}

impl TestModule {
    /// Whether this is a module of tests. Of one in Rust nothing says so but libtest's
    /// own words, which no other program has: those of its options and variables. One in
    /// C has a list of tests.
    pub fn is_one(bytes: &[u8]) -> bool {
        Self::has_libtest(bytes) || lists_tests(bytes)
    }

    fn has_libtest(bytes: &[u8]) -> bool {
        const WORDS: [&str; 2] = ["RUST_TEST_THREADS", "include-ignored"];
        let is_there = |word: &&str| memchr::memmem::find(bytes, word.as_bytes()).is_some();
        WORDS.iter().all(is_there)
    }

    pub fn read(bytes: &[u8]) -> Result<Self> {
        let mut records = Vec::new();
        let mut exports = Vec::new();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::CustomSection(section) if section.name() == SECTION => {
                    records = read_records(section.data())?;
                }
                Payload::ExportSection(section) => {
                    exports = section.into_iter().collect::<Result<_, _>>()?;
                }
                _ => {}
            }
        }
        let has_entries = exports.iter().any(|export| export.name.starts_with(ENTRY));
        Ok(TestModule {
            bytes: if has_entries {
                with_start(bytes, &exports)?
            } else {
                bytes.to_vec()
            },
            records: records
                .into_iter()
                .map(|record| (record.name().to_owned(), record))
                .collect(),
            has_libtest: Self::has_libtest(bytes),
        })
    }
}

impl Record {
    /// What libtest calls the test: without the crate.
    fn name(&self) -> &str {
        let entry = &self.entry;
        entry.split_once("::").map_or(entry, |(_, name)| name)
    }
}

/// Whether a module has a section that lists tests. Bytes that are no module have none.
fn lists_tests(bytes: &[u8]) -> bool {
    Parser::new(0).parse_all(bytes).map_while(Result::ok).any(
        |payload| matches!(payload, Payload::CustomSection(section) if section.name() == SECTION),
    )
}

fn read_records(section: &[u8]) -> Result<Vec<Record>> {
    let records = std::str::from_utf8(section)
        .map_err(anyhow::Error::from)
        .and_then(|text| {
            let records = text.lines().map(serde_json::from_str);
            Ok(records.collect::<Result<_, _>>()?)
        });
    records.with_context(|| {
        format!(
            "its section `{SECTION}`, where insula-guest lists the tests, means nothing to this \
             insula {}: use the insula-guest of the same version",
            env!("CARGO_PKG_VERSION")
        )
    })
}

/// The module with one more entry, which is its `_start`: where a module has entries,
/// `_start` is none by itself.
fn with_start(bytes: &[u8], exports: &[wasmparser::Export<'_>]) -> Result<Vec<u8>> {
    let mut module = wasm_encoder::Module::new();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        if matches!(payload, Payload::ExportSection(_)) {
            let mut section = ExportSection::new();
            for export in exports {
                section.export(export.name, kind(export.kind)?, export.index);
                if export.name == START {
                    let entry = format!("{ENTRY}{START}");
                    section.export(&entry, ExportKind::Func, export.index);
                }
            }
            module.section(&section);
        } else if let Some((id, range)) = payload.as_section() {
            let data = &bytes[range];
            module.section(&RawSection { id, data });
        }
    }
    Ok(module.finish())
}

fn kind(kind: ExternalKind) -> Result<ExportKind> {
    Ok(match kind {
        ExternalKind::Func => ExportKind::Func,
        ExternalKind::Table => ExportKind::Table,
        ExternalKind::Memory => ExportKind::Memory,
        ExternalKind::Global => ExportKind::Global,
        ExternalKind::Tag => ExportKind::Tag,
        other => anyhow::bail!("it exports something unknown: {other:?}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_becomes_an_entry_where_there_are_others() -> Result<()> {
        let text = r#"(module
            (memory (export "memory") 1)
            (func $start (export "_start"))
            (func (export "insula:entry/main"))
            (data (i32.const 0) "abc")
            (@custom "insula:tests" "{\"test\":\"my::a\",\"limits\":[\"memory=1\"]}\n{\"test\":\"my::b::c\",\"should_panic\":\"\"}\n"))"#;
        let bytes = wat::parse_str(text)?;
        let module = TestModule::read(&bytes)?;
        let exports: Vec<_> = Parser::new(0)
            .parse_all(&module.bytes)
            .filter_map(|payload| match payload {
                Ok(Payload::ExportSection(section)) => Some(section),
                _ => None,
            })
            .flatten()
            .map(|export| export.map(|export| (export.name.to_owned(), export.index)))
            .collect::<Result<_, _>>()?;
        let export = |name: &str, index| (name.to_owned(), index);
        assert_eq!(
            exports,
            [
                export("memory", 0),
                export("_start", 0),
                export("insula:entry/_start", 0),
                export("insula:entry/main", 1),
            ]
        );
        let names: Vec<_> = module.records.keys().collect();
        assert_eq!(names, ["a", "b::c"]);
        assert_eq!(module.records["a"].limits, ["memory=1"]);
        assert_eq!(module.records["b::c"].should_panic.as_deref(), Some(""));
        Ok(())
    }

    #[test]
    fn records_of_another_version_are_refused_with_what_to_do() -> Result<()> {
        let text = r#"(module (@custom "insula:tests" "{\"tset\":\"my::a\"}\n"))"#;
        let refused = TestModule::read(&wat::parse_str(text)?).map(|_| ());
        let refused = refused.expect_err("it means nothing").to_string();
        assert!(refused.contains("use the insula-guest of the same version"));
        Ok(())
    }

    #[test]
    fn a_module_without_libtest_is_a_program() {
        assert!(!TestModule::is_one(b"\0asm RUST_TEST_THREADS"));
        assert!(TestModule::is_one(
            b"\0asm RUST_TEST_THREADS .. include-ignored"
        ));
        let text = r#"(module (@custom "insula:tests" "{\"test\":\"c::a\"}\n"))"#;
        let bytes = wat::parse_str(text).expect("it is a module");
        assert!(TestModule::is_one(&bytes));
        let module = TestModule::read(&bytes).expect("it lists a test");
        assert!(!module.has_libtest);
        let without = wat::parse_str("(module (@custom \"other\" \"\"))").expect("it is a module");
        assert!(!TestModule::is_one(&without));
    }
}
