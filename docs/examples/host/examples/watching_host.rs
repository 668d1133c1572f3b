//! A host that looks at what its plugins do.

use insula::{Event, Limits, Program, Runtime, SpawnOptions};

fn main() -> anyhow::Result<()> {
    let limits = Limits::default().turn_cpu(100);
    let runtime = Runtime::builder().max_isolates(10).limits(limits).start()?;
    let program = Program::from_file(&runtime, "words.wasm")?;

    // ANCHOR: events
    let events = runtime.events();
    let teller = std::thread::spawn(move || {
        for event in events {
            if let Event::Exited {
                isolate, reason, ..
            } = event
            {
                eprintln!("{isolate} {reason}");
            }
        }
    });
    // ANCHOR_END: events

    for text in ["to be", "or  not", "to be"] {
        let plugin = runtime.spawn(&program, SpawnOptions::new().name("words"))?;
        plugin.port().call::<_, usize>(text).ok();
        plugin.join();
    }

    // ANCHOR: metrics
    print!("{}", runtime.metrics().to_openmetrics());
    // ANCHOR_END: metrics

    // With the runtime the events come to their end.
    drop(runtime);
    teller.join().expect("it does not panic");
    Ok(())
}
