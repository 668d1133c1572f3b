//! The allocator of a guest: dlmalloc, in Rust, with its first memory inside of
//! the program.
//!
//! The default one, wasi-libc's, starts in what the last page of the program's
//! data happens to leave over, and then calls `memory.grow`. Whenever an isolate
//! is made the host then has pages to map, and to unmap when it is gone: three
//! times the cost of a spawn that stays inside of the initial memory, which the
//! host keeps warm.

use dlmalloc::{Allocator, Dlmalloc};
use std::alloc::{GlobalAlloc, Layout};
use std::cell::{Cell, UnsafeCell};
use std::mem::MaybeUninit;

/// Enough for the SDK, the buffer of stdout and a plain message or two. What an
/// isolate does not touch costs it nothing but its share of the memory limit.
const ARENA: usize = 64 * 1024;

const PAGE: usize = 64 * 1024;

#[global_allocator]
static ALLOCATOR: Heap = Heap(UnsafeCell::new(Dlmalloc::new_with_allocator(Memory {
    arena: Cell::new(true),
})));

struct Heap(UnsafeCell<Dlmalloc<Memory>>);

// SAFETY: a guest has one thread; `atomics`, which would allow more, are refused
// below.
unsafe impl Sync for Heap {}

#[cfg(target_feature = "atomics")]
compile_error!("a guest has one thread: build it without the target feature `atomics`");

// SAFETY: dlmalloc keeps the promises of `GlobalAlloc`. No call is made while
// another runs, as it calls nothing but `Memory`, which allocates nothing.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: see the `impl`; the caller's promises are dlmalloc's.
        unsafe { (*self.0.get()).malloc(layout.size(), layout.align()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { (*self.0.get()).calloc(layout.size(), layout.align()) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { (*self.0.get()).free(pointer, layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        unsafe { (*self.0.get()).realloc(pointer, layout.size(), layout.align(), size) }
    }
}

/// Where dlmalloc gets memory from: the arena, and then new pages.
struct Memory {
    /// Whether the arena is still to be had.
    arena: Cell<bool>,
}

#[repr(align(16))]
struct Arena(UnsafeCell<MaybeUninit<[u8; ARENA]>>);

// SAFETY: nothing but dlmalloc, once it was handed out, touches it.
unsafe impl Sync for Arena {}

static FIRST: Arena = Arena(UnsafeCell::new(MaybeUninit::uninit()));

// SAFETY: the arena is handed out once, and pages that `memory.grow` has added
// belong to nobody else.
unsafe impl Allocator for Memory {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        if size <= ARENA && self.arena.replace(false) {
            return (FIRST.0.get().cast(), ARENA, 0);
        }
        let pages = size.div_ceil(PAGE);
        let Some(start) = grow(pages) else {
            return (std::ptr::null_mut(), 0, 0);
        };
        // No object of Rust's may end where addresses do: leave out the last bytes.
        let size = (pages * PAGE).min(usize::MAX - start - 15);
        (start as *mut u8, size, 0)
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        std::ptr::null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        false
    }

    fn page_size(&self) -> usize {
        PAGE
    }
}

/// Where the new pages start, if there may be so many.
fn grow(pages: usize) -> Option<usize> {
    match core::arch::wasm32::memory_grow::<0>(pages) {
        usize::MAX => None,
        old_pages => Some(old_pages * PAGE),
    }
}
