//! How far the proxy's life has got, and waiting for it.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::watch;

/// How far the proxy's life has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Serving,
    /// What is under way may end; nothing new begins.
    Finishing,
    /// Everything ends now.
    Ended,
}

/// Waits for a stage, next to other work of one task. While nothing changes, looking costs next to nothing.
pub(super) struct Awaited {
    news: watch::Receiver<Stage>,
    reached: Pin<Box<dyn Future<Output = ()> + Send>>,
    polled: bool,
}

impl Awaited {
    /// Waits until this is true of the stage.
    pub(super) fn new(stages: &watch::Receiver<Stage>, reached: fn(Stage) -> bool) -> Self {
        let (mut news, mut stages) = (stages.clone(), stages.clone());
        // What is there already is seen by the first look at the future itself.
        news.mark_unchanged();
        let wait = async move {
            // A sender that is gone stands for the end.
            let _ = stages.wait_for(|stage| reached(*stage)).await;
        };
        Self { news, reached: Box::pin(wait), polled: false }
    }

    /// True once it is reached; not to be asked again then. Always to be polled by the same task: it is woken where it polled first.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        if self.polled && !self.news.has_changed().unwrap_or(true) {
            return false;
        }
        self.polled = true;
        self.reached.as_mut().poll(cx) == Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test]
    async fn it_is_woken_by_the_stage_that_it_waits_for() {
        let (stage, stages) = watch::channel(Stage::Serving);
        let waiting = |stages: &watch::Receiver<Stage>| {
            let mut ended = Awaited::new(stages, |stage| stage == Stage::Ended);
            tokio::spawn(poll_fn(move |cx| if ended.poll(cx) { Poll::Ready(()) } else { Poll::Pending }))
        };
        let (first, second) = (waiting(&stages), waiting(&stages));
        tokio::task::yield_now().await;
        stage.send_replace(Stage::Finishing);
        tokio::task::yield_now().await;
        assert!(!first.is_finished());
        stage.send_replace(Stage::Ended);
        first.await.unwrap();
        second.await.unwrap();
        waiting(&stages).await.unwrap();
        let (stage, stages) = watch::channel(Stage::Serving);
        let third = waiting(&stages);
        drop(stage);
        third.await.unwrap();
    }
}
