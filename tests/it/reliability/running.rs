//! `samewire proxy` while it runs: its address, what it says, and how it ends.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::clients::bench::Bench;

/// Longest time that anything here is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Said {
    lines: Mutex<Vec<String>>,
    more: Condvar,
    /// Nothing more is said.
    ended: AtomicBool,
}

pub(crate) struct Running {
    child: Child,
    pub(crate) address: String,
    said: Arc<Said>,
    listening: Option<JoinHandle<()>>,
}

pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// What it said on standard error.
    pub(crate) lines: Vec<String>,
    pub(crate) took: Duration,
}

impl Running {
    /// `samewire proxy` that records in `file`.
    pub(crate) fn start(bench: &Bench, file: &str, options: &[&str]) -> Self {
        let mut command = bench.command(&["proxy", "--listen", "127.0.0.1:0", "--force", "-o", file]);
        command.args(options);
        Self::of(&mut command)
    }

    /// A command that becomes or runs `samewire proxy`.
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let said = Arc::new(Said::default());
        let hearing = Arc::clone(&said);
        let listening = thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                hearing.lines.lock().unwrap().push(line);
                hearing.more.notify_all();
            }
            hearing.ended.store(true, Ordering::SeqCst);
            hearing.more.notify_all();
        });
        let mut running = Self { child, address: String::new(), said, listening: Some(listening) };
        let greeting = running.hears(" on http://");
        let address = greeting.split("http://").nth(1).and_then(|rest| rest.split(',').next());
        address.unwrap().clone_into(&mut running.address);
        running
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line with these words.
    pub(crate) fn hears(&self, words: &str) -> String {
        let until = Instant::now() + PATIENCE;
        let mut lines = self.said.lines.lock().unwrap();
        loop {
            if let Some(line) = lines.iter().find(|line| line.contains(words)) {
                return line.clone();
            }
            let left = until.saturating_duration_since(Instant::now());
            let is_over = left.is_zero() || self.said.ended.load(Ordering::SeqCst);
            assert!(!is_over, "nothing says `{words}`: {lines:?}");
            lines = self.said.more.wait_timeout(lines, left).unwrap().0;
        }
    }

    /// A line with these words has come.
    pub(crate) fn has_said(&self, words: &str) -> bool {
        self.said.lines.lock().unwrap().iter().any(|line| line.contains(words))
    }

    /// Descriptors that it has open.
    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.id())).unwrap().count()
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it by a signal; nothing of it may have panicked.
    pub(crate) fn stop(self, signal: Signal) -> Ended {
        let id = i32::try_from(self.id()).ok().and_then(Pid::from_raw).unwrap();
        let begun = Instant::now();
        kill_process(id, signal).unwrap();
        let mut ended = self.wait();
        ended.took = begun.elapsed();
        ended
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Ended {
        let begun = Instant::now();
        let status = self.child.wait().unwrap();
        let took = begun.elapsed();
        self.listening.take().map(JoinHandle::join).transpose().unwrap();
        let lines = std::mem::take(&mut *self.said.lines.lock().unwrap());
        assert!(!lines.iter().any(|line| line.contains("panicked")), "{lines:?}");
        Ended { status, lines, took }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
