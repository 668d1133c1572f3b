//! The path of a guest's author: `cargo run` and `cargo test` in a guest crate, with
//! `insula runner` as cargo's runner.

mod runner;
mod support;
