//! The SDK's copy of the contract is the contract.

use std::fs;
use std::path::Path;

#[test]
fn the_contract_is_that_of_the_repository() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(own.join(path)).expect("it is there");
    assert!(
        read("wit/isolate.wit") == read("../wit/isolate.wit"),
        "copy wit/isolate.wit to guest-sdk/wit/"
    );
}
