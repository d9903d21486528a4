//! A secret in an excerpt: its usual form, and what its shape says of its ends, which is where faults sit.

use crate::model::{Blank, Piece, Secret, Text};

/// Text with its secrets.
pub(super) fn text(text: &Text) -> String {
    text.pieces
        .iter()
        .map(|piece| match piece {
            Piece::Shown(shown) => shown.clone(),
            Piece::Hidden(hidden) => secret(hidden),
        })
        .collect()
}

/// `‹config.api_key 41 chars kQqB.HJfT, ends with a space›`.
pub(super) fn secret(secret: &Secret) -> String {
    let usual = secret.to_string();
    let Some(open) = usual.strip_suffix('›') else { return usual };
    let shape = &secret.shape;
    // An expression over a named value says it by itself.
    if secret.relation.as_ref().is_some_and(|relation| !relation.steps.is_empty()) {
        return usual;
    }
    let facts = [
        shape.leading.map(|blank| format!("begins with {}", blank_in_words(blank))),
        shape.scheme.as_ref().map(|scheme| format!("begins with `{scheme}`")),
        shape.quotes.map(|quote| format!("stands in {quote}{quote}")),
        shape
            .inside
            .filter(|_| shape.scheme.is_none())
            .map(|blank| format!("holds {}", blank_in_words(blank))),
        shape.trailing.map(|blank| format!("ends with {}", blank_in_words(blank))),
    ];
    let said: Vec<String> = std::iter::once(open.to_owned()).chain(facts.into_iter().flatten()).collect();
    format!("{}›", said.join(", "))
}

fn blank_in_words(blank: Blank) -> &'static str {
    match blank {
        Blank::Space => "a space",
        Blank::Tab => "a tab",
        Blank::Newline => "a newline",
        Blank::NoBreakSpace => "a no-break space",
        Blank::ZeroWidth => "an invisible character",
        Blank::Control => "a control character",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::{Class, Fingerprint, Length, Reference, Relation, Shape, Step, Tag};

    fn opaque() -> Secret {
        let shape = Shape {
            length: Length::Exact(41),
            class: Class::Opaque,
            leading: None,
            trailing: Some(Blank::Newline),
            inside: Some(Blank::Space),
            quotes: None,
            scheme: None,
            public_prefix: None,
            envelope: None,
        };
        let fingerprint =
            Fingerprint { exact: Tag(0), forms: BTreeMap::new(), prefixes: Vec::new(), suffixes: Vec::new() };
        Secret { shape, fingerprint, relation: None, credential: true }
    }

    #[test]
    fn the_ends_of_a_value_are_told() {
        let mut one = opaque();
        assert!(secret(&one).ends_with(", holds a space, ends with a newline›"), "{}", secret(&one));
        one.shape.scheme = Some("Bearer".into());
        assert!(secret(&one).ends_with(", begins with `Bearer`, ends with a newline›"));
    }

    #[test]
    fn an_expression_is_not_repeated() {
        let reference = Reference::Config("/api_key".into());
        let steps = vec![Step::Appended("\n".into())];
        let one = Secret { relation: Some(Relation { reference, steps }), ..opaque() };
        assert_eq!(secret(&one), one.to_string());
    }
}
