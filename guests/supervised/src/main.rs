//! A supervisor with three workers, one of which panics on purpose.

use insula_guest::supervisor::*;
use insula_guest::*;

#[entry]
fn mill() {
    println!("the flour is ground");
}

/// Fails the first time.
#[entry]
fn knead(restarts: u32) {
    if restarts == 0 {
        panic!("the dough is too dry");
    }
    println!("the dough is kneaded");
}

#[entry]
fn bake() {
    println!("the oven is hot");
}

#[main]
async fn main() -> Result<(), SupervisorError> {
    let miller = ChildSpec::new("miller", mill, ());
    let kneader = ChildSpec::with("kneader", knead, |restarts| restarts);
    let baker = ChildSpec::new("baker", bake, ());

    // Transient: who fails is started again, until all have done their work.
    Supervisor::new(Strategy::OneForOne)
        .child(miller.restart(Restart::Transient))
        .child(kneader.restart(Restart::Transient))
        .child(baker.restart(Restart::Transient))
        .observe(|event| println!("{event}"))
        .run()
        .await?;

    println!("there is bread");
    Ok(())
}
