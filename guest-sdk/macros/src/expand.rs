//! What stands in the place of an entry.
//!
//! ```text
//! #[entry]
//! fn echo() { BODY }
//! ```
//!
//! becomes a function that is only good for naming the entry, and, out of reach
//! of anybody's code, the exported function with the body:
//!
//! ```text
//! fn echo() -> impl Entry { .. }
//!
//! const _: () = {
//!     fn __echo() { BODY }
//!     #[unsafe(export_name = "insula:entry/echo")]
//!     extern "C" fn __export() { ::insula_guest::__private::run(__echo) }
//! };
//! ```
//!
//! It stays a function because anything else under that name (a unit struct, a
//! constant) would be a pattern in `let echo = spawn_function(echo)`.

use crate::signature::{Kind, Signature};
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, FnArg, Ident, ItemFn, ext::IdentExt, spanned::Spanned};

pub fn expand(signature: &Signature, function: &ItemFn) -> TokenStream {
    let name = name(signature, function);
    let export = export(signature, function);
    quote! { #name #export }
}

/// The function with the entry's name, that `spawn_function` takes.
fn name(signature: &Signature, function: &ItemFn) -> TokenStream {
    let ItemFn { vis, sig, .. } = function;
    let ident = &sig.ident;
    let (attributes, _) = split_attributes(function);
    let entry = ident.unraw().to_string();
    let output = output(signature);
    let native = native(signature, function);
    match signature.kind {
        Kind::Main => quote! {
            #(#attributes)*
            #vis fn #ident() -> ::insula_guest::__private::Main<#output> {
                ::insula_guest::__private::Main(::core::marker::PhantomData)
            }
        },
        Kind::Entry => {
            let message = signature.message.map(|message| quote!(_: #message));
            quote! {
                #(#attributes)*
                #[allow(dead_code)] // the host may be the only one to spawn it
                #vis fn #ident(#message) -> impl ::insula_guest::Entry<Output = #output> {
                    struct __Marker;
                    impl ::insula_guest::Entry for __Marker {
                        const NAME: &'static str = #entry;
                        type Output = #output;
                        #native
                    }
                    __Marker
                }
            }
        }
    }
}

/// Natively nobody finds an entry by its name: it brings its function along, with a body
/// of its own.
fn native(signature: &Signature, function: &ItemFn) -> TokenStream {
    let (_, inside) = split_attributes(function);
    let body_name = body_name(function);
    let body = body(&body_name, function, &inside);
    let call = call(signature, function, &body_name);
    quote! {
        #[cfg(not(target_family = "wasm"))]
        const START: ::core::option::Option<fn()> = {
            #body
            ::core::option::Option::Some(|| #call)
        };
    }
}

/// Not its own name: within the body that is to name the entry. The name is seen in
/// backtraces.
fn body_name(function: &ItemFn) -> Ident {
    let entry = function.sig.ident.unraw();
    format_ident!("__{entry}", span = function.sig.ident.span())
}

/// The body, and the function that the host finds under the entry's name.
fn export(signature: &Signature, function: &ItemFn) -> TokenStream {
    let entry = function.sig.ident.unraw().to_string();
    let export_name = format!("insula:entry/{entry}");
    let (outside, inside) = split_attributes(function);
    let cfgs = outside
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"));
    let body_name = body_name(function);
    let body = body(&body_name, function, &inside);
    let call = call(signature, function, &body_name);
    // Natively `main` is there to be checked, not to be run; `allow(dead_code)` keeps what
    // only it uses from being reported. Other entries bring their functions along.
    let where_exported = match signature.kind {
        Kind::Main => None,
        Kind::Entry => Some(quote!(#[cfg(target_family = "wasm")])),
    };
    quote! {
        #(#cfgs)*
        #where_exported
        const _: () = {
            #body
            #[allow(dead_code)]
            #[cfg_attr(target_family = "wasm", unsafe(export_name = #export_name))]
            extern "C" fn __export() {
                #call
            }
        };
    }
}

fn body(name: &Ident, function: &ItemFn, attributes: &[&Attribute]) -> TokenStream {
    let mut signature = function.sig.clone();
    signature.ident = name.clone();
    let block = &function.block;
    quote! {
        #(#attributes)*
        #signature #block
    }
}

/// Runs the body. The types are named with the places where they are written, so
/// that the compiler complains there.
fn call(signature: &Signature, function: &ItemFn, body: &Ident) -> TokenStream {
    let output = output(signature);
    let end = end(&output);
    let is_async = function.sig.asyncness.is_some();
    match (signature.message, is_async) {
        (None, false) => quote!(::insula_guest::__private::run::<#output>(#body, #end)),
        (None, true) => quote!(::insula_guest::__private::run_async::<#output>(#body, #end)),
        (Some(message), false) => {
            quote!(::insula_guest::__private::run_with::<#message, #output>(#body, #end))
        }
        (Some(message), true) => {
            quote!(::insula_guest::__private::run_async_with::<#message, #output>(#body, #end))
        }
    }
}

/// What is done with what the body returns: the method of the first of these
/// traits that its type fits.
fn end(output: &TokenStream) -> TokenStream {
    let end = quote_spanned!(output.span()=> (&&&&&*returned).end());
    quote! {
        |returned: &::insula_guest::__private::Returned<#output>| {
            #[allow(unused_imports)] // one of them is used
            use ::insula_guest::__private::{
                ReturnsFailure as _, ReturnsFallible as _, ReturnsMessage as _,
                ReturnsResult as _, ReturnsUnfit as _,
            };
            #end
        }
    }
}

fn output(signature: &Signature) -> TokenStream {
    match signature.output {
        Some(output) => output.to_token_stream(),
        None => quote!(()),
    }
}

/// Those for the entry's name, seen from outside, and those for its body.
fn split_attributes(function: &ItemFn) -> (Vec<&Attribute>, Vec<&Attribute>) {
    function.attrs.iter().partition(|attribute| {
        ["cfg", "doc", "deprecated"]
            .iter()
            .any(|name| attribute.path().is_ident(name))
    })
}

/// In the place of a function that is not fit to be an entry: one that is.
pub fn stand_in(function: &ItemFn) -> TokenStream {
    let ItemFn { vis, sig, .. } = function;
    let ident = &sig.ident;
    let arguments = sig.inputs.iter().filter_map(|argument| match argument {
        FnArg::Receiver(_) => None,
        FnArg::Typed(argument) => Some(&argument.ty),
    });
    let generics = &sig.generics;
    quote! {
        #[allow(dead_code)]
        #vis fn #ident #generics (#(_: #arguments),*) -> ::insula_guest::__private::Main<()> {
            ::insula_guest::__private::Main(::core::marker::PhantomData)
        }
    }
}
