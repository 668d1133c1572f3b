use insula_guest::*;

fn unmarked() {}

fn unmarked_with(_: u32) {}

#[entry]
fn worker(_: u32) {}

#[entry]
fn echo() {}

#[main]
fn main() {
    // What can be spawned.
    Isolate::spawn(worker, 3);
    Isolate::spawn(echo, ());
    // What cannot.
    Isolate::spawn(unmarked, ());
    Isolate::spawn(unmarked_with, 3);
    Isolate::spawn(|| println!("hello"), ());
    Isolate::spawn(worker, "three");
    Isolate::spawn(worker, ());
    Isolate::spawn(echo, 3);
}
