//! What is printed comes out as whole lines, whoever else prints meanwhile.

use insula_guest::*;
use std::time::Duration;

/// Prints a line in pieces, between which other isolates run.
#[entry]
async fn writer(name: String) {
    for word in ["one", "line", "in", "pieces"] {
        print!("{name}:{word} ");
        sleep(Duration::from_millis(2)).await;
    }
    println!();
    eprint!("{name} ");
    eprintln!("to stderr");
}

#[main]
async fn main() {
    for name in ["a", "b", "c"] {
        spawn_with(writer, name.to_string());
    }
    sleep(Duration::from_millis(50)).await;
    println!("control characters: \x1b[31mred\x1b[0m \x07bell \x08back \rreturn \u{9b}31m");
    println!("not control characters: tab\there, ünïcödé, 🏛");
    print!("a last line without an end");
}
