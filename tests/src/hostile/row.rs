//! A row of a table: a hostile guest, and how it has to end.

use insula::{ExitReason, Limit, Limits};

/// A hostile guest, and how it has to end.
pub struct Row {
    pub name: String,
    pub wat: String,
    pub limits: Limits,
    pub end: End,
}

/// A row of the table.
pub fn row(name: impl Into<String>, wat: impl Into<String>, end: End) -> Row {
    Row {
        name: name.into(),
        wat: wat.into(),
        limits: Limits::default(),
        end,
    }
}

impl Row {
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// The exit reason that a row expects. Texts are key words: each has to be in
/// what the reason says.
#[derive(Debug, Clone)]
pub enum End {
    Ended,
    Exited(i32),
    Trapped(&'static str),
    Panicked(&'static str),
    Limit(Limit),
    Broken(Vec<String>),
    Killed,
    /// Because of the isolate of this name.
    Linked(&'static str),
}

impl End {
    pub fn broken<const N: usize>(words: [&str; N]) -> Self {
        End::Broken(words.map(str::to_owned).into())
    }

    pub fn is(&self, reason: &ExitReason, limits: &Limits) -> bool {
        let text = reason.to_string();
        match (self, reason) {
            (End::Ended, ExitReason::Ended) => true,
            (End::Killed, ExitReason::Killed) => true,
            (End::Exited(expected), ExitReason::Exited(code)) => expected == code,
            (End::Trapped(word), ExitReason::Trapped { .. })
            | (End::Panicked(word), ExitReason::Panicked { .. })
            | (End::Linked(word), ExitReason::Linked { .. }) => text.contains(word),
            (End::Limit(limit), ExitReason::Limit { hit, .. }) => {
                let value = limits.get(*limit);
                hit.limit == *limit
                    && hit.value == value
                    && text.contains(&value.to_string())
                    && text.contains(&format!("Limits::{}", limit.option()))
            }
            (End::Broken(words), ExitReason::ContractBroken { what, .. }) => {
                words.iter().all(|word| what.contains(word))
            }
            _ => false,
        }
    }
}
