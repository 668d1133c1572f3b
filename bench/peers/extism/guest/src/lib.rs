//! The plugin: what it is called for.

use extism_pdk::{FnResult, Msgpack, plugin_fn};
use serde::{Deserialize, Serialize};

#[plugin_fn]
pub fn add(number: u64) -> FnResult<u64> {
    Ok(number + 1)
}

#[plugin_fn]
pub fn echo(bytes: Vec<u8>) -> FnResult<Vec<u8>> {
    Ok(bytes)
}

#[derive(Serialize, Deserialize)]
pub struct Item {
    id: u64,
    name: String,
    tags: Vec<String>,
    pos: Position,
}

#[derive(Serialize, Deserialize)]
struct Position {
    x: f64,
    y: f64,
}

#[plugin_fn]
pub fn echo_items(items: Msgpack<Vec<Item>>) -> FnResult<Msgpack<Vec<Item>>> {
    Ok(items)
}

#[plugin_fn]
pub fn endless() -> FnResult<()> {
    loop {
        std::hint::black_box(0);
    }
}
