//! What becomes of one exchange: its heads are found, it is redacted, rendered and appended; and reports of two runs.
#![allow(missing_docs, reason = "a benchmark")]
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use samewire::capture::{self, Entry, Writer};
use samewire::compare::compare;
use samewire::diagnose::{Case, diagnose};
use samewire::model::{Capture, Fidelity, Reference, Timings};
use samewire::proxy::{HeadScanner, Kind};
use samewire::redact::{Key, Known, RawBody, RawExchange, RawMessage, RawOutcome, Redactor};
use samewire::report::{self, Report};

const TOKEN: &str = "k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u";

fn request() -> String {
    format!(
        "GET /v2/things?page=7&per_page=10 HTTP/1.1\r\nHost: api.bench.test\r\nUser-Agent: python-requests/2.32.3\r\n\
         Accept-Encoding: gzip, deflate\r\nAccept: application/json\r\nConnection: keep-alive\r\n\
         Authorization: Bearer {TOKEN}\r\nX-Request-Id: 550e8400-e29b-41d4-a716-446655440000\r\n\r\n"
    )
}

/// A page of ten records, 1 KiB.
fn answer() -> (String, String) {
    let records: Vec<String> = (0..10)
        .map(|at| format!(r#"{{"id":{at},"name":"record {at} of page 7","active":true,"amount":{at}7.25,"tags":["a","b"]}}"#))
        .collect();
    let body = format!(r#"{{"data":[{}],"page":7,"total":10000}}"#, records.join(","));
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Date: Thu, 26 Nov 2026 10:00:00 GMT\r\nX-RateLimit-Remaining: 4711\r\n\r\n",
        body.len()
    );
    (head, body)
}

fn message(head: String, body: String) -> RawMessage {
    let length = body.len() as u64;
    let body = RawBody { bytes: Bytes::from(body), length, complete: true, ..RawBody::default() };
    RawMessage { head: Bytes::from(head), body }
}

fn exchange() -> RawExchange {
    let (head, body) = answer();
    RawExchange {
        number: 1,
        connection: 1,
        index: 1,
        started_at: Timestamp::from_second(1_795_338_000).unwrap(),
        timings: Timings { sent: Some(0.1), answered: Some(20.0), ended: Some(20.5) },
        scheme: "https",
        authority: Some("api.bench.test:443".to_owned()),
        fidelity: Fidelity::Wire,
        request: message(request(), String::new()),
        interim: Vec::new(),
        websocket: None,
        outcome: RawOutcome::Answered(message(head, body)),
    }
}

/// A request for a token, and the token: a form with secrets, and an answer that is one.
fn token_exchange() -> RawExchange {
    let form = format!(
        "grant_type=client_credentials&client_id=lots-connector&client_secret={TOKEN}&scope=lots.read"
    );
    let head = format!(
        "POST /oauth/token HTTP/1.1\r\nHost: api.bench.test\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        form.len()
    );
    let body =
        r#"{"access_token":"b7Ns2KfW9qYx4LtVc8RzHm3JdPg6AeUo","token_type":"Bearer","expires_in":3600}"#
            .to_owned();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    RawExchange {
        request: message(head, form),
        outcome: RawOutcome::Answered(message(answer, body)),
        ..exchange()
    }
}

/// An answer of 64 KiB, compressed.
fn long_exchange() -> RawExchange {
    let (_, page) = answer();
    let body = format!("[{}]", vec![page; 60].join(","));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let length = packed.len() as u64;
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n"
    );
    let body = RawBody { bytes: Bytes::from(packed), length, complete: true, ..RawBody::default() };
    RawExchange { outcome: RawOutcome::Answered(RawMessage { head: Bytes::from(head), body }), ..exchange() }
}

/// One that knows a token, as most do.
fn redactor() -> Redactor {
    let mut redactor = Redactor::new(Key::from_bytes([7; 32]));
    redactor.refer(Reference::Config("/api_key".to_owned()), TOKEN, Known::Secret);
    redactor
}

fn heads(criterion: &mut Criterion) {
    let head = request();
    let mut group = criterion.benchmark_group("heads");
    group.throughput(Throughput::Bytes(head.len() as u64));
    group.bench_function("find one", |bencher| {
        let mut scanner = HeadScanner::new(Kind::Request, 64 * 1024);
        bencher.iter(|| {
            scanner.feed(black_box(head.as_bytes()), Timestamp::UNIX_EPOCH);
            scanner.next_head()
        });
    });
}

fn recording(criterion: &mut Criterion) {
    let raw = exchange();
    let mut redactor = redactor();
    criterion.bench_function("redact an exchange", |bencher| {
        bencher.iter(|| redactor.exchange(black_box(&raw)));
    });
    for (name, raw) in [
        ("redact a request for a token", token_exchange()),
        ("redact a page of 64 KiB, compressed", long_exchange()),
    ] {
        criterion.bench_function(name, |bencher| bencher.iter(|| redactor.exchange(black_box(&raw))));
    }
    let redacted = redactor.exchange(&raw);
    criterion.bench_function("render an entry", |bencher| {
        bencher.iter(|| Entry::new(black_box(&redacted)).unwrap());
    });
    let entry = Entry::new(&redacted).unwrap();
    criterion.bench_function("check an entry for known secrets", |bencher| {
        bencher.iter(|| redactor.check(black_box(entry.as_bytes())).unwrap());
    });
    let folder = tempfile::tempdir().unwrap();
    let [sandbox, _] = sample();
    let mut writer = Writer::create(&folder.path().join("a.har"), false, &sandbox).unwrap();
    criterion.bench_function("append an entry", |bencher| {
        bencher.iter(|| {
            writer.push(black_box(&entry));
            writer.flush().unwrap();
        });
    });
}

/// The captures of one rule's sample.
fn sample() -> [Capture; 2] {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/samples/scheme-doubled/fires");
    ["sandbox.har", "runtime.har"].map(|name| capture::read(&folder.join(name)).unwrap())
}

fn reports(criterion: &mut Criterion) {
    let [sandbox, runtime] = sample();
    let comparison = compare(&sandbox, &runtime);
    let case = Case { sandbox: &sandbox, runtime: &runtime, comparison: &comparison };
    let diagnosis = diagnose(&case);
    let report = Report::new(&case, &diagnosis);
    criterion.bench_function("render a report for the terminal", |bencher| {
        bencher.iter(|| report::terminal(black_box(&report), report::Style { width: 100, color: false }));
    });
    criterion.bench_function("render a report as JSON", |bencher| {
        bencher.iter(|| report::json(black_box(&report)));
    });
    criterion.bench_function("render a report as Markdown", |bencher| {
        bencher.iter(|| report::markdown(black_box(&report)));
    });
    let page = report::Page::new(&case, &diagnosis);
    criterion.bench_function("render a report for the browser", |bencher| {
        bencher.iter(|| report::html(black_box(&report), black_box(&page)));
    });
}

criterion_group!(benches, heads, recording, reports);
criterion_main!(benches);
