//! One group: what one host spawn made, the budget that its isolates share, and
//! how it is known that nothing can happen in it any more.

mod mailbox_share;
mod observed;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::capabilities::ClockAccess;
use crate::core::Core;
use crate::isolate::IsolateCore;
use crate::limits::Limits;
use crate::meters::{GroupMeters, IsolateMeters, Meter};
use crate::names::Names;
use crate::observe::Tally;
use crate::output::GroupOutput;
use crate::runtime::Figures;
use crate::sched::{Admission, Share};
use crate::starved::Starved;
use crate::sync::{lock, wait};
use crate::task::Task;
use crate::virtual_time::VirtualTime;
use insula_message::ExitReason;
use insula_message::{Limit, LimitHit};

pub(crate) use mailbox_share::MailboxShare;
pub(crate) use observed::GroupPast;

pub(crate) struct GroupCore {
    number: u64,
    core: Arc<Core>,
    pub(crate) limits: Limits,
    pub(crate) output: GroupOutput,
    admission: Arc<Admission<Task>>,
    /// What can still make something happen: isolates that are queued or run,
    /// timers, programs being loaded, send ports held outside of the group.
    activity: AtomicUsize,
    made: Instant,
    past: Arc<GroupPast>,
    /// Its own time, where it is not the host's.
    virtual_time: Option<Arc<VirtualTime>>,
    /// Set once nothing can happen any more; everything is being ended then.
    over: AtomicBool,
    meters: GroupMeters,
    pub(crate) starved: Starved,
    pub(crate) names: Names,
    members: Mutex<Members>,
    /// Told when the last isolate has ended.
    empty: Condvar,
}

#[derive(Default)]
struct Members {
    spawned: u64,
    /// How many have a number and are being made.
    coming: usize,
    alive: BTreeMap<u64, Member>,
    /// How many of them have ended, and are telling their listeners.
    ended: usize,
    /// How many have told of their end while their turns hang in a call of the
    /// host's.
    hanging: usize,
    /// Set when the whole group is being ended: nobody comes in any more.
    closing: Option<ExitReason>,
}

struct Member {
    isolate: Arc<IsolateCore>,
    /// The isolate that spawned it; where that one has ended, the one that
    /// spawned that one.
    parent: Option<u64>,
    children: BTreeSet<u64>,
    /// It is being ended with all that it has spawned, and what it spawns until
    /// then.
    doomed: bool,
    /// Its turn hangs, and its end was told.
    hangs: bool,
}

impl Members {
    fn living(&self) -> usize {
        self.alive.len() - self.ended
    }

    /// Whether all have told of their ends.
    fn are_over(&self) -> bool {
        self.alive.len() == self.hanging
    }

    fn measure(&self, alive: &Meter) {
        alive.set(self.living() as u64);
    }
}

impl GroupCore {
    pub(crate) fn new(
        number: u64,
        core: Arc<Core>,
        limits: Limits,
        output: GroupOutput,
        clock: ClockAccess,
        weight: u32,
    ) -> Arc<Self> {
        // Where runs repeat also whoever is told no time sleeps on such a one.
        let is_virtual = clock == ClockAccess::Virtual || core.seed.is_some();
        let virtual_time = is_virtual.then(|| Arc::new(VirtualTime::new(&core.scheduler)));
        let preempted = usize::try_from(limits.preempted_turns).unwrap_or(usize::MAX);
        let share = Arc::new(Share::new(number, weight));
        let past = GroupPast::new(&share);
        Arc::new(GroupCore {
            number,
            core,
            output,
            admission: Arc::new(Admission::new(preempted.max(1), share)),
            activity: AtomicUsize::new(0),
            made: Instant::now(),
            past,
            virtual_time,
            over: AtomicBool::new(false),
            meters: GroupMeters::default(),
            starved: Starved::default(),
            names: Names::default(),
            members: Mutex::new(Members::default()),
            empty: Condvar::new(),
            limits,
        })
    }

    /// Counts up within the runtime.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub(crate) fn admission(&self) -> &Arc<Admission<Task>> {
        &self.admission
    }

    /// How long it has been there, by its time.
    pub(crate) fn now(&self) -> Duration {
        match &self.virtual_time {
            Some(time) => time.now(),
            None => self.made.elapsed(),
        }
    }

    pub(crate) fn virtual_time(&self) -> Option<&Arc<VirtualTime>> {
        self.virtual_time.as_ref()
    }

    /// An isolate is queued.
    pub(crate) fn work_begins(&self) {
        self.activity_begins();
        if let Some(time) = &self.virtual_time {
            time.work_begins();
        }
    }

    /// An isolate rests, or has ended.
    pub(crate) fn work_ends(&self) {
        // First, as a timer makes something happen again.
        if let Some(time) = &self.virtual_time {
            time.work_ends();
        }
        self.activity_ends();
    }

    /// What all its isolates have had of the CPU, those included that have ended.
    pub(crate) fn share(&self) -> &Arc<Share> {
        self.admission.share()
    }

    /// Something can happen from now on.
    pub(crate) fn activity_begins(&self) {
        self.activity.fetch_add(1, Ordering::SeqCst);
    }

    /// Something is over. Where it was the last thing that could make anything
    /// happen, every isolate that is still there ends: what is left can only
    /// wait for messages that nobody can send. Nothing can begin again from
    /// zero, since whoever begins something counts as something itself.
    pub(crate) fn activity_ends(&self) {
        if self.activity.fetch_sub(1, Ordering::SeqCst) == 1
            && !self.over.swap(true, Ordering::SeqCst)
        {
            self.end_all(ExitReason::Ended);
        }
    }

    /// Takes in a new isolate, made by `make` from its number. The number starts
    /// at 1 in each group.
    pub(crate) fn admit(
        &self,
        parent: Option<&IsolateCore>,
        make: impl FnOnce(u64) -> Arc<IsolateCore>,
    ) -> Result<Arc<IsolateCore>, LimitHit> {
        let number = self.next_number()?;
        // Not under the lock: workers that spawn at the same time would wait for it.
        let isolate = make(number);
        let parent = parent.map(|parent| parent.number());
        let mut doomed = false;
        let mut members = lock(&self.members);
        members.coming -= 1;
        let spawned = members.spawned - members.coming as u64;
        self.meter(Limit::Spawned).set(spawned);
        self.past.spawned(spawned);
        if let Some(parent) = parent.and_then(|parent| members.alive.get_mut(&parent)) {
            parent.children.insert(number);
            doomed = parent.doomed;
        }
        let member = Member {
            isolate: isolate.clone(),
            parent,
            children: BTreeSet::new(),
            doomed,
            hangs: false,
        };
        members.alive.insert(number, member);
        members.measure(self.meter(Limit::Isolates));
        self.core.isolates.charge(1, u64::MAX);
        self.work_begins();
        let closing = members.closing.clone();
        drop(members);
        if let Some(reason) = closing.or_else(|| doomed.then_some(ExitReason::Killed)) {
            isolate.stop(reason);
        }
        Ok(isolate)
    }

    /// The number of an isolate that is about to come in, where there is room for one.
    fn next_number(&self) -> Result<u64, LimitHit> {
        let mut members = lock(&self.members);
        if (members.living() + members.coming) as u64 >= self.limits.isolates {
            return Err(self.limits.hit(Limit::Isolates));
        }
        if members.spawned >= self.limits.spawned {
            return Err(self.limits.hit(Limit::Spawned));
        }
        members.spawned += 1;
        members.coming += 1;
        Ok(members.spawned)
    }

    /// Ends this isolate and all that it has spawned, at any depth.
    pub(crate) fn stop_tree(&self, number: u64) {
        let mut tree = Vec::new();
        {
            let mut members = lock(&self.members);
            let mut at = vec![number];
            while let Some(number) = at.pop() {
                if let Some(member) = members.alive.get_mut(&number) {
                    member.doomed = true;
                    at.extend(&member.children);
                    tree.push(member.isolate.clone());
                }
            }
        }
        stop_all(&tree, &ExitReason::Killed);
    }

    /// An isolate has ended, and others may have its place.
    pub(crate) fn free_place(&self, number: u64) {
        let mut members = lock(&self.members);
        members.ended += 1;
        self.core.isolates.discharge(1);
        members.measure(self.meter(Limit::Isolates));
        let Some(member) = members.alive.get_mut(&number) else {
            return;
        };
        let (parent, children) = (member.parent, std::mem::take(&mut member.children));
        for child in &children {
            if let Some(child) = members.alive.get_mut(child) {
                child.parent = parent;
            }
        }
        if let Some(parent) = parent.and_then(|parent| members.alive.get_mut(&parent)) {
            parent.children.remove(&number);
            parent.children.extend(children);
        }
    }

    /// An isolate that has ended has told everybody: of what, unless that was told
    /// before. It had sent and received so much.
    pub(crate) fn leave(&self, number: u64, reason: Option<&ExitReason>, tally: Tally) {
        let mut members = lock(&self.members);
        self.past.left(reason, tally);
        if let Some(member) = members.alive.remove(&number) {
            members.ended -= 1;
            members.hanging -= usize::from(member.hangs);
            // Dropped later: the caller holds it too, so nothing ends here.
            drop(member);
        }
        if members.are_over() {
            self.empty.notify_all();
        }
    }

    /// An isolate has told of its end, and its turn hangs: it keeps its place, and
    /// nobody waits for it.
    pub(crate) fn hangs(&self, number: u64, reason: &ExitReason) {
        let mut members = lock(&self.members);
        self.past.left(Some(reason), Tally::default());
        if let Some(member) = members.alive.get_mut(&number) {
            member.hangs = true;
            members.hanging += 1;
        }
        if members.are_over() {
            self.empty.notify_all();
        }
    }

    pub(crate) fn hanging(&self) -> usize {
        lock(&self.members).hanging
    }

    /// Ends every isolate, the ones to come included.
    pub(crate) fn end_all(&self, reason: ExitReason) {
        let alive: Vec<_> = {
            let mut members = lock(&self.members);
            members.closing.get_or_insert_with(|| reason.clone());
            let alive = members.alive.values();
            alive.map(|member| member.isolate.clone()).collect()
        };
        stop_all(&alive, &reason);
    }

    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.members).are_over()
    }

    pub(crate) fn wait_until_empty(&self) {
        let mut members = lock(&self.members);
        while !members.are_over() {
            members = wait(&self.empty, members);
        }
    }

    pub(crate) fn alive(&self) -> usize {
        lock(&self.members).living()
    }

    pub(crate) fn spawned(&self) -> u64 {
        lock(&self.members).spawned
    }

    pub(crate) fn members(&self) -> Vec<Arc<IsolateCore>> {
        let members = lock(&self.members);
        let alive = members.alive.values();
        alive.map(|member| member.isolate.clone()).collect()
    }

    /// Adds what is in all mailboxes.
    pub(crate) fn add_figures(&self, figures: &mut Figures) {
        figures.timers += self.virtual_time().map_or(0, |time| time.pending());
        for isolate in self.members() {
            let mailbox = isolate.mailbox();
            figures.messages += mailbox.messages();
            figures.ports += mailbox.ports();
            figures.waits += mailbox.pending_waits;
        }
    }

    pub(crate) fn meter(&self, limit: Limit) -> &Meter {
        self.meters.of(limit)
    }

    /// Keeps what an isolate that has ended had at most.
    pub(crate) fn remember(&self, isolate: &IsolateMeters) {
        self.meters.remember(isolate);
    }

    /// Takes `more` from what a limit of the group allows, or says that it is not
    /// there.
    pub(crate) fn charge(&self, limit: Limit, more: u64) -> Result<(), LimitHit> {
        if self.meter(limit).charge(more, self.limits.get(limit)) {
            return Ok(());
        }
        Err(self.limits.hit(limit))
    }

    pub(crate) fn discharge(&self, limit: Limit, less: u64) {
        self.meter(limit).discharge(less);
    }

    /// Takes `bytes` from what the group's mailboxes may hold. False when they
    /// are not there.
    pub(crate) fn charge_mailbox(&self, bytes: u64) -> bool {
        self.charge(Limit::GroupMailboxBytes, bytes).is_ok()
    }

    /// Whether so many bytes more would fit now.
    pub(crate) fn has_mailbox_room(&self, bytes: u64) -> bool {
        let used = self.meter(Limit::GroupMailboxBytes).used();
        used.saturating_add(bytes) <= self.limits.group_mailbox_bytes
    }

    pub(crate) fn discharge_mailbox(&self, bytes: u64) {
        self.discharge(Limit::GroupMailboxBytes, bytes);
    }
}

/// Ends them all for one reason, also those that are linked to others of them.
fn stop_all(isolates: &[Arc<IsolateCore>], reason: &ExitReason) {
    for isolate in isolates {
        isolate.will_stop(reason.clone());
    }
    for isolate in isolates {
        isolate.stop(reason.clone());
    }
}

impl Drop for GroupCore {
    fn drop(&mut self) {
        self.core.forget_group(self.number, &self.past);
    }
}

/// Keeps its group from being over while it lives.
pub(crate) struct Activity(Arc<GroupCore>);

impl Activity {
    pub(crate) fn begin(group: &Arc<GroupCore>) -> Self {
        group.activity_begins();
        Activity(group.clone())
    }

    pub(crate) fn group(&self) -> &Arc<GroupCore> {
        &self.0
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        self.0.activity_ends();
    }
}
