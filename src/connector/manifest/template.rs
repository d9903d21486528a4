//! Jinja templates: which config values do they read?

use super::super::tree::child;

/// What a text reads from the config.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reads {
    /// JSON pointers into the config, each once, in order.
    pub(super) paths: Vec<String>,
    /// The text is one template, and that is nothing but one reference.
    pub(super) bare: bool,
    /// The text provides for a value's absence.
    pub(super) guarded: bool,
}

/// Finds `config['a']['b']`, `config["a"]`, `config.a.b` and `config.get('a')` within `{{ }}` and `{% %}`.
pub(super) fn reads(text: &str) -> Reads {
    let guards = ["{%", " if ", " or ", "default", ".get(", " in config"];
    let guarded = guards.iter().any(|guard| text.contains(guard));
    let mut found = Reads { guarded, ..Reads::default() };
    let mut rest = text;
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let closing = if rest[start..].starts_with("{{") { "}}" } else { "%}" };
        let inner = &rest[start + 2..];
        let end = inner.find(closing).unwrap_or(inner.len());
        let expression = inner[..end].trim_matches('-').trim();
        let alone = start == 0 && text.starts_with("{{") && inner.get(end + 2..).is_some_and(str::is_empty);
        for (path, whole) in references(expression) {
            found.bare |= whole && alone;
            if !found.paths.contains(&path) {
                found.paths.push(path);
            }
        }
        rest = inner.get(end + 2..).unwrap_or_default();
    }
    found
}

/// The references of one expression, and whether each is the whole of it.
fn references(expression: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = expression[from..].find("config").map(|at| from + at) {
        let after = at + "config".len();
        let before = expression[..at].chars().next_back();
        from = after;
        if before.is_some_and(|before| before.is_alphanumeric() || "_.'\"".contains(before)) {
            continue;
        }
        let (path, length) = accessors(&expression[after..]);
        if !path.is_empty() {
            // What stands in for it, in brackets, may read the config too.
            found.push((path, at == 0 && after + length == expression.len()));
        }
    }
    found
}

/// Reads accessors from the start of `text`: the pointer they make, and how far they go.
fn accessors(text: &str) -> (String, usize) {
    let (mut pointer, mut at) = (String::new(), 0);
    while let Some((key, length)) = subscript(&text[at..]).or_else(|| attribute(&text[at..])) {
        pointer = child(&pointer, key);
        at += length;
    }
    (pointer, at)
}

/// `['key']` or `["key"]`, blanks within allowed.
fn subscript(text: &str) -> Option<(&str, usize)> {
    let inner = text.strip_prefix('[')?;
    let (key, rest) = quoted(inner.trim_start())?;
    let rest = rest.trim_start().strip_prefix(']')?;
    Some((key, text.len() - rest.len()))
}

/// `.key`, or `.get('key')` with or without a default.
fn attribute(text: &str) -> Option<(&str, usize)> {
    let name = text.strip_prefix('.')?;
    let end = name.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(name.len());
    let (name, rest) = name.split_at(end);
    if let Some(arguments) = rest.strip_prefix('(') {
        let (key, rest) = (name == "get").then(|| quoted(arguments.trim_start())).flatten()?;
        return Some((key, text.len() - rest.len() + closing(rest)?));
    }
    (!name.is_empty()).then_some((name, text.len() - rest.len()))
}

/// One past the bracket that closes a call whose arguments have begun.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0_usize, None);
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(') => depth += 1,
            (None, ')') if depth == 0 => return Some(at + 1),
            (None, ')') => depth -= 1,
            _ => {}
        }
    }
    None
}

fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|letter| matches!(letter, '\'' | '"'))?;
    text[1..].split_once(quote)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_read_the_config_is_seen() {
        for (text, paths, bare) in [
            ("{{ config['api_key'] }}", &["/api_key"][..], true),
            ("{{config[\"api_key\"]}}", &["/api_key"], true),
            ("{{ config.credentials.api_key }}", &["/credentials/api_key"], true),
            ("{{ config['credentials']['a/b'] }}", &["/credentials/a~1b"], true),
            ("{{ config.get('api_key', '') }}", &["/api_key"], true),
            ("{{ config.get('credentials').get(\"token\") }}", &["/credentials/token"], true),
            ("{{ config[ 'api_key' ] | string }}", &["/api_key"], false),
            ("Bearer {{ config['api_key'] }}", &["/api_key"], false),
            (" {{ config['api_key'] }}", &["/api_key"], false),
            ("{{ config['user'] }}:{{ config['password'] }}", &["/user", "/password"], false),
            (
                "{% if config['sandbox'] %}a{% else %}{{ config.url }}{% endif %}",
                &["/sandbox", "/url"],
                false,
            ),
            ("{{ config['user'] ~ config['user'] }}", &["/user"], false),
            ("{{ my_config['a'] }} {{ stream.config['b'] }} {{ config }} {{ 'config.c' }}", &[], false),
            ("config['api_key'] {{ config[key] }}", &[], false),
            ("{{ config['api_key'] }", &["/api_key"], false),
            ("{{ config.get('a', config.get('b', {}).get('c', '')) }}", &["/a", "/b/c"], true),
        ] {
            let found = reads(text);
            assert_eq!(found.paths, paths, "{text}");
            assert_eq!(found.bare, bare, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,80}", inner in "[config\\[\\]'\".(){}% é]{0,60}") {
            reads(&text);
            reads(&format!("{{{{ config{inner} }}}}"));
        }
    }
}
