//! Templates and texts of a manifest that cannot do what they were meant to do.

use super::super::tree::Node;

/// Names that templates may use, of airbyte-cdk 7.39.1: variables and macros of its component schema and of its source, and what Jinja
/// itself declares.
const DECLARED: [&str; 44] = [
    "config",
    "parameters",
    "headers",
    "request_url",
    "last_record",
    "last_page_size",
    "next_page_token",
    "record",
    "response",
    "creation_response",
    "polling_response",
    "download_target",
    "stream_interval",
    "stream_partition",
    "stream_slice",
    "stream_state",
    "components_values",
    "stream_template_config",
    "old_config",
    "next_page_url",
    "now_utc",
    "today_utc",
    "today_with_timezone",
    "timestamp",
    "max",
    "min",
    "day_delta",
    "duration",
    "format_datetime",
    "str_to_datetime",
    "sanitize_url",
    "camel_case_to_snake_case",
    "generate_uuid",
    "dict",
    "lipsum",
    "cycler",
    "joiner",
    "namespace",
    "true",
    "false",
    "none",
    "True",
    "False",
    "None",
];

/// Words of Jinja's own language.
const KEYWORDS: [&str; 24] = [
    "if",
    "else",
    "elif",
    "endif",
    "for",
    "endfor",
    "in",
    "not",
    "and",
    "or",
    "is",
    "set",
    "endset",
    "recursive",
    "loop",
    "defined",
    "undefined",
    "do",
    "block",
    "endblock",
    "with",
    "endwith",
    "filter",
    "endfilter",
];

/// A template or text with something wrong in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// JSON pointer into the manifest.
    pub at: String,
    /// Its line, from 1.
    pub line: Option<u32>,
    /// What is wrong.
    pub kind: FlawKind,
}

/// What is wrong with a template or a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlawKind {
    /// `{{` without `}}`, or `}}` of one brace.
    Unclosed,
    /// A name that nothing declares.
    Undeclared(String),
    /// `{ config['x'] }`: one brace on each side, so it is sent as it stands.
    SingleBrace,
    /// `${NAME}`, which no framework fills in here.
    ShellReference,
    /// A scheme before the token, under an authenticator that puts the same one there.
    Scheme {
        /// The authenticator.
        component: String,
        /// The scheme.
        scheme: String,
    },
}

/// The flaws of the values below `tree`. `used`: whether a value belongs to what the connector runs.
pub(super) fn flaws(tree: &Node, used: impl Fn(&Node) -> bool) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    tree.walk("", &mut |at, node| {
        if let Some(text) = node.as_str().filter(|_| used(node) && !is_prose(at)) {
            let kinds = template(text).into_iter().chain(plain(text, at));
            flaws.extend(kinds.map(|kind| Flaw { at: at.to_owned(), line: node.line, kind }));
        }
        flaws.extend(scheme(at, node).filter(|_| used(node)));
    });
    flaws
}

/// Members that hold prose, schemas or examples.
fn is_prose(at: &str) -> bool {
    const PROSE: [&str; 8] = [
        "description",
        "title",
        "examples",
        "pattern_descriptor",
        "error_message",
        "schema",
        "metadata",
        "connection_specification",
    ];
    at.split('/').any(|name| PROSE.contains(&name))
}

fn template(text: &str) -> Option<FlawKind> {
    let mut rest = text;
    let mut own: Vec<&str> = Vec::new();
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let closing = if rest[start..].starts_with("{{") { "}}" } else { "%}" };
        let inner = &rest[start + 2..];
        let Some(end) = end(inner, closing) else { return Some(FlawKind::Unclosed) };
        if let Some(name) = undeclared(inner[..end].trim_matches('-'), &mut own) {
            return Some(FlawKind::Undeclared(name.to_owned()));
        }
        rest = &inner[end + 2..];
    }
    None
}

/// Where a template ends; quotes within it are minded.
fn end(inner: &str, closing: &str) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0_usize;
    for (at, letter) in inner.char_indices() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, _) if depth == 0 && inner[at..].starts_with(closing) => return Some(at),
            (None, '{') => depth += 1,
            (None, '}') => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

/// The first name of an expression that nothing declares. Names that it declares itself are added to `own`.
fn undeclared<'a>(expression: &'a str, own: &mut Vec<&'a str>) -> Option<&'a str> {
    let mut found = None;
    let (mut before, mut word_before) = (' ', "");
    let mut rest = expression;
    let mut filter = false;
    while let Some(letter) = rest.chars().next() {
        if letter == '\'' || letter == '"' {
            let inner = &rest[1..];
            let end = inner.find(letter).map_or(inner.len(), |end| end + 1);
            rest = &inner[end..];
            before = letter;
            continue;
        }
        if !(letter.is_alphanumeric() || letter == '_') {
            if !letter.is_whitespace() {
                before = letter;
                filter = letter == '|';
            }
            rest = &rest[letter.len_utf8()..];
            continue;
        }
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let follows = after.trim_start();
        let declares = matches!(word_before, "set" | "for") || (word_before == "," && before == ',');
        let named_argument = follows.starts_with('=') && !follows.starts_with("==") && word_before != "set";
        let is_name =
            !letter.is_ascii_digit() && before != '.' && !filter && !named_argument && word_before != "is";
        if declares && matches!(word_before, "set" | "for") {
            own.push(word);
        } else if is_name
            && found.is_none()
            && !DECLARED.contains(&word)
            && !KEYWORDS.contains(&word)
            && !own.contains(&word)
        {
            found = Some(word);
        }
        // `for key, value in`: both are declared.
        if word_before == "for" && follows.starts_with(',') {
            let second = follows[1..].trim_start();
            let end = second.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(second.len());
            own.push(&second[..end]);
        }
        (before, word_before, filter, rest) = ('a', word, false, after);
    }
    found
}

/// Texts that look like templates and are none.
fn plain(text: &str, at: &str) -> Option<FlawKind> {
    if text.contains("{{") || text.contains("{%") {
        return None;
    }
    let braced = |open: &str| {
        let (_, rest) = text.split_once(open)?;
        rest.split_once('}').map(|(inner, _)| inner.trim())
    };
    if braced("{").is_some_and(|inner| inner.starts_with("config[") || inner.starts_with("config.")) {
        return Some(FlawKind::SingleBrace);
    }
    let is_variable = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let of_authenticator = at.contains("/authenticator") || at.contains("/request_headers");
    (of_authenticator && braced("${").is_some_and(is_variable)).then_some(FlawKind::ShellReference)
}

/// `Bearer {{ ... }}` under a `BearerAuthenticator`.
fn scheme(at: &str, node: &Node) -> Option<Flaw> {
    let component = node.text("type").filter(|kind| *kind == "BearerAuthenticator")?;
    let token = node.member("api_token")?;
    let (scheme, rest) = token.as_str()?.split_once(' ')?;
    let known =
        ["bearer", "token", "basic", "apikey", "api-key"].contains(&scheme.to_ascii_lowercase().as_str());
    (known && rest.contains("{{")).then(|| Flaw {
        at: format!("{at}/api_token"),
        line: token.line,
        kind: FlawKind::Scheme { component: component.to_owned(), scheme: scheme.to_owned() },
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::tree;
    use super::*;

    fn kinds(text: &str) -> Vec<FlawKind> {
        flaws(&tree::yaml(text).unwrap(), |_| true).into_iter().map(|flaw| flaw.kind).collect()
    }

    #[test]
    fn sound_templates_have_no_flaw() {
        for text in [
            "{{ config['api_key'] }}",
            "{{ config['a'] if 'a' in config else 'b' }}",
            "{{ format_datetime(config['start'], '%Y-%m-%d', input_format='%s') }}",
            "{% set x = config.a %}{{ x | default('y') }}",
            "{% for k, v in record.items() %}{{ k }}={{ v }}{% endfor %}",
            "{{ record.get('a', {}).get('b') }}",
            "{{ {'a': 1}['a'] }}",
            "{{ response['next'] is not none and last_page_size == 100 }}",
            "{{ now_utc().strftime('%Y') ~ \"}}\" }}",
            "{{ (stream_slice['x'] | int) * 2 }}",
            "{api_base}/v1",
        ] {
            assert_eq!(kinds(&serde_json::json!({ "url": text }).to_string()), [], "{text}");
        }
    }

    #[test]
    fn flaws_are_named() {
        let one = |text: &str| kinds(&serde_json::json!({ "authenticator": text }).to_string());
        assert_eq!(one("{{ api_key }}"), [FlawKind::Undeclared("api_key".into())]);
        assert_eq!(one("{{ config['api_key'] }"), [FlawKind::Unclosed]);
        assert_eq!(one("{{ config['api_key']"), [FlawKind::Unclosed]);
        assert_eq!(one("{ config['api_key'] }"), [FlawKind::SingleBrace]);
        assert_eq!(one("Bearer ${API_KEY}"), [FlawKind::ShellReference]);
        assert_eq!(
            kinds("{type: BearerAuthenticator, api_token: \"Bearer {{ config['a'] }}\"}"),
            [FlawKind::Scheme { component: "BearerAuthenticator".into(), scheme: "Bearer".into() }]
        );
        assert_eq!(kinds("description: '{{ api_key }}'"), []);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "[a-z{}%'\"|.,=() é]{0,60}") {
            template(&text);
            plain(&text, "/authenticator");
        }
    }
}
