//! Reading allocates no more than the length of the input justifies.
//!
//! One test only, since it counts what the whole process allocates.

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use insula_message::Graph;
use support::{Value, bytes_of, read};

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(now, Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The most bytes that `f` had at one time, for each byte of input.
fn peak_per_byte(bytes: &[u8], f: impl FnOnce()) -> usize {
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    f();
    (PEAK.load(Relaxed) - before) / bytes.len()
}

/// Lists in lists, each claiming all that is left.
fn lying(size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < size {
        bytes.push(0x9a);
        let claim = size.saturating_sub(bytes.len() + 4) / 2;
        bytes.extend_from_slice(&(claim as u32).to_be_bytes());
    }
    bytes
}

fn doubling(levels: usize) -> Vec<u8> {
    let mut graph: Graph = Graph::new();
    let mut below = graph.add_int(1);
    for _ in 0..levels {
        below = graph.add_list([below, below]);
    }
    graph.set_root(below);
    bytes_of(&graph)
}

#[test]
fn memory_is_linear_in_the_input() {
    let size = 1 << 20;
    let deep = [vec![0x81; size], vec![0x80]].concat();
    let deep_maps = [[0xa1, 0x00].repeat(size / 2), vec![0xa0]].concat();
    let flat = [vec![0x9a, 0, 0x10, 0, 0], vec![0; size]].concat();
    let empty_lists = [vec![0x9a, 0, 0x10, 0, 0], vec![0x80; size]].concat();
    let entries = [vec![0xba, 0, 0x08, 0, 0], vec![0; size]].concat();
    let shared = [
        vec![0x9a, 0, 0x05, 0x55, 0x55],
        [0xd8, 0x1c, 0x80].repeat(size / 3),
    ]
    .concat();
    let claims = vec![0x5a, 0x7f, 0xff, 0xff, 0xff, 0];
    for (name, bytes) in [
        ("deep", deep),
        ("deep_maps", deep_maps),
        ("flat", flat),
        ("empty_lists", empty_lists),
        ("entries", entries),
        ("shared", shared),
        ("claims", claims),
        ("lying", lying(size)),
    ] {
        let value = peak_per_byte(&bytes, || drop(read::<Value>(&bytes)));
        let graph = peak_per_byte(&bytes, || drop(read::<Graph>(&bytes)));
        let typed = peak_per_byte(&bytes, || drop(read::<Vec<Vec<u64>>>(&bytes)));
        println!("{name}: value {value}, graph {graph}, typed {typed}");
        assert!(
            value.max(graph).max(typed) <= 256,
            "{name}: {value} {graph} {typed}"
        );
    }
    let bytes = doubling(60);
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    assert!(read::<Value>(&bytes).is_err());
    assert!(
        PEAK.load(Relaxed) - before < 8 << 20,
        "what the budget lets through"
    );
}
