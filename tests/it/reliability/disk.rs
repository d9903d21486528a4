//! A capture that cannot be written: forwarding goes on, one warning says so, the exit status tells it, and what was
//! written before opens.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use samewire::capture;
use tokio::io::AsyncReadExt as _;

use super::origins::{begin, healthy, rest};
use super::running::Running;
use super::table::{row, scaled};
use crate::clients::bench::{Bench, text};
use crate::proxy::rig::read_head;

/// Requests that are made after recording has stopped.
const AFTER: usize = 20;

/// `samewire proxy` in a shell that prepares something before it.
fn prepared(bench: &Bench, before: &str, wrap: &[&str]) -> Command {
    let samewire = bench.command(&["proxy", "--listen", "127.0.0.1:0", "-o"]);
    let script = format!(r#"{before}; exec "$0" "$@""#);
    let mut command = Command::new(wrap[0]);
    command
        .args(&wrap[1..])
        .args(["sh", "-ec", &script])
        .arg(samewire.get_program())
        .args(samewire.get_args());
    command.current_dir(bench.path("")).env("XDG_STATE_HOME", bench.path("state")).stdin(Stdio::null());
    command
}

/// Fills the place of the capture, and looks at what comes of it.
async fn fill(mut command: Command, capture: &Path, keep: &dyn Fn(&Running)) {
    let proxy = Running::of(command.arg(capture));
    let target = healthy().await.to_string();
    let mut id = 0;
    let mut stopped_at = None;
    while stopped_at.is_none_or(|at| id < at + AFTER) {
        let mut stream = begin(&proxy.address, &target, id).await;
        assert!(read_head(&mut stream).await.starts_with(b"HTTP/1.1 200"), "request {id}");
        stream.read_exact(&mut [0; 2]).await.unwrap();
        id += 1;
        if stopped_at.is_none() && proxy.has_said("recording stopped") {
            stopped_at = Some(id);
        }
        assert!(id < 20_000, "the place is never full");
    }
    keep(&proxy);
    let ended = proxy.stop(Signal::INT);
    assert_eq!(ended.status.code(), Some(125), "{:?}", ended.lines);
    let warnings = ended.lines.iter().filter(|line| line.contains("recording stopped;")).count();
    assert_eq!(warnings, 1, "{:?}", ended.lines);
}

fn is_whole_so_far(path: &Path) {
    let capture = capture::read(path).unwrap();
    assert_eq!(capture.completeness.torn, None);
    assert!(!capture.exchanges.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_file_sizes_stops_the_recording_alone() {
    let runs = scaled(3, 200);
    for _ in 0..runs {
        let bench = Bench::new();
        let capture = bench.path("quota.har");
        fill(prepared(&bench, "ulimit -f 1024", &["env"]), &capture, &|_| {}).await;
        is_whole_so_far(&capture);
    }
    row(
        "quota (RLIMIT_FSIZE)",
        &format!(
            "{runs} runs: {AFTER} requests after it forwarded, 1 warning, status 125, capture whole so far"
        ),
    );
}

/// True where this machine lets tests have mounts of their own.
fn may_mount() -> bool {
    let may = Command::new("unshare").args(["-rm", "true"]).stderr(Stdio::null()).status();
    let may = may.is_ok_and(|status| status.success());
    if !may {
        eprintln!("skipped: no mounts of one's own (unshare -rm)");
    }
    may
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_the_recording_alone() {
    if !may_mount() {
        return;
    }
    let runs = scaled(3, 200);
    for _ in 0..runs {
        let bench = Bench::new();
        let (folder, copy) = (bench.path("small"), bench.path("copy.har"));
        std::fs::create_dir(&folder).unwrap();
        let mount = format!("mount -t tmpfs -o size=128k tmpfs '{}'", folder.display());
        let capture = folder.join("full.har");
        // Only the process itself sees its mounts; the file is looked at through it while it lives.
        let through = |proxy: &Running| {
            let path = format!("/proc/{}/root{}", proxy.id(), capture.display());
            std::fs::copy(path, &copy).unwrap();
        };
        fill(prepared(&bench, &mount, &["unshare", "-rm"]), &capture, &through).await;
        is_whole_so_far(&copy);
    }
    row(
        "full disk (tmpfs of 128 KiB)",
        &format!(
            "{runs} runs: {AFTER} requests after it forwarded, 1 warning, status 125, capture whole so far"
        ),
    );
}

#[test]
fn a_folder_that_cannot_be_written_to_is_said_before_anything_runs() {
    if !may_mount() {
        return;
    }
    let runs = scaled(10, 200);
    let bench = Bench::new();
    let folder = bench.path("fixed");
    std::fs::create_dir(&folder).unwrap();
    let mount = format!("mount -t tmpfs -o ro tmpfs '{}'", folder.display());
    for _ in 0..runs {
        let mut command = prepared(&bench, &mount, &["unshare", "-rm"]);
        let output = command.arg(folder.join("a.har")).output().unwrap();
        assert_eq!((output.status.code(), output.status.signal()), (Some(125), None), "{}", text(&output));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("a.har") && said.contains("Read-only file system"), "{said}");
    }
    row("read-only folder", &format!("{runs} runs: status 125 at once, the file and the reason named"));
}

/// A command whose recording stops ends with its own status, or with 125 where that was 0.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_that_stops_under_a_command_shows_in_its_status() {
    let target = healthy().await;
    for (own, expected) in [(0, 125), (7, 7)] {
        let bench = Bench::new();
        let script = format!(
            "import socket, os\np = os.environ['HTTP_PROXY'].split('//')[1].split('@')[-1].rstrip('/').split(':')\n\
             for i in range(800):\n s = socket.create_connection((p[0], int(p[1])))\n \
             s.sendall(b'GET http://{target}/?id=%d HTTP/1.1\\r\\nHost: {target}\\r\\nConnection: close\\r\\n\\r\\n' % i)\n \
             d = b''\n while True:\n  r = s.recv(4096)\n  if not r: break\n  d += r\n assert d.endswith(b'ok'), d\n\
             raise SystemExit({own})\n"
        );
        bench.write("asks.py", &script);
        let samewire = bench.command(&["record", "runtime", "-o", "r.har", "--", "python3", "asks.py"]);
        let mut command = Command::new("sh");
        command
            .args(["-c", r#"ulimit -f 1024; exec "$0" "$@""#])
            .arg(samewire.get_program())
            .args(samewire.get_args());
        command.current_dir(bench.path("")).env("XDG_STATE_HOME", bench.path("state")).stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        assert_eq!(output.status.code(), Some(expected), "{}", text(&output));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.matches("recording stopped;").count(), 1, "{said}");
        is_whole_so_far(&bench.path("r.har"));
    }
}

/// A resolver that never answers, in a network of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resolver_that_does_not_answer_is_a_gateway_timeout() {
    let inside = std::env::var_os("SAMEWIRE_TEST_INSIDE").is_some();
    if !inside {
        if !may_mount() {
            return;
        }
        let script = "ip link set lo up; echo nameserver 127.0.0.1 > resolv; mount --bind resolv /etc/resolv.conf; exec \"$0\" \"$@\"";
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new("unshare")
            .args(["-rmn", "sh", "-ec", script])
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "reliability::disk::a_resolver_that_does_not_answer_is_a_gateway_timeout",
                "--nocapture",
            ])
            .env("SAMEWIRE_TEST_INSIDE", "1")
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output));
        print!("{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    let runs = scaled(10, 200);
    // Bound and never read: questions arrive, and nothing comes back.
    let _silent = std::net::UdpSocket::bind("127.0.0.1:53").unwrap();
    let bench = Bench::new();
    let proxy = Running::start(&bench, "dns.har", &super::faults::SHORT);
    let mut asking = tokio::task::JoinSet::new();
    for id in 0..runs {
        let address = proxy.address.clone();
        asking.spawn(async move { rest(&mut begin(&address, "api.example.com:80", id).await).await });
    }
    for got in asking.join_all().await {
        assert!(got.is_own(504), "{}", String::from_utf8_lossy(&got.bytes));
    }
    proxy.stop(Signal::INT);
    let failures = super::faults::failures(&bench.path("dns.har"));
    assert_eq!(failures.len(), runs);
    let named = |failure: &samewire::model::Failure| {
        use samewire::model::{FailureKind, Phase};
        (failure.phase, failure.kind) == (Phase::Resolve, FailureKind::TimedOut)
    };
    assert!(failures.values().all(named), "{failures:?}");
    row(
        "a resolver that does not answer",
        &format!("{runs} runs at a time: 504, named resolve and timed-out"),
    );
}
