//! The cache of compiled programs: what this host put there is used, and nothing
//! else; and a cache that does not work fails no load.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use insula::{CacheError, Event, Program, SpawnOptions};
use insula_tests::{Folder, Host, guests};

/// A host with a cache in this folder.
fn host(folder: &Path) -> Result<Host> {
    Host::with(|builder| builder.max_isolates(4).cache(folder))
}

/// A module that exits with this code.
fn exits(code: i32) -> Result<Vec<u8>> {
    Ok(wat::parse_str(format!(
        "(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))
            (memory (export \"memory\") 1)
            (func (export \"insula:entry/main\") (call $exit (i32.const {code}))))"
    ))?)
}

/// Loads such a module, expects that it does what it says, and tells whether it
/// came from the cache.
fn is_kept(host: &Host, code: i32) -> Result<bool> {
    let program = Program::from_bytes(&host.runtime, &exits(code)?)?;
    let reason = host.run(&program, SpawnOptions::new())?;
    ensure!(reason == insula::ExitReason::Exited(code), "{reason}");
    Ok(program.is_from_cache())
}

/// The entries in a cache's folder, and nothing that is neither entry nor key.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut entries = Vec::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name != "key" {
            ensure!(name.len() == 64, "{name}");
            entries.push(path);
        }
    }
    entries.sort();
    Ok(entries)
}

fn only_entry(folder: &Path) -> Result<PathBuf> {
    let entries = entries(folder)?;
    ensure!(entries.len() == 1, "{entries:?}");
    entries.into_iter().next().context("there is one")
}

#[test]
fn a_program_is_compiled_once() -> Result<()> {
    let folder = Folder::new("cache-once")?;
    let cache = folder.path("made/here");
    ensure!(!is_kept(&host(&cache)?, 7)?);
    let kept = host(&cache)?;
    ensure!(is_kept(&kept, 7)? && is_kept(&kept, 7)?);
    ensure!(!is_kept(&kept, 8)?, "another program");
    ensure!(entries(&cache)?.len() == 2);
    ensure!(kept.runtime.cache_errors().is_empty());
    // Nobody else's to read or write.
    for path in entries(&cache)?
        .into_iter()
        .chain([cache.join("key"), cache])
    {
        ensure!(
            fs::metadata(&path)?.mode() & 0o077 == 0,
            "{}",
            path.display()
        );
    }
    Ok(())
}

/// Also what a guest starts, from a file.
#[test]
fn a_real_guest_runs_from_the_cache() -> Result<()> {
    let folder = Folder::new("cache-guest")?;
    for kept in [false, true] {
        let host = host(&folder.path("cache"))?;
        let program = Program::from_file(&host.runtime, guests::HELLO)?;
        ensure!(program.is_from_cache() == kept);
        ensure!(host.run(&program, SpawnOptions::new())?.is_ended());
        ensure!(host.lines().len() == 2, "{:?}", host.lines());
    }
    Ok(())
}

/// Without a cache nothing is kept anywhere.
#[test]
fn there_is_none_unless_the_host_says_so() -> Result<()> {
    let host = Host::new()?;
    ensure!(!is_kept(&host, 7)? && !is_kept(&host, 7)?);
    Ok(())
}

/// Puts other bytes in the place of the one entry: expects that it is not used, that
/// the host is told, and that the next load finds a good one again.
fn expect_bad(cache: &Path, what: &str, entry: &[u8]) -> Result<()> {
    let path = only_entry(cache)?;
    fs::write(&path, entry)?;
    let host = host(cache)?;
    let mut events = host.runtime.events();
    ensure!(!is_kept(&host, 7)?, "{what}: it was used");
    let bad = CacheError::BadEntry {
        folder: cache.to_owned(),
    };
    ensure!(host.runtime.cache_errors() == [bad.clone()], "{what}");
    let told = std::iter::from_fn(|| events.try_next())
        .filter(|event| matches!(event, Event::Cache { error } if *error == bad));
    ensure!(told.count() == 1, "{what}");
    ensure!(is_kept(&host, 7)?, "{what}: it was not kept again");
    Ok(())
}

#[test]
fn a_changed_byte_anywhere_makes_an_entry_bad() -> Result<()> {
    let folder = Folder::new("cache-flipped")?;
    let cache = folder.path("cache");
    let host = host(&cache)?;
    is_kept(&host, 7)?;
    let path = only_entry(&cache)?;
    let good = fs::read(&path)?;
    ensure!(good.len() > 97 * 20);
    for place in (0..good.len()).step_by(97) {
        let mut bad = good.clone();
        bad[place] ^= 1 << (place % 8);
        fs::write(&path, &bad)?;
        ensure!(!is_kept(&host, 7)?, "byte {place}");
        ensure!(fs::read(&path)?.len() == good.len(), "byte {place}");
    }
    ensure!(is_kept(&host, 7)?);
    ensure!(host.runtime.cache_errors().len() == 1, "told once");
    Ok(())
}

#[test]
fn what_is_no_entry_of_this_program_is_not_used() -> Result<()> {
    let folder = Folder::new("cache-bad")?;
    let cache = folder.path("cache");
    is_kept(&host(&cache)?, 7)?;
    let good = fs::read(only_entry(&cache)?)?;
    for length in [0, 1, 8, 39, 40, good.len() / 2, good.len() - 1] {
        expect_bad(&cache, "cut off", &good[..length])?;
    }
    expect_bad(&cache, "something behind it", &[&good[..], b"x"].concat())?;
    expect_bad(&cache, "something else", &exits(7)?)?;
    // Good ones of this host's, but of another program or another cache.
    let other = folder.path("other");
    is_kept(&host(&other)?, 8)?;
    let foreign = fs::read(only_entry(&other)?)?;
    expect_bad(&cache, "of another cache and program", &foreign)?;
    let again = folder.path("again");
    is_kept(&host(&again)?, 7)?;
    expect_bad(&cache, "of another cache", &fs::read(only_entry(&again)?)?)?;
    let before = only_entry(&cache)?;
    is_kept(&host(&cache)?, 8)?;
    let new = entries(&cache)?.into_iter().find(|path| *path != before);
    let new = new.context("it was kept")?;
    let swapped = fs::read(&new)?;
    fs::remove_file(new)?;
    expect_bad(&cache, "of another program", &swapped)
}

/// A folder, a pipe and a link, each with the name of an entry.
#[test]
fn what_is_no_file_is_not_used() -> Result<()> {
    let folder = Folder::new("cache-no-file")?;
    let cache = folder.path("cache");
    is_kept(&host(&cache)?, 7)?;
    let path = only_entry(&cache)?;
    fs::remove_file(&path)?;
    fs::create_dir_all(path.join("deep"))?;
    ensure!(!is_kept(&host(&cache)?, 7)? && is_kept(&host(&cache)?, 7)?);
    fs::remove_file(&path)?;
    ensure!(Command::new("mkfifo").arg(&path).status()?.success());
    ensure!(!is_kept(&host(&cache)?, 7)? && is_kept(&host(&cache)?, 7)?);
    fs::remove_file(&path)?;
    std::os::unix::fs::symlink("/etc/passwd", &path)?;
    ensure!(!is_kept(&host(&cache)?, 7)?);
    Ok(())
}

/// Who knows the key can make entries: one that others may have read is not used,
/// nor what it marked.
#[test]
fn a_key_that_is_no_secret_is_made_anew() -> Result<()> {
    let folder = Folder::new("cache-key")?;
    let cache = folder.path("cache");
    let key = cache.join("key");
    is_kept(&host(&cache)?, 7)?;
    let mut before = fs::read(&key)?;
    for spoil in [
        |key: &Path| fs::set_permissions(key, fs::Permissions::from_mode(0o644)),
        |key: &Path| fs::write(key, "short"),
        |key: &Path| fs::remove_file(key),
    ] {
        spoil(&key)?;
        let host = host(&cache)?;
        let now = fs::read(&key)?;
        ensure!(now != before && now.len() == 32);
        ensure!(fs::metadata(&key)?.permissions().mode() & 0o777 == 0o600);
        ensure!(!is_kept(&host, 7)? && is_kept(&host, 7)?);
        before = now;
    }
    Ok(())
}

/// Expects that programs load, and that the host is told why none is kept.
fn expect_unusable(cache: &Path, why: &str) -> Result<()> {
    let host = host(cache)?;
    ensure!(!is_kept(&host, 7)? && !is_kept(&host, 7)?, "{why}");
    let errors = host.runtime.cache_errors();
    ensure!(
        matches!(&errors[..], [CacheError::Unusable { why: told, .. }] if told.contains(why)),
        "{errors:?}"
    );
    Ok(())
}

#[test]
fn a_folder_that_others_can_write_to_is_not_used() -> Result<()> {
    let folder = Folder::new("cache-shared")?;
    let cache = folder.path("cache");
    is_kept(&host(&cache)?, 7)?;
    for mode in [0o777, 0o770, 0o702] {
        fs::set_permissions(&cache, fs::Permissions::from_mode(mode))?;
        expect_unusable(&cache, "other users have rights to the folder")?;
    }
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o755))?;
    ensure!(is_kept(&host(&cache)?, 7)?);
    Ok(())
}

#[test]
fn a_folder_that_is_not_to_be_had_is_not_used() -> Result<()> {
    let folder = Folder::new("cache-nowhere")?;
    let file = folder.write("file", "")?;
    expect_unusable(&file, "File exists")?;
    expect_unusable(&file.join("below"), "Not a directory")?;
    if is_root() {
        let cache = folder.path("others");
        fs::create_dir(&cache)?;
        std::os::unix::fs::chown(&cache, Some(12_345), None)?;
        expect_unusable(&cache, "belongs to user 12345")?;
    } else {
        eprintln!("SKIPPED: only root can give a folder to another user");
    }
    Ok(())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// A file system of so few bytes, gone with this. None where that is not allowed.
struct Small(PathBuf);

impl Small {
    fn mount(path: PathBuf, options: &str) -> Option<Self> {
        fs::create_dir_all(&path).ok()?;
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", options, "none"])
            .arg(&path);
        let mounted = mount.status().is_ok_and(|status| status.success());
        if !mounted {
            eprintln!("SKIPPED: nothing can be mounted here");
        }
        mounted.then_some(Small(path))
    }

    fn remount(&self, options: &str) -> Result<()> {
        let mut mount = Command::new("mount");
        mount
            .args(["-o", &format!("remount,{options}")])
            .arg(&self.0);
        ensure!(mount.status()?.success());
        Ok(())
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_keeps_nothing() -> Result<()> {
    let folder = Folder::new("cache-full")?;
    let Some(disk) = Small::mount(folder.path("disk"), "size=12k,mode=700") else {
        return Ok(());
    };
    let host = host(&disk.0)?;
    ensure!(!is_kept(&host, 7)? && !is_kept(&host, 7)?);
    let errors = host.runtime.cache_errors();
    ensure!(
        matches!(&errors[..], [CacheError::NotWritten { why, .. }] if why.contains("No space")),
        "{errors:?}"
    );
    ensure!(entries(&disk.0)?.is_empty(), "what was begun is gone");
    Ok(())
}

#[test]
fn a_disk_that_cannot_be_written_to_is_still_read() -> Result<()> {
    let folder = Folder::new("cache-read-only")?;
    let Some(disk) = Small::mount(folder.path("disk"), "size=4m,mode=700") else {
        return Ok(());
    };
    disk.remount("ro")?;
    expect_unusable(&disk.0, "Read-only file system")?;
    disk.remount("rw")?;
    is_kept(&host(&disk.0)?, 7)?;
    disk.remount("ro")?;
    let host = host(&disk.0)?;
    ensure!(is_kept(&host, 7)? && !is_kept(&host, 8)?);
    let errors = host.runtime.cache_errors();
    ensure!(
        matches!(&errors[..], [CacheError::NotWritten { why, .. }] if why.contains("Read-only")),
        "{errors:?}"
    );
    Ok(())
}

/// What was used longest ago goes.
#[test]
fn a_cache_has_a_size() -> Result<()> {
    let folder = Folder::new("cache-size")?;
    let cache = folder.path("cache");
    is_kept(&host(&cache)?, 70)?;
    let one = fs::metadata(only_entry(&cache)?)?.len();
    let small =
        |bytes| Host::with(|builder| builder.max_isolates(4).cache(&cache).cache_bytes(bytes));
    let three = small(3 * one + one / 2)?;
    for code in 1..=5 {
        ensure!(!is_kept(&three, code)?);
        ensure!(is_kept(&three, 70)?, "it is used each time");
        ensure!(entries(&cache)?.len() <= 3);
    }
    ensure!(is_kept(&three, 5)? && !is_kept(&three, 1)?);
    // None at all fits.
    let none = small(one / 2)?;
    ensure!(!is_kept(&none, 9)?);
    let errors = none.runtime.cache_errors();
    ensure!(
        matches!(&errors[..], [CacheError::NotWritten { why, .. }] if why.contains("may have")),
        "{errors:?}"
    );
    Ok(())
}

/// Many runtimes come to an empty folder at once, with the same programs.
#[test]
fn many_use_one_cache_at_once() -> Result<()> {
    let folder = Folder::new("cache-many")?;
    let cache = folder.path("cache");
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    let host = host(&cache)?;
                    for code in [1, 2, 3, 1, 2, 3] {
                        is_kept(&host, code)?;
                    }
                    ensure!(host.runtime.cache_errors().is_empty());
                    Ok(())
                })
            })
            .collect();
        all.into_iter()
            .try_for_each(|thread| thread.join().expect("no panic"))
    })?;
    ensure!(entries(&cache)?.len() == 3);
    let host = host(&cache)?;
    for code in [1, 2, 3] {
        ensure!(is_kept(&host, code)?, "{code}");
    }
    Ok(())
}
