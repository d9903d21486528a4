//! Values that the program, which an import comes from, has hidden itself. What a mask stands for is not known: on the wire stood
//! something else.

use crate::model::Class;

use super::placeholder::placeholder;

/// What exporters put in the place of a secret, in lower case: Airbyte's Builder puts `****` wherever its letters occur; Sentry, Charles
/// and others put a word in brackets.
const MARKS: [&str; 11] = [
    "***",
    "•••",
    "%2a%2a%2a",
    "[filtered]",
    "[redacted]",
    "<redacted>",
    "(redacted)",
    "[masked]",
    "[hidden]",
    "[removed]",
    "[secret]",
];

/// True for a value of an import in which something is hidden.
pub(super) fn is_withheld(text: &str) -> bool {
    if matches!(placeholder(text), Some(Class::Mask(_))) {
        return true;
    }
    // Longer texts are no single values; what is masked in them is found word by word.
    text.len() <= 4096 && {
        let text = text.to_ascii_lowercase();
        MARKS.iter().any(|mark| text.contains(mark))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exporters_put_in_the_place_of_a_secret() {
        for text in
            ["****", "pa****ition", "[Filtered]", "REDACTED", "<redacted>", "a%2A%2A%2A%2Ab", "••••••"]
        {
            assert!(is_withheld(text), "{text}");
        }
        for text in ["", "*/*", "None", "{{ config['api_key'] }}", "redacted_at", "${API_KEY}", "a**b"] {
            assert!(!is_withheld(text), "{text}");
        }
    }
}
