//! A program that others start by its URI. It repeats what it is told, loudly.

use insula_guest::*;

/// Answers each message, with its first one in front.
#[entry]
fn shout(first: String) {
    port().receive(move |text: String, reply| {
        if let Some(reply) = reply {
            reply.send(format!("{first} {text}").to_uppercase()).ok();
        }
    });
}

#[main]
fn main() {
    println!("LET OTHERS START ME");
}
