//! Modules that are valid by construction and otherwise anything: wasm-smith's.

use arbitrary::{Result, Unstructured};
use wasm_smith::{Config, Module};

use crate::calls::Imports;

/// The exports of a guest, each with some implementation.
const EXPORTS: &str = r#"(module
    (memory (export "memory") 1 4)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "insula:entry/entryA"))
    (func (export "insula:entry/entryB"))
    (func (export "wake")))"#;

/// A guest whose functions are any code.
pub struct Smith {
    imports: Vec<u8>,
    exports: Vec<u8>,
}

impl Smith {
    pub fn new(imports: &Imports) -> Self {
        let binary = |text: &str| wat::parse_str(text).expect("it is a module");
        Smith {
            imports: binary(&imports.all()),
            exports: binary(EXPORTS),
        }
    }

    /// A module that can be an isolate: it imports what there is, and exports
    /// what a guest has to.
    pub fn guest(&self, bytes: &mut Unstructured<'_>) -> Result<Vec<u8>> {
        let config = Config {
            available_imports: Some(self.imports.clone()),
            exports: Some(self.exports.clone()),
            max_imports: 24,
            max_instructions: 60,
            max_memories: 1,
            max_tables: 1,
            max_funcs: 12,
            exceptions_enabled: false,
            gc_enabled: false,
            memory64_enabled: false,
            relaxed_simd_enabled: false,
            shared_everything_threads_enabled: false,
            tail_call_enabled: false,
            threads_enabled: false,
            wide_arithmetic_enabled: false,
            custom_page_sizes_enabled: false,
            ..Config::default()
        };
        Ok(Module::new(config, bytes)?.to_bytes())
    }
}

/// A module of any shape, with every proposal that wasm-smith knows.
pub fn any(bytes: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let config = Config {
        exceptions_enabled: true,
        gc_enabled: true,
        memory64_enabled: true,
        relaxed_simd_enabled: true,
        tail_call_enabled: true,
        threads_enabled: true,
        wide_arithmetic_enabled: true,
        custom_page_sizes_enabled: true,
        max_memories: 4,
        max_tables: 4,
        ..Config::default()
    };
    Ok(Module::new(config, bytes)?.to_bytes())
}
