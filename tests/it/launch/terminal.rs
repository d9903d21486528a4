//! The command has a terminal exactly where we have one.

use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use samewire::launch::{Sink, Sinks};

use super::{Collected, recorded, sh};

/// A terminal of this size: the side a terminal emulator has, and the side we have.
pub(crate) fn terminal(columns: u16) -> (OwnedFd, OwnedFd) {
    let outer = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&outer).unwrap();
    unlockpt(&outer).unwrap();
    let name = ptsname(&outer, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let ours = rustix::fs::open(name.as_c_str(), flags, Mode::empty()).unwrap();
    resize(&ours, columns);
    (outer, ours)
}

fn resize(terminal: &OwnedFd, columns: u16) {
    tcsetwinsize(terminal, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
}

const WHICH: &str =
    "[ -t 1 ] && out=terminal || out=other; [ -t 2 ] && err=terminal || err=other; echo $out $err";

#[tokio::test]
async fn each_stream_is_a_terminal_where_ours_is() {
    let (outer, ours) = terminal(80);
    let (_err, stderr) = Collected::pipe();
    let shown = Collected::of(outer);
    let (_, recorded, _) = recorded(&sh(WHICH), Sinks { stdout: Sink::new(ours), stderr }, |_| {}).await;
    assert_eq!(recorded[0], b"terminal other\n", "the command's own bytes are recorded");
    assert_eq!(shown.content(), b"terminal other\r\n", "the terminal's own treatment is the only one");

    let (outer, ours) = terminal(80);
    let (_out, stdout) = Collected::pipe();
    let _shown = Collected::of(outer);
    let (_, recorded, _) =
        super::recorded(&sh(WHICH), Sinks { stdout, stderr: Sink::new(ours) }, |_| {}).await;
    assert_eq!(recorded[0], b"other terminal\n");
}

#[tokio::test]
async fn its_size_is_ours_and_follows_it() {
    let (outer, ours) = terminal(93);
    let again = ours.as_fd().try_clone_to_owned().unwrap();
    let (_err, stderr) = Collected::pipe();
    let _shown = Collected::of(outer);
    let script = "trap 'stty size <&1; exit' WINCH; stty size <&1; while :; do sleep 0.02; done";
    let (_, recorded, _) = recorded(&sh(script), Sinks { stdout: Sink::new(ours), stderr }, |seen| {
        if seen == b"24 93\n" {
            resize(&again, 121);
            let this = rustix::process::getpid();
            rustix::process::kill_process(this, rustix::process::Signal::WINCH).unwrap();
        }
    })
    .await;
    assert_eq!(String::from_utf8_lossy(&recorded[0]), "24 93\n24 121\n");
}
