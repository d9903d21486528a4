//! Values that stand under a name which says that they are secret: `api_key = "..."`, `"token": "..."`, `?sig=...`, `Authorization: ...`,
//! and the pairs of name and value that HAR files are made of.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::names::{Meaning, Meanings};
use super::text::{self, Look};
use super::vendors;

/// Longest name that is looked at.
const LONGEST_NAME: usize = 64;
/// Longest value that is one; a longer one is a document.
const LONGEST: usize = 2048;
/// How far the name of a pair may stand before its value.
const PAIR: usize = 200;

/// A value under a name.
pub(super) struct Hit {
    pub(super) rule: &'static str,
    pub(super) what: &'static str,
    pub(super) range: Range<usize>,
}

/// How name and value stand together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Between quotes, after a quoted name or in a pair: data, not code.
    Data,
    /// Between quotes.
    Quoted,
    /// A parameter of a query or a form.
    Parameter,
    /// A line of a message's head.
    Line,
    /// Up to the next blank.
    Bare,
}

/// The values under sensitive names in a text, from left to right.
pub(super) fn find(text: &[u8], found: &mut Vec<Hit>) {
    let mut end = 0;
    let mut meanings = Meanings::default();
    for sign in memchr::memchr2_iter(b'=', b':', text) {
        if sign < end || text.get(sign + 1).is_none_or(|next| *next == b'/') {
            continue;
        }
        let Some(assignment) = Assignment::at(text, sign, &mut meanings) else { continue };
        if let Some(hit) = assignment.judge(text) {
            end = hit.range.end;
            found.push(hit);
        }
    }
}

struct Assignment<'a> {
    name: &'a str,
    meaning: Meaning,
    value: Range<usize>,
    manner: Manner,
}

impl<'a> Assignment<'a> {
    fn at(text: &'a [u8], sign: usize, meanings: &mut Meanings<'a>) -> Option<Self> {
        let (name, quoted_name, before) = name_before(text, sign)?;
        let meaning = meanings.of(name);
        if meaning == Meaning::Plain {
            return None;
        }
        if is_of_paging(text, sign, name) || before == Some(b'?') && is_of_image(text, sign, name) {
            return None;
        }
        let (value, quoted) = value_after(text, sign, meaning == Meaning::Field)?;
        let length = value.len();
        if !(4..=LONGEST).contains(&length) {
            return None;
        }
        let manner = if quoted && quoted_name {
            Manner::Data
        } else if quoted {
            Manner::Quoted
        } else if text[sign] == b'=' && before.is_some_and(|byte| b"?&;".contains(&byte)) {
            Manner::Parameter
        } else if meaning == Meaning::Field {
            Manner::Line
        } else {
            Manner::Bare
        };
        if meaning == Meaning::Pair {
            let name = (manner == Manner::Data).then(|| pair_name(text, sign, value.end))??;
            return Some(Self { name, meaning: meanings.of(name), value, manner });
        }
        Some(Self { name, meaning, value, manner })
    }

    fn judge(&self, text: &[u8]) -> Option<Hit> {
        let value = std::str::from_utf8(&text[self.value.clone()]).ok()?;
        let (password, strong) = match self.meaning {
            Meaning::Plain | Meaning::Pair => return None,
            Meaning::Field => return self.judge_field(value),
            Meaning::Secret { password, strong } => (password, strong),
        };
        let is_name = match self.manner {
            Manner::Bare => {
                text::is_code_name(value)
                    // `PBKDF2HMAC = kdf.PBKDF2HMAC`
                    || value.rsplit_once('.').is_some_and(|(_, last)| last == self.name)
            }
            _ => !password && !strong && text::is_code_name(value),
        };
        if is_name || self.manner == Manner::Bare && is_code(text.get(self.value.end)) {
            return None;
        }
        let look = text::look(unschemed(value));
        let enough = match look {
            Look::Harmless => false,
            Look::Words => password && matches!(self.manner, Manner::Parameter) && value.len() >= 6,
            Look::Mixed => {
                (password || strong) && !matches!(self.manner, Manner::Bare) && !text::is_uuid(value)
            }
            Look::Random => {
                strong
                    || password
                    || (value.len() >= 20
                        && text::entropy(value.as_bytes()) >= 3.4
                        && !text::is_uuid(value)
                        && !(vendors::is_vendor(self.name) && is_hash(value)))
            }
        };
        let rule = if password { "password" } else { "secret-by-name" };
        enough.then(|| Hit {
            rule,
            what: if password { "password" } else { "value under a name that says it is secret" },
            range: self.value.clone(),
        })
    }

    fn judge_field(&self, value: &str) -> Option<Hit> {
        let name = self.name.to_ascii_lowercase();
        let whole = |rule, what| Some(Hit { rule, what, range: self.value.clone() });
        if name.ends_with("cookie") {
            // In source code `cookie: str = ...` is no field.
            let random = |crumb: &str| {
                crumb.split_once('=').is_some_and(|(name, value)| {
                    !is_attribute(name.trim()) && text::look(value.trim_matches('"')) >= Look::Random
                })
            };
            return if value.split(';').any(|crumb| random(crumb.trim())) {
                whole("cookie", "cookie that may be a session")
            } else {
                None
            };
        }
        let (scheme, rest) = value.split_once(' ').unwrap_or(("", value));
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("basic") {
            let decoded = STANDARD.decode(rest).ok().and_then(|bytes| String::from_utf8(bytes).ok())?;
            let (user, password) = decoded.split_once(':')?;
            let part = [user, password].into_iter().max_by_key(|part| part.len())?;
            return if part.len() >= 4 && text::look(part) > Look::Harmless && !text::is_made_up_words(part) {
                whole("basic-credentials", "user and password of Basic authentication")
            } else {
                None
            };
        }
        if scheme.eq_ignore_ascii_case("digest") {
            return if rest.contains("response=\"") {
                whole("digest-credentials", "Digest authentication")
            } else {
                None
            };
        }
        let token = rest.rsplit(['=', ' ']).find(|part| part.len() >= 8).unwrap_or(rest).trim_matches('"');
        if text::look(token) >= Look::Mixed {
            whole("authorization", "credentials of a request")
        } else {
            None
        }
    }
}

/// RFC 6265, section 4.1.
fn is_attribute(name: &str) -> bool {
    ["expires", "max-age", "domain", "path", "samesite"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// `Next page token: ...`: a place in a list, in prose.
fn is_of_paging(text: &[u8], sign: usize, name: &str) -> bool {
    let before = text[..sign].trim_ascii_end().strip_suffix(name.as_bytes()).map(<[u8]>::trim_ascii_end);
    name.eq_ignore_ascii_case("token")
        && before.is_some_and(|before| {
            let start = before.len().saturating_sub(4);
            before[start..].eq_ignore_ascii_case(b"page")
        })
}

/// `badge.svg?token=...`: what fetches a picture that everybody may see.
fn is_of_image(text: &[u8], sign: usize, name: &str) -> bool {
    let path = text[..sign].strip_suffix(name.as_bytes()).and_then(|before| before.strip_suffix(b"?"));
    path.is_some_and(|path| path.ends_with(b".svg"))
}

/// A call, an element of something: the value is what it comes to.
fn is_code(next: Option<&u8>) -> bool {
    matches!(next, Some(b'(' | b'['))
}

/// Of the length of a commit or of SHA-256: under a vendor's name alone that is a version of something.
fn is_hash(value: &str) -> bool {
    matches!(value.len(), 40 | 64) && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Without an auth-scheme before it.
fn unschemed(value: &str) -> &str {
    match value.split_once(' ') {
        Some((scheme, rest))
            if scheme.len() <= 12 && scheme.bytes().all(|byte| byte.is_ascii_alphabetic()) =>
        {
            rest.trim()
        }
        _ => value,
    }
}

/// The name that ends before a sign, whether it stands in quotes, and the byte before it.
fn name_before(text: &[u8], sign: usize) -> Option<(&str, bool, Option<u8>)> {
    let mut end = sign;
    while end > 0 && sign - end < 2 && matches!(text[end - 1], b' ' | b'\t' | b':') {
        end -= 1;
    }
    let quoted = end > 0 && matches!(text[end - 1], b'"' | b'\'' | b'`');
    end -= usize::from(quoted);
    if end > 0 && text[end - 1] == b']' {
        end -= 1;
        end -= usize::from(end > 0 && matches!(text[end - 1], b'"' | b'\''));
    }
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let length = text[..end].iter().rev().take(LONGEST_NAME).take_while(|byte| is_name(byte)).count();
    if length < 2 {
        return None;
    }
    let start = end - length;
    let name = std::str::from_utf8(&text[start..end]).ok()?;
    Some((name, quoted, start.checked_sub(1).map(|at| text[at])))
}

/// The value after a sign, and whether it stands in quotes. That of a field is a line.
fn value_after(text: &[u8], sign: usize, field: bool) -> Option<(Range<usize>, bool)> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let mut start = sign + 1;
    while text.get(start).is_some_and(|byte| matches!(byte, b'=' | b'>' | b'~')) && start - sign <= 2 {
        start += 1;
    }
    start += text[start..].iter().take(16).take_while(|byte| blank(byte)).count();
    // Python's b"..." and f"..."
    if text.get(start + 1).is_some_and(|byte| matches!(byte, b'"' | b'\''))
        && text[start].is_ascii_alphabetic()
    {
        start += 1;
    }
    let first = *text.get(start)?;
    let rest = &text[start..(start + LONGEST + 2).min(text.len())];
    if matches!(first, b'"' | b'\'' | b'`') {
        let length = rest[1..].iter().position(|byte| *byte == first || is_control(*byte))?;
        // In a program's file texts stand one after the other.
        if is_control(rest[1 + length]) && !matches!(rest[1 + length], b'\r' | b'\n') {
            return None;
        }
        return Some((start + 1..start + 1 + length, true));
    }
    let ends = |byte: &u8| {
        if field {
            matches!(byte, b'\r' | b'\n' | b'"' | b'\'')
        } else {
            is_control(*byte) || b" \t,;&\"'<>()[]{}|`\\#".contains(byte)
        }
    };
    let length = rest.iter().position(ends).unwrap_or(rest.len());
    Some((start..start + length, false))
}

/// What no value holds.
fn is_control(byte: u8) -> bool {
    byte < b' ' && byte != b'\t'
}

/// The name of a pair: `"name": "X-Api-Key", "value": "..."`, in either order.
fn pair_name(text: &[u8], sign: usize, end: usize) -> Option<&str> {
    let before = &text[sign.saturating_sub(PAIR)..sign];
    let within =
        before.iter().rposition(|byte| matches!(byte, b'{' | b'}')).map_or(before, |at| &before[at + 1..]);
    named(within).or_else(|| {
        let after = &text[end..(end + PAIR).min(text.len())];
        named(after.split(|byte| matches!(byte, b'{' | b'}')).next().unwrap_or_default())
    })
}

/// The value of a member `name` or `key`.
fn named(object: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(object).ok()?;
    let (_, rest) = ["\"name\"", "\"key\"", "\"Name\""].iter().find_map(|member| text.split_once(member))?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    rest.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<(&'static str, &str)> {
        let mut found = Vec::new();
        find(text.as_bytes(), &mut found);
        found.into_iter().map(|hit| (hit.rule, &text[hit.range])).collect()
    }

    const TOKEN: &str = "k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u";

    #[test]
    fn values_under_sensitive_names_are_found() {
        for text in [
            format!("api_key = \"{TOKEN}\""),
            format!("API_TOKEN={TOKEN}"),
            format!("export ACME_SECRET='{TOKEN}'"),
            format!("{{\"clientSecret\": \"{TOKEN}\"}}"),
            format!("GET /x?page=2&access_token={TOKEN}&y=1 HTTP/1.1"),
            format!("x-api-key: {TOKEN}"),
            format!("config['api_key'] = '{TOKEN}'"),
            format!("{{\"name\": \"X-Api-Key\", \"value\": \"{TOKEN}\"}}"),
            format!("{{\"value\":\"{TOKEN}\",\"name\":\"X-Api-Key\"}}"),
            format!("{{\"name\": \"X-Api-Key\",\n  \"value\": \"Token {TOKEN}\"}}"),
            format!("token => \"{TOKEN}\""),
            format!("token:={TOKEN}"),
            format!("DATADOG={TOKEN}"),
            format!("{{\"heroku-prod\": \"{TOKEN}\"}}"),
        ] {
            let found = rules(&text);
            assert!(
                found.len() == 1 && found[0].1.contains(TOKEN) && found[0].0 != "authorization",
                "{text}: {found:?}"
            );
        }
        assert_eq!(rules("{\"password\": \"hunter2-k2Jd8\"}"), [("password", "hunter2-k2Jd8")]);
        assert_eq!(rules("grant_type=password&password=umbrella&x=1"), [("password", "umbrella")]);
        assert_eq!(rules("Authorization: Bearer 8a7b-hunter2xx")[0].0, "authorization");
        assert_eq!(
            rules(&format!("Authorization: Basic {}", STANDARD.encode("svc:hunter2xx9")))[0].0,
            "basic-credentials"
        );
        assert_eq!(
            rules(&format!("{{\"name\":\"Cookie\",\"value\":\"lang=en; sid={TOKEN}\"}}"))[0].0,
            "cookie"
        );
    }

    #[test]
    fn code_and_templates_are_left_alone() {
        for text in [
            "password = get_password(user)",
            "token: str = None",
            "password = base64.b16encode(random_bytes[8:])",
            "let key_pair = Ed25519KeyPair::generate_pkcs8(rng)",
            "api_key = config[\"api_key\"]",
            "\"api_key\": \"{{ config['api_key'] }}\"",
            "API_KEY=${API_KEY}",
            "x-api-key: <your_key>",
            "Authorization: Bearer ****************",
            "Authorization: Bearer {token}",
            "key = 'created_at'",
            "public_key = \"k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u\"",
            "page_token=k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u",
            "\"sha256\": \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"",
            "{\"name\": \"Accept\", \"value\": \"application/json\"}",
            "{\"name\":\"Cookie\",\"value\":\"lang=en; theme=dark\"}",
            "http://host:8080/path",
            "secret: \"‹config.api_key 40 chars kQqB.HJfT.mKxd›\"",
            "token=abc",
            "heroku: \"1b6453892473a467d07372d45eb05abc2031647a\"",
            "cloudflare_ray = k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u",
            "discord = \"https://discord.test/invite/k9QxT2vLpR7aWzY3bN8c\"",
            "private_key: x25519.X25519PrivateKey",
            "    key: PKCS12PrivateKeyTypes | None,",
            "PBKDF2HMAC_KEY = rust_openssl.kdf.PBKDF2HMAC_KEY",
            "SignatureAlgorithmOID.RSA_WITH_SHA224: \"sha224WithRSAEncryption\",",
            "\"access_token\": \"eyJhbGciOiJIUzI1NiJ9...\",",
            "private_key_file=\"\0ca_certificate_file=\"\0k9QxT2vLpR7aWzY3bN8cF5dG\"",
            "key=\0k9QxT2vLpR7aWzY3bN8cF5dG",
            "Next page token: k9QxT2vLpR7aWzY3bN8cF5dG",
            "https://codecov.test/acme/badge.svg?token=K9QXT2VLPR",
            "{\"key_sha256\": \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"}",
            "client_secret=\"secret_xyz789\"",
        ] {
            assert!(rules(text).is_empty(), "{text}: {:?}", rules(text));
        }
    }
}
