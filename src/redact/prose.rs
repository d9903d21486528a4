//! Running text: output of commands, messages, the words of errors.

use std::net::{IpAddr, SocketAddr};

use crate::model::Text;

use super::secret::Scope;
use super::value::is_version;
use super::{policy, schemes, shape, words};

impl Scope<'_> {
    /// Output, messages: words that cannot be secrets stay, everything else is hidden.
    pub(super) fn prose(&self, text: &str) -> Text {
        let mut prose = Text::default();
        let mut rest = text;
        let mut hide_next = false;
        while !rest.is_empty() {
            let end = rest.find(|letter| !is_delimiter(letter)).unwrap_or(rest.len());
            let (delimiters, after) = rest.split_at(end);
            push_delimiters(&mut prose, delimiters);
            if after.is_empty() {
                break;
            }
            let end = after.find(is_delimiter).unwrap_or(after.len());
            let (word, after) = after.split_at(end);
            if !self.take_word() {
                prose.push_hidden(self.secret(&rest.as_bytes()[delimiters.len()..], false));
                break;
            }
            self.push_prose_word(&mut prose, word, hide_next);
            hide_next = hides_next(word, after, hide_next, delimiters);
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
        || word.split(':').all(|part| part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit()))
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
    letter.is_whitespace() || "'\"`()[]{}<>,;|\\".contains(letter)
}

/// Blanks and punctuation between words are shown; control characters would be commands to a terminal.
fn push_delimiters(prose: &mut Text, delimiters: &str) {
    prose.push_shown(
        &delimiters.replace(|letter: char| letter.is_control() && !matches!(letter, '\n' | '\t'), " "),
    );
}

/// True where the word before says that the next one is a secret: `token: x`, `api_key='x'`, `Bearer x`.
fn hides_next(word: &str, after: &str, hidden: bool, before: &str) -> bool {
    let bare = word.trim_end_matches([':', '=']);
    if bare.is_empty() {
        return hidden;
    }
    let gap = &after[..after.find(|letter| !is_delimiter(letter)).unwrap_or(after.len())];
    if hidden && schemes::is_known(bare) {
        return true;
    }
    if schemes::is_known(bare)
        && gap.starts_with(' ')
        && gap.trim().is_empty()
        && bare.starts_with(|letter: char| letter.is_ascii_uppercase())
    {
        return true;
    }
    if !policy::is_sensitive_name(bare) {
        return false;
    }
    let assigned = bare.len() < word.len()
        || after.trim_start_matches(['\'', '"', '`', ' ', ']']).starts_with([':', '=']);
    let quoted = gap.ends_with(['\'', '"', '`']) && gap.len() > 1 && !before.ends_with(['\'', '"', '`']);
    assigned || quoted
}
