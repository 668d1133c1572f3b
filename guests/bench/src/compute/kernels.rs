//! Small programs of different kinds. Each returns something of all that it did, so
//! that nothing of it can be left out.

/// All kernels.
pub const ALL: [fn() -> u64; 6] = [sort, hash, multiply, parse, sieve, trees];

/// A generator of numbers that look random (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Sorts 100,000 numbers: comparisons and branches.
fn sort() -> u64 {
    let mut numbers = Numbers(1);
    let mut list: Vec<u64> = (0..100_000).map(|_| numbers.next()).collect();
    list.sort_unstable();
    list[1_000] ^ list[99_000]
}

/// Mixes 1 MiB in blocks of 64 bytes as SHA-256 does: 32-bit additions and rotations.
fn hash() -> u64 {
    let data: Vec<u32> = (0..1u32 << 18)
        .map(|i| i.wrapping_mul(0x9e37_79b9))
        .collect();
    let mut state = [
        0x6a09_e667u32,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19,
    ];
    for block in data.chunks_exact(16) {
        let mut words = [0u32; 64];
        words[..16].copy_from_slice(block);
        for i in 16..64 {
            let (a, b) = (words[i - 15], words[i - 2]);
            let low = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
            let high = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
            words[i] = words[i - 16]
                .wrapping_add(low)
                .wrapping_add(words[i - 7])
                .wrapping_add(high);
        }
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
        for word in words {
            let mixed = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let first = h
                .wrapping_add(mixed)
                .wrapping_add((e & f) ^ (!e & g))
                .wrapping_add(word);
            let mixed = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let second = mixed.wrapping_add((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e) = (g, f, e, d.wrapping_add(first));
            (d, c, b, a) = (c, b, a, first.wrapping_add(second));
        }
        for (old, new) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *old = old.wrapping_add(new);
        }
    }
    u64::from(state[0]) << 32 | u64::from(state[7])
}

/// Multiplies two matrices of 160 x 160 doubles: floating point and strided loads.
fn multiply() -> u64 {
    const N: usize = 160;
    let a: Vec<f64> = (0..N * N).map(|i| i as f64 * 0.5).collect();
    let b: Vec<f64> = (0..N * N).map(|i| 1.0 / (i + 1) as f64).collect();
    let mut c = vec![0.0; N * N];
    for row in 0..N {
        for column in 0..N {
            let products = (0..N).map(|k| a[row * N + k] * b[k * N + column]);
            c[row * N + column] = products.sum();
        }
    }
    c.iter().sum::<f64>().to_bits()
}

/// Reads numbers, words and brackets of 400 KB of text: bytes, and branches that are
/// hard to foresee.
fn parse() -> u64 {
    let mut text = String::new();
    for i in 0..5_000 {
        text.push_str(&format!(
            "{{\"id\":{i},\"name\":\"item {i}\",\"tags\":[\"a\",\"b\"],\"x\":{}.5}}\n",
            i * 3
        ));
    }
    let (mut depth, mut deepest, mut sum, mut letters) = (0u64, 0u64, 0u64, 0u64);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth -= 1,
            b'"' => letters += bytes.by_ref().take_while(|byte| *byte != b'"').count() as u64,
            b'0'..=b'9' => {
                let mut number = u64::from(byte - b'0');
                while let Some(digit) = bytes.next_if(u8::is_ascii_digit) {
                    number = number * 10 + u64::from(digit - b'0');
                }
                sum = sum.wrapping_add(number);
            }
            _ => {}
        }
    }
    sum ^ letters << 8 ^ deepest
}

/// The primes below 2,000,000: stores all over a large array.
fn sieve() -> u64 {
    const BELOW: usize = 2_000_000;
    let mut composite = vec![false; BELOW];
    let mut primes = 0;
    for number in 2..BELOW {
        if !composite[number] {
            primes += 1;
            for multiple in (number * number..BELOW).step_by(number) {
                composite[multiple] = true;
            }
        }
    }
    primes
}

struct Tree(Option<(Box<Tree>, Box<Tree>)>);

impl Tree {
    fn new(depth: u32) -> Self {
        Tree((depth > 0).then(|| {
            let branch = || Box::new(Tree::new(depth - 1));
            (branch(), branch())
        }))
    }

    fn count(&self) -> u64 {
        let branches = self.0.as_ref();
        1 + branches.map_or(0, |(left, right)| left.count() + right.count())
    }
}

/// Makes, counts and frees trees: calls, allocation, loads that depend on each other.
fn trees() -> u64 {
    (0..4).map(|_| Tree::new(14).count()).sum()
}
