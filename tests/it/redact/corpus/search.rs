//! The search: a plant in any encoding, whole or any twelve bytes of it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

use super::plants::Plant;

/// Bytes of a part that count as a leak. Shorter encodings count as a whole.
const PART: usize = 12;

/// Everything that plants may look like, by its parts.
#[derive(Default)]
pub(super) struct Search {
    parts: HashMap<[u8; PART], (usize, &'static str), foldhash::fast::RandomState>,
    /// Encodings too short for parts, and passphrases: their words may stand anywhere.
    wholes: Vec<(Vec<u8>, usize, &'static str)>,
}

impl Search {
    /// Looks for a plant that is known, or not: a word of a passphrase may stand where nobody knows that it is one.
    pub(super) fn new(plant: &Plant, known: bool) -> Self {
        let mut search = Self::default();
        search.add(0, plant, known);
        search
    }

    /// Looks for a plant too, under this number.
    pub(super) fn add(&mut self, number: usize, plant: &Plant, known: bool) {
        for needle in &plant.needles {
            for (encoding, bytes) in encodings(needle) {
                if bytes.len() < PART || (plant.words && !known) {
                    self.wholes.push((bytes, number, encoding));
                    continue;
                }
                for part in bytes.windows(PART) {
                    self.parts.insert(part.try_into().unwrap(), (number, encoding));
                }
            }
        }
    }

    /// The first find: the plant's number, the encoding and the place.
    pub(super) fn find(&self, text: &[u8]) -> Option<(usize, &'static str, usize)> {
        let part = text.windows(PART).enumerate().find_map(|(at, window)| {
            self.parts.get(window).map(|(number, encoding)| (*number, *encoding, at))
        });
        part.or_else(|| {
            self.wholes.iter().find_map(|(bytes, number, encoding)| {
                Some((*number, *encoding, memchr::memmem::find(text, bytes)?))
            })
        })
    }

    /// The same in a file as it is and, where it is an archive, in its members.
    pub(super) fn find_in_file(&self, bytes: &[u8]) -> Option<(usize, &'static str, usize)> {
        if let Some(found) = self.find(bytes) {
            return Some(found);
        }
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).ok()?;
        (0..archive.len()).find_map(|member| {
            let mut content = Vec::new();
            archive.by_index(member).unwrap().read_to_end(&mut content).unwrap();
            self.find(&content)
        })
    }
}

/// A text in every encoding in which it may come out.
fn encodings(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = text.as_bytes();
    let percent = percent_encode(bytes, NON_ALPHANUMERIC).to_string();
    let unreserved = percent.replace("%2D", "-").replace("%5F", "_").replace("%2E", ".").replace("%7E", "~");
    let json = serde_json::to_string(text).unwrap();
    let json = json[1..json.len() - 1].to_owned();
    let utf16: Vec<u16> = text.encode_utf16().collect();
    let mut found = vec![
        ("plain", bytes.to_vec()),
        ("lower case", text.to_lowercase().into_bytes()),
        ("upper case", text.to_uppercase().into_bytes()),
        ("backwards", bytes.iter().rev().copied().collect()),
        ("percent", percent.clone().into_bytes()),
        ("percent", unreserved.clone().into_bytes()),
        ("percent in lower case", percent.to_lowercase().into_bytes()),
        ("percent twice", percent.replace('%', "%25").into_bytes()),
        ("percent twice", unreserved.replace('%', "%25").into_bytes()),
        ("percent throughout", written(bytes, "%", "", |byte| format!("{byte:02X}"))),
        ("form", unreserved.replace("%20", "+").into_bytes()),
        ("hexadecimal", written(bytes, "", "", |byte| format!("{byte:02x}"))),
        ("hexadecimal in capitals", written(bytes, "", "", |byte| format!("{byte:02X}"))),
        ("hexadecimal in groups", written(bytes, "", " ", |byte| format!("{byte:02x}"))),
        ("Python's escapes", written(bytes, "\\x", "", |byte| format!("{byte:02x}"))),
        ("hexadecimal in words", words_of_four(bytes)),
        ("bytes in a list", written(bytes, "", ", ", u8::to_string)),
        ("octal escapes", written(bytes, "\\", "", |byte| format!("{byte:03o}"))),
        ("JSON", json.clone().into_bytes()),
        ("JSON twice", json.replace('\\', "\\\\").replace('"', "\\\"").into_bytes()),
        ("JSON with slashes", json.replace('/', "\\/").into_bytes()),
        ("JSON in code points", written_units(&utf16)),
        ("entities", text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&#39;").into_bytes()),
        (
            "numbered entities",
            text.chars().fold(String::new(), |text, c| format!("{text}&#{};", u32::from(c))).into_bytes(),
        ),
        ("UTF-16", utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect()),
        ("UTF-16 in network order", utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect()),
        ("without blanks", text.replace(' ', "").into_bytes()),
    ];
    for before in 0..3 {
        for (name, of) in [("base64", bytes), ("base64 of base64", STANDARD_NO_PAD.encode(bytes).as_bytes())]
        {
            let core = base64_core(of, before);
            let url: Vec<u8> = core
                .iter()
                .map(|byte| match byte {
                    b'+' => b'-',
                    b'/' => b'_',
                    byte => *byte,
                })
                .collect();
            found.extend([(name, core), (name, url)]);
        }
    }
    found.retain(|(_, bytes)| bytes.len() >= 8);
    found
}

/// The letters of base64 that depend on these bytes alone.
fn base64_core(bytes: &[u8], before: usize) -> Vec<u8> {
    let padded = [&vec![0; before][..], bytes].concat();
    let text = STANDARD_NO_PAD.encode(&padded).into_bytes();
    text[(before * 8).div_ceil(6)..padded.len() * 8 / 6].to_vec()
}

fn written(bytes: &[u8], before: &str, between: &str, digits: impl Fn(&u8) -> String) -> Vec<u8> {
    let each: Vec<String> = bytes.iter().map(|byte| format!("{before}{}", digits(byte))).collect();
    each.join(between).into_bytes()
}

fn words_of_four(bytes: &[u8]) -> Vec<u8> {
    let pair = |two: &[u8]| two.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    bytes.chunks(2).map(pair).collect::<Vec<_>>().join(" ").into_bytes()
}

fn written_units(units: &[u16]) -> Vec<u8> {
    let mut text = String::new();
    for unit in units {
        write!(text, "\\u{unit:04x}").unwrap();
    }
    text.into_bytes()
}
