//! Words as a POSIX shell, bash or PowerShell's `curl.exe` lines have them. What the shell would put in is not known: `$API_KEY` stands
//! for a value that is there, and hidden.

use super::super::ContentError;

/// What stands for a value that the shell would have put in.
const PUT_IN: &str = "****";

/// The commands of a text, each as its words.
pub(super) fn commands(text: &str) -> Result<Vec<Vec<String>>, ContentError> {
    let mut reader = Reader { rest: text, commands: vec![Vec::new()], word: None };
    while let Some(letter) = reader.next() {
        match letter {
            ' ' | '\t' | '\r' => reader.end_word(),
            '\n' | ';' | '&' | '|' => reader.end_command(),
            '#' if reader.word.is_none() => reader.skip_line(),
            '\'' => reader.single()?,
            '"' => reader.double()?,
            '$' if reader.rest.starts_with('\'') => reader.ansi()?,
            // `$ curl ...`: a prompt.
            '$' if reader.is_prompt() => {}
            '$' => reader.put_in(),
            // A line goes on, in PowerShell's spelling too.
            '\\' | '`' if reader.goes_on() => {}
            '\\' => {
                let next = reader.next();
                reader.word().extend(next);
            }
            '`' => reader.substitute('`'),
            other => reader.word().push(other),
        }
    }
    reader.end_command();
    reader.commands.retain(|words| !words.is_empty());
    Ok(reader.commands)
}

struct Reader<'t> {
    rest: &'t str,
    commands: Vec<Vec<String>>,
    word: Option<String>,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let letter = self.rest.chars().next()?;
        self.rest = &self.rest[letter.len_utf8()..];
        Some(letter)
    }

    fn word(&mut self) -> &mut String {
        self.word.get_or_insert_default()
    }

    fn end_word(&mut self) {
        if let (Some(word), Some(words)) = (self.word.take(), self.commands.last_mut()) {
            words.push(word);
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        if self.commands.last().is_some_and(|words| !words.is_empty()) {
            self.commands.push(Vec::new());
        }
    }

    fn skip_line(&mut self) {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        self.rest = &self.rest[end..];
    }

    /// A line end follows, and is no end of the command.
    fn goes_on(&mut self) -> bool {
        let rest = self.rest.strip_prefix('\r').unwrap_or(self.rest);
        match rest.strip_prefix('\n') {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn is_prompt(&self) -> bool {
        self.word.is_none() && self.rest.starts_with(' ') && self.commands.last().is_none_or(Vec::is_empty)
    }

    fn unclosed(&self) -> ContentError {
        let at = self
            .commands
            .iter()
            .filter(|words| words.first().is_some_and(|word| word.ends_with("curl")))
            .count();
        ContentError::value(format!("command {}", at.max(1)), "a quote is not closed")
    }

    fn single(&mut self) -> Result<(), ContentError> {
        let end = self.rest.find('\'').ok_or_else(|| self.unclosed())?;
        let (inside, after) = (self.rest[..end].to_owned(), &self.rest[end + 1..]);
        self.rest = after;
        self.word().push_str(&inside);
        Ok(())
    }

    fn double(&mut self) -> Result<(), ContentError> {
        self.word();
        loop {
            match self.next().ok_or_else(|| self.unclosed())? {
                '"' => return Ok(()),
                '\\' => match self.next().ok_or_else(|| self.unclosed())? {
                    '\n' => {}
                    letter @ ('"' | '\\' | '$' | '`') => self.word().push(letter),
                    letter => {
                        self.word().push('\\');
                        self.word().push(letter);
                    }
                },
                '$' => self.put_in(),
                '`' => self.substitute('`'),
                letter => self.word().push(letter),
            }
        }
    }

    /// `$'...'`, in which bash knows escapes.
    fn ansi(&mut self) -> Result<(), ContentError> {
        self.next();
        self.word();
        loop {
            let letter = match self.next().ok_or_else(|| self.unclosed())? {
                '\'' => return Ok(()),
                '\\' => match self.next().ok_or_else(|| self.unclosed())? {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'a' => '\u{7}',
                    'b' => '\u{8}',
                    'e' | 'E' => '\u{1b}',
                    'f' => '\u{c}',
                    'v' => '\u{b}',
                    'x' => self.digits(16, 2),
                    'u' => self.digits(16, 4),
                    'U' => self.digits(16, 8),
                    digit @ '0'..='7' => {
                        let more = self.rest.chars().take(2).take_while(|letter| letter.is_digit(8)).count();
                        let octal = format!("{digit}{}", &self.rest[..more]);
                        self.rest = &self.rest[more..];
                        u32::from_str_radix(&octal, 8).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')
                    }
                    other => other,
                },
                other => other,
            };
            self.word().push(letter);
        }
    }

    fn digits(&mut self, radix: u32, most: usize) -> char {
        let length = self.rest.chars().take(most).take_while(|letter| letter.is_digit(radix)).count();
        let (digits, rest) = self.rest.split_at(length);
        let code = u32::from_str_radix(digits, radix).unwrap_or(0);
        self.rest = rest;
        char::from_u32(code).unwrap_or('\u{fffd}')
    }

    /// `$NAME`, `${NAME}`, `$(command)`; a dollar before anything else is one.
    fn put_in(&mut self) {
        let rest = self.rest;
        match rest.chars().next() {
            Some('{') => self.substitute('}'),
            Some('(') => self.substitute(')'),
            Some(letter) if letter.is_ascii_alphabetic() || letter == '_' => {
                let end = rest
                    .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
                    .unwrap_or(rest.len());
                self.rest = &rest[end..];
                self.word().push_str(PUT_IN);
            }
            _ => self.word().push('$'),
        }
    }

    /// Up to the closing sign; without one it is text.
    fn substitute(&mut self, closing: char) {
        match self.rest.find(closing) {
            Some(end) => {
                self.rest = &self.rest[end + closing.len_utf8()..];
                self.word().push_str(PUT_IN);
            }
            None => self.word().push(closing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        commands(text).unwrap().concat()
    }

    #[test]
    fn words_as_the_shell_has_them() {
        assert_eq!(words(r#"curl -H 'A: b c' "x\"y" z\ w"#), ["curl", "-H", "A: b c", "x\"y", "z w"]);
        assert_eq!(words(r"curl $'a\n\'b\x41\u00e9'"), ["curl", "a\n'bAé"]);
        assert_eq!(words("curl 'a'\\''b' \\\n  c"), ["curl", "a'b", "c"]);
        assert_eq!(words(r#"curl "Bearer $TOKEN" ${X}y '$Z'"#), ["curl", "Bearer ****", "****y", "$Z"]);
        assert_eq!(commands("$ curl a ;\ncurl b\n# c\n\ncurl d &").unwrap().len(), 3);
        assert!(commands("curl 'a").is_err());
        assert!(commands("curl \"a").is_err());
        assert_eq!(words("curl ''"), ["curl", ""]);
        assert_eq!(words(r"curl $'\101\0'"), ["curl", "A\0"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "[a-z'\"$\\\\`{}()\n;&#é 0-9x]{0,80}") {
            let _ = commands(&text);
        }
    }
}
