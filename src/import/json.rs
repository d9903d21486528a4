//! What serde says of JSON that is not as it should be, without the value that is wrong.

use super::ContentError;

/// An error at a place of its own.
pub(super) fn error(place: &str, error: &serde_json::Error) -> ContentError {
    ContentError::Json {
        place: place.to_owned(),
        line: error.line(),
        column: error.column(),
        reason: reason(error),
    }
}

fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    if error.is_eof() {
        return "it breaks off".to_owned();
    }
    match text.split_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        // Only names of our own members stand in these.
        None if error.is_data()
            && (text.starts_with("missing field") || text.starts_with("duplicate field")) =>
        {
            text.to_owned()
        }
        None if error.is_data() => "a member is not what it should be".to_owned(),
        None => format!("it is not JSON ({text})"),
    }
}
