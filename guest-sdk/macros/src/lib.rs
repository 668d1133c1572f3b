//! The attributes `#[main]`, `#[entry]` and `#[test]`, for [`insula-guest`], which
//! re-exports and documents them.
//!
//! [`insula-guest`]: https://docs.rs/insula-guest

mod expand;
mod signature;
mod test_case;

use proc_macro::TokenStream;
use signature::{Kind, Signature};
use syn::ItemFn;

#[proc_macro_attribute]
pub fn entry(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::Entry, arguments, item)
}

#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::Main, arguments, item)
}

#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let expanded = match syn::parse::<ItemFn>(item) {
        Ok(function) => test_case::expand(arguments.into(), &function),
        Err(error) => Err(syn::Error::new(
            error.span(),
            "#[insula_guest::test] marks a function with a body: `fn adds() { .. }`",
        )),
    };
    expanded
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

fn attribute(kind: Kind, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let function = match syn::parse::<ItemFn>(item.clone()) {
        Ok(function) => function,
        Err(_) => return not_a_function(kind, item),
    };
    match Signature::check(kind, arguments.into(), &function) {
        Ok(signature) => expand::expand(&signature, &function).into(),
        // It stays an entry for those who spawn it, so that one mistake is one
        // error.
        Err(error) => [error.to_compile_error(), expand::stand_in(&function)]
            .into_iter()
            .map(TokenStream::from)
            .collect(),
    }
}

fn not_a_function(kind: Kind, item: TokenStream) -> TokenStream {
    let message = format!("{kind} marks a function with a body: `fn echo() {{ .. }}`");
    let error = syn::Error::new(proc_macro2::Span::call_site(), message);
    let mut tokens = TokenStream::from(error.to_compile_error());
    tokens.extend(item);
    tokens
}
