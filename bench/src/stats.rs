//! What a list of numbers says.

/// The middle one, or the mean of the two in the middle.
pub fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[odd / 2],
        even => (sorted[even / 2 - 1] + sorted[even / 2]) / 2.0,
    }
}

/// What so large a part of the numbers, which are sorted, is not above.
pub fn percentile(sorted: &[u64], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let place = (last as f64 * part).ceil() as usize;
    sorted.get(place).map_or(f64::NAN, |number| *number as f64)
}

pub fn geometric_mean(numbers: &[u64]) -> f64 {
    let logarithms = numbers.iter().map(|number| (*number as f64).ln());
    (logarithms.sum::<f64>() / numbers.len() as f64).exp()
}

pub fn least(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(f64::INFINITY, f64::min)
}

pub fn most(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}
