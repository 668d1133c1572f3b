//! The list of what the host links, kept beside the linker: a program's imports
//! are compared with it, and so is the WIT.

use wasmtime::{Caller, Engine, FuncType, IntoFunc, Linker, ValType};

use crate::state::State;

/// A function that the host offers to guests.
#[derive(Debug, Clone)]
pub struct Import {
    /// The module part of its name.
    pub module: String,
    /// The field part of its name.
    pub name: String,
    /// Its type.
    pub ty: FuncType,
}

pub(super) struct Imports {
    pub(super) linker: Linker<State>,
    list: Vec<Import>,
}

impl Imports {
    pub(super) fn new(engine: &Engine) -> Self {
        Imports {
            linker: Linker::new(engine),
            list: Vec::new(),
        }
    }

    /// Links a function of the contract.
    pub(super) fn function<P: Types, R: Types>(
        &mut self,
        interface: &str,
        name: &str,
        function: impl IntoFunc<State, P, R>,
    ) -> wasmtime::Result<()> {
        let module = format!("insula:isolate/{interface}@0.1.0");
        self.linker.func_wrap(&module, name, function)?;
        let ty = FuncType::new(self.linker.engine(), P::types(), R::types());
        self.list(&module, name, ty);
        Ok(())
    }

    pub(super) fn list(&mut self, module: &str, name: &str, ty: FuncType) {
        self.list.push(Import {
            module: module.to_owned(),
            name: name.to_owned(),
            ty,
        });
    }

    pub(super) fn done(self) -> (Linker<State>, Vec<Import>) {
        (self.linker, self.list)
    }
}

/// The wasm types behind the Rust types of a host function.
pub(super) trait Types {
    fn types() -> Vec<ValType>;
}

impl Types for () {
    fn types() -> Vec<ValType> {
        Vec::new()
    }
}

impl Types for u32 {
    fn types() -> Vec<ValType> {
        vec![ValType::I32]
    }
}

impl Types for u64 {
    fn types() -> Vec<ValType> {
        vec![ValType::I64]
    }
}

impl<T: Types> Types for wasmtime::Result<T> {
    fn types() -> Vec<ValType> {
        T::types()
    }
}

macro_rules! params {
    ($($param:ident)*) => {
        impl<$($param: Types),*> Types for (Caller<'_, State>, $($param,)*) {
            fn types() -> Vec<ValType> {
                [$($param::types()),*].concat()
            }
        }
        params!(@shorter $($param)*);
    };
    (@shorter $first:ident $($rest:ident)+) => { params!($($rest)*); };
    (@shorter $($last:ident)?) => {
        impl Types for (Caller<'_, State>,) {
            fn types() -> Vec<ValType> {
                Vec::new()
            }
        }
    };
}

params!(A B C D E F G H I J);
