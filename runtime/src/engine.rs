//! The wasmtime engine: what guests are compiled with and how their memory is
//! kept warm.

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmFeatures,
};

use crate::limits::Limits;
use crate::memory;
use crate::profile::{MOST_MEMORY, Profile};

/// The engine's own default.
const FIBER_STACK: usize = 2 << 20;

/// How much of a memory stays resident when its isolate ends, zeroed for the
/// next: page faults, not wasm, are what spawning costs.
const KEEP_RESIDENT: usize = 512 << 10;

/// What a pool slot for a table can hold at most; the limit for an isolate is
/// [`Limits::table_elements`](crate::Limits::table_elements).
pub(crate) const TABLE_SLOT: usize = 100_000;

/// The proposals that modules may use.
const ON: WasmFeatures = all_of(&[
    // What Rust's and C's compilers use unless they are told otherwise.
    WasmFeatures::MUTABLE_GLOBAL,
    WasmFeatures::SATURATING_FLOAT_TO_INT,
    WasmFeatures::SIGN_EXTENSION,
    WasmFeatures::MULTI_VALUE,
    WasmFeatures::BULK_MEMORY,
    // For its encoding of `call_indirect`, and `ref.func` in tables of
    // functions. Its `externref` needs `GC_TYPES`.
    WasmFeatures::REFERENCE_TYPES,
    WasmFeatures::FLOATS,
    // Compilers use it where they are asked to, codecs and hashes by hand; it
    // gives the same results everywhere.
    WasmFeatures::SIMD,
    // Sums in the place of a constant, as in linked position-independent code:
    // a part of the common ground of compilers ("Lime1").
    WasmFeatures::EXTENDED_CONST,
]);

/// The proposals that make a module invalid. Each is code of the compiler's and
/// of the engine's that hostile modules would reach, and that no guest needs.
const OFF: WasmFeatures = all_of(&[
    // An isolate has one heap, which one thread runs on and nobody shares.
    WasmFeatures::THREADS,
    WasmFeatures::SHARED_EVERYTHING_THREADS,
    // One 32-bit memory: the limit is far below 4 GiB, and with so much reserved
    // an address needs no explicit check.
    WasmFeatures::MEMORY64,
    WasmFeatures::MULTI_MEMORY,
    WasmFeatures::MEMORY_CONTROL,
    // Pages of one byte: growing and the pool count in pages of 64 KiB.
    WasmFeatures::CUSTOM_PAGE_SIZES,
    // A second heap, on no budget, with a collector. What follows is made of
    // its types.
    WasmFeatures::GC,
    WasmFeatures::GC_TYPES,
    WasmFeatures::FUNCTION_REFERENCES,
    WasmFeatures::CUSTOM_DESCRIPTORS,
    // Exceptions are objects of that heap. Guests in Rust abort on a panic, and
    // C++ can be compiled without.
    WasmFeatures::EXCEPTIONS,
    WasmFeatures::LEGACY_EXCEPTIONS,
    // Compilers use them only where they are asked to, and they lose the frames
    // that a backtrace shows.
    WasmFeatures::TAIL_CALL,
    // Nothing in a guest blocks, so it needs no second stack.
    WasmFeatures::STACK_SWITCHING,
    // Results that differ from one machine to another.
    WasmFeatures::RELAXED_SIMD,
    // Not finished yet.
    WasmFeatures::WIDE_ARITHMETIC,
    WasmFeatures::COMPACT_IMPORTS,
    // Isolates are made of core modules.
    WasmFeatures::COMPONENT_MODEL,
    WasmFeatures::CM_VALUES,
    WasmFeatures::CM_NESTED_NAMES,
    WasmFeatures::CM_ASYNC,
    WasmFeatures::CM_ASYNC_STACKFUL,
    WasmFeatures::CM_MORE_ASYNC_BUILTINS,
    WasmFeatures::CM_THREADING,
    WasmFeatures::CM_ERROR_CONTEXT,
    WasmFeatures::CM_FIXED_LENGTH_LISTS,
    WasmFeatures::CM_GC,
    WasmFeatures::CM_MAP,
    WasmFeatures::CM64,
    WasmFeatures::CM_IMPLEMENTS,
    WasmFeatures::CM_CANON_NAMES,
]);

// A proposal that is new in wasmtime does not get in by default: this does not
// compile until it has its place above.
const _: () = {
    assert!(ON.union(OFF).bits() == WasmFeatures::all().bits());
    assert!(ON.intersection(OFF).is_empty());
};

const fn all_of(features: &[WasmFeatures]) -> WasmFeatures {
    let mut all = WasmFeatures::empty();
    let mut next = 0;
    while next < features.len() {
        all = all.union(features[next]);
        next += 1;
    }
    all
}

/// Makes the engine, with room for `isolates` instances.
pub(crate) fn new(profile: Profile, isolates: u32, limits: &Limits) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        // The engine has one size for all that it compiles, so this limit is the
        // runtime's. Guests run on plain threads (`sync::spawn_worker`); the
        // engine only wants its stacks for fibers, which nobody uses, no smaller.
        .max_wasm_stack(limits.guest_stack())
        .async_stack_size(limits.guest_stack().max(FIBER_STACK))
        .memory_reservation(profile.reservation(limits))
        .memory_guard_size(profile.guard())
        // Nothing is addressed below a memory.
        .guard_before_linear_memory(profile == Profile::Fast)
        .memory_may_move(false)
        .wasm_features(ON, true)
        .wasm_features(OFF, false)
        // Hints about branches: advice of the guest's to the compiler.
        .wasm_branch_hinting(false)
        // What a host could make, and no guest could use.
        .shared_memory(false)
        .allocation_strategy(match profile {
            Profile::Fast => InstanceAllocationStrategy::Pooling(pool(isolates)),
            // A pool's tables have pages of their own, and these do not.
            Profile::Dense => InstanceAllocationStrategy::OnDemand,
        });
    if profile == Profile::Dense {
        // What the engine would map for a memory's first contents cuts it in three.
        config.memory_init_cow(false);
        memory::set_up(&mut config);
    }
    Engine::new(&config)
}

fn pool(isolates: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(isolates)
        .total_memories(isolates)
        .total_tables(isolates)
        // Nobody uses fibers, and each of their stacks takes two mappings.
        .total_stacks(0)
        .max_memories_per_module(1)
        .max_tables_per_module(1)
        .max_memory_size(MOST_MEMORY as usize)
        .table_elements(TABLE_SLOT)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(64 << 10)
        .max_unused_warm_slots(isolates)
        // Where the kernel can list the pages that were written (Linux 6.7),
        // only those are reset.
        .pagemap_scan(Enabled::Auto);
    pool
}
