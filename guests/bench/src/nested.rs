//! Structured messages.

use insula_guest::*;
use serde::{Deserialize, Serialize};

use crate::Task;
use crate::messages::trips;

/// About 100 bytes as JSON.
#[derive(Serialize, Deserialize)]
struct Item {
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

fn item(id: u64) -> Item {
    Item {
        id,
        name: format!("item number {id}"),
        tags: ["red", "large", "fragile"].map(String::from).into(),
        pos: Position {
            x: id as f64 * 0.5,
            y: id as f64 * 0.25,
        },
    }
}

#[entry]
fn echo_items(to: SendPort) {
    port().receive(move |items: Vec<Item>, _| to.send(items));
}

#[entry]
fn echo_value(to: SendPort) {
    port().receive(move |value: Value, _| to.send(value));
}

/// A list of so many maps, there and back, read as types on both sides.
#[entry]
fn nested(task: Task) {
    let items: Vec<Item> = (0..task.size).map(item).collect();
    let echo = spawn_with(echo_items, port().send_port());
    trips(task, 1, echo, items);
}

/// The same, read as a [`Value`] on both sides.
#[entry]
fn nested_value(task: Task) {
    let items = (0..task.size).map(|id| {
        let item = item(id);
        Value::map([
            ("id", Value::from(item.id as i64)),
            ("name", Value::from(item.name)),
            ("tags", item.tags.into_iter().map(Value::from).collect()),
            (
                "pos",
                Value::map([
                    ("x", Value::from(item.pos.x)),
                    ("y", Value::from(item.pos.y)),
                ]),
            ),
        ])
    });
    let items: Value = items.collect();
    let echo = spawn_with(echo_value, port().send_port());
    trips(task, 1, echo, items);
}
