//! A host that runs a program as a policy file says.

use insula::{Limits, Program, Runtime};
use insula_policy::Policy;

fn main() -> anyhow::Result<()> {
    // ANCHOR: all
    let policy = Policy::from_file("greedy.toml")?;
    let runtime = Runtime::builder()
        .limits(policy.limits(Limits::default()))
        .start()?;
    let program = Program::from_file(&runtime, "greedy.wasm")?;

    let entry = std::env::args().nth(1).unwrap_or_default();
    let options = policy.spawn_options(&runtime).entry(entry);
    let reason = runtime.run_group(&program, options)?;
    println!("it {reason}");
    // ANCHOR_END: all
    Ok(())
}
