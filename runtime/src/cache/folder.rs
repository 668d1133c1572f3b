//! The folder of a cache: whose it is, its key, and entries that come and go while
//! other processes use it too.

use std::io::{ErrorKind, Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, Metadata, OpenOptions};

use super::Id;
use super::trusted::{HEAD, Key};

pub(super) struct Folder {
    /// Open, so that it stays the one whose owner was looked at.
    dir: Dir,
    key: Key,
    /// How many bytes all entries may have.
    most: u64,
}

/// What there is under an entry's name.
pub(super) enum Found {
    Nothing,
    Entry(Vec<u8>),
    /// No file, or one that is larger than all entries may be.
    SomethingElse,
}

const KEY: &str = "key";

/// What the name of a file that is being written begins with.
const NEW: &str = "new-";

/// How old such a file is when whoever wrote it has died.
const ABANDONED: Duration = Duration::from_secs(3_600);

type Result<T> = std::io::Result<T>;

impl Folder {
    pub(super) fn open(path: &Path, most: u64) -> std::result::Result<Self, String> {
        let dir = open_own(path).map_err(|error| error.to_string())?;
        let key = key(&dir).map_err(|error| format!("its key: {error}"))?;
        Ok(Folder { dir, key, most })
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    pub(super) fn read(&self, id: &Id) -> Result<Found> {
        let file = match open(&self.dir, &id.name()) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
            file => file?,
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() || metadata.len() > self.most {
            return Ok(Found::SomethingElse);
        }
        let mut entry = Vec::new();
        file.take(self.most).read_to_end(&mut entry)?;
        Ok(Found::Entry(entry))
    }

    /// The entry is not among the oldest any more.
    pub(super) fn used(&self, id: &Id) {
        // Where that cannot be said, it goes earlier than others.
        if let Ok(file) = open(&self.dir, &id.name()) {
            let _ = file.into_std().set_modified(SystemTime::now());
        }
    }

    pub(super) fn remove(&self, id: &Id) {
        let name = id.name();
        // Where it cannot be removed it is found bad again.
        let _ = self
            .dir
            .remove_file(&name)
            .or_else(|_| self.dir.remove_dir_all(&name));
    }

    /// Writes an entry as a whole or not at all, then makes room.
    pub(super) fn write(
        &self,
        id: &Id,
        head: &[u8],
        code: &[u8],
    ) -> std::result::Result<(), String> {
        debug_assert_eq!(head.len(), HEAD);
        let bytes = (head.len() + code.len()) as u64;
        if bytes > self.most {
            let most = self.most;
            return Err(format!(
                "it has {bytes} bytes, and all entries may have {most}"
            ));
        }
        let written = self.write_new(&[head, code], |name| {
            self.dir.rename(name, &self.dir, id.name())
        });
        written
            .and_then(|()| self.make_room())
            .map_err(|error| error.to_string())
    }

    fn write_new(&self, parts: &[&[u8]], place: impl FnOnce(&str) -> Result<()>) -> Result<()> {
        write_new(&self.dir, parts, place)
    }

    /// Removes the entries that were used longest ago, until the others fit.
    fn make_room(&self) -> Result<()> {
        let mut entries = Vec::new();
        let mut bytes = 0;
        for entry in self.dir.entries()? {
            let Ok((name, metadata)) =
                entry.and_then(|entry| Ok((entry.file_name(), entry.metadata()?)))
            else {
                // Another process was faster.
                continue;
            };
            let name = name.to_string_lossy().into_owned();
            let modified = metadata.modified()?.into_std();
            if name.starts_with(NEW) {
                if modified.elapsed().is_ok_and(|age| age > ABANDONED) {
                    let _ = self.dir.remove_file(&name);
                }
            } else if name != KEY {
                bytes += metadata.len();
                entries.push((modified, metadata.len(), name));
            }
        }
        entries.sort();
        for (_, size, name) in entries {
            if bytes <= self.most {
                break;
            }
            let _ = self.dir.remove_file(name);
            bytes -= size;
        }
        Ok(())
    }
}

impl Id {
    fn name(&self) -> String {
        self.0.to_hex().to_string()
    }
}

/// Opens the folder, made where it is not there, if it is nobody else's to write.
fn open_own(path: &Path) -> Result<Dir> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    let dir = Dir::open_ambient_dir(path, ambient_authority())?;
    check_owner(&dir.dir_metadata()?, 0o022, "folder")?;
    Ok(dir)
}

/// An error where the file is another user's, or others have one of these rights.
#[cfg(unix)]
fn check_owner(metadata: &Metadata, rights: u32, what: &str) -> Result<()> {
    use cap_std::fs::MetadataExt as _;
    let refused = |why: String| Err(std::io::Error::new(ErrorKind::PermissionDenied, why));
    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user {
        return refused(format!(
            "the {what} belongs to user {}, not {user}",
            metadata.uid()
        ));
    }
    if metadata.mode() & rights != 0 {
        let mode = metadata.mode() & 0o777;
        return refused(format!(
            "other users have rights to the {what}: its mode is {mode:o}"
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_: &Metadata, _: u32, what: &str) -> Result<()> {
    let why = format!("whose the {what} is can only be told on Unix");
    Err(std::io::Error::new(ErrorKind::Unsupported, why))
}

/// The folder's key, made at random where there is none that only this user knows.
fn key(dir: &Dir) -> Result<Key> {
    if let Some(key) = read_key(dir)? {
        return Ok(key);
    }
    let mut key = Key::default();
    getrandom::fill(&mut key).map_err(std::io::Error::from)?;
    // In one step, and never over one that another process was faster to make.
    write_new(dir, &[&key], |name| match dir.hard_link(name, dir, KEY) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => dir.remove_file(name),
    })?;
    read_key(dir)?.ok_or_else(|| std::io::Error::other("it is not there after it was made"))
}

fn read_key(dir: &Dir) -> Result<Option<Key>> {
    let file = match open(dir, KEY) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let metadata = file.metadata()?;
    let mut bytes = Vec::new();
    let is_secret = metadata.is_file() && check_owner(&metadata, 0o077, KEY).is_ok();
    if is_secret {
        file.take(blake3::KEY_LEN as u64 + 1)
            .read_to_end(&mut bytes)?;
    }
    match Key::try_from(bytes) {
        Ok(key) => Ok(Some(key)),
        // One that others may know. What was marked with it is not trusted then.
        Err(_) => dir.remove_file(KEY).map(|()| None),
    }
}

/// Opens for reading, without waiting for whoever would write to a pipe.
fn open(dir: &Dir, name: &str) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    cap_std::fs::OpenOptionsExt::custom_flags(&mut options, crate::program::source::NO_WAITING);
    dir.open_with(name, &options)
}

/// Writes a file of a new name, which `place` then gives another; it is gone where
/// any of that fails.
fn write_new(dir: &Dir, parts: &[&[u8]], place: impl FnOnce(&str) -> Result<()>) -> Result<()> {
    let number = getrandom::u64().map_err(std::io::Error::from)?;
    let name = format!("{NEW}{number:016x}");
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = dir.open_with(&name, &options)?;
    let mut parts = parts.iter();
    let written = parts.try_for_each(|part| file.write_all(part));
    drop(file);
    let placed = written.and_then(|()| place(&name));
    if placed.is_err() {
        let _ = dir.remove_file(&name);
    }
    placed
}
