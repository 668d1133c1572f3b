//! Where the random numbers of one isolate come from.

use std::sync::atomic::{AtomicU64, Ordering};

use chacha20::ChaCha12Rng;
use chacha20::rand_core::{Rng, SeedableRng};

use crate::capabilities::Random;
use crate::isolate::IsolateCore;
use crate::sched::Draw;

/// What an isolate's random numbers come from, and those of what it spawns.
pub(crate) enum RandomSource {
    Off,
    System,
    Seeded(Seed),
}

/// A seed of one isolate's own.
pub(crate) struct Seed {
    key: <ChaCha12Rng as SeedableRng>::Seed,
    children: AtomicU64,
}

/// The random numbers of one isolate, as it gets them.
pub(crate) enum GuestRandom {
    Off,
    System,
    Seeded(Box<ChaCha12Rng>),
}

/// Why there are none.
pub(crate) enum NoRandom {
    Off,
    /// The system has none.
    Failed,
}

impl RandomSource {
    /// Of an isolate with this capability, which is its spawner's own or off.
    pub(crate) fn of_child(random: Random, spawner: Option<&IsolateCore>) -> Self {
        match (random, spawner) {
            (Random::Off, _) | (_, None) => RandomSource::new(random),
            (_, Some(spawner)) => spawner.random().next_child(),
        }
    }

    fn new(random: Random) -> Self {
        match random {
            Random::Off => RandomSource::Off,
            Random::Real => RandomSource::System,
            Random::Seeded(seed) => {
                let mut key = [0; 32];
                ChaCha12Rng::seed_from_u64(seed).fill_bytes(&mut key);
                RandomSource::Seeded(Seed::new(key))
            }
        }
    }

    /// Of the next isolate that this one spawns: another one at each call, and the
    /// same whatever others in the group do meanwhile.
    fn next_child(&self) -> Self {
        match self {
            RandomSource::Off => RandomSource::Off,
            RandomSource::System => RandomSource::System,
            RandomSource::Seeded(seed) => RandomSource::Seeded(seed.child()),
        }
    }

    pub(crate) fn numbers(&self) -> GuestRandom {
        match self {
            RandomSource::Off => GuestRandom::Off,
            RandomSource::System => GuestRandom::System,
            RandomSource::Seeded(seed) => GuestRandom::Seeded(Box::new(seed.stream(OWN))),
        }
    }
}

/// The stream of a seed that is its isolate's own. Each child's seed comes from one
/// of the others.
const OWN: u64 = 0;

impl Seed {
    fn new(key: <ChaCha12Rng as SeedableRng>::Seed) -> Self {
        Seed {
            key,
            children: AtomicU64::new(0),
        }
    }

    fn child(&self) -> Self {
        let number = self.children.fetch_add(1, Ordering::Relaxed) + 1;
        let mut key = [0; 32];
        self.stream(OWN + number).fill_bytes(&mut key);
        Seed::new(key)
    }

    fn stream(&self, number: u64) -> ChaCha12Rng {
        let mut stream = ChaCha12Rng::from_seed(self.key);
        stream.set_stream(number);
        stream
    }
}

impl GuestRandom {
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoRandom> {
        match self {
            GuestRandom::Off => Err(NoRandom::Off),
            GuestRandom::System => getrandom::fill(bytes).map_err(|_| NoRandom::Failed),
            GuestRandom::Seeded(stream) => {
                stream.fill_bytes(bytes);
                Ok(())
            }
        }
    }
}

/// Draws lots from a seed, by none of the numbers that guests are given for it.
pub(crate) fn draw(seed: u64) -> Draw {
    let mut numbers = ChaCha12Rng::seed_from_u64(seed);
    numbers.set_stream(OWN + 1);
    Box::new(move |most| (numbers.next_u64() % most as u64) as usize)
}
