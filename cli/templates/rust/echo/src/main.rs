//! An isolate that answers, and another that asks it.

mod text;

use insula_guest::*;

/// Answers each message with the same in capitals.
#[entry]
fn echo() {
    port().receive(|message: String, reply| {
        if let Some(reply) = reply {
            reply.send(text::louder(&message)).ok();
        }
    });
}

#[main]
async fn main() -> Result<(), CallError> {
    let echo = spawn_function(echo);
    let answer: String = echo.call("hello").await?;
    println!("the echo is: {answer}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[insula_guest::test]
    async fn an_echo_answers_each_message() -> Result<(), CallError> {
        let echo = spawn_function(echo);
        for (message, answer) in [("hello", "HELLO!"), ("", "!")] {
            assert_eq!(echo.call::<String>(message).await?, answer);
        }
        Ok(())
    }

    #[insula_guest::test]
    async fn a_message_of_another_type_is_not_answered() {
        let answer = spawn_function(echo).call::<String>(42).await;
        assert!(answer.is_err());
    }
}
