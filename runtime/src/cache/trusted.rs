//! Unsafe code of this crate: machine code that becomes a module. It is
//! had from nowhere but a [`Trusted`], and there is none without a mark that fits.
//!
//! It pays: loading the sample guests `hello`, `uri` and `supervised` took 1/55, 1/67
//! and 1/146 of the time of compiling them, in a development build
//! (`cargo test --test hostile cache_cost -- --ignored --nocapture`).

#![allow(unsafe_code)]

use wasmtime::{Engine, Module};

use super::Id;

/// What every entry begins with; another format gets another number.
const MAGIC: &[u8; 8] = b"insula\0\x01";

/// Bytes of an entry in front of its code.
pub(super) const HEAD: usize = MAGIC.len() + blake3::OUT_LEN;

/// The secret of one cache.
pub(super) type Key = [u8; blake3::KEY_LEN];

/// Code that this host compiled for the program with this id, and nobody changed.
pub(super) struct Trusted<'a>(&'a [u8]);

impl<'a> Trusted<'a> {
    /// Looks at an entry's mark, which says what it is the code of, too.
    pub(super) fn check(key: &Key, id: &Id, entry: &'a [u8]) -> Option<Self> {
        let (magic, rest) = entry.split_at_checked(MAGIC.len())?;
        let (mark, code) = rest.split_at_checked(blake3::OUT_LEN)?;
        let mark = blake3::Hash::from_slice(mark).ok()?;
        // Compared in constant time.
        let is_ours = magic == MAGIC && mark == sign(key, id, code);
        is_ours.then_some(Trusted(code))
    }

    /// What stands in front of the code in an entry.
    pub(super) fn mark(key: &Key, id: &Id, code: &[u8]) -> Vec<u8> {
        [MAGIC, sign(key, id, code).as_bytes().as_slice()].concat()
    }

    pub(super) fn module(&self, engine: &Engine) -> wasmtime::Result<Module> {
        // SAFETY: the bytes have to be unchanged from `Module::serialize`. Only
        // `Trusted::mark` makes marks under the key, and only for what came from
        // there (`Cache::keep`). The key was made at random and is in a file that
        // only this user reads; whoever can read it can do all that this process
        // can. `check` found that the mark fits these very bytes, in memory that
        // nobody else writes to. That they fit the engine is looked at by wasmtime.
        unsafe { Module::deserialize(engine, self.0) }
    }
}

fn sign(key: &Key, id: &Id, code: &[u8]) -> blake3::Hash {
    let mut mark = blake3::Hasher::new_keyed(key);
    mark.update(id.0.as_bytes()).update(code);
    mark.finalize()
}
