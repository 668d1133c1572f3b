//! Whatever happens to an isolate happens to that one only.

use insula_guest::*;

#[entry]
fn panics() {
    port().receive(|number: u32, _| {
        let list = [1, 2, 3];
        assert!(number < 3, "there is no number {number} in {list:?}");
    });
}

#[entry]
fn traps() {
    port().receive(|_: Value, _| core::arch::wasm32::unreachable());
}

#[entry]
fn overflows() {
    fn deeper(depth: u64) -> u64 {
        if std::hint::black_box(depth) == u64::MAX {
            depth
        } else {
            deeper(depth + 1) + 1
        }
    }
    port().receive(|_: Value, _| println!("{}", deeper(0)));
}

#[entry]
fn fails() -> Result<(), String> {
    Err("an entry that returns an error".into())
}

/// Spawned without a number, or with something else, it fails.
#[entry]
fn takes_a_number(_: u32) {}

#[main]
async fn main() {
    let children = [
        ("panics", spawn_function(panics)),
        ("traps", spawn_function(traps)),
        ("overflows", spawn_function(overflows)),
        ("fails", spawn_function(fails)),
    ];
    for (name, child) in children {
        child.call::<Value>(7).await.expect_err("it is gone");
        println!("{name} is gone");
    }
    println!("main goes on");
}
