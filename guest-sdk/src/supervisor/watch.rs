//! The supervisor at work: it starts children, hears of their ends, and does what
//! the plan says.

use super::SupervisorError;
use super::child::{ChildSpec, First, Shutdown};
use super::plan::{Decision, Plan};
use super::table::{Command, Observer, Running, Table};
use crate::{ExitReason, Isolate, Priority, ReceivePort, SendPort, SpawnError, timer};
use std::cell::RefCell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

/// What has happened to a child: see
/// [`Supervisor::observe`](super::Supervisor::observe). It displays as a line of
/// text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ChildEvent {
    /// It was started.
    Started {
        /// The child's name.
        child: String,
        /// How often it was started before.
        restarts: u32,
    },
    /// It has ended.
    Ended {
        /// The child's name.
        child: String,
        /// Why.
        reason: ExitReason,
    },
}

impl fmt::Display for ChildEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { child, restarts: 0 } => write!(f, "{child} started"),
            Self::Started { child, .. } => write!(f, "{child} started again"),
            Self::Ended { child, reason } => write!(f, "{child} {reason}"),
        }
    }
}

pub struct Watch {
    pub table: RefCell<Table>,
    stays: bool,
    /// Where the ends of children are told, as an incarnation and a reason.
    exits: ReceivePort,
    to_exits: SendPort,
    begin: Instant,
}

type Exit = (u64, ExitReason);

enum Event {
    Exit(Exit),
    Command(Command),
}

impl Watch {
    pub fn new(
        plan: Plan,
        stays: bool,
        observer: Option<Observer>,
    ) -> Result<Rc<Self>, SupervisorError> {
        let exits = ReceivePort::try_new()?;
        let to_exits = exits.try_send_port()?;
        Ok(Rc::new(Self {
            table: RefCell::new(Table::new(plan, observer)),
            stays,
            exits,
            to_exits,
            begin: Instant::now(),
        }))
    }

    /// Starts one more child, after the others.
    pub fn add(&self, spec: ChildSpec) -> Result<Isolate, SupervisorError> {
        let child = spec.name.clone();
        let id = {
            let mut table = self.table.borrow_mut();
            if table.is_ending {
                return Err(SupervisorError::Over);
            }
            if table.by_name(&child).is_some() {
                return Err(SupervisorError::NameTaken(child));
            }
            table.add(spec)
        };
        self.start(id).map_err(|error| {
            let removed = self.table.borrow_mut().remove(id);
            drop(removed);
            SupervisorError::NotStarted { child, error }
        })
    }

    /// Asks the supervisor for something.
    pub fn command(&self, command: Command) {
        let mut table = self.table.borrow_mut();
        table.commands.push_back(command);
        let waker = table.supervisor.take();
        drop(table);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Kills all that run, and waits for none.
    pub fn kill_all(&self) {
        let running: Vec<_> = {
            let mut table = self.table.borrow_mut();
            let children = table.children.iter_mut().rev();
            children.filter_map(|child| child.running.take()).collect()
        };
        for child in running {
            child.isolate.kill_tree().ok();
        }
    }

    /// Watches the children until it is over.
    pub async fn run(self: Rc<Self>, max_restarts: u32, within: Duration) {
        let outcome = self.watch().await;
        let outcome = outcome.map_err(|(child, reason)| SupervisorError::TooManyRestarts {
            child,
            reason,
            max_restarts,
            within,
        });
        self.exits.close();
        let mut table = self.table.borrow_mut();
        table.is_ending = true;
        table.outcome = Some(outcome);
        let dropped = (table.observer.take(), std::mem::take(&mut table.children));
        drop(table);
        drop(dropped);
        self.tell_watchers();
    }

    /// The error is the child that has failed once too often, and why.
    async fn watch(&self) -> Result<(), (String, ExitReason)> {
        while !self.is_over() {
            match self.next_event().await {
                Event::Exit((incarnation, reason)) => self.ended(incarnation, reason).await?,
                Event::Command(Command::End(id)) => {
                    self.end(id).await;
                    let removed = self.table.borrow_mut().remove(id);
                    drop(removed);
                }
                Event::Command(Command::Stop) => {
                    self.end_all().await;
                    return Ok(());
                }
            }
            self.tell_watchers();
        }
        Ok(())
    }

    /// No child runs, and there was one.
    fn is_over(&self) -> bool {
        let mut table = self.table.borrow_mut();
        let over = !self.stays && table.has_begun && !table.plan.is_any_running();
        table.is_ending |= over;
        over
    }

    async fn next_event(&self) -> Event {
        let mut exit = self.exits.recv_as::<Exit>();
        poll_fn(|context| {
            let mut table = self.table.borrow_mut();
            if let Some(command) = table.commands.pop_front() {
                return Poll::Ready(Event::Command(command));
            }
            table.supervisor = Some(context.waker().clone());
            drop(table);
            let exit = Pin::new(&mut exit).poll(context);
            exit.map(|exit| Event::Exit(exit.expect("the host tells it to an open port")))
        })
        .await
    }

    /// A child has ended by itself.
    async fn ended(
        &self,
        incarnation: u64,
        reason: ExitReason,
    ) -> Result<(), (String, ExitReason)> {
        let id = self.table.borrow().by_incarnation(incarnation);
        let Some(mut id) = id else { return Ok(()) };
        let Some(mut name) = self.stopped(id, &reason) else {
            return Ok(());
        };
        let mut reason = reason;
        loop {
            let now = self.begin.elapsed();
            let decision = (self.table.borrow_mut().plan).ended(id, reason.is_ended(), now);
            let (end, start) = match decision {
                Decision::Leave => return Ok(()),
                Decision::Forget => {
                    let removed = self.table.borrow_mut().remove(id);
                    drop(removed);
                    return Ok(());
                }
                Decision::GiveUp { end } => {
                    self.table.borrow_mut().is_ending = true;
                    for id in end {
                        self.end(id).await;
                    }
                    // One that was added meanwhile.
                    self.end_all().await;
                    return Err((name, reason));
                }
                Decision::Restart { end, start } => (end, start),
            };
            for id in end {
                self.end(id).await;
            }
            // A start that fails is one more failure, of that child.
            let failed = start.into_iter().find_map(|id| {
                let error = self.start(id).err()?;
                Some((id, error))
            });
            let Some((failed, error)) = failed else {
                return Ok(());
            };
            id = failed;
            reason = ExitReason::NotStarted(error.to_string());
            name = match self.stopped(id, &reason) {
                Some(name) => name,
                None => return Ok(()),
            };
        }
    }

    async fn end_all(&self) {
        let running = {
            let mut table = self.table.borrow_mut();
            table.is_ending = true;
            table.plan.to_end(0)
        };
        for id in running {
            self.end(id).await;
        }
    }

    fn start(&self, id: u64) -> Result<Isolate, SpawnError> {
        let (spec, restarts) = match self.table.borrow_mut().by_id(id) {
            Some(child) => match &child.running {
                Some(running) => return Ok(running.isolate.clone()),
                None => (child.spec.clone(), child.starts),
            },
            None => return Err(SpawnError::Refused("it is no child any more".to_owned())),
        };
        // The program's code, which may ask for the children.
        let isolate = spec.start(restarts)?;
        let incarnation = self.table.borrow_mut().new_incarnation();
        if let Err(error) = self.attach(&isolate, incarnation) {
            isolate.kill_tree().ok();
            return Err(SpawnError::Refused(error));
        }
        {
            let mut table = self.table.borrow_mut();
            table.plan.started(id);
            table.has_begun = true;
            if let Some(child) = table.by_id(id) {
                let isolate = isolate.clone();
                child.running = Some(Running {
                    isolate,
                    incarnation,
                });
                child.starts = restarts.saturating_add(1);
            }
        }
        let child = spec.name;
        self.observe(ChildEvent::Started { child, restarts });
        Ok(isolate)
    }

    /// It ends with this isolate, and its end is told here.
    fn attach(&self, isolate: &Isolate, incarnation: u64) -> Result<(), String> {
        isolate.tie().map_err(|error| error.to_string())?;
        let watched = isolate.add_monitor(&self.to_exits, incarnation);
        watched.map_err(|error| format!("its end could not be told: {error}"))
    }

    /// Ends a child, if it runs, and waits until it has ended.
    async fn end(&self, id: u64) {
        let child = self.table.borrow_mut().by_id(id).and_then(|child| {
            let running = child.running.clone()?;
            Some((running, child.spec.shutdown.clone()))
        });
        let Some((running, shutdown)) = child else {
            return;
        };
        let reason = self.shut_down(&running, &shutdown).await;
        self.stopped(id, &reason);
        let mut table = self.table.borrow_mut();
        let removed = table.plan.was_ended(id).then(|| table.remove(id));
        drop(table);
        drop(removed);
    }

    async fn shut_down(&self, child: &Running, shutdown: &Shutdown) -> ExitReason {
        match &shutdown.first {
            First::Kill => {}
            First::KillAfterEvent => {
                child.isolate.kill_with(Priority::BeforeNextEvent).ok();
            }
            First::Ask(ask) => ask(child.isolate.port()),
        }
        if !matches!(shutdown.first, First::Kill)
            && let Some(reason) = within(shutdown.within, self.exit_of(child)).await
        {
            return reason;
        }
        child.isolate.kill_tree().ok();
        self.exit_of(child).await
    }

    /// The end of this one. Those of others are kept for later.
    async fn exit_of(&self, child: &Running) -> ExitReason {
        let is_its = |(incarnation, _): &Exit| *incarnation == child.incarnation;
        let exit = self.exits.recv_as_where(is_its).await;
        let (_, reason) = exit.expect("the host tells it to an open port");
        reason
    }

    /// Notes that a child does not run, and tells why. Gives its name.
    fn stopped(&self, id: u64, reason: &ExitReason) -> Option<String> {
        let (name, running) = {
            let mut table = self.table.borrow_mut();
            let child = table.by_id(id)?;
            (child.spec.name.clone(), child.running.take())
        };
        drop(running);
        self.observe(ChildEvent::Ended {
            child: name.clone(),
            reason: reason.clone(),
        });
        Some(name)
    }

    fn observe(&self, event: ChildEvent) {
        let observer = self.table.borrow_mut().observer.take();
        if let Some(mut observer) = observer {
            observer(&event);
            self.table.borrow_mut().observer = Some(observer);
        }
    }

    fn tell_watchers(&self) {
        let watchers = std::mem::take(&mut self.table.borrow_mut().watchers);
        watchers.into_iter().for_each(Waker::wake);
    }
}

/// What a future comes to, if it does in time. Where there may be no more timers it
/// has no time.
async fn within<F: Future>(duration: Duration, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut sleep = timer::try_sleep(duration).ok()?;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Pin::new(&mut sleep).poll(context).map(|()| None),
    })
    .await
}
