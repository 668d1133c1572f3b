//! Supervisors, by the rules of Erlang's OTP.

use anyhow::Result;
use insula::{ExitReason, Stream};
use insula_tests::Host;

use crate::guests;

#[test]
fn supervisors_follow_the_rules_of_otp() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::SUPERVISORS)?, ExitReason::Ended);
    let told = host.texts(Stream::Stdout).join("\n");
    let expected = "\
OneForOne
  one started
  two started
  three started
  two panicked: as it was told
  two started again
  it answers: two
  stopped: Ok(())
  three killed
  two killed
  one killed
OneForAll
  one started
  two started
  three started
  two panicked: as it was told
  three killed
  one killed
  one started again
  two started again
  three started again
  it answers: two
  stopped: Ok(())
  three killed
  two killed
  one killed
RestForOne
  one started
  two started
  three started
  two panicked: as it was told
  three killed
  two started again
  three started again
  it answers: two
  stopped: Ok(())
  three killed
  two killed
  one killed
giving up
  one started
  two started
  three started
  two panicked: as it was told
  two started again
  one ended
  three killed
  two killed
  child one ended: that makes more than 1 restarts within 3600s
  one more: the supervisor is over, and has no children any more
kinds of restart
  permanent started
  transient started
  temporary started
  permanent ended
  permanent started again
  transient panicked: as it was told
  transient started again
  transient ended
  temporary panicked: as it was told
  permanent killed
  over: Ok(())
children at run time
  one started
  two started
  one more: there is a child named two already: each needs a name of its own
  one killed
  one: None
  once more: there is no child named one
  left: two, 0 restarts
  two killed
shutdowns
  killed started
  asked started
  deaf started
  busy started
  busy killed
  deaf killed
  asked ended
  killed killed
the end of a supervisor's isolate in peace
  it ended
  its child goes on: true
a supervisor under a supervisor
  started again: true
  killed, and its child with it
  child inner killed: that makes more than 1 restarts within 5s";
    assert_eq!(told, expected);
    Ok(())
}
