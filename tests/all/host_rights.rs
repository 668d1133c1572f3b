//! What a host may do to an isolate, by the rights that it holds.

use anyhow::Result;
use insula::{Capability, Control, ControlError, ExitReason, Right, SendError, SpawnOptions};
use insula_tests::{HANG, Host};

use crate::actor::actor;
use crate::guests;

#[test]
fn control_needs_the_right() -> Result<()> {
    let host = Host::new()?;
    let (actor, _said) = actor(&host, SpawnOptions::new())?;
    let port = actor.control_port();
    let pause = actor.pause_capability()?;
    let terminate = actor.terminate_capability()?;

    // Neither a forged capability nor the other one will do.
    let forged = Capability::new();
    for control in [
        Control::new(&port, None, None)?,
        Control::new(&port, Some(&forged), Some(&forged))?,
        Control::new(&port, Some(&terminate), Some(&pause))?,
        actor.without_rights(),
    ] {
        assert_eq!(control, *actor.control());
        assert_eq!(control.kill(), Err(ControlError::NoRight(Right::Terminate)));
        assert_eq!(
            control.pause().err(),
            Some(ControlError::NoRight(Right::Pause))
        );
        assert!(control.set_errors_fatal(false).is_err());
        assert!(control.pause_capability().is_err());
        assert!(control.terminate_capability().is_err());
    }
    let not_control = Control::new(actor.port(), Some(&pause), Some(&terminate));
    assert_eq!(not_control.err(), Some(ControlError::NotControl));
    // What names an isolate sends nothing to it.
    assert!(matches!(port.send(&1), Err(SendError::Closed)));

    let pauses = Control::new(&port, Some(&pause), None)?;
    let by = pauses.pause()?;
    pauses.resume(&by)?;
    assert!(pauses.kill().is_err());
    let kills = Control::new(&port, None, Some(&terminate))?;
    assert!(kills.pause().is_err());
    kills.kill()?;
    assert_eq!(actor.wait_timeout(HANG), Some(ExitReason::Killed));
    Ok(())
}

#[test]
fn capabilities_and_controls_are_themselves_after_a_journey() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::HELLO)?;
    let echo = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("echo"))?;
    let (sent, other) = (Capability::new(), Capability::new());
    let back: Vec<Capability> = echo.port().call_timeout(&[&sent, &other, &sent], HANG)?;
    assert_eq!(back, [sent.clone(), other, sent]);

    let control: Control = echo.port().call_timeout(echo.control(), HANG)?;
    assert_eq!(control, *echo.control());
    control.kill()?;
    assert_eq!(echo.wait_timeout(HANG), Some(ExitReason::Killed));
    Ok(())
}
