//! Ports that everybody in a group can find by a name.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use insula_message::{Limit, LimitHit};

use crate::events::Event;
use crate::group::GroupCore;
use crate::host_memory::{HostShare, NAME};
use crate::port::PortRef;
use crate::sync::lock;
use crate::wait::{WaitRef, Waiter};

/// The names of one group.
///
/// A name keeps its port from being unreachable. It goes when the port is closed
/// or its isolate ends, so no isolate lives on because of its name, and all go
/// with the group's last isolate.
#[derive(Default)]
pub(crate) struct Names {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    names: BTreeMap<Arc<str>, Named>,
    /// The group is over.
    closed: bool,
}

struct Named {
    port: PortRef,
    /// Tells this name from one that was given later.
    registration: u64,
    /// Watches for the end of the port. None while that begins.
    watch: Option<WaitRef>,
    _share: HostShare,
}

/// What a name takes beside its bytes.
#[cfg(test)]
pub(crate) const NAMED_SIZE: usize = size_of::<(Arc<str>, Named)>();

/// A port got no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Another port has the name.
    #[error("the name `{0}` belongs to another port: take it away first (`unregister`)")]
    Taken(String),
    /// The port leads nowhere, or nobody is left to look it up.
    #[error("the port was closed, its isolate has ended, or the group is over")]
    Closed,
    /// The name is too long.
    #[error("the name is {0} bytes long, and {most} are allowed", most = crate::limits::TEXT_BYTES)]
    TooLong(usize),
    /// A limit of the group.
    #[error("the port got no name: {0}")]
    Limit(LimitHit),
}

impl State {
    fn measure(&self, group: &GroupCore) {
        let count = self.names.len() as u64;
        group.meter(Limit::NamedPorts).set(count);
    }
}

impl Names {
    /// Gives `port` a name. The same port may have several, and the same name
    /// again.
    pub(crate) fn register(
        &self,
        group: &Arc<GroupCore>,
        name: &str,
        port: &PortRef,
    ) -> Result<(), NameError> {
        static REGISTRATIONS: AtomicU64 = AtomicU64::new(0);
        if name.len() as u64 > crate::limits::TEXT_BYTES {
            return Err(NameError::TooLong(name.len()));
        }
        let registration = REGISTRATIONS.fetch_add(1, Ordering::Relaxed);
        let key: Arc<str> = name.into();
        let named = Named {
            port: port.for_holder(Some(group)),
            registration,
            watch: None,
            _share: HostShare::take(group, NAME + name.len() as u64).map_err(NameError::Limit)?,
        };
        self.forget_closed(group, name);
        match self.insert(group, &key, named) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err((error, _named)) => return Err(error),
        }
        // Not under the lock: where the port is closed by now, this takes the
        // name away again.
        let watch = port.when_closed(Waiter::Name {
            group: Arc::downgrade(group),
            name: key.clone(),
            registration,
        });
        if let Err(_watch) = self.watched(&key, registration, watch)
            && port.is_closed()
        {
            return Err(NameError::Closed);
        }
        group.core().events.emit(|| Event::Named {
            group: group.number(),
            isolate: port.owner_in(group),
            name: name.to_owned(),
        });
        Ok(())
    }

    /// False where the port has that name already.
    fn insert(
        &self,
        group: &Arc<GroupCore>,
        name: &Arc<str>,
        named: Named,
    ) -> Result<bool, (NameError, Named)> {
        let mut state = lock(&self.state);
        let most = group.limits.named_ports;
        let refusal = if state.closed {
            NameError::Closed
        } else if let Some(other) = state.names.get(name) {
            if other.port.is_same(&named.port) {
                drop(state);
                return Ok(false);
            }
            NameError::Taken(shown(name))
        } else if state.names.len() as u64 >= most {
            NameError::Limit(group.limits.hit(Limit::NamedPorts))
        } else {
            state.names.insert(name.clone(), named);
            state.measure(group);
            return Ok(true);
        };
        drop(state);
        Err((refusal, named))
    }

    /// Keeps the watch with its name, or gives it back where that is gone.
    fn watched(&self, name: &str, registration: u64, watch: WaitRef) -> Result<(), WaitRef> {
        let mut state = lock(&self.state);
        match state.names.get_mut(name) {
            Some(named) if named.registration == registration => {
                named.watch = Some(watch);
                Ok(())
            }
            _ => Err(watch),
        }
    }

    /// The port of that name, for a holder.
    pub(crate) fn lookup(&self, name: &str, holder: Option<&Arc<GroupCore>>) -> Option<PortRef> {
        let found = {
            let state = lock(&self.state);
            state.names.get(name)?.port.for_holder(holder)
        };
        // Whoever closes the port takes its name away a moment later.
        (!found.is_closed()).then_some(found)
    }

    /// Takes a name away whose port is closed already.
    fn forget_closed(&self, group: &Arc<GroupCore>, name: &str) {
        let found = {
            let state = lock(&self.state);
            let named = state.names.get(name);
            named.map(|named| (named.port.again(), named.registration))
        };
        if let Some((port, registration)) = found
            && port.is_closed()
        {
            self.port_closed(group, name, registration);
        }
    }

    /// Takes a name away. Whether there was such a one.
    pub(crate) fn unregister(&self, group: &Arc<GroupCore>, name: &str) -> bool {
        let removed = {
            let mut state = lock(&self.state);
            let removed = state.names.remove(name);
            state.measure(group);
            removed
        };
        removed.is_some()
    }

    /// The port that got the name by this registration is closed.
    pub(crate) fn port_closed(&self, group: &Arc<GroupCore>, name: &str, registration: u64) {
        let removed = {
            let mut state = lock(&self.state);
            let removed = match state.names.get(name) {
                Some(named) if named.registration == registration => state.names.remove(name),
                _ => None,
            };
            state.measure(group);
            removed
        };
        drop(removed);
    }

    /// The group is over: nobody is left who could look anything up.
    pub(crate) fn close(&self, group: &GroupCore) {
        let removed = {
            let mut state = lock(&self.state);
            state.closed = true;
            let removed = std::mem::take(&mut state.names);
            state.measure(group);
            removed
        };
        drop(removed);
    }

    pub(crate) fn count(&self) -> usize {
        lock(&self.state).names.len()
    }
}

/// As much of a name as an error shows.
fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}
