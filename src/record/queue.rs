//! The way to the recorder: a queue of events that is bounded by number, by bytes and by time.
//!
//! Waking a thread costs as much as forwarding a request does, so the recorder lets events gather for a moment and takes
//! all of them at once; it is woken early only where the queue fills. A full queue makes senders wait: nothing is lost.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::sync::Notify;

use super::Event;

/// Events that may wait, at least.
pub(super) const FEWEST: usize = 24;
/// The same, at most.
const MOST: usize = 512;
/// Bytes of content that may wait; a piece may go beyond.
const MOST_BYTES: usize = 1 << 20;
/// Work that may wait, by how long the last events took: all of it is on disk within 50 ms.
const BACKLOG: Duration = Duration::from_millis(10);

/// The recorder takes no more events.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the recorder has ended")]
pub struct Ended;

/// Whether events were taken into the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// All of them, or the recorder has ended and wants none.
    All,
    /// None: the queue is full.
    None,
}

/// The way to the recorder of one side.
pub struct EventSender(Arc<Shared>);

/// The recorder's end of the queue. When it is dropped, senders are told so.
pub struct Events(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Told when events were taken out while somebody waited for room.
    room: Notify,
    body_limit: usize,
}

struct State {
    events: VecDeque<Event>,
    bytes: usize,
    /// Events that may wait just now.
    limit: usize,
    senders: usize,
    /// Somebody waits for room.
    crowded: bool,
    /// The receiver waits, to be woken by the next event, or only by a queue that fills.
    waiting: Option<(Waker, Until)>,
    ended: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Any,
    Filling,
}

/// A queue with room for this many events to begin with, and its two ends. The recorder wants up to `body_limit` bytes of each body.
pub fn queue(room: usize, body_limit: usize) -> (EventSender, Events) {
    let state = State {
        events: VecDeque::with_capacity(FEWEST),
        bytes: 0,
        limit: room,
        senders: 1,
        crowded: false,
        waiting: None,
        ended: false,
    };
    let shared = Arc::new(Shared { state: Mutex::new(state), room: Notify::new(), body_limit });
    (EventSender(Arc::clone(&shared)), Events(shared))
}

impl EventSender {
    /// Bytes of each body that the recorder wants.
    pub(crate) fn body_limit(&self) -> usize {
        self.0.body_limit
    }

    /// Sends an event, waiting for room.
    pub async fn send(&self, event: Event) -> Result<(), Ended> {
        let mut events = vec![event];
        self.retry(|| self.try_send_all(&mut events, true)).await;
        if self.0.lock().ended { Err(Ended) } else { Ok(()) }
    }

    /// Tries again each time there is room, until everything is taken.
    pub(crate) async fn retry(&self, mut attempt: impl FnMut() -> Taken) {
        loop {
            let mut room = pin!(self.0.room.notified());
            // From here on, room that is made is told to this future also before it is polled.
            room.as_mut().enable();
            if attempt() == Taken::All {
                return;
            }
            room.await;
        }
    }

    /// The same on a thread of its own.
    pub fn blocking_send(&self, event: Event) -> Result<(), Ended> {
        let mut sending = pin!(self.send(event));
        let waker = parking();
        loop {
            match sending.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(sent) => return sent,
                Poll::Pending => thread::park(),
            }
        }
    }

    /// Sends all of these events if there is room. `waits`: the caller goes on to wait for it.
    pub(crate) fn try_send_all(&self, events: &mut Vec<Event>, waits: bool) -> Taken {
        let mut state = self.0.lock();
        if state.ended {
            drop(state);
            events.clear();
            return Taken::All;
        }
        if state.is_full() {
            state.crowded |= waits;
            return Taken::None;
        }
        state.bytes += events.iter().map(Event::content).sum::<usize>();
        state.events.extend(events.drain(..));
        let wake = match &state.waiting {
            Some((_, Until::Any)) => true,
            Some((_, Until::Filling)) => state.is_filling(),
            None => false,
        };
        let waiting = if wake { state.waiting.take() } else { None };
        drop(state);
        if let Some((waker, _)) = waiting {
            waker.wake();
        }
        Taken::All
    }
}

impl Clone for EventSender {
    fn clone(&self) -> Self {
        self.0.lock().senders += 1;
        Self(Arc::clone(&self.0))
    }
}

impl Drop for EventSender {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.senders -= 1;
        let waiting = if state.senders == 0 { state.waiting.take() } else { None };
        drop(state);
        if let Some((waker, _)) = waiting {
            waker.wake();
        }
    }
}

impl Events {
    /// The next event; `None` when all senders are gone.
    pub async fn recv(&mut self) -> Option<Event> {
        poll_fn(|cx| {
            if let Some(event) = self.try_recv() {
                return Poll::Ready(Some(event));
            }
            let mut state = self.0.lock();
            if !state.events.is_empty() {
                cx.waker().wake_by_ref();
            } else if state.senders == 0 {
                return Poll::Ready(None);
            }
            state.waiting = Some((cx.waker().clone(), Until::Any));
            Poll::Pending
        })
        .await
    }

    /// The next event, if there is one now.
    pub fn try_recv(&mut self) -> Option<Event> {
        let mut state = self.0.lock();
        let event = state.events.pop_front()?;
        state.bytes = state.bytes.saturating_sub(event.content());
        self.0.make_room(state);
        Some(event)
    }

    /// Waits for events, lets more of them gather for at most `linger`, and takes them all into `batch`, which is empty.
    /// False when all senders are gone and nothing is left.
    ///
    /// Who was busy until now looks for events by itself once `linger` is over: its first event need not wake it. Only after
    /// that does it rest until one does.
    pub(super) fn take(&mut self, batch: &mut VecDeque<Event>, linger: Duration) -> bool {
        let waker = parking();
        let mut since = Instant::now();
        let mut rests = false;
        loop {
            let mut state = self.0.lock();
            let last = state.senders == 0;
            let lingered = since.elapsed();
            if state.events.is_empty() {
                if last {
                    return false;
                }
                rests |= lingered >= linger;
            } else {
                if last || state.is_filling() || (lingered >= linger && !rests) {
                    std::mem::swap(&mut state.events, batch);
                    state.bytes = 0;
                    state.waiting = None;
                    self.0.make_room(state);
                    return true;
                }
                if rests {
                    (since, rests) = (Instant::now(), false);
                }
            }
            let until = if rests { Until::Any } else { Until::Filling };
            state.waiting = Some((waker.clone(), until));
            drop(state);
            if rests {
                thread::park();
            } else {
                thread::park_timeout(linger.saturating_sub(since.elapsed()));
            }
        }
    }

    /// Says how long events took, so that no more of them wait than can be on disk in time.
    pub(super) fn pace(&mut self, events: usize, took: Duration) {
        let Ok(events) = u32::try_from(events) else { return };
        let Some(each) = took.checked_div(events) else { return };
        let fit = BACKLOG.as_nanos() / each.as_nanos().max(1);
        let fit = usize::try_from(fit).unwrap_or(MOST).clamp(FEWEST, MOST);
        let mut state = self.0.lock();
        // Down at once, up step by step.
        state.limit = fit.min(state.limit * 2);
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.ended = true;
        let left = std::mem::take(&mut state.events);
        self.0.make_room(state);
        drop(left);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make_room(&self, mut state: MutexGuard<'_, State>) {
        let crowded = std::mem::take(&mut state.crowded);
        drop(state);
        if crowded {
            self.room.notify_waiters();
        }
    }
}

impl State {
    fn is_full(&self) -> bool {
        self.events.len() >= self.limit || self.bytes >= MOST_BYTES
    }

    /// Half full: the recorder should begin, so that nobody has to wait. Bytes take it less time than events do, and many
    /// of them come at a time: it is woken for as many at once as it can be.
    fn is_filling(&self) -> bool {
        self.events.len() >= self.limit / 2 || self.bytes >= MOST_BYTES / 4 * 3
    }
}

/// Wakes the thread that made it out of `park`.
fn parking() -> Waker {
    struct Parked(Thread);
    impl Wake for Parked {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    Waker::from(Arc::new(Parked(thread::current())))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::record::ExchangeId;

    fn data(bytes: usize) -> Event {
        Event::RequestData { exchange: ExchangeId(1), data: Bytes::from(vec![0; bytes]) }
    }

    #[test]
    fn a_full_queue_takes_nothing_until_there_is_room() {
        let (sender, mut events) = queue(FEWEST, usize::MAX);
        for _ in 0..FEWEST {
            assert_eq!(sender.try_send_all(&mut vec![data(1)], false), Taken::All);
        }
        let mut more = vec![data(1), data(2)];
        assert_eq!(sender.try_send_all(&mut more, false), Taken::None);
        assert_eq!(more.len(), 2);
        let mut batch = VecDeque::new();
        assert!(events.take(&mut batch, Duration::MAX), "a queue that is half full is taken at once");
        assert_eq!(batch.len(), FEWEST);
        assert_eq!(sender.try_send_all(&mut more, false), Taken::All);
        drop(sender);
        batch.clear();
        assert!(events.take(&mut batch, Duration::MAX), "nobody is left to wait for");
        assert_eq!(batch.len(), 2);
        batch.clear();
        assert!(!events.take(&mut batch, Duration::MAX));
    }

    #[test]
    fn large_content_fills_the_queue() {
        let (sender, _events) = queue(FEWEST, usize::MAX);
        assert_eq!(sender.try_send_all(&mut vec![data(MOST_BYTES)], false), Taken::All);
        assert_eq!(sender.try_send_all(&mut vec![data(0)], false), Taken::None);
    }

    #[test]
    fn slow_events_make_the_queue_short() {
        let (sender, mut events) = queue(FEWEST, usize::MAX);
        let room = |events: &Events| events.0.lock().limit;
        events.pace(1000, Duration::from_millis(1));
        assert_eq!(room(&events), 2 * FEWEST);
        for _ in 0..9 {
            events.pace(1000, Duration::from_millis(1));
        }
        assert_eq!(room(&events), MOST);
        events.pace(10, Duration::from_millis(1));
        assert_eq!(room(&events), 100);
        events.pace(1, Duration::from_secs(1));
        assert_eq!(room(&events), FEWEST);
        events.pace(0, Duration::ZERO);
        assert_eq!(room(&events), FEWEST);
        drop(sender);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_senders_lose_nothing_and_keep_their_order() {
        const SENDERS: usize = 20;
        const EACH: usize = 200;
        let (sender, mut events) = queue(FEWEST, usize::MAX);
        for number in 0..SENDERS {
            let sender = sender.clone();
            tokio::spawn(async move {
                for at in 0..EACH {
                    let exchange = ExchangeId(u64::try_from(number).unwrap());
                    let data = Bytes::from(at.to_string());
                    sender.send(Event::RequestData { exchange, data }).await.unwrap();
                }
            });
        }
        drop(sender);
        let taking = tokio::task::spawn_blocking(move || {
            let mut next = [0; SENDERS];
            let mut batch = VecDeque::new();
            while events.take(&mut batch, Duration::from_millis(1)) {
                for event in batch.drain(..) {
                    let Event::RequestData { exchange, data } = event else { panic!("another event") };
                    let next = &mut next[usize::try_from(exchange.0).unwrap()];
                    assert_eq!(data, next.to_string());
                    *next += 1;
                }
            }
            next
        });
        assert_eq!(taking.await.unwrap(), [EACH; SENDERS]);
    }

    #[tokio::test]
    async fn senders_are_told_that_the_recorder_has_ended() {
        let (sender, events) = queue(FEWEST, usize::MAX);
        while sender.try_send_all(&mut vec![data(1)], false) == Taken::All {}
        let sending = tokio::spawn(async move { sender.send(data(1)).await });
        tokio::task::yield_now().await;
        drop(events);
        assert_eq!(sending.await.unwrap(), Err(Ended));
    }
}
