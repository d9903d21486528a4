//! Real clients that go past the proxy: said before the run where it can be known, found by the sample while it lasts.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::bench::{Bench, first_rule, program, python, text};
use super::engine::{Image, bridge};

/// Longest time that a call is held for the sample.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that answers requests for `/v1/held` once the capture tells of a connection past the proxy, all others at once.
fn server(capture: PathBuf) -> SocketAddr {
    serve(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), capture)
}

fn serve(listener: TcpListener, capture: PathBuf) -> SocketAddr {
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let capture = capture.clone();
            std::thread::spawn(move || answer(stream, &capture));
        }
    });
    address
}

fn answer(mut stream: TcpStream, capture: &PathBuf) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    if head.starts_with(b"GET /v1/held") {
        let started = Instant::now();
        let seen = || std::fs::read_to_string(capture).is_ok_and(|text| text.contains("\"direct\":["));
        while !seen() && started.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    let _ = stream.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    );
}

struct Compared {
    runtime: Output,
    report: Value,
}

impl Compared {
    fn finding(&self) -> &Value {
        &self.report["findings"][0]
    }

    fn remedies(&self) -> String {
        self.finding()["remedies"].to_string()
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&self.runtime.stderr).into_owned()
    }
}

/// curl through the proxy as the sandbox, this command as the runtime. `{}` in its words is the URL that is held.
fn compared(bench: &Bench, words: &[&str]) -> Compared {
    let address = server(bench.path("r.har"));
    let sandbox = bench.record(
        "sandbox",
        "s.har",
        &["curl", "-sS", &format!("http://{address}/v1/held?now=no").replace("held", "lots")],
    );
    assert!(sandbox.status.success(), "{}", text(&sandbox));
    let url = format!("http://{address}/v1/held");
    let words: Vec<String> = words.iter().map(|word| word.replace("{}", &url)).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let runtime = bench.record("runtime", "r.har", &words);
    assert!(runtime.status.success(), "{}", text(&runtime));
    let (_, report) = bench.diff("s.har", "r.har");
    Compared { runtime, report }
}

fn assert_bypassed(found: &Compared, who: &str, remedy: &str) {
    assert_eq!(first_rule(&found.report), "proxy-bypassed", "{:#}", found.report);
    assert_eq!(found.finding()["side"], "runtime");
    assert_eq!(found.finding()["severity"], "error");
    assert_eq!(found.finding()["confidence"], "certain");
    let claim = found.finding()["claim"].as_str().unwrap();
    assert!(claim.contains(who) && claim.contains("127.0.0.1:"), "{claim}");
    assert!(found.remedies().contains(remedy), "{}", found.remedies());
    assert!(found.said().contains("did not come through (sampled)"), "{}", found.said());
    assert!(!found.report["runtime"]["coverage"]["unseen"].as_array().unwrap().is_empty());
}

#[test]
fn node_before_24_is_foreseen_and_found() {
    let (Some(_), Some(_)) = (program("curl"), program("node")) else { return };
    let version = std::process::Command::new("node").arg("--version").output().unwrap();
    let version = String::from_utf8_lossy(&version.stdout).trim().trim_start_matches('v').to_owned();
    let major: u32 = version.split('.').next().unwrap().parse().unwrap();
    if major >= 22 {
        eprintln!("skipped: Node {version} reads the variables");
        return;
    }
    let bench = Bench::new();
    let found = compared(&bench, &["node", "-e", "fetch('{}').then(r => r.text()).then(console.log)"]);
    assert!(found.said().contains(&format!("node {version} reads no proxy variables")), "{}", found.said());
    assert_bypassed(&found, "node", "use Node 24 or newer");
    assert!(found.remedies().contains("record --transparent"), "{}", found.remedies());
    assert_eq!(found.report["runtime"]["clients"][0]["name"], "node");
}

#[test]
fn a_python_session_that_trusts_no_environment_is_found() {
    let (Some(_), Some(python)) = (program("curl"), python()) else { return };
    let bench = Bench::new();
    let code = "import requests; s = requests.Session(); s.trust_env = False; print(s.get('{}').status_code)";
    let found = compared(&bench, &[python.to_str().unwrap(), "-c", code]);
    assert_bypassed(&found, "python", "trust_env=False");
    // Nobody can know before the run: nothing is said.
    assert!(!found.said().contains("will be missed"), "{}", found.said());
}

#[test]
fn aiohttp_without_trust_env_is_found_with_its_remedy() {
    let (Some(_), Some(python)) = (program("curl"), python()) else { return };
    let bench = Bench::new();
    let code = "import aiohttp, asyncio
async def main():
    async with aiohttp.ClientSession() as s:
        async with s.get('{}') as r:
            print(r.status)
asyncio.run(main())
";
    let found = compared(&bench, &[python.to_str().unwrap(), "-c", code]);
    assert_bypassed(&found, "python", "give aiohttp's session `trust_env=True`");
}

#[test]
fn curls_own_exception_is_foreseen_and_found() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    let found = compared(&bench, &["sh", "-c", "curl -sS --noproxy '*' {}; true"]);
    assert!(found.said().contains("--noproxy on the command line"), "{}", found.said());
    assert_bypassed(&found, "curl", "take --noproxy out for the recording");
    let quiet =
        bench.recording("runtime", "r.har", &["--no-preflight"], &["curl", "--noproxy", "*", "--version"]);
    let mut quiet = quiet;
    let quiet = quiet.output().unwrap();
    assert!(!String::from_utf8_lossy(&quiet.stderr).contains("--noproxy on"), "{}", text(&quiet));
}

#[test]
fn a_jvm_with_options_of_its_own_is_foreseen_and_found() {
    let (Some(_), Some(_), Some(_)) = (program("curl"), program("java"), program("javac")) else { return };
    let bench = Bench::new();
    let code = "public class Call { public static void main(String[] a) throws Exception {
        System.out.println(new String(new java.net.URL(a[0]).openStream().readAllBytes())); } }";
    let file = bench.write("Call.java", code);
    let found = compared(&bench, &["java", "-Dhttp.nonProxyHosts=127.*", file.to_str().unwrap(), "{}"]);
    assert!(found.said().contains("-Dhttp.nonProxyHosts on the command line"), "{}", found.said());
    assert_bypassed(&found, "java", "take -Dhttp.nonProxyHosts out for the recording");
}

#[test]
fn a_connection_that_is_no_call_of_the_api_is_only_told() {
    let (Some(_), Some(python)) = (program("curl"), python()) else { return };
    let bench = Bench::new();
    let other = server(bench.path("r.har"));
    let code = format!(
        "import socket, requests
held = socket.create_connection(('127.0.0.1', {}))
held.sendall(b'GET /v1/held HTTP/1.1\\r\\n\\r\\n')
held.recv(1)
requests.get('{{}}'.replace('held', 'lots'), headers={{'User-Agent': 'curl/7.88.1', 'Accept-Encoding': None}})
",
        other.port()
    );
    let found = compared(&bench, &[python.to_str().unwrap(), "-c", &code]);
    assert_ne!(first_rule(&found.report), "proxy-bypassed", "{:#}", found.report);
    let unseen = &found.report["runtime"]["coverage"]["unseen"];
    assert_eq!(unseen[0]["kind"], "direct", "{unseen:#}");
    assert!(unseen[0]["text"].as_str().unwrap().contains(&other.to_string()), "{unseen:#}");
    let shown = bench.samewire(&["diff", "s.har", "r.har"]);
    assert!(text(&shown).contains("not seen of runtime:"), "{}", text(&shown));
}

#[test]
fn a_client_that_trusts_another_store_is_told_which() {
    let (Some(_), Some(python)) = (program("curl"), python()) else { return };
    let bench = Bench::new();
    let url = format!("https://{}/v1/lots", super::api::HOST);
    let sandbox = bench.record("sandbox", "s.har", &["curl", "-sS", &url]);
    assert!(sandbox.status.success(), "{}", text(&sandbox));

    let store = bench.path("api-ca.pem");
    let store = store.to_str().unwrap();
    let curl = bench.record("runtime", "r.har", &["curl", "-sS", "--cacert", store, &url]);
    assert!(
        String::from_utf8_lossy(&curl.stderr).contains("--cacert on the command line"),
        "{}",
        text(&curl)
    );
    let (_, report) = bench.diff("s.har", "r.har");
    assert_eq!(first_rule(&report), "ca-rejected", "{report:#}");
    assert_eq!(report["findings"][0]["remedies"][0]["text"], "take --cacert out for the recording");

    let code = format!("import requests; requests.get('{url}', verify='{store}')");
    bench.record("runtime", "r.har", &[python.to_str().unwrap(), "-c", &code]);
    let (_, report) = bench.diff("s.har", "r.har");
    assert_eq!(first_rule(&report), "ca-rejected", "{report:#}");
    let remedy = report["findings"][0]["remedies"][0]["text"].as_str().unwrap();
    assert!(remedy.contains("requests reads REQUESTS_CA_BUNDLE") && remedy.contains("`verify=`"), "{remedy}");
}

#[test]
fn a_container_that_goes_past_the_proxy_is_found() {
    let (Some(bridge), Some(curl)) = (bridge(), program("curl")) else { return };
    let bench = Bench::new();
    let curl = std::fs::canonicalize(curl).unwrap();
    let image = Image::make(&bench.path(""), &[&curl], &[]);
    let listener = TcpListener::bind((bridge.parse::<std::net::IpAddr>().unwrap(), 0)).unwrap();
    let address = serve(listener, bench.path("r.har"));
    let sandbox = bench.record("sandbox", "s.har", &["curl", "-sS", &format!("http://{address}/v1/lots")]);
    assert!(sandbox.status.success(), "{}", text(&sandbox));
    let (curl, url) = (curl.to_str().unwrap(), format!("http://{address}/v1/held"));
    let words = ["docker", "run", "--rm", "--user", "1000", &image.0, curl, "-sS", "--noproxy", "*", &url];
    let runtime = bench.record("runtime", "r.har", &words);
    assert!(runtime.status.success(), "{}", text(&runtime));
    let said = String::from_utf8_lossy(&runtime.stderr);
    assert!(said.contains("--noproxy on the command line"), "{said}");
    assert!(said.contains(&format!("1 connection of curl to {address} did not come through")), "{said}");
    let (_, report) = bench.diff("s.har", "r.har");
    assert_eq!(first_rule(&report), "proxy-bypassed", "{report:#}");
    assert_eq!(report["runtime"]["coverage"]["sampling"]["of"], "container");
    assert_eq!(report["findings"][0]["remedies"][0]["text"], "take --noproxy out for the recording");
}
