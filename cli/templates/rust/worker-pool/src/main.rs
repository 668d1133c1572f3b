//! Work that is shared out among isolates: each worker asks for the next job when it is
//! done with one, so that slow jobs hold back no others.

mod primes;

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use insula_guest::*;

const WORKERS: usize = 4;

/// Asks for ranges of numbers and tells how many primes are in them, until there are no
/// more.
#[entry]
async fn worker(jobs: SendPort) {
    let mut done: Option<usize> = None;
    while let Ok(Some(range)) = jobs.call::<Option<Range<u64>>>(done).await {
        done = Some(primes::count(range));
    }
}

/// How many primes there are in all of these ranges.
async fn count(ranges: Vec<Range<u64>>) -> Result<usize, RunError> {
    let (jobs, sum) = (RefCell::new(ranges.into_iter()), Rc::new(RefCell::new(0)));
    let port = ReceivePort::new();
    let total = Rc::clone(&sum);
    port.receive(move |done: Option<usize>, reply| {
        *total.borrow_mut() += done.unwrap_or(0);
        if let Some(worker) = reply {
            worker.send(jobs.borrow_mut().next()).ok();
        }
    });
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| Isolate::run(worker, port.send_port()))
        .collect();
    for worker in workers {
        worker.await?;
    }
    port.close();
    Ok(sum.take())
}

#[main]
async fn main() -> Result<(), RunError> {
    let ranges = (0..20).map(|n| n * 1000..(n + 1) * 1000).collect();
    println!("{} primes below 20000", count(ranges).await?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[insula_guest::test]
    async fn every_range_is_counted_once() -> Result<(), RunError> {
        assert_eq!(count(vec![0..10, 10..20, 20..30]).await?, 10);
        assert_eq!(count(Vec::new()).await?, 0);
        Ok(())
    }

    /// More ranges than workers, under less memory than there usually is.
    #[insula_guest::test(memory = "16MiB")]
    async fn workers_come_back_for_more() -> Result<(), RunError> {
        let ranges = (0..100).map(|n| n * 10..(n + 1) * 10).collect();
        assert_eq!(count(ranges).await?, 168);
        Ok(())
    }
}
