use insula_guest::*;

#[entry]
fn two(_: u32, _: String) {}

#[entry]
fn borrowed(_: &str) {}

#[entry]
fn anything(_: impl serde::de::DeserializeOwned) {}

struct Server;

impl Server {
    #[entry]
    fn serve(&self) {}
}

#[main]
fn main() {}
