//! What a guest's clocks show.

use std::fmt;
use std::str::FromStr;

use super::UnknownName;

/// What a guest's clocks show. Timers and sleeps run whatever it is. A monotonic
/// clock begins with its isolate, so that it tells nothing about the host.
///
/// | | the two clocks | their resolution |
/// |---|---|---|
/// | `off` | none: `clock_time_get` and `clock_res_get` answer `notcapable` | |
/// | `frozen` | the time at which the turn began, all through the turn | 1 ms |
/// | `coarse` | the time, in whole milliseconds | 1 ms |
/// | `real` | the time | 1 ns |
/// | `virtual` | a time of the group's own | 1 ns |
///
/// A *virtual* time begins at zero (for the wall clock, with the year 2000) when its
/// group does, and stands still while anything in the group can happen: it goes on
/// when nothing can before the next timer or the end of a sleep, and then goes there
/// at once. Timers and sleeps run on it, so nobody waits for them. It does not wait
/// for a host: a call to a host's port with a time limit is over at once, unless
/// somebody in the group is busy.
///
/// A Rust guest's `Instant::now` panics where clocks are off. A sleep until a time
/// is a way to ask for the time, so it is measured by what the clock shows, and
/// refused where that is nothing. There is no CPU clock at all (`notsup`). The
/// times of files are shown as the clocks would show them, and as the beginning of 1970
/// where those are off or virtual.
///
/// ```
/// use insula::ClockAccess;
///
/// assert_eq!("frozen".parse(), Ok(ClockAccess::Frozen));
/// assert_eq!(ClockAccess::default().to_string(), "coarse");
/// assert!("fast".parse::<ClockAccess>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ClockAccess {
    /// Nothing: asking for the time is an error.
    Off,
    /// Whole milliseconds.
    #[default]
    Coarse,
    /// The host's own, as finely as it has them.
    Real,
    /// The time at which the turn began, in whole milliseconds.
    Frozen,
    /// A time of the group's own, which goes on when nothing else is left to do.
    Virtual,
}

const NAMES: [(&str, ClockAccess); 5] = [
    ("off", ClockAccess::Off),
    ("coarse", ClockAccess::Coarse),
    ("real", ClockAccess::Real),
    ("frozen", ClockAccess::Frozen),
    ("virtual", ClockAccess::Virtual),
];

impl ClockAccess {
    /// The names that [`FromStr`] takes and that are shown.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().map(|(name, _)| name)
    }
}

impl FromStr for ClockAccess {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let found = NAMES.into_iter().find(|(known, _)| *known == name);
        found.map(|(_, access)| access).ok_or_else(|| UnknownName {
            given: name.to_owned(),
            what: "kind of clock",
            choices: Self::names().collect::<Vec<_>>().join(", "),
        })
    }
}

impl fmt::Display for ClockAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = NAMES.into_iter().find(|(_, access)| access == self);
        f.write_str(own.map_or("", |(name, _)| name))
    }
}
