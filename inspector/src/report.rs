//! A run that is over, as one file that needs nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::page::{self, SCRIPT, STYLE};
use crate::watch::Watch;
use crate::wire;

/// How many isolates that have ended are in a report, the newest.
const ROWS: usize = 10_000;

impl Watch {
    /// The run until now as a page of its own: a summary, isolates with why they ended,
    /// plots, who sent to whom. `title` says of what, and `about` are further lines that
    /// stand in its head, as pairs of a name and a text.
    ///
    /// Of 10,000 isolates it has some 3 MB; of more it says how many were left out. It
    /// loads nothing, and its own rule lets nothing run but the scripts that are in it.
    pub fn report(&self, title: &str, about: &[(&str, &str)]) -> String {
        let data = wire::report(self.shared(), ROWS, about).to_string();
        // Nothing in it ends the element that it stands in.
        let data = data.replace('<', "\\u003c");
        let rule = format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; \
             form-action 'none'",
            digest(SCRIPT),
            digest(STYLE),
        );
        let head = format!(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"{rule}\">\n\
             <style>{STYLE}</style>"
        );
        let end = format!(
            "<script type=\"application/json\" id=\"data\">{data}</script>\n\
             <script>{SCRIPT}</script>"
        );
        page::page(&head, "report", title, &end)
    }
}

fn digest(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}
