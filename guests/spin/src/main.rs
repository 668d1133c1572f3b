//! An endless loop, or as many of them as the first message says.

use insula_guest::*;

#[entry]
fn spinner() {
    spin()
}

fn spin() -> ! {
    let mut count = 0u64;
    loop {
        count = std::hint::black_box(count.wrapping_add(1));
    }
}

#[main]
fn main() -> Result<(), DecodeError> {
    let count = isolate::first_message::<usize>()?.unwrap_or(1);
    for _ in 1..count {
        spawn_function(spinner);
    }
    println!("{count} spinning");
    spin()
}
