//! What is used of every limit, for a host.

use insula_message::{Limit, Scope};

use crate::group::GroupCore;
use crate::meters::Meter;

/// What an isolate or a group uses of its limits.
///
/// ```
/// # fn main() -> anyhow::Result<()> {
/// use insula::{Limit, Program, Runtime, SpawnOptions};
///
/// let runtime = Runtime::builder().max_isolates(10).start()?;
/// let wasm = wat::parse_str(
///     r#"(module (memory (export "memory") 3) (func (export "insula:entry/main")))"#,
/// )?;
/// let program = Program::from_bytes(&runtime, &wasm)?;
/// let isolate = runtime.spawn(&program, SpawnOptions::new())?;
/// let group = isolate.group().clone();
/// isolate.join();
/// let memory = group.usage().get(Limit::GroupMemory).expect("a limit of groups");
/// assert_eq!((memory.used, memory.peak, memory.refused), (0, 3 * 65_536, 0));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage(Vec<(Limit, Used)>);

/// What is used of one limit: bytes, a count, or milliseconds for times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Used {
    /// Now.
    pub used: u64,
    /// At most until now.
    pub peak: u64,
    /// The limit's value.
    pub limit: u64,
    /// How often something was refused, or an isolate ended, because of it.
    pub refused: u64,
}

impl Usage {
    /// Of the limits of this scope.
    pub(crate) fn of(scope: Scope, used: impl Fn(Limit) -> Used) -> Self {
        let limits = Limit::ALL.iter().copied();
        let limits = limits.filter(|limit| limit.scope() == scope);
        Usage(limits.map(|limit| (limit, used(limit))).collect())
    }

    /// Of one limit; none where it does not hold for an isolate, or for a group.
    pub fn get(&self, limit: Limit) -> Option<Used> {
        let found = self.0.iter().find(|(other, _)| *other == limit);
        found.map(|(_, used)| *used)
    }

    /// All of them, in the order of [`Limit::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Limit, Used)> + '_ {
        self.0.iter().copied()
    }
}

impl Used {
    pub(crate) fn of(meter: &Meter, limit: u64) -> Self {
        Used {
            used: meter.used(),
            peak: meter.peak(),
            limit,
            refused: meter.refused(),
        }
    }
}

impl GroupCore {
    /// What the group uses of its limits, and its isolates of those that each has
    /// for itself: of these, what the one has that has most.
    pub(crate) fn usage(&self) -> Usage {
        self.show_cpu();
        let own = Usage::of(Scope::Group, |limit| self.used(limit));
        let mut of_isolates = Usage::of(Scope::Isolate, |limit| self.used(limit));
        for isolate in self.members() {
            let one = isolate.usage();
            for ((_, most), (_, used)) in of_isolates.0.iter_mut().zip(one.iter()) {
                most.used = most.used.max(used.used);
                most.peak = most.peak.max(used.peak);
            }
        }
        let mut all = own.0;
        all.append(&mut of_isolates.0);
        all.sort_by_key(|(limit, _)| limit.place());
        Usage(all)
    }

    fn used(&self, limit: Limit) -> Used {
        if limit == Limit::PreemptedTurns {
            // The scheduler counts them; there is no refusal, work waits.
            let (used, peak, refused) = self.admission().figures();
            return Used {
                used: used as u64,
                peak: peak as u64,
                limit: self.limits.get(limit),
                refused: refused as u64,
            };
        }
        Used::of(self.meter(limit), self.limits.get(limit))
    }
}
