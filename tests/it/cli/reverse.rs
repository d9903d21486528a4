//! Reverse mode, recorded by the program and compared with a run that went through the proxy.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;

use serde_json::Value;

use crate::clients::api::HOST;
use crate::clients::bench::{Bench, TOKEN, first_rule, program, python, text};

/// A running `samewire proxy --reverse`.
struct Reversed {
    child: Child,
    base_url: String,
    lines: std::io::Lines<BufReader<ChildStderr>>,
}

impl Reversed {
    /// Records the runtime in the place of a base URL.
    fn start(bench: &Bench, upstream: &str, file: &str, options: &[String]) -> Self {
        let mut command = bench.command(&["proxy", "--force", "-o", file, "--reverse", upstream]);
        command.args(options);
        if !options.iter().any(|option| option.starts_with("--listen")) {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        assert!(line.contains(&format!(" in place of {upstream}, recorded in {file}")), "{line}");
        let base_url = line.split("base URL ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        Self { child, base_url, lines }
    }

    /// Ends it; the rest of what it said.
    fn stop(mut self) -> String {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let rest: Vec<String> = self.lines.map(Result::unwrap).collect();
        assert!(self.child.wait().unwrap().success(), "{rest:#?}");
        rest.join("\n")
    }
}

fn curl(arguments: &[&str]) -> String {
    let output = Command::new("curl").arg("-sS").args(arguments).env_remove("http_proxy").output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// An API that moves its clients on, by names of its own, and wants its cookie back.
fn moving(host: &'static str) -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        for stream in socket.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if stream.read(&mut byte).unwrap_or(0) == 0 {
                    break;
                }
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            let sound = head.contains(&format!("Host: {host}\r\n"))
                && head.contains(&format!("Authorization: Bearer {TOKEN}\r\n"));
            let answer = if head.starts_with("GET /v1/old ") && sound {
                format!(
                    "302 Found\r\nLocation: http://{host}/v1/new\r\nSet-Cookie: step=one; Domain={host}; Path=/v1\r\n\
                     Content-Length: 0"
                )
            } else if head.starts_with("GET /v1/new ") && sound && head.contains("Cookie: step=one") {
                "200 OK\r\nContent-Length: 0".to_owned()
            } else {
                "403 Forbidden\r\nContent-Length: 0".to_owned()
            };
            let _ = stream.write_all(format!("HTTP/1.1 {answer}\r\nConnection: close\r\n\r\n").as_bytes());
        }
    });
    address
}

#[test]
fn a_run_in_reverse_mode_is_the_same_as_one_through_the_proxy() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    let upstream = format!("https://{HOST}/v1");
    let good = format!("Authorization: Bearer {TOKEN}");
    let url = format!("{upstream}/lots?page=1");
    bench.record("sandbox", "s.har", &["curl", "-sS", "-H", &good, &url]);
    let reversed = Reversed::start(&bench, &upstream, "r.har", &bench.way_to_the_api());
    let answer = curl(&["-H", &good, &format!("{}/lots?page=1", reversed.base_url)]);
    assert!(answer.contains("\"data\""), "{answer}");
    let env = bench.samewire(&["env", "runtime"]);
    assert_eq!(env.status.code(), Some(2));
    assert!(text(&env).contains(&reversed.base_url), "{}", text(&env));
    let said = reversed.stop();
    assert!(said.contains(&format!("runtime #1  GET https://{HOST}/v1/lots")), "{said}");
    let (status, report) = bench.diff("s.har", "r.har");
    assert_eq!((status, &report["verdict"]), (0, &Value::from("same")), "{report:#}");
    let host = report["expected"].as_array().unwrap().iter().find(|one| one["at"] == "request.field[host]");
    assert!(host.unwrap()["why"].as_str().unwrap().starts_with("reverse mode"), "{report:#}");
    assert_eq!(report["runtime"]["reverse_of"], Value::from(upstream.clone()));

    let reversed = Reversed::start(&bench, &upstream, "r.har", &bench.way_to_the_api());
    curl(&["-H", "Authorization: Bearer None", &format!("{}/lots?page=1", reversed.base_url)]);
    reversed.stop();
    let (status, report) = bench.diff("s.har", "r.har");
    assert_eq!((status, first_rule(&report)), (1, "token-null"), "{report:#}");
    let reversed = Reversed::start(&bench, &format!("https://{HOST}"), "r.har", &bench.way_to_the_api());
    curl(&["-H", &good, &format!("{}/v1/lost?page=1", reversed.base_url)]);
    reversed.stop();
    let (status, report) = bench.diff("s.har", "r.har");
    assert_eq!((status, first_rule(&report)), (1, "path-differs"), "{report:#}");
    bench.assert_no_leak();
}

#[test]
fn redirects_and_cookies_of_the_api_lead_back_to_samewire() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    let host = "moving.example.test";
    let options = ["--connect-to".to_owned(), format!("{host}:80:{}", moving(host))];
    let url = format!("http://{host}/v1/old");
    let good = format!("Authorization: Bearer {TOKEN}");
    let follow = ["-L", "-b", "none", "-w", "%{http_code}", "-H", &good];
    let options_: Vec<&str> = options.iter().map(String::as_str).collect();
    let words: Vec<&str> = [&["curl", "-sS"], &follow[..], &[&url]].concat();
    let recorded = bench.recording("sandbox", "s.har", &options_, &words).output().unwrap();
    assert!(recorded.stdout.ends_with(b"200"), "{}", text(&recorded));
    let reversed = Reversed::start(&bench, &format!("http://{host}"), "r.har", &options);
    let status = curl(&[&follow[..], &[&format!("{}/v1/old", reversed.base_url)]].concat());
    assert_eq!(status, "200");
    reversed.stop();
    let (status, report) = bench.diff("s.har", "r.har");
    assert_eq!((status, &report["verdict"]), (0, &Value::from("same")), "{report:#}");
    assert_eq!(report["runtime"]["exchanges"], 2, "{report:#}");
    assert_eq!(report["findings"], Value::Array(Vec::new()), "{report:#}");
    // What the API sent is what is recorded.
    let capture = std::fs::read_to_string(bench.path("r.har")).unwrap();
    assert!(capture.contains(&format!("http://{host}/v1/new")), "{capture}");
}

#[test]
fn requests_to_other_places_are_not_missed() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    let good = format!("Authorization: Bearer {TOKEN}");
    let upstream = format!("http://{}", bench.api.http);
    let beside = format!("https://{HOST}/token");
    let url = format!("{upstream}/v1/lots");
    bench.record("sandbox", "s.har", &["curl", "-sS", "-H", &good, &url, &beside]);
    let reversed = Reversed::start(&bench, &upstream, "r.har", &[]);
    curl(&["-H", &good, &format!("{}/v1/lots", reversed.base_url)]);
    reversed.stop();
    let (status, report) = bench.diff("s.har", "r.har");
    assert_eq!((status, &report["findings"]), (0, &Value::Array(Vec::new())), "{report:#}");
    assert!(report.to_string().contains("only requests to the base URL are seen"), "{report:#}");
    assert!(report["notes"][0].as_str().unwrap().contains("reverse mode"), "{report:#}");
}

#[test]
fn the_secret_path_beyond_loopback_stays_out_of_the_capture() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    let upstream = format!("http://{}", bench.api.http);
    let reversed = Reversed::start(&bench, &upstream, "r.har", &["--listen=0.0.0.0:0".to_owned()]);
    let (start, secret) = reversed.base_url.rsplit_once('/').unwrap();
    let own = format!("callback={}", reversed.base_url);
    let referer = format!("{}/from", reversed.base_url);
    curl(&["-e", &referer, "-d", &own, &format!("{}/v1/lots", reversed.base_url)]);
    assert!(curl(&[&format!("{start}/v1/lots")]).contains("random path"));
    let secret = secret.to_owned();
    let said = reversed.stop();
    assert!(!said.contains(&secret) && said.contains("1 connection turned away with 403"), "{said}");
    let capture = std::fs::read_to_string(bench.path("r.har")).unwrap();
    assert!(!capture.contains(&secret), "{capture}");
    assert_eq!(samewire::capture::read(&bench.path("r.har")).unwrap().exchanges.len(), 1);
}

#[test]
fn requests_in_python_is_the_same_both_ways() {
    let Some(python) = python() else { return };
    let bench = Bench::new();
    let script = "import os, sys, requests\n\
        s = requests.Session()\n\
        s.headers['Authorization'] = 'Bearer ' + os.environ['TOKEN']\n\
        print(s.post(sys.argv[1] + '/lots', params={'a': 'b c'}, json={'x': [1, 'y']}).status_code)\n";
    let script = bench.write("call.py", script);
    let (python, script) = (python.to_str().unwrap(), script.to_str().unwrap());
    let upstream = format!("https://{HOST}/v1");
    let words = [python, script, &upstream];
    let recorded = bench.recording("sandbox", "s.har", &[], &words).env("TOKEN", TOKEN).output().unwrap();
    assert!(recorded.status.success(), "{}", text(&recorded));
    let reversed = Reversed::start(&bench, &upstream, "r.har", &bench.way_to_the_api());
    let run = |token: &str| {
        let output = Command::new(python).args([script, &reversed.base_url]).env("TOKEN", token).output();
        output.unwrap().stdout
    };
    assert_eq!(run(TOKEN), recorded.stdout);
    reversed.stop();
    let (status, report) = bench.diff("s.har", "r.har");
    assert_eq!((status, &report["verdict"]), (0, &Value::from("same")), "{report:#}");
    bench.assert_no_leak();
}

#[test]
fn a_base_url_that_cannot_be_one_is_refused_without_its_password() {
    let bench = Bench::new();
    for url in ["api.example.com", "https://me:hunter2@api.example.com", "ftp://api.example.com/"] {
        let output = bench.samewire(&["proxy", "--reverse", url]);
        assert_eq!(output.status.code(), Some(125), "{}", text(&output));
        assert!(text(&output).contains("write http://HOST[:PORT][/PATH]"), "{}", text(&output));
        assert!(!text(&output).contains("hunter2"), "{}", text(&output));
    }
}
