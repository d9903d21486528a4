//! A HAR as a stream of its entries: never more than one of them in memory.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer as _, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::source::Meter;
use super::super::{ContentError, Source, json};
use super::format::{Entry, Program};

/// Longest name of a program that is kept, in characters.
const LONGEST_NAME: usize = 60;

/// What stands beside the entries.
#[derive(Default)]
pub(super) struct Head {
    pub(super) creator: Option<Program>,
    pub(super) browser: Option<Program>,
    /// samewire wrote it.
    pub(super) recorded: bool,
}

impl Head {
    /// It is a known program in a version that looks like one.
    pub(super) fn is_known(&self) -> bool {
        self.creator.as_ref().is_some_and(|program| {
            KNOWN.contains(&program.name.as_str())
                && program.version.len() <= 24
                && program.version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        })
    }

    /// `Firefox 133.0`, `mitmproxy 12.1.0`.
    pub(super) fn program(&self) -> Option<String> {
        let program =
            self.creator.as_ref().or(self.browser.as_ref()).filter(|program| !program.name.is_empty())?;
        let name = format!("{} {}", program.name, program.version);
        Some(name.trim().chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect())
    }
}

/// Programs that write HARs.
const KNOWN: [&str; 14] = [
    "WebInspector",
    "WebKit Web Inspector",
    "Firefox",
    "mitmproxy",
    "Charles Proxy",
    "HTTP Toolkit",
    "Proxyman",
    "Fiddler",
    "Insomnia REST Client",
    "BrowserMob Proxy",
    "Playwright",
    "Postman",
    "Burp Suite Professional",
    "Reqable",
];

/// Takes an entry and its place, from 1.
type Take<'t> = dyn FnMut(usize, &Entry) -> Result<(), ContentError> + 't;

struct State<'s, 't> {
    take: &'s mut Take<'t>,
    meter: Meter,
    at: usize,
    has_log: bool,
    has_entries: bool,
    head: Head,
    /// What an entry's taker says; serde knows errors of its own only.
    refused: Option<ContentError>,
}

/// Reads a HAR from start to end.
pub(super) fn entries(source: &Source, take: &mut Take<'_>) -> Result<Head, ContentError> {
    let meter = Meter::limited();
    let reader = source.reader(meter.clone())?;
    let mut state = State {
        take,
        meter,
        at: 0,
        has_log: false,
        has_entries: false,
        head: Head::default(),
        refused: None,
    };
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let read = (&mut deserializer).deserialize_map(Document(&mut state)).and_then(|()| deserializer.end());
    let place = || match state.at {
        0 => "before the first entry".to_owned(),
        at if state.has_entries => format!("after entry {at}"),
        at => format!("entry {at}"),
    };
    if let Err(problem) = read {
        return Err(match state.refused.take() {
            Some(refused) => refused,
            None if state.meter.exceeded() => ContentError::TooLong { place: place() },
            None => json::error(&place(), &problem),
        });
    }
    if !state.has_log || !state.has_entries {
        return Err(ContentError::Unknown {
            hint: "it is JSON and neither a HAR (an object `log` with `entries`) nor a test read of the Airbyte Builder: see docs/import.md",
        });
    }
    Ok(state.head)
}

/// The whole: `{"log": {...}}`.
struct Document<'d, 's, 't>(&'d mut State<'s, 't>);

impl<'de> Visitor<'de> for Document<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `log`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "log" {
                if self.0.has_log {
                    return Err(A::Error::custom("duplicate field `log`"));
                }
                self.0.has_log = true;
                map.next_value_seed(Log(self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Log<'d, 's, 't>(&'d mut State<'s, 't>);

impl<'de> DeserializeSeed<'de> for Log<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Log<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `entries`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "entries" if self.0.has_entries => return Err(A::Error::custom("duplicate field `entries`")),
                "entries" => {
                    map.next_value_seed(Entries(self.0))?;
                    self.0.has_entries = true;
                }
                "creator" => self.0.head.creator = map.next_value()?,
                "browser" => self.0.head.browser = map.next_value()?,
                "_samewire" => {
                    self.0.head.recorded = true;
                    map.next_value::<IgnoredAny>()?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct Entries<'d, 's, 't>(&'d mut State<'s, 't>);

impl<'de> DeserializeSeed<'de> for Entries<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let state = self.0;
        loop {
            state.at += 1;
            state.meter.mark();
            let Some(entry) = list.next_element::<Entry>()? else { break };
            if let Err(problem) = (state.take)(state.at, &entry) {
                state.refused = Some(problem);
                return Err(A::Error::custom("refused"));
            }
        }
        state.at -= 1;
        state.meter.mark();
        Ok(())
    }
}
