//! The host's receive ports: a service of the host's is a port handed to a guest, with
//! a crossbeam channel underneath.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use crossbeam_channel::{RecvTimeoutError, TryRecvError, select};
use insula::{ExitReason, Limits, ReceivePort, SendError, SendPort, SpawnOptions, Value};
use insula_tests::{HANG, Host, in_time};
use serde::{Deserialize, Serialize};

use crate::guests;

/// Answers each request with its double.
fn serve(requests: &ReceivePort) -> usize {
    let mut served = 0;
    for request in requests {
        let number: i64 = request.decode().expect("a number");
        let reply = request.reply().expect("it is a call");
        reply.send(&(2 * number)).expect("the caller waits");
        served += 1;
    }
    served
}

#[test]
fn a_guest_calls_a_service_of_the_hosts() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::SERVICE)?;
    let (doubler, requests) = host.runtime.port();
    let server = thread::spawn(move || serve(&requests));
    let message = (&doubler, [1, 21, -4]);
    let reason = host.run(&program, SpawnOptions::new().message(&message))?;
    assert_eq!(reason, ExitReason::Ended);
    assert_eq!(
        host.lines(),
        [
            "main#1: twice 1 is 2",
            "main#1: twice 21 is 42",
            "main#1: twice -4 is -8"
        ]
    );
    // The iteration ends when the last send port is gone: the host's own.
    drop(doubler);
    assert_eq!(in_time(|| server.join().expect("no panic")), 3);
    Ok(())
}

/// What the README shows, with the host of `runtime/examples/plugin_host.rs`.
#[test]
fn a_plugin_is_given_its_services_in_a_struct() -> Result<()> {
    #[derive(Serialize)]
    struct Services {
        prices: SendPort,
    }
    #[derive(Deserialize)]
    struct PriceOf {
        item: String,
    }
    let host = Host::new()?;
    let program = host.program(guests::PLUGIN)?;
    let (prices, requests) = host.runtime.port();
    let services = Services { prices };
    let plugin = host
        .runtime
        .spawn(&program, SpawnOptions::new().message(&services))?;
    drop(services);
    let server = thread::spawn(move || -> Result<usize> {
        let mut known = vec![Err("sold out".to_owned()), Ok(12)];
        for request in &requests {
            assert_eq!(request.decode::<PriceOf>()?.item, "amphora");
            let price: Result<u32, String> = known.pop().expect("two requests");
            request.reply().expect("it is a call").send(&price)?;
        }
        Ok(known.len())
    });
    for quote in ["an amphora costs 12", "no amphora today: sold out"] {
        let answer: String = plugin.port().call_timeout("quote", HANG)?;
        assert_eq!(answer, quote);
    }
    assert_eq!(in_time(move || plugin.join()), ExitReason::Ended);
    assert_eq!(in_time(|| server.join().expect("no panic"))?, 0);
    Ok(())
}

#[test]
fn a_service_ends_with_the_group_that_it_was_given_to() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::SERVICE)?;
    let (doubler, requests) = host.runtime.port();
    let message = (&doubler, [1, 2]);
    let guest = host
        .runtime
        .spawn(&program, SpawnOptions::new().message(&message))?;
    drop(doubler);
    assert_eq!(in_time(move || serve(&requests)), 2);
    assert_eq!(in_time(move || guest.join()), ExitReason::Ended);
    Ok(())
}

#[test]
fn a_service_that_answers_nothing_or_is_gone_fails_the_calls() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::SERVICE)?;
    let (doubler, requests) = host.runtime.port();
    let message = (&doubler, [1, 2, 3]);
    let guest = host
        .runtime
        .spawn(&program, SpawnOptions::new().message(&message))?;
    // The first is dropped unanswered, the second waits in a port that is dropped,
    // for the third there is no port.
    drop(requests.recv_timeout(HANG)?);
    while requests.channel().is_empty() {
        thread::yield_now();
    }
    drop(requests);
    assert_eq!(in_time(move || guest.join()), ExitReason::Ended);
    assert_eq!(
        host.lines(),
        [
            "main#1: twice 1: nobody can answer the call any more",
            "main#1: twice 2: nobody can answer the call any more",
            "main#1: twice 3: the port is closed, or its isolate has ended",
        ]
    );
    let error = doubler.send(&4).expect_err("it is closed");
    assert!(matches!(error, SendError::Closed));
    Ok(())
}

#[test]
fn a_killed_group_disconnects_its_service() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::SERVICE)?;
    let (doubler, requests) = host.runtime.port();
    let message = (&doubler, [1]);
    let guest = host
        .runtime
        .spawn(&program, SpawnOptions::new().message(&message))?;
    drop(doubler);
    let request = requests.recv_timeout(HANG)?;
    guest.kill();
    assert_eq!(
        requests.recv_timeout(HANG).expect_err("nobody is left"),
        RecvTimeoutError::Disconnected
    );
    assert_eq!(guest.wait_timeout(HANG), Some(ExitReason::Killed));
    // The answer comes too late, and harms nobody.
    let reply = request.reply().expect("it is a call");
    let error = reply.send(&2).expect_err("it is gone");
    assert!(matches!(error, SendError::Closed));
    Ok(())
}

#[test]
fn a_port_is_received_from_at_once_within_a_time_or_for_ever() -> Result<()> {
    let host = Host::new()?;
    let (port, messages) = host.runtime.port();
    let moment = Duration::from_millis(1);
    assert_eq!(messages.try_recv().unwrap_err(), TryRecvError::Empty);
    assert_eq!(
        messages.recv_timeout(moment).unwrap_err(),
        RecvTimeoutError::Timeout
    );
    for number in 0..4 {
        port.send(&number)?;
    }
    assert_eq!(messages.recv()?.decode::<i64>()?, 0);
    assert_eq!(messages.try_recv()?.decode::<i64>()?, 1);
    assert_eq!(messages.recv_timeout(HANG)?.decode::<i64>()?, 2);
    // What was sent is there, though no send port is left.
    drop(port);
    assert_eq!(messages.recv()?.decode::<i64>()?, 3);
    assert!(messages.recv().is_err());
    assert_eq!(messages.try_recv().unwrap_err(), TryRecvError::Disconnected);
    assert_eq!(
        messages.recv_timeout(moment).unwrap_err(),
        RecvTimeoutError::Disconnected
    );
    assert_eq!(messages.iter().count(), 0);
    Ok(())
}

#[test]
fn a_message_has_a_reply_port_when_its_sender_gave_one() -> Result<()> {
    let host = Host::new()?;
    let (port, messages) = host.runtime.port();
    let (reply, answers) = host.runtime.port();
    port.send("no reply")?;
    port.send_with_reply("reply", &reply)?;
    assert_eq!(messages.recv()?.reply(), None);
    let message = messages.recv()?;
    assert_eq!(message.reply(), Some(&reply));
    message.reply().expect("as above").send("here")?;
    assert_eq!(answers.recv()?.decode::<String>()?, "here");
    // One message, read in more than one way.
    assert_eq!(message.decode::<String>()?, "reply");
    assert_eq!(message.decode::<Value>()?, "reply");
    assert_eq!(message.bytes(), b"\x65reply");
    assert_eq!(
        message.decode::<i64>().expect_err("it is none").to_string(),
        "expected int, found string"
    );
    Ok(())
}

#[test]
fn select_waits_for_any_of_several_ports() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::SERVICE)?;
    let mut guests = Vec::new();
    let mut spawn = |numbers: [i64; 2]| -> Result<ReceivePort> {
        let (port, requests) = host.runtime.port();
        let message = (port, numbers);
        let options = SpawnOptions::new().message(&message);
        guests.push(host.runtime.spawn(&program, options)?);
        Ok(requests)
    };
    let (first, second) = (spawn([1, 2])?, spawn([10, 20])?);
    let (mut from_first, mut from_second) = (Vec::new(), Vec::new());
    let (mut first_open, mut second_open) = (true, true);
    let never = crossbeam_channel::never();
    while first_open || second_open {
        let first = if first_open { first.channel() } else { &never };
        let second = if second_open {
            second.channel()
        } else {
            &never
        };
        let (request, received) = select! {
            recv(first) -> request => {
                first_open = request.is_ok();
                (request, &mut from_first)
            }
            recv(second) -> request => {
                second_open = request.is_ok();
                (request, &mut from_second)
            }
            default(HANG) => panic!("nothing comes"),
        };
        let Ok(request) = request else { continue };
        received.push(request.decode::<i64>()?);
        request.reply().expect("it is a call").send(&0)?;
    }
    assert_eq!((from_first, from_second), (vec![1, 2], vec![10, 20]));
    Ok(())
}

#[test]
fn a_port_of_the_hosts_has_limits_too() -> Result<()> {
    let host = Host::new()?;
    let limits = Limits::default().mailbox_messages(2);
    let (port, messages) = host.runtime.port_with_limits(&limits);
    port.send(&1)?;
    port.send(&2)?;
    let error = port.send(&3).expect_err("there is no room");
    assert!(matches!(error, SendError::Full));
    assert_eq!(
        error.to_string(),
        "the receiver's mailbox is full (raise `Limits::mailbox_messages` or `mailbox_bytes`)"
    );
    // A message counts until the host drops it.
    let first = messages.recv()?;
    assert!(matches!(port.send(&3), Err(SendError::Full)));
    drop(first);
    port.send(&3)?;
    Ok(())
}
