//! What the holder of a handle to an isolate may do to it.

use std::sync::Arc;

use crate::control::Part;
use insula_message::LimitHit;

use crate::group::{Activity, GroupCore};
use crate::host_memory::{HostShare, PORT};
use crate::isolate::IsolateCore;
use crate::port::PortRef;

/// An isolate as somebody knows it, with the rights that he has.
pub(crate) struct Controller {
    isolate: Arc<IsolateCore>,
    may_pause: bool,
    may_terminate: bool,
    /// Who holds it outside of the isolate's group can make something happen in
    /// that group.
    _activity: Option<Activity>,
    _watched: Option<Watched>,
}

/// An isolate that the host asks about. As long as it does, the isolate's exit
/// reason is kept whole; guests may hold on to many that have ended.
pub(crate) struct Watched(Arc<IsolateCore>);

impl Watched {
    pub(crate) fn new(isolate: &Arc<IsolateCore>) -> Self {
        isolate.watch_begins();
        Watched(isolate.clone())
    }
}

impl std::ops::Deref for Watched {
    type Target = Arc<IsolateCore>;

    fn deref(&self) -> &Arc<IsolateCore> {
        &self.0
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.watch_ends();
    }
}

impl Controller {
    /// With every right.
    pub(crate) fn whole(isolate: &Arc<IsolateCore>, holder: Option<&Arc<GroupCore>>) -> Self {
        Controller::new(isolate, holder, true, true)
    }

    fn new(
        isolate: &Arc<IsolateCore>,
        holder: Option<&Arc<GroupCore>>,
        may_pause: bool,
        may_terminate: bool,
    ) -> Self {
        let inside = holder.is_some_and(|holder| Arc::ptr_eq(holder, isolate.group()));
        Controller {
            isolate: isolate.clone(),
            may_pause,
            may_terminate,
            _activity: (!inside).then(|| Activity::begin(isolate.group())),
            _watched: holder.is_none().then(|| Watched::new(isolate)),
        }
    }

    /// From a control port and capabilities; none where that is no control port.
    pub(crate) fn from_parts(
        control_port: &PortRef,
        pause: Option<&PortRef>,
        terminate: Option<&PortRef>,
        holder: Option<&Arc<GroupCore>>,
    ) -> Option<Self> {
        let isolate = control_port.controlled()?;
        let is = |part: Part, given: Option<&PortRef>| {
            given.is_some_and(|given| given.id() == isolate.controls().id(part))
        };
        let (pause, terminate) = (is(Part::Pause, pause), is(Part::Terminate, terminate));
        Some(Controller::new(isolate, holder, pause, terminate))
    }

    /// The same for another holder.
    pub(crate) fn for_holder(&self, holder: Option<&Arc<GroupCore>>) -> Self {
        Controller::new(&self.isolate, holder, self.may_pause, self.may_terminate)
    }

    /// The same without rights.
    pub(crate) fn watching(&self, holder: Option<&Arc<GroupCore>>) -> Self {
        Controller::new(&self.isolate, holder, false, false)
    }

    pub(crate) fn isolate(&self) -> &Arc<IsolateCore> {
        &self.isolate
    }

    pub(crate) fn may_pause(&self) -> bool {
        self.may_pause
    }

    pub(crate) fn may_terminate(&self) -> bool {
        self.may_terminate
    }

    /// A part of it for the host, where this has that right.
    pub(crate) fn part(&self, part: Part) -> Option<PortRef> {
        let has = self.has(part);
        has.then(|| self.isolate.part(part, None, None))
    }

    /// The same for a group, from what the host may keep for it.
    pub(crate) fn part_for(
        &self,
        part: Part,
        group: &Arc<GroupCore>,
    ) -> Result<Option<PortRef>, LimitHit> {
        if !self.has(part) {
            return Ok(None);
        }
        let share = HostShare::take(group, PORT)?;
        Ok(Some(self.isolate.part(part, Some(group), Some(share))))
    }

    fn has(&self, part: Part) -> bool {
        match part {
            Part::ControlPort => true,
            Part::Pause => self.may_pause,
            Part::Terminate => self.may_terminate,
        }
    }
}
