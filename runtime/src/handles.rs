//! The table that turns a guest's numbers into what they stand for.

use std::sync::Arc;

use insula_message::{Limit, LimitHit};

use crate::clock::TimerRef;
use crate::controller::Controller;
use crate::host_memory::{HANDLE, HostShare};
use crate::isolate::IsolateCore;
use crate::port::PortRef;
use crate::wait::WaitRef;

pub(crate) enum Handle {
    SendPort(PortRef),
    /// A slot of the isolate's own mailbox.
    ReceivePort(usize),
    /// None while the timer is being started.
    Timer(Option<TimerRef>),
    /// None while the wait is being started.
    Wait(Option<WaitRef>),
    Isolate(Controller),
}

impl Handle {
    fn kind(&self) -> &'static str {
        match self {
            Handle::SendPort(_) => "send-port",
            Handle::ReceivePort(_) => "receive-port",
            Handle::Timer(_) => "timer",
            Handle::Wait(_) => "wait",
            Handle::Isolate(_) => "isolate",
        }
    }
}

/// A handle is a place in the table and a generation, so that a number which
/// was dropped does not mean what was put in its place later.
pub(crate) struct Handles {
    slots: Vec<Slot>,
    free: Vec<u32>,
    timers: u64,
    limit: u64,
    timer_limit: u64,
    isolate: Arc<IsolateCore>,
    share: HostShare,
}

struct Slot {
    generation: u32,
    handle: Option<Handle>,
}

/// What a place takes, with its place among the free ones.
#[cfg(test)]
pub(crate) const SLOT_SIZE: usize = size_of::<Slot>() + size_of::<u32>();

/// How many places the first handle makes.
const FIRST_PLACES: usize = 8;

const PLACE_BITS: u32 = 20;
const PLACES: u64 = 1 << PLACE_BITS;
/// Handles stay positive as `i32`: binding generators use -1 for "taken".
const GENERATIONS: u32 = 1 << (31 - PLACE_BITS);

/// Why a number is no handle of the kind that was asked for.
#[derive(Debug)]
pub(crate) enum WrongHandle {
    Unknown,
    Kind(&'static str),
}

impl Drop for Handles {
    fn drop(&mut self) {
        for limit in [Limit::Handles, Limit::Timers] {
            self.isolate.meter(limit).set(0);
        }
    }
}

impl Handles {
    /// Those of an isolate.
    pub(crate) fn new(isolate: &Arc<IsolateCore>) -> Self {
        let limits = isolate.limits();
        Handles {
            slots: Vec::new(),
            free: Vec::new(),
            timers: 0,
            limit: limits.handles.min(PLACES - 1),
            timer_limit: limits.timers,
            isolate: isolate.clone(),
            share: HostShare::none(isolate.group()),
        }
    }

    fn held(&self) -> u64 {
        (self.slots.len() - self.free.len()) as u64
    }

    /// Makes room for so many more handles, or says why there is none.
    pub(crate) fn make_room(&mut self, more: usize) -> Result<(), LimitHit> {
        if self.held() + more as u64 > self.limit {
            return Err(self.isolate.limits().hit(Limit::Handles));
        }
        let places = (self.slots.len() + more).saturating_sub(self.free.len());
        if places > self.slots.capacity() {
            // Twice as many, as a vector does, so that most handles cost no look at
            // the group's budget.
            let twice = (2 * self.slots.capacity()).max(FIRST_PLACES).max(places);
            let added = twice - self.slots.capacity();
            self.share.grow(added as u64 * HANDLE)?;
            self.slots.reserve_exact(twice - self.slots.len());
            self.free.reserve_exact(twice - self.free.len());
        }
        Ok(())
    }

    /// Shows how many there are.
    fn measure(&self) {
        self.isolate.meter(Limit::Handles).set(self.held());
        self.isolate.meter(Limit::Timers).set(self.timers);
    }

    pub(crate) fn has_timer_room(&self) -> bool {
        self.timers < self.timer_limit
    }

    /// Puts something in, or says why there is no room.
    pub(crate) fn insert(&mut self, handle: Handle) -> Result<u32, LimitHit> {
        self.make_room(1)?;
        if matches!(handle, Handle::Timer(_)) {
            self.timers += 1;
        }
        let place = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot {
                generation: 0,
                handle: None,
            });
            self.slots.len() as u32 - 1
        });
        let slot = &mut self.slots[place as usize];
        slot.handle = Some(handle);
        let number = slot.generation << PLACE_BITS | (place + 1);
        self.measure();
        Ok(number)
    }

    fn place(&self, number: u32) -> Option<usize> {
        let place = (number & (PLACES as u32 - 1)).checked_sub(1)? as usize;
        let slot = self.slots.get(place)?;
        (slot.generation == number >> PLACE_BITS && slot.handle.is_some()).then_some(place)
    }

    pub(crate) fn remove(&mut self, number: u32) -> Option<Handle> {
        let place = self.place(number)?;
        let slot = &mut self.slots[place];
        slot.generation = (slot.generation + 1) % GENERATIONS;
        let handle = slot.handle.take();
        self.free.push(place as u32);
        if matches!(handle, Some(Handle::Timer(_))) {
            self.timers -= 1;
        }
        self.measure();
        handle
    }

    fn get(&self, number: u32) -> Result<&Handle, WrongHandle> {
        let place = self.place(number).ok_or(WrongHandle::Unknown)?;
        self.slots[place]
            .handle
            .as_ref()
            .ok_or(WrongHandle::Unknown)
    }

    pub(crate) fn send_port(&self, number: u32) -> Result<&PortRef, WrongHandle> {
        match self.get(number)? {
            Handle::SendPort(port) => Ok(port),
            other => Err(WrongHandle::Kind(other.kind())),
        }
    }

    pub(crate) fn receive_port(&self, number: u32) -> Result<usize, WrongHandle> {
        match self.get(number)? {
            Handle::ReceivePort(slot) => Ok(*slot),
            other => Err(WrongHandle::Kind(other.kind())),
        }
    }

    pub(crate) fn isolate(&self, number: u32) -> Result<&Controller, WrongHandle> {
        match self.get(number)? {
            Handle::Isolate(isolate) => Ok(isolate),
            other => Err(WrongHandle::Kind(other.kind())),
        }
    }

    pub(crate) fn wait(&mut self, number: u32) -> Result<&mut Option<WaitRef>, WrongHandle> {
        let place = self.place(number).ok_or(WrongHandle::Unknown)?;
        match &mut self.slots[place].handle {
            Some(Handle::Wait(wait)) => Ok(wait),
            Some(other) => Err(WrongHandle::Kind(other.kind())),
            None => Err(WrongHandle::Unknown),
        }
    }

    pub(crate) fn timer(&mut self, number: u32) -> Result<&mut Option<TimerRef>, WrongHandle> {
        let place = self.place(number).ok_or(WrongHandle::Unknown)?;
        match &mut self.slots[place].handle {
            Some(Handle::Timer(timer)) => Ok(timer),
            Some(other) => Err(WrongHandle::Kind(other.kind())),
            None => Err(WrongHandle::Unknown),
        }
    }
}
