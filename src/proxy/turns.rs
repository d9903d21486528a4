//! Two parts of one task that wake each other: each is polled only when it was woken, and a wake-up from within does not
//! go through the scheduler. An exchange wakes both of its legs several times.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Wake, Waker};

use futures_util::task::AtomicWaker;

/// Rounds within one poll of the task. What is still due then goes through the scheduler: others want their turn, and
/// tokio gives a task that has had enough no more input before that.
const ROUNDS: u8 = 12;

/// A part of the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Client = 1,
    Links = 2,
}

/// Whose turn it is.
pub(super) struct Turns {
    shared: Arc<Shared>,
    client: Waker,
    links: Waker,
}

#[derive(Default)]
struct Shared {
    task: AtomicWaker,
    /// Bits of the parts that were woken.
    due: AtomicU8,
    /// Somebody looks at `due` before the task rests.
    running: AtomicBool,
}

struct PartWaker {
    shared: Arc<Shared>,
    part: Part,
}

impl Wake for PartWaker {
    fn wake(self: Arc<Self>) {
        self.shared.wake(self.part);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.shared.wake(self.part);
    }
}

impl Shared {
    fn wake(&self, part: Part) {
        // First the bit, then the look at who runs; `rest` does it the other way round, so that one of both sees the other.
        let before = self.due.fetch_or(part as u8, Ordering::SeqCst);
        if before & part as u8 == 0 && !self.running.load(Ordering::SeqCst) {
            self.task.wake();
        }
    }
}

impl Turns {
    /// Both are due.
    pub(super) fn new() -> Self {
        let shared = Arc::new(Shared::default());
        shared.due.store(Part::Client as u8 | Part::Links as u8, Ordering::SeqCst);
        let waker = |part| Waker::from(Arc::new(PartWaker { shared: Arc::clone(&shared), part }));
        let (client, links) = (waker(Part::Client), waker(Part::Links));
        Self { shared, client, links }
    }

    /// Makes a part due.
    pub(super) fn call(&self, part: Part) {
        self.shared.due.fetch_or(part as u8, Ordering::SeqCst);
    }

    /// Lets the parts that are due have their turn, until none is.
    pub(super) fn take(&self, cx: &mut Context<'_>, mut poll: impl FnMut(Part, &mut Context<'_>)) {
        self.shared.task.register(cx.waker());
        self.shared.running.store(true, Ordering::SeqCst);
        for _ in 0..ROUNDS {
            let due = self.shared.due.swap(0, Ordering::SeqCst);
            if due == 0 && self.rests() {
                return;
            }
            for (part, waker) in [(Part::Client, &self.client), (Part::Links, &self.links)] {
                if due & part as u8 != 0 {
                    poll(part, &mut Context::from_waker(waker));
                }
            }
        }
        if !self.rests() {
            self.shared.running.store(false, Ordering::SeqCst);
            cx.waker().wake_by_ref();
        }
    }

    /// True when nothing is due and every wake-up from now on goes to the task.
    fn rests(&self) -> bool {
        self.shared.running.store(false, Ordering::SeqCst);
        if self.shared.due.load(Ordering::SeqCst) == 0 {
            return true;
        }
        self.shared.running.store(true, Ordering::SeqCst);
        false
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;
    use std::thread;

    use super::*;

    #[tokio::test]
    async fn parts_that_wake_each_other_take_turns() {
        let turns = Turns::new();
        let mut seen = Vec::new();
        poll_fn(|cx| {
            turns.take(cx, |part, _| {
                seen.push(part);
                if seen.len() < 100 {
                    turns.call(if part == Part::Client { Part::Links } else { Part::Client });
                }
            });
            if seen.len() < 100 { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        let clients = seen.iter().filter(|part| **part == Part::Client).count();
        assert!((45..=55).contains(&clients), "{seen:?}");
    }

    #[tokio::test]
    async fn who_is_not_woken_has_no_turn() {
        let turns = Turns::new();
        let (mut client, mut links) = (0, 0);
        poll_fn(|cx| {
            turns.take(cx, |part, cx| match part {
                Part::Client => {
                    client += 1;
                    if client < 50 {
                        cx.waker().wake_by_ref();
                    }
                }
                Part::Links => links += 1,
            });
            if client == 50 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        assert_eq!((client, links), (50, 1));
    }

    /// Wake-ups from another thread at any moment: none is lost, or this never ends.
    #[tokio::test]
    async fn a_call_from_another_thread_is_heard() {
        const CALLS: u32 = 20_000;
        let turns = Turns::new();
        let (send, calls) = std::sync::mpsc::channel::<Waker>();
        let caller = thread::spawn(move || calls.into_iter().for_each(Waker::wake));
        let mut heard = 0;
        poll_fn(|cx| {
            turns.take(cx, |part, cx| {
                if part == Part::Links {
                    heard += 1;
                    send.send(cx.waker().clone()).unwrap();
                }
            });
            if heard >= CALLS { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        drop(send);
        caller.join().unwrap();
    }
}
