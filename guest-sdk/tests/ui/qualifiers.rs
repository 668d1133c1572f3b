use insula_guest::*;

#[entry]
const fn constant() {}

#[entry]
unsafe fn risky() {}

#[entry]
extern "C" fn exported() {}

#[entry]
fn generic<T>() {}

#[main]
fn main() {
    spawn_function(constant);
    spawn_function(generic::<u32>);
}
