//! What others ask of a supervisor.

use super::table::{Command, Entry};
use super::watch::Watch;
use super::{ChildSpec, SupervisorError};
use crate::{Isolate, SendPort};
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

/// A supervisor that runs in this isolate. It goes on when this is dropped.
///
/// ```no_run
/// # use insula_guest::supervisor::*;
/// # use insula_guest::*;
/// # #[entry]
/// # fn worker() {}
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let supervisor = Supervisor::new(Strategy::OneForOne).stays_when_empty(true).start()?;
/// supervisor.add(ChildSpec::new("Ada", worker, ()))?;
/// if let Some(ada) = supervisor.port("Ada") {
///     ada.send("some work")?;
/// }
/// supervisor.stop().await?;
/// # Ok(())
/// # }
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct SupervisorHandle(Rc<Watch>);

/// A child, as it is at this moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Child {
    /// What the supervisor knows it by.
    pub name: String,
    /// None when it does not run.
    pub isolate: Option<Isolate>,
    /// How often it was started again.
    pub restarts: u32,
}

impl SupervisorHandle {
    pub(super) fn new(watch: &Rc<Watch>) -> Self {
        Self(Rc::clone(watch))
    }

    /// The first port of the isolate that the child is at this moment. It is another
    /// one when the child was started again. None when there is no such child, and
    /// when it does not run.
    pub fn port(&self, name: &str) -> Option<SendPort> {
        Some(self.isolate(name)?.port().clone())
    }

    /// The isolate that the child is at this moment.
    pub fn isolate(&self, name: &str) -> Option<Isolate> {
        let table = self.0.table.borrow();
        let running = table.by_name(name)?.running.as_ref()?;
        Some(running.isolate.clone())
    }

    /// The children, in the order in which they are started.
    pub fn children(&self) -> Vec<Child> {
        let table = self.0.table.borrow();
        table.children.iter().map(Child::from).collect()
    }

    /// Starts one more child, after the others.
    ///
    /// # Errors
    ///
    /// When the name is taken, when it cannot be started, or when the supervisor is
    /// over.
    pub fn add(&self, child: ChildSpec) -> Result<Isolate, SupervisorError> {
        self.0.add(child)
    }

    /// Ends a child for good, as its [`Shutdown`](super::Shutdown) says, and waits
    /// until it has ended. It is ended also when nobody waits.
    ///
    /// # Errors
    ///
    /// When there is no such child.
    pub async fn end(&self, name: &str) -> Result<(), SupervisorError> {
        let child = self.0.table.borrow().by_name(name).map(|child| child.id);
        let id = child.ok_or_else(|| SupervisorError::NoSuchChild(name.to_owned()))?;
        self.0.command(Command::End(id));
        self.until(|| self.0.table.borrow_mut().by_id(id).is_none().then_some(()))
            .await;
        Ok(())
    }

    /// Ends all children, in the reverse order of start, and waits until they have
    /// ended. They are ended also when nobody waits.
    ///
    /// # Errors
    ///
    /// What the supervisor had failed with before.
    pub async fn stop(&self) -> Result<(), SupervisorError> {
        self.0.command(Command::Stop);
        self.wait().await
    }

    /// Waits until the supervisor is over: until no child is left that runs (unless
    /// it [stays](super::Supervisor::stays_when_empty)), until it was stopped, or
    /// until it gives up.
    ///
    /// # Errors
    ///
    /// When there were too many restarts.
    pub async fn wait(&self) -> Result<(), SupervisorError> {
        self.until(|| self.0.table.borrow().outcome.clone()).await
    }

    /// Waits until a look has a result. It looks whenever something has changed.
    async fn until<T>(&self, look: impl Fn() -> Option<T>) -> T {
        poll_fn(|context| match look() {
            Some(result) => Poll::Ready(result),
            None => {
                let waker = context.waker().clone();
                self.0.table.borrow_mut().watchers.push(waker);
                Poll::Pending
            }
        })
        .await
    }
}

impl From<&Entry> for Child {
    fn from(child: &Entry) -> Self {
        let running = child.running.as_ref();
        Self {
            name: child.spec.name.clone(),
            isolate: running.map(|running| running.isolate.clone()),
            restarts: child.starts.saturating_sub(1),
        }
    }
}

impl fmt::Debug for SupervisorHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SupervisorHandle")
            .field(&self.children())
            .finish()
    }
}
