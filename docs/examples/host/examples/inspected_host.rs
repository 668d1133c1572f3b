//! A host that serves a page about what it runs, and writes one when that is over.

use insula::{Program, Runtime, SpawnOptions};
use insula_inspector::{Inspector, Watch};

fn main() -> anyhow::Result<()> {
    let runtime = Runtime::builder().max_isolates(10).start()?;
    // ANCHOR: all
    let watch = Watch::start(&runtime)?;
    let inspector = Inspector::builder().title("words").start(&watch)?;
    println!("look at it: {}", inspector.url());
    // ANCHOR_END: all

    let program = Program::from_file(&runtime, "words.wasm")?;
    let plugin = runtime.spawn(&program, SpawnOptions::new().name("words"))?;
    println!("{} words", plugin.port().call::<_, usize>("to be")?);
    plugin.join();

    // ANCHOR: report
    std::fs::write("report.html", watch.report("words.wasm", &[]))?;
    // ANCHOR_END: report
    Ok(())
}
