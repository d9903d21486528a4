//! The file on disk: whose it is, where it may be, and what a full disk does.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use samewire::capture::{self, Entry, Note, WriteError, Writer};
use samewire::model::*;
use tempfile::tempdir;

use super::small;

#[test]
fn only_its_owner_may_read_it() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.har");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let other_name = folder.path().join("b.har");
    fs::hard_link(&path, &other_name).unwrap();
    assert!(matches!(Writer::create(&path, false, &small::capture()), Err(WriteError::Exists { .. })));
    Writer::create(&path, true, &small::capture()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(
        fs::read_to_string(other_name).unwrap(),
        "old",
        "another name of the old file keeps the old file"
    );
}

#[test]
fn a_bad_path_fails_at_once_and_names_itself() {
    let folder = tempdir().unwrap();
    let create = |path: &Path| Writer::create(path, true, &small::capture()).map(drop).unwrap_err();
    let link = folder.path().join("link.har");
    symlink(folder.path().join("elsewhere.har"), &link).unwrap();
    let error = create(&link);
    assert!(matches!(error, WriteError::Link { .. }) && error.to_string().contains("link.har"), "{error}");
    assert!(!folder.path().join("elsewhere.har").exists());
    assert!(matches!(create(folder.path()), WriteError::NotAFile { .. }));
    assert!(matches!(create(Path::new("/dev/full")), WriteError::NotAFile { .. }));
    assert!(matches!(create(&folder.path().join("no/a.har")), WriteError::NoFolder { .. }));
}

#[test]
fn the_file_is_whole_after_every_write() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.har");
    let small = small::capture();
    let mut writer = Writer::create(&path, false, &small).unwrap();
    let entries = |expected: usize| {
        let value: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(value["log"]["entries"].as_array().unwrap().len(), expected);
        capture::read(&path).unwrap()
    };
    assert_eq!(entries(0).run.ended_at, None);

    writer.note(&Note::connection(&small.connections[0]).unwrap());
    writer.flush().unwrap();
    assert_eq!(entries(0).connections, small.connections[..1]);
    writer.push(&Entry::new(&small.exchanges[0]).unwrap());
    writer.flush().unwrap();
    assert_eq!(entries(1).connections, small.connections[..1]);

    let mut known_better = small.connections[0].clone();
    known_better.upstream = None;
    writer.note(&Note::connection(&known_better).unwrap());
    writer.note(&Note::clue(&small.clues[0]).unwrap());
    writer.flush().unwrap();
    assert_eq!(entries(1).connections, [known_better]);

    // A closing part that becomes shorter leaves nothing of the longer one.
    writer.completeness().stopped = Some("a long reason that is taken back".repeat(20));
    writer.flush().unwrap();
    writer.completeness().stopped = None;
    writer.flush().unwrap();
    assert_eq!(entries(1).clues, small.clues);
    assert_eq!(writer.finish(|_| true).unwrap(), 0);
}

#[test]
fn what_the_last_search_refuses_is_taken_out() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.har");
    let small = small::capture();
    let mut writer = Writer::create(&path, false, &small).unwrap();
    for exchange in &small.exchanges {
        writer.push(&Entry::new(exchange).unwrap());
    }
    let has = |line: &[u8], word: &str| String::from_utf8_lossy(line).contains(word);
    assert_eq!(writer.finish(|line| !has(line, "/v1/lots/2")).unwrap(), 1);
    let read = capture::read(&path).unwrap();
    assert_eq!(read.exchanges, small.exchanges[..1]);
    assert_eq!((read.completeness.withheld, read.completeness.torn), (1, None));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

    let writer = Writer::create(&path, true, &small).unwrap();
    let unclean = writer.finish(|line| !has(line, "airbyte-cdk"));
    assert!(matches!(unclean, Err(WriteError::Unclean { .. })), "{unclean:?}");
    assert!(!path.exists());
}

/// Writing 2,000 connections without any exchange costs a few times their size, not its square.
#[test]
fn a_run_of_connections_is_not_written_again_for_each() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.har");
    let small = small::capture();
    let mut writer = Writer::create(&path, false, &small).unwrap();
    let before = written_bytes();
    for number in 1..=2_000 {
        let connection = Connection { number, ..small.connections[1].clone() };
        writer.note(&Note::connection(&connection).unwrap());
        writer.flush().unwrap();
    }
    writer.finish(|_| true).unwrap();
    let written = written_bytes() - before;
    let size = fs::metadata(&path).unwrap().len();
    assert_eq!(capture::read(&path).unwrap().connections.len(), 2_000);
    assert!(written < 100 * size, "{written} bytes written for a file of {size}");
}

/// Bytes this thread's process has passed to write calls.
fn written_bytes() -> u64 {
    let io = fs::read_to_string("/proc/thread-self/io").unwrap();
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: ")).unwrap();
    line.parse().unwrap()
}

const FILLING: &str = "SAMEWIRE_TEST_FILL";

/// Run by [`a_full_disk_leaves_a_whole_capture`] under a file size limit; alone it does nothing.
#[test]
fn fill_the_disk() {
    let Some(path) = std::env::var_os(FILLING) else { return };
    let small = small::capture();
    let mut writer = Writer::create(Path::new(&path), false, &small).unwrap();
    let error = (1..)
        .find_map(|number| {
            let exchange = Exchange { number, ..small.exchanges[0].clone() };
            writer.push(&Entry::new(&exchange).unwrap());
            writer.flush().err()
        })
        .unwrap();
    assert!(matches!(error, WriteError::Append { .. }), "{error}");
    // Later calls neither write nor fail again.
    writer.push(&Entry::new(&small.exchanges[0]).unwrap());
    writer.flush().unwrap();
    writer.end(small.run.started_at, Some(Exit::Code(0)));
    assert_eq!(writer.finish(|_| true).unwrap(), 0);
}

#[test]
fn a_full_disk_leaves_a_whole_capture() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.har");
    // The limit's signal is ignored across exec, so that the write fails as on a full disk.
    let status = Command::new("sh")
        .args(["-c", r#"trap '' XFSZ; ulimit -f 80; exec "$0" --exact capture::disk::fill_the_disk"#])
        .arg(std::env::current_exe().unwrap())
        .env(FILLING, &path)
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stdout));
    let read = capture::read(&path).unwrap();
    assert!(read.exchanges.len() > 3);
    assert_eq!(read.completeness.torn, None);
    let stopped = read.completeness.stopped.unwrap_or_default();
    assert!(stopped.contains("could not be written"), "{stopped:?}");
}
