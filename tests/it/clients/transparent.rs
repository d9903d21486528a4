//! `record --transparent`: clients that know of no proxy, in a network whose only way out is samewire.
#![cfg_attr(not(target_os = "linux"), allow(dead_code, unused_imports, reason = "Linux only"))]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};
use std::thread;

use samewire::model::{Capture, ConnectionKind, FailureKind, Interception, Outcome};

use super::api::HOST;
use super::bench::{Bench, TOKEN, program, python, text};

/// This machine lets samewire make networks. Otherwise samewire has to say why not, in its own words.
pub(crate) fn is_allowed(bench: &Bench) -> bool {
    let output =
        bench.samewire(&["record", "sandbox", "--transparent", "--force", "-o", "try.har", "--", "true"]);
    if output.status.success() {
        return true;
    }
    let said = text(&output);
    assert!(output.status.code() == Some(125) && said.contains("without --transparent"), "{said}");
    eprintln!("skipped: {said}");
    false
}

fn bench() -> Option<Bench> {
    let bench = Bench::new();
    is_allowed(&bench).then_some(bench)
}

impl Bench {
    fn transparently(&self, options: &[&str], words: &[&str]) -> Output {
        let options: Vec<&str> = ["--transparent"].iter().chain(options).copied().collect();
        self.recording("runtime", "r.har", &options, words).output().unwrap()
    }

    fn captured(&self, file: &str) -> Capture {
        samewire::capture::read(&self.path(file)).unwrap()
    }
}

/// A server of one connection.
fn server(serve: impl FnOnce(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || serve(listener.accept().unwrap().0));
    address
}

#[test]
fn a_run_without_variables_is_the_same_as_one_by_variables() {
    let (Some(bench), Some(curl)) = (bench(), program("curl")) else { return };
    let (http, authorization) = (bench.api.http, format!("Authorization: Bearer {TOKEN}"));
    let local = format!("http://localhost:{}/v1/lots", http.port());
    for url in [
        format!("https://{HOST}/v1/lots"),
        format!("http://{HOST}/v1/lots"),
        format!("http://{http}/v1/lots"),
        local,
    ] {
        let call = [curl.to_str().unwrap(), "-sS", "--fail", "-H", &authorization, &url];
        let by_variables = bench.record("sandbox", "s.har", &call);
        assert!(by_variables.status.success(), "{}", text(&by_variables));
        let past = [&call[..], &["--noproxy", "*"]].concat();
        let output = bench.transparently(&[], &past);
        assert!(output.status.success(), "{}", text(&output));
        let (sandbox, runtime) = (bench.captured("s.har"), bench.captured("r.har"));
        assert_eq!(runtime.run.interception, Interception::Transparent);
        assert_eq!(runtime.exchanges.len(), 1);
        let place = |capture: &Capture| {
            let target = &capture.exchanges[0].request.target;
            (target.scheme.clone(), target.host.clone(), target.port, target.path.clone())
        };
        assert_eq!(place(&sandbox), place(&runtime), "{url}");
        let (status, report) = bench.diff("s.har", "r.har");
        assert_eq!((status, report["verdict"].as_str()), (0, Some("same")), "{url}: {report:#}");
        bench.assert_no_leak();
    }
}

#[test]
fn the_stated_address_reaches_this_machine() {
    let (Some(bench), Some(curl)) = (bench(), program("curl")) else { return };
    let url = format!("http://198.18.0.1:{}/v1/lots", bench.api.http.port());
    let output = bench.transparently(&[], &[curl.to_str().unwrap(), "-sS", &url]);
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!((bench.api.calls(), bench.captured("r.har").exchanges.len()), (1, 1));
}

#[test]
fn what_fails_fails_as_it_would_without() {
    let (Some(bench), Some(curl)) = (bench(), program("curl")) else { return };
    let curl = curl.to_str().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = bench.transparently(&[], &[curl, "-sS", &format!("http://{free}/")]);
    assert_eq!(output.status.code(), Some(7), "refused: {}", text(&output));
    let capture = bench.captured("r.har");
    assert_eq!(capture.connections[0].failure.as_ref().unwrap().kind, FailureKind::Refused);
    assert_eq!(capture.connections[0].authority.as_deref(), Some(free.to_string().as_str()));
    let output = bench.samewire(&[
        "record",
        "runtime",
        "--transparent",
        "--force",
        "-o",
        "r.har",
        "--",
        curl,
        "-sS",
        "http://no.such.invalid/",
    ]);
    assert_eq!(output.status.code(), Some(6), "not resolved: {}", text(&output));
}

#[test]
fn a_reset_and_a_half_close_arrive_as_such() {
    let (Some(bench), Some(python)) = (bench(), python()) else { return };
    let reset = server(|stream| {
        stream.peek(&mut [0]).unwrap();
        rustix::net::sockopt::set_socket_linger(&stream, Some(std::time::Duration::ZERO)).unwrap();
    });
    let half = server(|mut stream| {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        write!(stream, "got {}", all.len()).unwrap();
    });
    let script = "\
import socket, sys
def dial(at):
    host, port = at.split(':')
    return socket.create_connection((host, int(port)))
s = dial(sys.argv[1]); s.sendall(b'\\0hello')
try:
    print('read', s.recv(9))
except ConnectionResetError:
    print('reset')
s = dial(sys.argv[2]); s.sendall(b'\\0' * 100000); s.shutdown(socket.SHUT_WR)
print(s.makefile().read())
";
    let output = bench.transparently(&[], &[python.to_str().unwrap(), "-c", script, &reset, &half]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "reset\ngot 100000\n", "{}", text(&output));
    let capture = bench.captured("r.har");
    let tunnels = capture.connections.iter().filter(|one| matches!(one.kind, ConnectionKind::Tunnel { .. }));
    assert_eq!(tunnels.count(), 2);
}

#[test]
fn large_bodies_and_many_connections_pass_whole() {
    let (Some(bench), Some(python)) = (bench(), python()) else { return };
    let script = "\
import concurrent.futures, http.client, sys
host, port = sys.argv[1].split(':')
headers = {'Authorization': 'Bearer ' + sys.argv[2]}
def call(n):
    c = http.client.HTTPConnection(host, int(port)); c.request('POST', '/v1/lots', b'x' * n, headers)
    return c.getresponse().status
print(call(20_000_000))
with concurrent.futures.ThreadPoolExecutor(40) as pool:
    print(set(pool.map(call, [1000] * 400)))
";
    let api = bench.api.http.to_string();
    let output = bench.transparently(&[], &[python.to_str().unwrap(), "-c", script, &api, TOKEN]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "200\n{200}\n", "{}", text(&output));
    let capture = bench.captured("r.har");
    assert_eq!(capture.exchanges.len(), 401);
    assert!(capture.exchanges.iter().all(|one| matches!(one.outcome, Outcome::Answered(_))));
}

#[test]
fn the_commands_own_loopback_stays_its_own_and_datagrams_are_refused_and_counted() {
    let (Some(bench), Some(python)) = (bench(), python()) else { return };
    let script = "\
import socket, sys
port = int(sys.argv[1])
s = socket.create_server(('127.0.0.1', port)); c = socket.create_connection(('127.0.0.1', port))
a = s.accept()[0]; c.sendall(b'in'); print(a.recv(9))
for _ in range(2):
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.connect(('192.0.2.1', 443)); u.send(b'x'); u.settimeout(20)
    try: u.recv(1)
    except ConnectionRefusedError: print('refused')
";
    let port = bench.api.http.port().to_string();
    let output = bench.transparently(&[], &[python.to_str().unwrap(), "-c", script, &port]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "b'in'\nrefused\nrefused\n", "{}", text(&output));
    assert_eq!(bench.api.calls(), 0);
    let refused = bench.captured("r.har").completeness.coverage.refused;
    assert_eq!(refused.into_iter().collect::<Vec<_>>(), [(443, 2)]);
    assert!(text(&output).contains("2 UDP packets to port 443 (QUIC, HTTP/3) refused"), "{}", text(&output));
}

#[test]
fn the_command_is_what_it_is_without() {
    let Some(bench) = bench() else { return };
    let output = bench.transparently(&[], &["sh", "-c", "id -u; pwd; env; exit 7"]);
    assert_eq!(output.status.code(), Some(7), "{}", text(&output));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines = told.lines();
    assert_eq!(lines.next(), Some(rustix::process::geteuid().as_raw().to_string().as_str()));
    assert_eq!(lines.next(), fs::canonicalize(bench.path("")).unwrap().to_str());
    let proxies = told.to_ascii_lowercase();
    assert!(
        !proxies.contains("proxy=") && !proxies.contains("proxyhost") && told.contains("SSL_CERT_FILE="),
        "{told}"
    );
    let output = bench.transparently(&[], &["sh", "-c", "kill -TERM $$"]);
    assert_eq!(output.status.code(), Some(128 + 15), "{}", text(&output));
    for (word, code) in [("no-such-command-here", 127), ("/", 126)] {
        let output = bench.transparently(&[], &[word]);
        assert_eq!(output.status.code(), Some(code), "{}", text(&output));
    }
}

/// samewire with the command `sleep` running in its network.
fn asleep(bench: &Bench) -> (std::process::Child, rustix::process::Pid) {
    let mut samewire = bench
        .recording("runtime", "r.har", &["--transparent"], &["sh", "-c", "echo $$; exec sleep 60"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(samewire.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (samewire, rustix::process::Pid::from_raw(line.trim().parse().unwrap()).unwrap())
}

#[test]
fn signals_reach_the_command() {
    let Some(bench) = bench() else { return };
    let (mut samewire, _) = asleep(&bench);
    let id = rustix::process::Pid::from_raw(i32::try_from(samewire.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    assert_eq!(samewire.wait().unwrap().code(), Some(128 + 15));
}

#[test]
fn a_killed_samewire_leaves_the_command_without_a_network() {
    let (Some(bench), Some(python)) = (bench(), python()) else { return };
    let script = "\
import socket, sys, time
print('up', flush=True)
sys.stdin.read()
time.sleep(0)
while True:
    try: socket.create_connection(('192.0.2.1', 80), 20)
    except OSError as e:
        if e.errno == 101: break
open(sys.argv[1], 'w').write('unreachable')
";
    let told = bench.path("told");
    let words = [python.to_str().unwrap(), "-c", script, told.to_str().unwrap()];
    let mut command = bench.recording("runtime", "r.har", &["--transparent"], &words);
    let mut samewire = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (go, out) = (samewire.stdin.take().unwrap(), samewire.stdout.take().unwrap());
    BufReader::new(out).read_line(&mut String::new()).unwrap();
    samewire.kill().unwrap();
    samewire.wait().unwrap();
    drop(go);
    let begun = std::time::Instant::now();
    while fs::read_to_string(&told).is_ok_and(|text| text != "unreachable") || !told.exists() {
        assert!(begun.elapsed().as_secs() < 30, "the command hangs");
        thread::yield_now();
    }
}

/// samewire, run by a user without rights, in a mount namespace where the device may be used by all, as udev has it.
fn unprivileged(bench: &Bench, inside: &str, words: &str) -> Option<Output> {
    if !rustix::process::geteuid().is_root() || program("unshare").is_none() || program("setpriv").is_none() {
        eprintln!("skipped: needs root, to become a user without rights");
        return None;
    }
    let home = bench.path("user");
    fs::create_dir(&home).unwrap();
    for path in [bench.path(""), home.clone()] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    }
    fs::set_permissions(bench.path("api-ca.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    let binary = bench.path("samewire");
    fs::copy(env!("CARGO_BIN_EXE_samewire"), &binary).unwrap();
    let line = format!(
        "{inside} && cd {home} && exec setpriv --reuid 4321 --regid 4321 --clear-groups --no-new-privs env -i PATH=\"$PATH\" HOME={home} \
         {samewire} record runtime --transparent --force -o r.har -- {words}",
        home = home.display(),
        samewire = binary.display()
    );
    Some(Command::new("unshare").args(["--mount", "sh", "-c", &line]).output().unwrap())
}

#[test]
fn root_is_not_needed() {
    let (Some(bench), Some(curl)) = (bench(), program("curl")) else { return };
    let device = format!(
        "mknod {device} c 10 200 && chmod 0666 {device} && mount --bind {device} /dev/net/tun",
        device = bench.path("tun").display()
    );
    let url = format!("http://{}/v1/lots", bench.api.http);
    let words =
        format!("sh -c 'id -u; touch mine; {} -s -o /dev/null -w %{{http_code}} {url}'", curl.display());
    let Some(output) = unprivileged(&bench, &device, &words) else { return };
    if text(&output).contains("own user and network namespaces") {
        eprintln!("skipped: {}", text(&output));
        return;
    }
    assert_eq!(String::from_utf8_lossy(&output.stdout), "4321\n401", "{}", text(&output));
    assert_eq!(bench.captured("user/r.har").exchanges.len(), 1);
    let owner = rustix::fs::stat(bench.path("user/mine")).unwrap().st_uid;
    assert_eq!(owner, 4321);
}

#[test]
fn where_the_system_forbids_it_the_command_does_not_start_and_the_way_out_is_named() {
    let Some(bench) = bench() else { return };
    let closed = format!(
        "touch {device} && mount --bind {device} /dev/net/tun && chmod 0600 /dev/net/tun",
        device = bench.path("none").display()
    );
    let Some(output) = unprivileged(&bench, &closed, "touch started") else { return };
    let said = text(&output);
    assert_eq!(output.status.code(), Some(125), "{said}");
    assert!(said.contains("without --transparent") && !bench.path("user/started").exists(), "{said}");
    fs::remove_dir_all(bench.path("user")).unwrap();
    // In a user namespace of its own this limit holds for nobody else.
    let forbidden = "exec unshare --user --map-root-user sh -c 'echo 0 > /proc/sys/user/max_user_namespaces; \
                     echo 0 > /proc/sys/user/max_net_namespaces; exec \"$SAMEWIRE\" record runtime --transparent --force -o r.har -- touch started'";
    let output = Command::new("sh")
        .args(["-c", forbidden])
        .env("SAMEWIRE", env!("CARGO_BIN_EXE_samewire"))
        .current_dir(bench.path(""))
        .env("HOME", bench.path(""))
        .env("XDG_STATE_HOME", bench.path("state"))
        .output()
        .unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(125), "{said}");
    assert!(said.contains("sysctl user.max_user_namespaces") && !bench.path("started").exists(), "{said}");
}
