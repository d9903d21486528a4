use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::model::Reference;
use crate::redact::{Key, Known};

const TOKEN: &str = "k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u";

fn redactor() -> Redactor {
    let mut redactor = Redactor::new(Key::from_bytes([7; 32]));
    redactor.refer(Reference::Named("acme".into()), TOKEN, Known::Secret);
    redactor
}

fn scan(path: &str, bytes: &[u8]) -> Scan {
    let redactor = redactor();
    // Small windows and limits, so that small files try them.
    let limits = Limits { window: 256 << 10, run: 4 << 20, unfolded: 1 << 20 };
    let scan = Scanner { redactor: &redactor, limits, threads: 3 }.bytes(path, bytes);
    let told = format!("{}{scan:?}", serde_json::to_string(&scan).unwrap());
    assert!(!told.contains(&TOKEN[4..20]), "{told}");
    scan
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

/// Each byte in hexadecimal after a sign.
fn written(before: &str, text: &str) -> Vec<u8> {
    text.bytes().flat_map(|byte| format!("{before}{byte:02x}").into_bytes()).collect()
}

#[test]
fn known_secrets_are_found_in_every_wrapping() {
    let line = format!("first line\nthe token is {TOKEN}, be careful\n").into_bytes();
    let text = String::from_utf8(line.clone()).unwrap();
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let base64 = STANDARD.encode(&line);
    for (name, bytes) in [
        ("plain", line.clone()),
        ("base64", STANDARD.encode(&line).into_bytes()),
        ("base64 four times", STANDARD.encode(STANDARD.encode(STANDARD.encode(&base64))).into_bytes()),
        ("gzip", gzip(&line)),
        ("zstd", zstd(&line)),
        ("two frames of zstd", [zstd(b"nothing\n"), zstd(&line)].concat()),
        ("gzip twice", gzip(&gzip(&line))),
        ("gzip in base64", STANDARD.encode(gzip(&line)).into_bytes()),
        ("zip", zip(&[("a.txt", b"nothing"), ("b.txt", &line)])),
        ("zip in zip", zip(&[("a.zip", &zip(&[("b.txt", &line)]))])),
        ("zip in base64", STANDARD.encode(zip(&[("b.txt", &line)])).into_bytes()),
        ("tar", tar(&[("a.txt", b"nothing"), ("b.txt", &line)])),
        ("tar.gz", gzip(&tar(&[("b.txt", &line)]))),
        ("utf-16", utf16.clone()),
        ("utf-16 in base64", STANDARD.encode(&utf16).into_bytes()),
        ("percent, often", written("%25252525", &text)),
        ("json escapes", format!("{{\"a\":\"{}\"}}", String::from_utf8(written("\\u00", &text)).unwrap()).into_bytes()),
        ("backwards", TOKEN.bytes().rev().collect()),
        ("hex", written("", TOKEN)),
        ("har", format!("{{\"log\":{{\"entries\":[{{\"response\":{{\"content\":{{\"encoding\":\"base64\",\"text\":\"{}\"}}}}}}]}}}}", base64.replace('/', "\\/")).into_bytes()),
        ("half", TOKEN.as_bytes()[..20].to_vec()),
    ] {
        let found = scan(name, &bytes);
        assert_eq!(found.hits.len(), 1, "{name}: {found:?}");
        assert_eq!((found.hits[0].rule, found.hits[0].name.as_deref()), ("known-secret", Some("secret.acme")), "{name}");
        assert!(found.unread.is_empty(), "{name}: {found:?}");
    }
}

#[test]
fn places_are_told() {
    let found =
        scan("a.har", format!("{{\"log\":\n {{\"entries\":[{{}},{{\"x\": \"{TOKEN}\"}}]}}}}").as_bytes());
    assert_eq!(found.hits[0].place.to_string(), "a.har:2:24 /log/entries/1/x");
    let found = scan("a.zip", &zip(&[("in/b.log.gz", &gzip(format!("x\n\n  {TOKEN}").as_bytes()))]));
    assert_eq!(found.hits[0].place.to_string(), "a.zip!in/b.log.gz:3:3");
    let found = scan(
        "b.txt",
        format!("a: {}", STANDARD.encode(gzip(format!("{}{TOKEN}", "body, a body ".repeat(20)).as_bytes())))
            .as_bytes(),
    );
    assert_eq!(found.hits[0].place.to_string(), "b.txt:1:4 (in base64, in gzip)");
    let found = scan(&format!("logs/{TOKEN}.txt"), b"");
    assert_eq!(found.hits[0].place.to_string(), "logs/‹hidden›.txt (its name)");
    let found = scan("c.json", format!("{{\"{TOKEN}\": {{\"api_key\": \"{TOKEN}\"}}}}").as_bytes());
    assert_eq!(found.hits[1].place.pointer.as_deref(), Some("/‹name›/api_key"));
}

#[test]
fn forms_have_their_checksum_told() {
    // Taken apart for scanners that read this file.
    let token = ["gh", "p_", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ"].concat();
    for (sum, fits) in [("0mLq17", true), ("000000", false)] {
        let text = format!("remote: https://{token}{sum}@github.com/x");
        let found = scan("log", text.as_bytes());
        let hit = found.hits.iter().find(|hit| hit.rule == "github-token").unwrap();
        assert_eq!(hit.checksum, Some(fits));
        assert_eq!(found.hits.len(), 1, "{found:?}");
    }
}

#[test]
fn windows_lose_nothing() {
    let filler = "nothing to see here, only words that go on and on\n".repeat(12_000);
    for shift in [0, 7, 40, 64] {
        let mut text = filler.clone();
        // One secret across the end of the first window, one across the end of what overlaps, one at the very end.
        let places = [(256 << 10) - shift, (256 << 10) - (64 << 10) - shift];
        for place in places {
            text.replace_range(place..place + 44, &format!("api_key = {TOKEN}\n\n"));
        }
        text.push_str(TOKEN);
        let found = scan("long", text.as_bytes());
        assert_eq!(found.hits.len(), 3, "{shift}: {found:?}");
        assert_eq!(found.bytes, text.len() as u64);
        let line = text[..text.len()].matches('\n').count() as u64 + 1;
        assert_eq!(found.hits[2].place.line, line);
    }
}

#[test]
fn long_base64_is_kept_together() {
    let body = format!("{}{TOKEN} at the end", "some text ".repeat(100_000));
    let text = format!("{{\"text\":\"{}\",\"x\":1}}", STANDARD.encode(body));
    let found = scan("long.har", text.as_bytes());
    assert!(found.hits.iter().any(|hit| hit.place.pointer.as_deref() == Some("/text")), "{found:?}");
    assert!(found.unread.is_empty());
}

#[test]
fn what_cannot_be_looked_into_is_said() {
    let whys = |path: &str, bytes: &[u8]| {
        scan(path, bytes).unread.into_iter().map(|unread| unread.why).collect::<Vec<_>>()
    };
    let bomb = gzip(&vec![b'a'; 8 << 20]);
    assert!(whys("bomb.gz", &bomb)[0].contains("unfolds to more"), "{:?}", whys("bomb.gz", &bomb));
    let bombs = zip(&[("x.gz", &bomb), ("y.txt", TOKEN.as_bytes())]);
    let found = scan("bomb.zip", &bombs);
    assert!(found.unread[0].path == "bomb.zip!x.gz", "{found:?}");
    let large = STANDARD.encode("some words and more ".repeat(300_000));
    assert!(
        whys("large", large.as_bytes())[0].contains("in one piece"),
        "{:?}",
        whys("large", large.as_bytes())
    );
    let mut nest = gzip(b"text");
    for _ in 0..8 {
        nest = gzip(&nest);
    }
    assert!(whys("nest.gz", &nest)[0].contains("archives one within the other"));
    let mut deep = "some words to begin with, and more".to_owned();
    for _ in 0..12 {
        deep = STANDARD.encode(deep);
    }
    assert!(whys("deep.txt", deep.as_bytes())[0].contains("base64 in base64"));
    assert!(whys("torn.gz", &gzip(&[b'a'; 5000])[..20])[0].contains("cannot be read to its end"));
    assert!(whys("torn.zip", &zip(&[("a", b"b")])[..30])[0].contains("damaged"));
    assert!(whys("a.7z", b"7z\xbc\xaf\x27\x1c")[0].contains("7z is not opened"));
    assert!(!whys("a.xz", b"\xfd7zXZ\0\0\0").is_empty());
}

#[test]
fn what_samewire_writes_is_no_hit() {
    let text = r#"{"text":"‹config.api_key 40 chars kQqB.HJfT.mKxd›","authorization":"Bearer ‹config.api_key 40 chars kQqB.HJfT.mKxd›",
        "token":"{{ config['api_key'] }}","api_key":"${API_KEY}","password":"****************","secret":"None","key":"AKIAIOSFODNN7EXAMPLE"}"#;
    let redactor = Redactor::new(Key::from_bytes([7; 32]));
    let found = Scanner::new(&redactor).bytes("capture.har", text.as_bytes());
    assert!(found.is_clean(), "{found:?}");
}

proptest::proptest! {
    #[test]
    fn bytes_of_any_kind_are_survived(head in proptest::sample::select(vec![&b""[..], b"\x1f\x8b\x08", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"{\"a\":", b"\xff\xfe", b"x-api-key: "]), rest in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        scan("any.br", &[head, rest.as_slice()].concat());
        scan("any", &[head, rest.as_slice()].concat());
    }
}
