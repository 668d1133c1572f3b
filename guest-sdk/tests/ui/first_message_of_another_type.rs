use insula_guest::*;

#[entry]
fn worker(_: u32) {}

#[main]
fn main() {
    spawn_with(worker, "three");
    spawn_function(worker);
}
