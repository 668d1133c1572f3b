//! Does what it is told with the world outside, by the standard library alone, and
//! prints what came of it.

mod heirs;
mod steps;

use std::io::{self, Read as _};

use insula_guest::*;

/// Does these steps, each a word and what it is about.
#[entry]
fn does(steps: Vec<steps::Step>) {
    steps::do_all(&steps);
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

/// Reads for ever, unless another isolate kills it.
#[entry]
fn is_killed() {
    Isolate::spawn(kills, Control::current());
    let read = io::read_to_string(io::stdin());
    println!("it got {read:?}");
}

#[entry]
fn kills(reader: Control) -> Result<(), ControlError> {
    println!("the other waits");
    reader.kill()
}
