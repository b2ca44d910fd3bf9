//! Many blocking calls at once, on plain threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::available_parallelism;

/// How many threads work for the processor is worth.
pub fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// Calls `work` for every item on up to `threads` threads and returns the answers in the items' order.
///
/// # Errors
/// The first error; what had not started by then is not called.
pub fn map<T: Sync, R: Send, E: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let error = Mutex::new(None);
    let run = || {
        let mut done = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { break };
            match work(item) {
                Ok(answer) => done.push((index, answer)),
                Err(cause) => {
                    failed.store(true, Ordering::Relaxed);
                    error.lock().expect("no holder panics").get_or_insert(cause);
                }
            }
        }
        done
    };
    let mut answers: Vec<(usize, R)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.clamp(1, items.len().max(1))).map(|_| scope.spawn(run)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a worker panicked")).collect()
    });
    if let Some(cause) = error.into_inner().expect("no holder panics") {
        return Err(cause);
    }
    answers.sort_unstable_by_key(|(index, _)| *index);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn answers_come_in_the_items_order_and_the_first_error_ends_it() {
        let items: Vec<u32> = (0..1000).collect();
        assert_eq!(
            super::map(&items, 4, |n| Ok::<_, ()>(n * 2)).unwrap(),
            (0..1000).map(|n| n * 2).collect::<Vec<_>>()
        );
        assert_eq!(super::map(&items, 4, |n| if *n == 500 { Err(*n) } else { Ok(*n) }), Err(500));
        assert_eq!(super::map(&[], 4, |n: &u32| Ok::<_, ()>(*n)), Ok(vec![]));
    }
}
