//! Where in a message an error is, as in `user.address[2].zip`.

use std::fmt::{self, Write};

/// How much of a key is shown: keys come from the sender and may be long.
const SHOWN_KEY: usize = 64;

/// The way to a part of a message. It is filled from the inside out, while an
/// error bubbles up, so that nothing is paid for it on success.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Path {
    innermost_first: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Segment {
    /// A map's value at a string key.
    Field(String),
    /// An element of a list.
    Index(usize),
    /// A map's value at a key that is no string, as it prints.
    At(String),
    /// The key of a map's entry with this number.
    Key(usize),
}

impl Path {
    pub(crate) fn prepend(&mut self, segment: Segment) {
        self.innermost_first.push(segment);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.innermost_first.is_empty()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, segment) in self.innermost_first.iter().rev().enumerate() {
            match segment {
                Segment::Field(name) if is_identifier(name) => {
                    if i > 0 {
                        f.write_char('.')?;
                    }
                    f.write_str(name)?;
                }
                Segment::Field(name) => {
                    let shown: String = name.chars().take(SHOWN_KEY).collect();
                    write!(f, "[{shown:?}]")?;
                }
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::At(key) => write!(f, "[{key}]")?,
                Segment::Key(entry) => write!(f, "[key {entry}]")?,
            }
        }
        Ok(())
    }
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= SHOWN_KEY
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}
