//! Knowing and controlling isolates.

use crate::bindings::control;
use crate::error::{granted, sent};
use crate::outgoing::with_outgoing;
use crate::{
    Capability, ControlError, Errors, Monitor, Pong, Priority, Right, SendError, SendPort,
};
use insula_message::ToMessage;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use std::cell::OnceCell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// An isolate as others know it, without the right to send to it.
///
/// Everybody who has one can [`ping`](Self::ping) the isolate, listen for its
/// errors and its end, and [`monitor`](Self::monitor) it. To pause it and to
/// terminate it are rights of their own, which a handle has or has not: what asks
/// for a right that is not there does nothing and answers
/// [`ControlError::NoRight`].
///
/// A handle travels in messages, with its rights. [`without_rights`] and
/// [`with_only`] make one that has fewer, to hand on.
///
/// ```no_run
/// # use insula_guest::*;
/// # #[entry]
/// # fn worker() {}
/// # async fn example() -> Result<(), ControlError> {
/// let worker = Isolate::spawn(worker, ());
/// let pause = worker.pause()?;
/// worker.resume(&pause)?;
/// worker.kill()?;
/// println!("{}: {}", worker.name(), worker.monitor().await.reason);
/// # Ok(())
/// # }
/// # fn main() {}
/// ```
///
/// [`without_rights`]: Self::without_rights
/// [`with_only`]: Self::with_only
#[derive(Clone)]
pub struct Control(Rc<Handle>);

struct Handle {
    resource: control::Isolate,
    /// The host is asked when it is first needed, as it is a handle more.
    port: OnceCell<SendPort>,
}

impl Control {
    /// From its parts, as they came in messages. A capability that is not this
    /// isolate's gives no right.
    pub fn new(
        control_port: &SendPort,
        pause: Option<&Capability>,
        terminate: Option<&Capability>,
    ) -> Result<Self, ControlError> {
        let resource = control::Isolate::from_parts(
            control_port.resource(),
            pause.map(Capability::resource),
            terminate.map(Capability::resource),
        )?;
        Ok(resource.into())
    }

    /// This isolate, with every right.
    ///
    /// # Panics
    ///
    /// When the isolate may have no more handles. [`try_current`] answers with an
    /// error instead.
    ///
    /// [`try_current`]: Self::try_current
    #[track_caller]
    pub fn current() -> Self {
        granted(Self::try_current())
    }

    /// This isolate, unless it may have no more handles.
    pub fn try_current() -> Result<Self, ControlError> {
        Ok(control::Isolate::current()?.into())
    }

    /// What names the isolate in messages, and gives no right: what is sent there
    /// reaches nobody.
    pub fn control_port(&self) -> Result<SendPort, ControlError> {
        if let Some(port) = self.0.port.get() {
            return Ok(port.clone());
        }
        let port = SendPort::from(self.0.resource.control_port()?);
        Ok(self.0.port.get_or_init(|| port).clone())
    }

    /// The right to pause it.
    pub fn pause_capability(&self) -> Result<Capability, ControlError> {
        let capability = self.0.resource.pause_capability()?;
        capability.map(Capability::from).ok_or(NO_PAUSE)
    }

    /// The right to terminate it.
    pub fn terminate_capability(&self) -> Result<Capability, ControlError> {
        let capability = self.0.resource.terminate_capability()?;
        capability.map(Capability::from).ok_or(NO_TERMINATE)
    }

    /// What it is called, for people. Unique within the group.
    pub fn name(&self) -> String {
        self.0.resource.name()
    }

    /// The same isolate with no right.
    pub fn without_rights(&self) -> Result<Control, ControlError> {
        self.with_only(&[])
    }

    /// The same isolate with these rights only, all of which this one has.
    pub fn with_only(&self, rights: &[Right]) -> Result<Control, ControlError> {
        let (pause, terminate) = (Right::Pause, Right::Terminate);
        let pause = rights.contains(&pause).then(|| self.pause_capability());
        let terminate = rights
            .contains(&terminate)
            .then(|| self.terminate_capability());
        Control::new(
            &self.control_port()?,
            pause.transpose()?.as_ref(),
            terminate.transpose()?.as_ref(),
        )
    }

    /// Pauses it by a new capability, which is what it takes to let it go on.
    ///
    /// It stops after its current event. What is sent to it meanwhile waits, and
    /// so do its timers.
    pub fn pause(&self) -> Result<Capability, ControlError> {
        let by = Capability::try_new().map_err(|refused| ControlError::Refused(refused.0))?;
        self.pause_with(&by)?;
        Ok(by)
    }

    /// Pauses it by this capability, whatever that is. An isolate is paused as
    /// long as it is by any: once more by the same one changes nothing.
    pub fn pause_with(&self, by: &Capability) -> Result<(), ControlError> {
        if self.0.resource.pause(by.resource())? {
            Ok(())
        } else {
            Err(NO_PAUSE)
        }
    }

    /// Takes a capability away by which it is paused. With the last one it goes
    /// on. One by which it is not paused changes nothing, now or later.
    pub fn resume(&self, by: &Capability) -> Result<(), ControlError> {
        right(self.0.resource.resume(by.resource()), NO_PAUSE)
    }

    /// Lets an isolate begin that was spawned [paused]. It is the same as to
    /// [`resume`](Self::resume) it by its own pause capability.
    ///
    /// [paused]: crate::SpawnOptions::paused
    pub fn start(&self) -> Result<(), ControlError> {
        self.resume(&self.pause_capability()?)
    }

    /// Ends it at once, whatever it is doing: in the middle of a loop, while it
    /// is paused, before it has begun. What it has sent is delivered all the same.
    /// One that has ended already stays so.
    ///
    /// In Dart, `kill` without a priority waits for the end of the current event,
    /// which never comes in a loop without end. Who kills an isolate here seldom
    /// trusts it, so at once is what this means;
    /// [`kill_with`](Self::kill_with) has both.
    pub fn kill(&self) -> Result<(), ControlError> {
        self.kill_with(Priority::Immediate)
    }

    /// Ends it, at once or after its current event.
    pub fn kill_with(&self, priority: Priority) -> Result<(), ControlError> {
        right(self.0.resource.kill(priority.into(), false), NO_TERMINATE)
    }

    /// Ends it at once, and with it all that it has spawned, at any depth.
    pub fn kill_tree(&self) -> Result<(), ControlError> {
        self.kill_tree_with(Priority::Immediate)
    }

    /// Ends it, at once or after its current event, and with it all that it has
    /// spawned by then, at any depth.
    pub fn kill_tree_with(&self, priority: Priority) -> Result<(), ControlError> {
        right(self.0.resource.kill(priority.into(), true), NO_TERMINATE)
    }

    /// Whether an error that nothing in it has caught ends it. A panic and a trap
    /// always do.
    pub fn set_errors_fatal(&self, fatal: bool) -> Result<(), ControlError> {
        right(self.0.resource.set_errors_fatal(fatal), NO_TERMINATE)
    }

    /// Has it answer with `response` to `to`: at once, also while it computes or is
    /// paused, or when it has done its current event. One that has ended answers
    /// nothing.
    pub fn ping(
        &self,
        to: &SendPort,
        response: impl ToMessage<SendPort>,
        priority: Priority,
    ) -> Result<(), SendError> {
        sent(with_outgoing(&response, |response| {
            let to = to.resource();
            self.0.resource.ping(to, &response, priority.into())
        })?)
    }

    /// Whether it answers: true when it has, at that priority, and false when it
    /// has ended before.
    ///
    /// ```no_run
    /// # use insula_guest::*;
    /// # use std::time::Duration;
    /// # async fn example(worker: Control) {
    /// let idle = worker.responds(Priority::BeforeNextEvent);
    /// if timeout(Duration::from_secs(1), idle).await.is_err() {
    ///     println!("{} is busy, or paused", worker.name());
    /// }
    /// # }
    /// ```
    #[track_caller]
    pub fn responds(&self, priority: Priority) -> Pong {
        Pong::new(self, priority)
    }

    /// Sends `response` to `to` when it ends: once only, after everything that it
    /// has sent itself. Added again, the newer response counts.
    ///
    /// Of an isolate that has ended already nothing is sent, and the answer is
    /// [`SendError::Closed`]; a [`monitor`](Self::monitor) is told then, too.
    /// Room in the mailbox behind `to` is taken now, so that the notice is not
    /// lost.
    pub fn add_exit_listener(
        &self,
        to: &SendPort,
        response: impl ToMessage<SendPort>,
    ) -> Result<(), SendError> {
        sent(with_outgoing(&response, |response| {
            self.0.resource.add_exit_listener(to.resource(), &response)
        })?)
    }

    /// Takes an exit listener away, if it is there.
    pub fn remove_exit_listener(&self, to: &SendPort) {
        self.0.resource.remove_exit_listener(to.resource());
    }

    /// Sends each error that nothing in it has caught to `to`, as a pair of
    /// strings: its text and its backtrace, which may be empty. A panic and a trap
    /// are such errors, too. [`errors`](Self::errors) reads them.
    pub fn add_error_listener(&self, to: &SendPort) -> Result<(), SendError> {
        sent(self.0.resource.add_error_listener(to.resource()))
    }

    /// Takes an error listener away, if it is there.
    pub fn remove_error_listener(&self, to: &SendPort) {
        self.0.resource.remove_error_listener(to.resource());
    }

    /// The errors that nothing in it has caught, from now on. The stream ends with
    /// the isolate.
    pub fn errors(&self) -> Result<Errors, ControlError> {
        Errors::new(self)
    }

    /// Waits for its end, and for why. Of an isolate that has ended already it is
    /// ready at once.
    ///
    /// # Panics
    ///
    /// When this isolate may have no more handles, or its mailbox has no room for
    /// the notice. [`try_monitor`](Self::try_monitor) answers with an error
    /// instead.
    #[track_caller]
    pub fn monitor(&self) -> Monitor {
        granted(self.try_monitor())
    }

    /// Waits for its end, unless this isolate may have no more handles, or its
    /// mailbox has no room for the notice.
    pub fn try_monitor(&self) -> Result<Monitor, ControlError> {
        Monitor::new(self)
    }

    /// Sends the pair of `response` and its [`ExitReason`](crate::ExitReason) to
    /// `to` when it ends, or at once if it has. Otherwise as an
    /// [exit listener](Self::add_exit_listener), beside which it may stand.
    pub fn add_monitor(
        &self,
        to: &SendPort,
        response: impl ToMessage<SendPort>,
    ) -> Result<(), SendError> {
        sent(with_outgoing(&response, |response| {
            self.0.resource.add_monitor(to.resource(), &response)
        })?)
    }

    /// Takes a monitor away, if it is there.
    pub fn remove_monitor(&self, to: &SendPort) {
        self.0.resource.remove_monitor(to.resource());
    }

    /// Ties it to this isolate: when one of the two ends other than in peace, the
    /// other one ends too, with [`ExitReason::Linked`](crate::ExitReason::Linked).
    /// If it has ended so already, this isolate ends here. Needs the right to
    /// terminate it.
    pub fn link(&self) -> Result<(), ControlError> {
        right(self.0.resource.link(), NO_TERMINATE)
    }

    /// As [`link`](Self::link), one way only: when this isolate ends other than in
    /// peace, so does that one. This one outlives it, as a supervisor does.
    pub fn tie(&self) -> Result<(), ControlError> {
        right(self.0.resource.tie(), NO_TERMINATE)
    }

    /// Takes away what [`link`](Self::link) and [`tie`](Self::tie) have made.
    pub fn unlink(&self) {
        self.0.resource.unlink();
    }
}

const NO_PAUSE: ControlError = ControlError::NoRight(Right::Pause);
const NO_TERMINATE: ControlError = ControlError::NoRight(Right::Terminate);

fn right(is_there: bool, error: ControlError) -> Result<(), ControlError> {
    if is_there { Ok(()) } else { Err(error) }
}

impl From<control::Isolate> for Control {
    fn from(resource: control::Isolate) -> Self {
        let port = OnceCell::new();
        Self(Rc::new(Handle { resource, port }))
    }
}

/// Handles of one isolate are equal, whatever their rights.
///
/// # Panics
///
/// Comparing and hashing take a handle of the host's for the
/// [control port](Control::control_port), once for each handle to an isolate: they
/// panic when the isolate may have no more.
impl PartialEq for Control {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
            || granted(self.control_port()) == granted(other.control_port())
    }
}

impl Eq for Control {}

impl Hash for Control {
    fn hash<H: Hasher>(&self, state: &mut H) {
        granted(self.control_port()).hash(state);
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Control({})", self.name())
    }
}

/// What a handle is in messages.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Control")]
struct Parts {
    control: SendPort,
    pause: Option<Capability>,
    terminate: Option<Capability>,
}

impl Serialize for Control {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parts = self.parts().map_err(ser::Error::custom)?;
        parts.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Control {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parts = Parts::deserialize(deserializer)?;
        let (pause, terminate) = (parts.pause.as_ref(), parts.terminate.as_ref());
        Control::new(&parts.control, pause, terminate).map_err(de::Error::custom)
    }
}

impl Control {
    fn parts(&self) -> Result<Parts, ControlError> {
        let resource = &self.0.resource;
        Ok(Parts {
            control: self.control_port()?,
            pause: resource.pause_capability()?.map(Capability::from),
            terminate: resource.terminate_capability()?.map(Capability::from),
        })
    }
}
