//! Running text: output of commands, messages, the words of errors.

use std::net::{IpAddr, SocketAddr};

use crate::model::Text;

use super::command::is_secret_option;
use super::secret::Scope;
use super::value::is_version;
use super::words::Row;
use super::{policy, schemes, shape, words};

impl Scope<'_> {
    /// Output, messages: words that cannot be secrets stay, everything else is hidden.
    pub(super) fn prose(&self, text: &str) -> Text {
        let mut prose = Text::default();
        let mut rest = text;
        let mut hide = Hide::Nothing;
        let mut row = Row::default();
        let known = self.redactor.places(text);
        while !rest.is_empty() {
            let end = rest.find(|letter| !is_delimiter(letter)).unwrap_or(rest.len());
            let (delimiters, after) = rest.split_at(end);
            push_delimiters(&mut prose, delimiters);
            if after.is_empty() {
                break;
            }
            if !self.take_word() {
                prose.push_hidden(self.secret(after.as_bytes(), false));
                break;
            }
            let end = after.find(is_delimiter).unwrap_or(after.len());
            let at = text.len() - after.len();
            if let Some(length) = hide.phrase(delimiters, after) {
                let end = known.across(at..at + length).map_or(length, |place| length.max(place.end - at));
                prose.push_hidden(self.secret(&after.as_bytes()[..end], true));
                hide = Hide::Nothing;
                rest = &after[end..];
                continue;
            }
            if let Some(place) = known.across(at..at + end) {
                let start = place.start.max(at);
                self.push_prose_word(&mut prose, &text[at..start], hide != Hide::Nothing);
                // What hangs on it belongs to it: a value that became longer is told as such.
                let end = place.end + text[place.end..].find(is_delimiter).unwrap_or(text.len() - place.end);
                prose.push_hidden(self.secret(&text.as_bytes()[start..end], true));
                hide = Hide::Nothing;
                rest = &text[end..];
                continue;
            }
            // One value, letter by letter.
            let escapes = if delimiters.ends_with('\\') { escaped(after) } else { dumped(after) };
            if escapes > 0 {
                prose.push_hidden(self.secret(&after.as_bytes()[..escapes], hide != Hide::Nothing));
                hide = Hide::Nothing;
                rest = &after[escapes..];
                continue;
            }
            let (word, after) = after.split_at(end);
            if let Some(length) = password_assigned(word) {
                prose.push_shown(&word[..length]);
                hide = Hide::Phrase;
                rest = &rest[delimiters.len() + length..];
                continue;
            }
            if row.take(delimiters, word, after) {
                self.push_prose_word(&mut prose, word, hide != Hide::Nothing);
            } else {
                prose.push_hidden(self.word(word));
            }
            hide = match hide.after(word, after, delimiters) {
                Hide::Nothing => Hide::after_filler(&text[..at], word, after),
                hide => hide,
            };
            rest = after;
        }
        self.redactor.masked(self, prose)
    }

    fn push_prose_word(&self, prose: &mut Text, word: &str, hide: bool) {
        let bare = word.trim_end_matches(['.', ':', '!', '?', '…']);
        let (bare, after) = word.split_at(bare.len());
        if hide && !bare.is_empty() && !schemes::is_known(bare) {
            prose.push_hidden(self.secret(bare.as_bytes(), true));
        } else if shape::is_url(bare) {
            prose.push(self.url(bare));
        } else if is_path(bare) {
            prose.push(self.path(bare));
        } else if is_prose_word(bare) || is_address(bare) {
            prose.push_shown(bare);
        } else if let Some((name, value)) =
            bare.split_once(['=', ':']).filter(|(name, value)| words::is_name(name) && !value.is_empty())
        {
            prose.push_shown(name);
            prose.push_shown(&bare[name.len()..=name.len()]);
            if policy::is_sensitive_name(name) || !(is_prose_word(value) || is_version(value)) {
                prose.push_hidden(self.secret(value.as_bytes(), policy::is_credential_name(name)));
            } else {
                prose.push_shown(value);
            }
        } else {
            prose.push_hidden(self.word(bare));
        }
        prose.push_shown(after);
    }
}

/// An address, with or without a port: hosts are shown everywhere.
fn is_address(word: &str) -> bool {
    word.parse::<SocketAddr>().is_ok() || word.parse::<IpAddr>().is_ok()
}

fn is_prose_word(word: &str) -> bool {
    word.is_empty()
        || words::is_word(word)
        || (is_version(word) && word.len() <= 8)
        || (word.len() <= 8
            && word.split(':').all(|part| part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit())))
        || word.chars().all(|letter| letter.is_ascii_punctuation() && word.len() <= 4)
}

/// A file's path or a media type, not base64 with slashes in it: mostly words, and one with other parts begins with a slash.
fn is_path(word: &str) -> bool {
    let segments = || word.split('/').filter(|segment| !segment.is_empty());
    let (mut shown, mut others) = (0, 0);
    for segment in segments() {
        if words::is_word(segment) || is_version(segment) {
            shown += usize::from(segment.len() > 2);
        } else {
            others += 1;
        }
    }
    word.contains('/') && (others == 0 || (shown > others && word.starts_with(['/', '.', '~'])))
}

fn is_delimiter(letter: char) -> bool {
    letter.is_whitespace() || "'\"`()[]{}<>,;|\\".contains(letter) || TYPOGRAPHERS.contains(letter)
}

/// Quotes that typographers know; which one closes differs by language.
const TYPOGRAPHERS: &str = "\u{201c}\u{201d}\u{201e}\u{2018}\u{2019}\u{201a}\u{ab}\u{bb}";

/// From so many on a row of bytes may be a text.
const BYTES: usize = 8;

/// Bytes of a row of escapes, the first of which has lost its backslash, and of what hangs on it: `\u006b\u0039`, `\x6b\x39`, `\153\071`.
fn escaped(text: &str) -> usize {
    let length = |text: &str| {
        let (lead, digits, radix) = match text.as_bytes().first() {
            Some(b'u') => (1, 4, 16),
            Some(b'x') => (1, 2, 16),
            Some(b'0'..=b'3') => (0, 3, 8),
            _ => return None,
        };
        let digits = text.as_bytes().get(lead..lead + digits)?;
        digits.iter().all(|digit| char::from(*digit).is_digit(radix)).then_some(lead + digits.len())
    };
    let mut end = length(text).unwrap_or_default();
    let mut count = 1;
    while let Some((next, length)) =
        text[end..].strip_prefix('\\').and_then(|next| Some((next, length(next)?)))
    {
        end = text.len() - next.len() + length;
        count += 1;
    }
    // A few are no more than letters with accents in a message.
    if count < BYTES / 2 { 0 } else { end + text[end..].find(is_delimiter).unwrap_or(text.len() - end) }
}

/// Bytes of a row of numbers that may be a text byte by byte: `6b 39 51`, `0x6b, 0x39`, `107, 57, 81`, `6b39 5178`.
fn dumped(text: &str) -> usize {
    let word = &text[..text.find(is_delimiter).unwrap_or(text.len())];
    // A key of eight bytes reads as an address of as many groups.
    if is_address(word) && (word.contains("::") || word.split(':').any(|group| group.len() > 2)) {
        return 0;
    }
    let (mut end, mut bytes, mut at) = (0, 0, 0);
    loop {
        let rest = &text[at..];
        let number = rest.strip_prefix("0x").unwrap_or(rest);
        let length = number.bytes().take_while(u8::is_ascii_hexdigit).count();
        let decimal = number[..length].bytes().all(|digit| digit.is_ascii_digit());
        let fits = matches!(length, 2 | 4 | 8) || (decimal && matches!(length, 1..=3));
        let number_end = text.len() - number.len() + length;
        let closed = text[number_end..].chars().next().is_none_or(|next| !next.is_alphanumeric());
        if !fits || !closed {
            break;
        }
        end = number_end;
        bytes += length.div_ceil(2).min(if decimal && length < 4 { 1 } else { 4 });
        let between = text[end..].bytes().take_while(|byte| b" ,:".contains(byte)).count();
        if !(1..=2).contains(&between) {
            break;
        }
        at = end + between;
    }
    if bytes >= BYTES { end } else { 0 }
}

/// Blanks and punctuation between words are shown; control characters would be commands to a terminal.
fn push_delimiters(prose: &mut Text, delimiters: &str) {
    prose.push_shown(
        &delimiters.replace(|letter: char| letter.is_control() && !matches!(letter, '\n' | '\t'), " "),
    );
}

/// What the words before say about what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hide {
    /// Nothing: it is judged by itself.
    Nothing,
    /// A secret; where it stands in quotes, all that is in them.
    Word,
    /// A password, which may have blanks in it.
    Phrase,
}

impl Hide {
    /// Where a secret ends that may be longer than one word: at the quote that closes it, or where the statement ends.
    fn phrase(self, before: &str, text: &str) -> Option<usize> {
        if self == Self::Nothing {
            return None;
        }
        let word = &text[..text.find(is_delimiter).unwrap_or(text.len())];
        if word.trim_end_matches([':', '=']).is_empty() {
            // The sign between name and value.
            return None;
        }
        let first = text.split_ascii_whitespace().next().unwrap_or_default();
        if self == Self::Word && schemes::is_known(first) {
            return None;
        }
        if let Some(quote) = before.chars().next_back().filter(|letter| is_quote(*letter)) {
            if TYPOGRAPHERS.contains(quote) {
                return Some(text.find(|letter: char| TYPOGRAPHERS.contains(letter)).unwrap_or(text.len()));
            }
            let closes = |(at, _): &(usize, &str)| {
                text[at + 1..].chars().next().is_none_or(|next| !next.is_alphanumeric())
                    && (before[..before.len() - quote.len_utf8()].ends_with('\\')
                        || !text[..*at].ends_with('\\'))
            };
            return Some(text.match_indices(quote).find(closes).map_or(text.len(), |(at, _)| at));
        }
        if before.ends_with('>') {
            return text.find(['<', '\n']).or(Some(text.len()));
        }
        if self == Self::Word {
            return None;
        }
        let text =
            &text[..text.find([',', ';', '&', '|', ')', '}', ']', '<', '\n', '\r']).unwrap_or(text.len())];
        // `password=x user=y`: the next name ends it.
        let next = text.find('=').and_then(|equals| text[..equals].rfind(char::is_whitespace));
        let end = text[..next.unwrap_or(text.len())].trim_end().len();
        (end > 0).then_some(end)
    }

    /// `API key provided: x`, `the token given was 'x'`.
    fn after_filler(before: &str, word: &str, after: &str) -> Self {
        let bare = word.trim_end_matches([':', '=']);
        let assigned = bare.len() < word.len() || after.trim_start_matches([' ', '\\']).starts_with(is_quote);
        if !assigned || !FILLERS.contains(&bare) {
            return Self::Nothing;
        }
        let mut words = before.split(is_delimiter).rev().filter(|word| !word.is_empty()).take(3);
        match words.find(|word| !FILLERS.contains(word)) {
            Some(name) if policy::is_password_name(name) => Self::Phrase,
            Some(name) if policy::is_sensitive_name(name) => Self::Word,
            _ => Self::Nothing,
        }
    }

    /// `token: x`, `api_key='x'`, `Bearer x`, `<password>x`, `('token', 'x')`: a secret comes next.
    fn after(self, word: &str, after: &str, before: &str) -> Self {
        let bare = word.trim_end_matches([':', '=']);
        if bare.is_empty() {
            return self;
        }
        let gap = &after[..after.find(|letter| !is_delimiter(letter)).unwrap_or(after.len())];
        // `-u me:'x'` and `$'x'` of a shell, `b'x'` of Python: what hangs on a secret belongs to it.
        let hangs = word.ends_with([':', '=', '$']) || word.len() <= 2;
        if self != Self::Nothing && gap.starts_with(is_quote) && gap.chars().count() == 1 && hangs {
            return self;
        }
        // `Some("x")`, `SecretStr('x')`.
        if self != Self::Nothing && gap.starts_with('(') {
            return self;
        }
        if word.starts_with('-') && is_secret_option(word) && !gap.starts_with([',', ';', '|']) {
            return Self::Word;
        }
        if self != Self::Nothing && schemes::is_known(bare) {
            return self;
        }
        if schemes::is_known(bare)
            && gap.starts_with(' ')
            && gap.trim().is_empty()
            && bare.starts_with(|letter: char| letter.is_ascii_uppercase())
        {
            return Self::Word;
        }
        if !policy::is_sensitive_name(bare) || gap.contains("''") || gap.contains("\"\"") {
            return Self::Nothing;
        }
        let assigned = bare.len() < word.len()
            || after.trim_start_matches(['\'', '"', '`', ' ', ']', '\\']).starts_with([':', '='])
            || (before.ends_with('<') && gap.starts_with('>'));
        let quoted = gap.ends_with(is_quote) && gap.chars().count() > 1 && !before.ends_with(is_quote);
        let first_of_two = before.trim_end_matches(is_quote).ends_with('(') && gap.ends_with(is_quote);
        match assigned || quoted || first_of_two {
            true if policy::is_password_name(bare) => Self::Phrase,
            true => Self::Word,
            false => Self::Nothing,
        }
    }
}

/// Words between the name of a secret and the secret.
const FILLERS: [&str; 15] = [
    "provided",
    "given",
    "supplied",
    "received",
    "used",
    "sent",
    "value",
    "passed",
    "specified",
    "found",
    "entered",
    "configured",
    "presented",
    "was",
    "is",
];

fn is_quote(letter: char) -> bool {
    matches!(letter, '\'' | '"' | '`') || TYPOGRAPHERS.contains(letter)
}

/// `password=` or `password:` before a value in the same word: its length.
fn password_assigned(word: &str) -> Option<usize> {
    let (name, value) = word.split_once(['=', ':'])?;
    (!value.is_empty() && words::is_name(name) && policy::is_password_name(name)).then_some(name.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_bytes_are_one_value() {
        for row in [
            "6b 39 51 78 54 32 76 4c",
            "0x6b, 0x39, 0x51, 0x78, 0x54, 0x32, 0x76, 0x4c",
            "107, 57, 81, 120, 84, 50, 118, 76",
            "6b39 5178 5432 764c",
            "6b:39:51:78:54:32:76:4c",
        ] {
            assert_eq!(dumped(row), row.len(), "{row}");
        }
        for text in [
            "10:15:07 started",
            "2026 11 27",
            "12",
            "3 of 4 pages",
            "x",
            "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
        ] {
            assert_eq!(dumped(text), 0, "{text}");
        }
        for row in [r"x6b\x39\x51\x78", r"u006b\u0039\u0051\u0078", r"153\071\121\170"] {
            assert_eq!(escaped(row), row.len(), "{row}");
        }
        assert_eq!(escaped("xe9 und"), 0);
        assert_eq!(escaped("new"), 0);
    }
}
