//! Messages at the host's end: values, and the ports to send them to.

use std::fmt;
use std::future::poll_fn;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use insula_message::{EncodeError, FromMessage, ToMessage};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{CallError, SendError};
use crate::group::GroupCore;
use crate::host_port::HostMailbox;
use crate::host_wait::HostWait;
use crate::limits::Limits;
use crate::observe;
use crate::port::{Message, Port, PortRef, Reserved, SendStatus, Target};
use crate::port_ids::{PortIds, identity};
use crate::receive_port::ReceivePort;
use crate::wait::{WaitRef, Waiter};

/// A value as a message says it, with the host's send ports in it.
pub type Value = insula_message::Value<SendPort>;

/// The list of a [`Value`]. It derefs to a `Vec`.
pub type List = insula_message::List<SendPort>;

/// The map of a [`Value`]: its entries in their order. It derefs to a `Vec`.
pub type Map = insula_message::Map<SendPort>;

/// A message with its sharing and cycles, with the host's send ports in it.
pub type Graph = insula_message::Graph<SendPort>;

/// The right to send to a port: an isolate's, or one of the host's own.
///
/// Cheap to clone; equal to every other send port of the same port. It can be
/// put into messages, also inside structs that derive serde's traits. While the
/// host holds one, the group of the port it belongs to is not over.
pub struct SendPort(PortRef);

impl SendPort {
    pub(crate) fn new(port: PortRef) -> Self {
        SendPort(port)
    }

    /// Its like for a holder in a group.
    pub(crate) fn held_by(&self, group: &Arc<GroupCore>) -> PortRef {
        self.0.for_holder(Some(group))
    }

    pub(crate) fn port(&self) -> &PortRef {
        &self.0
    }

    /// Sends a copy of `message`.
    ///
    /// # Errors
    ///
    /// Where the mailbox is full, the message too large, the port closed, or the
    /// value cannot be said in a message.
    pub fn send<T: ToMessage<SendPort> + ?Sized>(&self, message: &T) -> Result<(), SendError> {
        self.send_parts(message, None)
    }

    /// The same, with a port where an answer is wanted.
    ///
    /// # Errors
    ///
    /// As [`SendPort::send`].
    pub fn send_with_reply<T: ToMessage<SendPort> + ?Sized>(
        &self,
        message: &T,
        reply: &SendPort,
    ) -> Result<(), SendError> {
        self.send_parts(message, Some(reply))
    }

    fn send_parts<T: ToMessage<SendPort> + ?Sized>(
        &self,
        message: &T,
        reply: Option<&SendPort>,
    ) -> Result<(), SendError> {
        let mut message = encode(message, self.0.group())?;
        message.reply = reply.map(|reply| reply.0.for_holder(self.0.group()));
        self.send_message(message)
    }

    fn send_message(&self, message: Message) -> Result<(), SendError> {
        self.check_size(&message)?;
        let cost = message.cost();
        sent(self.0.send(message, Reserved::default(), None))?;
        observe::host_has_sent(&self.0, cost);
        Ok(())
    }

    fn check_size(&self, message: &Message) -> Result<(), SendError> {
        let limits = self.0.group().map(|group| &group.limits);
        if limits.is_some_and(|limits| limits.check_message(message.cost()).is_err()) {
            return Err(SendError::TooLarge);
        }
        Ok(())
    }

    /// Sends a copy of `message` as soon as there is room, and waits for that:
    /// first come, first served. Never from a function that the runtime calls
    /// (output, `on_exit`): it would hold a worker.
    ///
    /// # Errors
    ///
    /// Where the port is closed before there is room, where the message is so
    /// large that there never would be, or the value cannot be said in a message.
    pub fn send_when_ready<T: ToMessage<SendPort> + ?Sized>(
        &self,
        message: &T,
    ) -> Result<(), SendError> {
        let (wait, _pending) = self.begin_send(message)?;
        sent(wait.wait())
    }

    /// The same, waiting no longer than `time`.
    ///
    /// # Errors
    ///
    /// As [`SendPort::send_when_ready`], and [`SendError::Full`] where there was
    /// no room in time: the message is taken back then.
    pub fn send_when_ready_timeout<T: ToMessage<SendPort> + ?Sized>(
        &self,
        message: &T,
        time: Duration,
    ) -> Result<(), SendError> {
        let (wait, pending) = self.begin_send(message)?;
        let status = wait.wait_timeout(time);
        let status = match status {
            Some(status) => status,
            None if pending.take_back() => SendStatus::Full,
            // It has left the line just before, and whoever took it out tells.
            None => wait.wait(),
        };
        sent(status)
    }

    /// [`SendPort::send_when_ready`] for any executor. The message is in line as
    /// soon as this is called; dropping the future takes it back.
    pub fn send_when_ready_async<T: ToMessage<SendPort> + ?Sized>(
        &self,
        message: &T,
    ) -> impl Future<Output = Result<(), SendError>> + Send + use<T> {
        let begun = self.begin_send(message);
        async move {
            let (wait, _pending) = begun?;
            sent(poll_fn(|context| wait.poll(context)).await)
        }
    }

    fn begin_send<T: ToMessage<SendPort> + ?Sized>(
        &self,
        message: &T,
    ) -> Result<(Arc<HostWait>, WaitRef), SendError> {
        let message = encode(message, self.0.group())?;
        self.check_size(&message)?;
        let wait = Arc::new(HostWait::default());
        let waiter = Waiter::Host(wait.clone());
        observe::host_has_sent(&self.0, message.cost());
        let pending = self.0.send_when_ready(message, None, waiter);
        Ok((wait, pending))
    }

    /// Whether the port is closed or its isolate has ended.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Waits until the port is closed or its isolate has ended.
    pub fn wait_closed(&self) {
        let (wait, _pending) = self.watch();
        wait.wait();
    }

    /// The same, waiting no longer than `time`. Whether the port is closed.
    pub fn wait_closed_timeout(&self, time: Duration) -> bool {
        let (wait, _pending) = self.watch();
        wait.wait_timeout(time).is_some()
    }

    /// Ready when the port is closed or its isolate has ended; for any executor.
    /// It is no send port: it keeps no group from being over.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + use<> {
        let (wait, pending) = self.watch();
        async move {
            let _pending = pending;
            poll_fn(|context| wait.poll(context)).await;
        }
    }

    fn watch(&self) -> (Arc<HostWait>, WaitRef) {
        let wait = Arc::new(HostWait::default());
        let pending = self.0.when_closed(Waiter::Host(wait.clone()));
        (wait, pending)
    }

    /// Sends a request and waits for the answer, for ever if need be.
    ///
    /// # Errors
    ///
    /// Where the request is not sent, where nobody is left who could answer, or
    /// where the answer is something else than `R`.
    pub fn call<T, R>(&self, request: &T) -> Result<R, CallError>
    where
        T: ToMessage<SendPort> + ?Sized,
        R: FromMessage<SendPort>,
    {
        let answer = self
            .request(request)?
            .recv()
            .map_err(|_| CallError::NoAnswer)?;
        Ok(answer.decode()?)
    }

    /// The same, waiting no longer than `time`.
    ///
    /// # Errors
    ///
    /// As [`SendPort::call`], and where no answer came in time.
    pub fn call_timeout<T, R>(&self, request: &T, time: Duration) -> Result<R, CallError>
    where
        T: ToMessage<SendPort> + ?Sized,
        R: FromMessage<SendPort>,
    {
        let answer = self
            .request(request)?
            .recv_timeout(time)
            .map_err(|error| match error {
                RecvTimeoutError::Timeout => CallError::TimedOut(time),
                RecvTimeoutError::Disconnected => CallError::NoAnswer,
            })?;
        Ok(answer.decode()?)
    }

    /// [`SendPort::call`] for any executor. The request is sent as soon as this
    /// is called; dropping the future closes the reply port, which tells the
    /// callee that nobody waits.
    pub fn call_async<T, R>(
        &self,
        request: &T,
    ) -> impl Future<Output = Result<R, CallError>> + Send + use<T, R>
    where
        T: ToMessage<SendPort> + ?Sized,
        R: FromMessage<SendPort>,
    {
        let answers = self.request(request);
        async move {
            let answer = answers?.recv_async().await;
            Ok(answer.map_err(|_| CallError::NoAnswer)?.decode()?)
        }
    }

    /// Sends a request. The receive port gets the answer.
    fn request<T: ToMessage<SendPort> + ?Sized>(
        &self,
        request: &T,
    ) -> Result<ReceivePort, SendError> {
        let (reply, answers) = port(&Limits::default(), &PortIds::Process);
        self.send_with_reply(request, &reply)?;
        Ok(answers)
    }
}

/// Sends a copy of `message` to each of `ports`, and encodes it once. What
/// became of each, in their order.
///
/// # Errors
///
/// Where the value cannot be said in a message; nothing is sent then.
pub fn broadcast<'a, T: ToMessage<SendPort> + ?Sized>(
    ports: impl IntoIterator<Item = &'a SendPort>,
    message: &T,
) -> Result<Vec<Result<(), SendError>>, EncodeError> {
    let mut bytes = Vec::new();
    let carried = insula_message::encode(message, &mut bytes)?;
    let send = |to: &SendPort| {
        let holder = to.0.group();
        let carried = carried
            .iter()
            .map(|port: &SendPort| port.0.for_holder(holder));
        to.send_message(Message::new(&bytes[..], carried.collect(), None))
    };
    Ok(ports.into_iter().map(send).collect())
}

/// A new port of the host's.
pub(crate) fn port(limits: &Limits, ids: &PortIds) -> (SendPort, ReceivePort) {
    let (mailbox, receiver) = HostMailbox::new(limits.mailbox_messages, limits.mailbox_bytes);
    let port = Port::new(ids.take(1), Target::Host(mailbox), None);
    let sender = SendPort(PortRef::new(port.clone(), None));
    (sender, ReceivePort::new(receiver, port))
}

/// A status as the host's API says it.
pub(crate) fn sent(status: SendStatus) -> Result<(), SendError> {
    match status {
        SendStatus::Sent => Ok(()),
        SendStatus::Full => Err(SendError::Full),
        SendStatus::TooLarge => Err(SendError::TooLarge),
        SendStatus::Closed => Err(SendError::Closed),
    }
}

/// A message to be held by `holder`.
pub(crate) fn encode<T: ToMessage<SendPort> + ?Sized>(
    message: &T,
    holder: Option<&Arc<GroupCore>>,
) -> Result<Message, EncodeError> {
    let mut bytes = Vec::new();
    let ports = insula_message::encode(message, &mut bytes)?;
    let ports = ports
        .iter()
        .map(|port: &SendPort| port.0.for_holder(holder))
        .collect();
    Ok(Message::new(bytes, ports, None))
}

impl Clone for SendPort {
    fn clone(&self) -> Self {
        SendPort(self.0.for_holder(None))
    }
}

impl PartialEq for SendPort {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_same(&other.0)
    }
}

impl Eq for SendPort {}

impl Hash for SendPort {
    fn hash<H: Hasher>(&self, state: &mut H) {
        identity(self.0.id()).hash(state);
    }
}

impl fmt::Debug for SendPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SendPort({:016x})", identity(self.0.id()))
    }
}

impl insula_message::Port for SendPort {}

impl Serialize for SendPort {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        insula_message::serialize_port(self, serializer)
    }
}

impl<'de> Deserialize<'de> for SendPort {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        insula_message::deserialize_port(deserializer)
    }
}
