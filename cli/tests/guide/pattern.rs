//! What was printed, held against what a page shows.
//!
//! In a line `[..]` stands for any text, and a line `...` for any number of lines.

/// Whether these lines are what is shown.
pub fn matches(shown: &[&str], printed: &[&str]) -> bool {
    let Some((first, others)) = shown.split_first() else {
        return printed.is_empty();
    };
    if first.trim() == "..." {
        return (0..=printed.len()).any(|skipped| matches(others, &printed[skipped..]));
    }
    match printed.split_first() {
        Some((line, rest)) => {
            line_matches(first.trim_end(), line.trim_end()) && matches(others, rest)
        }
        None => false,
    }
}

/// Whether these lines are what is shown, in any order. Where `...` is shown there may be
/// others.
pub fn matches_in_any_order(shown: &[&str], printed: &[&str]) -> bool {
    let mut left = printed.to_vec();
    let mut may_have_more = false;
    for line in shown {
        if line.trim() == "..." {
            may_have_more = true;
            continue;
        }
        let found = left
            .iter()
            .position(|other| line_matches(line.trim_end(), other.trim_end()));
        let Some(at) = found else {
            return false;
        };
        left.remove(at);
    }
    may_have_more || left.is_empty()
}

/// Whether this line is the one that is shown.
pub fn line_matches(shown: &str, printed: &str) -> bool {
    let mut parts = shown.split("[..]");
    let Some(mut rest) = parts.next().and_then(|first| printed.strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[test]
fn patterns_match_what_they_say_and_nothing_else() {
    for (shown, printed, expected) in [
        ("a", "a", true),
        ("a", "a ", true),
        ("a", "b", false),
        ("a", "a\nb", false),
        ("a [..] c", "a b c", true),
        ("a [..] c", "a b", false),
        ("[..]", "", true),
        ("x[..]y[..]x", "xyx", true),
        ("x[..]x", "x", false),
        ("a\n...", "a", true),
        ("a\n...\nc", "a\nb\nb\nc", true),
        ("a\n...\nc", "a\nb", false),
        ("...\nb", "a\nb\nb", true),
    ] {
        let lines = |text: &'static str| -> Vec<&str> { text.lines().collect() };
        let printed_lines = if printed.is_empty() {
            vec![""]
        } else {
            lines(printed)
        };
        assert_eq!(
            matches(&lines(shown), &printed_lines),
            expected,
            "{shown:?} against {printed:?}"
        );
    }
}

#[test]
fn what_is_in_no_order_is_there_all_the_same() {
    assert!(matches_in_any_order(&["a", "b"], &["b", "a"]));
    assert!(!matches_in_any_order(&["a", "b"], &["b", "a", "c"]));
    assert!(matches_in_any_order(&["a", "..."], &["b", "a", "c"]));
    assert!(!matches_in_any_order(&["a", "a"], &["a", "b"]));
}
