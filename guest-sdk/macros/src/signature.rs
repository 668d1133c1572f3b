//! What a function has to look like to be an entry. Whatever does not, is
//! refused here with the reason and with what to do instead.

use proc_macro2::TokenStream;
use quote::ToTokens;
use std::fmt;
use syn::{Error, FnArg, ItemFn, ReturnType, Type};

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Main,
    Entry,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Main => "#[main]",
            Kind::Entry => "#[entry]",
        })
    }
}

/// What the expansion needs to know of a function that is fit to be an entry.
pub struct Signature<'a> {
    pub kind: Kind,
    /// The type of the first message, of an entry that takes one.
    pub message: Option<&'a Type>,
    pub output: Option<&'a Type>,
}

impl<'a> Signature<'a> {
    pub fn check(kind: Kind, arguments: TokenStream, function: &'a ItemFn) -> Result<Self, Error> {
        let mut faults = Faults::default();
        let signature = &function.sig;
        if !arguments.is_empty() {
            faults.add(&arguments, format!("{kind} takes no arguments"));
        }
        if kind == Kind::Main && signature.ident != "main" {
            faults.add(
                &signature.ident,
                "#[main] marks the function `main`, from which a program starts; \
                 for any other entry write #[entry]",
            );
        }
        if kind == Kind::Entry && signature.ident == "main" {
            faults.add(
                &signature.ident,
                "the entry `main`, from which a program starts, is marked with #[main]",
            );
        }
        faults.of_modifiers(signature, "an entry", kind);
        if !signature.generics.params.is_empty() || signature.generics.where_clause.is_some() {
            faults.add(
                &signature.generics,
                "an entry is one function that the host finds by its name: \
                 it cannot be generic; write an entry for each type",
            );
        }
        if let Some(variadic) = &signature.variadic {
            faults.add(variadic, TAKES);
        }
        let message = message(function, &mut faults);
        let output = match &signature.output {
            ReturnType::Default => None,
            ReturnType::Type(_, output) => Some(&**output),
        };
        if let Some(output @ Type::ImplTrait(_)) = output {
            faults.add(output, RETURNS);
        }
        faults.into_result(Self {
            kind,
            message,
            output,
        })
    }
}

const TAKES: &str = "an entry takes nothing, or one value: the isolate's first message; \
     for more than one, take a tuple or a struct";
const RETURNS: &str = "an entry returns a value of a type that is named: \
     whoever waits for it has to know what comes";

fn message<'a>(function: &'a ItemFn, faults: &mut Faults) -> Option<&'a Type> {
    let inputs = &function.sig.inputs;
    if inputs.len() > 1 {
        faults.add(inputs, TAKES);
        return None;
    }
    match inputs.first()? {
        FnArg::Receiver(receiver) => {
            faults.add(
                receiver,
                "an entry belongs to no object, as nothing is shared between isolates: \
                 it cannot take `self`; take what it needs as its first message",
            );
            None
        }
        FnArg::Typed(argument) => {
            match &*argument.ty {
                kind @ Type::Reference(_) => faults.add(
                    kind,
                    "an entry owns its first message, a copy of what was sent: \
                     it cannot take a reference; take `String` for `&str`, `Vec<T>` for `&[T]`",
                ),
                kind @ Type::ImplTrait(_) => faults.add(
                    kind,
                    "an entry is one function that the host finds by its name: \
                     it cannot be generic; name the type of its first message",
                ),
                _ => {}
            }
            Some(&*argument.ty)
        }
    }
}

/// All that is wrong with a function, so that it is told at once.
#[derive(Default)]
pub struct Faults(Option<Error>);

impl Faults {
    pub fn add(&mut self, place: &impl ToTokens, message: impl fmt::Display) {
        self.combine(Error::new_spanned(place, message));
    }

    /// What no function that the host calls may be marked with. `what` is such a
    /// function, and `attribute` makes it one.
    pub fn of_modifiers(
        &mut self,
        signature: &syn::Signature,
        what: &str,
        attribute: impl fmt::Display,
    ) {
        if let Some(token) = &signature.constness {
            let runs = "runs in an isolate of its own and cannot be `const`";
            self.add(token, format!("{what} {runs}"));
        }
        if let Some(token) = &signature.unsafety {
            let called = "is called by the host, which can promise nothing: \
                          it cannot be `unsafe`; put an `unsafe` block into it";
            self.add(token, format!("{what} {called}"));
        }
        if let Some(abi) = &signature.abi {
            let makes = "makes the exported function itself: leave out `extern`";
            self.add(abi, format!("{attribute} {makes}"));
        }
    }

    pub fn combine(&mut self, error: Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    pub fn into_result<T>(self, value: T) -> Result<T, Error> {
        self.0.map_or(Ok(value), Err)
    }
}
