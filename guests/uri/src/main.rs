//! Starts other programs: those whose URIs it gets in its first message, or else
//! the guest `shout`, by a path beside its own, and one that is not there. Another
//! entry kills what it starts.

use insula_guest::*;

/// Starts a program and kills it while it is being loaded.
#[entry]
async fn kills(priority: String) -> Result<(), Box<dyn std::error::Error>> {
    let shout = SpawnOptions::new().spawn_uri("shout.wasm", "shout", "hello")?;
    let call = shout.port().call::<String>("and a message");
    println!("{}", shout.responds(Priority::Immediate).await);
    match priority.as_str() {
        "tree" => shout.kill_tree()?,
        "later" => shout.kill_with(Priority::BeforeNextEvent)?,
        _ => shout.kill()?,
    }
    println!("{:?}", call.await);
    println!("{}", shout.monitor().await.reason);
    Ok(())
}

#[main]
async fn main() -> Result<(), DecodeError> {
    let uris = isolate::first_message::<Vec<String>>()?
        .unwrap_or_else(|| vec!["shout.wasm".into(), "nowhere.wasm".into()]);
    for uri in uris {
        match spawn_uri_with(&uri, "shout", "hello from another program") {
            Ok(shout) => match shout.call::<String>("and a message").await {
                Ok(answer) => println!("{uri}: {answer}"),
                // It has ended, before or after it was called.
                Err(_) => println!("{uri}: nobody answers"),
            },
            Err(error) => println!("{uri}: refused: {error}"),
        }
    }
    Ok(())
}
