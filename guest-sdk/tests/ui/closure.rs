use insula_guest::*;

#[main]
fn main() {
    spawn_function(|| println!("hello"));
}
