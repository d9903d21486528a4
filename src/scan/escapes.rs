//! A text without its escapes: percent, JSON's and HTML's, quoted-printable, however often one is put over the other.

use std::ops::Range;

/// The text, and where its parts came from.
pub(super) struct Unescaped {
    /// Without escapes.
    pub(super) text: Vec<u8>,
    /// From this place of `text` on, places lie so far behind in the original.
    shifts: Vec<(usize, usize)>,
}

impl Unescaped {
    /// `None` where there is nothing to undo.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        let mut places = escapes(text);
        let first = places.next()?;
        let mut undone = Self { text: Vec::with_capacity(text.len()), shifts: Vec::new() };
        undone.text.extend_from_slice(&text[..first]);
        let mut at = first;
        let mut letters = [0; 4];
        while at < text.len() {
            let (length, letter) = match text[at] {
                b'%' => percent(&text[at..]),
                b'\\' => backslash(&text[at..]),
                b'&' => entity(&text[at..]),
                b'=' => printable(&text[at..]),
                _ => None,
            }
            .unwrap_or((1, Letter::Byte(text[at])));
            match letter {
                Letter::Byte(byte) => undone.text.push(byte),
                Letter::Char(letter) => {
                    undone.text.extend_from_slice(letter.encode_utf8(&mut letters).as_bytes());
                }
                Letter::Nothing => {}
            }
            at += length;
            if length > 1 {
                undone.shifts.push((undone.text.len(), at));
            }
            let next = places.find(|place| *place >= at).unwrap_or(text.len());
            undone.text.extend_from_slice(&text[at..next]);
            at = next;
        }
        (!undone.shifts.is_empty()).then_some(undone)
    }

    /// Where a part of the text stands in the original.
    pub(super) fn original(&self, range: &Range<usize>) -> Range<usize> {
        let place = |at: usize| match self.shifts.partition_point(|(from, _)| *from <= at).checked_sub(1) {
            None => at,
            Some(before) => {
                let (from, original) = self.shifts[before];
                original + (at - from)
            }
        };
        let start = place(range.start);
        start..place(range.end).max(start)
    }
}

enum Letter {
    Byte(u8),
    Char(char),
    Nothing,
}

/// Places where an escape may begin.
fn escapes(text: &[u8]) -> impl Iterator<Item = usize> {
    let mut others = memchr::memchr3_iter(b'%', b'\\', b'&', text).peekable();
    // `=` begins quoted-printable's escapes, two capital digits or the end of a line after it.
    let mut printable =
        memchr::memchr_iter(b'=', text).filter(|at| printable(&text[*at..]).is_some()).peekable();
    std::iter::from_fn(move || match (others.peek(), printable.peek()) {
        (Some(other), Some(equals)) if equals < other => printable.next(),
        (Some(_), _) => others.next(),
        (None, _) => printable.next(),
    })
}

fn hex(digits: &[u8]) -> Option<u32> {
    let digits =
        std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

/// `%41`, and `%252541` for it.
fn percent(text: &[u8]) -> Option<(usize, Letter)> {
    let mut at = 1;
    while text[at..].starts_with(b"25") {
        at += 2;
    }
    let code = text.get(at..at + 2).and_then(hex);
    match code.and_then(|code| u8::try_from(code).ok()) {
        Some(byte) => Some((at + 2, Letter::Byte(byte))),
        None if at > 1 => Some((at, Letter::Byte(b'%'))),
        None => None,
    }
}

/// `\"`, `\n`, `\u0041`, `\x41`, with any number of backslashes.
fn backslash(text: &[u8]) -> Option<(usize, Letter)> {
    let at = text.iter().take_while(|byte| **byte == b'\\').count();
    let letter = match text.get(at)? {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' | b'f' => b' ',
        b'u' => {
            let unit = text.get(at + 1..at + 5).and_then(hex)?;
            if (0xd800..0xdc00).contains(&unit)
                && let Some(low) = low_surrogate(&text[at + 5..])
            {
                let code = 0x10000 + ((unit - 0xd800) << 10) + (low.1 - 0xdc00);
                return char::from_u32(code).map(|letter| (at + 5 + low.0, Letter::Char(letter)));
            }
            return char::from_u32(unit).map(|letter| (at + 5, Letter::Char(letter)));
        }
        b'x' => {
            let byte = text.get(at + 1..at + 3).and_then(hex).and_then(|code| u8::try_from(code).ok())?;
            return Some((at + 3, Letter::Byte(byte)));
        }
        b'\n' => return Some((at + 1, Letter::Nothing)),
        other => *other,
    };
    Some((at + 1, Letter::Byte(letter)))
}

fn low_surrogate(text: &[u8]) -> Option<(usize, u32)> {
    let at = text.iter().take_while(|byte| **byte == b'\\').count();
    if at == 0 || text.get(at) != Some(&b'u') {
        return None;
    }
    let unit = text.get(at + 1..at + 5).and_then(hex)?;
    (0xdc00..0xe000).contains(&unit).then_some((at + 5, unit))
}

/// `&amp;`, `&#39;`, `&#x27;`, and `&amp;amp;` for it.
fn entity(text: &[u8]) -> Option<(usize, Letter)> {
    let mut at = 1;
    while text[at..].starts_with(b"amp;") {
        at += 4;
    }
    let rest = &text[at..];
    let named = [
        ("lt;", '<'),
        ("gt;", '>'),
        ("quot;", '"'),
        ("apos;", '\''),
        ("nbsp;", ' '),
        ("sol;", '/'),
        ("equals;", '='),
    ];
    for (name, letter) in named {
        if rest.starts_with(name.as_bytes()) {
            return Some((at + name.len(), Letter::Char(letter)));
        }
    }
    let number = || {
        let rest = rest.strip_prefix(b"#")?;
        let end = rest.iter().take(8).position(|byte| *byte == b';')?;
        let digits = std::str::from_utf8(&rest[..end]).ok()?;
        let code = match digits.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => digits.parse().ok()?,
        };
        Some((at + 1 + end + 1, Letter::Char(char::from_u32(code)?)))
    };
    number().or((at > 1).then_some((at, Letter::Byte(b'&'))))
}

/// RFC 2045, section 6.7: `=3D`, and a line that goes on.
fn printable(text: &[u8]) -> Option<(usize, Letter)> {
    if text.get(1) == Some(&b'\n') {
        return Some((2, Letter::Nothing));
    }
    if text.get(1..3) == Some(b"\r\n") {
        return Some((3, Letter::Nothing));
    }
    // The escapes that every such text has; others are as likely part of a value.
    (text.get(1..3) == Some(b"3D")).then_some((3, Letter::Byte(b'=')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_at_any_depth() {
        for (text, expected) in [
            ("a%2Fb%3d", "a/b="),
            ("%25252525252541", "A"),
            ("100% sure", ""),
            (r#"{\"a\":\"b\"}"#, "{\"a\":\"b\"}"),
            (r#"{\\\\\\\"a\\\\\\\":1}"#, "{\"a\":1}"),
            (r"\u0041\x42\/\n", "AB/\n"),
            (r"\ud83d\ude00", "😀"),
            ("&lt;a&gt; &amp;amp;quot; &#39;&#x27;", "<a> \" ''"),
            ("a=3Db=\r\nc", "a=bc"),
            ("plain", ""),
            ("R&D", ""),
        ] {
            let undone = Unescaped::of(text.as_bytes()).map(|undone| String::from_utf8(undone.text).unwrap());
            assert_eq!(undone.unwrap_or_default(), expected, "{text}");
        }
    }

    #[test]
    fn places_are_told_in_the_original() {
        let text = b"ab%2Fcd%2Fef";
        let undone = Unescaped::of(text).unwrap();
        assert_eq!(undone.text, b"ab/cd/ef");
        assert_eq!(undone.original(&(0..2)), 0..2);
        assert_eq!(&text[undone.original(&(3..5))], b"cd");
        assert_eq!(&text[undone.original(&(6..8))], b"ef");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "[%\\\\&=a-f0-9ux;#{}\" \n]{0,60}") {
            if let Some(undone) = Unescaped::of(text.as_bytes()) {
                let whole = undone.original(&(0..undone.text.len()));
                assert!(whole.end <= text.len());
            }
        }
    }
}
