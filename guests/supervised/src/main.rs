//! A supervisor with three workers, one of which panics on purpose.

use insula_guest::supervisor::*;
use insula_guest::*;
use std::cell::Cell;
use std::time::Duration;

#[entry]
fn worker(attempt: u32) {
    if attempt == 1 && isolate::name().starts_with("kneader") {
        panic!("the dough is too dry");
    }
    println!("done, at attempt {attempt}");
}

/// A worker whose first message says which attempt it is. It is started again
/// until it ends in peace.
fn child(name: &str) -> ChildSpec {
    let attempts = Cell::new(0);
    let attempt = move || {
        attempts.set(attempts.get() + 1);
        attempts.get()
    };
    ChildSpec::with(name, worker, attempt).restart(Restart::Transient)
}

#[main]
async fn main() -> Result<(), SupervisorError> {
    Supervisor::new(Strategy::OneForOne)
        .intensity(3, Duration::from_secs(10))
        .child(child("miller"))
        .child(child("kneader"))
        .child(child("baker"))
        .observe(|event| println!("{event}"))
        .run()
        .await?;
    println!("there is bread");
    Ok(())
}
