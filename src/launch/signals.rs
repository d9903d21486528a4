//! Signals that samewire gets and the command should have.

use std::io;
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::backend::Handle;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::siginfo::Cause;
use tokio::sync::mpsc;

/// A signal that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    signal: Signal,
    /// A process sent it. Otherwise it is the terminal's (Ctrl-C), and the command, which is in the same
    /// foreground group, has got it too.
    sent: bool,
}

impl Arrival {
    /// The terminal has changed its size.
    pub(super) fn is_resize(self) -> bool {
        self.signal == Signal::WINCH
    }

    /// Hands it on to a process, unless that process has it already.
    pub(super) fn forward(self, process: Option<u32>) {
        // The command's own terminal is another one than ours: it learns of a new size only from us.
        if !(self.sent || self.is_resize()) {
            return;
        }
        let process = process.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(process) = process
            && let Err(error) = kill_process(process, self.signal)
        {
            tracing::debug!(%error, "signal not forwarded");
        }
    }
}

/// Watches the signals that are forwarded, from the moment it is made.
pub(super) struct Signals {
    arrivals: mpsc::UnboundedReceiver<Arrival>,
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Signals {
    /// Starts watching. The default action of these signals no longer happens, also after this is dropped.
    pub(super) fn watch() -> io::Result<Self> {
        let mut signals =
            SignalsInfo::<WithOrigin>::new([SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH])?;
        let handle = signals.handle();
        let (sender, arrivals) = mpsc::unbounded_channel();
        let thread = std::thread::Builder::new().name("signals".into()).spawn(move || {
            for origin in &mut signals {
                let sent = matches!(origin.cause, Cause::Sent(_));
                if let Some(signal) = Signal::from_named_raw(origin.signal)
                    && sender.send(Arrival { signal, sent }).is_err()
                {
                    return;
                }
            }
        })?;
        Ok(Self { arrivals, handle, thread: Some(thread) })
    }

    /// The number of one that has come and would end samewire, if one has.
    #[cfg(target_os = "linux")]
    pub(super) fn ending(&mut self) -> Option<i32> {
        const ENDING: [Signal; 4] = [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT];
        std::iter::from_fn(|| self.arrivals.try_recv().ok())
            .find(|arrival| ENDING.contains(&arrival.signal))
            .map(|arrival| arrival.signal.as_raw())
    }

    /// The next one. Never ready once watching has ended.
    pub(super) async fn next(&mut self) -> Arrival {
        match self.arrivals.recv().await {
            Some(arrival) => arrival,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            // It ends at once; its panic would have been printed already.
            let _ = thread.join();
        }
    }
}
