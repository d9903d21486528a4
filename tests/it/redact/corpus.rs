//! Every place times every kind of secret times every encoding: what is kept is searched for the secret and all of its parts.
//!
//! `SAMEWIRE_TEST_SEEDS=20` draws that many times.

mod bodies;
mod faults;
mod plants;
mod process;
mod search;
mod sockets;
mod wire;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use samewire::capture::Entry;
use samewire::launch::clues::Reader;
use samewire::model::{Reference, Stream};
use samewire::record::ClueReader as _;
use samewire::redact::{Known, Output, RawMessage, Redactor};

use super::{exchange, get, message, ok, redactor};
use plants::{Plant, plants};
use search::Search;

/// How a sign of a template writes the value.
type Encode = fn(&str) -> String;

/// Puts a value into a template: `{}` as it is, the others as their letters say.
fn fill(template: &str, value: &str) -> String {
    let encode: [(&str, Encode); 18] = [
        ("{}", str::to_owned),
        ("{%}", percent),
        ("{%%}", |value| percent(&percent(value))),
        ("{+}", |value| percent(value).replace("%20", "+")),
        ("{j}", json),
        ("{jj}", |value| json(&json(value))),
        ("{u}", |value| {
            value.encode_utf16().fold(String::new(), |text, unit| format!("{text}\\u{unit:04x}"))
        }),
        ("{b}", |value| STANDARD.encode(value)),
        ("{b:}", |value| STANDARD.encode(format!("svc:{value}"))),
        ("{x}", |value| value.bytes().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))),
        ("{x2}", |value| value.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")),
        ("{x4}", |value| {
            let word = |two: &[u8]| two.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
            value.as_bytes().chunks(2).map(word).collect::<Vec<_>>().join(" ")
        }),
        ("{n}", |value| value.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ")),
        ("{o}", |value| value.bytes().fold(String::new(), |text, byte| format!("{text}\\{byte:03o}"))),
        ("{\\x}", |value| value.bytes().fold(String::new(), |text, byte| format!("{text}\\x{byte:02x}"))),
        ("{h}", |value| {
            value.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&#39;").replace('"', "&quot;")
        }),
        ("{q}", |value| value.replace('=', "=3D").replace(' ', "=20=\r\n")),
        ("{d}", |value| value.chars().rev().collect()),
    ];
    let mut filled = String::new();
    let mut rest = template;
    while let Some(letter) = rest.chars().next() {
        if let Some((sign, encode)) = encode.iter().find(|(sign, _)| rest.starts_with(sign)) {
            filled.push_str(&encode(value));
            rest = &rest[sign.len()..];
        } else {
            filled.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    filled
}

fn percent(value: &str) -> String {
    percent_encode(value.as_bytes(), NON_ALPHANUMERIC).to_string()
}

fn json(value: &str) -> String {
    let text = serde_json::to_string(value).unwrap();
    text[1..text.len() - 1].to_owned()
}

/// What is said of a secret that was found.
#[derive(Default)]
struct Leaks {
    found: BTreeSet<String>,
    tried: usize,
}

impl Leaks {
    fn look(&mut self, search: &Search, place: &str, plant: &Plant, known: bool, kept: &[u8]) {
        self.tried += 1;
        if let Some((_, encoding, at)) = search.find(kept) {
            let around = &kept[at.saturating_sub(60)..(at + 80).min(kept.len())];
            let mut said = format!("{place}, {}, known {known}, {encoding}", plant.kind);
            write!(said, ": {}\n    of {:?}", String::from_utf8_lossy(around), plant.value).unwrap();
            self.found.insert(said);
        }
    }

    fn assert_none(&self) {
        let shown: Vec<&str> = self.found.iter().take(400).map(String::as_str).collect();
        assert!(shown.is_empty(), "{} leaks of {}:\n{}", self.found.len(), self.tried, shown.join("\n"));
        assert!(self.tried > 100, "too little was tried to tell anything: {}", self.tried);
    }
}

/// What a message is tried as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum As {
    Request,
    /// Tokens that an answer issues are known from then on: fields of answers are tried among trailers.
    Answer,
    Both,
}

/// A message with the value in it: its place, how it is tried, and whether the place tells that it is a secret.
type Case = (String, As, RawMessage, bool);

/// All messages with the value in them.
fn messages(value: &str) -> Vec<Case> {
    let mut messages = Vec::new();
    for (place, line, named) in wire::START_LINES {
        let tried = if line.starts_with("HTTP/") { As::Answer } else { As::Request };
        let raw = message(fill(line, value) + "\r\n\r\n", "");
        messages.push((format!("start line: {place}"), tried, raw, *named));
    }
    for named in [true, false] {
        let fields = wire::FIELDS.iter().filter(|(_, _, told)| *told == named);
        let lines: String = fields.map(|(_, line, _)| fill(line, value) + "\r\n").collect();
        messages.push(("fields".to_owned(), As::Request, get("/", &lines), named));
        let mut trailed = message("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "x");
        trailed.body.trailers = lines.into_bytes().into();
        messages.push(("trailers".to_owned(), As::Answer, trailed, named));
    }
    for (at, (place, media_type, text, named)) in bodies::TEXTS.iter().enumerate() {
        let head = format!("POST /v1/lots HTTP/1.1\r\nContent-Type: {}\r\n\r\n", fill(media_type, value));
        messages.push((format!("body: {place}"), As::Both, message(head.clone(), fill(text, value)), *named));
        if at % 8 == 0 {
            // Cut off at the body limit, in the middle of the secret or behind it.
            let mut cut = message(head, fill(text, value));
            cut.body.bytes = cut.body.bytes.slice(..cut.body.bytes.len() * 2 / 3);
            messages.push((format!("cut body: {place}"), As::Both, cut, *named));
        }
    }
    for (place, fields, bytes) in bodies::BYTES {
        let head = format!("POST /v1/lots HTTP/1.1\r\n{fields}\r\n\r\n");
        messages.push((format!("bytes: {place}"), As::Both, message(head, bytes(value)), true));
    }
    messages
}

/// The same message as an answer; none where it is one already.
fn answer(request: &RawMessage) -> Option<RawMessage> {
    let head = request.head.to_vec();
    let end = head.windows(2).position(|two| two == b"\r\n")?;
    let head = [b"HTTP/1.1 401 Unauthorized", &head[end..]].concat();
    Some(RawMessage { head: head.into(), body: request.body.clone() })
}

fn seeds() -> u64 {
    std::env::var("SAMEWIRE_TEST_SEEDS").map_or(1, |seeds| seeds.parse().unwrap())
}

fn redactor_that_knows(plant: &Plant, known: bool) -> Redactor {
    let mut redactor = redactor();
    if known {
        redactor.refer(Reference::Config("/credentials/chave".into()), &plant.value, Known::Secret);
    }
    redactor
}

/// The value as programs write it before they put it somewhere.
fn written(value: &str) -> Vec<String> {
    let signs = ["{}", "{%}", "{b}", "{x}", "{jj}", "{d}"];
    signs.map(|sign| fill(sign, value)).into_iter().chain([value.to_uppercase()]).collect()
}

#[test]
fn no_message_leaks() {
    let mut leaks = Leaks::default();
    for plant in (1..=seeds()).flat_map(plants) {
        // Encodings one over the other are tried with one kind; with all of them it would take minutes.
        let values = match plant.kind {
            "printable" => written(&plant.value),
            _ => vec![plant.value.clone()],
        };
        for known in [false, true] {
            let search = Search::new(&plant, known);
            let mut redactor = redactor_that_knows(&plant, known);
            for (place, tried, raw, named) in values.iter().flat_map(|value| messages(value)) {
                if plant.words && !named && !known {
                    continue;
                }
                if tried != As::Answer {
                    let kept = Entry::new(&redactor.exchange(&exchange(1, raw.clone(), ok()))).unwrap();
                    leaks.look(&search, &place, &plant, known, kept.as_bytes());
                }
                if tried != As::Request {
                    // The first of its redactor: what an answer issues is known from then on.
                    let raw = exchange(2, get("/", ""), answer(&raw).unwrap());
                    let kept = Entry::new(&redactor_that_knows(&plant, known).exchange(&raw)).unwrap();
                    leaks.look(&search, &format!("answer's {place}"), &plant, known, kept.as_bytes());
                }
            }
        }
    }
    leaks.assert_none();
}

#[test]
fn no_command_line_and_no_output_leaks() {
    let mut leaks = Leaks::default();
    for plant in (1..=seeds()).flat_map(plants) {
        for known in [false, true] {
            let search = Search::new(&plant, known);
            let redactor = redactor_that_knows(&plant, known);
            for (place, words, named) in process::COMMANDS {
                if plant.words && !named && !known {
                    continue;
                }
                let words: Vec<OsString> = words.iter().map(|word| fill(word, &plant.value).into()).collect();
                let kept = redactor.command(&words);
                let text = kept.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
                let kept = serde_json::to_string(&kept).unwrap() + &text;
                leaks.look(&search, &format!("command: {place}"), &plant, known, kept.as_bytes());
            }
            for (place, text, named) in process::OUTPUTS {
                if plant.words && !named && !known {
                    continue;
                }
                let text = fill(text, &plant.value);
                for size in [text.len(), 7] {
                    let mut reader = Reader::new();
                    let mut clues = Vec::new();
                    for piece in text.as_bytes().chunks(size) {
                        let output = Output { stream: Stream::Stderr, data: piece.to_vec().into() };
                        clues.extend(reader.read(&output, &redactor));
                    }
                    clues.extend(reader.finish(&redactor));
                    let kept = serde_json::to_string(&clues).unwrap();
                    leaks.look(&search, &format!("output: {place}"), &plant, known, kept.as_bytes());
                }
            }
        }
    }
    leaks.assert_none();
}

/// What is searched for is found where nothing is redacted, or the tests above would tell nothing.
#[test]
fn the_search_finds_what_is_not_redacted() {
    let mut missed = BTreeSet::new();
    for plant in plants(1) {
        let search = Search::new(&plant, false);
        for (place, _, raw, _) in messages(&plant.value) {
            let sent = [&raw.head[..], &raw.body.bytes, &raw.body.trailers].concat();
            let compressed = raw.body.bytes.first().is_some_and(|first| [0x1f, 0x78, 0x28].contains(first));
            let cut = place.starts_with("cut body") || place.contains("quoted-printable");
            if !compressed && !cut && search.find(&sent).is_none() {
                missed.insert(format!("{place}, {}", plant.kind));
            }
        }
        assert!(
            search.find("Hello, this is some text without any of it: /v1/lots?page=2".as_bytes()).is_none()
        );
    }
    assert!(missed.is_empty(), "{missed:#?}");
}
