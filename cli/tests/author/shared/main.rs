//! Tests that hold on both: in real isolates, and on the native stand-in.

use insula_guest::supervisor::*;
use insula_guest::*;
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(2);

#[entry]
fn echo() {
    port().receive(|message: Value, reply| {
        if let Some(reply) = reply {
            reply.send(message).ok();
        }
    });
}

#[entry]
fn greets((name, to): (String, SendPort)) {
    to.send(format!("hello, {name}")).ok();
}

#[entry]
fn adds(numbers: Vec<i64>) -> i64 {
    numbers.iter().sum()
}

#[entry]
async fn fails_later() -> Result<(), String> {
    sleep(MOMENT).await;
    Err("it was late".to_owned())
}

#[entry]
fn panics() {
    panic!("on purpose");
}

#[entry]
fn rests() {
    port().receive(|(): (), _| {});
}

#[entry]
fn minds_nothing() {
    port().receive(|text: String, _| Err::<(), _>(text));
}

#[entry]
async fn drops_its_calls() {
    while let Some(message) = port().recv().await {
        drop(message);
    }
}

#[entry]
fn has_a_name() -> Result<(), NameError> {
    port().receive(|(): (), reply| {
        if let Some(reply) = reply {
            reply.send(isolate::entry_name()).ok();
        }
    });
    names::register("somebody", &port().send_port())
}

#[entry]
fn falls_once(restarts: u32) {
    if restarts == 0 {
        panic!("the first time");
    }
}

#[main]
fn main() {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;

    #[insula_guest::test]
    async fn values_and_ports_go_and_come_back() -> Result<(), CallError> {
        let echo = spawn_function(echo);
        let value: (i64, String, Option<bool>) = echo.call((1, "two", None::<bool>)).await?;
        assert_eq!(value, (1, "two".to_owned(), None));
        let port = ReceivePort::new();
        let own: SendPort = echo.call(&port.send_port()).await?;
        assert_eq!(own, port.send_port());
        own.send(7).expect("it is open");
        assert_eq!(port.recv_as::<i32>().await.ok(), Some(7));
        Ok(())
    }

    #[insula_guest::test]
    async fn a_first_message_brings_ports_along() {
        let port = ReceivePort::new();
        spawn_with(greets, ("Ada".to_owned(), port.send_port()));
        let greeting: Result<String, _> = port.recv_as().await;
        assert_eq!(greeting.as_deref(), Ok("hello, Ada"));
    }

    #[insula_guest::test]
    async fn what_an_entry_returns_is_awaited() {
        assert_eq!(Isolate::run(adds, vec![1, 2, 3]).await, Ok(6));
        let failed = Isolate::run(fails_later, ()).await.expect("it is a result");
        assert_eq!(failed, Err("it was late".to_owned()));
        let ended = Isolate::run(panics, ()).await;
        assert!(matches!(
            ended,
            Err(RunError::Ended(ExitReason::Panicked { message, .. })) if message == "on purpose"
        ));
    }

    #[insula_guest::test]
    async fn messages_keep_their_order_until_somebody_wants_them() {
        let port = ReceivePort::new();
        for number in 0..5 {
            port.send_port().send(number).expect("it is open");
        }
        let third = port.recv_as_where(|number: &i32| *number == 3).await;
        assert_eq!(third.ok(), Some(3));
        let mut rest = Vec::new();
        for _ in 0..4 {
            rest.push(port.recv_as::<i32>().await.expect("it is there"));
        }
        assert_eq!(rest, [0, 1, 2, 4]);
    }

    #[insula_guest::test]
    async fn timers_come_in_their_order_and_can_be_taken_back() {
        let log = Rc::new(RefCell::new(Vec::new()));
        let timer = |time: u32, text: &'static str| {
            let log = Rc::clone(&log);
            Timer::after(MOMENT * time, move || log.borrow_mut().push(text))
        };
        timer(6, "second").detach();
        timer(1, "first").detach();
        drop(timer(2, "never"));
        sleep(MOMENT * 12).await;
        assert_eq!(*log.borrow(), ["first", "second"]);
        let late = timeout(MOMENT, std::future::pending::<()>()).await;
        assert_eq!(late, Err(Elapsed));
    }

    #[insula_guest::test]
    async fn nobody_waits_for_who_cannot_answer() {
        let callee = spawn_function(drops_its_calls);
        let answer = callee.call::<()>("anybody?").await;
        assert_eq!(answer, Err(CallError::NoAnswer));
        let dead = Isolate::spawn(panics, ());
        dead.port().closed().await;
        assert!(dead.port().is_closed());
        assert_eq!(dead.port().send(1), Err(SendError::Closed));
        assert_eq!(dead.monitor().await.reason.to_string().find("on purpose").is_some(), true);
    }

    #[insula_guest::test]
    async fn who_is_killed_ends_and_others_are_told() -> Result<(), ControlError> {
        let isolate = Isolate::spawn(rests, ());
        let told = ReceivePort::new();
        isolate.add_exit_listener(&told.send_port(), "it is over")?;
        let monitor = isolate.monitor();
        assert!(isolate.responds(Priority::BeforeNextEvent).await);
        isolate.without_rights()?.kill().expect_err("it has no right to");
        isolate.kill()?;
        assert_eq!(monitor.await.reason, ExitReason::Killed);
        assert_eq!(told.recv_as::<String>().await.as_deref(), Ok("it is over"));
        assert!(!isolate.responds(Priority::Immediate).await);
        Ok(())
    }

    #[insula_guest::test]
    async fn who_is_paused_comes_to_it_later() -> Result<(), ControlError> {
        let isolate = SpawnOptions::new().paused(true).spawn(echo, ()).expect("there is room");
        let answer = isolate.port().call::<i32>(1);
        assert_eq!(timeout(MOMENT * 5, isolate.port().call::<i32>(2)).await, Err(Elapsed));
        isolate.start()?;
        assert_eq!(answer.await, Ok(1));
        let by = isolate.pause()?;
        let answer = isolate.port().call::<i32>(3);
        isolate.resume(&Capability::new())?;
        assert!(timeout(MOMENT * 5, isolate.responds(Priority::BeforeNextEvent)).await.is_err());
        isolate.resume(&by)?;
        assert_eq!(answer.await, Ok(3));
        Ok(())
    }

    #[insula_guest::test]
    async fn errors_are_told_and_fatal_where_nobody_says_otherwise() {
        let errors = ReceivePort::new();
        let options = SpawnOptions::new().on_error(&errors);
        let mild = options.clone().errors_fatal(false).spawn(minds_nothing, ()).expect("room");
        mild.port().send("never mind").expect("it is open");
        let error: RemoteError = errors.recv_as().await.expect("it is told");
        assert!(format!("{error:?}").contains("never mind"), "{error:?}");
        assert!(mild.responds(Priority::Immediate).await);
        mild.set_errors_fatal(true).expect("the spawner has the right");
        mild.port().send("mind this").expect("it is open");
        let end = mild.monitor().await.reason;
        assert!(matches!(end, ExitReason::Failed { error, .. } if error == "mind this"));
    }

    #[insula_guest::test]
    async fn links_end_who_is_linked() {
        let killer = Isolate::spawn(rests, ());
        let other = Isolate::run(links_to, killer.control().clone());
        // It links itself before it answers.
        sleep(MOMENT * 5).await;
        killer.kill().expect("the spawner has the right");
        let reason = match other.await {
            Err(RunError::Ended(ExitReason::Linked { reason, .. })) => *reason,
            other => panic!("{other:?}"),
        };
        assert_eq!(reason, ExitReason::Killed);
    }

    #[entry]
    async fn links_to(other: Control) {
        other.link().expect("it has the right");
        port().recv().await;
    }

    #[insula_guest::test]
    async fn a_name_is_found_and_goes_with_its_isolate() -> Result<(), Box<dyn std::error::Error>> {
        assert_eq!(names::lookup("somebody")?, None);
        let isolate = Isolate::spawn(has_a_name, ());
        while names::lookup("somebody")?.is_none() {
            sleep(MOMENT).await;
        }
        let found = names::lookup("somebody")?.expect("it was there");
        assert_eq!(found.call::<String>(()).await?, "has_a_name");
        let taken = names::register("somebody", &ReceivePort::new().send_port());
        assert!(matches!(taken, Err(NameError::Taken(_))));
        isolate.kill()?;
        isolate.port().closed().await;
        assert_eq!(names::lookup("somebody")?, None);
        Ok(())
    }

    #[insula_guest::test]
    async fn who_falls_is_started_again() -> Result<(), SupervisorError> {
        let events = Rc::new(Cell::new(0));
        let seen = Rc::clone(&events);
        Supervisor::new(Strategy::OneForOne)
            .child(ChildSpec::with("once", falls_once, |restarts| restarts).restart(Restart::Transient))
            .observe(move |_| seen.set(seen.get() + 1))
            .run()
            .await?;
        assert_eq!(events.get(), 4, "started, panicked, started again, ended");
        Ok(())
    }

    #[insula_guest::test]
    fn handlers_run_after_the_function() {
        let port = ReceivePort::new();
        let sender = port.send_port();
        port.receive(move |last: bool, _| {
            if !last {
                sender.send(true).ok();
            }
        });
        port.send_port().send(false).expect("it is open");
    }

    #[insula_guest::test]
    #[should_panic(expected = "in a handler")]
    fn a_panic_in_a_handler_counts() {
        let port = ReceivePort::new();
        let sender = port.send_port();
        port.receive(|(): (), _| panic!("in a handler"));
        sender.send(()).expect("it is open");
    }

    #[insula_guest::test]
    fn an_isolate_knows_its_entry() {
        assert_eq!(isolate::entry_name(), "shared::tests::an_isolate_knows_its_entry");
        assert_eq!(isolate::name(), "tests::an_isolate_knows_its_entry#1");
    }

    /// Only a real isolate has these.
    #[cfg(not(target_family = "wasm"))]
    #[insula_guest::test]
    fn what_the_stand_in_has_not_it_refuses() {
        let spawn = |options: SpawnOptions| options.spawn(rests, ()).expect_err("it is refused");
        let limits = Limits::new().memory(1 << 20);
        for (refused, what) in [
            (spawn(SpawnOptions::new().limits(limits)), "a limit, as of `memory`"),
            (spawn(SpawnOptions::new().all_capabilities()), "capabilities of its own"),
            (spawn_uri("file:///other.wasm").expect_err("it is refused"), "from file:///other.wasm"),
        ] {
            let text = refused.to_string();
            assert!(text.contains(what) && text.contains("`insula test` has real isolates"), "{text}");
        }
    }
}
