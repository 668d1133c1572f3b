//! Runs a proof: a runtime of its own, the guest in it, and what came of it.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use insula::{
    Event, Events, ExitReason, Isolate, Limit, LimitHit, Line, LoadError, Output, Profile, Program,
    Runtime, SpawnOptions,
};
use serde::Serialize;

use super::proofs::{self, CHILDREN, Proof, Shows};
use super::scratch::Scratch;

/// How long a proof may take on a busy machine before it is said to hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// Room for a proof's isolates.
const ISOLATES: u32 = 64;

/// Turns at once in a proof.
const PERMITS: usize = 2;

/// How long more preempted turns than allowed are looked for.
const WATCHED: Duration = Duration::from_millis(200);

/// Whether a limit holds here.
#[derive(Debug, Serialize)]
pub struct Proved {
    pub limit: Limit,
    pub holds: bool,
    /// What was seen, or what was not.
    pub seen: String,
}

/// What the guests of a proof print.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<String>>>);

impl Printed {
    fn has(&self, text: &str) -> bool {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().any(|line| line == text)
    }
}

impl Output for Printed {
    fn line(&self, line: &Line<'_>) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line.text.to_owned());
    }
}

/// Tries every limit.
pub fn all(profile: Profile) -> Vec<Proved> {
    Limit::ALL
        .iter()
        .map(|limit| one(*limit, profile))
        .collect()
}

fn one(limit: Limit, profile: Profile) -> Proved {
    let tried = match proofs::of(limit) {
        Some(proof) => in_time(move || attempt(&proof, profile)),
        None => Err(anyhow!("there is no proof of it")),
    };
    Proved {
        limit,
        holds: tried.is_ok(),
        seen: tried.unwrap_or_else(|error| format!("{error:#}")),
    }
}

fn in_time(work: impl FnOnce() -> Result<String> + Send + 'static) -> Result<String> {
    let (done, result) = mpsc::channel();
    thread::Builder::new().spawn(move || done.send(work()))?;
    let result = result.recv_timeout(PATIENCE);
    result.map_err(|_| anyhow!("it hangs, or the runtime failed"))?
}

/// Says what was seen where the limit holds.
fn attempt(proof: &Proof, profile: Profile) -> Result<String> {
    let printed = Printed::default();
    let runtime = Runtime::builder()
        .profile(profile)
        .max_isolates(ISOLATES)
        .permits(PERMITS)
        .limits(proof.limits())
        .output(printed.clone())
        .start()?;
    let scratch = Scratch::new(proof.limit.option())?;
    let wasm = wat::parse_str(scratch.fill_in(&proof.guest)?)?;
    let program = match Program::from_bytes(&runtime, &wasm) {
        Ok(program) => program,
        Err(LoadError::Limit { hit, .. }) => return named(proof, &[hit], &printed),
        Err(error) => return Err(error.into()),
    };
    let events = runtime.events();
    let options = SpawnOptions::new().capabilities(scratch.capabilities()?);
    let isolate = runtime.spawn(&program, options)?;
    match proof.shows {
        Shows::Named => {
            let (reason, hits) = finish(runtime, isolate, events);
            named(proof, &hits, &printed).with_context(|| format!("it {reason}"))
        }
        Shows::Exits(expected) => match finish(runtime, isolate, events).0 {
            ExitReason::Exited(code) if code == expected => Ok(format!(
                "after {code} messages the guest was told that it is full"
            )),
            reason => bail!("it {reason}"),
        },
        Shows::Preempted => preempted(proof, &runtime, &isolate),
    }
}

/// Why it ended, and the limits that were met until then.
fn finish(runtime: Runtime, isolate: Isolate, events: Events) -> (ExitReason, Vec<LimitHit>) {
    let group = isolate.group().clone();
    let reason = isolate.join();
    // Its children may wait for ever.
    group.kill();
    runtime.shut_down();
    let mut hits: Vec<_> = events
        .filter_map(|event| match event {
            Event::LimitHit { hit, .. } => Some(hit),
            _ => None,
        })
        .collect();
    if let ExitReason::Limit { hit, .. } = &reason {
        hits.push(*hit);
    }
    (reason, hits)
}

fn named(proof: &Proof, hits: &[LimitHit], printed: &Printed) -> Result<String> {
    let expected = LimitHit {
        limit: proof.limit,
        value: proof.value,
    };
    if hits.contains(&expected) {
        return Ok("the host was told".to_owned());
    }
    ensure!(
        printed.has(&expected.to_string()),
        "nobody was told that it was met; the host was told {hits:?}"
    );
    Ok("the guest was told".to_owned())
}

/// Counts the turns that hold a thread while more would like to.
fn preempted(proof: &Proof, runtime: &Runtime, isolate: &Isolate) -> Result<String> {
    // Those that are running when the limit is met may become some more.
    let most = usize::try_from(proof.value)? + PERMITS;
    let (begun, mut seen) = (Instant::now(), 0);
    while begun.elapsed() < WATCHED {
        seen = seen.max(runtime.figures().preempted);
        thread::sleep(Duration::from_millis(1));
    }
    isolate.group().kill();
    ensure!(seen > 0, "no turn held a thread");
    ensure!(seen <= most, "{seen} turns held a thread, and {most} may");
    Ok(format!("{seen} of {CHILDREN} endless turns held a thread"))
}
