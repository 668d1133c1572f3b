//! The guests that were written by hand, in groups. What is generated from the
//! contract, or needs a host of its own, is beside this folder.

mod ambient;
mod cpu;
mod handles;
mod lifecycle;
mod memory;
mod messages;
mod output;
mod pointers;
mod wasm_files;

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use insula_tests::hostile::{Row, rows};

/// A group of guests, by what they abuse.
struct Group {
    name: &'static str,
    rows: fn() -> Vec<Row>,
}

const GROUPS: [Group; 9] = [
    Group {
        name: "CPU and time",
        rows: cpu::rows,
    },
    Group {
        name: "memory",
        rows: memory::rows,
    },
    Group {
        name: "pointers and lengths",
        rows: pointers::rows,
    },
    Group {
        name: "handles",
        rows: handles::rows,
    },
    Group {
        name: "messages",
        rows: messages::rows,
    },
    Group {
        name: "spawning and lifecycle",
        rows: lifecycle::rows,
    },
    Group {
        name: "module files",
        rows: wasm_files::rows,
    },
    Group {
        name: "ambient effects",
        rows: ambient::rows,
    },
    Group {
        name: "output",
        rows: output::rows,
    },
];

/// How many there are at least, and in each group.
const IN_ALL: usize = 100;
const IN_GROUP: usize = 10;

/// The table is as large as it says, and no guest is in it twice.
#[test]
fn every_group_has_its_guests() -> Result<()> {
    let mut distinct = BTreeSet::new();
    for Group { name, rows } in GROUPS {
        let rows = rows();
        println!("{:>4} {name}", rows.len());
        ensure!(rows.len() >= IN_GROUP, "{name} has {} guests", rows.len());
        for row in rows {
            ensure!(distinct.insert(row.guest), "{name}: {} is twice", row.name);
        }
    }
    println!("{:>4} in all", distinct.len());
    ensure!(distinct.len() >= IN_ALL, "{} guests", distinct.len());
    Ok(())
}

fn group(name: &str) -> Result<()> {
    let found = GROUPS.iter().find(|group| group.name == name);
    let group = found.expect("there is such a group");
    rows(|_| Ok((group.rows)()))
}
