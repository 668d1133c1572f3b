//! Does what it is told with the world outside, by the standard library alone, and
//! prints what came of it.

mod steps;

use std::io::{self, Read as _};

use insula_guest::*;

/// Does these steps, each a word and what it is about.
#[entry]
fn does(steps: Vec<(String, Vec<String>)>) {
    for (what, about) in steps {
        let about: Vec<&str> = about.iter().map(String::as_str).collect();
        let said = match steps::step(&what, &about) {
            Ok(said) => said,
            Err(error) => refusal(&error),
        };
        println!("{what} {}: {said}", about.join(" "));
    }
}

fn refusal(error: &io::Error) -> String {
    format!("{:?} {}", error.kind(), error.raw_os_error().unwrap_or(0))
}

/// What there is beside files.
#[main]
fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    println!("arguments: {arguments:?}");
    let mut variables: Vec<_> = std::env::vars().collect();
    variables.sort();
    println!("variables: {variables:?}");
    let mut input = String::new();
    match io::stdin().read_to_string(&mut input) {
        Ok(_) => println!("input: {input:?}"),
        Err(error) => println!("input: {error}"),
    }
}
