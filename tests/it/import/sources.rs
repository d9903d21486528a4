//! Each program's form is read, redacted, and says where it comes from.

use samewire::capture;
use samewire::model::{Capture, Class, FieldValue, Lack, Outcome, SourceFormat, Token, Tool};

use super::fixture;
use crate::clients::bench::{Bench, text};

const TOKEN: &str = "fictional-token-0123456789-0123456789";

/// Imports a fixture with a config that holds the token.
fn import(name: &str) -> Capture {
    import_with(name, &[])
}

fn import_with(name: &str, more: &[&str]) -> Capture {
    let bench = Bench::new();
    let config = bench.write("config.json", &format!("{{\"api_key\": \"{TOKEN}\"}}"));
    let file = fixture(name);
    let config = config.to_str().unwrap().to_owned();
    let mut args = vec!["import", "sandbox", &file, "-o", "s.har", "--config", &config];
    args.extend(more);
    let output = bench.samewire(&args);
    assert!(output.status.success(), "{name}: {}", text(&output));
    let written = std::fs::read_to_string(bench.path("s.har")).unwrap();
    assert!(!written.contains("fictional"), "{name} leaks");
    capture::read(&bench.path("s.har")).unwrap()
}

/// The relation of the first request's token, as it is shown.
fn token(capture: &Capture) -> String {
    let fields = &capture.exchanges[0].request.fields;
    let field = fields.iter().find(|field| field.name.key == "authorization").expect("the field");
    let FieldValue::Credentials(credentials) = &field.value else { panic!("no credentials") };
    let Token::Opaque(secret) = &credentials.token else { panic!("no token") };
    secret.relation.as_ref().map(ToString::to_string).unwrap_or_default()
}

#[test]
fn hars_of_many_programs() {
    for (name, program) in [
        ("chrome.har", "WebInspector 537.36"),
        ("firefox.har", "Firefox 133.0"),
        ("safari.har", "WebKit Web Inspector 1.0"),
        ("mitmproxy.har", "mitmproxy 12.1.2"),
        ("charles.har", "Charles Proxy 5.0"),
        ("http-toolkit.har", "HTTP Toolkit 1.20.1"),
        ("proxyman.har", "Proxyman 5.10.0"),
    ] {
        let capture = import(name);
        let source = capture.run.source.as_ref().expect(name);
        assert_eq!((source.format, source.program.to_string().as_str()), (SourceFormat::Har, program));
        assert_eq!(capture.run.tool, Tool::Import);
        assert!(source.lacks.is_empty(), "{name}: {source:?}");
        let exchange = &capture.exchanges[0];
        assert!(exchange.imported().is_some(), "{name}");
        assert_eq!(exchange.request.target.url(), "https://api.example.com/v1/lots?page=1", "{name}");
        assert_eq!(token(&capture), "config.api_key", "{name}");
        assert_eq!(exchange.status(), Some(200), "{name}");
        // Its content coding was undone by the exporter, whatever the field says.
        let Outcome::Answered(answer) = &exchange.outcome else { panic!("{name}") };
        assert!(matches!(answer.body.content, samewire::model::Content::Json(_)), "{name}");
        assert_eq!(exchange.started_at.to_string(), "2026-11-20T09:00:00.12Z", "{name}");
        assert_eq!(exchange.timings.answered.map(|time| (time * 10.0).round() / 10.0), Some(82.2), "{name}");
    }
}

/// As Playwright 1.65 wrote it of Chromium 156, over a connection to this machine.
#[test]
fn what_playwright_recorded() {
    let capture = import("playwright.har");
    let source = capture.run.source.as_ref().unwrap();
    assert_eq!(source.program.to_string(), "Playwright 1.65.1");
    assert!(source.lacks.is_empty() && source.skipped == 0, "{source:?}");
    let urls: Vec<String> = capture.exchanges.iter().map(|exchange| exchange.request.target.url()).collect();
    assert_eq!(urls, [1, 2].map(|page| format!("https://api.example.com/v1/lots?page={page}")));
    assert_eq!(token(&capture), "config.api_key");
    for exchange in &capture.exchanges {
        let Outcome::Answered(answer) = &exchange.outcome else { panic!("{exchange:?}") };
        assert!(matches!(answer.body.content, samewire::model::Content::Json(_)), "{answer:?}");
    }
    // The second request carries the cookie of the first answer.
    let names = |at: usize| capture.exchanges[at].request.fields.iter().map(|field| field.name.key.as_str());
    assert!(!names(0).any(|name| name == "cookie") && names(1).any(|name| name == "cookie"));
}

#[test]
fn what_was_never_on_the_wire_is_left_out_and_counted() {
    let capture = import("chrome.har");
    assert_eq!(capture.exchanges.len(), 2);
    assert_eq!(capture.run.source.as_ref().unwrap().skipped, 2, "a cached answer and a data: URL");
    let Outcome::Failed { failure, .. } = &capture.exchanges[1].outcome else { panic!("it failed") };
    assert_eq!(failure.kind, samewire::model::FailureKind::NameNotResolved);
    assert_eq!(capture.exchanges[0].request.version, "HTTP/2");
    assert!(capture.exchanges[0].request.fields.iter().any(|field| field.name.key == "host"));
}

#[test]
fn hosts_can_be_chosen() {
    let capture = import_with("chrome.har", &["--host", "api.example.com"]);
    assert_eq!(capture.exchanges.len(), 1);
    assert_eq!(capture.completeness.ignored.len(), 1);
    let bench = Bench::new();
    let file = fixture("chrome.har");
    let output = bench.samewire(&["import", "sandbox", &file, "-o", "s.har", "--host", "other.example.com"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(!bench.path("s.har").exists(), "no empty capture is left");
}

#[test]
fn a_sanitized_export_may_have_had_credentials() {
    let capture = import("chrome-sanitized.har");
    assert!(capture.run.source.as_ref().unwrap().lacks.contains(&Lack::Credentials));
    assert!(capture.exchanges[0].lacks(Lack::Credentials));
}

#[test]
fn safaris_cookies_are_sent() {
    let capture = import("safari.har");
    let cookie = capture.exchanges[0].request.fields.iter().find(|field| field.name.key == "cookie");
    assert!(matches!(&cookie.unwrap().value, FieldValue::Cookies(cookies) if cookies[0].name == "session"));
}

#[test]
fn the_builders_answers() {
    for (name, exchanges) in [("manifest-server.json", 1), ("builder-output.jsonl", 2)] {
        let capture = import(name);
        let source = capture.run.source.as_ref().unwrap();
        assert_eq!(source.format, SourceFormat::AirbyteBuilder, "{name}");
        assert_eq!(capture.exchanges.len(), exchanges, "{name}");
        let last = capture.exchanges.last().unwrap();
        assert!(last.lacks(Lack::Requests) && last.request.version.is_empty(), "{name}");
        let field = last.request.fields.iter().find(|field| field.name.key == "authorization").unwrap();
        let FieldValue::Credentials(credentials) = &field.value else { panic!("{name}") };
        assert_eq!(credentials.scheme.as_deref(), Some("Bearer"));
        assert!(
            matches!(&credentials.token, Token::Opaque(secret) if secret.shape.class == Class::Withheld),
            "{name}"
        );
    }
    let login = &import("builder-output.jsonl").exchanges[0];
    assert_eq!(
        (login.request.method.as_str(), login.started_at.as_millisecond()),
        ("POST", 1_795_165_200_120)
    );
}

#[test]
fn a_test_read_that_sent_nothing_tells_why() {
    let capture = import("builder-nothing-sent.json");
    assert!(capture.exchanges.is_empty());
    assert!(
        capture.clues.iter().any(|clue| format!("{:?}", clue.kind).contains("api_key")),
        "{:?}",
        capture.clues
    );
}

#[test]
fn curl_command_lines_of_either_shell() {
    let bash = import("curl-bash.txt");
    assert_eq!(bash.exchanges.len(), 2);
    assert_eq!(token(&bash), "config.api_key");
    assert_eq!(bash.exchanges[1].request.method, "POST");
    assert!(bash.exchanges[0].succeeded(), "the sandbox is the run that works");
    let cmd = import("curl-cmd.txt");
    assert_eq!(cmd.exchanges.len(), 1);
    assert_eq!(token(&cmd), "config.api_key");
    assert_eq!(cmd.exchanges[0].request.target.url(), "https://api.example.com/v1/lots?page=1&limit=10");
    assert!(matches!(&cmd.exchanges[0].request.body.content, samewire::model::Content::Json(_)));
}

#[test]
fn standard_input_and_a_forced_format() {
    use std::io::Write as _;
    let bench = Bench::new();
    let mut command = bench.command(&["import", "runtime", "-", "--from", "curl", "-o", "r.har"]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"curl -H \"Authorization: Bearer $KEY\" https://api.example.com/v1")
        .unwrap();
    assert!(child.wait().unwrap().success());
    let capture = capture::read(&bench.path("r.har")).unwrap();
    assert!(!capture.exchanges[0].succeeded(), "the runtime is the run that fails");
    let forced = bench.samewire(&["import", "runtime", "-", "--from", "har", "-o", "x.har"]);
    assert_eq!(forced.status.code(), Some(2), "{}", text(&forced));
}

#[test]
fn a_capture_of_ours_needs_no_import() {
    let bench = Bench::new();
    let recorded = bench.samewire(&["record", "sandbox", "-o", "s.har", "--", "true"]);
    assert!(recorded.status.success());
    let output = bench.samewire(&["import", "sandbox", "s.har", "-o", "x.har"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("needs no import"), "{}", text(&output));
}
