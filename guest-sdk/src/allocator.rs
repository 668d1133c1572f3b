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
use std::ptr;

/// Enough for the SDK, the buffer of stdout and a plain message or two. What an
/// isolate does not touch costs it nothing but its share of the memory limit.
const ARENA: usize = 64 * 1024;

const PAGE: usize = 64 * 1024;

/// How many sizes have a list of their own, dlmalloc's smallest being the first.
/// The last is 252 bytes.
const SIZES: usize = 32;

#[global_allocator]
static ALLOCATOR: Heap = Heap {
    dlmalloc: UnsafeCell::new(Dlmalloc::new_with_allocator(Memory {
        arena: Cell::new(true),
        lists_are_empty: Cell::new(true),
    })),
    lists: [const { Cell::new(ptr::null_mut()) }; SIZES],
};

/// What is small and freed goes on a list of its size, and is given back to dlmalloc,
/// which joins it with what is free beside it, not before memory would have to grow.
/// A message is decoded into small pieces and then dropped, and most of what comes
/// next is of the same sizes: this takes a quarter of dlmalloc's time.
struct Heap {
    dlmalloc: UnsafeCell<Dlmalloc<Memory>>,
    lists: [Cell<*mut Freed>; SIZES],
}

/// What is in a piece of memory that is on a list.
struct Freed {
    next: *mut Freed,
}

// SAFETY: a guest has one thread; `atomics`, which would allow more, are refused
// below.
unsafe impl Sync for Heap {}

#[cfg(target_feature = "atomics")]
compile_error!("a guest has one thread: build it without the target feature `atomics`");

/// dlmalloc's pieces are aligned to two words, and one word of each is its own.
const ALIGNMENT: usize = 2 * size_of::<usize>();
const OVERHEAD: usize = size_of::<usize>();

/// Which list what has this layout is on, if any.
#[inline]
fn list_of(layout: Layout) -> Option<usize> {
    // Whatever is smaller than the smallest piece takes one.
    let units = (layout.size() + OVERHEAD).div_ceil(ALIGNMENT).max(2);
    (units < SIZES + 2 && layout.align() <= ALIGNMENT).then(|| units - 2)
}

/// How much fits in each piece on a list.
const fn size_on(list: usize) -> usize {
    (list + 2) * ALIGNMENT - OVERHEAD
}

impl Heap {
    /// Lends dlmalloc.
    ///
    /// # Safety
    ///
    /// Not within a call of itself.
    unsafe fn with<R>(&self, body: impl FnOnce(&mut Dlmalloc<Memory>) -> R) -> R {
        // SAFETY: there is one thread, and one call at a time.
        body(unsafe { &mut *self.dlmalloc.get() })
    }

    /// Asks dlmalloc, and once more after all lists were given back to it.
    ///
    /// # Safety
    ///
    /// As for [`with`](Self::with).
    #[inline(never)]
    unsafe fn ask(&self, mut ask: impl FnMut(&mut Dlmalloc<Memory>) -> *mut u8) -> *mut u8 {
        // SAFETY: nothing that is lent dlmalloc here calls back.
        unsafe {
            let answer = self.with(&mut ask);
            if !answer.is_null() || !self.empty_lists() {
                return answer;
            }
            self.with(ask)
        }
    }

    /// Gives all that is on the lists back to dlmalloc. Says whether there was any.
    ///
    /// # Safety
    ///
    /// As for [`with`](Self::with).
    #[cold]
    unsafe fn empty_lists(&self) -> bool {
        for (list, first) in self.lists.iter().enumerate() {
            let mut piece = first.replace(ptr::null_mut());
            while !piece.is_null() {
                // SAFETY: it came from dlmalloc, which was asked for this size, and
                // holds what `dealloc` has written.
                unsafe {
                    let next = (*piece).next;
                    self.with(|d| d.free(piece.cast(), size_on(list), ALIGNMENT));
                    piece = next;
                }
            }
        }
        // SAFETY: as above.
        let were_empty = unsafe { self.with(|d| d.allocator().lists_are_empty.replace(true)) };
        !were_empty
    }
}

// SAFETY: dlmalloc keeps the promises of `GlobalAlloc`. No call is made while
// another runs, as it calls nothing but `Memory`, which allocates nothing. What is on
// a list is nobody's, came from dlmalloc, and has room for `size_on` that list.
unsafe impl GlobalAlloc for Heap {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(list) = list_of(layout) else {
            // SAFETY: see the `impl`; the caller's promises are dlmalloc's.
            return unsafe { self.ask(|d| d.malloc(layout.size(), layout.align())) };
        };
        let first = self.lists[list].get();
        if first.is_null() {
            // SAFETY: as above.
            return unsafe { self.ask(|d| d.malloc(size_on(list), ALIGNMENT)) };
        }
        // SAFETY: `dealloc` has written it.
        self.lists[list].set(unsafe { (*first).next });
        first.cast()
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above; what was allocated may be written.
        unsafe {
            if list_of(layout).is_none() {
                return self.ask(|d| d.calloc(layout.size(), layout.align()));
            }
            let memory = self.alloc(layout);
            if !memory.is_null() {
                memory.write_bytes(0, layout.size());
            }
            memory
        }
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let Some(list) = list_of(layout) else {
            // SAFETY: as above.
            unsafe { self.with(|d| d.free(pointer, layout.size(), layout.align())) };
            return;
        };
        let piece: *mut Freed = pointer.cast();
        // SAFETY: a piece is aligned to two words and larger than one, and it is
        // nobody's any more.
        unsafe {
            piece.write(Freed {
                next: self.lists[list].replace(piece),
            });
            self.with(|d| d.allocator().lists_are_empty.set(false));
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Ok(new) = Layout::from_size_align(size, layout.align()) else {
            return ptr::null_mut();
        };
        // What belongs on a list has the size that it needs to be put there.
        let (old, new) = (list_of(layout), list_of(new));
        if old.is_some() && old == new {
            return pointer;
        }
        let size = new.map_or(size, size_on);
        // SAFETY: as above.
        unsafe { self.ask(|d| d.realloc(pointer, layout.size(), layout.align(), size)) }
    }
}

/// Where dlmalloc gets memory from: the arena, and then new pages.
struct Memory {
    /// Whether the arena is still to be had.
    arena: Cell<bool>,
    /// Memory does not grow while they are not: see [`Heap`].
    lists_are_empty: Cell<bool>,
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
        if !self.lists_are_empty.get() {
            return (ptr::null_mut(), 0, 0);
        }
        let pages = size.div_ceil(PAGE);
        let Some(start) = grow(pages) else {
            return (ptr::null_mut(), 0, 0);
        };
        // No object of Rust's may end where addresses do: leave out the last bytes.
        let size = (pages * PAGE).min(usize::MAX - start - 15);
        (start as *mut u8, size, 0)
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        ptr::null_mut()
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
