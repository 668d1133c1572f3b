//! A host that has words counted by a plugin which it does not trust.

use std::time::Duration;

use insula::{Limits, Program, Runtime, SpawnOptions};

fn main() -> anyhow::Result<()> {
    let text = std::env::args().nth(1).unwrap_or_default();

    let limits = Limits::default().memory(16 << 20).turn_cpu(500);
    let runtime = Runtime::builder().max_isolates(10).limits(limits).start()?;
    let program = Program::from_file(&runtime, "words.wasm")?;
    let plugin = runtime.spawn(&program, SpawnOptions::new().name("words"))?;

    let patience = Duration::from_secs(10);
    let words: Result<usize, _> = plugin.port().call_timeout(&text, patience);
    match words {
        Ok(words) => println!("{words} words"),
        Err(why) => println!("no answer: {why}"),
    }
    println!("the plugin {}", plugin.join());
    Ok(())
}
