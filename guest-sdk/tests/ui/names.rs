use insula_guest::*;

#[main]
fn start() {}

#[entry(name = "other")]
fn named() {}

#[entry]
struct Echo;

#[entry]
fn main() {}
