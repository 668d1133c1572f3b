//! Metrics as OpenMetrics text, for what scrapes it.
//!
//! How many lines there are is bounded: sums, groups up to [`MOST_GROUPS`], and isolates
//! only where the metrics were taken with them.

use std::fmt::Write as _;
use std::time::Duration;

use super::metrics::{GroupMetrics, IsolateMetrics, Metrics, Sums};

/// So many groups have lines of their own, the oldest. All are in the sums.
const MOST_GROUPS: usize = 1_000;

impl Metrics {
    /// The media type of [`to_openmetrics`](Self::to_openmetrics).
    pub const OPENMETRICS: &'static str =
        "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// As [OpenMetrics](https://openmetrics.io) text: names begin with `insula_`, units
    /// are bytes and seconds. Sums have no label but `reason`, groups have `group`
    /// (no more than 1,000 of them, the oldest), and isolates, where the metrics were
    /// taken with them, `group`, `isolate`, `name` and `entry`.
    pub fn to_openmetrics(&self) -> String {
        let mut text = Text(String::new());
        self.write_totals(&mut text);
        self.write_groups(&mut text);
        self.write_isolates(&mut text);
        text.0.push_str("# EOF\n");
        text.0
    }

    fn write_totals(&self, text: &mut Text) {
        let total = &self.total;
        text.gauge(
            "uptime_seconds",
            "How long the runtime is there.",
            self.uptime,
        );
        text.gauge("isolates", "Isolates alive.", total.isolates);
        let most = "Isolates alive at once, at most.";
        text.gauge("isolates_peak", most, self.isolates_peak);
        text.gauge(
            "isolates_limit",
            "Places for isolates.",
            self.isolates_limit,
        );
        text.counter("spawned", "Isolates spawned.", total.spawned);
        text.family("ended", "counter", "Isolates that have ended, by reason.");
        for (reason, count) in &total.ended {
            text.line("ended_total", &[("reason", reason)], *count);
        }
        text.counter("cpu_seconds", "What isolates have computed.", total.cpu);
        text.gauge("memory_bytes", "Linear memory of isolates.", total.memory);
        let most = "Linear memory at once, at most.";
        text.gauge("memory_peak_bytes", most, self.memory_peak);
        let mailboxes = total.mailboxes;
        text.gauge(
            "mailbox_messages",
            "Messages in mailboxes.",
            mailboxes.messages,
        );
        text.gauge("mailbox_bytes", "What these count there.", mailboxes.bytes);
        text.counter(
            "sent_messages",
            "Messages sent by isolates.",
            total.sent.messages,
        );
        text.counter("sent_bytes", "Bytes in these.", total.sent.bytes);
        let came = "Messages that came into mailboxes of isolates.";
        text.counter("received_messages", came, total.received.messages);
        text.counter("received_bytes", "Bytes in these.", total.received.bytes);
        text.gauge("permits", "How many turns run at once.", self.permits);
        text.gauge("workers", "Worker threads.", self.workers);
        let lost = "Turns that lost their run permit and have not ended.";
        text.gauge("preempted_turns", lost, self.preempted);
        text.gauge("timers", "Timers that are not due yet.", self.timers);
        text.gauge("loads", "Programs that are being loaded.", self.loads);
        text.gauge(
            "groups",
            "Groups that are not over.",
            self.groups.len() as u64,
        );
    }

    fn write_groups(&self, text: &mut Text) {
        let groups = &self.groups[..self.groups.len().min(MOST_GROUPS)];
        let mut family = |name: &str, kind: &str, help: &str, of: fn(&GroupMetrics) -> Number| {
            let suffix = if kind == "counter" { "_total" } else { "" };
            text.family(name, kind, help);
            for group in groups {
                let number = group.group.to_string();
                let name = format!("{name}{suffix}");
                text.line(&name, &[("group", &number)], of(group));
            }
        };
        family("group_isolates", "gauge", "Isolates alive.", |group| {
            group.sums.isolates.into()
        });
        family("group_spawned", "counter", "Isolates spawned.", |group| {
            group.sums.spawned.into()
        });
        let failed = "Isolates that an error ended, or a limit.";
        family("group_failed", "counter", failed, |group| {
            group.sums.failed().into()
        });
        family("group_cpu_seconds", "counter", "CPU time.", |group| {
            group.sums.cpu.into()
        });
        family("group_memory_bytes", "gauge", "Linear memory.", |group| {
            group.sums.memory.into()
        });
        let limit = "Linear memory that is allowed.";
        family("group_memory_limit_bytes", "gauge", limit, |group| {
            group.memory_limit.into()
        });
        let waiting = "Messages in mailboxes.";
        family("group_mailbox_messages", "gauge", waiting, |group| {
            group.sums.mailboxes.messages.into()
        });
        family(
            "group_sent_messages",
            "counter",
            "Messages sent.",
            |group| group.sums.sent.messages.into(),
        );
        let came = "Messages that came into mailboxes.";
        family("group_received_messages", "counter", came, |group| {
            group.sums.received.messages.into()
        });
    }

    fn write_isolates(&self, text: &mut Text) {
        if self.isolates.is_empty() {
            return;
        }
        let mut family = |name: &str, kind: &str, of: fn(&IsolateMetrics) -> Number| {
            let suffix = if kind == "counter" { "_total" } else { "" };
            text.family(name, kind, "Of one isolate.");
            for isolate in &self.isolates {
                let (group, number) = (isolate.id.group, isolate.id.isolate);
                let (group, number) = (group.to_string(), number.to_string());
                let labels = [
                    ("group", &*group),
                    ("isolate", &*number),
                    ("name", &*isolate.name),
                    ("entry", &*isolate.entry),
                ];
                text.line(&format!("{name}{suffix}"), &labels, of(isolate));
            }
        };
        family("isolate_cpu_seconds", "counter", |isolate| {
            isolate.cpu.into()
        });
        family("isolate_memory_bytes", "gauge", |isolate| {
            isolate.memory.into()
        });
        family("isolate_mailbox_messages", "gauge", |isolate| {
            isolate.mailbox.messages.into()
        });
        family("isolate_sent_messages", "counter", |isolate| {
            isolate.sent.messages.into()
        });
        family("isolate_received_messages", "counter", |isolate| {
            isolate.received.messages.into()
        });
    }
}

impl Sums {
    /// Those that an error ended, or a limit.
    fn failed(&self) -> u64 {
        let peaceful = ["ended", "exited", "killed", "shut_down"];
        let ended = self.ended.iter();
        let failed = ended.filter(|(kind, _)| !peaceful.contains(*kind));
        failed.map(|(_, count)| count).sum()
    }
}

enum Number {
    Count(u64),
    Time(Duration),
}

impl From<u64> for Number {
    fn from(count: u64) -> Self {
        Number::Count(count)
    }
}

impl From<Duration> for Number {
    fn from(time: Duration) -> Self {
        Number::Time(time)
    }
}

struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let unit = ["seconds", "bytes"];
        let unit = unit.into_iter().find(|unit| name.ends_with(unit));
        let _ = writeln!(self.0, "# TYPE insula_{name} {kind}");
        if let Some(unit) = unit {
            let _ = writeln!(self.0, "# UNIT insula_{name} {unit}");
        }
        let _ = writeln!(self.0, "# HELP insula_{name} {help}");
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Into<Number>) {
        self.family(name, "gauge", help);
        self.line(name, &[], value);
    }

    fn counter(&mut self, name: &str, help: &str, value: impl Into<Number>) {
        self.family(name, "counter", help);
        self.line(&format!("{name}_total"), &[], value);
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Into<Number>) {
        let text = &mut self.0;
        let _ = write!(text, "insula_{name}");
        for (place, (label, value)) in labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            let _ = write!(text, "{before}{label}=\"");
            escape(text, value);
            text.push('"');
        }
        if !labels.is_empty() {
            text.push('}');
        }
        let _ = match value.into() {
            Number::Count(count) => writeln!(text, " {count}"),
            Number::Time(time) => writeln!(text, " {}", time.as_secs_f64()),
        };
    }
}

/// What a guest calls itself is any text.
fn escape(text: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
}
