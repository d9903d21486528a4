//! Secrets that have a form of their own without a vendor's prefix: private keys, and users with passwords in URLs.

use std::ops::Range;

use super::text::{self, Look};

/// One of them.
pub(super) struct Hit {
    pub(super) rule: &'static str,
    pub(super) what: &'static str,
    pub(super) range: Range<usize>,
}

/// Longest private key in PEM that is told from its head to its end.
const LONGEST_KEY: usize = 16 << 10;
/// Shortest line of a key's base64, but for its last.
const SHORTEST_LINE: usize = 40;
/// Longest user information of a URL.
const LONGEST_USER: usize = 256;

/// Finds them in a text.
pub(super) fn find(text: &[u8], found: &mut Vec<Hit>) {
    for start in memchr::memmem::find_iter(text, b"-----BEGIN ") {
        found.extend(private_key(text, start));
    }
    for start in memchr::memmem::find_iter(text, b"PuTTY-User-Key-File-") {
        let rest = &text[start..(start + LONGEST_KEY).min(text.len())];
        if memchr::memmem::find(rest, b"Private-Lines:").is_some_and(|lines| holds_key(&rest[lines..])) {
            found.push(Hit { rule: "private-key", what: "private key (PuTTY)", range: start..start + 20 });
        }
    }
    for sign in memchr::memmem::find_iter(text, b"://") {
        found.extend(user_information(text, sign));
    }
}

/// RFC 7468: `-----BEGIN RSA PRIVATE KEY-----`, and base64 after it. A head without content is documentation.
fn private_key(text: &[u8], start: usize) -> Option<Hit> {
    let rest = &text[start + 11..(start + LONGEST_KEY).min(text.len())];
    let label = &rest[..memchr::memmem::find(&rest[..rest.len().min(64)], b"-----")?];
    if !label.ends_with(b"PRIVATE KEY") && !label.ends_with(b"PRIVATE KEY BLOCK") {
        return None;
    }
    let body = &rest[label.len() + 5..];
    let body = &body[..memchr::memmem::find(body, b"-----").unwrap_or(body.len())];
    holds_key(body).then(|| Hit {
        rule: "private-key",
        what: "private key (PEM)",
        range: start..start + 11 + label.len() + 5 + body.len(),
    })
}

/// A line of base64, in disorder: what stands after such a head in code and in documentation has none.
fn holds_key(body: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    let lines = body.split(|byte| !is_letter(byte));
    let Some(line) = lines.max_by_key(|line| line.len()).filter(|line| line.len() >= SHORTEST_LINE) else {
        return false;
    };
    let count = |kind: fn(&u8) -> bool| line.iter().filter(|byte| kind(byte)).count();
    count(u8::is_ascii_uppercase) >= 4
        && count(u8::is_ascii_lowercase) >= 4
        && count(u8::is_ascii_digit) >= 2
        && text::entropy(line) >= 4.0
}

/// Hosts that RFC 2606 keeps for documentation and tests, and words that stand for a host.
fn is_made_up_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let reserved = ["example.com", "example.org", "example.net", "example", "test", "invalid"];
    ["host", "hostname"].contains(&host.as_str())
        || reserved
            .iter()
            .any(|name| host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

/// `scheme://user:password@host`.
fn user_information(text: &[u8], sign: usize) -> Option<Hit> {
    let start = sign + 3;
    if !text[..sign].last().is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let rest = &text[start..(start + LONGEST_USER).min(text.len())];
    let end =
        rest.iter().position(|byte| byte.is_ascii_whitespace() || b"/?#\"'<>`\\,;|(){}[]".contains(byte));
    let authority = std::str::from_utf8(&rest[..end.unwrap_or(rest.len())]).ok()?;
    let (user_information, host) = authority.rsplit_once('@')?;
    let (user, password) = user_information.split_once(':').unwrap_or(("", user_information));
    let made_up_host = is_made_up_host(host.split(':').next().unwrap_or(host));
    // In blanks written as `%20` it is words.
    let look = text::look(&percent_encoding::percent_decode_str(password).decode_utf8_lossy());
    let enough = match look {
        Look::Harmless => false,
        Look::Words => {
            !user.is_empty()
                && user != password
                && !made_up_host
                && password.len() >= 5
                && !text::is_made_up_words(password)
        }
        Look::Mixed => !user.is_empty() && !made_up_host,
        Look::Random => true,
    };
    (enough && !host.is_empty()).then(|| Hit {
        rule: "url-credentials",
        what: "user and password in a URL",
        range: start..start + user_information.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<&'static str> {
        let mut found = Vec::new();
        find(text.as_bytes(), &mut found);
        found.into_iter().map(|hit| hit.rule).collect()
    }

    #[test]
    fn keys_and_users_are_found() {
        let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
        let key = format!("-----BEGIN {} KEY-----\n{body}\n{body}\n-----END {0} KEY-----\n", "PRIVATE");
        assert_eq!(rules(&key), ["private-key"]);
        assert_eq!(rules(&key.replace('\n', "\\n")), ["private-key"]);
        assert_eq!(rules(&key.replace('\n', "")), ["private-key"]);
        let putty = format!("{}User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n{body}\n", "PuTTY-");
        assert_eq!(rules(&putty), ["private-key"]);
        assert!(rules(&format!("-----BEGIN {} KEY-----", "PRIVATE")).is_empty());
        let code = format!(
            "\"-----BEGIN {} KEY-----\" => read_private_key(&text[START_OF_BODY..], Encoding::Base64Standard), // and so on\n",
            "PRIVATE"
        );
        assert!(rules(&code.repeat(3)).is_empty());
        assert!(
            rules(&format!("find({:?}) && find(\"Private-Lines:\")", ["PuTTY-", "User-Key-File-"].concat()))
                .is_empty()
        );
        assert!(rules(&format!("-----BEGIN {} KEY-----\n{body}", "PUBLIC")).is_empty());
        assert_eq!(rules("postgres://svc:hunter2xx9@db.acme.io:5432/x"), ["url-credentials"]);
        assert_eq!(rules("\"https://svc:umbrella@api.acme.io/\""), ["url-credentials"]);
        for text in [
            "http://user:pass@host/",
            "https://user:password@example.com",
            "https://svc:{password}@h/",
            "https://svc:${PASSWORD}@h/",
            "https://git@github.com/x/y",
            "http://me:p%40ss-9@proxy.example.com:3128/",
            "postgres://postgres:postgres@localhost/x",
            "https://api.acme.io/a@b:c",
            "https://jo%40mail.io:a%20secret@acme.io/",
        ] {
            assert!(rules(text).is_empty(), "{text}");
        }
    }
}
