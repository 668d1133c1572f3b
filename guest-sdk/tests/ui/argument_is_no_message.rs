use insula_guest::*;

struct Job;

#[entry]
fn worker(_: Job) {}

#[main]
fn main() {}
