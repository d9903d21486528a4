//! What is shown at a terminal while samewire works: one line, drawn anew at each step, gone at the end.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::launch::Screen;
use crate::model::Side;
use crate::record::{Came, Observer, Seen};
use crate::report;

use super::output;
use super::record::count;

/// Smaller captures are read before anybody would have seen it, in bytes.
const LARGE: u64 = 16 << 20;

/// Fewer exchanges are compared before anybody would have seen it.
const MANY: usize = 2_000;

/// The line, which goes when this does.
pub(super) struct Progress {
    screen: Option<&'static Screen>,
    tally: Arc<Mutex<Tally>>,
}

impl Progress {
    /// Shows that these sides are being recorded.
    pub(super) fn of_recording(sides: &[Side]) -> Self {
        let tally = Tally { sides: sides.iter().map(|side| (*side, Count::default())).collect(), last: None };
        let progress = Self { screen: output::screen(), tally: Arc::new(Mutex::new(tally)) };
        progress.show(&progress.tally.lock().unwrap_or_else(PoisonError::into_inner).to_string());
        progress
    }

    /// Shows that these captures are being read.
    pub(super) fn of_comparison(captures: &[&Path]) -> Self {
        let progress = Self { screen: output::screen(), tally: Arc::default() };
        let sizes = captures.iter().filter_map(|path| Some(std::fs::metadata(path).ok()?.len()));
        let size: u64 = sizes.sum();
        if size >= LARGE {
            progress.show(&format!("samewire: reading {} MiB of captures", size >> 20));
        }
        progress
    }

    /// What counts a side's exchanges; `None` where nobody looks.
    pub(super) fn observer(&self, side: Side) -> Option<Counter> {
        let screen = self.screen?;
        Some(Counter { side, screen, tally: Arc::clone(&self.tally) })
    }

    /// These many exchanges are being compared.
    pub(super) fn comparing(&self, sandbox: usize, runtime: usize) {
        if sandbox + runtime >= MANY {
            self.show(&format!("samewire: comparing {sandbox} exchanges with {runtime}"));
        }
    }

    fn show(&self, line: &str) {
        if let Some(screen) = self.screen {
            screen.show(line);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.show("");
    }
}

/// What was seen so far.
#[derive(Default)]
struct Tally {
    sides: Vec<(Side, Count)>,
    /// The last exchange, inert.
    last: Option<String>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    answered: u32,
    failed: u32,
}

impl std::fmt::Display for Tally {
    /// `samewire: runtime 12 exchanges (11 answered, 1 failed); last POST api.example.com 403`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("samewire: ")?;
        for (at, (side, Count { answered, failed })) in self.sides.iter().enumerate() {
            let all = count(answered + failed, "exchange");
            write!(
                f,
                "{}{side} {all} ({answered} answered, {failed} failed)",
                if at > 0 { ", " } else { "" }
            )?;
        }
        match &self.last {
            Some(last) => write!(f, "; last {last}"),
            None => Ok(()),
        }
    }
}

/// Counts a side's exchanges, and shows the count once they are on disk.
pub(super) struct Counter {
    side: Side,
    screen: &'static Screen,
    tally: Arc<Mutex<Tally>>,
}

impl Observer for Counter {
    fn see(&mut self, seen: &Seen<'_>) {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, count)) = tally.sides.iter_mut().find(|(side, _)| *side == self.side) {
            match seen.came {
                Came::Answered(_) => count.answered += 1,
                Came::Failed(_) | Came::Unfinished => count.failed += 1,
            }
        }
        tally.last = Some(last(seen));
    }

    fn rest(&mut self) {
        let line = self.tally.lock().unwrap_or_else(PoisonError::into_inner).to_string();
        self.screen.show(&line);
    }
}

/// `POST api.example.com 403`, every captured byte escaped.
fn last(seen: &Seen<'_>) -> String {
    let after_scheme = seen.url.split_once("://").map_or(seen.url, |(_, rest)| rest);
    let host = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    report::inert(&format!("{} {host} {}", seen.method, came_in_words(&seen.came)))
}

/// What came of a request, in a word or two.
pub(super) fn came_in_words(came: &Came<'_>) -> String {
    match came {
        Came::Answered(status) => status.to_string(),
        Came::Failed(failure) => format!("{} ({})", failure.kind, failure.phase),
        Came::Unfinished => "unfinished".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Timings;

    use super::*;

    #[test]
    fn what_was_captured_is_inert() {
        fn line(method: &str, url: &str) -> String {
            let timings = Timings::default();
            last(&Seen { number: 1, method, url, came: Came::Answered(200), timings: &timings })
        }
        let known = line("GET", "https://user:x@api.example.com:8443/v1?a=b");
        assert_eq!(known, "GET api.example.com:8443 200");
        for hostile in ["\u{1b}[2J", "\u{9b}31m", "\u{202e}x", "\r\n", "\u{200b}", "\u{1b}]52;c;eA==\u{7}"] {
            let shown = line(hostile, &format!("http://{hostile}.example/{hostile}"));
            assert!(!hostile.chars().any(|one| !one.is_ascii_graphic() && shown.contains(one)), "{shown:?}");
        }
    }
}
