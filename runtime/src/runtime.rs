//! The host's way in: a runtime, what it is made with, and spawning.

use std::path::PathBuf;
use std::sync::Arc;

use insula_message::ExitReason;

use crate::abi::Import;
use crate::cache::Cache;
use crate::controller::Watched;
use crate::core::{Core, Settings};
use crate::error::{CacheError, SpawnError, StartError};
use crate::events::{Events, Hub};
use crate::group::MailboxShare;
use crate::group_run::GroupRun;
use crate::handle::{Group, Isolate};
use crate::limits::Limits;
use crate::message::{self, SendPort};
use crate::observe::{Metrics, Observer};
use crate::output::{GroupOutput, Output, Stdio};
use crate::port::{Paid, PortRef};
use crate::profile::Profile;
use crate::program::{Compiler, Program};
use crate::reach::Reach;
use crate::receive_port::ReceivePort;
use crate::sched::USUAL_WEIGHT;
use crate::spawn::{self, Child, NotSpawned};
use crate::spawn_options::{SpawnOptions, WEIGHTS};

/// Runs isolates. Dropping it ends every isolate and joins every thread.
///
/// ```
/// # fn main() -> anyhow::Result<()> {
/// use insula::{ExitReason, Program, Runtime, SpawnOptions};
///
/// let runtime = Runtime::builder().max_isolates(10).start()?;
/// let wasm = wat::parse_str(
///     r#"(module (memory (export "memory") 1) (func (export "insula:entry/main")))"#,
/// )?;
/// let program = Program::from_bytes(&runtime, &wasm)?;
/// let isolate = runtime.spawn(&program, SpawnOptions::new())?;
/// assert_eq!(isolate.join(), ExitReason::Ended);
/// # Ok(())
/// # }
/// ```
pub struct Runtime {
    core: Arc<Core>,
}

/// What a runtime is made with.
#[must_use]
pub struct RuntimeBuilder {
    permits: usize,
    profile: Profile,
    max_isolates: u32,
    limits: Limits,
    cache: Option<PathBuf>,
    cache_bytes: u64,
    seed: Option<u64>,
    output: Box<dyn Output>,
    on_exit: Option<crate::core::OnExit>,
}

/// How many bytes a cache holds unless the host says otherwise.
const CACHE_BYTES: u64 = 1 << 30;

impl Runtime {
    /// A runtime with the defaults: as many turns at once as there are cores,
    /// room for 10,000 isolates, output on the process's own, labelled.
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder {
            permits: std::thread::available_parallelism().map_or(1, usize::from),
            profile: Profile::default(),
            max_isolates: 10_000,
            limits: Limits::default(),
            cache: None,
            cache_bytes: CACHE_BYTES,
            seed: None,
            output: Box::new(Stdio::new()),
            on_exit: None,
        }
    }

    /// Spawns the first isolate of a new group.
    ///
    /// # Errors
    ///
    /// Where the program has no such entry, what is granted is not there, or the
    /// first message is too large.
    pub fn spawn(&self, program: &Program, options: SpawnOptions) -> Result<Isolate, SpawnError> {
        let (isolate, port) = self.make_first(program, options)?;
        spawn::begin(&isolate);
        Ok(Isolate::new(isolate, SendPort::new(port)))
    }

    /// Runs a program until nothing can happen in its group any more, and gives why
    /// the group's first isolate ended.
    ///
    /// Meanwhile the host holds no port of the group, from the beginning on: so
    /// nothing in it depends on when the host does what, as it would after
    /// [`spawn`](Self::spawn).
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    pub fn run_group(
        &self,
        program: &Program,
        options: SpawnOptions,
    ) -> Result<ExitReason, SpawnError> {
        Ok(self.start_group(program, options)?.wait())
    }

    /// Begins what [`run_group`](Self::run_group) does, for a host that may want to end
    /// the group before it ends by itself, or to look on.
    ///
    /// ```
    /// # fn main() -> anyhow::Result<()> {
    /// use insula::{ExitReason, Program, Runtime, SpawnOptions};
    ///
    /// let runtime = Runtime::builder().max_isolates(10).start()?;
    /// let wasm = wat::parse_str(
    ///     r#"(module (memory (export "memory") 1)
    ///         (func (export "insula:entry/main") (loop $for_ever (br $for_ever))))"#,
    /// )?;
    /// let program = Program::from_bytes(&runtime, &wasm)?;
    /// let run = runtime.start_group(&program, SpawnOptions::new())?;
    /// run.group().kill();
    /// assert_eq!(run.wait(), ExitReason::Killed);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    pub fn start_group(
        &self,
        program: &Program,
        options: SpawnOptions,
    ) -> Result<GroupRun, SpawnError> {
        let (isolate, port) = self.make_first(program, options)?;
        drop(port);
        spawn::begin(&isolate);
        let group = Group::new(isolate.group().clone());
        Ok(GroupRun::new(isolate, group))
    }

    /// The first isolate of a new group, not queued yet.
    fn make_first(
        &self,
        program: &Program,
        options: SpawnOptions,
    ) -> Result<(Watched, PortRef), SpawnError> {
        if !program.is_for(&self.core.engine) {
            return Err(SpawnError::OtherRuntime {
                program: program.name().to_owned(),
            });
        }
        let entry = options
            .entry
            .as_deref()
            .or(program.default_entry())
            .unwrap_or("main");
        if !program.has_entry(entry) {
            return Err(SpawnError::NoSuchEntry {
                program: program.name().to_owned(),
                entry: entry.to_owned(),
                entries: program.entries().to_vec(),
            });
        }
        let capabilities = match self.core.seed {
            None => options.capabilities,
            Some(seed) => options.capabilities.repeatable(seed),
        };
        let reach = Arc::new(Reach::open(&capabilities)?);
        let weight = options.weight.unwrap_or(USUAL_WEIGHT);
        if !WEIGHTS.contains(&weight) {
            return Err(SpawnError::Weight(weight));
        }
        let own = &self.core.limits;
        let limits = options.limits.unwrap_or_else(|| own.clone());
        if let Some(limit) = limits.differs_from_runtime(own) {
            return Err(SpawnError::RuntimeLimit(own.hit(limit)));
        }
        let profile = self.profile();
        if profile == Profile::Dense && limits.memory > profile.reservation(own) {
            return Err(SpawnError::DenseMemory(profile.reservation(own)));
        }
        let group = self
            .core
            .new_group(
                limits,
                GroupOutput::new(options.output_fatal),
                capabilities.clock,
                weight,
            )
            .ok_or(SpawnError::ShutDown)?;
        let first_message = match options.message {
            None => None,
            Some(encode) => Some(encode(&group)?),
        };
        if let Some(first) = &first_message {
            let checked = group.limits.check_message(first.cost());
            checked.map_err(SpawnError::MessageTooLarge)?;
        }
        let first_message = match first_message {
            None => None,
            Some(message) => {
                let share =
                    MailboxShare::take(&group, message.cost()).map_err(SpawnError::Limit)?;
                Some(Paid { message, share })
            }
        };
        let port = |port: Option<SendPort>| port.map(|port| port.held_by(&group));
        let child = Child {
            first_message,
            name: options.name,
            paused: options.paused,
            errors_fatal: !options.errors_not_fatal,
            on_exit: port(options.on_exit),
            on_error: port(options.on_error),
            result_port: port(options.result),
            stdin: capabilities.stdin,
            ..Child::new(entry, Arc::new(group.limits.clone()), reach)
        };
        spawn::first(&group, program.clone(), child).map_err(|refused| match refused {
            NotSpawned::Limit(hit) => SpawnError::Limit(hit),
            NotSpawned::Listener(_) => SpawnError::Listener,
        })
    }

    /// A port of the host's own: a host service is simply its send port, handed
    /// to a guest. The port holds what [`Limits::default`] allows a mailbox.
    pub fn port(&self) -> (SendPort, ReceivePort) {
        message::port(&Limits::default(), &self.core.port_ids)
    }

    /// A port that holds what `limits` allow a mailbox.
    pub fn port_with_limits(&self, limits: &Limits) -> (SendPort, ReceivePort) {
        message::port(limits, &self.core.port_ids)
    }

    /// Every function that guests may import, with its type.
    pub fn imports(&self) -> &[Import] {
        &self.core.compiler.imports
    }

    /// What kept the cache from doing its work so far, each kind of error once.
    pub fn cache_errors(&self) -> Vec<CacheError> {
        let cache = self.core.compiler.cache.as_ref();
        cache.map(Cache::errors).unwrap_or_default()
    }

    /// The profile that it was made with.
    pub fn profile(&self) -> Profile {
        self.core.compiler.profile
    }

    /// The limits that it was made with.
    pub fn limits(&self) -> &Limits {
        &self.core.limits
    }

    /// Figures of the moment.
    pub fn figures(&self) -> Figures {
        self.core.figures()
    }

    /// What the runtime and its groups do, and have done until now.
    ///
    /// ```
    /// # fn main() -> anyhow::Result<()> {
    /// use insula::{Program, Runtime, SpawnOptions};
    ///
    /// let runtime = Runtime::builder().max_isolates(10).start()?;
    /// let wasm = wat::parse_str(
    ///     r#"(module (memory (export "memory") 1) (func (export "insula:entry/main")))"#,
    /// )?;
    /// let program = Program::from_bytes(&runtime, &wasm)?;
    /// runtime.run_group(&program, SpawnOptions::new())?;
    /// let metrics = runtime.metrics();
    /// assert_eq!((metrics.total.spawned, metrics.total.ended["ended"]), (1, 1));
    /// assert!(metrics.to_openmetrics().ends_with("# EOF\n"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn metrics(&self) -> Metrics {
        self.observer().metrics()
    }

    /// What looks at the runtime from any thread.
    pub fn observer(&self) -> Observer {
        Observer::new(&self.core)
    }

    /// How many memory mappings the process has, of which the system allows so
    /// many (`vm.max_map_count`): each isolate takes a few. None where the system
    /// does not say.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")]
    /// assert!(insula::Runtime::mappings().is_some_and(|mappings| mappings > 10));
    /// ```
    pub fn mappings() -> Option<usize> {
        let maps = std::fs::read("/proc/self/maps").ok()?;
        Some(maps.iter().filter(|byte| **byte == b'\n').count())
    }

    /// What happens in the runtime from now on.
    pub fn events(&self) -> Events {
        self.core.events.listen()
    }

    /// Ends every isolate and joins every thread, as dropping does.
    pub fn shut_down(self) {}

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.core.close();
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime")
            .field("figures", &self.figures())
            .finish_non_exhaustive()
    }
}

/// What a runtime holds at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Figures {
    /// Groups with an isolate alive, or with one that still tells of its end.
    pub groups: usize,
    /// Isolates alive.
    pub isolates: usize,
    /// Of these, how many were ended while a turn of theirs hangs in a call of the
    /// host's. Everybody was told; their places, threads and memories are free when
    /// the call returns.
    pub hanging: usize,
    /// Messages that wait in the mailboxes of isolates.
    pub messages: u64,
    /// Timers that are not due yet.
    pub timers: usize,
    /// Worker threads.
    pub workers: usize,
    /// Turns that lost their run permit and have not ended.
    pub preempted: usize,
    /// Programs that are being loaded, those that were given up included.
    pub loads: usize,
    /// Bytes of linear memory of all isolates.
    pub memory: u64,
    /// Receive ports of isolates that are alive.
    pub ports: usize,
    /// Waits of isolates that are not over: for room in a mailbox, or for a port
    /// to close.
    pub waits: usize,
    /// Ports that have a name.
    pub names: usize,
    /// Places for isolates that are in use, of
    /// [`RuntimeBuilder::max_isolates`]: each has a linear memory.
    pub pool_memories: usize,
}

impl RuntimeBuilder {
    /// How many turns run at once: the number of run permits. As many as there
    /// are cores by default.
    pub fn permits(mut self, permits: usize) -> Self {
        self.permits = permits.max(1);
        self
    }

    /// Whether isolates are to be fast or many: [`Profile::Fast`] by default.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// For how many isolates alive at once there is room. 10,000 by default. Each
    /// reserves addresses, of which there are 128 TiB: 4 GiB, or as many as
    /// [`Limits::memory`] says where the [profile](Self::profile) is dense.
    pub fn max_isolates(mut self, isolates: u32) -> Self {
        self.max_isolates = isolates.max(1);
        self
    }

    /// What each group may use unless its spawning says otherwise, and the limits
    /// that are the runtime's as a whole ([`Scope::Runtime`](crate::Scope::Runtime)).
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Keeps compiled programs in this folder, from one process to the next. It is
    /// made where it is not there, has to belong to the user of this process, and
    /// no other may have the right to write to it. Any number of processes may use
    /// it at once. Off by default.
    ///
    /// What is in it is run as it is, so an entry is used only where it bears the
    /// mark of this folder's key. Grant no guest a folder that holds it. A cache
    /// that does not work fails no load: see [`Runtime::cache_errors`].
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// How many bytes the cache holds; the entries that were used longest ago go
    /// first. 1 GiB by default.
    pub fn cache_bytes(mut self, bytes: u64) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Makes runs repeat: what guests print, in which order, how they end and what
    /// [`Runtime::events`] tells is the same at each run for the same seed, programs
    /// and messages, byte for byte. Another seed is another run, with other random
    /// numbers and another order of what could happen at the same time: a way to
    /// find races, and to see one again.
    ///
    /// For that one turn runs at a time, whatever [`permits`](Self::permits) says,
    /// and to its end, whatever waits; who is next is drawn from the seed. Every
    /// group is on a [virtual](crate::ClockAccess::Virtual) time, and random numbers are
    /// [seeded](crate::Random::Seeded) by the seed, unless they are by another or what
    /// they are is off. Programs from URIs are loaded where they are asked for.
    ///
    /// What comes from outside is not the seed's: what a host does while a group runs
    /// (see [`Runtime::run_group`]), files that change, and limits of time, which
    /// still end whoever runs away.
    pub fn deterministic(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Where what guests print goes. [`Stdio`] by default; a closure that takes
    /// a [`Line`](crate::Line) will do.
    pub fn output(mut self, output: impl Output) -> Self {
        self.output = Box::new(output);
        self
    }

    /// Is called with name and reason of every isolate that ends, on the worker
    /// that ran it.
    pub fn on_exit(mut self, told: impl Fn(&str, &ExitReason) + Send + Sync + 'static) -> Self {
        self.on_exit = Some(Box::new(told));
        self
    }

    /// Starts the runtime.
    ///
    /// # Errors
    ///
    /// Where the address space for the isolates or the threads are not to be
    /// had, or [`Limits::wasm_stack`] is out of range.
    pub fn start(self) -> Result<Runtime, StartError> {
        self.limits.check_stack()?;
        let isolates = self.max_isolates;
        let engine_error = |error: wasmtime::Error| StartError::Engine {
            isolates,
            why: crate::knobs::explain(&error),
        };
        let addresses = self.profile.check_addresses(isolates, &self.limits);
        addresses.map_err(|why| StartError::Engine { isolates, why })?;
        let engine =
            crate::engine::new(self.profile, isolates, &self.limits).map_err(engine_error)?;
        let (linker, imports) = crate::abi::linker(&engine).map_err(engine_error)?;
        let events: Arc<Hub> = Arc::default();
        let cache = self
            .cache
            .as_deref()
            .map(|folder| Cache::open(folder, self.cache_bytes, &engine, events.clone()));
        let compiler = Compiler {
            cache,
            engine,
            linker,
            imports,
            limits: self.limits.clone(),
            profile: self.profile,
        };
        let settings = Settings {
            permits: self.seed.map_or(self.permits, |_| 1),
            max_isolates: isolates,
            limits: self.limits,
            seed: self.seed,
            output: self.output,
            on_exit: self.on_exit,
            events,
        };
        Ok(Runtime {
            core: Core::start(compiler, settings)?,
        })
    }
}

impl std::fmt::Debug for RuntimeBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RuntimeBuilder")
            .field("permits", &self.permits)
            .field("profile", &self.profile)
            .field("max_isolates", &self.max_isolates)
            .finish_non_exhaustive()
    }
}
