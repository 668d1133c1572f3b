//! A guest with tests of every kind: what `insula runner` makes of them is what the
//! tests of the command look at.

use insula_guest::*;

#[entry]
fn double() {
    port().receive(|number: i64, reply| {
        if let Some(reply) = reply {
            reply.send(number * 2).ok();
        }
    });
}

#[entry]
fn falls() {
    panic!("the child falls");
}

#[main]
async fn main() -> Result<(), CallError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    println!("arguments: {arguments:?}");
    let twice: i64 = spawn_function(double).call(21).await?;
    println!("twice: {twice}");
    Ok(())
}

#[cfg(test)]
mod good {
    use crate::*;
    use std::cell::Cell;
    use std::time::Duration;

    #[insula_guest::test]
    fn adds() {
        println!("said by a test that passes");
        assert_eq!(1 + 1, 2);
    }

    #[insula_guest::test]
    async fn calls() -> Result<(), CallError> {
        let twice: i64 = spawn_function(double).call(21).await?;
        assert_eq!(twice, 42);
        Ok(())
    }

    #[insula_guest::test]
    #[should_panic(expected = "say \"dry\"")]
    fn should() {
        panic!("they say \"dry\"");
    }

    #[insula_guest::test]
    #[should_panic]
    async fn should_later() {
        sleep(Duration::from_millis(1)).await;
        panic!();
    }

    /// Nobody sees another test's heap.
    #[insula_guest::test]
    fn is_alone() {
        thread_local!(static SEEN: Cell<u32> = const { Cell::new(0) });
        assert_eq!(SEEN.replace(1), 0);
        assert_eq!(isolate::entry_name(), "tested::good::is_alone");
    }

    #[insula_guest::test]
    fn is_alone_too() {
        is_alone_in_its_statics();
    }

    #[insula_guest::test]
    fn is_alone_three() {
        is_alone_in_its_statics();
    }

    fn is_alone_in_its_statics() {
        use std::sync::atomic::{AtomicU32, Ordering};
        static SEEN: AtomicU32 = AtomicU32::new(0);
        assert_eq!(SEEN.fetch_add(1, Ordering::Relaxed), 0);
    }

    #[insula_guest::test]
    #[ignore = "it takes long"]
    fn rests() {
        panic!("it was run");
    }

    #[insula_guest::test(memory = "64MiB")]
    fn has_room() {
        assert_eq!(vec![1_u8; 32 << 20].len(), 32 << 20);
    }
}

#[cfg(test)]
mod bad {
    use crate::*;
    use std::time::Duration;

    #[insula_guest::test]
    fn panics() {
        println!("before the panic");
        assert_eq!(1 + 1, 3, "sums");
    }

    #[insula_guest::test]
    async fn panics_in_a_handler() {
        let port = ReceivePort::new();
        let sender = port.send_port();
        port.receive(|(): (), _| panic!("in the handler"));
        sender.send(()).ok();
    }

    #[insula_guest::test]
    async fn returns_an_error() -> Result<(), String> {
        Err("it is not there".to_owned())
    }

    #[insula_guest::test(turn_cpu = "100ms")]
    fn loops() {
        let mut number = 0_u64;
        loop {
            number = std::hint::black_box(number + 1);
        }
    }

    #[insula_guest::test(memory = "4MiB")]
    fn eats() {
        let eaten: Vec<Vec<u8>> = (0..64).map(|_| vec![1; 1 << 20]).collect();
        assert_eq!(eaten.len(), 64);
    }

    #[insula_guest::test]
    fn traps() {
        #[cfg(target_family = "wasm")]
        core::arch::wasm32::unreachable();
    }

    #[insula_guest::test]
    fn exits() {
        std::process::exit(3);
    }

    #[insula_guest::test]
    fn exits_in_peace() {
        isolate::exit();
    }

    #[insula_guest::test]
    async fn awaits_nothing() {
        port().recv().await;
    }

    #[insula_guest::test(life = "300ms")]
    fn leaves_a_timer() {
        fn again() {
            Timer::after(Duration::from_millis(5), again).detach();
        }
        again();
    }

    #[insula_guest::test(life = "300ms")]
    async fn sleeps() {
        sleep(Duration::from_secs(1000)).await;
    }

    #[insula_guest::test]
    #[should_panic]
    fn should_and_does_not() {}

    #[insula_guest::test]
    #[should_panic(expected = "wet")]
    fn should_otherwise() {
        panic!("dry");
    }

    #[insula_guest::test(memory = "64XB")]
    fn has_no_such_limit() {}

    #[insula_guest::test]
    async fn has_a_child_that_falls() {
        spawn_function(falls).closed().await;
        panic!("because of the child");
    }
}

#[cfg(test)]
mod plain {
    #[test]
    fn passes() {
        print!("without an end");
    }

    #[test]
    fn fails() {
        println!("before it fails");
        panic!("a plain panic");
    }

    #[test]
    fn errs() -> Result<(), String> {
        Err("a plain error".to_owned())
    }

    #[test]
    fn leaves() {
        std::process::exit(0);
    }

    #[test]
    fn loops() {
        let mut number = 0_u64;
        loop {
            number = std::hint::black_box(number + 1);
        }
    }

    #[test]
    #[ignore = "for a reason"]
    fn rests() {}

    #[test]
    #[should_panic]
    fn should() {
        panic!();
    }
}
