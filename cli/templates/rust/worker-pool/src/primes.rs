//! What has nothing to do with isolates.

use std::ops::Range;

/// How many primes there are in a range.
pub fn count(range: Range<u64>) -> usize {
    range.filter(|number| is_prime(*number)).count()
}

fn is_prime(number: u64) -> bool {
    let mut divisors = (2..).take_while(|divisor| divisor * divisor <= number);
    number >= 2 && divisors.all(|divisor| !number.is_multiple_of(divisor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primes_are_counted() {
        assert_eq!(count(0..2), 0);
        assert_eq!(count(2..3), 1);
        assert_eq!(count(0..100), 25);
    }

    #[test]
    fn a_square_is_no_prime() {
        assert!((2..20).all(|number| !is_prime(number * number)));
    }
}
