//! The steps: one call of the standard library each.

use std::ffi::{CString, c_char, c_int};
use std::fs::{self, File, FileTimes, OpenOptions};
use std::hash::RandomState;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::time::SystemTime;

/// What to do, and what it is about.
pub type Step = (String, Vec<String>);

pub fn do_all(steps: &[Step]) {
    for (what, about) in steps {
        let about: Vec<&str> = about.iter().map(String::as_str).collect();
        let said = match step(what, &about) {
            Ok(said) => said,
            Err(error) => refusal(&error),
        };
        println!("{what} {}: {said}", about.join(" "));
    }
}

fn refusal(error: &io::Error) -> String {
    format!("{:?} {}", error.kind(), error.raw_os_error().unwrap_or(0))
}

fn step(what: &str, about: &[&str]) -> io::Result<String> {
    match (what, about) {
        ("read", [path]) => fs::read_to_string(path),
        ("write", [path, text]) => fs::write(path, text).map(done),
        ("append", [path, text]) => {
            let mut file = OpenOptions::new().append(true).open(path)?;
            file.write_all(text.as_bytes()).map(done)
        }
        ("create new", [path]) => File::create_new(path).map(done),
        ("truncate", [path]) => {
            let file = OpenOptions::new().write(true).truncate(true).open(path);
            file.map(done)
        }
        ("set length", [path]) => File::open(path)?.set_len(1).map(done),
        ("set times", [path]) => {
            let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH);
            File::open(path)?.set_times(times).map(done)
        }
        ("list", [path]) => list(path),
        ("count", [path]) => Ok(fs::read_dir(path)?.count().to_string()),
        ("is folder", [path]) => Ok(fs::metadata(path)?.is_dir().to_string()),
        ("make folder", [path]) => fs::create_dir(path).map(done),
        ("remove folder", [path]) => fs::remove_dir(path).map(done),
        ("remove", [path]) => fs::remove_file(path).map(done),
        ("rename", [from, to]) => fs::rename(from, to).map(done),
        ("hard link", [from, to]) => fs::hard_link(from, to).map(done),
        ("link", [to, path]) => symbolic_link(to, path).map(done),
        ("read link", [path]) => Ok(fs::read_link(path)?.display().to_string()),
        ("much", [path]) => much(path),
        ("hold", [path]) => hold(path),
        ("arguments", []) => Ok(std::env::args().skip(1).collect::<Vec<_>>().join(", ")),
        ("variable", [name]) => Ok(std::env::var(name).unwrap_or_else(|_| "none".to_owned())),
        ("input", []) => io::read_to_string(io::stdin()),
        ("time", []) => SystemTime::now()
            .elapsed()
            .map(done)
            .map_err(io::Error::other),
        ("random numbers", []) => Ok(done(RandomState::new())),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}

fn done<T>(_: T) -> String {
    "done".to_owned()
}

fn list(path: &str) -> io::Result<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        names.push(entry?.file_name().display().to_string());
    }
    names.sort();
    Ok(names.join(", "))
}

/// The standard library has this for other systems only.
fn symbolic_link(to: &str, path: &str) -> io::Result<()> {
    unsafe extern "C" {
        fn symlink(to: *const c_char, path: *const c_char) -> c_int;
    }
    let (to, path) = (CString::new(to)?, CString::new(path)?);
    // SAFETY: both are texts that end with a zero, and live until it returns.
    match unsafe { symlink(to.as_ptr(), path.as_ptr()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// More than one call may move, there and back.
fn much(path: &str) -> io::Result<String> {
    let bytes: Vec<u8> = (0..3u32 << 20).map(|n| (n % 251) as u8).collect();
    fs::write(path, &bytes)?;
    let same = fs::read(path)? == bytes;
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    file.seek(SeekFrom::End(-1))?;
    file.write_all(b"end")?;
    file.seek(SeekFrom::Start(bytes.len() as u64 - 1))?;
    let mut end = String::new();
    file.read_to_string(&mut end)?;
    Ok(format!("{same}, {} bytes, {end:?}", file.metadata()?.len()))
}

/// Opens a file until that is refused: how often it went well.
fn hold(path: &str) -> io::Result<String> {
    let mut files = Vec::new();
    loop {
        match File::open(path) {
            Ok(file) => files.push(file),
            Err(error) => {
                let count = files.len();
                return Ok(format!("{count} and {}", refusal(&error)));
            }
        }
    }
}
