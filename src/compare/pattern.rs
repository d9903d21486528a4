//! Patterns of reviewed expectations: text in which `*` stands for any characters but those that part a place from another.

use std::fmt;

/// A text to be matched as a whole. `*` is anything but `/`, `[` and `]`, `**` is anything at all, `\*` is a star.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    written: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// Within one name.
    Star,
    /// Across names.
    Stars,
}

impl Pattern {
    /// Reads a pattern. Every text is one.
    pub fn new(written: &str) -> Self {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut rest = written.chars().peekable();
        while let Some(letter) = rest.next() {
            match letter {
                '\\' if rest.peek().is_some_and(|next| matches!(next, '*' | '\\')) => {
                    text.extend(rest.next());
                }
                '*' => {
                    if !text.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut text)));
                    }
                    parts.push(if rest.next_if_eq(&'*').is_some() { Part::Stars } else { Part::Star });
                }
                _ => text.push(letter),
            }
        }
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        Self { written: written.to_owned(), parts }
    }

    /// True where it matches one text only.
    pub fn is_exact(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Text(_)))
    }

    /// Whether a text matches.
    pub fn matches(&self, text: &str) -> bool {
        matches(&self.parts, text)
    }
}

/// As it was written.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// Linear in the text for each part, whatever the pattern.
fn matches(parts: &[Part], text: &str) -> bool {
    // All places of the text that the parts so far can lead to.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for part in parts {
        let mut next = vec![false; text.len() + 1];
        match part {
            Part::Text(wanted) => {
                for at in (0..=text.len()).filter(|at| reached[*at] && text.is_char_boundary(*at)) {
                    if text[at..].starts_with(wanted.as_str()) {
                        next[at + wanted.len()] = true;
                    }
                }
            }
            Part::Star | Part::Stars => {
                let mut open = false;
                for at in 0..=text.len() {
                    let stop = *part == Part::Star
                        && at > 0
                        && matches!(text.as_bytes()[at - 1], b'/' | b'[' | b']');
                    open = reached[at] || (open && !stop);
                    next[at] = open;
                }
            }
        }
        reached = next;
    }
    reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stay_within_a_name_unless_there_are_two() {
        for (pattern, text, expected) in [
            ("request.field[x-tenant]", "request.field[x-tenant]", true),
            ("request.field[x-tenant]", "request.field[x-tenants]", false),
            ("request.field[x-*]", "request.field[x-tenant]", true),
            ("request.field[x-*]", "request.field[x-tenant].token", false),
            ("request.*", "request.field[x-tenant]", false),
            ("request.**", "request.field[x-tenant]", true),
            ("request.body/items/*/id", "request.body/items/3/id", true),
            ("request.body/items/*/id", "request.body/items/3/other/id", false),
            ("request.body/**/id", "request.body/items/3/other/id", true),
            ("*.example.com", "api.eu.example.com", true),
            ("request.query[filter\\*]", "request.query[filter*]", true),
            ("request.query[filter\\*]", "request.query[filters]", false),
            ("", "", true),
            ("*", "", true),
            ("é*", "éa", true),
            ("*é", "aé", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} on {text}");
        }
        assert!(Pattern::new("a\\*b").is_exact() && !Pattern::new("a*b").is_exact());
    }

    proptest::proptest! {
        #[test]
        fn a_text_without_stars_matches_itself_alone(text in "[^*\\\\]{0,20}", other in "[^*\\\\]{0,20}") {
            let pattern = Pattern::new(&text);
            proptest::prop_assert!(pattern.is_exact() && pattern.matches(&text));
            proptest::prop_assert_eq!(pattern.matches(&other), text == other);
            proptest::prop_assert!(Pattern::new("**").matches(&text));
        }
    }
}
