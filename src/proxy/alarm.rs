//! A time limit for the exchanges of one connection, one after the other, by one timer that is set anew only when it goes
//! off: setting a timer for each exchange would cost a system call.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// The timer of one connection. All its limits are of one length.
#[derive(Default)]
pub(super) struct Alarm(Mutex<Option<Pin<Box<Sleep>>>>);

impl Alarm {
    /// Does the work, or gives up after this long.
    pub(super) async fn limit<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        let deadline = Instant::now() + limit;
        let mut work = pin!(work);
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if self.is_past(deadline, cx) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    fn is_past(&self, deadline: Instant, cx: &mut Context<'_>) -> bool {
        let mut timer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        while timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return true;
            }
            // It was set for an exchange before this one.
            timer.as_mut().reset(deadline);
        }
        false
    }
}

/// How long nothing may come of a body, whose pieces may each take that long.
pub(super) struct Patience {
    alarm: Arc<Alarm>,
    /// None: for ever.
    limit: Option<Duration>,
    since: Option<Instant>,
}

impl Patience {
    /// The alarm must be for this direction of this connection alone.
    pub(super) fn new(alarm: &Arc<Alarm>, limit: Option<Duration>) -> Self {
        Self { alarm: Arc::clone(alarm), limit, since: None }
    }

    /// Something has come.
    pub(super) fn renew(&mut self) {
        self.since = None;
    }

    /// Nothing has come yet; true when it has taken too long.
    pub(super) fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(limit) = self.limit else { return false };
        let since = *self.since.get_or_insert_with(Instant::now);
        self.alarm.is_past(since + limit, cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_work_has_the_whole_time() {
        let alarm = Alarm::default();
        let limit = Duration::from_millis(30);
        assert!(alarm.limit(limit, tokio::task::yield_now()).await.is_some());
        // The timer is set for the work before this one by now, and goes off in the middle of it.
        for _ in 0..2 {
            let begun = Instant::now();
            assert!(alarm.limit(limit, std::future::pending::<()>()).await.is_none());
            assert!(begun.elapsed() >= limit);
        }
        assert!(alarm.limit(limit, tokio::task::yield_now()).await.is_some());
    }
}
