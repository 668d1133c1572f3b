// Where all of the SDK is imported, `#[test]` could be either.
use insula_guest::*;

#[test]
fn which() {}

fn main() {}
