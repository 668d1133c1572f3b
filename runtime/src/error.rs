//! The errors of the host's API.

use std::path::PathBuf;

use insula_message::{LimitHit, Right};

use crate::limits::Limits;

/// A runtime could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The engine refused its settings or could not reserve its address space.
    #[error(
        "the engine for {isolates} isolates could not be set up: {why} \
         (each isolate reserves addresses: try a smaller `RuntimeBuilder::max_isolates`)"
    )]
    Engine {
        /// How many isolates it was to have room for.
        isolates: u32,
        /// What the engine said.
        why: String,
    },
    /// The limit of the stack is out of range.
    #[error(
        "a turn cannot have {0} bytes of stack: `Limits::wasm_stack` has to be between \
         {least} and {most}",
        least = Limits::LEAST_STACK,
        most = Limits::MOST_STACK
    )]
    WasmStack(u64),
    /// The system refused a thread.
    #[error("the runtime's threads could not be started: {0}")]
    Threads(#[from] std::io::Error),
}

/// A program could not be loaded.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file could not be read.
    #[error("{} could not be read: {why}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The bytes are not WebAssembly.
    #[error(
        "{program} is no WebAssembly module: it starts with {start:?}, not with \\0asm \
         (compile it for wasm32-wasip1)"
    )]
    NotWasm {
        /// The program.
        program: String,
        /// The first bytes.
        start: String,
    },
    /// The bytes are WebAssembly's text format.
    #[error(
        "{program} is WebAssembly text: turn it into a binary first, as with `wat2wasm` \
         (or run it with `--wat` at a shell)"
    )]
    Text {
        /// The program.
        program: String,
    },
    /// The bytes are a component.
    #[error(
        "{program} is a component, and isolates are made of core modules \
         (compile it for wasm32-wasip1 without turning it into a component)"
    )]
    Component {
        /// The program.
        program: String,
    },
    /// The module does not validate or cannot be compiled.
    #[error("{program} is no valid module: {why}")]
    Invalid {
        /// The program.
        program: String,
        /// What the compiler said.
        why: String,
    },
    /// The module exports no memory.
    #[error("{program} exports no memory named `memory`, so no message could reach it")]
    NoMemory {
        /// The program.
        program: String,
    },
    /// The module has neither an entry nor `_start`.
    #[error(
        "{program} has no entry: it exports neither `insula:entry/NAME` (mark a function \
         with #[insula_guest::entry]) nor `_start`"
    )]
    NoEntry {
        /// The program.
        program: String,
    },
    /// The module imports what the host does not offer.
    #[error("{program} imports what this host does not offer: {}", imports.join(", "))]
    UnknownImports {
        /// The program.
        program: String,
        /// Every such import as `module::name: why`.
        imports: Vec<String>,
    },
    /// An export that the host calls has another type.
    #[error("{program} exports `{export}` as {found}, and it has to be {expected}")]
    WrongExport {
        /// The program.
        program: String,
        /// The export.
        export: String,
        /// Its type.
        found: String,
        /// What it has to be.
        expected: String,
    },
    /// The text is no URI of a program.
    #[error("`{uri}` does not name a program: {why}")]
    BadUri {
        /// The text.
        uri: String,
        /// What is wrong with it.
        why: String,
    },
    /// The URI is under no granted prefix.
    #[error(
        "the host has not granted `{uri}` to this isolate (a host grants prefixes with \
         `SpawnOptions::grant_uri`, the command line with `--grant-uri`)"
    )]
    NotGranted {
        /// The URI.
        uri: String,
    },
    /// A limit of the runtime.
    #[error("{program} was not loaded: {hit}")]
    Limit {
        /// The program.
        program: String,
        /// The limit and its value.
        hit: LimitHit,
    },
    /// The module has more of something than a compiler should be asked to look
    /// at. No setting raises it.
    #[error("{program} was not loaded: it has {found} {what}, and {most} are the most")]
    TooMuch {
        /// The program.
        program: String,
        /// What it has too much of.
        what: &'static str,
        /// How much it has.
        found: u64,
        /// How much it may have.
        most: u64,
    },
    /// Compilations that were given up go on, and no more are begun for whoever
    /// asked for them.
    #[error(
        "{program} was not loaded: compilations that took too long have not ended yet          ({loads} go on; try again later)"
    )]
    Busy {
        /// The program.
        program: String,
        /// How many loads go on in the runtime.
        loads: usize,
    },
    /// The compiler panicked.
    #[error("the compiler failed on {program}: a bug of its own, not of the program")]
    CompilerFailed {
        /// The program.
        program: String,
    },
    /// No thread could be had for compiling, or the runtime is being shut down.
    #[error("{program} could not be compiled: the runtime is shut down or has no thread for it")]
    NoLoader {
        /// The program.
        program: String,
    },
}

/// The cache of compiled programs did not do its work. No program fails to load
/// for that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// It is not used at all.
    #[error("the cache of programs in {} is not used: {why}", folder.display())]
    Unusable {
        /// The cache's folder.
        folder: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// An entry could not be read.
    #[error("a program could not be read from the cache in {}: {why}", folder.display())]
    Unreadable {
        /// The cache's folder.
        folder: PathBuf,
        /// What the system said.
        why: String,
    },
    /// An entry was damaged or had been put there by somebody else; it was removed.
    #[error("the cache in {} held what this host had not put there", folder.display())]
    BadEntry {
        /// The cache's folder.
        folder: PathBuf,
    },
    /// A compiled program was not kept.
    #[error("a compiled program was not kept in the cache in {}: {why}", folder.display())]
    NotWritten {
        /// The cache's folder.
        folder: PathBuf,
        /// What the system said.
        why: String,
    },
}

/// An isolate could not be spawned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// The program has no such entry.
    #[error("{program} has no entry `{entry}`; it has {}", list(entries))]
    NoSuchEntry {
        /// The program.
        program: String,
        /// The entry that was asked for.
        entry: String,
        /// The entries there are.
        entries: Vec<String>,
    },
    /// A limit of the group.
    #[error("the isolate was not spawned: {0}")]
    Limit(LimitHit),
    /// The first message is too large.
    #[error("the first message is too large: {0}")]
    MessageTooLarge(LimitHit),
    /// The first message could not be encoded.
    #[error("the first message could not be encoded: {0}")]
    Encode(#[from] insula_message::EncodeError),
    /// What was granted is not there, or cannot be said.
    #[error(transparent)]
    Capability(#[from] CapabilityError),
    /// What was granted is not there.
    #[error("a URI could not be granted: {0}")]
    Grant(LoadError),
    /// The port of a listener is closed or has no room for a notice.
    #[error("the port of a listener is closed, or has no room for a notice")]
    Listener,
    /// A limit that is the runtime's as a whole was given another value.
    #[error(
        "`{}` is {} for the whole runtime: set it with `RuntimeBuilder::limits`",
        .0.limit.option(),
        .0.value
    )]
    RuntimeLimit(LimitHit),
    /// An isolate of a dense runtime was to have more memory than there are addresses
    /// for.
    #[error(
        "a memory has {0} bytes of addresses in this runtime of the dense profile, and no \
         `memory` above that: set it with `RuntimeBuilder::limits`"
    )]
    DenseMemory(u64),
    /// The program was loaded by another runtime.
    #[error("{program} was loaded by another runtime: each compiles programs for itself")]
    OtherRuntime {
        /// The program.
        program: String,
    },
    /// There is no such weight.
    #[error("a group's weight is from 1 to 10,000, and {0} was given (`SpawnOptions::weight`)")]
    Weight(u32),
    /// The runtime is being shut down.
    #[error("the runtime is shut down")]
    ShutDown,
}

/// A capability could not be granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CapabilityError {
    /// The folder could not be opened.
    #[error("the folder {} could not be granted as `{guest}`: {why}", host.display())]
    Dir {
        /// The folder.
        host: PathBuf,
        /// What guests were to call it.
        guest: String,
        /// What the system said.
        why: String,
    },
    /// Guests cannot call a folder so.
    #[error(
        "a folder cannot be granted as {guest:?}: that has to be 1 to 4096 bytes without a zero"
    )]
    GuestPath {
        /// What guests were to call it, or its beginning.
        guest: String,
    },
    /// Two folders were granted under one name.
    #[error("two folders were granted as `{guest}`: give each its own path in the guest")]
    SameName {
        /// The name.
        guest: String,
    },
    /// A variable cannot be said in an environment.
    #[error(
        "the variable {name:?} cannot be granted: a name is not empty and has no `=`, and \
         neither it nor the value has a zero byte"
    )]
    Env {
        /// The variable's name.
        name: String,
    },
    /// An argument cannot be said.
    #[error("the argument {arg:?} cannot be granted: it has a zero byte")]
    Arg {
        /// The argument.
        arg: String,
    },
}

/// How many entries an error names: a module may have as many as it likes.
const ENTRIES_NAMED: usize = 50;

/// How much of a guest's own words an error repeats: a name may have 100 KB.
const NAME_CHARS: usize = 200;

pub(crate) fn short(name: &str) -> &str {
    let end = name.char_indices().nth(NAME_CHARS);
    &name[..end.map_or(name.len(), |(at, _)| at)]
}

/// The entries of a program, for people.
pub(crate) fn list(entries: &[String]) -> String {
    let named = entries.iter().take(ENTRIES_NAMED);
    let mut list = named
        .map(|entry| format!("`{}`", short(entry)))
        .collect::<Vec<_>>()
        .join(", ");
    if entries.len() > ENTRIES_NAMED {
        list.push_str(&format!(" and {} more", entries.len() - ENTRIES_NAMED));
    }
    list
}

/// Why [`Runtime::run`](crate::Runtime::run) has no result.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The isolate was not spawned.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// It ended without a result.
    #[error("the isolate gave no result: it {0}")]
    Ended(insula_message::ExitReason),
    /// The result is of another type.
    #[error("the result is not what was expected: {0}")]
    Decode(#[from] insula_message::DecodeError),
}

/// An isolate was not controlled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The handle lacks the right.
    #[error(
        "the handle has no right to {0} the isolate (make it with the isolate's {0} capability)"
    )]
    NoRight(Right),
    /// The send port is no control port.
    #[error("the send port is no isolate's control port")]
    NotControl,
    /// As many pauses as there may be hold already.
    #[error("the isolate was not paused once more: {0}")]
    Limit(LimitHit),
}

/// A message was not sent.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The receiver's mailbox has no room now.
    #[error("the receiver's mailbox is full (raise `Limits::mailbox_messages` or `mailbox_bytes`)")]
    Full,
    /// The message is larger than the receiver's limit.
    #[error("the message is larger than the limit (raise `Limits::message_bytes`)")]
    TooLarge,
    /// Nobody will ever receive it.
    #[error("the port is closed or its isolate has ended")]
    Closed,
    /// The value cannot be said in a message.
    #[error("the message could not be encoded: {0}")]
    Encode(#[from] insula_message::EncodeError),
}

/// A call got no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The request was not sent.
    #[error("the request was not sent: {0}")]
    Send(#[from] SendError),
    /// Nobody is left who could answer.
    #[error(
        "the call can no longer be answered: the receiver ended, closed its port or dropped the reply port"
    )]
    NoAnswer,
    /// No answer came in time.
    #[error("no answer came within {0:?}")]
    TimedOut(std::time::Duration),
    /// The answer is something else.
    #[error("the answer is not what was expected: {0}")]
    Decode(#[from] insula_message::DecodeError),
}
