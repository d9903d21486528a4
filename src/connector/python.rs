//! Python source as words: enough to see which keys code reads and what a setup script lists. Nothing is run.

/// A word of Python source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// From 1.
    pub(super) line: u32,
    pub(super) kind: TokenKind<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenKind<'a> {
    /// A name, keyword or number.
    Name(&'a str),
    /// A string's content as written between the quotes; `f` strings come as such.
    Text { content: &'a str, formatted: bool },
    /// Any other character.
    Sign(char),
    /// The end of a line outside of brackets.
    End,
}

impl<'a> Token<'a> {
    pub(super) fn name(&self) -> Option<&'a str> {
        match self.kind {
            TokenKind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The content of a plain string.
    pub(super) fn text(&self) -> Option<&'a str> {
        match self.kind {
            TokenKind::Text { content, formatted: false } => Some(content),
            _ => None,
        }
    }

    pub(super) fn is(&self, sign: char) -> bool {
        self.kind == TokenKind::Sign(sign)
    }

    /// The words of the expressions in a formatted string: `options["a"]` of `f'x {options["a"]}'`.
    pub(super) fn expressions(&self) -> Vec<Self> {
        let TokenKind::Text { content, formatted: true } = self.kind else { return Vec::new() };
        let (mut found, mut at) = (Vec::new(), 0);
        while let Some(open) = content[at..].find('{') {
            let start = at + open + 1;
            let inner = &content[start..];
            // `{{` is a brace of the text.
            if inner.starts_with('{') {
                at = start + 1;
                continue;
            }
            let end = inner.find('}').unwrap_or(inner.len());
            let before = count(&content[..start]);
            let moved = |token: Self| Self { line: self.line + before + token.line - 1, ..token };
            found.extend(tokens(&inner[..end]).into_iter().map(moved));
            at = start + end;
        }
        found
    }
}

/// Splits source into words; comments are left out.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut at, mut line, mut open) = (0, 1, 0_usize);
    while let Some(letter) = source[at..].chars().next() {
        let rest = &source[at..];
        let mut push = |kind| found.push(Token { line, kind });
        if let Some((content, length, formatted)) = string(rest) {
            push(TokenKind::Text { content, formatted });
            line += count(&rest[..length]);
            at += length;
            continue;
        }
        let length = match letter {
            '\n' => {
                if open == 0 {
                    push(TokenKind::End);
                }
                line += 1;
                1
            }
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '\\' if rest[1..].starts_with('\n') => {
                line += 1;
                2
            }
            _ if letter.is_whitespace() => letter.len_utf8(),
            _ if letter.is_alphanumeric() || letter == '_' => {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                push(TokenKind::Name(&rest[..end]));
                end
            }
            _ => {
                match letter {
                    '(' | '[' | '{' => open += 1,
                    ')' | ']' | '}' => open = open.saturating_sub(1),
                    _ => {}
                }
                push(TokenKind::Sign(letter));
                letter.len_utf8()
            }
        };
        at += length;
    }
    found
}

fn count(text: &str) -> u32 {
    u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX)
}

/// A string literal at the start of `text`: content, length, and whether it is formatted.
fn string(text: &str) -> Option<(&str, usize, bool)> {
    let prefix = text.find(|c: char| !c.is_ascii_alphabetic())?;
    let letters = text[..prefix].to_ascii_lowercase();
    if !matches!(letters.as_str(), "" | "r" | "b" | "u" | "f" | "rb" | "br" | "fr" | "rf") {
        return None;
    }
    let body = &text[prefix..];
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| body.starts_with(quote))?;
    let inner = &body[quote.len()..];
    let mut at = 0;
    while at < inner.len() {
        let rest = &inner[at..];
        if rest.starts_with(quote) {
            return Some((&inner[..at], prefix + quote.len() * 2 + at, letters.contains('f')));
        }
        let mut letters = rest.chars();
        match letters.next() {
            Some('\\') => at += 1 + letters.next().map_or(0, char::len_utf8),
            // A string that is not closed ends with its line.
            Some('\n') if quote.len() == 1 => break,
            Some(letter) => at += letter.len_utf8(),
            None => break,
        }
    }
    Some((&inner[..at], prefix + quote.len() + at, letters.contains('f')))
}

/// The strings of the value that is assigned to `name`, as a keyword argument or a variable, with their lines: in nested lists and
/// mappings, keys before a colon marked.
pub(super) fn assigned<'a>(tokens: &[Token<'a>], name: &str) -> Option<Vec<(&'a str, u32, bool)>> {
    let start = tokens
        .windows(2)
        .position(|pair| pair[0].name() == Some(name) && pair[1].is('='))
        .map(|at| at + 2)
        .filter(|at| !tokens.get(*at).is_some_and(|token| token.is('=')))?;
    let (mut depth, mut found) = (0_usize, Vec::new());
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match &token.kind {
            TokenKind::Sign('(' | '[' | '{') => depth += 1,
            TokenKind::Sign(')' | ']' | '}' | ',') | TokenKind::End if depth == 0 => break,
            TokenKind::Sign(')' | ']' | '}') => depth -= 1,
            TokenKind::Text { content, .. } => {
                let key = tokens.get(at + 1).is_some_and(|next| next.is(':'));
                found.push((*content, token.line, key));
            }
            TokenKind::Name(word @ ("True" | "False")) if depth == 0 => found.push((word, token.line, false)),
            _ => {}
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_comments_and_lines_are_told_apart() {
        let source = "# options['no']\nx = options[\"a\"] # more\n'''doc\noptions[\"b\"]\n'''\ny = f\"{options['c']}\"\nz = r'\\d' + 'it\\'s'\n";
        let texts: Vec<_> = tokens(source)
            .into_iter()
            .filter_map(|token| match token.kind {
                TokenKind::Text { content, formatted } => Some((content, formatted, token.line)),
                _ => None,
            })
            .collect();
        assert_eq!(
            texts,
            [
                ("a", false, 2),
                ("doc\noptions[\"b\"]\n", false, 3),
                ("{options['c']}", true, 6),
                ("\\d", false, 7),
                ("it\\'s", false, 7)
            ]
        );
    }

    #[test]
    fn the_expressions_of_a_formatted_string_are_read() {
        let names = |source: &str| -> Vec<(String, u32)> {
            let words: Vec<_> = tokens(source).iter().flat_map(Token::expressions).collect();
            words
                .iter()
                .filter_map(|word| Some((word.name().or(word.text())?.to_owned(), word.line)))
                .collect()
        };
        let name = |name: &str, line| (name.to_owned(), line);
        assert_eq!(names(r#"x = f"Bearer {options['a']}""#), [name("options", 1), name("a", 1)]);
        let longer = "\nf\"\"\"{{no}}\n{one!r:>{two}} {three\"\"\"";
        assert_eq!(names(longer), [name("one", 3), name("r", 3), name("two", 3), name("three", 3)]);
        assert_eq!(names("'{plain}'"), []);
    }

    #[test]
    fn keyword_arguments_have_their_strings() {
        let source =
            "setup(\n  package_data={\"\": [\"*.json\", \"*.yaml\"]},\n  include_package_data=True,\n)\n";
        let tokens = tokens(source);
        assert_eq!(
            assigned(&tokens, "package_data").unwrap(),
            [("", 2, true), ("*.json", 2, false), ("*.yaml", 2, false)]
        );
        assert_eq!(assigned(&tokens, "include_package_data").unwrap(), [("True", 3, false)]);
        assert_eq!(assigned(&tokens, "packages"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_source_is_survived(source in "[a-zé'\"\\\\#\n(\\[{}\\]) =rbf]{0,80}") {
            let tokens = tokens(&source);
            assigned(&tokens, "a");
            tokens.iter().flat_map(Token::expressions).count();
        }
    }
}
