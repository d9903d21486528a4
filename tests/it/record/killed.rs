//! `kill -9` under load: every file opens, and nothing that was complete is missing.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs, thread};

use samewire::{capture, record};

use super::{exchange, open, setup};
use crate::scratch::Scratch;

const RECORDING: &str = "SAMEWIRE_TEST_RECORD";

/// Exchanges that may be on their way to the disk: a full queue and a full batch of 512 events each, at six an exchange, and some.
const ON_THE_WAY: usize = 180;

/// Run by [`a_killed_recorder_loses_nothing_that_was_complete`] as a process of its own; alone it does nothing.
///
/// It records as fast as it can, and tells on standard error what was sent and what it has found on disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn record_until_killed() {
    let Some(path) = env::var_os(RECORDING) else { return };
    let tell = |what: &str, number: u64| {
        std::io::stderr().write_all(format!("{what} {number}\n").as_bytes()).unwrap();
    };
    let path = Path::new(&path);
    let (events, _recorder) = record::start(setup(path)).unwrap();
    let written = path.to_owned();
    thread::spawn(move || {
        let mut last = 0;
        loop {
            let size = fs::metadata(&written).unwrap().len();
            if size != last {
                last = size;
                tell("disk", capture::read(&written).unwrap().exchanges.len() as u64);
            }
        }
    });
    for id in 1.. {
        if id % 10 == 1 {
            open(&events, id / 10).await;
        }
        exchange(&events, id / 10, id, b"{\"lots\":[1,2,3,4,5,6,7,8],\"text\":\"some text to be redacted\"}")
            .await;
        tell("sent", id);
    }
}

#[test]
fn a_killed_recorder_loses_nothing_that_was_complete() {
    let folder = Scratch::new();
    let mut most = 0;
    for round in 0..50 {
        let path = folder.path().join(format!("{round}.har"));
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "record::killed::record_until_killed", "--nocapture"])
            .env(RECORDING, &path)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let random = usize::try_from(RandomState::new().build_hasher().finish() % 700).unwrap();
        let mut lines: Vec<String> = told.by_ref().take(random + 1).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        lines.extend(told);

        let last = |what: &str| {
            let number =
                |line: &String| line.strip_prefix(what).and_then(|number| number.trim().parse().ok());
            lines.iter().filter_map(number).max().unwrap_or(0_usize)
        };
        let (sent, on_disk) = (last("sent"), last("disk"));
        let read = capture::read(&path).unwrap_or_else(|error| panic!("round {round}: {error}"));
        let found = read.exchanges.len();
        assert!(
            found >= on_disk && found + ON_THE_WAY >= sent,
            "round {round}: {found} of {on_disk}, {sent} sent"
        );
        let numbers = read.exchanges.iter().map(|exchange| exchange.number);
        assert!(numbers.eq(1..=u32::try_from(found).unwrap()), "round {round}: a gap");
        most = most.max(found);
    }
    assert!(most > ON_THE_WAY, "the load was too small to tell anything: {most}");
}
