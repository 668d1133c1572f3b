//! A guest with tests, of which some fail: the guide's chapter on testing.

use insula_guest::*;

// ANCHOR: all
#[entry]
fn doubler() {
    port().receive(|number: i64, reply: Option<SendPort>| {
        if let Some(reply) = reply {
            reply.send(double(number)).ok();
        }
    });
}

fn double(number: i64) -> i64 {
    number * 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use insula_guest::test;

    #[test]
    fn doubles() {
        assert_eq!(double(21), 42);
    }

    /// A test may spawn, call and wait.
    #[test]
    async fn answers_calls() -> Result<(), CallError> {
        let twice: i64 = spawn_function(doubler).call(21).await?;
        assert_eq!(twice, 42);
        Ok(())
    }

    // ANCHOR_END: all
    // ANCHOR: failing
    /// An endless loop is a test that fails, and no other.
    #[test(turn_cpu = "200ms")]
    fn comes_to_an_end() {
        loop {
            std::hint::spin_loop();
        }
    }

    #[test(memory = "4MiB")]
    fn is_frugal() {
        std::hint::black_box(vec![1_u8; 8 << 20]);
    }
    // ANCHOR_END: failing
    // ANCHOR: end
}
// ANCHOR_END: end

#[main]
fn main() {}
