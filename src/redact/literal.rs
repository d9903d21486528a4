//! What a template language makes of a value that it reads as a literal.
//!
//! The Airbyte CDK hands the result of a template that is nothing but an expression to Python's `ast.literal_eval` and sends what that
//! returns as text (measured with 7.39.1): `1.10` becomes `1.1`, `0x1F` becomes `31`, `12345678e9012` becomes `inf`.

use std::fmt::Write as _;

/// The text that comes back, where it is another one.
pub(super) fn cast(text: &str) -> Option<String> {
    if text.is_empty() || text.len() > 400 {
        return None;
    }
    let value = quoted(text).or_else(|| number(text))?;
    (value != text).then_some(value)
}

fn quoted(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let inner = text[1..].strip_suffix(quote)?;
    (!inner.contains([quote, '\\', '\n'])).then(|| inner.to_owned())
}

fn number(text: &str) -> Option<String> {
    let (sign, digits) = match text.as_bytes()[0] {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let value = integer(digits).or_else(|| float(digits))?;
    Some(if value == "0" { value } else { format!("{sign}{value}") })
}

/// Python's integers: decimal without leading zeros (all zeros are allowed), `0x`, `0o`, `0b`; single underscores between digits.
fn integer(text: &str) -> Option<String> {
    let (radix, digits) = match text.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => (16, &text[2..]),
        Some("0o") => (8, &text[2..]),
        Some("0b") => (2, &text[2..]),
        _ => (10, text),
    };
    let digits = if radix == 10 {
        without_underscores(digits)?
    } else {
        without_underscores(digits.trim_start_matches('_'))?
    };
    if !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return Some("0".to_owned());
    }
    if radix == 10 {
        return (significant.len() == digits.len()).then(|| significant.to_owned());
    }
    Some(decimal(significant, radix))
}

/// Digits of any radix in decimal: schoolbook, as tokens are longer than any machine integer.
fn decimal(digits: &str, radix: u32) -> String {
    let mut groups: Vec<u64> = vec![0];
    for digit in digits.chars() {
        let mut carry = u64::from(digit.to_digit(radix).unwrap_or_default());
        for group in &mut groups {
            let value = *group * u64::from(radix) + carry;
            *group = value % 1_000_000_000;
            carry = value / 1_000_000_000;
        }
        if carry > 0 {
            groups.push(carry);
        }
    }
    let mut text = groups.last().map(ToString::to_string).unwrap_or_default();
    for group in groups.iter().rev().skip(1) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{group:09}");
    }
    text
}

fn without_underscores(text: &str) -> Option<String> {
    if text.is_empty() || text.starts_with('_') || text.ends_with('_') || text.contains("__") {
        return None;
    }
    Some(text.replace('_', ""))
}

/// Python's floats, as `repr` writes them.
fn float(text: &str) -> Option<String> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (whole, fraction) =
        mantissa.split_once('.').map_or((mantissa, None), |(whole, rest)| (whole, Some(rest)));
    if exponent.is_none() && fraction.is_none() {
        return None;
    }
    let part = |text: &str| if text.is_empty() { Some(String::new()) } else { without_underscores(text) };
    let (whole, fraction) = (part(whole)?, part(fraction.unwrap_or_default())?);
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let exponent = match exponent {
        None => "0".to_owned(),
        Some(exponent) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let sign = if exponent.starts_with('-') { "-" } else { "" };
            format!("{sign}{}", without_underscores(digits)?)
        }
    };
    let digits_only = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits_only(&whole) || !digits_only(&fraction) || !digits_only(exponent.trim_start_matches('-')) {
        return None;
    }
    let value: f64 = format!("{whole}.{fraction}e{exponent}").parse().ok()?;
    Some(representation(value))
}

/// `repr` of a Python float: the shortest digits that read back, with an exponent from 1e16 on and below 1e-4.
fn representation(value: f64) -> String {
    if value.is_infinite() {
        return "inf".to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if value != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    format!("{value:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_as_python_reads_them() {
        // Left: the value. Right: str(ast.literal_eval(value)) of Python 3.11.
        for (value, sent) in [
            ("1.10", "1.1"),
            ("0x1F", "31"),
            ("1e5", "100000.0"),
            ("12345678e9012", "inf"),
            ("007e1", "70.0"),
            ("1_000", "1000"),
            ("00000", "0"),
            ("0b101", "5"),
            ("0o17", "15"),
            ("1e16", "1e+16"),
            ("1e-5", "1e-05"),
            ("0.0001", "0.0001"),
            ("20251123.4710", "20251123.471"),
            ("0x5f3a9c41d2e7b608", "6861968788777580040"),
            ("0xffffffffffffffffffffffffffffffff", "340282366920938463463374607431768211455"),
            ("'abc'", "abc"),
            ("5.", "5.0"),
            (".5", "0.5"),
            ("+7", "7"),
        ] {
            let expected = (value != sent).then(|| sent.to_owned());
            assert_eq!(cast(value), expected, "{value}");
        }
        for value in ["0123", "abc", "1__0", "_1", "1.2.3", "0x", "e5", "12345", "", "-", "1e", "0xzz"] {
            assert_eq!(cast(value), None, "{value}");
        }
    }
}
