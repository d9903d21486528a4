//! What must hold for any bytes at all: one function for each reader of what others wrote. Fuzz targets call them with what they find,
//! and the ordinary tests with what proptest draws.
#![allow(missing_docs, unreachable_pub, clippy::expect_used, reason = "a test's own code")]

use std::io::Write as _;

use jiff::Timestamp;
use samewire::compare::compare_sets;
use samewire::connector::{Files, Form, read_project};
use samewire::diagnose::{Case, diagnose};
use samewire::import::Told;
use samewire::model::{Capture, Fidelity, Reference, Side, SourceFormat, Timings};
use samewire::proxy::{HeadScanner, Kind};
use samewire::redact::{Key, Known, RawBody, RawExchange, RawMessage, RawOutcome, Redactor};
use samewire::report::{self, Report};

/// A secret that is known, wherever the bytes put it.
const SECRET: &str = "live_7Qm2vXz9LtRk4WbN8sYc";

/// Heads and their fields are the same however the stream is cut, and those that the parser under hyper sees. The first byte is the cut.
pub fn head(bytes: &[u8]) {
    let Some((cut, stream)) = bytes.split_first() else { return };
    let whole = heads(stream.chunks(stream.len().max(1)));
    assert_eq!(whole, heads(stream.chunks(usize::from(*cut) + 1)));

    let mut fields = [httparse::EMPTY_HEADER; 100];
    let mut parsed = httparse::Request::new(&mut fields);
    if let Ok(httparse::Status::Complete(end)) = parsed.parse(stream) {
        let first = whole.first().expect("hyper sees a head that the scanner does not see");
        assert!(stream[..end].ends_with(&first.raw), "the head ends elsewhere");
        let theirs: Vec<_> =
            parsed.headers.iter().map(|one| (one.name.as_bytes().to_vec(), one.value.to_vec())).collect();
        assert_eq!(first.fields, theirs);
    }
}

#[derive(Debug, PartialEq)]
struct Seen {
    raw: Vec<u8>,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
}

fn heads<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Seen> {
    let mut scanner = HeadScanner::new(Kind::Request, 1 << 20);
    pieces.for_each(|piece| scanner.feed(piece, Timestamp::UNIX_EPOCH));
    let mut seen = Vec::new();
    while let Some((head, _)) = scanner.next_head() {
        let fields = head.fields().map(|field| (field.name.to_vec(), field.value.to_vec())).collect();
        seen.push(Seen { raw: head.raw.to_vec(), fields });
    }
    seen
}

/// The first bytes of a TLS connection.
pub fn client_hello(bytes: &[u8]) {
    let _ = samewire::proxy::client_hello(bytes);
}

/// A body of any type and coding, with a secret in its midst: what is kept holds none. The first two bytes choose.
pub fn body(bytes: &[u8]) {
    const TYPES: [&str; 8] = [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=B",
        "text/xml",
        "text/plain",
        "application/x-ndjson",
        "application/octet-stream",
        "text/html",
    ];
    const CODINGS: [&str; 6] = ["", "gzip", "deflate", "br", "zstd", "identity"];
    let [media_type, coding, rest @ ..] = bytes else { return };
    let coding = CODINGS[usize::from(*coding) % CODINGS.len()];
    let mut body = rest.to_vec();
    if coding.is_empty() {
        let middle = body.len() / 2;
        body.splice(middle..middle, SECRET.bytes());
    }
    let mut head = format!(
        "POST /v1 HTTP/1.1\r\nHost: a.example\r\nContent-Type: {}\r\n",
        TYPES[usize::from(*media_type) % TYPES.len()]
    );
    if !coding.is_empty() {
        head.extend(["Content-Encoding: ", coding, "\r\n"]);
    }
    keep(&mut redactor(), &exchange(format!("{head}\r\n").into_bytes(), body));
}

fn redactor() -> Redactor {
    let mut redactor = Redactor::new(Key::from_bytes([3; 32]));
    redactor.refer(Reference::Named("secret".to_owned()), SECRET, Known::Secret);
    redactor
}

fn exchange(head: Vec<u8>, body: Vec<u8>) -> RawExchange {
    let body =
        RawBody { length: body.len() as u64, bytes: body.into(), complete: true, ..RawBody::default() };
    RawExchange {
        number: 1,
        connection: 1,
        index: 1,
        started_at: Timestamp::UNIX_EPOCH,
        timings: Timings::default(),
        scheme: "https",
        authority: Some("a.example:443".to_owned()),
        fidelity: Fidelity::Wire,
        request: RawMessage { head: head.into(), body },
        interim: Vec::new(),
        websocket: None,
        outcome: RawOutcome::Unfinished,
    }
}

/// Redacts as a recorder does: what comes out passes the check before it is written.
fn keep(redactor: &mut Redactor, raw: &RawExchange) {
    let mut kept = Vec::new();
    let exchange = redactor.exchange(raw);
    write!(kept, "{}", serde_json::to_string(&exchange).expect("a model is JSON")).expect("memory takes it");
    assert!(redactor.check(&kept).is_ok(), "what is kept holds the secret");
}

/// A capture: an error, or one that compares with itself and can be reported.
pub fn capture(bytes: &[u8]) {
    if let Ok(capture) = samewire::capture::from_slice(bytes) {
        compare(&capture, &capture);
    }
}

fn compare(sandbox: &Capture, runtime: &Capture) {
    let comparison = compare_sets((sandbox, &[]), (runtime, &[]));
    let case = Case { sandbox, runtime, comparison: &comparison };
    let report = Report::new(&case, &diagnose(&case));
    let _ = (report::markdown(&report), report::json(&report));
}

/// A bundle.
pub fn bundle(bytes: &[u8]) {
    let _ = samewire::bundle::from_slice(bytes);
}

/// Another program's recording, read as a HAR.
pub fn har(bytes: &[u8]) {
    import(bytes, SourceFormat::Har);
}

/// The same as a Builder's test read.
pub fn builder(bytes: &[u8]) {
    import(bytes, SourceFormat::AirbyteBuilder);
}

/// The same as curl command lines.
pub fn curl(bytes: &[u8]) {
    import(bytes, SourceFormat::Curl);
}

fn import(bytes: &[u8], format: SourceFormat) {
    let Ok(import) = samewire::import::from_bytes(bytes.to_vec(), Some(format)) else { return };
    let mut redactor = redactor();
    let read = import.read(Side::Sandbox, &mut |told| {
        if let Told::Exchange(exchange) = told {
            keep(&mut redactor, &exchange);
        }
    });
    assert!(read.is_ok(), "the first reading found it sound");
}

/// A connector's manifest.
pub fn manifest(bytes: &[u8]) {
    let files = Files::of(Form::Directory, [("manifest.yaml", bytes)]);
    let project = read_project(&files, None);
    let _ = samewire::inspect::inspect("a", &files, &project, None, &redactor());
}
