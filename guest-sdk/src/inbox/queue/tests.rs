use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;

#[derive(Default)]
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

type Wanted = fn(&u32) -> bool;

struct Receiver {
    ticket: Option<u64>,
    wanted: Option<Wanted>,
    bell: Arc<Bell>,
}

impl Receiver {
    fn any() -> Self {
        Self::new(None)
    }

    fn only(wanted: Wanted) -> Self {
        Self::new(Some(wanted))
    }

    fn new(wanted: Option<Wanted>) -> Self {
        Self {
            ticket: None,
            wanted,
            bell: Arc::default(),
        }
    }

    /// As a future of the receive port does.
    fn poll(&mut self, queue: &mut Queue<u32>) -> Option<u32> {
        let waker = Waker::from(Arc::clone(&self.bell));
        let ticket = queue.line_up(&mut self.ticket, &waker, self.wanted.is_some());
        while let Some((number, message)) = queue.offer(ticket) {
            if self.wanted.is_none_or(|wanted| wanted(&message)) {
                queue.accept(ticket, number);
                return Some(message);
            }
            assert_eq!(queue.refuse(ticket, number, message), None);
        }
        None
    }

    fn is_woken(&self) -> bool {
        self.bell.0.swap(false, Ordering::Relaxed)
    }
}

fn queue(messages: impl IntoIterator<Item = u32>) -> Queue<u32> {
    let mut queue = Queue::new();
    messages.into_iter().for_each(|number| queue.push(number));
    queue
}

fn wake(queue: &mut Queue<u32>) {
    let mut round = Round::default();
    while let Some(waker) = queue.next_to_wake(&mut round) {
        waker.wake();
    }
}

fn left_over(queue: &mut Queue<u32>) -> Vec<u32> {
    std::iter::from_fn(|| queue.take_left_over()).collect()
}

#[test]
fn the_first_that_is_wanted_is_taken_and_the_others_keep_their_order() {
    let mut queue = queue([1, 2, 3, 4]);
    let mut even = Receiver::only(|number| number % 2 == 0);
    assert_eq!(even.poll(&mut queue), Some(2));
    assert!(!queue.wants_more(), "it is served");
    let mut any = Receiver::any();
    assert_eq!(any.poll(&mut queue), Some(1));
    assert_eq!(any.poll(&mut queue), Some(3));
    assert_eq!(left_over(&mut queue), [4]);
}

#[test]
fn a_message_goes_to_the_one_who_has_waited_longest() {
    let mut queue = queue([]);
    let (mut first, mut second) = (Receiver::any(), Receiver::any());
    let mut big = Receiver::only(|number| *number > 9);
    for receiver in [&mut first, &mut big, &mut second] {
        assert_eq!(receiver.poll(&mut queue), None);
    }
    queue.push(10);
    queue.push(20);
    queue.push(30);
    wake(&mut queue);
    assert!(first.is_woken(), "and nobody knows what it will leave");
    assert!(!big.is_woken() && !second.is_woken());
    assert_eq!(
        second.poll(&mut queue),
        None,
        "it has to wait for the others"
    );
    assert_eq!(big.poll(&mut queue), None);
    assert_eq!(first.poll(&mut queue), Some(10));
    wake(&mut queue);
    assert!(big.is_woken() && second.is_woken());
    assert_eq!(big.poll(&mut queue), Some(20));
    wake(&mut queue);
    assert!(second.is_woken());
    assert_eq!(second.poll(&mut queue), Some(30));
}

#[test]
fn what_one_refuses_is_offered_to_the_next_one() {
    let mut queue = queue([]);
    let mut big = Receiver::only(|number| *number > 9);
    let mut even = Receiver::only(|number| number % 2 == 0);
    assert_eq!(big.poll(&mut queue), None);
    assert_eq!(even.poll(&mut queue), None);
    queue.push(2);
    wake(&mut queue);
    assert!(big.is_woken() && even.is_woken());
    let left = left_over(&mut queue);
    assert!(left.is_empty(), "nobody has looked at it yet: {left:?}");
    assert_eq!(even.poll(&mut queue), None, "it is not its turn");
    wake(&mut queue);
    assert!(big.is_woken(), "it is its turn still");
    assert!(!even.is_woken(), "it was woken for this one");
    assert_eq!(big.poll(&mut queue), None);
    wake(&mut queue);
    assert!(!big.is_woken(), "it has seen it");
    assert!(even.is_woken(), "now it is its turn");
    queue.push(3);
    queue.push(12);
    assert_eq!(big.poll(&mut queue), Some(12));
    assert_eq!(even.poll(&mut queue), Some(2));
    assert_eq!(left_over(&mut queue), [3]);
}

#[test]
fn who_leaves_takes_nothing_along() {
    let mut queue = queue([1, 2]);
    let mut none = Receiver::only(|_| false);
    let mut any = Receiver::any();
    assert_eq!(none.poll(&mut queue), None);
    queue.leave(none.ticket.expect("it waits"));
    queue.leave(none.ticket.expect("it waited"));
    assert_eq!(any.poll(&mut queue), Some(1));
    assert_eq!(left_over(&mut queue), [2]);
}

#[test]
fn more_is_wanted_by_who_has_nothing_to_look_at() {
    let mut queue = queue([]);
    assert!(!queue.wants_more());
    let mut big = Receiver::only(|number| *number > 9);
    assert_eq!(big.poll(&mut queue), None);
    assert!(queue.wants_more());
    queue.push(1);
    assert!(!queue.wants_more(), "it has not looked at this one");
    assert_eq!(big.poll(&mut queue), None);
    assert!(queue.wants_more());
    let mut any = Receiver::any();
    assert_eq!(any.poll(&mut queue), Some(1));
    queue.leave(big.ticket.expect("it waits"));
    assert!(!queue.wants_more());
    assert_eq!(any.poll(&mut queue), None);
    assert!(queue.wants_more());
    queue.push(2);
    assert!(!queue.wants_more());
}

/// A random number below `end`.
fn random(seed: &mut u64, end: u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed % end
}

/// Whoever polls and in whatever order: when nobody gets anything any more, each
/// has got the first that they want of what those before them have left.
#[test]
fn the_order_of_polls_makes_no_difference() {
    let kinds: [Option<Wanted>; 4] = [
        None,
        Some(|number| number % 2 == 0),
        Some(|number| number % 3 == 0),
        Some(|number| *number > 15),
    ];
    for seed in 1..2_000 {
        let mut random = {
            let mut state = seed;
            move |end| random(&mut state, end)
        };
        let mut queue = queue([]);
        let mut receivers: Vec<_> = (0..random(6))
            .map(|_| Receiver::new(kinds[random(4) as usize]))
            .collect();
        for receiver in &mut receivers {
            assert_eq!(receiver.poll(&mut queue), None);
        }
        let mut messages: Vec<_> = (0..random(8)).map(|_| random(20) as u32).collect();
        let mut given = vec![None; receivers.len()];
        let mut unsent = messages.iter();
        for _ in 0..200 {
            if random(4) == 0 {
                unsent
                    .by_ref()
                    .take(1)
                    .for_each(|number| queue.push(*number));
            }
            if !receivers.is_empty() {
                let place = random(receivers.len() as u64) as usize;
                if given[place].is_none() {
                    given[place] = receivers[place].poll(&mut queue);
                }
            }
        }
        assert_eq!(unsent.next(), None, "seed {seed}: 200 steps are few");
        let expected: Vec<_> = receivers
            .iter()
            .map(|receiver| {
                let wanted = |number: &u32| receiver.wanted.is_none_or(|wanted| wanted(number));
                let place = messages.iter().position(wanted)?;
                Some(messages.remove(place))
            })
            .collect();
        assert_eq!(given, expected, "seed {seed}");
        assert_eq!(left_over(&mut queue), messages, "seed {seed}");
    }
}

#[test]
fn what_one_looks_at_is_offered_to_nobody_else() {
    let mut queue = queue([1, 2]);
    let waker = Waker::noop();
    let (mut one, mut other) = (None, None);
    let one = queue.line_up(&mut one, waker, true);
    let other = queue.line_up(&mut other, waker, true);
    assert_eq!(queue.offer(one), Some((0, 1)));
    assert_eq!(queue.offer(other), None, "it comes later in line");
    assert_eq!(queue.take_left_over(), None);
    assert_eq!(queue.refuse(one, 0, 1), None);
    assert_eq!(queue.offer(other), Some((0, 1)));
    queue.accept(other, 0);
    assert_eq!(queue.offer(one), Some((1, 2)));
    let mut emptied = Queue::new();
    assert_eq!(emptied.refuse(one, 1, 2), Some(2), "nobody keeps it");
}
