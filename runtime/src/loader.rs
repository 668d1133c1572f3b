//! Where programs are compiled: never on a worker, whose stack is small and whose
//! permit others need, and never for longer than somebody waits.
//!
//! A load has threads of its own, and a pool of the compiler's that is made of
//! them: the pool that all of a process share would be held by whoever comes with
//! the most work. The host's loads take a thread for each core, those of guests
//! one. A compiler cannot be stopped, so a load that takes too long is *given up*:
//! who asked is told, others have its place, its threads end when they are done,
//! and until then it counts for its owner.

mod queue;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use insula_message::{Limit, LimitHit};

use crate::core::shielded;
use crate::error::LoadError;
use crate::limits::Limits;
use crate::program::Program;
use crate::sync::{lock, wait, wait_timeout};

pub(crate) use queue::Owner;
use queue::{Bounds, Place, Queue};

/// A program to be loaded.
pub(crate) struct Load {
    pub(crate) owner: Owner,
    /// What the program is called in errors.
    pub(crate) program: String,
    /// Done on a loader thread. It may outlive the runtime, so it holds nothing of
    /// the host's and no isolate.
    pub(crate) work: Box<dyn FnOnce() -> Result<Program, LoadError> + Send>,
    /// Is told what became of it, once, on any thread.
    pub(crate) done: Done,
}

type Done = Box<dyn FnOnce(Result<Program, LoadError>) + Send>;

pub(crate) struct Loader {
    /// Threads for a load of the host's.
    threads: usize,
    compile_time: LimitHit,
    state: Mutex<State>,
    /// Told when a load begins or ends, and when the loader is to stop.
    changed: Condvar,
}

struct State {
    queue: Queue<Load>,
    running: BTreeMap<u64, Running>,
    begun: u64,
    /// Threads of loads that have ended; they end too.
    ended: Vec<JoinHandle<()>>,
    /// Gives up what takes too long.
    watch: Option<JoinHandle<()>>,
    stopping: bool,
}

/// A load that was begun.
struct Running {
    owner: Owner,
    program: String,
    place: Place,
    deadline: Option<Instant>,
    /// None once it was given up.
    done: Option<Done>,
    threads: Vec<JoinHandle<()>>,
}

/// Compilers recurse with what they compile.
const STACK: usize = 8 << 20;

/// More threads for one load make little difference.
const MOST_THREADS: usize = 16;

/// So many loads of the host's, and as many of guests', go on although they were
/// given up, before others are refused.
const GIVEN_UP: usize = 4;

/// How long stopping waits for loads that go on. Their threads are then left to
/// end by themselves.
const STOP_WAIT: Duration = Duration::from_secs(2);

impl Loader {
    pub(crate) fn new(permits: usize, limits: &Limits) -> Arc<Self> {
        let at_once = (permits / 2).clamp(2, 8);
        let queue = Queue::new(Bounds {
            at_once,
            of_group: at_once / 2,
            given_up: GIVEN_UP,
        });
        Arc::new(Loader {
            threads: permits.min(MOST_THREADS),
            compile_time: limits.hit(Limit::CompileTime),
            state: Mutex::new(State {
                queue,
                running: BTreeMap::new(),
                begun: 0,
                ended: Vec::new(),
                watch: None,
                stopping: false,
            }),
            changed: Condvar::new(),
        })
    }

    /// Loads a program when it is its turn.
    pub(crate) fn submit(self: &Arc<Self>, load: Load) {
        let refused = {
            let mut state = lock(&self.state);
            if state.stopping || self.start_watch(&mut state).is_err() {
                Some(no_loader(load))
            } else {
                let busy = state.running.len();
                let pushed = state.queue.push(load.owner, load);
                pushed.err().map(|load| busy_with(load, busy))
            }
        };
        match refused {
            Some((done, error)) => shielded(|| done(Err(error))),
            None => self.begin(),
        }
    }

    /// Loads a program for the host, and waits for it.
    pub(crate) fn run(
        self: &Arc<Self>,
        program: &str,
        work: impl FnOnce() -> Result<Program, LoadError> + Send + 'static,
    ) -> Result<Program, LoadError> {
        let (told, result) = crossbeam_channel::bounded(1);
        self.submit(Load {
            owner: Owner::Host,
            program: program.to_owned(),
            work: Box::new(work),
            done: Box::new(move |result| {
                let _ = told.send(result);
            }),
        });
        let program = program.to_owned();
        result
            .recv()
            .unwrap_or(Err(LoadError::NoLoader { program }))
    }

    /// Loads that go on, those that were given up included.
    pub(crate) fn running(&self) -> usize {
        lock(&self.state).running.len()
    }

    /// Begins what may begin now.
    fn begin(self: &Arc<Self>) {
        while let Some((number, work)) = self.next() {
            if let Err(work) = self.start(number, work) {
                drop(work);
                let program = self.program_of(number);
                self.end(number, Err(LoadError::NoLoader { program }));
            }
        }
    }

    fn next(&self) -> Option<(u64, Work)> {
        let mut state = lock(&self.state);
        if state.stopping {
            return None;
        }
        let (owner, load) = state.queue.next()?;
        state.begun += 1;
        let number = state.begun;
        let time = Duration::from_millis(self.compile_time.value);
        let running = Running {
            owner,
            program: load.program,
            place: Place::Active,
            deadline: Instant::now().checked_add(time),
            done: Some(load.done),
            threads: Vec::new(),
        };
        state.running.insert(number, running);
        self.changed.notify_all();
        Some((number, load.work))
    }

    /// Starts the threads of a load; gives the work back where the system refuses
    /// one.
    fn start(self: &Arc<Self>, number: u64, work: Work) -> Result<(), Work> {
        let owner = lock(&self.state)
            .running
            .get(&number)
            .map(|load| load.owner);
        let count = match owner {
            Some(Owner::Host) => self.threads,
            _ => 1,
        };
        let mut threads = Vec::new();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(count)
            .spawn_handler(|thread| {
                let named = std::thread::Builder::new().name(format!("insula-loader-{number}"));
                threads.push(named.stack_size(STACK).spawn(|| thread.run())?);
                Ok(())
            })
            .build();
        if let Some(running) = lock(&self.state).running.get_mut(&number) {
            running.threads = threads;
        }
        let Ok(pool) = pool else {
            return Err(work);
        };
        let loader = self.clone();
        pool.spawn(move || {
            // A compiler that panics fails this load and no other.
            let result = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
                let program = loader.program_of(number);
                Err(LoadError::CompilerFailed { program })
            });
            loader.end(number, result);
            loader.begin();
        });
        Ok(())
    }

    fn program_of(&self, number: u64) -> String {
        let state = lock(&self.state);
        let program = state.running.get(&number).map(|load| load.program.clone());
        program.unwrap_or_default()
    }

    /// A load has ended; who asked for it is told, where nobody told him before.
    fn end(&self, number: u64, result: Result<Program, LoadError>) {
        let ended = {
            let mut state = lock(&self.state);
            let Some(running) = state.running.remove(&number) else {
                return;
            };
            state.queue.end(running.owner, &running.place);
            state.ended.retain(|thread| !thread.is_finished());
            state.ended.extend(running.threads);
            self.changed.notify_all();
            running
                .done
                .map(|done| (done, running.program, running.deadline))
        };
        let Some((done, program, deadline)) = ended else {
            return;
        };
        // The watch may be late.
        let late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
        let hit = self.compile_time;
        let result = if late {
            Err(LoadError::Limit { program, hit })
        } else {
            result
        };
        shielded(|| done(result));
    }

    fn start_watch(self: &Arc<Self>, state: &mut State) -> std::io::Result<()> {
        if state.watch.is_none() {
            let loader = self.clone();
            let named = std::thread::Builder::new().name("insula-loader-watch".to_owned());
            state.watch = Some(named.spawn(move || loader.watch())?);
        }
        Ok(())
    }

    fn watch(self: Arc<Self>) {
        let mut state = lock(&self.state);
        while !state.stopping {
            let awaited = state.running.iter().filter(|(_, load)| load.done.is_some());
            let first = awaited
                .filter_map(|(number, load)| Some((load.deadline?, *number)))
                .min();
            let now = Instant::now();
            state = match first {
                None => wait(&self.changed, state),
                Some((deadline, _)) if deadline > now => {
                    wait_timeout(&self.changed, state, deadline - now)
                }
                Some((_, number)) => {
                    let told = self.give_up(&mut state, number);
                    drop(state);
                    for (done, error) in told {
                        shielded(|| done(Err(error)));
                    }
                    self.begin();
                    lock(&self.state)
                }
            };
        }
    }

    /// A load takes too long: who is to be told of which error.
    fn give_up(&self, state: &mut State, number: u64) -> Vec<(Done, LoadError)> {
        let going_on = state.running.len();
        let Some(running) = state.running.get_mut(&number) else {
            return Vec::new();
        };
        let (place, in_vain) = state.queue.give_up(running.owner);
        running.place = place;
        let error = LoadError::Limit {
            program: running.program.clone(),
            hit: self.compile_time,
        };
        let own = running.done.take().map(|done| (done, error));
        let others = in_vain.into_iter().map(|load| busy_with(load, going_on));
        own.into_iter().chain(others).collect()
    }

    /// Refuses what waits, and joins the threads; those of a load that goes on for
    /// longer than [`STOP_WAIT`] are left to end by themselves.
    pub(crate) fn stop(&self) {
        let (waiting, watch) = {
            let mut state = lock(&self.state);
            state.stopping = true;
            self.changed.notify_all();
            (state.queue.drain(), state.watch.take())
        };
        for (done, error) in waiting.into_iter().map(no_loader) {
            shielded(|| done(Err(error)));
        }
        if let Some(watch) = watch {
            let _ = watch.join();
        }
        let (left, threads) = self.wait_until_done();
        for (done, error) in left {
            shielded(|| done(Err(error)));
        }
        for thread in threads {
            let _ = thread.join();
        }
    }

    /// Waits for what goes on: who still has to be told, and the threads to join.
    fn wait_until_done(&self) -> (Vec<(Done, LoadError)>, Vec<JoinHandle<()>>) {
        let deadline = Instant::now() + STOP_WAIT;
        let mut state = lock(&self.state);
        while !state.running.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = wait_timeout(&self.changed, state, left);
        }
        let mut told = Vec::new();
        for load in state.running.values_mut() {
            let program = load.program.clone();
            let done = load.done.take();
            told.extend(done.map(|done| (done, LoadError::NoLoader { program })));
        }
        (told, std::mem::take(&mut state.ended))
    }
}

type Work = Box<dyn FnOnce() -> Result<Program, LoadError> + Send>;

fn no_loader(load: Load) -> (Done, LoadError) {
    let program = load.program;
    (load.done, LoadError::NoLoader { program })
}

fn busy_with(load: Load, loads: usize) -> (Done, LoadError) {
    let program = load.program;
    (load.done, LoadError::Busy { program, loads })
}
