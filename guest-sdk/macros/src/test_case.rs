//! What stands in the place of a test.
//!
//! ```text
//! #[insula_guest::test(memory = "16MiB")]
//! async fn adds() { BODY }
//! ```
//!
//! becomes a test of libtest's, which lists it and knows its name, with an entry in it
//! that is the test, and a record that tells `insula runner` of it:
//!
//! ```text
//! #[::core::prelude::v1::test]
//! fn adds() {
//!     async fn __adds() { BODY }
//!     #[unsafe(export_name = "insula:entry/CRATE::adds")]
//!     extern "C" fn __export() { ::insula_guest::__private::run_async_test(__adds) }
//!     #[unsafe(link_section = "insula:tests")]
//!     static RECORD: [u8; ..] = "{ .. }\n";
//!     ..
//! }
//! ```

use crate::signature::Faults;
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Expr, ExprLit, ItemFn, Lit, Meta, MetaNameValue, ReturnType, Token};
use syn::{ext::IdentExt, spanned::Spanned};

pub fn expand(arguments: TokenStream, function: &ItemFn) -> Result<TokenStream, Error> {
    let mut faults = Faults::default();
    check(function, &mut faults);
    let limits = limits(arguments, &mut faults);
    let panics = should_panic(function, &mut faults);
    faults.into_result(())?;

    let ident = &function.sig.ident;
    let name = ident.unraw().to_string();
    let body_name = format_ident!("__{name}", span = ident.span());
    let mut signature = function.sig.clone();
    signature.ident = body_name.clone();
    let (block, vis) = (&function.block, &function.vis);
    let attributes = function.attrs.iter().filter(|it| !is(it, "should_panic"));
    let native_panics = panics.as_ref().map(|panics| {
        let attribute = &panics.attribute;
        quote!(#[cfg_attr(not(target_family = "wasm"), #attribute)])
    });
    let is_native = native(&limits);
    let checks = limits.iter().map(Limit::check);
    let fields = fields(&limits, panics.as_ref());
    let run = match function.sig.asyncness {
        None => quote!(run_test),
        Some(_) => quote!(run_async_test),
    };
    let natively = match function.sig.asyncness {
        None => quote!(test_natively),
        Some(_) => quote!(async_test_natively),
    };
    Ok(quote! {
        #(#checks)*

        #(#attributes)*
        #native_panics
        #is_native
        #[::core::prelude::v1::test]
        #vis fn #ident() {
            #signature #block

            #[cfg(target_family = "wasm")]
            {
                #[unsafe(export_name = concat!("insula:entry/", module_path!(), "::", #name))]
                extern "C" fn __export() {
                    ::insula_guest::__private::#run(#body_name)
                }
                const RECORD: &str =
                    concat!("{\"test\":\"", module_path!(), "::", #name, "\"", #fields, "}\n");
                #[used]
                #[unsafe(link_section = "insula:tests")]
                static BYTES: [u8; RECORD.len()] = ::insula_guest::__private::bytes(RECORD);
                ::insula_guest::__private::is_no_plain_test();
            }
            #[cfg(not(target_family = "wasm"))]
            ::insula_guest::__private::#natively(concat!(module_path!(), "::", #name), #body_name)
        }
    })
}

fn check(function: &ItemFn, faults: &mut Faults) {
    let signature = &function.sig;
    if !signature.inputs.is_empty() {
        faults.add(
            &signature.inputs,
            "a test takes nothing: it starts in a heap of its own, and makes what it needs",
        );
    }
    faults.of_modifiers(signature, "a test", "#[insula_guest::test]");
    if !signature.generics.params.is_empty() || signature.generics.where_clause.is_some() {
        faults.add(
            &signature.generics,
            "a test is one function that the host finds by its name: it cannot be generic",
        );
    }
    if let Some(attribute) = function.attrs.iter().find(|it| is(it, "test")) {
        faults.add(
            attribute,
            "#[insula_guest::test] makes it a test already: leave out this one",
        );
    }
    for attribute in function.attrs.iter().filter(|it| is(it, "entry")) {
        faults.add(
            attribute,
            "a function is a test or an entry; spawn an entry from the test",
        );
    }
}

/// Whether the last word of an attribute's path is this.
fn is(attribute: &Attribute, name: &str) -> bool {
    let path = &attribute.path().segments;
    path.last().is_some_and(|last| last.ident == name)
}

/// A limit that a test has for itself.
struct Limit {
    setting: MetaNameValue,
    name: String,
    value: String,
}

impl Limit {
    /// Of a name that is no limit's the compiler is told where it stands. This crate
    /// does not know the names.
    fn check(&self) -> TokenStream {
        let Limit { setting, name, .. } = self;
        let message = format!(
            "there is no limit `{name}` that a test can have: \
             see the options of `insula_guest::Limits`, and `group_memory` and its like"
        );
        quote_spanned! { setting.path.span() =>
            const _: () = ::core::assert!(::insula_guest::__private::is_limit(#name), #message);
        }
    }
}

const SETTINGS: &str = "a test takes limits, as in \
     `#[insula_guest::test(memory = \"16MiB\", turn_cpu = \"200ms\")]`";

fn limits(arguments: TokenStream, faults: &mut Faults) -> Vec<Limit> {
    let settings = Punctuated::<MetaNameValue, Token![,]>::parse_terminated.parse2(arguments);
    let settings = match settings {
        Ok(settings) => settings,
        Err(error) => {
            faults.combine(Error::new(error.span(), SETTINGS));
            return Vec::new();
        }
    };
    let mut limits: Vec<Limit> = Vec::new();
    for setting in settings {
        let Some(name) = setting.path.get_ident().map(ToString::to_string) else {
            faults.add(&setting.path, SETTINGS);
            continue;
        };
        let value = match &setting.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => text.value(),
            Expr::Lit(ExprLit {
                lit: Lit::Int(number),
                ..
            }) if number.suffix().is_empty() => number.base10_digits().to_owned(),
            other => {
                faults.add(
                    other,
                    "the value of a limit is a text with a unit, as in \"16MiB\" or \"200ms\", \
                     or a plain number: of bytes, of milliseconds, or of what it counts",
                );
                continue;
            }
        };
        if limits.iter().any(|limit| limit.name == name) {
            faults.add(&setting, format!("`{name}` is set twice"));
            continue;
        }
        limits.push(Limit {
            setting,
            name,
            value,
        });
    }
    limits
}

/// That a test has to panic.
struct ShouldPanic {
    attribute: Meta,
    expected: Option<String>,
}

fn should_panic(function: &ItemFn, faults: &mut Faults) -> Option<ShouldPanic> {
    const FORMS: &str =
        "write `#[should_panic]`, or what the panic says: `#[should_panic(expected = \"..\")]`";
    let attribute = function.attrs.iter().find(|it| is(it, "should_panic"))?;
    if let ReturnType::Type(_, output) = &function.sig.output {
        faults.add(output, "a test that should panic returns nothing");
    }
    let expected = match &attribute.meta {
        Meta::Path(_) => Ok(None),
        Meta::NameValue(given) => Ok(text(&given.value)),
        Meta::List(list) => list
            .parse_args::<MetaNameValue>()
            .map(|given| given.path.is_ident("expected").then_some(given.value))
            .map(|value| value.as_ref().and_then(text)),
    };
    let is_bare = matches!(attribute.meta, Meta::Path(_));
    let expected = match expected {
        Ok(expected) if is_bare || expected.is_some() => expected,
        _ => {
            faults.add(attribute, FORMS);
            return None;
        }
    };
    Some(ShouldPanic {
        attribute: attribute.meta.clone(),
        expected,
    })
}

fn text(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text.value()),
        _ => None,
    }
}

/// Limits are held in a real isolate only: elsewhere such a test is not run, and the
/// list of tests says so.
fn native(limits: &[Limit]) -> Option<TokenStream> {
    (!limits.is_empty()).then(|| {
        quote! {
            #[cfg_attr(
                not(target_family = "wasm"),
                ignore = "it has limits, which only a real isolate has: run it with `insula test`"
            )]
        }
    })
}

/// What the record says beside the name, as JSON.
fn fields(limits: &[Limit], panics: Option<&ShouldPanic>) -> String {
    let mut fields = String::new();
    if let Some(panics) = panics {
        let expected = panics.expected.as_deref().unwrap_or_default();
        fields.push_str(&format!(",\"should_panic\":{}", json(expected)));
    }
    if !limits.is_empty() {
        let limits = limits.iter();
        let limits: Vec<_> = limits
            .map(|limit| json(&format!("{}={}", limit.name, limit.value)))
            .collect();
        fields.push_str(&format!(",\"limits\":[{}]", limits.join(",")));
    }
    fields
}

fn json(text: &str) -> String {
    let mut json = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            c if c < ' ' => json.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => json.push(c),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_becomes_json() {
        assert_eq!(super::json("a \"b\"\\\n"), r#""a \"b\"\\\u000a""#);
    }
}
