//! A plain WASI command, which knows nothing of isolates.

fn main() {
    println!("hello from a plain command");
}
