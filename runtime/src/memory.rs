//! The memories of dense isolates. Each is a mapping of its own; what it begins with is
//! the program's image, whose pages all isolates of the program share until they write
//! to them.
//!
//! Unsafe, as an engine takes memory by pointer. It pays: an idle isolate of the SDK's
//! has 28 KiB of data that it never changes, which is copied for each otherwise, and
//! the engine's own images take four mappings for each where this takes two
//! (`cargo test --release --workspace --test dense -- --nocapture` prints both).

#![allow(unsafe_code)]

use std::cell::RefCell;
use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap, mmap_anonymous, mprotect, munmap};
use wasmtime::{Config, LinearMemory, MemoryCreator, MemoryType};

use crate::knobs;

/// What a program's memory begins with, whole.
pub(crate) struct Image {
    file: File,
    bytes: usize,
}

impl Image {
    /// Of a memory that begins with so many bytes: zeros, and these pieces at their
    /// places, one over the other.
    pub(crate) fn new(bytes: usize, pieces: &[(u64, &[u8])]) -> io::Result<Self> {
        let file = memfd_create("insula", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        let file = File::from(file);
        file.set_len(bytes as u64)?;
        for (at, data) in pieces {
            file.write_all_at(data, *at)?;
        }
        // Nobody changes what isolates have not copied yet.
        let seals = SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL;
        fcntl_add_seals(&file, seals)?;
        Ok(Image { file, bytes })
    }
}

thread_local! {
    /// What the memory begins with that is made next on this thread.
    static NEXT: RefCell<Option<Arc<Image>>> = const { RefCell::new(None) };
}

/// Makes an instance whose memory begins as this image.
pub(crate) fn beginning_as<T>(image: Option<&Arc<Image>>, make: impl FnOnce() -> T) -> T {
    let set = |image| NEXT.with(|next| next.replace(image));
    set(image.cloned());
    let made = make();
    set(None);
    made
}

/// Lets an engine without a pool make its memories here.
pub(crate) fn set_up(config: &mut Config) {
    config.with_host_memory(Arc::new(Memories));
}

struct Memories;

// SAFETY: each memory is a mapping of its own, which nobody else knows of: as large as
// asked for, with the guard behind it, and gone when it is dropped. It begins with zeros
// but where `beginning_as` says what else: the program has no data of its own then.
unsafe impl MemoryCreator for Memories {
    fn new_memory(
        &self,
        _: MemoryType,
        minimum: usize,
        _: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        let image = NEXT.with(|next| next.borrow_mut().take());
        let reserved = reserved.unwrap_or(minimum);
        let memory =
            Memory::new(reserved, guard).and_then(|memory| memory.begun(minimum, image.as_deref()));
        match memory {
            Ok(memory) => Ok(Box::new(memory)),
            Err(error) => {
                let error = wasmtime::Error::from(error).context("its memory");
                Err(knobs::explain(&error))
            }
        }
    }
}

struct Memory {
    start: NonNull<c_void>,
    /// Bytes that the guest may touch.
    size: usize,
    /// Bytes that these may become.
    reserved: usize,
    /// Bytes of the mapping, with the guard.
    mapped: usize,
}

// SAFETY: it owns its mapping, which is no thread's, and `&Memory` gives nothing but
// numbers.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    /// Addresses that nothing is at.
    fn new(reserved: usize, guard: usize) -> io::Result<Self> {
        let mapped = reserved.checked_add(guard);
        let mapped = mapped.ok_or(io::ErrorKind::OutOfMemory)?;
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: a new mapping, at addresses that the system chooses.
        let start = unsafe { mmap_anonymous(ptr::null_mut(), mapped, ProtFlags::empty(), flags) }?;
        let start = NonNull::new(start).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Memory {
            start,
            size: 0,
            reserved,
            mapped,
        })
    }

    /// The same with so many bytes, as they are in the image where there is one.
    fn begun(mut self, minimum: usize, image: Option<&Image>) -> io::Result<Self> {
        let Some(image) = image else {
            self.grow(minimum)?;
            return Ok(self);
        };
        if image.bytes != minimum || minimum > self.reserved {
            return Err(io::Error::other("its program has another image"));
        }
        let (readable, flags) = (
            ProtFlags::READ | ProtFlags::WRITE,
            MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE,
        );
        if minimum > 0 {
            // SAFETY: it replaces the beginning of this memory's own mapping, which is no
            // shorter, and which nobody has a reference into yet.
            unsafe {
                mmap(
                    self.start.as_ptr(),
                    minimum,
                    readable,
                    flags,
                    &image.file,
                    0,
                )
            }?;
        }
        self.size = minimum;
        Ok(self)
    }

    fn grow(&mut self, size: usize) -> io::Result<()> {
        let Some(more) = size
            .checked_sub(self.size)
            .filter(|_| size <= self.reserved)
        else {
            return Err(io::ErrorKind::OutOfMemory.into());
        };
        if more > 0 {
            // SAFETY: `size` is no more than what is mapped from `start` on.
            let end = unsafe { self.start.as_ptr().byte_add(self.size) };
            // SAFETY: all of it is this memory's own mapping, and what becomes accessible
            // was not before.
            unsafe { mprotect(end, more, MprotectFlags::READ | MprotectFlags::WRITE) }?;
        }
        self.size = size;
        Ok(())
    }
}

// SAFETY: `size` bytes from `start` on can be read and written; the rest of the mapping,
// of at least `reserved` bytes and the guard, cannot; and it never moves.
unsafe impl LinearMemory for Memory {
    fn byte_size(&self) -> usize {
        self.size
    }

    fn byte_capacity(&self) -> usize {
        self.reserved
    }

    fn grow_to(&mut self, size: usize) -> wasmtime::Result<()> {
        Ok(self.grow(size)?)
    }

    fn as_ptr(&self) -> *mut u8 {
        self.start.as_ptr().cast()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the mapping is this memory's own, and the engine that had its pointer
        // has dropped it. Where it fails, addresses are lost and nothing else.
        let _ = unsafe { munmap(self.start.as_ptr(), self.mapped) };
    }
}
