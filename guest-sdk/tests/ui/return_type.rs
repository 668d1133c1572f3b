use insula_guest::*;

struct Failure;

#[entry]
fn number() -> u32 {
    42
}

#[entry]
async fn cannot_be_displayed() -> Result<(), Failure> {
    Ok(())
}

#[entry]
fn opaque() -> impl Outcome {}

#[main]
fn main() {}
