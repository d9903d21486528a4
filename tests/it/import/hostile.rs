//! Files that were made to do harm: each gets a clear error that names file and place, or is read as the harmless thing that it is. No
//! crash, no more memory than what the limit of the child allows, nothing written beside the capture.

use std::collections::BTreeSet;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::Command;

use crate::clients::bench::{Bench, text};

/// Virtual memory that a child may take, in KiB. A build without optimisation takes about 100 MiB of it before it has read anything.
const MEMORY: u64 = 700 * 1024;

/// What a file must come to.
enum Expect {
    /// An error that says this.
    Error(&'static str),
    /// So many exchanges.
    Exchanges(usize),
}
use Expect::{Error, Exchanges};

struct Case {
    name: &'static str,
    content: Vec<u8>,
    expect: Expect,
}

const ENTRY: &str = r#"{"startedDateTime":"2026-11-20T09:00:00Z","time":1,"request":{"method":"GET","url":"https://api.example.com/v1","httpVersion":"HTTP/1.1","headers":[],"bodySize":0},"response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","headers":[],"content":{"size":2,"mimeType":"application/json","text":"{}"}},"timings":{"send":0,"wait":1,"receive":0}}"#;

fn har(entries: &str) -> String {
    format!(r#"{{"log":{{"version":"1.2","creator":{{"name":"x","version":"1"}},"entries":[{entries}]}}}}"#)
}

/// An entry in which one piece of text is replaced by another.
fn with(old: &str, new: &str) -> Vec<u8> {
    assert!(ENTRY.contains(old), "{old}");
    har(&ENTRY.replacen(old, new, 1)).into_bytes()
}

fn builder(request: &str) -> Vec<u8> {
    format!(r#"{{"slices":[{{"pages":[{{"request":{request},"response":{{"status":200,"headers":{{}},"body":"{{}}"}}}}]}}],"logs":[]}}"#).into_bytes()
}

fn utf16(text: &str, little: bool) -> Vec<u8> {
    let mut bytes = if little { vec![0xff, 0xfe] } else { vec![0xfe, 0xff] };
    for unit in text.encode_utf16() {
        bytes.extend(if little { unit.to_le_bytes() } else { unit.to_be_bytes() });
    }
    bytes
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn nested(open: &str, close: &str, depth: usize) -> String {
    format!("{}{}", open.repeat(depth), close.repeat(depth))
}

fn cases() -> Vec<Case> {
    let case = |name, content: Vec<u8>, expect| Case { name, content, expect };
    let text = |name, content: &str, expect| Case { name, content: content.as_bytes().to_vec(), expect };
    let whole = har(ENTRY);
    let fields =
        |fields: &str| with(r#""headers":[],"bodySize""#, &format!(r#""headers":[{fields}],"bodySize""#));
    let long = "a".repeat(40 << 20);
    vec![
        // What is no text.
        text("empty", "", Error("it is empty")),
        text("blanks", " \n\t\n ", Error("it is empty")),
        case("nul-bytes", vec![0; 4096], Error("UTF-16 or binary")),
        case("utf-16-le", utf16(&whole, true), Error("UTF-16")),
        case("utf-16-be", utf16(&whole, false), Error("UTF-16")),
        case(
            "random-bytes",
            (0..=255_u8).cycle().skip(200).take(9000).filter(|byte| *byte != 0).collect(),
            Error("neither a HAR"),
        ),
        case("gzip", gzip(whole.as_bytes()), Error("gzip file: unpack")),
        case("gzip-bomb", gzip(&vec![b'['; 64 << 20]), Error("gzip file: unpack")),
        case("zip", b"PK\x03\x04rest".to_vec(), Error("zip file: unpack")),
        case("zstd", b"\x28\xb5\x2f\xfdrest".to_vec(), Error("zstd file")),
        case("bom", [b"\xef\xbb\xbf", whole.as_bytes()].concat(), Exchanges(1)),
        case("invalid-utf-8", with("api.example.com", "api.\u{1}example.com"), Error("entry 1, line 1")),
        case(
            "latin-1-byte",
            whole
                .replace("OK", "O@")
                .into_bytes()
                .into_iter()
                .map(|byte| if byte == b'@' { 0xe9 } else { byte })
                .collect(),
            Error("entry 1, line 1"),
        ),
        // What is no HAR.
        text("list", "[]", Error("JSON list")),
        text("number", "17", Error("neither a HAR")),
        text("html", "<html></html>", Error("XML or HTML")),
        text("other-json", r#"{"a":1}"#, Error("neither a HAR")),
        text("no-entries", r#"{"log":{}}"#, Error("neither a HAR")),
        text("log-is-a-list", r#"{"log":[]}"#, Error("expected an object with `entries`")),
        text("entries-is-an-object", r#"{"log":{"entries":{}}}"#, Error("expected a list of entries")),
        text("entries-is-null", r#"{"log":{"entries":null}}"#, Error("expected a list of entries")),
        text("no-request", r#"{"log":{"entries":[]}}"#, Error("tells of no request")),
        text("entry-is-a-number", &har("1"), Error("entry 1, line 1")),
        text("entry-is-null", &har("null"), Error("entry 1, line 1")),
        text("second-entry-is-text", &har(&format!("{ENTRY},\"x\"")), Error("entry 2, line 1")),
        text("two-logs", r#"{"log":{"entries":[]},"log":{"entries":[]}}"#, Error("duplicate field `log`")),
        text(
            "two-lists-of-entries",
            r#"{"log":{"entries":[],"entries":[]}}"#,
            Error("duplicate field `entries`"),
        ),
        text("two-documents", &format!("{whole}{whole}"), Error("trailing characters")),
        // What breaks off, or repeats.
        text("truncated-in-a-string", &whole[..whole.len() - 60], Error("it breaks off")),
        text("truncated-after-an-entry", &whole[..whole.len() - 3], Error("it breaks off")),
        text("truncated-at-once", r#"{"log""#, Error("it breaks off")),
        case(
            "two-urls",
            with(r#""method":"GET","#, r#""method":"GET","url":"https://other.example","#),
            Error("duplicate field `url`"),
        ),
        case(
            "two-methods",
            with(r#""method":"GET","#, r#""method":"GET","method":"POST","#),
            Error("duplicate field `method`"),
        ),
        // Wrong types.
        case("url-is-a-number", with(r#""https://api.example.com/v1""#, "5"), Error("entry 1, line 1")),
        case("fields-are-an-object", fields_as(r#"{"a":"b"}"#), Error("entry 1, line 1")),
        case("field-value-is-an-object", fields(r#"{"name":"a","value":{}}"#), Error("entry 1, line 1")),
        case("status-is-text", with("200", "\"200\""), Error("entry 1, line 1")),
        case("status-is-huge", with("200", "70000"), Error("entry 1, response.status: it is no status code")),
        case("status-is-half", with("200", "200.5"), Error("response.status")),
        case("time-is-text", with(r#""time":1"#, r#""time":"soon""#), Error("entry 1, line 1")),
        case(
            "start-is-no-time",
            with("2026-11-20T09:00:00Z", "yesterday"),
            Error("entry 1, startedDateTime"),
        ),
        case(
            "start-has-no-zone",
            with("2026-11-20T09:00:00Z", "2026-11-20T09:00:00"),
            Error("startedDateTime"),
        ),
        // Numbers.
        case("number-beyond-all", with(r#""time":1"#, r#""time":1e999"#), Error("number out of range")),
        case(
            "number-with-a-million-digits",
            with(r#""time":1"#, &format!(r#""time":{}"#, "9".repeat(1_000_000))),
            Error("number out of range"),
        ),
        case("negative-sizes", with(r#""size":2"#, r#""size":-9e300"#), Exchanges(1)),
        case("negative-times", with(r#""wait":1"#, r#""wait":-1e308"#), Exchanges(1)),
        case("enormous-times", with(r#""wait":1"#, r#""wait":1e308"#), Exchanges(1)),
        case("two-gib-claimed", with(r#""size":2"#, r#""size":2147483648"#), Exchanges(1)),
        case(
            "two-gib-claimed-without-text",
            with(r#""size":2,"mimeType":"application/json","text":"{}""#, r#""size":2147483648"#),
            Exchanges(1),
        ),
        // What no message can hold.
        case(
            "line-break-in-a-field",
            fields(r#"{"name":"A","value":"b\r\nAuthorization: c"}"#),
            Error("request.headers[0].value: it holds a line break"),
        ),
        case(
            "nul-in-a-field",
            fields(r#"{"name":"A","value":"b\u0000c"}"#),
            Error("request.headers[0].value"),
        ),
        case(
            "line-break-in-a-name",
            fields(r#"{"name":"A\nB","value":"c"}"#),
            Error("request.headers[0].name: it is no field name"),
        ),
        case("empty-name", fields(r#"{"name":"","value":"c"}"#), Error("it is no field name")),
        case(
            "request-line-in-the-method",
            with(r#""GET""#, r#""GET / HTTP/1.1\r\nX: y""#),
            Error("request.method: it is no method"),
        ),
        case(
            "escape-sequence-in-the-method",
            with(r#""GET""#, r#""\u001b[31mGET""#),
            Error("it is no method"),
        ),
        case(
            "line-break-in-the-url",
            with("/v1", "/v1\\nX: y"),
            Error("request.url: the URL holds a control character"),
        ),
        case("url-without-a-host", with("https://api.example.com/v1", "https:///v1"), Error("names no host")),
        case(
            "url-of-a-file",
            with("https://api.example.com/v1", "file:///etc/passwd"),
            Error("tells of no request"),
        ),
        case("path-traversal-in-the-url", with("/v1", "/../../../etc/passwd"), Exchanges(1)),
        case(
            "lone-surrogate",
            with("api.example.com/v1", "api.example.com/\\ud800"),
            Error("entry 1, line 1"),
        ),
        case(
            "base64-garbage",
            with(r#""text":"{}""#, r#""text":"%%%","encoding":"base64""#),
            Error("response.content.text: it says base64"),
        ),
        case(
            "terminal-escapes-in-a-creator",
            whole.replace(r#""name":"x""#, r#""name":"\u001b]0;owned\u0007""#).into_bytes(),
            Exchanges(1),
        ),
        case("terminal-escapes-in-a-reason", with(r#""OK""#, r#""\u001b[2JOK""#), Exchanges(1)),
        case(
            "path-traversal-in-a-file-name",
            with(
                r#""bodySize":0"#,
                r#""bodySize":9,"postData":{"mimeType":"multipart/form-data; boundary=x","params":[{"name":"f","fileName":"../../../owned","value":"x"}]}"#,
            ),
            Exchanges(1),
        ),
        // Too much.
        case(
            "depth-of-a-million-beside-the-entries",
            whole
                .replacen(r#""entries""#, &format!(r#""pages":{},"entries""#, nested("[", "]", 1_000_000)), 1)
                .into_bytes(),
            Exchanges(1),
        ),
        case(
            "depth-of-a-million-in-the-place-of-a-value",
            with(r#""time":1"#, &format!(r#""time":{}"#, nested("[", "]", 1_000_000))),
            Error("entry 1, line 1"),
        ),
        case(
            "depth-in-a-body",
            with(r#""text":"{}""#, &format!(r#""text":"{}""#, nested("[", "]", 100_000))),
            Exchanges(1),
        ),
        case(
            "unclosed-depth",
            format!(r#"{{"log":{{"pages":{}"#, "[".repeat(1_000_000)).into_bytes(),
            Error("it breaks off"),
        ),
        case(
            "endless-text",
            with(r#""text":"{}""#, &format!(r#""text":"{long}""#)),
            Error("entry 1 is longer than 32 MiB"),
        ),
        case(
            "endless-beside-the-entries",
            whole.replacen(r#""entries""#, &format!(r#""comment":"{long}","entries""#), 1).into_bytes(),
            Error("longer than 32 MiB"),
        ),
        case(
            "endless-blanks",
            [&whole.as_bytes()[..8], &vec![b' '; 40 << 20], &whole.as_bytes()[8..]].concat(),
            Error("longer than 32 MiB"),
        ),
        case(
            "many-fields",
            fields(&vec![r#"{"name":"a","value":"b"}"#; 2_001].join(",")),
            Error("more than 2000 fields"),
        ),
        case("many-entries", many_entries(), Error("more than 250000 requests")),
        case(
            "reference-to-itself",
            with(r#""bodySize":0"#, r##""bodySize":0,"$ref":"#/log/entries/0","pageref":"#""##),
            Exchanges(1),
        ),
        // The Builder's answers and command lines.
        case("builder-url-is-a-list", builder(r#"{"url":[]}"#), Error("message 1, line 1")),
        case(
            "builder-line-break",
            builder(r#"{"url":"https://a.example","headers":{"A":"b\nc"}}"#),
            Error("slice 1, page 1, request.headers[0].value"),
        ),
        case(
            "builder-truncated",
            builder(r#"{"url":"https://a.example"}"#)[..60].to_vec(),
            Error("it breaks off"),
        ),
        case(
            "builder-depth",
            builder(&format!(r#"{{"url":"https://a.example","body":{}}}"#, nested("[", "]", 200_000))),
            Exchanges(1),
        ),
        case(
            "builder-millions-of-values",
            builder(&format!(r#"{{"url":"https://a.example","body":[{}1]}}"#, "1,".repeat(20 << 20))),
            Exchanges(1),
        ),
        case(
            "builder-millions-of-objects",
            format!(r#"{{"slices":[{}{{}}]}}"#, "{},".repeat(2_000_000)).into_bytes(),
            Error("more than 2000000 objects"),
        ),
        text("curl-open-quote", "curl 'https://a.example", Error("command 1: a quote is not closed")),
        text(
            "curl-unknown-option",
            "curl --frobnicate x https://a.example",
            Error("command 1, word 1: an option of curl"),
        ),
        text("curl-without-a-url", "curl -H 'a: b'", Error("no URL")),
        text(
            "curl-line-break-in-a-field",
            "curl -H $'a: b\\nc: d' https://a.example",
            Error("it holds a line break"),
        ),
        text(
            "curl-reads-no-file",
            "curl -d @/etc/passwd -H @/etc/shadow -K /etc/hosts https://a.example",
            Error("an option of curl"),
        ),
        text(
            "powershell",
            "Invoke-WebRequest -UseBasicParsing -Uri \"https://a.example\"",
            Error("Copy as cURL (bash)"),
        ),
        text(
            "powershell-rest",
            "$headers = @{}\nInvoke-RestMethod 'https://a.example' -Headers $headers",
            Error("Copy as cURL (bash)"),
        ),
        text(
            "fetch",
            "fetch(\"https://a.example\", {\"method\": \"GET\"});",
            Error("a JavaScript fetch() call"),
        ),
        text("fetch-node", "await fetch('https://a.example')", Error("Copy as cURL (bash)")),
        text("fetch-assigned", "const answer = await fetch('https://a.example')", Error("fetch() call")),
        text(
            "insomnia",
            r#"{"_type":"export","__export_format":4,"resources":[]}"#,
            Error("Insomnia workspace"),
        ),
        text("insomnia-5", "type: collection.insomnia.rest/5.0\nname: x\n", Error("Insomnia collection")),
        text("bruno", "meta {\n  name: x\n}\n\nget {\n  url: https://a.example\n}\n", Error("Bruno request")),
        text("message", "POST /v1 HTTP/1.1\r\nHost: a.example\r\n\r\ncurl", Error("an HTTP message as text")),
        text("answer", "HTTP/1.1 200 OK\r\n\r\n", Error("an HTTP message as text")),
        text("wget", "wget --header='a: b' https://a.example", Error("another client")),
        text("python", "import requests\nrequests.get('https://a.example')", Error("another client")),
        text(
            "postman-environment",
            r#"{"id":"1","values":[],"_postman_variable_scope":"environment"}"#,
            Error("Postman environment"),
        ),
        text(
            "postman",
            r#"{"info":{"schema":"https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},"item":[]}"#,
            Error("Postman collection"),
        ),
    ]
}

fn fields_as(fields: &str) -> Vec<u8> {
    with(r#""headers":[],"bodySize""#, &format!(r#""headers":{fields},"bodySize""#))
}

fn many_entries() -> Vec<u8> {
    let entry =
        r#"{"startedDateTime":"2026-11-20T09:00:00Z","request":{"method":"GET","url":"http://a.example/"}}"#;
    har(&vec![entry; 250_001].join(",")).into_bytes()
}

/// The import in a shell that limits its memory.
fn import(bench: &Bench, file: &str, capture: &str) -> std::process::Output {
    let samewire = bench.command(&[]);
    let script = format!("ulimit -v {MEMORY}; exec \"$0\" import sandbox \"$1\" -o \"$2\" --force");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).arg(samewire.get_program()).arg(file).arg(capture);
    shell.env_clear().envs(samewire.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(samewire.get_current_dir().unwrap()).output().unwrap()
}

fn files(folder: &Path) -> BTreeSet<String> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn hostile_files_get_a_clear_error_or_do_no_harm() {
    let cases = cases();
    assert!(cases.len() >= 60, "{}", cases.len());
    let bench = Bench::new();
    bench.write("captures/.keep", "");
    let mut wrong = Vec::new();
    for Case { name, content, expect } in cases {
        let file = format!("{name}.input");
        std::fs::write(bench.path(&file), content).unwrap();
        let before = files(&bench.path(""));
        let output = import(&bench, &file, "out.har");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let as_expected = match expect {
            Error(part) => {
                output.status.code() == Some(2)
                    && said.contains(&file)
                    && said.contains(part)
                    && !bench.path("out.har").exists()
            }
            Exchanges(count) => {
                output.status.code() == Some(0)
                    && samewire::capture::read(&bench.path("out.har"))
                        .is_ok_and(|read| read.exchanges.len() == count)
            }
        };
        // Nothing of the file reaches the terminal.
        let inert = !said.chars().any(|letter| letter.is_control() && letter != '\n');
        if !as_expected || !inert || said.contains("panicked") {
            wrong.push(format!("{name}: {}", text(&output)));
        }
        let _ = std::fs::remove_file(bench.path("out.har"));
        assert_eq!(
            files(&bench.path("")),
            before.into_iter().chain(["state".to_owned()]).collect(),
            "{name}"
        );
        std::fs::remove_file(bench.path(&file)).unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_that_claims_more_than_can_be_read_is_not_read() {
    let bench = Bench::new();
    for (name, start, part) in [("x.har", "{\"log\":{", "4294967296"), ("x.txt", "curl x\n", "67108864")] {
        let mut file = std::fs::File::create(bench.path(name)).unwrap();
        file.write_all(start.as_bytes()).unwrap();
        file.write_all(&vec![b' '; 70_000]).unwrap();
        // A hole: the file takes no room on disk.
        file.seek(SeekFrom::Start(5 << 30)).unwrap();
        file.write_all(b"}").unwrap();
        let output = import(&bench, name, "out.har");
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert!(text(&output).contains(part), "{}", text(&output));
    }
    let output = import(&bench, ".", "out.har");
    assert!(text(&output).contains("not a regular file"), "{}", text(&output));
    let output = import(&bench, "no-such-file", "out.har");
    assert!(text(&output).contains("does not exist"), "{}", text(&output));
}

#[test]
fn a_capture_is_not_written_through_a_link() {
    let bench = Bench::new();
    let file = bench.write("in.har", &har(ENTRY));
    let precious = bench.write("precious", "kept");
    std::os::unix::fs::symlink(&precious, bench.path("out.har")).unwrap();
    let output = import(&bench, file.to_str().unwrap(), "out.har");
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert_eq!(std::fs::read_to_string(&precious).unwrap(), "kept");
}
