//! Work on all processors, with the result of work on one; and work on a thread of its own.

use std::panic::resume_unwind;
use std::thread;

/// Least items that are worth a thread.
const LEAST_SHARE: usize = 256;

/// Does both at a time.
pub(crate) fn both<A, B: Send>(one: impl FnOnce() -> A, other: impl Fn() -> B + Send + Sync) -> (A, B) {
    let other = &other;
    thread::scope(|scope| {
        let started = thread::Builder::new().spawn_scoped(scope, other);
        let one = one();
        // Where there is no thread to be had, this one does it.
        let done = started.ok().and_then(|thread| thread.join().ok());
        (one, done.unwrap_or_else(other))
    })
}

/// Does the same with each share of a list, which begins at the given place of it. The results come in the order of the shares.
pub(crate) fn in_shares<T: Sync, R: Send>(all: &[T], work: impl Fn(usize, &[T]) -> R + Sync) -> Vec<R> {
    let size = all.len().div_ceil(processors()).max(LEAST_SHARE);
    let shares: Vec<_> = all.chunks(size).enumerate().map(|(nth, share)| (nth * size, share)).collect();
    each(&shares, |(at, share)| work(*at, share))
}

/// Does the same with each of a few, a thread for each. The results come in their order.
pub(crate) fn each<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let work = &work;
    let Some((first, others)) = all.split_first() else { return Vec::new() };
    thread::scope(|scope| {
        let start = |one| thread::Builder::new().spawn_scoped(scope, move || work(one));
        let started: Vec<_> = others.iter().map(|one| (one, start(one))).collect();
        let mut results = vec![work(first)];
        for (one, thread) in started {
            // Where there is no thread to be had, this one does it.
            let done = thread.ok().and_then(|thread| thread.join().ok());
            results.push(done.unwrap_or_else(|| work(one)));
        }
        results
    })
}

/// Does it on a thread of its own. What is needed for it and not for the result goes back to the system then: the memory that a
/// thread gives back is kept for its next work as long as it lives.
pub(crate) fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(work).join()).unwrap_or_else(|panic| resume_unwind(panic))
}

/// How many threads can work at a time.
pub(crate) fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_come_back_in_order_and_whole() {
        for length in [0, 1, LEAST_SHARE, 10 * LEAST_SHARE + 1] {
            let all: Vec<usize> = (0..length).collect();
            let back = in_shares(&all, |at, share| {
                assert_eq!(share.first(), Some(&at));
                share.to_vec()
            });
            assert_eq!(back.concat(), all);
        }
        assert_eq!(both(|| 1, || "two"), (1, "two"));
    }
}
