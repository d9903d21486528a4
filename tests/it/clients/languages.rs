//! Every client that honours the variables is captured, over http and https, with equal facts.

use super::api::HOST;
use super::bench::{Bench, TOKEN, first_rule, program, python, text};

/// The same client twice: one exchange each, the same request, nothing leaked.
fn captured(bench: &Bench, command: &[&str]) {
    for (side, file) in [("sandbox", "s.har"), ("runtime", "r.har")] {
        let output = bench.record(side, file, command);
        assert!(output.status.success(), "{side}: {}", text(&output));
    }
    let (status, report) = bench.diff("s.har", "r.har");
    assert_eq!(status, 0, "{report:#}");
    assert_eq!(report["sandbox"]["exchanges"], 1, "{report:#}");
    assert_eq!(bench.api.calls(), 2);
    bench.assert_no_leak();
}

fn urls(bench: &Bench) -> [String; 2] {
    [format!("http://{}/v1/lots", bench.api.http), format!("https://{HOST}/v1/lots")]
}

fn script(file: &str, code: impl Fn(&str) -> String, interpreter: &[&str]) {
    for at in 0..2 {
        let bench = Bench::new();
        let url = urls(&bench)[at].clone();
        let path = bench.write(file, &code(&url));
        let mut command = interpreter.to_vec();
        command.push(path.to_str().unwrap());
        captured(&bench, &command);
    }
}

#[test]
fn curl() {
    let Some(curl) = program("curl") else { return };
    for at in 0..2 {
        let bench = Bench::new();
        let url = urls(&bench)[at].clone();
        let authorization = format!("Authorization: Bearer {TOKEN}");
        captured(&bench, &[curl.to_str().unwrap(), "-sS", "--fail", "-H", &authorization, &url]);
    }
}

#[test]
fn requests() {
    let Some(python) = python() else { return };
    let code = |url: &str| {
        format!(
            "import requests\nr = requests.get('{url}', headers={{'Authorization': 'Bearer {TOKEN}'}})\nr.raise_for_status()\n"
        )
    };
    script("call.py", code, &[python.to_str().unwrap()]);
}

#[test]
fn httpx() {
    let Some(python) = python() else { return };
    let code = |url: &str| {
        format!(
            "import httpx\nr = httpx.get('{url}', headers={{'Authorization': 'Bearer {TOKEN}'}})\nr.raise_for_status()\n"
        )
    };
    script("call.py", code, &[python.to_str().unwrap()]);
}

#[test]
fn urllib() {
    let Some(python) = python() else { return };
    let code = |url: &str| {
        format!(
            "import urllib.request as u\nr = u.urlopen(u.Request('{url}', headers={{'Authorization': 'Bearer {TOKEN}'}}))\nassert r.status == 200\n"
        )
    };
    script("call.py", code, &[python.to_str().unwrap()]);
}

/// What Python 3.13 does by default: the authority must have a subject key identifier, the leaf an authority key identifier, and so on.
#[test]
fn python_verifies_strictly() {
    let Some(python) = python() else { return };
    let bench = Bench::new();
    let code = format!(
        "import ssl, urllib.request as u
context = ssl.create_default_context()
context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
r = u.urlopen(u.Request('https://{HOST}/v1/lots', headers={{'Authorization': 'Bearer {TOKEN}'}}), context=context)
assert r.status == 200
"
    );
    let path = bench.write("call.py", &code);
    captured(&bench, &[python.to_str().unwrap(), path.to_str().unwrap()]);
}

#[test]
fn aiohttp_with_trust_env() {
    let Some(python) = python() else { return };
    let code = |url: &str| {
        format!(
            "import aiohttp, asyncio\nasync def main():\n    async with aiohttp.ClientSession(trust_env=True) as s:\n        async with s.get('{url}', headers={{'Authorization': 'Bearer {TOKEN}'}}) as r:\n            r.raise_for_status()\nasyncio.run(main())\n"
        )
    };
    script("call.py", code, &[python.to_str().unwrap()]);
}

/// Node 20 knows no proxy variable, so the script opens its tunnel itself; the certificate must come from the variable.
#[test]
fn node_trusts_the_certificate() {
    let Some(node) = program("node") else { return };
    let code = format!(
        "const http = require('http'), https = require('https');
const proxy = new URL(process.env.HTTPS_PROXY);
http.request({{host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: '{HOST}:443'}})
  .on('connect', (_, socket) => {{
    https.get({{host: '{HOST}', path: '/v1/lots', socket, agent: false, servername: '{HOST}', headers: {{Authorization: 'Bearer {TOKEN}'}}}},
      r => {{ r.resume(); r.on('end', () => process.exit(r.statusCode === 200 ? 0 : 1)); }});
  }}).end();
"
    );
    let bench = Bench::new();
    let path = bench.write("call.js", &code);
    captured(&bench, &[node.to_str().unwrap(), path.to_str().unwrap()]);
}

#[test]
fn java() {
    let Some(java) = program("java") else { return };
    if program("javac").is_none() {
        return;
    }
    let code = |url: &str| {
        format!(
            "import java.net.URI;
import java.net.http.*;
public class Call {{
  public static void main(String[] args) throws Exception {{
    var request = HttpRequest.newBuilder(URI.create(\"{url}\")).version(HttpClient.Version.HTTP_1_1).header(\"Authorization\", \"Bearer {TOKEN}\").build();
    var response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    System.exit(response.statusCode() == 200 ? 0 : 1);
  }}
}}
"
        )
    };
    script("Call.java", code, &[java.to_str().unwrap()]);
}

#[test]
fn a_client_that_trusts_nobody_is_explained() {
    let (Some(curl), Some(openssl)) = (program("curl"), program("openssl")) else { return };
    let bench = Bench::new();
    let made = std::process::Command::new(openssl)
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=nobody",
            "-keyout",
            "/dev/null",
            "-out",
        ])
        .arg(bench.path("other-ca.pem"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", text(&made));
    let (curl, url) = (curl.to_str().unwrap(), format!("https://{HOST}/v1/lots"));
    let authorization = format!("Authorization: Bearer {TOKEN}");
    bench.record("sandbox", "s.har", &[curl, "-sS", "-H", &authorization, &url]);
    let output = bench.record(
        "runtime",
        "r.har",
        &[curl, "-sS", "--cacert", "other-ca.pem", "-H", &authorization, &url],
    );
    assert_eq!(output.status.code(), Some(60), "curl's own exit status");
    let (_, report) = bench.diff("s.har", "r.har");
    assert_eq!(first_rule(&report), "ca-rejected", "{report:#}");
}
