use insula_guest::*;

fn echo() {}

async fn later() {}

fn worker(_: u32) {}

#[main]
fn main() {
    spawn_function(echo);
    spawn_function(later);
    spawn_with(worker, 3);
}
