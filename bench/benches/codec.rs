//! Messages: to bytes and from bytes.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use insula_message::{FromMessage, NoPort, ToMessage, decode, encode};
use serde::{Deserialize, Serialize};

type Value = insula_message::Value<NoPort>;

#[derive(Serialize, Deserialize)]
struct Item {
    id: u64,
    name: String,
    tags: Vec<String>,
    pos: (f64, f64),
}

fn items(count: u64) -> Vec<Item> {
    let item = |id| Item {
        id,
        name: format!("item number {id}"),
        tags: ["red", "large", "fragile"].map(String::from).into(),
        pos: (id as f64 * 0.5, id as f64 * 0.25),
    };
    (0..count).map(item).collect()
}

fn bytes_of(message: &impl ToMessage<NoPort>) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(message, &mut bytes).expect("it can be encoded");
    bytes
}

/// Encodes a message into a buffer that is kept, and decodes it as a `T`.
fn both<T: FromMessage<NoPort>>(
    criterion: &mut Criterion,
    name: &str,
    size: u64,
    message: &impl ToMessage<NoPort>,
) {
    let encoded = bytes_of(message);
    let mut group = criterion.benchmark_group("codec");
    group.throughput(Throughput::Bytes(encoded.len() as u64));
    let mut buffer = Vec::new();
    group.bench_function(
        BenchmarkId::new(format!("encode {name}"), size),
        |bencher| {
            bencher.iter(|| {
                buffer.clear();
                let ports = encode(black_box(message), &mut buffer);
                black_box(ports.expect("it can be encoded"));
            });
        },
    );
    group.bench_function(
        BenchmarkId::new(format!("decode {name}"), size),
        |bencher| {
            bencher.iter(|| decode::<NoPort, T>(black_box(&encoded), Vec::new()).ok());
        },
    );
    group.finish();
}

fn codec(criterion: &mut Criterion) {
    both::<u64>(criterion, "number", 1, &u64::MAX);
    both::<(u64, String)>(criterion, "small", 1, &(7u64, "some text".to_owned()));
    for size in [1 << 10, 1 << 20] {
        both::<Vec<u8>>(criterion, "bytes", size, &vec![7u8; size as usize]);
        let numbers: Vec<f64> = (0..size / 8).map(|number| number as f64).collect();
        both::<Vec<f64>>(criterion, "numbers", size / 8, &numbers);
    }
    for size in [10, 1_000] {
        let items = items(size);
        both::<Vec<Item>>(criterion, "maps", size, &items);
        let value: Value =
            decode::<NoPort, _>(&bytes_of(&items), Vec::new()).expect("any message is a value");
        both::<Value>(criterion, "maps as values", size, &value);
    }
}

criterion_group!(benches, codec);
criterion_main!(benches);
