//! Where in a JSON document a byte stands, told while the document passes by.

/// Deeper levels are not told.
const DEEPEST: usize = 64;
/// Longest name that is told.
const LONGEST: usize = 80;

/// Reads JSON as it comes and knows the place it is at. Forgiving: what is no JSON gives a place that means nothing, not an error.
#[derive(Default)]
pub(super) struct Tracker {
    levels: Vec<Level>,
    /// Levels beyond the deepest.
    beyond: usize,
    string: Option<String>,
    escaped: bool,
    /// The string that ended last, where it may turn out to be a name.
    last: Option<String>,
}

enum Level {
    Object(Option<String>),
    Array(usize),
}

impl Tracker {
    /// Takes the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            if let Some(text) = &mut self.string {
                // Long strings are passed over.
                if !self.escaped && byte != b'"' && byte != b'\\' {
                    let length = memchr::memchr2(b'"', b'\\', &bytes[at..]).unwrap_or(bytes.len() - at);
                    if text.len() < LONGEST {
                        text.push_str(&String::from_utf8_lossy(&bytes[at..at + length.min(LONGEST)]));
                    }
                    at += length;
                    continue;
                }
                if self.escaped || byte == b'\\' {
                    self.escaped = !self.escaped && byte == b'\\';
                } else {
                    self.last = self.string.take();
                }
                at += 1;
                continue;
            }
            self.sign(byte);
            at += 1;
        }
    }

    fn sign(&mut self, byte: u8) {
        match byte {
            b'"' => self.string = Some(String::new()),
            b'{' | b'[' if self.levels.len() >= DEEPEST => self.beyond += 1,
            b'{' => self.levels.push(Level::Object(None)),
            b'[' => self.levels.push(Level::Array(0)),
            b'}' | b']' if self.beyond > 0 => self.beyond -= 1,
            b'}' | b']' => {
                self.levels.pop();
            }
            _ if self.beyond > 0 => {}
            b':' => {
                let last = self.last.take();
                if let Some(Level::Object(name)) = self.levels.last_mut() {
                    *name = last;
                }
            }
            b',' => match self.levels.last_mut() {
                Some(Level::Array(index)) => *index += 1,
                Some(Level::Object(name)) => *name = None,
                None => {}
            },
            _ => {}
        }
    }

    /// The place as a JSON pointer (RFC 6901); `shown` decides which names may be told. `None` outside of any value.
    pub(super) fn pointer(&self, shown: impl Fn(&str) -> bool) -> Option<String> {
        let mut pointer = String::new();
        for level in &self.levels {
            match level {
                Level::Object(Some(name)) if shown(name) => {
                    pointer.push('/');
                    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                }
                Level::Object(Some(_)) => pointer.push_str("/‹name›"),
                Level::Object(None) => {}
                Level::Array(index) => {
                    pointer.push('/');
                    pointer.push_str(&index.to_string());
                }
            }
        }
        (!pointer.is_empty()).then_some(pointer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, place: &str) -> Option<String> {
        let mut tracker = Tracker::default();
        // Byte by byte, so that every cut is tried.
        text.as_bytes()[..text.find(place).unwrap()].iter().for_each(|byte| tracker.feed(&[*byte]));
        tracker.pointer(|name| name != "hidden")
    }

    #[test]
    fn places_are_told() {
        let text = r#"{"log": {"entries": [{"a\"}": 1}, {"request": {"headers": [{"name": "x", "value": "HERE"}]}}], "a/b": "THERE", "hidden": ["SECRET"]}}"#;
        assert_eq!(at(text, "HERE").as_deref(), Some("/log/entries/1/request/headers/0/value"));
        assert_eq!(at(text, "THERE").as_deref(), Some("/log/a~1b"));
        assert_eq!(at(text, "SECRET").as_deref(), Some("/log/‹name›/0"));
        assert_eq!(at("}]{\"a\": X", "X").as_deref(), Some("/a"));
        assert_eq!(at("X", "X"), None);
        let deep = format!("{}X", "[".repeat(100_000));
        assert!(at(&deep, "X").unwrap().len() <= 2 * DEEPEST);
    }
}
