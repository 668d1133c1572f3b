//! A race between two isolates: the guide's chapter on testing.

// ANCHOR: all
use insula_guest::*;

/// Adds one to what the account has. Between the question and the order somebody else
/// may have done the same.
#[entry]
async fn clerk(account: SendPort) -> Result<(), Box<dyn std::error::Error>> {
    let has: i64 = account.call(None::<i64>).await?;
    account.send(Some(has + 1))?;
    Ok(())
}

/// Answers what it has, or takes an order to have so much.
#[entry]
fn account() {
    let mut has = 0;
    port().receive(
        move |order: Option<i64>, reply: Option<SendPort>| match order {
            Some(much) => has = much,
            None => {
                if let Some(reply) = reply {
                    reply.send(has).ok();
                }
            }
        },
    );
}

#[main]
async fn main() -> Result<(), CallError> {
    let account = spawn_function(account);
    let clerks = [(); 2].map(|()| Isolate::spawn(clerk, account.clone()));
    for clerk in clerks {
        clerk.monitor().await;
    }
    let has: i64 = account.call(None::<i64>).await?;
    println!("two clerks added one each: {has}");
    Ok(())
}
// ANCHOR_END: all
