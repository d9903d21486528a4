//! A bundle from a stranger: a clear error each, bounded memory, nothing written anywhere.

use std::io::{Cursor, Write as _};

use samewire::bundle::{self, ContentError};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{files, made, samples};

fn good() -> Vec<u8> {
    let (_, contents) = samples().swap_remove(0);
    made(contents, false).unwrap().zip
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// The good bundle with one file changed, taken out or added; sums are made right where asked for.
fn changed(name: &str, content: Option<&str>, right_sums: bool) -> Vec<u8> {
    use std::fmt::Write as _;

    use sha2::{Digest as _, Sha256};

    let mut all = files(&good());
    match content {
        Some(content) => all.insert(name.to_owned(), content.to_owned()),
        None => all.remove(name),
    };
    if right_sums {
        all.remove("SHA256SUMS");
        let mut sums = String::new();
        for (name, text) in &all {
            for byte in Sha256::digest(text) {
                write!(sums, "{byte:02x}").unwrap();
            }
            writeln!(sums, "  {name}").unwrap();
        }
        all.insert("SHA256SUMS".to_owned(), sums);
    }
    let all: Vec<(&str, &[u8])> = all.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    zipped(&all)
}

fn refused(bytes: &[u8]) -> String {
    let error = bundle::from_slice(bytes).expect_err("refused");
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    assert!(!text.chars().any(char::is_control), "{text:?}");
    text
}

#[test]
fn what_is_no_bundle_is_said() {
    let good = good();
    assert!(bundle::from_slice(&good).is_ok());
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("nothing", Vec::new(), "not a zip archive"),
        ("text", b"PK but no archive".to_vec(), "not a zip archive"),
        ("cut", good[..good.len() / 2].to_vec(), "not a zip archive"),
        ("empty", zipped(&[]), "SHA256SUMS is missing"),
        ("another archive", zipped(&[("setup.py", b"")]), "SHA256SUMS is missing"),
        ("without manifest", changed("bundle.json", None, true), "bundle.json is missing"),
        ("without a capture", changed("captures/runtime.har", None, true), "captures/runtime.har is missing"),
        ("a listed file is missing", changed("report.json", None, false), "report.json is missing"),
        (
            "a changed capture",
            changed("captures/sandbox.har", Some("{}"), false),
            "captures/sandbox.har is not what SHA256SUMS says",
        ),
        (
            "a changed report",
            changed("report.json", Some("{}"), false),
            "report.json is not what SHA256SUMS says",
        ),
        ("an unlisted file", changed("more.txt", Some(""), false), "more.txt is not what SHA256SUMS says"),
        ("sums of nothing", changed("SHA256SUMS", Some("x"), false), "SHA256SUMS is not what"),
        (
            "a capture that is none",
            changed("captures/sandbox.har", Some("[]"), true),
            "captures/sandbox.har in it is not a capture",
        ),
        (
            "a HAR of others",
            changed("captures/sandbox.har", Some(r#"{"log":{"entries":[]}}"#), true),
            "samewire did not record it",
        ),
        (
            "a newer capture",
            changed(
                "captures/sandbox.har",
                Some(r#"{"log":{"_samewire":{"format":99},"entries":[]}}"#),
                true,
            ),
            "made by a newer samewire (format 99",
        ),
        (
            "a newer bundle",
            changed("bundle.json", Some(r#"{"schema":"samewire.bundle/2"}"#), true),
            "upgrade samewire",
        ),
        (
            "another schema",
            changed("bundle.json", Some(r#"{"schema":"samewire.report/1"}"#), true),
            "does not say that it is of a bundle",
        ),
        ("no JSON", changed("bundle.json", Some("\u{1b}[31m"), true), "it is not JSON"),
        (
            "wrong types",
            changed("bundle.json", Some(r#"{"schema":"samewire.bundle/1","sandbox":"\u001b[31m"}"#), true),
            "bundle.json is malformed",
        ),
        ("up", zipped(&[("../../.ssh/authorized_keys", b"")]), "no plain one"),
        ("absolute", zipped(&[("/etc/passwd", b"")]), "no plain one"),
        ("backslash", zipped(&[("captures\\x.har", b"")]), "no plain one"),
        ("escape", zipped(&[("\u{1b}[31mred", b"")]), "no plain one"),
        ("hidden", zipped(&[(".bashrc", b"")]), "no plain one"),
        ("deep", zipped(&[("a/b/c", b"")]), "no plain one"),
        ("long", zipped(&[("x".repeat(3_000).as_str(), b"")]), "no plain one"),
    ];
    for (what, bytes, words) in table {
        let said = refused(&bytes);
        assert!(said.contains(words), "{what}: {said}");
        assert!(said.len() < 1_000, "{what}: {said}");
    }
}

#[test]
fn no_name_leads_out_and_no_folder_passes() {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.add_directory("captures", SimpleFileOptions::default()).unwrap();
    let folder = archive.finish().unwrap().into_inner();
    assert!(matches!(bundle::from_slice(&folder), Err(ContentError::Name { .. })));
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.add_symlink("captures/sandbox.har", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let link = archive.finish().unwrap().into_inner();
    assert!(matches!(bundle::from_slice(&link), Err(ContentError::Name { .. })));
}

#[test]
fn a_bomb_is_not_unfolded() {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("captures/sandbox.har", options).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..64 {
        archive.write_all(&zeros).unwrap();
    }
    let bomb = archive.finish().unwrap().into_inner();
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    assert!(matches!(bundle::from_slice(&bomb), Err(ContentError::Bomb { .. })));
}

#[test]
fn a_size_that_is_a_lie_is_not_believed() {
    let mut lie = good();
    let claim = u32::MAX.to_le_bytes();
    // The uncompressed size in the first entry of the central directory: 24 bytes into it.
    let central = lie.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    lie[central + 24..central + 28].copy_from_slice(&claim);
    // Read as what is really there, or refused; never allocated.
    let _ = bundle::from_slice(&lie);
}

#[test]
fn thousands_of_files_are_refused() {
    let names: Vec<String> = (0..2_000).map(|number| format!("f{number}")).collect();
    let all: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert!(matches!(bundle::from_slice(&zipped(&all)), Err(ContentError::TooMany { files: 2_000 })));
}

/// Cut anywhere or with any byte changed, it is refused or reads as what it was: never another capture, never a crash.
#[test]
fn damage_is_told() {
    let good = good();
    let whole = bundle::from_slice(&good).unwrap();
    for cut in (0..good.len()).step_by(97) {
        assert!(bundle::from_slice(&good[..cut]).is_err(), "cut at {cut}");
    }
    for at in (0..good.len()).step_by(61) {
        let mut damaged = good.clone();
        damaged[at] ^= 0x5a;
        if let Ok(read) = bundle::from_slice(&damaged) {
            assert_eq!(read, whole, "byte {at}");
        }
    }
    assert!(ZipArchive::new(Cursor::new(good)).is_ok());
}

/// Changes bytes wherever they stand in both directories of an archive.
fn replaced(mut archive: Vec<u8>, old: &[u8], new: &[u8]) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let mut changed = 0;
    for at in 0..archive.len() - old.len() {
        if archive[at..].starts_with(old) {
            archive[at..at + old.len()].copy_from_slice(new);
            changed += 1;
        }
    }
    assert!(changed > 0);
    archive
}

/// Sets bytes at an offset within each header that begins so.
fn in_headers(mut archive: Vec<u8>, magic: &[u8], offset: usize, bytes: &[u8]) -> Vec<u8> {
    let heads: Vec<usize> = (0..archive.len() - 4).filter(|at| archive[*at..].starts_with(magic)).collect();
    assert!(!heads.is_empty());
    for at in heads {
        archive[at + offset..at + offset + bytes.len()].copy_from_slice(bytes);
    }
    archive
}

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";

#[test]
fn directories_that_lie_are_refused() {
    let good = good();
    let whole = bundle::from_slice(&good).unwrap();
    let named = |name: &str| zipped(&[(name, b"x")]);
    let table: Vec<(&str, Vec<u8>)> = vec![
        ("NUL in a name", replaced(named("captures/aXb.har"), b"aXb", b"a\0b")),
        ("a line break in a name", replaced(named("captures/aXb.har"), b"aXb", b"a\nb")),
        ("a drive", replaced(named("captures/aXb.har"), b"captures", b"C:/Windo")),
        ("a name that is no UTF-8", replaced(named("captures/aXb.har"), b"aXb", b"a\xffb")),
        ("no name", named("")),
        ("encrypted", in_headers(in_headers(good.clone(), LOCAL, 6, &[1]), CENTRAL, 8, &[1])),
        ("an unknown method", in_headers(in_headers(good.clone(), LOCAL, 8, &[99]), CENTRAL, 10, &[99])),
        ("bzip2", in_headers(in_headers(good.clone(), LOCAL, 8, &[12]), CENTRAL, 10, &[12])),
        ("a wrong checksum", in_headers(good.clone(), CENTRAL, 16, &[1, 2, 3, 4])),
        ("stored sizes of nothing", in_headers(good.clone(), CENTRAL, 20, &[0; 4])),
        ("stored sizes of 4 GiB", in_headers(good.clone(), CENTRAL, 20, &[0xfe, 0xff, 0xff, 0xff])),
        ("everything at the start", in_headers(good.clone(), CENTRAL, 42, &[0; 4])),
        ("everything beyond the end", in_headers(good.clone(), CENTRAL, 42, &[0xfe, 0xff, 0xff, 0x7f])),
        ("names of 64 KiB", in_headers(good.clone(), CENTRAL, 28, &[0xff, 0xff])),
        ("comments of 64 KiB", in_headers(good.clone(), CENTRAL, 32, &[0xff, 0xff])),
        ("65,535 entries", in_headers(good.clone(), END, 8, &[0xff, 0xff, 0xff, 0xff])),
        ("no entries", in_headers(good.clone(), END, 8, &[0; 4])),
        ("a directory beyond the end", in_headers(good.clone(), END, 16, &[0xfe, 0xff, 0xff, 0x7f])),
        ("a directory of 4 GiB", in_headers(good.clone(), END, 12, &[0xfe, 0xff, 0xff, 0xff])),
        ("another disk", in_headers(good.clone(), END, 4, &[1, 0, 1, 0])),
        ("a directory of symbolic links", in_headers(good.clone(), CENTRAL, 38, &[0, 0, 0xff, 0xa1])),
        ("a directory of folders", in_headers(good.clone(), CENTRAL, 38, &[0x10, 0, 0xff, 0x41])),
    ];
    for (what, bytes) in table {
        // Some of these say nothing that is needed to read what is there.
        if let Ok(read) = bundle::from_slice(&bytes) {
            assert_eq!(read, whole, "{what}");
            continue;
        }
        let said = refused(&bytes);
        assert!(said.len() < 1_000, "{what}: {said}");
        assert!(said.contains(':') || said.contains(';'), "{what} is not told what to do: {said}");
    }
}

/// Of two files of one name only one can be what the sums say; nothing of the other is read.
#[test]
fn a_name_that_is_there_twice_smuggles_nothing_in() {
    let good = files(&good());
    for first in [true, false] {
        let mut all: Vec<(&str, &[u8])> =
            good.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        let at = if first { 0 } else { all.len() };
        all.insert(at, ("captures/sandboX.har", b"{}"));
        let twice = replaced(zipped(&all), b"captures/sandboX.har", b"captures/sandbox.har");
        if let Ok(read) = bundle::from_slice(&twice) {
            assert_eq!(read, bundle::from_slice(&self::good()).unwrap());
        }
    }
}

#[test]
fn many_small_bombs_are_one() {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let zeros = vec![b' '; 1 << 20];
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..500 {
        archive.start_file(format!("captures/{number}.har"), options).unwrap();
        archive.write_all(&zeros).unwrap();
    }
    let bomb = archive.finish().unwrap().into_inner();
    assert!(matches!(bundle::from_slice(&bomb), Err(ContentError::Bomb { .. })), "{}", bomb.len());
}
