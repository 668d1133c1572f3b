//! The figures of a run: for people with `--stats`, and for programs with `--json`.

use std::collections::BTreeMap;
use std::time::Duration;

use insula::Metrics;
use serde::Serialize;

use super::finished::Finished;

/// What a run has used. The names are those that `--json` has.
#[derive(Serialize)]
pub struct Stats {
    /// Isolates in all.
    pub isolates: u64,
    /// Isolates at once, at most.
    pub peak_isolates: u64,
    /// How many ended for each kind of reason.
    pub ended: BTreeMap<&'static str, u64>,
    /// Messages that isolates have sent, and their bytes.
    pub messages_sent: u64,
    pub bytes_sent: u64,
    /// Messages that came into their mailboxes, from the host too, and their bytes.
    pub messages_received: u64,
    pub bytes_received: u64,
    pub cpu_ms: f64,
    pub wall_ms: f64,
    /// Bytes of linear memory at once, at most.
    pub peak_memory: u64,
}

impl Stats {
    pub fn of(finished: &Finished<'_>) -> Self {
        let Metrics {
            total,
            isolates_peak,
            memory_peak,
            ..
        } = finished.runtime.metrics();
        Stats {
            isolates: total.spawned,
            peak_isolates: isolates_peak,
            ended: total.ended,
            messages_sent: total.sent.messages,
            bytes_sent: total.sent.bytes,
            messages_received: total.received.messages,
            bytes_received: total.received.bytes,
            cpu_ms: milliseconds(total.cpu),
            wall_ms: milliseconds(finished.wall),
            peak_memory: memory_peak,
        }
    }

    /// As lines for people.
    pub fn lines(&self) -> [String; 4] {
        let ended = self.ended.iter();
        let ended: Vec<_> = ended
            .map(|(kind, count)| format!("{} {}", grouped(*count), kind.replace('_', " ")))
            .collect();
        let cpu = Duration::from_secs_f64(self.cpu_ms / 1e3);
        let wall = Duration::from_secs_f64(self.wall_ms / 1e3);
        [
            format!(
                "isolates  {} spawned, at most {} at once; {}",
                grouped(self.isolates),
                grouped(self.peak_isolates),
                ended.join(", ")
            ),
            format!(
                "messages  {} sent with {}, {} received with {}",
                grouped(self.messages_sent),
                bytes(self.bytes_sent),
                grouped(self.messages_received),
                bytes(self.bytes_received),
            ),
            format!("time      {} of CPU in {}", time(cpu), time(wall)),
            format!("memory    at most {} at once", bytes(self.peak_memory)),
        ]
    }
}

/// To the microsecond.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// With a comma between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn bytes(number: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    for (unit, power) in units {
        if number >= 1 << power {
            let scaled = number as f64 / (1_u64 << power) as f64;
            return format!("{scaled:.1} {unit}");
        }
    }
    format!("{number} B")
}

pub fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1e-3 {
        format!("{:.0} us", seconds * 1e6)
    } else if seconds < 1.0 {
        format!("{:.1} ms", seconds * 1e3)
    } else {
        format!("{seconds:.2} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_people_read_them() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
        for (number, text) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_536, "1.5 KiB"),
            (3 << 30, "3.0 GiB"),
        ] {
            assert_eq!(bytes(number), text);
        }
        for (micros, text) in [(7, "7 us"), (1_500, "1.5 ms"), (2_500_000, "2.50 s")] {
            assert_eq!(time(Duration::from_micros(micros)), text);
        }
    }
}
