//! Parts that the benchmark measures by themselves. No part of the public API: any
//! release may change or drop them.

use wasmtime::Engine;

use crate::limits::Limits;

/// The engine of a runtime with room for so many isolates.
///
/// # Errors
///
/// As [`RuntimeBuilder::start`](crate::RuntimeBuilder::start).
pub fn engine(isolates: u32, limits: &Limits) -> wasmtime::Result<Engine> {
    crate::engine::new(isolates, limits)
}
