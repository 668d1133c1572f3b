//! What the tests share: runtimes that keep what guests print, guests by name,
//! tables of hostile guests, and the contract as data.

#![forbid(unsafe_code)]

mod alone;
mod folder;
pub mod hostile;
pub mod https;
pub mod process;
pub mod soak;
pub mod wit;

use std::path::PathBuf;
use std::pin::pin;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use anyhow::Result;
use insula::{
    ExitReason, Figures, Line, Profile, Program, Runtime, RuntimeBuilder, SpawnOptions, Stream,
};

pub use alone::{alone, doing};
pub use folder::Folder;

/// The module of every guest crate, by name.
pub mod guests {
    include!(concat!(env!("OUT_DIR"), "/guests.rs"));
}

/// The module of the guest in `guests/NAME`.
pub fn guest(name: &str) -> PathBuf {
    PathBuf::from(env!("INSULA_GUESTS")).join(format!("{name}.wasm"))
}

mod c {
    include!(concat!(env!("OUT_DIR"), "/c.rs"));

    /// The module of a guest in C.
    ///
    /// # Errors
    ///
    /// Where there was no compiler for it: what is missing.
    pub fn c_guest(module: &'static str) -> anyhow::Result<&'static str> {
        match C_MISSING {
            Some(missing) => anyhow::bail!("the guests in C were not built: {missing}"),
            None => Ok(module),
        }
    }

    /// The variable that leads `insula` to the compiler for C that the tests have
    /// fetched, if they had to.
    pub fn c_toolchain() -> Option<(&'static str, &'static str)> {
        C_TOOLCHAIN.map(|folder| ("INSULA_C_TOOLCHAIN", folder))
    }
}

pub use c::{c_guest, c_toolchain};

/// How long a test waits for what has to happen. A guard against hanging for ever,
/// and nothing that a result depends on.
pub const HANG: Duration = Duration::from_secs(120);

/// Does what may not hang, and fails the test where it does.
pub fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = mpsc::channel();
    let worker = thread::spawn(move || done.send(work()));
    let result = result
        .recv_timeout(HANG)
        .unwrap_or_else(|error| panic!("it hangs or panicked: {error}: {}", alone::done_last()));
    // Tests that count threads are not to find this one.
    let _ = worker.join();
    result
}

/// The profile of the tests' runtimes. Any test can be run with another one.
fn usual_profile() -> Profile {
    let named = std::env::var("INSULA_TEST_PROFILE");
    named.map_or(Profile::default(), |name| {
        Profile::named(&name).expect("INSULA_TEST_PROFILE is `fast` or `dense`")
    })
}

/// The simplest executor.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

/// A runtime small enough for many tests in one process, and what it told.
pub struct Host {
    pub runtime: Runtime,
    told: Arc<Told>,
}

#[derive(Default)]
struct Told {
    lines: Mutex<Vec<(String, Stream, String)>>,
    exits: Mutex<Vec<(String, ExitReason)>>,
}

impl Host {
    pub fn new() -> Result<Self> {
        Host::with(|builder| builder.max_isolates(64))
    }

    /// With other settings.
    pub fn with(set: impl FnOnce(RuntimeBuilder) -> RuntimeBuilder) -> Result<Self> {
        let told = Arc::new(Told::default());
        let (for_lines, for_exits) = (told.clone(), told.clone());
        let builder = Runtime::builder()
            .profile(usual_profile())
            .output(move |line: &Line<'_>| {
                let line = (line.isolate.to_owned(), line.stream, line.text.to_owned());
                for_lines.lines.lock().expect("no panic").push(line);
            })
            .on_exit(move |name, reason| {
                for_exits
                    .exits
                    .lock()
                    .expect("no panic")
                    .push((name.to_owned(), reason.clone()));
            });
        Ok(Host {
            runtime: set(builder).start()?,
            told,
        })
    }

    pub fn program(&self, module: &str) -> Result<Program> {
        Ok(Program::from_file(&self.runtime, module)?)
    }

    /// A program in WebAssembly's text format.
    pub fn wat(&self, text: &str) -> Result<Program> {
        Ok(Program::from_bytes(&self.runtime, &wat::parse_str(text)?)?)
    }

    /// Runs a program until nothing can happen in its group any more.
    pub fn run(&self, program: &Program, options: SpawnOptions<'_>) -> Result<ExitReason> {
        let isolate = self.runtime.spawn(program, options)?;
        Ok(in_time(move || {
            let group = isolate.group().clone();
            let reason = isolate.join();
            group.wait();
            reason
        }))
    }

    /// Expects that all which the runtime counts is given back. A worker takes note of
    /// a turn's end just after its isolate's, so that is waited for.
    pub fn expect_nothing_left(&self) {
        let deadline = Instant::now() + HANG;
        loop {
            let mut left = self.runtime.figures();
            // How many there are is the scheduler's own business.
            left.workers = 0;
            if left == Figures::default() {
                return;
            }
            assert!(Instant::now() < deadline, "something is left: {left:?}");
            thread::yield_now();
        }
    }

    /// The same for a guest without options.
    pub fn run_guest(&self, module: &str) -> Result<ExitReason> {
        self.run(&self.program(module)?, SpawnOptions::new())
    }

    /// Forgets what was told until now.
    pub fn forget(&self) {
        self.told.lines.lock().expect("no panic").clear();
        self.told.exits.lock().expect("no panic").clear();
    }

    /// What was printed, as `name: text`, in order.
    pub fn lines(&self) -> Vec<String> {
        let lines = self.told.lines.lock().expect("no panic");
        lines
            .iter()
            .map(|(name, _, text)| format!("{name}: {text}"))
            .collect()
    }

    /// What the isolate of this name printed, in order. What isolates print beside
    /// each other is in no order.
    pub fn lines_of(&self, name: &str) -> Vec<String> {
        let lines = self.told.lines.lock().expect("no panic");
        let own = lines.iter().filter(|line| line.0 == name);
        own.map(|(_, _, text)| text.clone()).collect()
    }

    /// The texts that were printed to one stream, in order.
    pub fn texts(&self, stream: Stream) -> Vec<String> {
        let lines = self.told.lines.lock().expect("no panic");
        lines
            .iter()
            .filter(|line| line.1 == stream)
            .map(|line| line.2.clone())
            .collect()
    }

    /// What was printed indented below this heading.
    pub fn below(&self, heading: &str) -> Vec<String> {
        let lines = self.texts(Stream::Stdout).into_iter();
        let below = lines.skip_while(|line| line != heading).skip(1);
        let below = below.map_while(|line| line.strip_prefix("  ").map(str::to_owned));
        below.collect()
    }

    /// Who has ended, and why, in order.
    pub fn exits(&self) -> Vec<(String, ExitReason)> {
        self.told.exits.lock().expect("no panic").clone()
    }

    /// Why the isolate of this name ended, if it has.
    pub fn exit_of(&self, name: &str) -> Option<ExitReason> {
        let exits = self.told.exits.lock().expect("no panic");
        exits
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, reason)| reason.clone())
    }
}

/// Where a text stands in the source of `guests/panics`, as a panic tells it.
pub fn panics_place(text: &str) -> String {
    let source = include_str!("../../guests/panics/src/main.rs");
    let before = &source[..source.find(text).expect("the guest has this text")];
    let line = before.matches('\n').count() + 1;
    let column = before.len() - before.rfind('\n').map_or(0, |end| end + 1) + 1;
    format!("panics/src/main.rs:{line}:{column}")
}
