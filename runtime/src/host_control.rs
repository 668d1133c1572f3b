//! The host's way to control isolates: handles with rights.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use insula_message::{ExitReason, Right, ToMessage};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::capability::Capability;
use crate::control::{Part, Priority};
use crate::controller::{Controller, Watched};
use crate::error::{ControlError, SendError};
use crate::host_wait::Exited;
use crate::isolate::IsolateCore;
use crate::listeners::{ExitListener, REASON_ROOM};
use crate::message::{self, SendPort, sent};
use crate::port::Message;
use crate::promise::Promise;
use crate::usage::Usage;

/// An isolate as somebody knows it: to watch it everybody may; to pause it and to
/// terminate it takes the right, which a handle has or has not.
///
/// It can be sent in messages, with its rights. While the host holds one, the
/// isolate's group is not over.
pub struct Control(Controller);

const NO_PAUSE: ControlError = ControlError::NoRight(Right::Pause);
const NO_TERMINATE: ControlError = ControlError::NoRight(Right::Terminate);

/// What a [`Control`] is in a message.
#[derive(Serialize, Deserialize)]
struct Parts {
    control: SendPort,
    pause: Option<Capability>,
    terminate: Option<Capability>,
}

impl Control {
    /// With every right.
    pub(crate) fn whole(isolate: &Arc<IsolateCore>) -> Self {
        Control(Controller::whole(isolate, None))
    }

    /// The isolate, no longer held from outside of its group.
    pub(crate) fn release(self) -> Watched {
        Watched::new(self.isolate())
    }

    /// From an isolate's control port. A capability that is not the isolate's
    /// gives no right.
    ///
    /// # Errors
    ///
    /// Where the port is no control port.
    pub fn new(
        control_port: &SendPort,
        pause: Option<&Capability>,
        terminate: Option<&Capability>,
    ) -> Result<Self, ControlError> {
        let port =
            |capability: Option<&'_ Capability>| capability.map(|given| given.port().again());
        let (pause, terminate) = (port(pause), port(terminate));
        Controller::from_parts(
            control_port.port(),
            pause.as_ref(),
            terminate.as_ref(),
            None,
        )
        .map(Control)
        .ok_or(ControlError::NotControl)
    }

    /// What names the isolate in messages. It gives no right to it.
    pub fn control_port(&self) -> SendPort {
        SendPort::new(self.isolate().part(Part::ControlPort, None, None))
    }

    /// What gives the right to pause it.
    ///
    /// # Errors
    ///
    /// Where this handle has no right to pause it.
    pub fn pause_capability(&self) -> Result<Capability, ControlError> {
        self.capability(Part::Pause).ok_or(NO_PAUSE)
    }

    /// What gives the right to terminate it.
    ///
    /// # Errors
    ///
    /// Where this handle has no right to terminate it.
    pub fn terminate_capability(&self) -> Result<Capability, ControlError> {
        self.capability(Part::Terminate).ok_or(NO_TERMINATE)
    }

    fn capability(&self, part: Part) -> Option<Capability> {
        let port = self.0.part(part)?;
        Some(Capability::from_port(SendPort::new(port)))
    }

    /// A handle that can only watch.
    pub fn without_rights(&self) -> Control {
        Control(self.0.watching(None))
    }

    /// A handle with these rights only, to hand on.
    ///
    /// # Errors
    ///
    /// Where this handle has not all of them.
    pub fn with_only(&self, rights: &[Right]) -> Result<Control, ControlError> {
        let (pause, terminate) = (Right::Pause, Right::Terminate);
        let pause = rights.contains(&pause).then(|| self.pause_capability());
        let terminate = rights
            .contains(&terminate)
            .then(|| self.terminate_capability());
        Control::new(
            &self.control_port(),
            pause.transpose()?.as_ref(),
            terminate.transpose()?.as_ref(),
        )
    }

    /// A name for people, unique within the group.
    pub fn name(&self) -> &str {
        self.isolate().name()
    }

    pub(crate) fn isolate(&self) -> &Arc<IsolateCore> {
        self.0.isolate()
    }

    /// Pauses the isolate: it stops after its current event and keeps what is
    /// sent to it. Gives the capability by which it is resumed.
    ///
    /// # Errors
    ///
    /// Where the handle has no right to pause it.
    pub fn pause(&self) -> Result<Capability, ControlError> {
        let by = Capability::new();
        self.pause_with(&by)?;
        Ok(by)
    }

    /// The same with a capability of the caller's. Pausing twice with one needs
    /// one resume.
    ///
    /// # Errors
    ///
    /// Where the handle has no right to pause it.
    pub fn pause_with(&self, by: &Capability) -> Result<(), ControlError> {
        self.pausable()?.pause(by.id()).map_err(ControlError::Limit)
    }

    /// Takes the pause of that capability away, if there is one. The isolate goes
    /// on when none is left.
    ///
    /// # Errors
    ///
    /// Where the handle has no right to pause it.
    pub fn resume(&self, by: &Capability) -> Result<(), ControlError> {
        self.pausable()?.resume(by.id());
        Ok(())
    }

    /// Lets an isolate go on that was spawned paused.
    ///
    /// # Errors
    ///
    /// Where the handle has no right to pause it.
    pub fn start(&self) -> Result<(), ControlError> {
        let isolate = self.pausable()?;
        isolate.resume(isolate.controls().id(Part::Pause));
        Ok(())
    }

    /// Whether it is paused.
    pub fn is_paused(&self) -> bool {
        self.isolate().is_paused()
    }

    fn pausable(&self) -> Result<&Arc<IsolateCore>, ControlError> {
        match self.0.may_pause() {
            true => Ok(self.isolate()),
            false => Err(NO_PAUSE),
        }
    }

    /// Ends the isolate at once, whatever it does: within about two milliseconds
    /// when it computes. Killing one that has ended changes nothing.
    ///
    /// # Errors
    ///
    /// Where the handle has no right to terminate it.
    pub fn kill(&self) -> Result<(), ControlError> {
        self.kill_with(Priority::Immediate)
    }

    /// Ends it, at once or before its next event.
    ///
    /// # Errors
    ///
    /// Where the handle has no right to terminate it.
    pub fn kill_with(&self, priority: Priority) -> Result<(), ControlError> {
        self.terminable()?.kill(priority, false);
        Ok(())
    }

    /// Ends the isolate at once, and with it all that it has spawned, at any depth.
    ///
    /// # Errors
    ///
    /// Where the handle has no right to terminate it.
    pub fn kill_tree(&self) -> Result<(), ControlError> {
        self.kill_tree_with(Priority::Immediate)
    }

    /// The same, at once or before its next event: all that it has spawned by then.
    ///
    /// # Errors
    ///
    /// Where the handle has no right to terminate it.
    pub fn kill_tree_with(&self, priority: Priority) -> Result<(), ControlError> {
        self.terminable()?.kill(priority, true);
        Ok(())
    }

    /// Whether an error that nothing in the isolate catches ends it.
    ///
    /// # Errors
    ///
    /// Where the handle has no right to terminate it.
    pub fn set_errors_fatal(&self, fatal: bool) -> Result<(), ControlError> {
        self.terminable()?.set_errors_fatal(fatal);
        Ok(())
    }

    fn terminable(&self) -> Result<&Arc<IsolateCore>, ControlError> {
        match self.0.may_terminate() {
            true => Ok(self.isolate()),
            false => Err(NO_TERMINATE),
        }
    }

    /// Has `response` sent to `to`, unless the isolate has ended: at once, also
    /// from inside an endless loop, or before its next event.
    ///
    /// # Errors
    ///
    /// Where the isolate has ended, or `to` cannot take the response.
    pub fn ping<T: ToMessage<SendPort> + ?Sized>(
        &self,
        to: &SendPort,
        response: &T,
        priority: Priority,
    ) -> Result<(), SendError> {
        let (response, room) = self.later(to, response, 0)?;
        sent(self.isolate().ping(response, room, priority))
    }

    /// Has `response` sent to `to` when the isolate has ended. A port that is
    /// added twice is told once, with the newer response.
    ///
    /// # Errors
    ///
    /// Where the isolate has ended: nothing will be sent. Where `to` has no room
    /// for the notice, which is taken now.
    pub fn add_exit_listener<T: ToMessage<SendPort> + ?Sized>(
        &self,
        to: &SendPort,
        response: &T,
    ) -> Result<(), SendError> {
        let (response, room) = self.later(to, response, 0)?;
        let listener = ExitListener::new(room, response);
        sent(self.isolate().add_exit_listener(listener))
    }

    /// A message that is sent later, and room for it and so many bytes more.
    fn later<T: ToMessage<SendPort> + ?Sized>(
        &self,
        to: &SendPort,
        response: &T,
        more: usize,
    ) -> Result<(Message, Promise), SendError> {
        let response = message::encode(response, to.port().group())?;
        let cost = response.cost() + more as u64;
        match to.port().promise(cost, Some(self.isolate().group())) {
            Ok(room) => Ok((response, room)),
            Err(status) => Err(sent(status).err().unwrap_or(SendError::Closed)),
        }
    }

    /// Tells that port no more.
    pub fn remove_exit_listener(&self, to: &SendPort) {
        self.isolate().remove_exit_listener(to.port());
    }

    /// Has a list of `response` and the [`ExitReason`] sent to `to` when the
    /// isolate has ended, at once when it has already.
    ///
    /// # Errors
    ///
    /// Where `to` has no room for the notice, which is taken now.
    pub fn add_monitor<T: ToMessage<SendPort> + ?Sized>(
        &self,
        to: &SendPort,
        response: &T,
    ) -> Result<(), SendError> {
        let (response, room) = self.later(to, response, REASON_ROOM)?;
        let listener = ExitListener::new(room, response);
        sent(self.isolate().add_monitor(listener))
    }

    /// Tells that port no more.
    pub fn remove_monitor(&self, to: &SendPort) {
        self.isolate().remove_monitor(to.port());
    }

    /// Has each uncaught error sent to `to`, as a list of its text and its
    /// backtrace.
    ///
    /// # Errors
    ///
    /// Where the isolate has ended, or has as many listeners as it may.
    pub fn add_error_listener(&self, to: &SendPort) -> Result<(), SendError> {
        sent(self.isolate().add_error_listener(to.port()))
    }

    /// Tells that port no more.
    pub fn remove_error_listener(&self, to: &SendPort) {
        self.isolate().remove_error_listener(to.port());
    }

    /// What the isolate uses of the limits that it has for itself, to within a few
    /// milliseconds, and how often something was refused to it because of one.
    pub fn usage(&self) -> Usage {
        self.isolate().usage()
    }

    /// What the isolate has computed, in all its turns: to within a few
    /// milliseconds in the middle of one, and also after its end. Time that it
    /// waits or sleeps does not count.
    pub fn cpu_time(&self) -> Duration {
        self.isolate().cpu().read()
    }

    /// Why the isolate ended, if it has.
    pub fn exit_reason(&self) -> Option<ExitReason> {
        self.isolate().exit_reason()
    }

    /// Waits until the isolate has ended.
    pub fn wait(&self) -> ExitReason {
        self.isolate().wait_for_exit()
    }

    /// Waits until the isolate has ended, no longer than `time`.
    pub fn wait_timeout(&self, time: Duration) -> Option<ExitReason> {
        self.isolate().wait_for_exit_timeout(time)
    }

    /// Ready when the isolate has ended; for any executor.
    pub fn exited(&self) -> impl Future<Output = ExitReason> + use<> {
        Exited::new(self.isolate())
    }
}

impl Clone for Control {
    fn clone(&self) -> Self {
        Control(self.0.for_holder(None))
    }
}

/// Equal when they control the same isolate, whatever the rights.
impl PartialEq for Control {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.isolate(), other.isolate())
    }
}

impl Eq for Control {}

impl Hash for Control {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.isolate().controls().id(Part::ControlPort).hash(state);
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("isolate", &self.name())
            .field("may_pause", &self.0.may_pause())
            .field("may_terminate", &self.0.may_terminate())
            .finish()
    }
}

impl Serialize for Control {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parts = Parts {
            control: self.control_port(),
            pause: self.capability(Part::Pause),
            terminate: self.capability(Part::Terminate),
        };
        parts.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Control {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parts = Parts::deserialize(deserializer)?;
        Control::new(
            &parts.control,
            parts.pause.as_ref(),
            parts.terminate.as_ref(),
        )
        .map_err(de::Error::custom)
    }
}
