//! A program in a real terminal: what it shows there, and what is typed.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::launch::terminal::terminal;

/// A wait that is longer is a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// All that was shown, and whether that is the end.
type Shown = Arc<(Mutex<(String, bool)>, Condvar)>;

/// A program that has a terminal for its three streams, and as its controlling one.
pub(crate) struct Typed {
    child: Child,
    keyboard: File,
    shown: Shown,
}

impl Typed {
    /// Starts `words` with the environment and folder of `like`.
    pub(crate) fn start(columns: u16, like: &Command, words: &[&str]) -> Self {
        let (outer, ours) = terminal(columns);
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait"]).args(words).env_clear().env("TERM", "xterm-256color");
        command.envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
        like.get_current_dir().map(|folder| command.current_dir(folder));
        let end = || Stdio::from(ours.try_clone().unwrap());
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        drop(ours);
        let shown = Shown::default();
        let (mut screen, keep) = (File::from(outer.try_clone().unwrap()), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                // A terminal that nobody has open any more gives an error.
                let read = screen.read(&mut buffer).unwrap_or_default();
                let mut shown = keep.0.lock().unwrap();
                shown.0.push_str(&String::from_utf8_lossy(&buffer[..read]));
                shown.1 = read == 0;
                keep.1.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        Self { child, keyboard: File::from(outer), shown }
    }

    pub(crate) fn type_in(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until this was shown; gives all that was shown up to then.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait_until(|(shown, _)| shown.contains(text), text)
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let shown = self.wait_until(|(_, over)| *over, "the end");
        (self.child.wait().unwrap(), shown)
    }

    fn wait_until(&self, is_there: impl Fn(&(String, bool)) -> bool, what: &str) -> String {
        let shown = self.shown.0.lock().unwrap();
        let (shown, waited) =
            self.shown.1.wait_timeout_while(shown, PATIENCE, |shown| !is_there(shown) && !shown.1).unwrap();
        assert!(is_there(&shown), "no {what:?} in {:?} ({waited:?})", shown.0);
        shown.0.clone()
    }
}
