use insula_guest::*;

struct Failure;

#[entry]
fn neither() -> Failure {
    Failure
}

#[entry]
async fn error_that_is_neither() -> Result<(), Failure> {
    Ok(())
}

#[entry]
fn opaque() -> impl Outcome {}

#[main]
fn main() {
    Timer::after(std::time::Duration::ZERO, || 42).detach();
}
