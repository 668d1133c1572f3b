//! A host that runs a plugin which it does not trust, and offers it one service.
//!
//! `cargo run -p insula --example plugin_host -- PLUGIN.wasm`

use std::time::Duration;

use insula::{Limits, Program, Runtime, SendPort, SpawnOptions};
use serde::{Deserialize, Serialize};

/// The plugin's first message: the services it may use.
#[derive(Serialize)]
struct Services {
    prices: SendPort,
}

#[derive(Deserialize)]
struct PriceOf {
    item: String,
}

fn main() -> anyhow::Result<()> {
    let path = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "plugin.wasm".to_owned());
    let runtime = Runtime::builder().max_isolates(100).start()?;
    let program = Program::from_file(&runtime, path)?;

    // A host service is a port handed to the guest.
    let (prices, requests) = runtime.port();
    let services = Services { prices };
    let options = SpawnOptions::new().message(&services).limits(
        Limits::default()
            .memory(16 << 20)
            .isolates(10)
            .turn_cpu(500),
    );
    let plugin = runtime.spawn(&program, options)?;
    drop(services);

    std::thread::spawn(move || {
        for request in &requests {
            let price = match request.decode::<PriceOf>() {
                Ok(wanted) if wanted.item == "amphora" => Ok(12),
                Ok(wanted) => Err(format!("there is no {}", wanted.item)),
                Err(error) => Err(error.to_string()),
            };
            if let Some(reply) = request.reply() {
                reply.send(&price).ok();
            }
        }
    });

    let answer: String = plugin
        .port()
        .call_timeout("quote", Duration::from_secs(10))?;
    println!("the plugin says: {answer}");
    println!("it has {}", plugin.join());
    Ok(())
}
