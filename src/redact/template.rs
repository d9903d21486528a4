//! Templates that nobody filled in: `{{ config['api_key'] }}`, `${API_KEY}`, `<your_token>`, `YOUR_API_KEY`.
//!
//! Every word that is shown of one must look like a name, everything else in it is replaced by `…`.

use crate::model::Class;

use super::words::Row;
use super::{policy, words};

/// What reads a variable in code and configuration files, and was not run.
const READS: [&str; 7] =
    ["env:", "!env ", "!ENV ", "!env_var ", "process.env.", "os.environ.", "os.environ/"];

/// Signs of templates' expressions besides those of names and operators.
const SIGNS: &str = " .,'\"()[]{}|*%:<>$?&\t\r\n";

/// The template that a value is, as it may be shown.
pub(super) fn template(text: &str) -> Option<Class> {
    let between = |open: &str, close: &str| {
        text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)).filter(|inner| !inner.is_empty())
    };
    if let Some(inner) = between("{{", "}}").or_else(|| between("{%", "%}")).or_else(|| between("<%", "%>")) {
        return expression(text, inner);
    }
    if let Some(inner) = between("${", "}").or_else(|| between("$(", ")")).or_else(|| between("#{", "}")) {
        return expression(text, inner);
    }
    // `%(name)s` is Python's.
    if let Some(inner) = between("{", "}").or_else(|| between("%(", ")s")) {
        return is_one_name(inner).then(|| expression(text, inner)).flatten();
    }
    if let Some(inner) = between("$env:", "").or_else(|| between("$", "")).or_else(|| between("%", "%")) {
        return is_variable(inner).then(|| Class::Template(text.to_owned()));
    }
    if let Some(name) = READS.iter().find_map(|read| text.strip_prefix(read)).filter(|name| !name.is_empty())
    {
        return is_variable(name).then(|| Class::Template(text.to_owned()));
    }
    if let Some(inner) = between("<", ">")
        .or_else(|| between("[", "]"))
        .or_else(|| between("__", "__"))
        .or_else(|| between("@", "@"))
    {
        return speaks_of_secrets(inner).then(|| Class::Template(text.to_owned()));
    }
    asks_for_one(text).then(|| Class::Template(text.to_owned()))
}

/// A template with an expression in it. Words that do not look like names, string literals above all, are replaced.
fn expression(text: &str, inner: &str) -> Option<Class> {
    if !has_name(inner) {
        return None;
    }
    Some(Class::Template(shown_template(text)))
}

/// `api_key`, `config['api_key']`, `config.api_key`: braces may stand around much else (a dictionary, a block of code).
fn is_one_name(inner: &str) -> bool {
    let inner = inner.trim();
    inner.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
        && inner.chars().all(|letter| letter.is_alphanumeric() || "_.-[]'\"".contains(letter))
}

fn has_name(text: &str) -> bool {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .any(|word| word.len() > 1 && words::is_name(word))
}

/// A template's text as it may be shown: names and punctuation stay.
fn shown_template(text: &str) -> String {
    let is_part = |letter: char| letter.is_alphanumeric() || "_-+/=#!~^".contains(letter);
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    let mut row = Row::default();
    let mut between = 0;
    while let Some(letter) = rest.chars().next() {
        // `default(x)` of a template, without quotes.
        if shown.ends_with("default(") && letter != ')' {
            shown.push('…');
            rest = &rest[rest.find(')').unwrap_or(rest.len())..];
            continue;
        }
        // A shell's `${NAME:-default}`: what follows is a value.
        if shown.ends_with(':') && matches!(letter, '-' | '=' | '+' | '?') && shown.starts_with("${") {
            shown.push_str("…}");
            break;
        }
        if let Some(length) = literal(rest, &shown) {
            shown.push(letter);
            shown.push('…');
            rest = &rest[length..];
            continue;
        }
        let end = if is_part(letter) {
            rest.find(|letter| !is_part(letter)).unwrap_or(rest.len())
        } else {
            letter.len_utf8()
        };
        let piece = &rest[..end];
        let at = text.len() - rest.len();
        let signs = &text[between..at];
        let harmless = SIGNS.contains(letter)
            || (words::is_word(piece) && row.take(signs, piece, ""))
            || (is_part(letter) && piece.len() <= 3 && !piece.contains(char::is_alphanumeric))
            || (piece.len() <= 2 && piece.bytes().all(|byte| byte.is_ascii_digit()));
        if is_part(letter) {
            between = at + end;
        }
        if harmless && (letter.is_ascii() || words::is_word(piece)) {
            shown.push_str(piece);
        } else if !shown.ends_with('…') {
            shown.push('…');
        }
        rest = &rest[end..];
    }
    shown
}

/// Bytes of a string literal up to its closing quote, where it is none that names a key: `['api_key']`, `get('api_key')`.
fn literal(text: &str, before: &str) -> Option<usize> {
    let quote = text.chars().next().filter(|letter| matches!(letter, '\'' | '"'))?;
    let opened = before.matches(quote).count() % 2 == 0;
    let word = |call: &str| {
        let name = call.rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_').next();
        name.is_some_and(|name| {
            matches!(name, "get" | "getenv" | "env" | "lookup" | "secret" | "var" | "config")
        })
    };
    let before = before.trim_end();
    let names_key = before.ends_with('[') || before.strip_suffix('(').is_some_and(word);
    if !opened || names_key {
        return None;
    }
    Some(text[1..].find(quote).map_or(text.len(), |at| at + 1))
}

/// The name of an environment variable: capitals, of more than one word or of a word that names a secret.
fn is_variable(name: &str) -> bool {
    let sound = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.as_bytes()[0].is_ascii_digit()
        && words::is_name(name);
    let capitals = !name.bytes().any(|byte| byte.is_ascii_lowercase());
    let one_case = capitals || !name.bytes().any(|byte| byte.is_ascii_uppercase());
    sound && ((capitals && name.contains('_')) || (one_case && policy::is_sensitive_name(name)))
}

/// `<your_token>`, `[API KEY]`: words, one of which names a secret or asks for one.
fn speaks_of_secrets(inner: &str) -> bool {
    let sound = inner.len() <= 60
        && inner.chars().all(|letter| letter.is_ascii_alphabetic() || " _-./".contains(letter))
        && words::is_name(&inner.replace('/', " "));
    sound
        && (policy::is_sensitive_name(inner)
            || inner.split(|letter: char| !letter.is_ascii_alphabetic()).any(is_request))
}

fn is_request(word: &str) -> bool {
    [
        "your",
        "insert",
        "enter",
        "replace",
        "paste",
        "put",
        "placeholder",
        "example",
        "changeme",
        "todo",
        "fill",
    ]
    .contains(&word.to_ascii_lowercase().as_str())
}

/// `YOUR_API_KEY`, `insert-token-here`: nothing but words of a closed list, one of which asks for the value.
fn asks_for_one(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "a",
        "access",
        "account",
        "an",
        "api",
        "app",
        "application",
        "auth",
        "bearer",
        "client",
        "enter",
        "example",
        "fill",
        "goes",
        "here",
        "id",
        "in",
        "insert",
        "it",
        "key",
        "me",
        "my",
        "of",
        "oauth",
        "password",
        "paste",
        "personal",
        "placeholder",
        "private",
        "put",
        "real",
        "refresh",
        "replace",
        "secret",
        "service",
        "session",
        "the",
        "this",
        "to",
        "todo",
        "token",
        "user",
        "username",
        "value",
        "with",
        "your",
    ];
    let mut asked = false;
    let mut count = 0;
    let known = text.split([' ', '_', '-', '.']).filter(|word| !word.is_empty()).all(|word| {
        count += 1;
        asked |= is_request(word) || word.eq_ignore_ascii_case("here");
        WORDS.contains(&word.to_ascii_lowercase().as_str())
    });
    known && asked && count >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        match template(text)? {
            Class::Template(text) => Some(text),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn literals_in_templates_are_replaced() {
        assert_eq!(
            shown("{{ 'k9QxT2vLpR7aWzY3' or config['api_key'] }}").as_deref(),
            Some("{{ '…' or config['api_key'] }}")
        );
        assert_eq!(shown("${API_KEY:-Corr3ct-Ab3dE9x#1}").as_deref(), Some("${API_KEY:…}"));
        assert_eq!(template("${k9QxT2vLpR7aWzY3bN8c}"), None);
        assert_eq!(
            shown("{{ config['api_key'] or 'umbrella' }}").as_deref(),
            Some("{{ config['api_key'] or '…' }}")
        );
        assert_eq!(shown("{{ \"umbrella\" }}").as_deref(), Some("{{ \"…\" }}"));
        assert_eq!(template("{login(password:\"umbrella\"){id}}"), None);
        assert_eq!(template("{password: umbrella}"), None);
    }
}
