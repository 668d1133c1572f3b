//! A supervisor starts a child again that has panicked: the README's second guest.

use anyhow::Result;
use insula::ExitReason;
use insula_tests::Host;

use crate::guests;

#[test]
fn a_worker_that_panics_is_started_again() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::SUPERVISED)?, ExitReason::Ended);
    // What isolates do beside each other is in no order.
    let lines = host.lines();
    let with = |text: &str| {
        let lines = lines.iter().filter(|line| line.contains(text));
        lines.map(String::as_str).collect::<Vec<_>>()
    };
    let [first, panicked, again, second, ended] = with("kneader")[..] else {
        panic!("five lines about one of them: {lines:#?}");
    };
    assert_eq!(first, "main#1: kneader started");
    assert!(panicked.starts_with("main#1: kneader panicked at "));
    assert!(panicked.ends_with(": the dough is too dry"));
    // The new one may run before the line is out that says so.
    let mut last = [again, second, ended];
    last.sort_unstable();
    assert!(last[0].starts_with("kneader#"));
    assert!(last[0].ends_with(": the dough is kneaded"));
    assert_eq!(last[1], "main#1: kneader ended");
    assert_eq!(last[2], "main#1: kneader started again");
    for name in ["miller", "baker"] {
        let own = [
            format!("main#1: {name} started"),
            format!("main#1: {name} ended"),
        ];
        assert_eq!(with(&format!("main#1: {name}")), own);
        assert_eq!(with(&format!("{name}#")).len(), 1, "{lines:#?}");
    }
    assert_eq!(
        lines.last().map(String::as_str),
        Some("main#1: there is bread")
    );
    Ok(())
}
