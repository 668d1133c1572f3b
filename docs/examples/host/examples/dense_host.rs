//! A host with room for very many isolates.

use insula::{Limits, Profile, Runtime};

fn main() -> anyhow::Result<()> {
    // ANCHOR: all
    let runtime = Runtime::builder()
        .profile(Profile::Dense)
        .max_isolates(100_000)
        .limits(
            Limits::default()
                // Addresses that each has; no isolate gets more.
                .memory(16 << 20)
                // For all in one group, where they are not in many.
                .isolates(100_000)
                .handles(200_000)
                .group_memory(64 << 30)
                .group_table_elements(100_000_000)
                .host_memory(4 << 30),
        )
        .start()?;
    // ANCHOR_END: all
    println!("there is room for 100,000: {:?}", runtime.figures());
    Ok(())
}
