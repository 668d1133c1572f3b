use insula_guest::*;

#[insula_guest::test(memry = "16MiB")]
fn limit_of_no_name() {}

#[insula_guest::test(memory)]
fn limit_without_a_value() {}

#[insula_guest::test(turn_cpu = 0.5)]
fn limit_that_is_no_amount() {}

#[insula_guest::test(memory = "1MiB", memory = "2MiB")]
fn limit_twice() {}

#[insula_guest::test]
fn arguments(number: i32) {}

#[insula_guest::test]
fn generic<T>() {}

#[insula_guest::test]
const unsafe extern "C" fn qualified() {}

#[insula_guest::test]
#[should_panic(because = "it does")]
fn should_panic_of_no_form() {}

#[insula_guest::test]
#[should_panic]
fn should_panic_and_returns() -> Result<(), CallError> {
    Ok(())
}

#[insula_guest::test]
#[entry]
fn test_and_entry() {}

#[insula_guest::test]
struct NoFunction;

fn main() {}
