//! What a guest's random numbers are.

use std::fmt;
use std::str::FromStr;

use super::UnknownName;

/// What a guest's random numbers are.
///
/// Where they are off, `random_get` answers `notcapable`, and a Rust guest's
/// `HashMap::new` panics, as it wants two.
///
/// ```
/// use insula::Random;
///
/// assert_eq!("real".parse(), Ok(Random::Real));
/// assert_eq!("7".parse(), Ok(Random::Seeded(7)));
/// assert_eq!(Random::Seeded(7).to_string(), "7");
/// assert!("-7".parse::<Random>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Random {
    /// Nothing: asking for them is an error.
    Off,
    /// The system's.
    #[default]
    Real,
    /// The same at each run: for each isolate its own, from this seed and the
    /// isolate's place among those that its spawner has spawned. Who knows the seed
    /// knows the numbers.
    Seeded(u64),
}

impl FromStr for Random {
    type Err = UnknownName;

    /// `off`, `real`, or a seed.
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        match text {
            "off" => Ok(Random::Off),
            "real" => Ok(Random::Real),
            seed => seed.parse().map(Random::Seeded).map_err(|_| UnknownName {
                given: text.to_owned(),
                what: "kind of randomness",
                choices: "off, real or a seed, which is a whole number below 2^64".to_owned(),
            }),
        }
    }
}

impl fmt::Display for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Random::Off => f.write_str("off"),
            Random::Real => f.write_str("real"),
            Random::Seeded(seed) => write!(f, "{seed}"),
        }
    }
}
