//! How long something takes that is done over and over.

use std::time::{Duration, Instant};

use crate::{Report, Task};

/// So many batches make a measurement.
const BATCHES: u32 = 20;

/// Times many operations in batches, after a while in which nothing is counted.
pub struct Clock {
    /// How long a batch lasts.
    batch: Duration,
    /// The clock is looked at once in so many operations.
    step: u64,
    in_step: u64,
    /// Of the batch that is under way: when it began, and its operations. The first is
    /// not counted, as the guest gets warm in it.
    begun: Instant,
    operations: u64,
    is_first: bool,
    report: Report,
}

impl Clock {
    pub fn new(task: &Task, step: u64) -> Self {
        Clock {
            batch: Duration::from_millis(task.millis) / BATCHES,
            step,
            in_step: 0,
            begun: Instant::now(),
            operations: 0,
            is_first: true,
            report: Report::default(),
        }
    }

    /// Takes note of one more operation. Whether there is to be another.
    pub fn tick(&mut self) -> bool {
        self.in_step += 1;
        if self.in_step < self.step {
            return true;
        }
        self.in_step = 0;
        self.operations += self.step;
        let elapsed = self.begun.elapsed();
        if elapsed < self.batch {
            return true;
        }
        if !std::mem::take(&mut self.is_first) {
            self.report.batches.push((self.operations, nanos(elapsed)));
        }
        self.operations = 0;
        self.begun = Instant::now();
        self.report.batches.len() < BATCHES as usize
    }

    /// What was counted: to be asked for once [`tick`](Self::tick) has said no. Each
    /// operation that it took note of counts as so many.
    pub fn report(&mut self, each: u64) -> Report {
        let mut report = std::mem::take(&mut self.report);
        for (operations, _) in &mut report.batches {
            *operations *= each;
        }
        report
    }
}

/// Times operations one by one, after some that are not counted.
pub struct Samples {
    until: Instant,
    most: usize,
    to_skip: u64,
    samples: Vec<u64>,
}

impl Samples {
    pub fn new(task: &Task, to_skip: u64, most: usize) -> Self {
        Samples {
            until: Instant::now() + Duration::from_millis(task.millis),
            most,
            to_skip,
            samples: Vec::with_capacity(most),
        }
    }

    /// Takes note of an operation that began at `start` and ends now. Whether there
    /// is to be another.
    pub fn tick(&mut self, start: Instant) -> bool {
        let now = Instant::now();
        if self.to_skip > 0 {
            self.to_skip -= 1;
            return true;
        }
        self.samples.push(nanos(now - start));
        self.samples.len() < self.most && now < self.until
    }

    pub fn report(self) -> Report {
        Report {
            samples: self.samples,
            ..Report::default()
        }
    }
}

pub fn nanos(time: Duration) -> u64 {
    time.as_nanos() as u64
}
