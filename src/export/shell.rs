//! Words that a POSIX shell reads back as they are.

use std::fmt::Write as _;

use crate::report::inert;

use super::call::{Part, Value};
use super::names::Names;

/// The variables that must be there, with what they are: a shell stops at the first that is not.
pub(super) fn opening(names: &Names) -> String {
    let mut out = String::new();
    for variable in names.variables() {
        // Within the braces a quote, a backslash or a brace would not be text.
        let what: String =
            inert(&variable.what).chars().filter(|letter| !"'\"\\`$}{".contains(*letter)).collect();
        let _ = writeln!(out, ": \"${{{}:?fill in {what}}}\"", variable.name);
    }
    if out.is_empty() { out } else { format!("# What the capture does not hold; set these first.\n{out}") }
}

/// One word.
pub(super) fn word(value: &[Part]) -> String {
    let mut out = String::new();
    for part in value {
        match part {
            Part::Text(text) => out.push_str(&quoted(text)),
            Part::Variable(name) => {
                let _ = write!(out, "\"${{{name}}}\"");
            }
        }
    }
    if out.is_empty() { "''".to_owned() } else { out }
}

/// One word of text, and then a value.
pub(super) fn word_after(text: &str, value: &Value) -> String {
    let mut whole = vec![Part::Text(text.to_owned())];
    for part in value {
        match (whole.last_mut(), part) {
            (Some(Part::Text(last)), Part::Text(more)) => last.push_str(more),
            _ => whole.push(part.clone()),
        }
    }
    word(&whole)
}

/// Text in single quotes, where it needs them; as `$'...'`, which bash and zsh read, where it holds what no terminal should see.
pub(super) fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    if text.split(['\n', '\t']).all(|part| inert(part) == part) {
        return format!("'{}'", text.replace('\'', "'\\''"));
    }
    let mut out = String::from("$'");
    for letter in text.chars() {
        let _ = match letter {
            '\'' | '\\' => write!(out, "\\{letter}"),
            ' '..='~' => write!(out, "{letter}"),
            letter => {
                letter.encode_utf8(&mut [0; 4]).bytes().try_for_each(|byte| write!(out, "\\x{byte:02x}"))
            }
        };
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes() {
        assert_eq!(quoted("https://x/a?b=c"), "'https://x/a?b=c'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted("plain"), "plain");
        let value = vec![Part::Text("Bearer ".into()), Part::Variable("KEY".into())];
        assert_eq!(word_after("Authorization: ", &value), "'Authorization: Bearer '\"${KEY}\"");
        assert_eq!(word(&[]), "''");
        assert_eq!(quoted("a'\u{1b}[2J\u{202e}"), r"$'a\'\x1b[2J\xe2\x80\xae'");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn a_shell_reads_the_text_back(text in "[ -~é\n\t]{0,40}") {
            let script = format!("printf %s {}", quoted(&text));
            let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
            prop_assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
        }
    }
}
