//! A guest that takes what it can get: the guide's chapter on limits.

use insula_guest::*;

#[main]
fn main() {
    println!("which one? memory, computing, isolates, output or files");
}

// ANCHOR: all
#[entry]
fn memory() {
    let mut kept = Vec::new();
    loop {
        kept.push(vec![1_u8; 1 << 20]);
    }
}

#[entry]
fn computing() {
    loop {
        std::hint::spin_loop();
    }
}

#[entry]
fn isolates() {
    let mut spawned = 0;
    loop {
        match try_spawn_function(idle) {
            Ok(_) => spawned += 1,
            Err(why) => return println!("after {spawned}: {why}"),
        }
    }
}

#[entry]
fn idle() {
    port().receive(|_: (), _| {});
}

#[entry]
fn output() {
    for line in 1.. {
        println!("line {line}");
        if line == 1_000 {
            return;
        }
    }
}
// ANCHOR_END: all

// ANCHOR: files
#[entry]
fn files() {
    println!("{:?}", std::fs::read_to_string("/notes/today.txt"));
    println!("{:?}", std::fs::write("/notes/today.txt", "mine"));
    println!("{:?}", std::fs::read_to_string("/notes/../secret.txt"));
    println!("LANG is {:?}", std::env::var("LANG"));
}
// ANCHOR_END: files
