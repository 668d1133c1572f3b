//! A host that serves a page about what it runs, and writes one when that is over.

use insula::{Program, Runtime, SpawnOptions};
use insula_inspector::{Inspector, RuntimeBuilderExt as _};

fn main() -> anyhow::Result<()> {
    // ANCHOR: all
    let runtime = Runtime::builder()
        .max_isolates(10)
        .inspected_by(Inspector::builder().title("words"))
        .start()?;
    println!("look at it: {}", runtime.inspector().url());
    // ANCHOR_END: all

    let program = Program::from_file(&runtime, "words.wasm")?;
    let plugin = runtime.spawn(&program, SpawnOptions::new().name("words"))?;
    println!("{} words", plugin.port().call::<_, usize>("to be")?);
    plugin.join();

    // ANCHOR: report
    std::fs::write("report.html", runtime.watch().report("words.wasm", &[]))?;
    // ANCHOR_END: report
    Ok(())
}
