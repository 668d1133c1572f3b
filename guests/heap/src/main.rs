//! The allocator of a guest: pieces of many sizes keep what is written to them, and
//! what was freed can be had again, in one piece too.

use insula_guest::*;

/// Numbers that are always the same.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % bound
    }
}

fn pages() -> usize {
    core::arch::wasm32::memory_size::<0>()
}

/// Each piece is full of one byte, which is its own.
fn churn() {
    let mut draw = Draw(7);
    let mut pieces: Vec<(u8, Vec<u8>)> = Vec::new();
    for step in 0..200_000 {
        let mark = step as u8;
        let size = match draw.below(50) {
            0 => draw.below(10_000),
            _ => draw.below(300),
        };
        match draw.below(5) {
            0 if !pieces.is_empty() => {
                let (mark, piece) = pieces.swap_remove(draw.below(pieces.len()));
                assert!(piece.iter().all(|byte| *byte == mark));
            }
            1 if !pieces.is_empty() => {
                let place = draw.below(pieces.len());
                let (mark, piece) = &mut pieces[place];
                piece.resize(size, *mark);
                piece.shrink_to_fit();
                assert!(piece.iter().all(|byte| byte == mark));
            }
            2 => {
                // Zeros are asked for as such.
                let mut piece = vec![0; size];
                assert!(piece.iter().all(|byte| *byte == 0));
                piece.fill(mark);
                pieces.push((mark, piece));
            }
            _ => pieces.push((mark, vec![mark; size])),
        }
        if pieces.len() > 2_000 {
            pieces.truncate(1_000);
        }
    }
    assert!(
        pieces
            .iter()
            .all(|(mark, piece)| piece.iter().all(|byte| byte == mark))
    );
}

/// Many small pieces, and then as much in one.
fn join() {
    let small: Vec<Vec<u8>> = (0..100_000).map(|n| vec![1; 20 + n % 80]).collect();
    let before = pages();
    drop(small);
    let large = vec![2u8; 6 << 20];
    assert_eq!(pages(), before, "what was freed was not used");
    assert!(large.iter().all(|byte| *byte == 2));
}

/// Aligned to more than any piece of dlmalloc's is by itself.
#[repr(align(64))]
struct Aligned([u8; 64]);

#[main]
fn main() {
    churn();
    println!("pieces keep what is in them");
    join();
    println!("small pieces become large ones");
    let aligned: Vec<_> = (0..100).map(|n| Box::new(Aligned([n; 64]))).collect();
    for (n, piece) in aligned.iter().enumerate() {
        let address = std::ptr::from_ref(&**piece).addr();
        assert!(address.is_multiple_of(64) && piece.0 == [n as u8; 64]);
    }
    println!("and are where they have to be");
}
