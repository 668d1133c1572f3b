//! What a runtime did over time, in bounded space however long that is.

use std::collections::VecDeque;
use std::time::Duration;

use insula::Metrics;
use serde::Serialize;

/// How many samples the whole time has at most. Above that every other one goes, and
/// samples are kept half as often.
const WHOLE: usize = 1_024;

/// How many samples of the last minutes are kept, and how far apart they are at least.
const RECENT: usize = 600;
const RECENT_EVERY: Duration = Duration::from_millis(500);

/// The runtime at one moment. What is counted is counted from the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Default)]
pub(crate) struct Sample {
    /// Milliseconds from the runtime's start.
    pub(crate) at: u64,
    pub(crate) isolates: u64,
    pub(crate) spawned: u64,
    pub(crate) ended: u64,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) waiting: u64,
    /// Milliseconds.
    pub(crate) cpu: f64,
    /// Bytes.
    pub(crate) memory: u64,
}

impl Sample {
    pub(crate) fn of(metrics: &Metrics) -> Self {
        let total = &metrics.total;
        Sample {
            at: milliseconds(metrics.uptime),
            isolates: total.isolates,
            spawned: total.spawned,
            ended: total.ended.values().sum(),
            sent: total.sent.messages,
            received: total.received.messages,
            waiting: total.mailboxes.messages,
            cpu: total.cpu.as_secs_f64() * 1e3,
            memory: total.memory,
        }
    }
}

pub(crate) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Samples, in order.
#[derive(Default)]
pub(crate) struct Timeline {
    whole: Vec<Sample>,
    recent: VecDeque<Sample>,
    /// The least distance of samples of the whole time, in milliseconds.
    apart: u64,
}

impl Timeline {
    pub(crate) fn add(&mut self, sample: Sample) {
        let last = self.recent.back().map_or(0, |last| last.at);
        if self.recent.is_empty() || sample.at >= last + milliseconds(RECENT_EVERY) {
            if self.recent.len() == RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back(sample);
        }
        let last = self.whole.last().map_or(0, |last| last.at);
        if self.whole.is_empty() || sample.at >= last + self.apart {
            if self.whole.len() == WHOLE {
                self.halve();
            }
            self.whole.push(sample);
        }
    }

    /// The last one, which is kept whatever it is near to.
    pub(crate) fn finish(&mut self, sample: Sample) {
        if self.whole.len() == WHOLE {
            self.halve();
        }
        self.whole.push(sample);
    }

    fn halve(&mut self) {
        let mut place = 0;
        self.whole.retain(|_| {
            place += 1;
            place % 2 == 1
        });
        let span = self.whole.last().map_or(0, |last| last.at) - self.whole[0].at;
        self.apart = (span / (WHOLE as u64 / 2)).max(1);
    }

    /// Of the whole time.
    pub(crate) fn whole(&self) -> &[Sample] {
        &self.whole
    }

    /// Of the last minutes, those after that moment.
    pub(crate) fn recent_after(&self, at: u64) -> impl Iterator<Item = &Sample> {
        self.recent.iter().filter(move |sample| sample.at > at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(at: u64) -> Sample {
        Sample {
            at,
            sent: 3 * at,
            ..Sample::default()
        }
    }

    #[test]
    fn however_long_it_takes_samples_are_few_and_evenly_spread() {
        let mut timeline = Timeline::default();
        let last = 10_000_000;
        for moment in (0..=last).step_by(100) {
            timeline.add(at(moment));
        }
        timeline.finish(at(last + 1));
        let whole = timeline.whole();
        assert!(
            (WHOLE / 2..=WHOLE).contains(&whole.len()),
            "{}",
            whole.len()
        );
        assert_eq!((whole[0].at, whole[whole.len() - 1].at), (0, last + 1));
        let gaps = whole.windows(2).map(|pair| pair[1].at - pair[0].at);
        let widest = gaps.max().unwrap_or_default();
        assert!(widest < 4 * last / WHOLE as u64, "{widest}");
        let recent: Vec<_> = timeline.recent_after(0).collect();
        assert_eq!(recent.len(), RECENT);
        assert_eq!(recent[RECENT - 1].at, last);
        assert_eq!(timeline.recent_after(last - 600).count(), 2);
    }

    #[test]
    fn a_short_run_keeps_all() {
        let mut timeline = Timeline::default();
        for moment in 0..50 {
            timeline.add(at(moment));
        }
        assert_eq!(timeline.whole().len(), 50);
        assert_eq!(timeline.recent_after(0).count(), 0);
    }
}
