//! `spawn_function` answers at once, with a port that already takes messages.

use insula_guest::*;

/// By the time that this runs, all that was sent is waiting.
#[entry]
async fn patient() {
    while let Ok((text, done)) = port().recv_as::<(String, Option<SendPort>)>().await {
        println!("patient got {text}");
        if let Some(done) = done {
            done.send("patient is done").ok();
            break;
        }
    }
}

/// An entry can spawn itself: in its body, too, `countdown` is an entry.
#[entry]
fn countdown((from, done): (u32, SendPort)) {
    println!("countdown {from}");
    match from {
        0 => done.send("countdown is done").ok(),
        _ => {
            spawn_with(countdown, (from - 1, done));
            None
        }
    };
}

#[main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let patient = spawn_function(patient);
    patient.send(("one", None::<SendPort>))?;
    patient.send(("two", None::<SendPort>))?;
    patient.send(("three", Some(port().send_port())))?;
    println!("main has sent everything");
    println!("{}", port().recv_as::<String>().await?);

    spawn_with(countdown, (3, port().send_port()));
    println!("{}", port().recv_as::<String>().await?);
    Ok(())
}
