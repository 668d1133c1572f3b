//! Isolates that are started again when they fail.
//!
//! A supervisor starts its children in order and watches them. When one ends that
//! should not have, it starts it again, alone or with others: the
//! [`Strategy`] says which, and the [`Restart`] of a child whether. Too many
//! restarts in too short a time, and it gives up: it ends all of its children, and
//! what it fails with is for its own supervisor to deal with. The rules are those
//! of Erlang's OTP.
//!
//! ```no_run
//! use insula_guest::supervisor::*;
//! use insula_guest::*;
//! use std::time::Duration;
//!
//! #[entry]
//! fn store() {
//!     names::register("store", &port().send_port()).expect("there was none");
//!     port().receive(|row: String, _| println!("stored {row}"));
//! }
//!
//! #[entry]
//! fn reader(source: String) {
//!     // ..
//! }
//!
//! #[main]
//! async fn main() -> Result<(), SupervisorError> {
//!     Supervisor::new(Strategy::RestForOne)
//!         .intensity(3, Duration::from_secs(5))
//!         .child(ChildSpec::new("store", store, ()))
//!         .child(ChildSpec::new("reader", reader, "a.csv".to_string()).restart(Restart::Transient))
//!         .run()
//!         .await
//! }
//! ```
//!
//! A supervisor runs in the isolate that has started it. When that one ends other
//! than in peace, so do the children. A supervisor that is to be a child is an
//! entry of its own that [`run`](Supervisor::run)s one, as `main` above: what it
//! fails with is then the reason why its isolate ended.
//!
//! A child that is started again is a new isolate with a new port. Who is in the
//! supervisor's isolate asks the [`SupervisorHandle`] for it; for others the child
//! gives its port a [name](crate::names).

mod child;
mod error;
mod handle;
mod plan;
mod table;
mod watch;

pub use child::{ChildSpec, Shutdown};
pub use error::SupervisorError;
pub use handle::{Child, SupervisorHandle};
pub use watch::ChildEvent;

use crate::spawn_task;
use plan::{Plan, Window};
use std::time::Duration;
use watch::Watch;

/// Who is started again when a child has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// That child alone.
    OneForOne,
    /// All children: the others are ended first, in the reverse order of start.
    OneForAll,
    /// That child and those that were started after it, which are ended first, in
    /// the reverse order of start.
    RestForOne,
}

/// Which end of a child is one after which it is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Restart {
    /// Every end.
    #[default]
    Permanent,
    /// Every end but one in peace ([`ExitReason::Ended`](crate::ExitReason::Ended)).
    /// It is started again, too, when the strategy says so of another child.
    Transient,
    /// None: it is no child any more when it has ended.
    Temporary,
}

/// Children, and what is done when one of them ends.
///
/// See the [module](self) for an example.
#[must_use = "it does nothing before `run` or `start`"]
pub struct Supervisor {
    strategy: Strategy,
    max_restarts: u32,
    within: Duration,
    stays: bool,
    children: Vec<ChildSpec>,
    observer: Option<table::Observer>,
}

impl Supervisor {
    /// One without children, which gives up at the second restart within five
    /// seconds.
    pub fn new(strategy: Strategy) -> Self {
        Self {
            strategy,
            max_restarts: 1,
            within: Duration::from_secs(5),
            stays: false,
            children: Vec::new(),
            observer: None,
        }
    }

    /// How many restarts there may be within any stretch of time that is so long.
    /// At one more it gives up. That several children are started again together
    /// counts once.
    pub fn intensity(mut self, max_restarts: u32, within: Duration) -> Self {
        (self.max_restarts, self.within) = (max_restarts, within);
        self
    }

    /// One more child, which is started after the others.
    pub fn child(mut self, child: ChildSpec) -> Self {
        self.children.push(child);
        self
    }

    /// Whether it goes on when no child is left that runs: as it is when this does
    /// not say otherwise, it is over then. For children that come and go.
    pub fn stays_when_empty(mut self, stays: bool) -> Self {
        self.stays = stays;
        self
    }

    /// Calls `observer` whenever a child was started or has ended.
    pub fn observe(mut self, observer: impl FnMut(&ChildEvent) + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Starts the children, in order, and watches them from now on.
    ///
    /// # Errors
    ///
    /// When a child cannot be started. Those before it are killed.
    pub fn start(self) -> Result<SupervisorHandle, SupervisorError> {
        let window = Window::new(self.max_restarts, self.within);
        let plan = Plan::new(self.strategy, window);
        let watch = Watch::new(plan, self.stays, self.observer)?;
        for child in self.children {
            if let Err(error) = watch.add(child) {
                watch.kill_all();
                return Err(error);
            }
        }
        let handle = SupervisorHandle::new(&watch);
        spawn_task(watch.run(self.max_restarts, self.within));
        Ok(handle)
    }

    /// Starts the children and waits until it is over: until no child is left that
    /// runs, or until it gives up.
    ///
    /// # Errors
    ///
    /// When a child cannot be started, and when there were too many restarts.
    pub async fn run(self) -> Result<(), SupervisorError> {
        self.start()?.wait().await
    }
}

impl std::fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supervisor")
            .field("strategy", &self.strategy)
            .field("max_restarts", &self.max_restarts)
            .field("within", &self.within)
            .field("children", &self.children)
            .finish_non_exhaustive()
    }
}
