//! Being told to end. Before a command has started everything that was prepared goes then, and nothing starts.

use std::io;

use anyhow::{Context as _, bail};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Waits for a signal to end. From its making on these signals no longer end the process by themselves.
pub(super) struct Ending {
    signals: [(&'static str, Signal); 3],
}

impl Ending {
    /// Begins to wait.
    pub(super) fn watch() -> anyhow::Result<Self> {
        let one = |name, kind| Ok::<_, io::Error>((name, signal(kind)?));
        let all = || {
            Ok::<_, io::Error>([
                one("SIGINT", SignalKind::interrupt())?,
                one("SIGTERM", SignalKind::terminate())?,
                one("SIGHUP", SignalKind::hangup())?,
            ])
        };
        Ok(Self { signals: all().context("cannot watch for signals")? })
    }

    /// What the preparation comes to, unless a signal comes first.
    pub(super) async fn or<T>(&mut self, preparation: impl Future<Output = T>) -> anyhow::Result<T> {
        tokio::select! {
            // A signal that has come already goes first.
            biased;
            name = self.told() => bail!("told to end by {name} before the command was started: nothing runs"),
            done = preparation => Ok(done),
        }
    }

    /// Ready when a signal comes; says which.
    pub(super) async fn told(&mut self) -> &'static str {
        let [(first, one), (second, two), (third, three)] = &mut self.signals;
        tokio::select! {
            _ = one.recv() => first,
            _ = two.recv() => second,
            _ = three.recv() => third,
        }
    }
}
