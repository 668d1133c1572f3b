//! The guest's allocator.

use anyhow::Result;
use insula::ExitReason;
use insula_tests::Host;

use crate::guests;

#[test]
fn a_guests_memory_is_kept_and_used_again() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::HEAP)?, ExitReason::Ended);
    assert_eq!(
        host.lines_of("main#1"),
        [
            "pieces keep what is in them",
            "small pieces become large ones",
            "and are where they have to be",
        ]
    );
    Ok(())
}
