use insula_guest::*;

#[main]
fn main() {
    let name = String::from("Ada");
    spawn_function(move || println!("hello, {name}"));
}
