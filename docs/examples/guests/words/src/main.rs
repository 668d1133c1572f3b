//! A plugin that counts words. It has a bug, of the kind that a stranger's code may have.

// ANCHOR: all
use insula_guest::*;

#[main]
fn main() {
    port().receive(|text: String, reply| {
        let count = count(text);
        if let Some(reply) = reply {
            reply.send(count).ok();
        }
    });
}

/// How many words there are between single spaces.
fn count(mut text: String) -> usize {
    // Rows of spaces become one space. (Do they?)
    while text.contains("  ") {
        text = text.replace("   ", " ");
    }
    text.split(' ').filter(|word| !word.is_empty()).count()
}
// ANCHOR_END: all

// ANCHOR: vowels
/// Runs for one text, and returns.
#[entry]
fn count_vowels(text: String) -> usize {
    text.chars()
        .filter(|letter| "aeiouAEIOU".contains(*letter))
        .count()
}
// ANCHOR_END: vowels
