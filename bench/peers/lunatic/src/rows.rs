//! The rows, each a process that is given the size and tells when it is done.

use std::time::Duration;

use lunatic::ap::handlers::Request;
use lunatic::ap::{AbstractProcess, Config, RequestHandler, State};
use lunatic::serializer::{Bincode, CanSerialize};
use lunatic::{Mailbox, MessageSignal, Process};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::Job;
use crate::measure::{batches, distribution, figure, mappings, resident};
use crate::measure::{singles, singles_for, time};
use crate::serial::{self, Whole};

type Numbers = Mailbox<u64>;

pub fn round_trip((done, _): Job, mailbox: Numbers) {
    let echo = Process::spawn_link(mailbox.this(), echo);
    batches(100, 5_000, |times| {
        for number in 0..times {
            echo.send(number);
            mailbox.receive();
        }
    });
    done.send(());
}

/// Bytes as one piece, by the library's serializer.
pub fn round_trip_bytes((done, size): Job, mailbox: Mailbox<ByteBuf>) {
    let echo = Process::spawn_link(mailbox.this(), echo);
    let mut message = ByteBuf::from(vec![b'x'; size as usize]);
    batches(100, 2_000, |times| {
        for _ in 0..times {
            echo.send(std::mem::take(&mut message));
            message = mailbox.receive();
        }
    });
    done.send(());
}

struct Adder;

impl AbstractProcess for Adder {
    type Arg = ();
    type State = Self;
    type Handlers = (Request<u64>,);
    type Serializer = Bincode;
    type StartupError = ();

    fn init(_: Config<Self>, _: ()) -> Result<Adder, ()> {
        Ok(Adder)
    }
}

impl RequestHandler<u64> for Adder {
    type Response = u64;

    fn handle(_: State<Self>, number: u64) -> u64 {
        number + 1
    }
}

/// A request to an abstract process, the library's counterpart of `gen_server`.
pub fn call((done, _): Job, _: Numbers) {
    let adder = Adder::link().start(()).unwrap();
    batches(100, 2_000, |times| {
        for number in 0..times {
            adder.request(number);
        }
    });
    done.send(());
}

pub fn spawn((done, _): Job, mailbox: Numbers) {
    let spawn = || {
        Process::spawn(mailbox.this(), hello);
        mailbox.receive();
    };
    (0..1_000).for_each(|_| spawn());
    singles(10_000, spawn);
    done.send(());
}

/// Nobody ends, so no memory is used a second time.
pub fn spawn_cold((done, _): Job, mailbox: Numbers) {
    singles(5_000, || {
        Process::spawn(mailbox.this(), ready);
        mailbox.receive();
    });
    done.send(());
}

pub fn spawn_rate((done, size): Job, mailbox: Numbers) {
    batches((10_000 / size).max(3), size, |size| {
        for _ in 0..size {
            Process::spawn(mailbox.this(), hello);
        }
        for _ in 0..size {
            mailbox.receive();
        }
    });
    done.send(());
}

/// How many messages the receiver of a pipeline lets wait.
const WINDOW: u64 = 1_000;

/// The receiver asks for more as it goes, so that its queue stays in the caches.
pub fn one_way((done, _): Job, mailbox: Numbers) {
    let receiver = Process::spawn_link(mailbox.this(), take);
    let flood = |times| (0..times).for_each(|number| receiver.send(number));
    flood(WINDOW);
    batches(10, 200_000, |times| {
        for _ in 0..times / (WINDOW / 2) {
            mailbox.receive();
            flood(WINDOW / 2);
        }
    });
    done.send(());
}

/// The process that measures is a member.
pub fn ring((done, size): Job, mailbox: Numbers) {
    let first = (1..size).fold(mailbox.this(), |next, _| Process::spawn_link(next, pass_on));
    let rounds = (20_000 / size).max(1);
    batches(10, rounds * size, |_| {
        for round in 0..rounds {
            first.send(round);
            mailbox.receive();
        }
    });
    done.send(());
}

/// Each pair makes round trips of its own, all at the same time.
pub fn pairs((done, size): Job, mailbox: Numbers) {
    let pairs: Vec<_> = (0..size)
        .map(|_| Process::spawn_link(mailbox.this(), pair))
        .collect();
    batches(5, (100_000 / size).max(100) * size, |times| {
        pairs.iter().for_each(|pair| pair.send(times / size));
        (0..size).for_each(|_| _ = mailbox.receive());
    });
    done.send(());
}

pub fn fan((done, size): Job, mailbox: Numbers) {
    let workers: Vec<_> = (0..size)
        .map(|_| Process::spawn_link(mailbox.this(), echo))
        .collect();
    let round = || {
        workers.iter().for_each(|worker| worker.send(1));
        (0..size).for_each(|_| _ = mailbox.receive());
    };
    (0..20).for_each(|_| round());
    singles(200, round);
    done.send(());
}

/// Raw bytes into a buffer that is used again, on both sides: no serializer.
pub fn bytes((done, size): Job, mailbox: Numbers) {
    let echo = Process::spawn_link(mailbox.this(), echo_raw).id();
    let mut message = vec![b'x'; size as usize];
    let mut trip = || {
        serial::send(echo, &message);
        serial::receive(&mut message);
    };
    (0..10).for_each(|_| trip());
    singles((1_000_000_000 / size).clamp(20, 2_000), trip);
    done.send(());
}

#[derive(Serialize, Deserialize)]
pub struct Item {
    id: u64,
    name: String,
    tags: Vec<String>,
    pos: Position,
}

#[derive(Serialize, Deserialize)]
struct Position {
    x: f64,
    y: f64,
}

/// Through a buffer: by the library's own serializers it takes a call of the host for
/// every field.
pub fn nested((done, size): Job, mailbox: Mailbox<Vec<Item>, Whole>) {
    let echo = Process::<_, Whole>::spawn_link(mailbox.this(), echo);
    let item = |id| Item {
        id,
        name: format!("item number {id}"),
        tags: ["red", "large", "fragile"].map(String::from).to_vec(),
        pos: Position {
            x: id as f64 * 0.5,
            y: id as f64 * 0.25,
        },
    };
    let mut message: Vec<Item> = (1..=size).map(item).collect();
    let mut trip = || {
        echo.send(std::mem::take(&mut message));
        message = mailbox.receive();
    };
    (0..5).for_each(|_| trip());
    singles(50, trip);
    done.send(());
}

pub fn idle_memory((done, size): Job, mailbox: Numbers) {
    figure("bytes", idle(size, mailbox, resident), size);
    done.send(());
}

pub fn idle_mappings((done, size): Job, mailbox: Numbers) {
    figure("mappings", idle(size, mailbox, mappings), size);
    done.send(());
}

fn idle(size: u64, mailbox: Numbers, look: fn() -> f64) -> f64 {
    let spawn = || {
        Process::spawn(mailbox.this(), ready);
        mailbox.receive();
    };
    (0..10).for_each(|_| spawn());
    let before = look();
    (0..size).for_each(|_| spawn());
    (look() - before) / size as f64
}

pub fn stop((done, _): Job, mailbox: Numbers) {
    let this = mailbox.this();
    let mailbox = mailbox.monitorable();
    let times = (0..1_000).map(|_| {
        let looping = Process::spawn(this, endless);
        mailbox.monitor(looping);
        assert!(matches!(mailbox.receive(), MessageSignal::Message(_)));
        // Long enough that it is in its loop.
        lunatic::sleep(Duration::from_millis(1));
        time(|| {
            looping.kill();
            assert!(matches!(mailbox.receive(), MessageSignal::Signal(_)));
        })
    });
    distribution(times.collect());
    done.send(());
}

pub fn beside_loops((done, size): Job, mailbox: Numbers) {
    let echo = Process::spawn_link(mailbox.this(), echo);
    for _ in 0..size {
        Process::spawn_link(mailbox.this(), endless);
        mailbox.receive();
    }
    lunatic::sleep(Duration::from_millis(200));
    singles_for(Duration::from_secs(5), || {
        echo.send(1);
        mailbox.receive();
    });
    done.send(());
}

pub fn mailbox((done, size): Job, _: Numbers) {
    figure("ns", queue(size).0, size);
    done.send(());
}

pub fn mailbox_memory((done, size): Job, _: Numbers) {
    figure("bytes", queue(size).1, size);
    done.send(());
}

/// The nanoseconds and the bytes of one message.
fn queue(size: u64) -> (f64, f64) {
    let receiver = Process::<u64>::spawn((), sleeper);
    lunatic::sleep(Duration::from_millis(100));
    let before = resident();
    let each = time(|| (0..size).for_each(|number| receiver.send(number))) / size as f64;
    (each, (resident() - before) / size as f64)
}

// The other sides.

fn echo<M, S: CanSerialize<M>>(main: Process<M, S>, mailbox: Mailbox<M, S>) {
    loop {
        main.send(mailbox.receive());
    }
}

fn echo_raw(main: Process<u64>, _: Numbers) {
    let mut bytes = Vec::new();
    loop {
        serial::receive(&mut bytes);
        serial::send(main.id(), &bytes);
    }
}

fn pass_on(next: Process<u64>, mailbox: Numbers) {
    loop {
        next.send(mailbox.receive() + 1);
    }
}

/// Makes as many round trips as it is told, with a process of its own.
fn pair(main: Process<u64>, mailbox: Numbers) {
    let echo = Process::spawn_link(mailbox.this(), echo);
    loop {
        for left in (0..mailbox.receive()).rev() {
            echo.send(left);
            mailbox.receive();
        }
        main.send(0);
    }
}

fn take(main: Process<u64>, mailbox: Numbers) {
    loop {
        for _ in 0..WINDOW / 2 {
            mailbox.receive();
        }
        main.send(0);
    }
}

fn hello(main: Process<u64>, _: Numbers) {
    main.send(0);
}

fn ready(main: Process<u64>, mailbox: Numbers) {
    main.send(0);
    mailbox.receive();
}

fn endless(main: Process<u64>, _: Numbers) {
    main.send(0);
    loop {
        std::hint::black_box(0);
    }
}

fn sleeper((): (), _: Numbers) {
    lunatic::sleep(Duration::from_secs(3_600));
}
