//! Lines of a connector's own files, YAML or JSON: keys and templates are to be seen, literal values are judged by the name they stand
//! under.

use crate::model::Text;

use super::policy::is_sensitive_name;
use super::{Redactor, words};

/// Longer names are no names of keys.
const LONGEST: usize = 60;
/// Signs of templates' expressions.
const SIGNS: &str = " .,()[]{}|+-*/%~=!<>:";

impl Redactor {
    /// Redacts a line of a manifest or a spec. Templates that are made of names stay, and so do keys.
    pub fn source(&self, line: &str) -> Text {
        // A config's value that stands here by its text is a secret wherever it stands.
        if self.patterns.find(line.as_bytes()).next().is_some() {
            return self.prose(line);
        }
        let (lead, rest) = line.split_at(line.len() - line.trim_start_matches([' ', '\t', '-']).len());
        let mut shown = Text::shown(lead);
        if rest.starts_with('#') {
            shown.push(self.prose(rest));
            return shown;
        }
        let (key, value) = self.key(rest).unwrap_or(("", rest));
        shown.push_shown(&rest[..rest.len() - value.len()]);
        let (quote, inner, after) = unquoted(value);
        shown.push_shown(quote);
        self.value(key, inner, &mut shown);
        shown.push_shown(after);
        shown
    }

    /// The key of a member and what stands after it, where the key may be shown.
    fn key<'t>(&self, rest: &'t str) -> Option<(&'t str, &'t str)> {
        let (written, after) = rest.split_once(':')?;
        let name = written.trim_matches(['"', '\'']);
        let fits = !name.is_empty()
            && name.len() <= LONGEST
            && (after.is_empty() || after.starts_with(' '))
            && name.chars().all(|c| c.is_alphanumeric() || "_-$".contains(c))
            && self.name(name.trim_start_matches('$')) == name.trim_start_matches('$');
        fits.then(|| (name, after.trim_start()))
    }

    /// Templates and what stands between them.
    fn value(&self, key: &str, value: &str, shown: &mut Text) {
        let mut rest = value;
        while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
            let closing = if rest[start..].starts_with("{{") { "}}" } else { "%}" };
            let Some(length) = rest[start + 2..].find(closing) else { break };
            let end = start + 2 + length;
            self.literal(key, &rest[..start], shown);
            let expression = &rest[start + 2..end];
            if self.is_plain(expression) {
                shown.push_shown(&rest[start..end + 2]);
            } else {
                shown.push(self.prose(&rest[start..end + 2]));
            }
            rest = &rest[end + 2..];
        }
        // `{ config['x'] }` and `{{ config['x'] }`, which were meant as templates.
        let meant = rest.trim_start_matches('{').trim_end_matches('}');
        if rest.starts_with('{') && meant.trim_start().starts_with("config") && self.is_plain(meant) {
            shown.push_shown(rest);
        } else {
            self.literal(key, rest, shown);
        }
    }

    fn literal(&self, key: &str, text: &str, shown: &mut Text) {
        let word = text.trim().trim_end_matches(',');
        // Quotes around a template keep its value a text.
        let quotes = word.chars().all(|sign| "\"'\\".contains(sign));
        if quotes || ["true", "false", "null", "string", "object"].contains(&word) {
            shown.push_shown(text);
        } else if is_sensitive_name(key) && !text.trim_end().ends_with(':') && !is_scheme(text) {
            shown.push(self.named(key, text));
        } else {
            shown.push(self.prose(text));
        }
    }

    /// Made of names, short numbers and signs only.
    fn is_plain(&self, expression: &str) -> bool {
        let mut rest = expression;
        while let Some(letter) = rest.chars().next() {
            let length = if letter == '\'' || letter == '"' {
                // A quote in YAML's quotes is doubled.
                let doubled = rest[1..].starts_with(letter);
                let lead = if doubled { 2 } else { 1 };
                let Some(end) = rest[lead..].find(letter) else { return false };
                let text = &rest[lead..lead + end];
                let name = text.is_empty() || self.name(text) == text;
                let format = text.len() <= 40 && text.chars().all(|c| "%YmdHMSfzsTZ-:._/ ,".contains(c));
                if !name && !format {
                    return false;
                }
                lead + end + lead.min(rest.len() - lead - end)
            } else if letter.is_ascii_digit() {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
                if end > 6 {
                    return false;
                }
                end
            } else if letter.is_alphabetic() || letter == '_' {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                if end > LONGEST || !words::is_name(&rest[..end]) {
                    return false;
                }
                end
            } else if SIGNS.contains(letter) {
                letter.len_utf8()
            } else {
                return false;
            };
            rest = &rest[length..];
        }
        true
    }
}

/// `Bearer ` before a template.
fn is_scheme(text: &str) -> bool {
    super::schemes::is_known(text.trim())
}

/// The opening quote, what stands in it, and the rest with the closing one.
fn unquoted(value: &str) -> (&str, &str, &str) {
    let Some(quote) = value.chars().next().filter(|letter| matches!(letter, '"' | '\'')) else {
        return ("", value, "");
    };
    let body = value.trim_end_matches([',', ' ']);
    if body.len() < 2 || !body.ends_with(quote) {
        return ("", value, "");
    }
    (&value[..1], &value[1..body.len() - 1], &value[body.len() - 1..])
}

#[cfg(test)]
mod tests {
    use super::super::{Key, Known};
    use super::*;
    use crate::model::Reference;

    fn redactor() -> Redactor {
        Redactor::new(Key::from_bytes([7; 32]))
    }

    #[test]
    fn keys_and_templates_stay() {
        for line in [
            "          api_key: 'Bearer {{ config[''api_key''] }}'",
            "  api_token: \"{{ config['credentials']['api_key'] }}\"",
            "      api_token: \"{{ config.get('a', '') if config.b else config['c'] | string }}\"",
            "    header_name: Authorization",
            "\"api_token\": \"{{ config['api_key'] }}\",",
            "  - type: BearerAuthenticator",
            "      airbyte_secret: true",
            "    required:",
            "    - api_key",
            "+",
            "  api_token: \"{ config['api_key'] }\"",
            "  api_token: \"{{ config['api_key'] }\"",
            "    type: object",
            "    $schema: \"http://json-schema.org/draft-07/schema#\"",
            "  url_base: https://api.example.com/v1",
            "    step: \"P{{ config.get('days', 30) }}D\"",
        ] {
            assert_eq!(redactor().source(line).as_shown(), Some(line), "{line}");
        }
    }

    #[test]
    fn literal_secrets_are_hidden() {
        for line in [
            "api_token: sk_live_4eC39HqLyjWDarjtT1zdp7dc",
            "  api_token: 'Bearer a8Kd93kLq0a8Kd93kLq0'",
            "  password: hunter2",
            "  api_token: \"{{ 'a8Kd93kLq0a8Kd93kLq0' }}\"",
            "  x: \"{{ a8Kd93kLq0a8Kd93kLq0a8Kd93kLq0 }}\"",
            "# the key is a8Kd93kLq0a8Kd93kLq0",
            "Authorization: Bearer a8Kd93kLq0a8Kd93kLq0",
            "authenticator: {type: BearerAuthenticator, api_token: a8Kd93kLq0a8Kd93kLq0}",
        ] {
            let text = redactor().source(line).to_string();
            assert!(
                !text.contains("a8Kd93") && !text.contains("hunter2") && !text.contains("4eC39"),
                "{text}"
            );
        }
        let mut redactor = redactor();
        redactor.refer(Reference::Config("/key".into()), "the_secret_name", Known::Secret);
        let text = redactor.source("  x: \"{{ config['the_secret_name'] }}\"").to_string();
        assert!(!text.contains("the_secret_name"), "{text}");
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_survived(line in "[a-z{}%'\": ,#é-]{0,60}") {
            redactor().source(&line);
        }
    }
}
