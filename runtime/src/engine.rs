//! The wasmtime engine: what guests are compiled with and how their memory is
//! kept warm.

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::limits::Limits;

/// The engine's own default.
const FIBER_STACK: usize = 2 << 20;

/// Address space for each linear memory: with 4 GiB and a guard behind it, a
/// 32-bit address needs no explicit bounds check.
const RESERVATION: u64 = 4 << 30;

/// How much of a memory stays resident when its isolate ends, zeroed for the
/// next: page faults, not wasm, are what spawning costs.
const KEEP_RESIDENT: usize = 512 << 10;

/// What a pool slot for a table can hold at most; the limit for an isolate is
/// [`Limits::table_elements`](crate::Limits::table_elements).
const TABLE_SLOT: usize = 100_000;

/// Makes the engine, with room for `isolates` instances.
pub(crate) fn new(isolates: u32, limits: &Limits) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        // The engine has one size for all that it compiles, so this limit is the
        // runtime's. Guests run on plain threads (`sync::spawn_worker`); the
        // engine only wants its stacks for fibers, which nobody uses, no smaller.
        .max_wasm_stack(limits.guest_stack())
        .async_stack_size(limits.guest_stack().max(FIBER_STACK))
        .memory_reservation(RESERVATION)
        .memory_may_move(false)
        // Proposals that guests do not need are not offered to hostile ones.
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .shared_memory(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(isolates)));
    Engine::new(&config)
}

fn pool(isolates: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(isolates)
        .total_memories(isolates)
        .total_tables(isolates)
        .max_memories_per_module(1)
        .max_tables_per_module(1)
        .max_memory_size(RESERVATION as usize)
        .table_elements(TABLE_SLOT)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(64 << 10)
        .max_unused_warm_slots(isolates)
        // Where the kernel can list the pages that were written (Linux 6.7),
        // only those are reset.
        .pagemap_scan(Enabled::Auto);
    pool
}
