//! Values that stand where a secret should: a language's nothing, a template, a mask, a reference to a secret store.
//!
//! They are the diagnosis, so their text is shown; hence nothing may count as one that could be a secret. Every word in a shown
//! placeholder must look like a name, everything else in it is replaced by `…`.

use crate::model::Class;

use super::words::Row;
use super::{policy, words};

const NULLS: &[&str] = &[
    "None",
    "none",
    "null",
    "NULL",
    "Null",
    "undefined",
    "nil",
    "NaN",
    "nan",
    "[object Object]",
    "(null)",
    "<null>",
    "<nil>",
    "<none>",
    "<undefined>",
    "%!s(<nil>)",
    "%!s(MISSING)",
];
const MASKS: &[char] = &['*', '•', '●', '∙', '·', '▪', '■', '█', '✱', '＊', '×'];
/// Characters that may be a mask as well as a value: a longer run is asked for.
const WEAK_MASKS: &[char] = &['x', 'X', '#', '.', '-', '_', '?'];
const REDACTED: &[&str] = &[
    "redacted",
    "masked",
    "hidden",
    "filtered",
    "removed",
    "secret",
    "sensitive",
    "obfuscated",
    "censored",
    "protected",
    "scrubbed",
    "concealed",
    "confidential",
    "omitted",
];

/// The placeholder that a value is, blanks around it not counted.
pub(super) fn placeholder(text: &str) -> Option<Class> {
    if text.len() > 512 {
        return None;
    }
    if text.is_empty() {
        return Some(Class::Empty);
    }
    if NULLS.contains(&text) {
        return Some(Class::Null(text.to_owned()));
    }
    store(text).or_else(|| mask(text)).or_else(|| template(text))
}

/// True for a value that stands where a secret should: nothing, a template, a mask, a reference to a store.
pub fn is_placeholder(text: &str) -> bool {
    placeholder(text).is_some()
}

/// The store that a reference to a secret points to.
fn store(text: &str) -> Option<Class> {
    let kind = if (text.starts_with("airbyte_") && text.contains("_secret_"))
        || ["{'_secret':", "{\"_secret\":", "{_secret:"].iter().any(|start| text.starts_with(start))
    {
        "airbyte"
    } else if ["ssm:/", "secretsmanager:", "ref+awsssm://", "ref+awssecrets://"]
        .iter()
        .any(|start| text.starts_with(start))
        || text.starts_with("arn:aws:secretsmanager:")
        || text.starts_with("arn:aws:ssm:")
        || text.starts_with("{{resolve:secretsmanager:")
        || text.starts_with("{{resolve:ssm")
    {
        "aws"
    } else if text.starts_with("sm://")
        || text.starts_with("ref+gcpsecrets://")
        || (text.starts_with("projects/") && text.contains("/secrets/"))
    {
        "gcp"
    } else if text.starts_with("@Microsoft.KeyVault(")
        || text.starts_with("ref+azurekeyvault://")
        || (text.starts_with("https://") && text.contains(".vault.azure.net/secrets/"))
    {
        "azure"
    } else if text.starts_with("vault:")
        || text.starts_with("ref+vault://")
        || text.starts_with("secret/data/")
    {
        "vault"
    } else if text.starts_with("op://") {
        "1password"
    } else if (text.starts_with("{{secrets/") && text.ends_with("}}")) || text.starts_with("dbutils.secrets.")
    {
        "databricks"
    } else {
        return None;
    };
    Some(Class::SecretReference(kind.to_owned()))
}

fn mask(text: &str) -> Option<Class> {
    let first = text.chars().next()?;
    let count = text.chars().count();
    let uniform = text.chars().all(|letter| letter == first);
    if uniform && ((MASKS.contains(&first) && count >= 3) || (WEAK_MASKS.contains(&first) && count >= 4)) {
        return Some(Class::Mask(text.to_owned()));
    }
    let inner = text.trim_matches(|letter: char| !letter.is_ascii_alphabetic());
    let around = text.len() - inner.len();
    if REDACTED.contains(&inner.to_ascii_lowercase().as_str())
        && (around >= 2 || (around == 0 && inner.eq_ignore_ascii_case("redacted")))
        && text.chars().all(|letter| letter.is_ascii_alphabetic() || "<>[](){}*-_#".contains(letter))
    {
        return Some(Class::Mask(text.to_owned()));
    }
    partly_masked(text)
}

/// `abc****xyz`: the mask is shown, what is around it is not.
fn partly_masked(text: &str) -> Option<Class> {
    let is_mask = |letter: char| MASKS[..6].contains(&letter);
    let start = text.find(is_mask)?;
    let end = text.rfind(is_mask).map(|at| at + text[at..].chars().next().map_or(1, char::len_utf8))?;
    let run = &text[start..end];
    if run.chars().count() < 3 || !run.chars().all(is_mask) || text.contains(char::is_whitespace) {
        return None;
    }
    let before = if start > 0 { "…" } else { "" };
    let after = if end < text.len() { "…" } else { "" };
    Some(Class::Mask(format!("{before}{run}{after}")))
}

fn template(text: &str) -> Option<Class> {
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
pub(super) fn shown_template(text: &str) -> String {
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
        let harmless = !is_part(letter)
            || (words::is_word(piece) && row.take(signs, piece))
            || piece.chars().all(|letter| !letter.is_alphanumeric())
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
        match placeholder(text)? {
            Class::Template(text) | Class::Mask(text) | Class::Null(text) => Some(text),
            other => Some(format!("{other:?}")),
        }
    }

    #[test]
    fn placeholders_are_shown() {
        for text in [
            "None",
            "[object Object]",
            "{{ config['api_key'] }}",
            "{{ config.get('api_key') }}",
            "{{ config[\"api_key\"] }}",
            "{ config['api_key'] }",
            "${API_KEY}",
            "$API_KEY",
            "%API_KEY%",
            "%(api_key)s",
            "$token",
            "<your_token>",
            "**********",
            "••••",
            "<redacted>",
            "[REDACTED]",
            "***REDACTED***",
            "xxxxxxxx",
            "YOUR_API_KEY",
            "your-token-here",
            "{{ secrets.API_TOKEN }}",
            "${env:API_KEY}",
            "<YOUR API KEY>",
            "{{api_key}}",
            "{api_key}",
            "${{ secrets.TOKEN }}",
        ] {
            assert_eq!(shown(text).as_deref(), Some(text), "{text}");
        }
        assert_eq!(shown("abc****xyz").as_deref(), Some("…****…"));
        assert!(
            matches!(placeholder("airbyte_workspace_8a1f2c34_secret_6b0e_v1"), Some(Class::SecretReference(kind)) if kind == "airbyte")
        );
        assert!(
            matches!(placeholder("arn:aws:secretsmanager:us-east-1:123456789012:secret:acme/api-AbCdEf"), Some(Class::SecretReference(kind)) if kind == "aws")
        );
        assert!(matches!(placeholder("projects/p/secrets/s/versions/1"), Some(Class::SecretReference(_))));
    }

    #[test]
    fn secrets_are_none() {
        for text in [
            "test",
            "hunter2",
            "changeme",
            "correct horse",
            "Corr3ct-Ab3dE9x#1",
            "$ecretPass",
            "$2b$10$N9qo8uLOickgx2ZMRZoMye",
            "00000",
            "1.10",
            "k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u",
            "{\"a\":1}",
            "<k9QxT2vLpR7aWz>",
            "abc",
            "%41%42",
            "xxx",
        ] {
            assert_eq!(placeholder(text), None, "{text}");
        }
    }

    #[test]
    fn literals_in_templates_are_replaced() {
        assert_eq!(
            shown("{{ 'k9QxT2vLpR7aWzY3' or config['api_key'] }}").as_deref(),
            Some("{{ '…' or config['api_key'] }}")
        );
        assert_eq!(shown("${API_KEY:-Corr3ct-Ab3dE9x#1}").as_deref(), Some("${API_KEY:…}"));
        assert_eq!(placeholder("${k9QxT2vLpR7aWzY3bN8c}"), None);
        assert_eq!(
            shown("{{ config['api_key'] or 'umbrella' }}").as_deref(),
            Some("{{ config['api_key'] or '…' }}")
        );
        assert_eq!(shown("{{ \"umbrella\" }}").as_deref(), Some("{{ \"…\" }}"));
        assert_eq!(placeholder("{login(password:\"umbrella\"){id}}"), None);
        assert_eq!(placeholder("{password: umbrella}"), None);
    }
}
