//! `record --transparent` with large bodies, and with IPv6.
#![cfg(target_os = "linux")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use super::bench::{Bench, program, text};
use super::transparent::is_allowed;
use crate::cli::memory::{BOUND, forget, http1_origin, memory, origin, size};

const MIB: usize = 1024 * 1024;

/// Sends and gets bodies as lines of its standard input say: `UP DOWN`.
const CLIENT: &str = "\
import socket, sys
host, port = sys.argv[1].split(':')
piece = b'x' * 65536
for line in sys.stdin:
    up, down = map(int, line.split())
    s = socket.create_connection((host, int(port)))
    s.sendall(f'POST /{down} HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nContent-Length: {up}\\r\\nConnection: close\\r\\n\\r\\n'.encode())
    while up: up -= s.send(piece[:min(up, len(piece))])
    got = 0
    while data := s.recv(65536): got += len(data)
    print(got > down, flush=True)
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_body_adds_little() {
    let (bench, Some(python)) = (Bench::new(), program("python3")) else { return };
    if !is_allowed(&bench) {
        return;
    }
    let origin = origin(http1_origin).await.to_string();
    for (way, up, down) in [("up", size(), 1), ("down", 1, size())] {
        let words = [python.to_str().unwrap(), "-c", CLIENT, &origin];
        let mut command = bench.recording("runtime", "r.har", &["--transparent"], &words);
        let mut samewire = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut client = samewire.stdin.take().unwrap();
        let mut answers = BufReader::new(samewire.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut call = |up: usize, down: usize| {
            writeln!(client, "{up} {down}").unwrap();
            assert_eq!(answers.next().as_deref(), Some("True"));
        };
        call(1_000, 1_000);
        let before = memory(samewire.id(), "VmRSS:");
        forget(samewire.id());
        let begun = std::time::Instant::now();
        call(up, down);
        let grown = memory(samewire.id(), "VmHWM:").saturating_sub(before);
        eprintln!(
            "transparent, {} MiB {way}: {} KiB more than {} KiB, {:.1} s",
            size() / MIB,
            grown / 1024,
            before / 1024,
            begun.elapsed().as_secs_f64()
        );
        assert!(grown <= BOUND, "{way}: {grown} bytes more");
        drop(client);
        assert!(samewire.wait().unwrap().success());
        let capture = samewire::capture::read(&bench.path("r.har")).unwrap();
        assert_eq!(capture.exchanges.len(), 2);
        assert!(capture.exchanges.iter().all(samewire::model::Exchange::succeeded));
    }
}

/// A server of IPv6, and what is to be recorded with its port in place of `PORT`.
const SERVER_V6: &str = "\
import http.server, socket, subprocess, sys, threading
class Server(http.server.ThreadingHTTPServer): address_family = socket.AF_INET6
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.client_address[0].encode()
        self.send_response(200); self.send_header('Content-Length', str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *_): pass
server = Server(('::', 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.exit(subprocess.call([word.replace('PORT', str(server.server_address[1])) for word in sys.argv[1:]]))
";

#[test]
fn ipv6_is_captured_by_address_and_by_name() {
    let bench = Bench::new();
    let programs = ["python3", "curl", "unshare", "ip", "mount"].map(program);
    let [Some(python), Some(curl), Some(unshare), Some(_), Some(_)] = programs else { return };
    if !is_allowed(&bench) {
        return;
    }
    // A machine of the test's own, whose way to IPv6 addresses ends at itself.
    let hosts = bench.write("hosts", "127.0.0.1 localhost\nfd73:7465:7374::2 api.test\n");
    let machine = format!(
        "ip link set lo up && ip -6 address add fd73:7465:7374::1/128 dev lo && ip -6 address add fd73:7465:7374::2/128 dev lo && \
         ip -6 route add default dev lo && \
         mount --bind {} /etc/hosts && exec \"$@\"",
        hosts.display()
    );
    let mut command = Command::new(unshare);
    command.args(["--net", "--mount"]);
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["sh", "-c", &machine, "sh", python.to_str().unwrap(), "-c", SERVER_V6]);
    command.args([
        env!("CARGO_BIN_EXE_samewire"),
        "record",
        "runtime",
        "--transparent",
        "--force",
        "-o",
        "r.har",
        "--",
    ]);
    command.args([
        curl.to_str().unwrap(),
        "-sS",
        "--fail",
        "http://[fd73:7465:7374::1]:PORT/",
        "http://api.test:PORT/",
    ]);
    let home = bench.path("");
    let output = command
        .current_dir(&home)
        .env("HOME", &home)
        .env("XDG_STATE_HOME", bench.path("state"))
        .output()
        .unwrap();
    if !output.status.success() && text(&output).contains("RTNETLINK") {
        eprintln!("skipped: no IPv6 on this machine: {}", text(&output));
        return;
    }
    // The server sees samewire, which comes from the machine's own addresses, not from the network inside.
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(said, "fd73:7465:7374::1fd73:7465:7374::2", "{}", text(&output));
    let capture = samewire::capture::read(&bench.path("r.har")).unwrap();
    let hosts: Vec<_> = capture.exchanges.iter().map(|one| one.request.target.host.as_str()).collect();
    assert_eq!(hosts, ["[fd73:7465:7374::1]", "api.test"]);
}
