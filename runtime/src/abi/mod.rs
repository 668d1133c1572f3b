//! The host's side of the contract in `wit/`: the lowered functions of the
//! canonical ABI, by name.

mod answer;
mod call;
mod control;
mod deliver;
mod imports;
mod isolates;
mod memory;
mod names;
mod own;
mod ports;
mod reach;
mod timers;
mod waits;
mod wasi;

use wasmtime::{Caller, Engine, Linker};

use crate::state::{State, Stop};

pub(crate) use deliver::{Delivered, deliver};
pub use imports::Import;
use imports::Imports;

pub(crate) type Guest<'a> = Caller<'a, State>;

/// Everything that guests may import.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<(Linker<State>, Vec<Import>)> {
    let mut imports = Imports::new(engine);
    wasi::link(&mut imports)?;
    ports::link(&mut imports)?;
    call::link(&mut imports)?;
    deliver::link(&mut imports)?;
    waits::link(&mut imports)?;
    names::link(&mut imports)?;
    isolates::link(&mut imports)?;
    control::link(&mut imports)?;
    timers::link(&mut imports)?;
    own::link(&mut imports)?;
    Ok(imports.done())
}

/// Ends the isolate, as it broke the contract.
fn broken<T>(what: impl Into<String>) -> wasmtime::Result<T> {
    Err(Stop::ContractBroken(what.into()).into())
}

/// What every function of the contract checks first.
fn enter(guest: &Guest<'_>, function: &str) -> wasmtime::Result<()> {
    if guest.data().in_realloc {
        return broken(format!("it called `{function}` from inside `cabi_realloc`"));
    }
    // Nothing is done for who was asked to end: its end may have been told already.
    guest.data().checkpoint_in_call()
}
