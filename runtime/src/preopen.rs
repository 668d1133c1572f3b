//! Puts folders that are open already into a WASI context.
//!
//! wasmtime-wasi opens folders by their paths only, once for each context. What a
//! path names may have changed since it was granted, a folder of a child's has no
//! path, and a descriptor for each isolate is one too many. So the context is made
//! with something else in each place, which no guest ever sees, and that is replaced.

use std::sync::Arc;

use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p1::wasi_snapshot_preview1::fd_prestat_get;
use wasmtime_wasi::{FsPerms, OpenMode, WasiCtxBuilder, WasiView};
use wiggle::GuestMemory;

use crate::capabilities::Access;
use crate::reach::OpenDir;

/// The descriptor of the first folder.
pub(crate) const FIRST: u32 = 3;

/// Always there, and replaced before any guest runs.
const SOMETHING: &str = "/";

/// A context with these folders in it.
pub(crate) fn build(mut builder: WasiCtxBuilder, dirs: &[OpenDir]) -> wasmtime::Result<WasiP1Ctx> {
    for dir in dirs {
        builder.preopened_dir(SOMETHING, &dir.guest, FsPerms::ReadOnly)?;
    }
    let mut context = builder.build_p1();
    if dirs.is_empty() {
        return Ok(context);
    }
    // The first call makes the descriptors; that this one is about no folder does
    // not matter.
    fd_prestat_get(&mut context, &mut GuestMemory::Unshared(&mut [0; 8]), 0, 0)?;
    place(&mut context, dirs)?;
    Ok(context)
}

/// Puts each folder where something else was, and leaves nothing else there.
fn place(context: &mut WasiP1Ctx, dirs: &[OpenDir]) -> wasmtime::Result<()> {
    let table = context.ctx().table;
    let mut places =
        table
            .iter_mut()
            .filter_map(|entry| match entry.downcast_mut::<Descriptor>() {
                Some(Descriptor::Dir(place)) => Some(place),
                _ => None,
            });
    for dir in dirs {
        let Some(place) = places.next() else {
            wasmtime::bail!("there is no place for `{}`", dir.guest);
        };
        place.dir = Arc::clone(&dir.folder);
        (place.perms, place.open_mode) = match dir.access {
            Access::ReadOnly => (FsPerms::ReadOnly, OpenMode::READ),
            Access::ReadWrite => (FsPerms::ReadWrite, OpenMode::READ | OpenMode::WRITE),
        };
    }
    if places.next().is_some() {
        wasmtime::bail!("there is a place that no folder was granted for");
    }
    Ok(())
}
