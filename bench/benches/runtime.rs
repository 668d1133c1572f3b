//! The inner parts of the runtime: a mailbox, a handle table, and the scheduler's
//! hand-over from one piece of work to the next.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use insula::internals::{self, HandOver, HandleTable};
use insula::{Isolate, Program, Runtime, SpawnOptions};

/// A guest that is never run.
const NOTHING: &str =
    r#"(module (memory (export "memory") 1) (func (export "insula:entry/main")))"#;

/// An isolate that is paused before its entry, so that its mailbox is the benchmark's.
fn paused(runtime: &Runtime) -> Isolate {
    let module = wat::parse_str(NOTHING).expect("valid text");
    let program = Program::from_bytes(runtime, &module);
    let options = SpawnOptions::new().paused(true);
    let isolate = runtime.spawn(&program.expect("a valid module"), options);
    isolate.expect("there is room for one")
}

fn mailbox(criterion: &mut Criterion) {
    let runtime = Runtime::builder().max_isolates(8).start();
    let runtime = runtime.expect("it starts");
    let isolate = paused(&runtime);
    let mut group = criterion.benchmark_group("mailbox");
    for messages in [1, 1_000, 100_000] {
        group.throughput(Throughput::Elements(messages));
        let name = BenchmarkId::new("send and take", messages);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for number in 0..messages {
                    isolate.port().send(&number).expect("there is room");
                }
                internals::listen(&isolate, true);
                assert!(internals::take(&isolate, messages));
                internals::listen(&isolate, false);
            });
        });
    }
    group.finish();
}

fn handles(criterion: &mut Criterion) {
    let runtime = Runtime::builder().max_isolates(8).start();
    let runtime = runtime.expect("it starts");
    let isolate = paused(&runtime);
    let mut group = criterion.benchmark_group("handle table");
    for held in [0, 5_000] {
        let mut table = HandleTable::new(&isolate);
        for _ in 0..held {
            table.insert(isolate.port()).expect("there is room");
        }
        let number = table.insert(isolate.port()).expect("there is room");
        group.bench_function(BenchmarkId::new("look up", held), |bencher| {
            bencher.iter(|| table.is_send_port(black_box(number)));
        });
        group.bench_function(BenchmarkId::new("insert and remove", held), |bencher| {
            bencher.iter(|| {
                let number = table.insert(isolate.port()).expect("there is room");
                assert!(table.remove(number));
            });
        });
    }
    group.finish();
}

/// Many turns at once, as waking a sleeping thread begins each row of them.
fn scheduler(criterion: &mut Criterion) {
    const AT_ONCE: u32 = 10_000;
    let mut group = criterion.benchmark_group("scheduler");
    for permits in [1, 2] {
        for pieces in [2, 1_000] {
            let hand_over = HandOver::start(permits, pieces).expect("threads are to be had");
            let name = BenchmarkId::new(format!("hand-over, {permits} permits"), pieces);
            group.bench_function(name, |bencher| {
                bencher.iter_custom(|turns| {
                    let mut time = Duration::ZERO;
                    let mut left = turns;
                    while left > 0 {
                        let start = Instant::now();
                        let counted = left.min(u64::from(AT_ONCE));
                        hand_over.run(AT_ONCE.into());
                        time += start.elapsed() * counted as u32 / AT_ONCE;
                        left -= counted;
                    }
                    time
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, mailbox, handles, scheduler);
criterion_main!(benches);
