//! A host that awaits: many calls at once, on one thread of its own.

use insula::{Limits, Program, Runtime, SpawnOptions};

fn main() -> anyhow::Result<()> {
    let executor = tokio::runtime::Builder::new_current_thread().build()?;
    executor.block_on(count())
}

// ANCHOR: all
async fn count() -> anyhow::Result<()> {
    let limits = Limits::default().turn_cpu(500);
    let runtime = Runtime::builder().max_isolates(10).limits(limits).start()?;
    let program = Program::from_file(&runtime, "words.wasm")?;

    // Each text is asked for at once, of a plugin of its own, and awaited later.
    let mut asked = Vec::new();
    for text in ["to be", "or  not", "to be that is the question"] {
        let plugin = runtime.spawn(&program, SpawnOptions::new().name("words"))?;
        asked.push((text, plugin.port().call_async::<_, usize>(text), plugin));
    }
    for (text, answer, plugin) in asked {
        match answer.await {
            Ok(words) => println!("{text:?} has {words} words"),
            Err(_) => println!("{text:?}: the plugin {}", plugin.exited().await),
        }
    }
    Ok(())
}
// ANCHOR_END: all
