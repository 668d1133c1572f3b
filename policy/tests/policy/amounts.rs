//! Amounts: each is read as it is written, with the unit of its limit and no other.

use insula::{Limit, Limits, Unit};
use insula_policy::{Policy, parse_amount, parse_setting, write_amount};
use proptest::prelude::*;

fn a_limit() -> impl Strategy<Value = Limit> {
    proptest::sample::select(Limit::ALL)
}

/// Small, large and round ones.
fn an_amount() -> impl Strategy<Value = u64> {
    let round = (0..1_000_u64, 0..54_u32).prop_map(|(number, shift)| number << shift);
    prop_oneof![any::<u64>(), 0..10_000_u64, round]
}

/// What an amount in this unit is, worked out another way.
fn by_hand(number: u64, unit: &str) -> Option<u64> {
    let factor = match unit {
        "" | "ms" => 1_u64,
        "KiB" => 1024,
        "MiB" => 1024 * 1024,
        "GiB" => 1024 * 1024 * 1024,
        "s" => 1000,
        "min" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        other => unreachable!("{other}"),
    };
    u64::try_from(u128::from(number) * u128::from(factor)).ok()
}

fn units(limit: Limit) -> &'static [&'static str] {
    match limit.unit() {
        Unit::Bytes => &["", "KiB", "MiB", "GiB"],
        Unit::Milliseconds => &["", "ms", "s", "min", "h"],
        Unit::Count => &[""],
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(limit in a_limit(), value in an_amount()) {
        let written = write_amount(limit, value);
        prop_assert_eq!(parse_amount(limit, &written), Ok(value), "{}", written);
        let policy = Policy::from_toml(&super::one(limit, &format!("\"{written}\"")));
        prop_assert_eq!(policy.expect("it is an amount").limit(limit), Some(value));
        let flag = format!("{}={written}", limit.option());
        prop_assert_eq!(parse_setting(&flag), Ok((limit, value)));
    }

    #[test]
    fn units_multiply_and_what_is_too_much_is_refused(
        limit in a_limit(),
        number in an_amount(),
        which in any::<prop::sample::Index>(),
        space in prop::bool::ANY,
    ) {
        let unit = which.get(units(limit));
        let space = if space && !unit.is_empty() { " " } else { "" };
        let read = parse_amount(limit, &format!("{number}{space}{unit}"));
        prop_assert_eq!(read.ok(), by_hand(number, unit));
    }

    #[test]
    fn any_text_is_read_or_refused(limit in a_limit(), text in ".{0,12}") {
        if let Ok(value) = parse_amount(limit, &text) {
            // Only what begins with a digit, or says that there is none.
            let is_number = text.starts_with(|first: char| first.is_ascii_digit());
            prop_assert!(is_number || (text == "none" && value == Limits::NONE), "{}", text);
        }
    }

    #[test]
    fn any_text_is_a_policy_or_none(text in "[\\[\\]{}a-z_\"=.,0-9 \n-]{0,200}") {
        let _ = Policy::from_toml(&text);
    }
}

#[test]
fn only_the_limits_own_units_are_read() {
    let wrong: [(Limit, &[&str]); 3] = [
        (
            Limit::Memory,
            &[
                "",
                "KiB",
                "-1",
                "+1",
                "1.5MiB",
                "0x10",
                "1_000",
                "1 000",
                "16mib",
                "16MB",
                "10s",
                "None",
                "1\u{a0}MiB",
            ],
        ),
        (
            Limit::TurnCpu,
            &[
                "",
                "s",
                "-1s",
                "1.5s",
                "10S",
                "1m",
                "1d",
                "1MiB",
                "10 seconds",
                "1s500ms",
            ],
        ),
        (Limit::Handles, &["", "many", "1KiB", "1s", "-1", "no"]),
    ];
    for (limit, texts) in wrong {
        for text in texts {
            assert!(parse_amount(limit, text).is_err(), "{text}");
        }
    }
}
