//! Messages that a turn begins with: the place that is lent for them, what comes there
//! and what does not. And calls, which open a port and send in one go.

use anyhow::{Result, ensure};
use insula::{Limit, Limits, ReceivePort, SendPort, SpawnOptions};

use insula_tests::hostile::{
    End, LENT, MEMORY_END, PREPARE, Table, delivered, delivered_one, main, row, rows, send_to_self,
    server, table,
};

/// Sends what is at `$at` to the port `$to`, and first whether it was delivered there.
const ANSWER: &str = r#"
    (global $to (mut i32) (i32.const 0))
    (data (i32.const 512) "\f4\f5")
    (func $say (param $at i32) (param $length i32)
        (if (call $send-port.send (global.get $to) (local.get $at) (local.get $length)
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
            (then unreachable)))
    (func $answer (param $delivered i32) (param $at i32) (param $length i32)
        (call $say (i32.add (i32.const 512) (local.get $delivered)) (i32.const 1))
        (call $say (local.get $at) (local.get $length)))
"#;

const TAKE_PORT: &str = "
    (call $first-message (i32.const 64))
    (global.set $to (i32.load (i32.load (i32.const 76))))";

/// Answers with all that `receive` hands out.
const RECEIVE: &str = "
    (loop $next
        (global.set $free (i32.const 16384))
        (call $receive (i32.const 0))
        (if (i32.load8_u (i32.const 0))
            (then
                (call $answer (i32.const 0) (i32.load (i32.const 24)) (i32.load (i32.const 28)))
                (br $next))))";

const DELIVER: &str = "(call $answer (i32.const 1) (i32.const 8192) (local.get $length))";

/// Starts a guest that answers to the host, and gives its port.
fn start(table: &Table, body: &str) -> Result<(SendPort, ReceivePort)> {
    let program = table.host.wat(&table.module(&(body.to_owned() + ANSWER)))?;
    let (to, answers) = table.host.runtime.port();
    let isolate = table
        .host
        .runtime
        .spawn(&program, SpawnOptions::new().message(&to))?;
    Ok((isolate.port().clone(), answers))
}

/// Takes an answer: whether it was delivered. What comes back has to be what was sent.
fn way(answers: &ReceivePort, length: usize) -> Result<bool> {
    let delivered = answers.recv()?.decode()?;
    let text: String = answers.recv()?.decode()?;
    ensure!(
        text == "x".repeat(length),
        "{length} came as {}",
        text.len()
    );
    Ok(delivered)
}

/// Whether each of these texts was delivered, one sent after the other's answer.
fn ways(port: &SendPort, answers: &ReceivePort, lengths: &[usize]) -> Result<Vec<bool>> {
    let one = |length: &usize| {
        port.send(&"x".repeat(*length))?;
        way(answers, *length)
    };
    lengths.iter().map(one).collect()
}

/// A text of so many bytes has a head of one to three bytes: this one fits just.
const LONGEST: usize = 1024 - 3;

#[test]
fn what_fits_is_delivered_and_what_does_not_is_received() -> Result<()> {
    let lengths = [
        0,
        1,
        22,
        23,
        24,
        25,
        LONGEST,
        LONGEST + 1,
        5_000,
        7,
        100_000,
        8,
        9,
    ];
    let fits: Vec<_> = lengths.iter().map(|length| *length <= LONGEST).collect();
    table(|table| {
        let guest = delivered(TAKE_PORT, DELIVER, RECEIVE);
        let (port, answers) = start(table, &guest)?;
        let ways = ways(&port, &answers, &lengths)?;
        ensure!(ways == fits, "{ways:?}");
        // All at once: whichever way each takes, they stay in order, and nothing large is
        // delivered.
        for _ in 0..50 {
            for length in lengths {
                port.send(&"x".repeat(length))?;
            }
            for (length, fits) in lengths.iter().zip(&fits) {
                let delivered = way(&answers, *length)?;
                ensure!(*fits || !delivered, "{length} bytes were delivered");
            }
        }
        // A port comes by `receive`, a port for the answer does not hinder.
        port.send(&port)?;
        ensure!(!answers.recv()?.decode::<bool>()?, "a port was delivered");
        answers.recv()?;
        port.send_with_reply(&1, &port)?;
        ensure!(answers.recv()?.decode::<bool>()?, "a reply port hindered");
        Ok(())
    })
}

#[test]
fn a_guest_without_deliver_and_one_that_lends_nothing_receive_all() -> Result<()> {
    table(|table| {
        let lend = format!("(call $lend (i32.const {LENT}) (i32.const 1024)) {TAKE_PORT}");
        let without = server(&lend, RECEIVE);
        let no_place = delivered(TAKE_PORT, DELIVER, RECEIVE);
        let call = format!("(call $lend (i32.const {LENT}) (i32.const 1024))");
        for guest in [without, no_place.replace(&call, "")] {
            let (port, answers) = start(table, &guest)?;
            let ways = ways(&port, &answers, &[1, 100, 2_000])?;
            ensure!(ways == [false; 3], "{ways:?}");
        }
        Ok(())
    })
}

/// The place that was lent last is the one that counts, also where it has no bytes.
#[test]
fn a_place_is_replaced_by_the_next() -> Result<()> {
    table(|table| {
        let empty = format!("(call $lend (i32.const {MEMORY_END}) (i32.const 0)) {TAKE_PORT}");
        let (port, answers) = start(table, &delivered(&empty, "unreachable", RECEIVE))?;
        let all = ways(&port, &answers, &[0, 1, 1_000])?;
        ensure!(all == [false; 3], "{all:?}");
        // The last bytes of the memory.
        let at = MEMORY_END - 4;
        let last = format!("(call $lend (i32.const {at}) (i32.const 4)) {TAKE_PORT}");
        let answer = DELIVER.replace("8192", &at.to_string());
        let (port, answers) = start(table, &delivered(&last, &answer, RECEIVE))?;
        let all = ways(&port, &answers, &[0, 3, 4, 1_000])?;
        ensure!(all == [true, true, false, false], "{all:?}");
        Ok(())
    })
}

#[test]
fn a_place_outside_of_memory_is_refused() -> Result<()> {
    rows(|_| {
        let places = [
            (MEMORY_END, 1),
            (MEMORY_END - 1023, 1024),
            (0, MEMORY_END + 1),
            (u32::MAX, u32::MAX),
            (1, u32::MAX),
        ];
        let rows = places.map(|(place, length)| {
            let lend = format!("(call $lend (i32.const {place}) (i32.const {length}))");
            let end = End::broken(["a place that it lends", "outside of its memory"]);
            row(format!("{length} bytes at {place}"), main(&lend), end)
        });
        Ok(rows.into())
    })
}

/// The host copies few bytes in one piece: what stood behind them in the sender's memory
/// has to stay there.
#[test]
fn nothing_of_the_senders_memory_comes_along() -> Result<()> {
    rows(|_| {
        let rows = (0..=33).map(|length| {
            let check = format!(
                "(local $at i32)
                (if (i32.ne (local.get $length) (i32.const {length})) (then unreachable))
                (local.set $at (i32.const {}))
                (loop $next
                    (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 170)) (then unreachable))
                    (local.set $at (i32.add (local.get $at) (i32.const 1)))
                    (br_if $next (i32.lt_u (local.get $at) (i32.const {}))))
                (call $exit)",
                LENT + length,
                LENT + 1024
            );
            let guest = delivered_one(length, &check);
            row(format!("{length} bytes"), guest, End::Ended)
        });
        Ok(rows.collect())
    })
}

/// Where the table of handles is full, the port for the answer is lost, and said to be.
#[test]
fn a_reply_port_without_room_is_lost() -> Result<()> {
    rows(|_| {
        let check = |lost: u32| {
            format!(
                "(if (i32.ne (local.get $lost) (i32.const {lost})) (then unreachable))
                (if (i32.eq (local.get $lost) (local.get $has-reply)) (then unreachable))
                (call $exit)"
            )
        };
        let guest = |lost| delivered_one(3, &check(lost));
        let limits = |handles| Limits::default().handles(handles);
        Ok(vec![
            row("no room", guest(1), End::Ended).limits(limits(2)),
            row("room for one", guest(0), End::Ended).limits(limits(3)),
        ])
    })
}

/// Sends itself so many messages.
fn send_many(messages: u32) -> String {
    let send = send_to_self(3);
    format!(
        "{PREPARE} (global.set $left (i32.const {messages}))
        (loop $more {send}
            (global.set $left (i32.sub (global.get $left) (i32.const 1)))
            (br_if $more (global.get $left)))"
    )
}

/// What counts for [`send_many`].
const LEFT: &str = "(global $left (mut i32) (i32.const 0)) (global $own (mut i32) (i32.const 0))";

/// The last message of a turn is said to be, and only that one: a guest that flushes
/// what it has then misses nothing.
#[test]
fn the_last_message_is_said_to_be() -> Result<()> {
    rows(|_| {
        let check = "
            (call $count (i32.const 1))
            (if (local.get $last)
                (then
                    (if (i32.ne (i32.load (i32.const 2000)) (i32.const 200)) (then unreachable))
                    (call $exit)))";
        // Behind a notice that the host has dropped its port one may be received.
        let wake = "
            (call $receive (i32.const 0))
            (call $count (i32.and (i32.load8_u (i32.const 0))
                (i32.eqz (i32.load8_u (i32.const 8)))))";
        let count = "(func $count (param $more i32)
            (i32.store (i32.const 2000) (i32.add (i32.load (i32.const 2000)) (local.get $more))))";
        let guest = delivered(&send_many(200), check, wake) + LEFT + count;
        let limits = Limits::default().handles(1_000);
        Ok(vec![row("of many", guest, End::Ended).limits(limits)])
    })
}

#[test]
fn a_turn_of_deliveries_ends_and_may_be_ended() -> Result<()> {
    rows(|_| {
        let again = "(drop (call $send-port.send (global.get $own) (i32.const 1024)
            (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))";
        let close = "(call $drop-receive-port (global.get $port))";
        let lend = format!("(call $lend (i32.const {LENT}) (i32.const 0))");
        let count_to_two = "
            (loop $next
                (call $receive (i32.const 0))
                (if (i32.load8_u (i32.const 0))
                    (then
                        (i32.store (i32.const 2000) (i32.add (i32.load (i32.const 2000))
                            (i32.eqz (i32.load8_u (i32.const 8)))))
                        (br_if $next (i32.lt_u (i32.load (i32.const 2000)) (i32.const 2)))
                        (call $exit))))";
        Ok(vec![
            row(
                "sends itself one more each time",
                delivered_one(1, again),
                End::Limit(Limit::Cpu),
            )
            .limits(Limits::default().cpu(50)),
            row(
                "closes the port within",
                delivered_one(1, close),
                End::Ended,
            ),
            row(
                "takes the place back within",
                // One is delivered, and the two others are received.
                delivered(&send_many(3), &lend, count_to_two) + LEFT,
                End::Ended,
            ),
            row(
                "grows its memory within",
                delivered_one(1, "(drop (memory.grow (i32.const 1))) (call $exit)"),
                End::Ended,
            ),
        ])
    })
}

/// Calls the port at 20 over and over, and expects this answer each time: the tag, the
/// kind of refusal, and its status.
fn calls(length: u32, [tag, kind, status]: [u32; 3]) -> String {
    format!(
        "(local $left i32)
        (call $receive-port.open (i64.const 1) (i32.const 0))
        (call $receive-port.sender (i32.load (i32.const 4)) (i32.const 16))
        (call $drop-receive-port (i32.load (i32.const 4)))
        (local.set $left (i32.const 20000))
        (loop $more
            (call $send-port.call (i32.load (i32.const 20)) (i32.const 0) (i32.const {length})
                (i32.const 0) (i32.const 0) (i64.const 5) (i32.const 2048))
            (if (i32.ne (i32.load8_u (i32.const 2048)) (i32.const {tag})) (then unreachable))
            (if (i32.ne (i32.load8_u (i32.const 2052)) (i32.const {kind})) (then unreachable))
            (if (i32.ne (i32.load8_u (i32.const 2056)) (i32.const {status})) (then unreachable))
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br_if $more (local.get $left)))"
    )
}

/// No port is left of a call that was not sent: twenty thousand of them would be on the
/// budget.
#[test]
fn a_call_that_is_refused_leaves_no_port() -> Result<()> {
    rows(|_| {
        let few = Limits::default().host_memory(1 << 20).handles(10);
        let small = few.clone().message_bytes(1000);
        Ok(vec![
            row("closed", main(&calls(8, [1, 0, 3])), End::Ended).limits(few),
            row("too large", main(&calls(2000, [1, 0, 2])), End::Ended).limits(small),
        ])
    })
}

#[test]
fn a_call_without_room_for_its_port_says_so() -> Result<()> {
    rows(|_| {
        let code = "
            (call $receive-port.open (i64.const 1) (i32.const 0))
            (call $receive-port.sender (i32.load (i32.const 4)) (i32.const 16))
            (call $send-port.call (i32.load (i32.const 20)) (i32.const 0) (i32.const 1)
                (i32.const 0) (i32.const 0) (i64.const 5) (i32.const 2048))
            (if (i32.ne (i32.load8_u (i32.const 2048)) (i32.const 1)) (then unreachable))
            (if (i32.ne (i32.load8_u (i32.const 2052)) (i32.const 1)) (then unreachable))
            (if (i32.ne (i32.load8_u (i32.const 2056)) (i32.const 0)) (then unreachable))
            (if (i32.eqz (i32.load (i32.const 2064))) (then unreachable))";
        let limits = Limits::default().handles(2);
        Ok(vec![row("handles", main(code), End::Ended).limits(limits)])
    })
}
