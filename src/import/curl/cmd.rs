//! Words as Windows' command prompt has them, `^` escapes included: what browsers give as "Copy as cURL (cmd)".

/// True for text that was written for the command prompt.
pub(super) fn is_cmd(text: &str) -> bool {
    text.contains("^\"") || text.contains(" ^\n") || text.contains(" ^\r\n")
}

/// The commands of a text, each as its words.
pub(super) fn commands(text: &str) -> Vec<Vec<String>> {
    lines(text).iter().map(|line| words(line)).filter(|words| !words.is_empty()).collect()
}

/// The prompt's own reading: carets undone, `&` and line ends outside of quotes end a command.
fn lines(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    let mut letters = text.chars().peekable();
    let mut lines = vec![String::new()];
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        let Some(line) = lines.last_mut() else { return lines };
        match letter {
            '"' => {
                quoted = !quoted;
                line.push('"');
            }
            '^' if !quoted => match letters.next() {
                // An escaped line end goes on with the next line; an empty line after it is a line end within a value.
                Some('\n') => line.extend(letters.next_if_eq(&'\n')),
                Some(escaped) => line.push(escaped),
                None => {}
            },
            '&' | '\n' if !quoted => lines.push(String::new()),
            other => line.push(other),
        }
    }
    lines
}

/// The program's reading (Microsoft's C runtime): backslashes count only before quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                let mut count = 1;
                while letters.next_if_eq(&'\\').is_some() {
                    count += 1;
                }
                let before_quote = letters.peek() == Some(&'"');
                let kept = if before_quote { count / 2 } else { count };
                let word = word.get_or_insert_default();
                word.extend(std::iter::repeat_n('\\', kept));
                if before_quote && count % 2 == 1 {
                    letters.next();
                    word.push('"');
                }
            }
            '"' if quoted && letters.next_if_eq(&'"').is_some() => word.get_or_insert_default().push('"'),
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' | '\t' | '\n' if !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_as_the_command_prompt_has_them() {
        let text = "curl ^\"https://api.example.com/v1/lots?a=1^&b=2^\" ^\r\n  -H ^\"accept: */*^\" ^\r\n  --data-raw ^\"^{^\\^\"a^\\^\":1^}^\"";
        assert!(is_cmd(text));
        assert_eq!(
            commands(text),
            [[
                "curl",
                "https://api.example.com/v1/lots?a=1&b=2",
                "-H",
                "accept: */*",
                "--data-raw",
                "{\"a\":1}"
            ]]
        );
    }

    #[test]
    fn several_commands_and_older_quotes() {
        let text = "curl \"https://a.example/?x=1&y=2\" -H \"a: \"\"b\"\"\" ^\n --compressed &\ncurl ^\"b^\"";
        assert_eq!(commands(text).len(), 2);
        assert_eq!(commands(text)[0][1], "https://a.example/?x=1&y=2");
        assert_eq!(commands(text)[0][3], "a: \"b\"");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "[a-z\"^\\\\&\n\r é]{0,80}") {
            commands(&text);
        }
    }
}
