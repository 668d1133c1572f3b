//! What guests print: whole lines, labelled, limited.

use std::io::Write as _;
use std::sync::OnceLock;

use insula_message::{Limit, LimitHit};

use crate::group::GroupCore;
use crate::host_memory::HostShare;
use crate::isolate::IsolateCore;

/// Which of its two output streams a guest wrote to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A line that a guest printed.
#[derive(Debug, Clone)]
pub struct Line<'a> {
    /// The number of the isolate's group: see [`Group::number`](crate::Group::number).
    pub group: u64,
    /// The name of the isolate.
    pub isolate: &'a str,
    /// Whether it is the only isolate that was ever spawned in its group.
    pub alone: bool,
    /// Where the guest wrote it.
    pub stream: Stream,
    /// The line without its end. Bytes that are no UTF-8 are replaced; control
    /// characters are as the guest wrote them.
    pub text: &'a str,
}

/// Takes what guests print. Called by worker threads, with one line at a time
/// from each isolate.
pub trait Output: Send + Sync + 'static {
    /// Takes one line.
    fn line(&self, line: &Line<'_>);
}

impl<F: Fn(&Line<'_>) + Send + Sync + 'static> Output for F {
    fn line(&self, line: &Line<'_>) {
        self(line);
    }
}

/// Prints to the process's own standard output and error, with the isolate's
/// name in front when more than one exists, and control characters shown
/// instead of obeyed.
#[derive(Debug, Clone, Copy)]
pub struct Stdio {
    prefix: bool,
}

impl Stdio {
    /// With names in front.
    pub fn new() -> Self {
        Stdio { prefix: true }
    }

    /// Whether names stand in front.
    #[must_use]
    pub fn prefix(mut self, on: bool) -> Self {
        self.prefix = on;
        self
    }
}

impl Default for Stdio {
    fn default() -> Self {
        Stdio::new()
    }
}

impl Output for Stdio {
    fn line(&self, line: &Line<'_>) {
        let mut whole = String::with_capacity(line.text.len() + 32);
        if self.prefix && !line.alone {
            // A name is an entry's, and so a guest's own words too.
            whole.push('[');
            whole.push_str(&harmless(line.isolate));
            whole.push_str("] ");
        }
        whole.push_str(&harmless(line.text));
        whole.push('\n');
        // One call for the whole line, so that lines never mix. Whether anybody
        // still reads them is not the guest's concern.
        let _ = match line.stream {
            Stream::Stdout => std::io::stdout().lock().write_all(whole.as_bytes()),
            Stream::Stderr => std::io::stderr().lock().write_all(whole.as_bytes()),
        };
    }
}

/// A guest's text with everything that a terminal would obey made visible:
/// control characters, the ends of lines too, and the marks that reorder text.
/// Tabs stay.
///
/// ```
/// assert_eq!(insula::harmless("\x1b[2J gone?"), "\\u{1b}[2J gone?");
/// ```
pub fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let reorders = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if (c.is_control() && c != '\t') || reorders {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// What becomes of a group's output beyond its limits.
pub(crate) struct GroupOutput {
    /// Whether who prints more ends.
    pub(crate) fatal: bool,
    /// The limit because of which something was dropped. All that comes later is
    /// dropped too, also what is short enough: output with holes in it says what
    /// nobody meant.
    over: OnceLock<LimitHit>,
}

impl GroupOutput {
    pub(crate) fn new(fatal: bool) -> Self {
        GroupOutput {
            fatal,
            over: OnceLock::new(),
        }
    }

    /// Counts a line of so many bytes, or says why it is one too many.
    fn charge(&self, group: &GroupCore, bytes: u64) -> Result<(), LimitHit> {
        if let Some(hit) = self.over.get() {
            return Err(*hit);
        }
        group.charge(Limit::OutputLines, 1)?;
        let charged = group.charge(Limit::OutputBytes, bytes);
        if charged.is_err() {
            group.discharge(Limit::OutputLines, 1);
        }
        charged
    }
}

/// One stream of one isolate: collects a line until it is whole.
pub(crate) struct LineBuffer {
    stream: Stream,
    line: Vec<u8>,
    /// How long the line may be now: what is more than [`SHORT_LINE`] is on the
    /// group's budget for as long as the line is there.
    most: usize,
    share: Option<HostShare>,
}

/// A line longer than this is cut into several.
const LONGEST_LINE: usize = 64 << 10;

/// A line so long costs nothing beside its isolate.
const SHORT_LINE: usize = 1 << 10;

impl LineBuffer {
    pub(crate) fn new(stream: Stream) -> Self {
        LineBuffer {
            stream,
            line: Vec::new(),
            most: SHORT_LINE,
            share: None,
        }
    }

    /// Takes bytes and prints the lines that they end; an error where they are more
    /// than a limit allows that ends the isolate.
    pub(crate) fn write(
        &mut self,
        isolate: &IsolateCore,
        mut bytes: &[u8],
    ) -> Result<(), LimitHit> {
        while !bytes.is_empty() {
            // No further than a line may reach: it may be cut into many.
            let near = &bytes[..bytes.len().min(LONGEST_LINE)];
            let end = near.iter().position(|byte| *byte == b'\n');
            let part = &near[..end.unwrap_or(near.len())];
            let taken = part.len().min(self.room(isolate, part.len()));
            self.line.extend_from_slice(&part[..taken]);
            bytes = &bytes[taken..];
            let is_whole = taken == part.len() && end.is_some();
            if is_whole {
                bytes = &bytes[1..];
            }
            if is_whole || taken < part.len() {
                self.emit(isolate)?;
            }
        }
        Ok(())
    }

    /// How many bytes more fit into the line, where so many are wanted.
    fn room(&mut self, isolate: &IsolateCore, wanted: usize) -> usize {
        let length = self.line.len();
        let wanted = (length + wanted).min(LONGEST_LINE);
        if wanted > self.most {
            let most = wanted.max(2 * self.most).min(LONGEST_LINE);
            let more = (most - self.most) as u64;
            let share = self
                .share
                .get_or_insert_with(|| HostShare::none(isolate.group()));
            match share.grow(more) {
                Ok(()) => self.most = most,
                // The line is cut here: nothing is lost.
                Err(hit) => isolate.met(hit),
            }
        }
        if wanted > self.line.capacity() {
            self.line.reserve_exact(self.most - length);
        }
        self.most - length
    }

    /// Forgets the line, and gives back what it took.
    fn clear(&mut self) {
        self.line.clear();
        if self.most > SHORT_LINE {
            self.line = Vec::new();
            self.share = None;
            self.most = SHORT_LINE;
        }
    }

    /// Prints what is left without an end of line.
    pub(crate) fn finish(&mut self, isolate: &IsolateCore) {
        if !self.line.is_empty() {
            // Who has ended cannot end once more.
            let _ = self.emit(isolate);
        }
    }

    fn emit(&mut self, isolate: &IsolateCore) -> Result<(), LimitHit> {
        let group = isolate.group();
        let line = Line {
            group: group.number(),
            isolate: isolate.name(),
            alone: group.spawned() <= 1,
            stream: self.stream,
            text: &String::from_utf8_lossy(&self.line),
        };
        // With the name that stands in front: else many short lines of an isolate
        // with a long name print far more than the limit.
        let label = if line.alone {
            0
        } else {
            line.isolate.len() + 3
        };
        let length = (label + self.line.len() + 1) as u64;
        let printed = match group.output.charge(group, length) {
            Ok(()) => {
                give(isolate, &line);
                Ok(())
            }
            Err(hit) => drop_line(isolate, &line, hit),
        };
        self.clear();
        printed
    }
}

/// Hands a line to the host.
fn give(isolate: &IsolateCore, line: &Line<'_>) {
    let output = &isolate.group().core().output;
    isolate.enters_host();
    crate::core::shielded(|| output.line(line));
    isolate.is_out_of_host();
}

/// A line is one too many: an error where that ends the isolate. Else the first of
/// them is told in its place.
fn drop_line(isolate: &IsolateCore, line: &Line<'_>, hit: LimitHit) -> Result<(), LimitHit> {
    let output = &isolate.group().output;
    if output.fatal {
        return Err(hit);
    }
    isolate.met(hit);
    if output.over.set(hit).is_ok() {
        let text = format!("insula: {hit}; further output of this group is dropped");
        let notice = Line {
            stream: Stream::Stderr,
            text: &text,
            ..*line
        };
        give(isolate, &notice);
    }
    Ok(())
}
