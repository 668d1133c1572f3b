//! A message is a copy: whatever the sender or the receiver does to its own, the
//! other one keeps what it has.

use insula_guest::*;

/// Answers with what it got and with what it made of it.
#[entry]
fn reverser() {
    port().receive(|list: Vec<String>, reply| {
        let mut mine = list.clone();
        mine.reverse();
        if let Some(reply) = reply {
            reply.send((list, mine)).ok();
        }
    });
}

#[main]
async fn main() -> Result<(), CallError> {
    let reverser = spawn_function(reverser);
    let mut list: Vec<_> = ["a", "b", "c"].map(String::from).into();
    let answer = reverser.call(&list);
    list[0] = "changed".into();
    list.push("added".into());

    let (got, reversed): (Vec<String>, Vec<String>) = answer.await?;
    println!("sent     a b c, and then changed to {}", list.join(" "));
    println!("received {}", got.join(" "));
    println!("made     {}", reversed.join(" "));
    assert_eq!(got, ["a", "b", "c"]);
    Ok(())
}
