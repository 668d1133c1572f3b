//! The path of a guest's author: `cargo run` and `cargo test` in a guest crate, with
//! `insula runner` as cargo's runner, and `insula new`, which makes such a crate.

mod native;
mod new;
mod runner;
mod support;
mod test;
