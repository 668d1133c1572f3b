//! A host that wants one function run, as a plugin system like Extism has it.

use insula::{Program, Runtime, SpawnOptions};

fn main() -> anyhow::Result<()> {
    // ANCHOR: all
    let runtime = Runtime::builder().max_isolates(10).start()?;
    let program = Program::from_file(&runtime, "words.wasm")?;

    let options = SpawnOptions::new()
        .entry("count_vowels")
        .message("Hello, World!");
    let vowels: usize = runtime.run(&program, options)?;
    println!("{vowels} vowels");
    // ANCHOR_END: all
    Ok(())
}
