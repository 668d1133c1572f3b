use insula_guest::*;

#[entry]
fn length(text: String) -> usize {
    text.len()
}

#[entry]
fn fails() -> Result<(), Box<dyn std::error::Error>> {
    Ok(())
}

fn is_text(_: impl Future<Output = Result<String, RunError>>) {}

#[main]
async fn main() {
    // The result is of the entry's type.
    is_text(Isolate::run(length, "four".to_string()));
    // The argument, too.
    Isolate::run(length, 4).await.ok();
    // A result that cannot be sent can be nobody's.
    let _run = Isolate::run(fails, ());
}
