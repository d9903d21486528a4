//! Host names and addresses to pseudonyms, the same one everywhere: `host-1.example` (RFC 2606), `203.0.113.1` (RFC 5737),
//! `2001:db8::1` (RFC 3849).
//!
//! Kept are names that tell nothing of anybody (`localhost`) and those that rules judge by, so that the diagnosis stays the same. Labels
//! that redaction has hidden are kept too; what stands after them is a name of its own. Pseudonyms are numbered in the order of the names,
//! so that what is sorted by them stays in order.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::walk::{self, Kind, Visitor};
use crate::diagnose;
use crate::model::Capture;

/// Names of every machine and of container engines.
const EVERYWHERE: [&str; 4] =
    ["localhost", "host.docker.internal", "gateway.docker.internal", "host.containers.internal"];

/// The names and addresses that were replaced.
#[derive(Debug, Default)]
pub(super) struct Pseudonyms {
    by_name: BTreeMap<String, String>,
}

/// Replaces every host name and address in all of them.
pub(super) fn replace(captures: &mut [&mut Capture]) -> Pseudonyms {
    let mut hosts = Hosts::default();
    for pass in [Pass::Collect, Pass::CollectBelow, Pass::Replace] {
        hosts.turn_to(pass);
        for one in captures.iter_mut() {
            walk::capture(&mut hosts, one);
        }
    }
    Pseudonyms { by_name: hosts.pseudonyms }
}

impl Pseudonyms {
    /// The first place where a name is still to be read that should have been replaced. Names of one plain word may be any word.
    pub(super) fn missed(&self, bytes: &[u8]) -> Option<usize> {
        let lower = bytes.to_ascii_lowercase();
        let names = self.by_name.keys().filter(|name| is_telling(name));
        names.filter_map(|name| whole(&lower, name.as_bytes())).min()
    }
}

/// Where a name stands by itself, and not as a part of a longer word.
fn whole(text: &[u8], name: &[u8]) -> Option<usize> {
    let part_of_name = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    memchr::memmem::find_iter(text, name).find(|at| {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        !part_of_name(before) && !part_of_name(text.get(at + name.len()))
    })
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Pass {
    /// Names where hosts stand, and in URLs.
    #[default]
    Collect,
    /// Names below the same domains, anywhere.
    CollectBelow,
    /// Put the pseudonyms in.
    Replace,
}

#[derive(Default)]
struct Hosts {
    pass: Pass,
    known: BTreeSet<String>,
    domains: BTreeSet<String>,
    pseudonyms: BTreeMap<String, String>,
}

impl Hosts {
    fn turn_to(&mut self, pass: Pass) {
        match pass {
            Pass::Collect => {}
            Pass::CollectBelow => self.domains = self.known.iter().filter_map(|name| domain(name)).collect(),
            Pass::Replace => self.pseudonyms = pseudonyms(&self.known),
        }
        self.pass = pass;
    }

    /// True for a name that must be replaced where it stands.
    fn is_meant(&self, name: &str, place: Place) -> bool {
        if is_kept(name) {
            return false;
        }
        match place {
            Place::Host => true,
            Place::BeforePort => self.known.contains(name),
            Place::Text => (self.known.contains(name) && is_telling(name)) || self.is_below(name),
        }
    }

    fn is_below(&self, name: &str) -> bool {
        self.domains.iter().any(|domain| {
            name.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }
}

impl Visitor for Hosts {
    fn value(&mut self, _: &mut crate::model::Tag) {}

    fn part(&mut self, _: &mut crate::model::Tag) {}

    fn string(&mut self, kind: Kind, text: &mut String) {
        let mut changed = String::new();
        let mut copied = 0;
        for name in names_in(text, kind) {
            let lower = text[name.start..name.end].to_ascii_lowercase();
            if !self.is_meant(&lower, name.place) {
                continue;
            }
            if self.pass == Pass::Replace {
                // Every name that is meant was collected.
                let Some(pseudonym) = self.pseudonyms.get(&lower) else { continue };
                changed.push_str(&text[copied..name.start]);
                changed.push_str(&in_case_of(&text[name.start..name.end], pseudonym));
                copied = name.end;
            } else {
                self.known.insert(lower);
            }
        }
        if copied > 0 {
            changed.push_str(&text[copied..]);
            *text = changed;
        }
    }
}

/// What a name's surroundings say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// It is a host.
    Host,
    /// `word:443`.
    BeforePort,
    /// Anywhere.
    Text,
}

#[derive(Debug, PartialEq, Eq)]
struct Name {
    start: usize,
    end: usize,
    place: Place,
}

/// What may be names of hosts in a string. Hidden labels (`‹...›`) are none.
fn names_in(text: &str, kind: Kind) -> Vec<Name> {
    let bytes = text.as_bytes();
    let mut names = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if text[at..].starts_with('‹') {
            at += text[at..].find('›').unwrap_or(text.len() - at);
        } else if is_escape(&bytes[at..]) {
            at += 2;
        } else if let Some(end) = address_in_brackets(&text[at..]) {
            names.push(Name { start: at + 1, end: at + end, place: place(text, kind, at, at + end + 1) });
            at += end;
        } else if is_name(bytes[at]) && bytes[at] != b'.' {
            let length = bytes[at..].iter().take_while(|byte| is_name(**byte)).count();
            let end = at + text[at..at + length].trim_end_matches(['.', '-', '_']).len();
            let is_port = kind == Kind::Host && at > 0 && bytes[at - 1] == b':';
            if end > at && !is_port && !is_number(&text[at..end]) {
                names.push(Name { start: at, end, place: place(text, kind, at, end) });
            }
            at += length;
            continue;
        }
        at += 1;
        while !text.is_char_boundary(at) {
            at += 1;
        }
    }
    // A bare IPv6 address, without the brackets of a URL.
    if kind == Kind::Host && text.parse::<Ipv6Addr>().is_ok() {
        names = vec![Name { start: 0, end: text.len(), place: Place::Host }];
    }
    names
}

/// `%2F`, whose letters belong to no name.
fn is_escape(text: &[u8]) -> bool {
    matches!(text, [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

/// The end of `[2001:db8::1` in what begins with a bracket.
fn address_in_brackets(text: &str) -> Option<usize> {
    let end = text.strip_prefix('[')?.find(']')? + 1;
    text[1..end].parse::<Ipv6Addr>().is_ok().then_some(end)
}

fn place(text: &str, kind: Kind, start: usize, end: usize) -> Place {
    let before = &text[..start];
    // What is before the `@` may be hidden, and no part of this string.
    let after_user = before == "@" || (before.ends_with('@') && before.contains("//"));
    let port =
        text[end..].strip_prefix(':').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if kind == Kind::Host || before.ends_with("//") || after_user {
        Place::Host
    } else if port {
        Place::BeforePort
    } else {
        Place::Text
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

/// Digits and dots that are no address: a version, a port.
fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && text.parse::<Ipv4Addr>().is_err()
}

fn is_kept(name: &str) -> bool {
    let address = name.parse::<IpAddr>();
    EVERYWHERE.contains(&name)
        || name.ends_with(".localhost")
        || diagnose::knows_host(name)
        || address.is_ok_and(|address| address.is_loopback() || address.is_unspecified())
}

/// A name that is no plain word: what it is known by wherever it stands.
fn is_telling(name: &str) -> bool {
    name.contains(|letter: char| !letter.is_ascii_alphabetic())
}

/// The domain that somebody registered, as far as that can be told without a list of all registries: its last two labels, three where
/// the one before the last is short (`co.uk`, `com.br`).
fn domain(name: &str) -> Option<String> {
    if name.parse::<IpAddr>().is_ok() {
        return None;
    }
    let labels: Vec<&str> = name.split('.').collect();
    let short = labels.len() > 2 && labels[labels.len() - 2].len() <= 3;
    let wanted = if short { 3 } else { 2 };
    (labels.len() >= wanted).then(|| labels[labels.len() - wanted..].join("."))
}

fn pseudonyms(known: &BTreeSet<String>) -> BTreeMap<String, String> {
    let is = |name: &&String| name.parse::<IpAddr>().is_ok();
    let names: Vec<&String> = known.iter().filter(|name| !is(name)).collect();
    let digits = names.len().to_string().len();
    let (mut four, mut six) = (0_u32, 0_u128);
    let addresses = known.iter().filter(is).map(|name| {
        let pseudonym = if name.contains(':') {
            six += 1;
            Ipv6Addr::from((0x2001_0db8 << 96) | six).to_string()
        } else {
            four += 1;
            documentation_address(four).to_string()
        };
        (name.clone(), pseudonym)
    });
    let addresses: Vec<(String, String)> = addresses.collect();
    let numbered = names.into_iter().zip(1..);
    numbered
        .map(|(name, nth)| (name.clone(), format!("host-{nth:0digits$}.example")))
        .chain(addresses)
        .collect()
}

/// The nth address of the networks for documentation (RFC 5737), then of those that nobody has (RFC 1112, class E).
fn documentation_address(nth: u32) -> Ipv4Addr {
    const NETWORKS: [u32; 3] = [0xcb00_7100, 0xc633_6400, 0xc000_0200];
    let (network, host) = ((nth - 1) / 254, (nth - 1) % 254 + 1);
    match NETWORKS.get(usize::try_from(network).unwrap_or(usize::MAX)) {
        Some(network) => Ipv4Addr::from(network | host),
        None => Ipv4Addr::from(0xf000_0000 | nth),
    }
}

/// A pseudonym in the case of the name: sides that differ in case alone still do.
fn in_case_of(name: &str, pseudonym: &str) -> String {
    if !name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        pseudonym.to_owned()
    } else if name.bytes().any(|byte| byte.is_ascii_lowercase()) {
        let (first, rest) = pseudonym.split_at(1);
        format!("{}{rest}", first.to_ascii_uppercase())
    } else {
        pseudonym.to_ascii_uppercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(texts: &[(Kind, &str)]) -> Vec<String> {
        let mut hosts = Hosts::default();
        let mut all: Vec<String> = texts.iter().map(|(_, text)| (*text).to_owned()).collect();
        for pass in [Pass::Collect, Pass::CollectBelow, Pass::Replace] {
            hosts.turn_to(pass);
            for ((kind, _), text) in texts.iter().zip(&mut all) {
                hosts.string(*kind, text);
            }
        }
        all
    }

    #[test]
    fn a_name_has_one_pseudonym_everywhere() {
        let texts = [
            (Kind::Host, "api.acme.com"),
            (Kind::Host, "api.acme.com:8443"),
            (Kind::Text, "GET https://api.acme.com/v1?next=auth.acme.com failed; cdn.acme.com too"),
            (Kind::Text, "/home/dev/acme.com/connector.py"),
            (Kind::Host, "API.ACME.COM"),
            (Kind::Host, "Api.acme.com"),
            (Kind::Text, "https://api.acme.company/v1"),
        ];
        assert_eq!(
            replaced(&texts),
            [
                "host-2.example",
                "host-2.example:8443",
                "GET https://host-2.example/v1?next=host-4.example failed; host-5.example too",
                "/home/dev/host-1.example/connector.py",
                "HOST-2.EXAMPLE",
                "Host-2.example",
                "https://host-3.example/v1",
            ]
        );
    }

    #[test]
    fn plain_words_are_replaced_where_they_are_hosts() {
        let texts = [
            (Kind::Host, "gateway:8080"),
            (Kind::Text, "http://gateway:8080/gateway/v1"),
            (Kind::Text, "gateway:8080 refused the connection of the gateway"),
            (Kind::Host, "acme-gw"),
            (Kind::Text, "acme-gw is down"),
        ];
        assert_eq!(
            replaced(&texts),
            [
                "host-2.example:8080",
                "http://host-2.example:8080/gateway/v1",
                "host-2.example:8080 refused the connection of the gateway",
                "host-1.example",
                "host-1.example is down",
            ]
        );
    }

    #[test]
    fn addresses_become_those_of_documentation() {
        let texts = [
            (Kind::Host, "10.1.2.3:443"),
            (Kind::Host, "[fd00::7]:443"),
            (Kind::Host, "fd00::7"),
            (Kind::Text, "connect to 10.1.2.3 and http://[fd00::7]/x; Chrome/120.0.0.0 and 1.2.3"),
        ];
        assert_eq!(
            replaced(&texts),
            [
                "203.0.113.1:443",
                "[2001:db8::1]:443",
                "2001:db8::1",
                "connect to 203.0.113.1 and http://[2001:db8::1]/x; Chrome/120.0.0.0 and 1.2.3",
            ]
        );
    }

    #[test]
    fn what_tells_nothing_of_anybody_is_kept() {
        let texts = [
            (Kind::Host, "localhost:8000"),
            (Kind::Host, "127.0.0.1:8000"),
            (Kind::Host, "[::1]:8000"),
            (Kind::Host, "api.airbyte.com"),
            (Kind::Host, "‹name 44 chars S3›.acme.com:443"),
            (Kind::Text, "https://‹name 44 chars S3›.acme.com/v1"),
        ];
        assert_eq!(
            replaced(&texts),
            [
                "localhost:8000",
                "127.0.0.1:8000",
                "[::1]:8000",
                "api.airbyte.com",
                "‹name 44 chars S3›.host-1.example:443",
                "https://‹name 44 chars S3›.host-1.example/v1",
            ]
        );
    }

    #[test]
    fn names_stay_in_order() {
        let names: Vec<String> = (0..120).map(|number| format!("n{number:03}.acme.com")).collect();
        let texts: Vec<(Kind, &str)> = names.iter().map(|name| (Kind::Host, name.as_str())).collect();
        assert!(replaced(&texts).is_sorted());
    }

    #[test]
    fn a_name_that_is_left_is_found() {
        let pseudonyms = Pseudonyms { by_name: [("api.acme.com".to_owned(), String::new())].into() };
        assert_eq!(pseudonyms.missed(b"x https://API.acme.com/"), Some(10));
        assert_eq!(pseudonyms.missed(b"capi.acme.com"), None);
    }
}
