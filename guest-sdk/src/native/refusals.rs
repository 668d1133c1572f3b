//! Why something was not done.

#[derive(Clone, Debug)]
pub struct Refusal {
    pub kind: RefusalKind,
    pub text: String,
}

/// The kinds of the contract. Some of them only a real host gives.
#[allow(dead_code)]
#[derive(Clone, Copy, Debug)]
pub enum RefusalKind {
    Limit,
    NoSuchEntry,
    UriNotGranted,
    BadUri,
    NoSuchLimit,
    NotControl,
    NameTaken,
    Closed,
    CapabilityNotHeld,
}

impl Refusal {
    pub fn new(kind: RefusalKind, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { kind, text }
    }

    /// Of what only a real host has.
    pub fn natively(kind: RefusalKind, what: &str) -> Self {
        Self::new(
            kind,
            format!("{what} (this runs natively, on a stand-in: `insula test` has real isolates)"),
        )
    }
}
