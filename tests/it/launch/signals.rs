//! Signals reach the command once: forwarded, or from the terminal itself.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::scratch::Scratch;

/// `samewire record` of a shell script, with a state of its own.
fn record(folder: &Scratch, before: &[&str], script: &str) -> Command {
    let mut words = before.to_vec();
    words.extend([
        env!("CARGO_BIN_EXE_samewire"),
        "record",
        "runtime",
        "-o",
        "r.har",
        "--",
        "sh",
        "-c",
        script,
    ]);
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir(folder.path()).env("XDG_STATE_HOME", folder.path().join("state"));
    command.stderr(Stdio::null());
    command
}

#[test]
fn a_signal_from_a_process_is_forwarded() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP, Signal::USR1] {
        let folder = Scratch::new();
        let script = "trap 'echo caught; exit 7' TERM INT HUP USR1; echo ready; while :; do sleep 0.02; done";
        let mut child = record(&folder, &[], script).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert_eq!(lines.next().as_deref(), Some("ready"));
        kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), signal).unwrap();
        assert_eq!(lines.next().as_deref(), Some("caught"), "{signal:?}");
        assert_eq!(child.wait().unwrap().code(), Some(7));
    }
}

#[test]
fn control_c_reaches_the_command_once() {
    if Command::new("setsid").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("skipped: setsid is not there");
        return;
    }
    let outer = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&outer).unwrap();
    unlockpt(&outer).unwrap();
    let name = ptsname(&outer, Vec::new()).unwrap();
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY;
    let ours: OwnedFd = rustix::fs::open(name.as_c_str(), flags, rustix::fs::Mode::empty()).unwrap();

    let folder = Scratch::new();
    // It counts for a while after the first, so that a second one would be seen.
    let script = "n=0; trap 'n=$((n+1))' INT; echo ready; while [ $n = 0 ]; do sleep 0.02; done; \
                  for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.03; done; echo times $n";
    let mut child = record(&folder, &["setsid", "--wait", "--ctty"], script)
        .stdin(Stdio::from(ours))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().as_deref(), Some("ready"));
    std::fs::File::from(outer.try_clone().unwrap()).write_all(b"\x03").unwrap();
    assert_eq!(lines.next().as_deref(), Some("times 1"));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
