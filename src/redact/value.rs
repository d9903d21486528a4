//! Values under a name: typed, shown where they cannot be a secret, hidden otherwise.

use crate::model::{Class, Parameter, Reference, Secret, Text};

use super::policy::{is_credential_name, is_protocol_word, is_sensitive_name};
use super::secret::Scope;
use super::words::Row;
use super::{formats, forms, packed, shape, words};

/// Longer values are not shown, in bytes.
const LONGEST_OPENED: usize = 128;

impl Scope<'_> {
    /// A value that stands under a name.
    pub(super) fn value(&self, name: &str, raw: &[u8]) -> Text {
        if is_credential_name(name) {
            return self.hidden(raw, true);
        }
        if is_sensitive_name(name) {
            return if raw.is_empty() { Text::default() } else { Text::hidden(self.sensitive(raw)) };
        }
        if raw.is_empty() {
            return Text::default();
        }
        match std::str::from_utf8(raw) {
            Ok(text) if is_protocol_word(name) => self.listed(text),
            Ok(text) if self.redactor.opens(name) => self.opened(text),
            Ok(text) => self.typed(text),
            Err(_) => self.hidden(raw, false),
        }
    }

    /// A value under a name that the user opened. What is a value of the config, looks like a token, has a known secret in it or
    /// something compressed stays as hidden as it was.
    fn opened(&self, text: &str) -> Text {
        let mut secret = self.secret(text.as_bytes(), false);
        let plain = matches!(
            secret.shape.class,
            Class::Opaque | Class::Words | Class::Hex | Class::Integer | Class::Number | Class::Uuid { .. }
        );
        let unknown = secret.relation.is_none() && !secret.credential && secret.shape.public_prefix.is_none();
        let inert = text.len() <= LONGEST_OPENED && !text.chars().any(char::is_control);
        let closed = formats::has_one(text) || packed::is_packed(text);
        if !(plain && unknown && inert)
            || closed
            || self.redactor.masked(self, Text::shown(text)).as_shown() != Some(text)
        {
            return self.typed(text);
        }
        secret.shape.class = Class::Opened(text.to_owned());
        Text::hidden(secret)
    }

    /// A value under a name that is not sensitive: small numbers and booleans are shown, URLs in their parts, running text word by word.
    pub(super) fn typed(&self, text: &str) -> Text {
        if is_harmless(text) {
            return self.redactor.masked(self, Text::shown(text));
        }
        if shape::is_url(text) {
            return self.url(text);
        }
        if is_plain(text) && self.is_literal(text) {
            return self.redactor.masked(self, Text::shown(text));
        }
        if text.split_ascii_whitespace().nth(1).is_none() {
            return Text::hidden(self.secret(text.as_bytes(), false));
        }
        let secret = self.secret(text.as_bytes(), false);
        if secret.relation.is_some() || is_one_value(&secret) {
            Text::hidden(secret)
        } else {
            self.tagged(text)
        }
    }

    /// It stands in the manifest, and is no value of the config besides.
    fn is_literal(&self, text: &str) -> bool {
        let tag = self.redactor.tagger.value(text.as_bytes());
        let found = self.redactor.references.equal(tag, true);
        found.is_some_and(|found| {
            matches!(found.relation.reference, Reference::Manifest(_)) && found.relation.steps.is_empty()
        })
    }

    /// Running text with each word tagged, so that two texts can be aligned; blanks stay.
    pub(super) fn tagged(&self, text: &str) -> Text {
        let mut tagged = Text::default();
        let mut rest = text;
        while let Some(start) = rest.find(|letter: char| !letter.is_ascii_whitespace()) {
            tagged.push_shown(&rest[..start]);
            rest = &rest[start..];
            if !self.take_word() {
                tagged.push_hidden(self.secret(rest.as_bytes(), false));
                return tagged;
            }
            let end = rest.find(|letter: char| letter.is_ascii_whitespace()).unwrap_or(rest.len());
            tagged.push_hidden(self.word(&rest[..end]));
            rest = &rest[end..];
        }
        tagged.push_shown(rest);
        tagged
    }

    /// A parameter as it was decoded.
    pub(super) fn parameter(&self, name: &str, value: Option<&[u8]>) -> Parameter {
        Parameter { name: self.redactor.name(name), value: value.map(|value| self.value(name, value)) }
    }

    /// `name=value&...` of a query or a form.
    pub(super) fn parameters(&self, text: &[u8]) -> Vec<Parameter> {
        if text.is_empty() {
            return Vec::new();
        }
        text.split(|byte| *byte == b'&')
            .map(|pair| {
                let mut parts = pair.splitn(2, |byte| *byte == b'=');
                let name = decoded(parts.next().unwrap_or_default());
                let value = parts.next().map(decoded);
                self.parameter(&forms::text_of(&name), value.as_deref())
            })
            .collect()
    }
}

/// Percent-decoded, `+` as a blank, as the WHATWG's URL standard reads forms.
fn decoded(text: &[u8]) -> Vec<u8> {
    let text: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_encoding::percent_decode(&text).collect()
}

/// Words, numbers and dates: what a literal of the manifest may be to be shown. Anything else could be a secret that stands there by mistake.
fn is_plain(text: &str) -> bool {
    text.len() <= 64 && text.split([' ', ',']).all(is_listed_word)
}

/// Too small to be a secret: a boolean, a number of up to six digits, `v1`.
fn is_harmless(text: &str) -> bool {
    if matches!(
        text,
        "true"
            | "false"
            | "True"
            | "False"
            | "yes"
            | "no"
            | "on"
            | "off"
            | "*"
            | "-"
            | "asc"
            | "desc"
            | "ASC"
            | "DESC"
    ) {
        return true;
    }
    let number = text.strip_prefix('-').unwrap_or(text);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    (1..=6).contains(&digits) && is_version(number)
}

/// `12`, `1.5`, `2.31.0`, `v1`. With more digits it may be a number that is a secret, in groups.
pub(super) fn is_version(text: &str) -> bool {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    has_few_digits(text)
        && text
            .split('.')
            .all(|part| !part.is_empty() && part.len() <= 6 && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn has_few_digits(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() <= 12
}

/// A value with blanks in it that is one all the same: a date and time, a template.
fn is_one_value(secret: &Secret) -> bool {
    !matches!(secret.shape.class, Class::Opaque | Class::Words)
}

impl Scope<'_> {
    /// Words, products, media ranges and numbers as a field's grammar has them; what does not fit is hidden.
    pub(super) fn listed(&self, text: &str) -> Text {
        let mut shown = Text::default();
        let mut rest = text;
        let mut name = String::new();
        let known = self.redactor.places(text);
        let mut row = Row::default();
        let mut parted = true;
        while let Some(first) = rest.chars().next() {
            let breaks = |letter: char| letter.is_ascii_whitespace() || ",;\"()=".contains(letter);
            if breaks(first) {
                shown.push_shown(&rest[..1]);
                if first != '=' && first != '"' {
                    name.clear();
                }
                parted |= !first.is_ascii_whitespace();
                rest = &rest[1..];
                continue;
            }
            let end = rest.find(breaks).unwrap_or(rest.len());
            let piece = &rest[..end];
            let at = text.len() - rest.len();
            if let Some(over) = known.across(at..at + end) {
                shown.push_hidden(self.secret(&text.as_bytes()[at..over.end], true));
                rest = &text[over.end..];
                continue;
            }
            if std::mem::take(&mut parted) {
                row = Row::default();
            }
            if is_sensitive_name(&name)
                || is_random_by_name(&name)
                || !is_listed_word(piece)
                || !row.take(" ", piece, "")
            {
                shown.push_hidden(self.secret(piece.as_bytes(), is_credential_name(&name)));
            } else {
                shown.push_shown(piece);
            }
            piece.clone_into(&mut name);
            rest = &rest[end..];
        }
        self.redactor.masked(self, shown)
    }
}

fn is_random_by_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("boundary")
}

/// Tokens of the fields' grammars that no word test would let pass.
const WELL_KNOWN: &[&str] = &[
    "x-www-form-urlencoded",
    "xhtml",
    "x-ndjson",
    "okhttp",
    "httpx",
    "aiohttp",
    "axios",
    "nginx",
    "cloudflare",
    "gunicorn",
    "uvicorn",
    "zstd",
    "iso-8859-1",
    "KHTML",
    "AppleWebKit",
    "xlsx",
];

/// `python-requests/2.34.0`, `text/html`, `*/*`, `q`, `0.8`, `max-age`.
fn is_listed_word(piece: &str) -> bool {
    let is_number = |part: &str| part.len() <= 10 && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut row = Row::default();
    let mut at = 0;
    piece.len() <= 96
        && has_few_digits(piece)
        && piece.split(['/', '+', ':', '*']).all(|part| {
            let between = if at == 0 { " " } else { &piece[at - 1..at] };
            let after = &piece[at + part.len()..];
            at += part.len() + 1;
            // RFC 6838, section 3.2: the vendor tree of media types.
            let part = part.strip_prefix("vnd.").unwrap_or(part);
            part.is_empty()
                || WELL_KNOWN.contains(&part)
                || is_number(part)
                || is_version(part)
                || (words::is_word(part) && row.take(between, part, after))
                || is_dated_version(part)
                || EDGES.contains(&part)
        })
}

/// What edges call themselves in `Server`, where it is not made of words.
const EDGES: [&str; 9] = [
    "AkamaiGHost",
    "AkamaiNetStorage",
    "BigIP",
    "QRATOR",
    "awselb",
    "cloudflare",
    "ddos-guard",
    "imperva",
    "volt-adc",
];

/// `6.8.0-45-generic`, `1.0.0-rc1`, `17.0.9+9`: numbers first, then words.
fn is_dated_version(part: &str) -> bool {
    part.starts_with(|letter: char| letter.is_ascii_digit())
        && part.len() <= 32
        && part.split(['.', '-', '_']).all(|piece| is_version(piece) || words::is_word(piece))
}
