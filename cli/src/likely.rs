//! The name that was likely meant where another was given.

/// How like a name another has to be to be taken for it, from 0 to 1.
const LIKENESS: f64 = 0.6;

/// How much of a name is compared: that takes time in proportion to both.
const COMPARED: usize = 64;

/// The name that is most like the given one, where one is like it.
pub fn most_like<'a, N: AsRef<str>>(given: &str, known: &'a [N]) -> Option<&'a N> {
    let given: String = given.chars().take(COMPARED).collect();
    let likeness = |known: &&N| {
        let known: String = known.as_ref().chars().take(COMPARED).collect();
        strsim::normalized_damerau_levenshtein(&given, &known)
    };
    let known = known.iter();
    let nearest = known.max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
    (likeness(&nearest) >= LIKENESS).then_some(nearest)
}

/// `: did you mean ..?` for a name that is none of these, or nothing.
pub fn meant<N: AsRef<str>>(given: &str, known: &[N]) -> String {
    match most_like(given, known) {
        Some(meant) => format!(": did you mean `{}`?", meant.as_ref()),
        None => String::new(),
    }
}
