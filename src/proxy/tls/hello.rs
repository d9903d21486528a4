//! The client's first TLS message as it stood on the wire. The TLS library does not give the order of its
//! extensions, which the fingerprints JA3 and JA4 are made of. No I/O: bytes in, facts out.

use std::fmt::Write as _;

use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::redact::RawHello;

/// Longest hello that is read (RFC 8446, section 4, allows 16 MiB; real ones have 2 KiB).
const LONGEST: usize = 64 * 1024;

const SERVER_NAME: u16 = 0;
const GROUPS: u16 = 10;
const POINT_FORMATS: u16 = 11;
const SIGNATURE_ALGORITHMS: u16 = 13;
const ALPN: u16 = 16;
const VERSIONS: u16 = 43;

/// What the first bytes of a connection tell of the client. `None`: they are no whole `ClientHello`.
pub fn client_hello(bytes: &[u8]) -> Option<RawHello> {
    let mut reader = HelloReader::default();
    reader.feed(bytes);
    reader.facts().map(|facts| facts.raw(None, Vec::new()))
}

/// Collects the message from the records that it comes in (RFC 8446, section 5.1).
#[derive(Default)]
pub(in crate::proxy) struct HelloReader {
    /// Of the record that is being read; its header is not whole below 5 bytes.
    header: Vec<u8>,
    /// Bytes of that record still to come.
    left: usize,
    message: Vec<u8>,
    ended: bool,
}

/// How far a [`HelloReader`] has got.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Progress {
    /// More bytes are needed.
    More,
    /// The message is whole, or it is none: more bytes change nothing.
    Done,
}

impl HelloReader {
    /// Takes the next bytes, cut anywhere. What follows the message is not looked at.
    pub(in crate::proxy) fn feed(&mut self, mut bytes: &[u8]) -> Progress {
        while !self.ended && !bytes.is_empty() {
            if self.left == 0 {
                self.header.push(bytes[0]);
                bytes = &bytes[1..];
                if let [kind, _, _, high, low] = self.header[..] {
                    self.header.clear();
                    self.left = usize::from(u16::from_be_bytes([high, low]));
                    // 22: handshake. A record without content is not allowed there.
                    self.ended = kind != 22 || self.left == 0;
                }
                continue;
            }
            let (now, rest) = bytes.split_at(bytes.len().min(self.left));
            self.left -= now.len();
            self.message.extend_from_slice(now);
            bytes = rest;
            self.ended = self.is_whole();
        }
        if self.ended { Progress::Done } else { Progress::More }
    }

    fn is_whole(&self) -> bool {
        match self.message[..] {
            [1, a, b, c, ..] => {
                let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
                length > LONGEST || self.message.len() >= length + 4
            }
            [1, ..] | [] => false,
            _ => true,
        }
    }

    /// What the message says; `None` where it is no hello, or none that could be read to its end.
    pub(in crate::proxy) fn facts(&self) -> Option<Facts> {
        let [1, a, b, c, body @ ..] = &self.message[..] else { return None };
        let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        Facts::read(body.get(..length)?)
    }
}

/// What a hello says, GREASE (RFC 8701) left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::proxy) struct Facts {
    legacy_version: u16,
    cipher_suites: Vec<u16>,
    /// In the order in which they came.
    extensions: Vec<u16>,
    groups: Vec<u16>,
    point_formats: Vec<u8>,
    signature_algorithms: Vec<u16>,
    versions: Vec<u16>,
    first_protocol: Option<Vec<u8>>,
}

impl Facts {
    fn read(body: &[u8]) -> Option<Self> {
        let mut body = Reader(body);
        let legacy_version = body.number()?;
        body.take(32)?; // random
        body.short_list()?; // session id
        let cipher_suites = numbers(body.long_list()?);
        body.short_list()?; // compression methods
        let mut facts = Self { legacy_version, cipher_suites, ..Self::default() };
        if body.0.is_empty() {
            return Some(facts);
        }
        let mut extensions = Reader(body.long_list()?);
        while !extensions.0.is_empty() {
            let kind = extensions.number()?;
            let content = extensions.long_list()?;
            if is_grease(kind) {
                continue;
            }
            facts.extensions.push(kind);
            facts.note(kind, content);
        }
        Some(facts)
    }

    /// Takes what an extension holds; one that is damaged holds nothing.
    fn note(&mut self, kind: u16, content: &[u8]) {
        let mut content = Reader(content);
        match kind {
            GROUPS => self.groups = content.long_list().map(numbers).unwrap_or_default(),
            POINT_FORMATS => self.point_formats = content.short_list().unwrap_or_default().to_vec(),
            SIGNATURE_ALGORITHMS => {
                self.signature_algorithms = content.long_list().map(numbers).unwrap_or_default();
            }
            VERSIONS => self.versions = content.short_list().map(numbers).unwrap_or_default(),
            ALPN => {
                let first = content.long_list().and_then(|list| Reader(list).short_list());
                self.first_protocol = first.map(<[u8]>::to_vec);
            }
            _ => {}
        }
    }

    /// For the record, together with what the TLS library read.
    pub(in crate::proxy) fn raw(&self, server_name: Option<String>, alpn: Vec<Vec<u8>>) -> RawHello {
        let versions =
            if self.versions.is_empty() { vec![self.legacy_version] } else { self.versions.clone() };
        RawHello {
            server_name,
            alpn,
            versions,
            cipher_suites: self.cipher_suites.len(),
            extensions: self.extensions.len(),
            ja3: Some(self.ja3()),
            ja4: Some(self.ja4()),
        }
    }

    /// JA3: the MD5, in hexadecimal digits, of five lists of decimal numbers
    /// (<https://github.com/salesforce/ja3>).
    pub(in crate::proxy) fn ja3(&self) -> String {
        let list = |numbers: &[u16]| numbers.iter().map(u16::to_string).collect::<Vec<_>>().join("-");
        let formats: Vec<u16> = self.point_formats.iter().map(|format| u16::from(*format)).collect();
        let text = format!(
            "{},{},{},{},{}",
            self.legacy_version,
            list(&self.cipher_suites),
            list(&self.extensions),
            list(&self.groups),
            list(&formats)
        );
        hexadecimal(&Md5::digest(text))
    }

    /// JA4 (<https://github.com/FoxIO-LLC/ja4/blob/main/technical_details/JA4.md>): transport, version, server
    /// name or not, how many suites and extensions, first protocol; then digests of the sorted suites and of the
    /// sorted extensions with the signature algorithms.
    pub(in crate::proxy) fn ja4(&self) -> String {
        let version = match self.versions.iter().max().copied().unwrap_or(self.legacy_version) {
            0x0304 => "13",
            0x0303 => "12",
            0x0302 => "11",
            0x0301 => "10",
            0x0300 => "s3",
            0x0002 => "s2",
            _ => "00",
        };
        let name = if self.extensions.contains(&SERVER_NAME) { 'd' } else { 'i' };
        let suites = self.cipher_suites.len().min(99);
        let extensions = self.extensions.len().min(99);
        let protocol = protocol_mark(self.first_protocol.as_deref().unwrap_or_default());
        let mut listed = self.extensions.clone();
        listed.retain(|kind| !matches!(*kind, SERVER_NAME | ALPN));
        let mut signed = sorted(&listed);
        if !signed.is_empty() && !self.signature_algorithms.is_empty() {
            let _ = write!(signed, "_{}", listing(&self.signature_algorithms));
        }
        format!(
            "t{version}{name}{suites:02}{extensions:02}{protocol}_{}_{}",
            short_digest(&sorted(&self.cipher_suites)),
            short_digest(&signed)
        )
    }
}

/// First and last character of a protocol's name, of its hexadecimal form where one of them is no letter or digit.
fn protocol_mark(name: &[u8]) -> String {
    let (Some(first), Some(last)) = (name.first(), name.last()) else { return "00".to_owned() };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [char::from(*first), char::from(*last)].iter().collect();
    }
    format!("{:x}{:x}", first >> 4, last & 0xf)
}

fn sorted(numbers: &[u16]) -> String {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable();
    listing(&numbers)
}

fn listing(numbers: &[u16]) -> String {
    numbers.iter().map(|number| format!("{number:04x}")).collect::<Vec<_>>().join(",")
}

/// The first twelve hexadecimal digits of the SHA-256; zeros for nothing.
fn short_digest(text: &str) -> String {
    if text.is_empty() { "0".repeat(12) } else { hexadecimal(&Sha256::digest(text)[..6]) }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Values that mean nothing, to keep servers tolerant (RFC 8701, section 2): 0x0a0a, 0x1a1a and so on.
fn is_grease(number: u16) -> bool {
    number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff
}

/// Numbers of two bytes, GREASE left out.
fn numbers(bytes: &[u8]) -> Vec<u16> {
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().map(|pair| u16::from_be_bytes(*pair)).filter(|number| !is_grease(*number)).collect()
}

/// What is left of a message.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// Behind a length of one byte.
    fn short_list(&mut self) -> Option<&'a [u8]> {
        let length = self.take(1)?[0];
        self.take(length.into())
    }

    /// Behind a length of two bytes.
    fn long_list(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A list behind its length in two bytes.
    fn long(content: &[u8]) -> Vec<u8> {
        [&u16::try_from(content.len()).unwrap().to_be_bytes()[..], content].concat()
    }

    fn short(content: &[u8]) -> Vec<u8> {
        [&[u8::try_from(content.len()).unwrap()][..], content].concat()
    }

    fn bytes(numbers: &[u16]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
    }

    /// A hello in one record.
    fn hello(version: u16, suites: &[u16], extensions: Option<&[(u16, Vec<u8>)]>) -> Vec<u8> {
        let mut body = version.to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.extend(short(&[9; 32]));
        body.extend(long(&bytes(suites)));
        body.extend(short(&[0]));
        if let Some(extensions) = extensions {
            let all: Vec<u8> = extensions
                .iter()
                .flat_map(|(kind, content)| [kind.to_be_bytes().to_vec(), long(content)].concat())
                .collect();
            body.extend(long(&all));
        }
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        let message = [&[1][..], &length[1..], &body].concat();
        [&[22, 3, 1][..], &long(&message)].concat()
    }

    fn read(record: &[u8]) -> Facts {
        let mut reader = HelloReader::default();
        assert_eq!(reader.feed(record), Progress::Done);
        reader.facts().unwrap()
    }

    /// The lists that JA4's own description gives for a Chrome, with GREASE where Chrome puts it.
    fn chrome() -> Vec<u8> {
        let suites = [
            0x5a5a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014,
            0x9c, 0x9d, 0x2f, 0x35,
        ];
        let signatures = [0x403, 0x804, 0x401, 0x503, 0x805, 0x501, 0x806, 0x601];
        let protocols = long(&[short(b"h2"), short(b"http/1.1")].concat());
        let mut extensions = vec![(0xeaea, Vec::new())];
        for kind in
            [0x1b, 0, 0x33, 0x10, 0x4469, 0x17, 0x2d, 0xd, 0x5, 0x23, 0x12, 0x2b, 0xff01, 0xb, 0xa, 0x15]
        {
            extensions.push((
                kind,
                match kind {
                    GROUPS => long(&bytes(&[0x3a3a, 0x1d, 0x17, 0x18])),
                    POINT_FORMATS => short(&[0]),
                    SIGNATURE_ALGORITHMS => long(&bytes(&signatures)),
                    VERSIONS => short(&bytes(&[0x2a2a, 0x304, 0x303])),
                    ALPN => protocols.clone(),
                    _ => Vec::new(),
                },
            ));
        }
        extensions.push((0x1a1a, vec![0]));
        hello(0x303, &suites, Some(&extensions))
    }

    #[test]
    fn ja4_is_that_of_the_published_example() {
        let facts = read(&chrome());
        assert_eq!(facts.ja4(), "t13d1516h2_8daaf6152771_e5627efa2ab1");
        assert_eq!(facts.versions, [0x304, 0x303]);
    }

    #[test]
    fn ja3_is_that_of_the_published_examples() {
        let with = [(0, Vec::new()), (GROUPS, long(&bytes(&[23, 24, 25]))), (POINT_FORMATS, short(&[0]))];
        let suites = [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4];
        assert_eq!(read(&hello(769, &suites, Some(&with))).ja3(), "ada70206e40642a3e4461f35503241d5");
        let suites = [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99];
        let bare = read(&hello(769, &suites, None));
        assert_eq!(bare.ja3(), "de350869b8c85de67a350c8d186f11e6");
        assert!(bare.ja4().starts_with("t10i110000_") && bare.ja4().ends_with("_000000000000"));
    }

    #[test]
    fn a_protocols_mark_is_two_characters() {
        let mark = |name: &[u8]| protocol_mark(name);
        assert_eq!(
            [mark(b"h2"), mark(b"http/1.1"), mark(b""), mark(b"x"), mark(&[0xab, 0xcd])],
            ["h2", "h1", "00", "xx", "ad"]
        );
    }

    #[test]
    fn what_is_no_hello_says_nothing() {
        for none in
            [&b"GET / HTTP/1.1\r\n\r\n"[..], &[22, 3, 1, 0, 0], &[22, 3, 1, 0, 2, 2, 0], &[21, 3, 1, 0, 2]]
        {
            let mut reader = HelloReader::default();
            assert_eq!(reader.feed(none), Progress::Done, "{none:?}");
            assert_eq!(reader.facts(), None);
        }
    }

    /// The message of a record, put into records of these lengths.
    fn refragmented(record: &[u8], lengths: &[usize]) -> Vec<u8> {
        let mut message = &record[5..];
        let mut all = Vec::new();
        for length in lengths.iter().cycle() {
            let (now, rest) = message.split_at(message.len().min(*length));
            all.extend([&[22, 3, 1][..], &long(now)].concat());
            message = rest;
            if message.is_empty() {
                break;
            }
        }
        all
    }

    proptest! {
        #[test]
        fn cuts_and_fragments_change_nothing(
            cuts in prop::collection::vec(1_usize..90, 1..20),
            fragments in prop::collection::vec(1_usize..300, 1..6),
        ) {
            let whole = chrome();
            let mut rest = &refragmented(&whole, &fragments)[..];
            let mut reader = HelloReader::default();
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at(rest.len().min(*cut));
                reader.feed(now);
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(reader.feed(b"what follows"), Progress::Done);
            prop_assert_eq!(reader.facts(), Some(read(&whole)));
        }

        #[test]
        fn nothing_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), at in 0_usize..400, value: u8) {
            let mut reader = HelloReader::default();
            reader.feed(&bytes);
            let _ = reader.facts().map(|facts| (facts.ja3(), facts.ja4()));
            let mut damaged = chrome();
            let at = at % damaged.len();
            damaged[at] = value;
            let mut reader = HelloReader::default();
            reader.feed(&damaged);
            let _ = reader.facts().map(|facts| (facts.ja3(), facts.ja4()));
        }
    }
}
