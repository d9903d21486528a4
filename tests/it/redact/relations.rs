//! A token is changed on its way in 33 ways; what is kept must tell how, with the config at hand and without it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use samewire::model::{Blank, Class, FieldValue, Form, Reference, Secret, Step, Token};
use samewire::redact::Known;

use super::{exchange, get, ok, redactor};

/// What was done to a token, as a person would say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Same,
    Blank,
    Quoted,
    Percent,
    Base64,
    Truncated,
    Extended,
    Case,
    Json,
    Hex,
    Scheme,
    Unrelated,
}

type Change = (&'static str, Told, fn(&str) -> String);

const CHANGES: [Change; 33] = [
    ("same", Told::Same, |token| token.to_owned()),
    ("trailing space", Told::Blank, |token| format!("{token} ")),
    ("leading space", Told::Blank, |token| format!(" {token}")),
    ("trailing tab", Told::Blank, |token| format!("{token}\t")),
    ("trailing newline", Told::Blank, |token| format!("{token}\n")),
    ("trailing CRLF", Told::Blank, |token| format!("{token}\r\n")),
    ("no-break space", Told::Blank, |token| format!("{token}\u{a0}")),
    ("zero-width space", Told::Blank, |token| format!("{token}\u{200b}")),
    ("byte order mark", Told::Blank, |token| format!("\u{feff}{token}")),
    ("paste marks", Told::Blank, |token| format!("\u{1b}[200~{token}\u{1b}[201~")),
    ("blank inside", Told::Blank, |token| format!("{}\n{}", &token[..8], &token[8..])),
    ("double quotes", Told::Quoted, |token| format!("\"{token}\"")),
    ("single quotes", Told::Quoted, |token| format!("'{token}'")),
    ("quotes and newline", Told::Quoted, |token| format!("\"{token}\"\n")),
    ("percent, every byte", Told::Percent, |token| escape(token, "%")),
    ("percent, lower case", Told::Percent, |token| {
        escape(token, "%").to_lowercase().replace(&token.to_lowercase(), token)
    }),
    ("percent, twice", Told::Percent, |token| escape(token, "%").replace('%', "%25")),
    ("base64", Told::Base64, |token| STANDARD.encode(token)),
    ("base64, no padding", Told::Base64, |token| STANDARD_NO_PAD.encode(token)),
    ("base64, URL-safe", Told::Base64, |token| URL_SAFE.encode(token)),
    ("base64 with newline", Told::Base64, |token| STANDARD.encode(format!("{token}\n"))),
    ("base64, twice", Told::Base64, |token| STANDARD.encode(STANDARD.encode(token))),
    ("last 4 lost", Told::Truncated, |token| token[..token.len() - 4].to_owned()),
    ("half lost", Told::Truncated, |token| {
        token[..token.len().div_ceil(2).max(16).min(token.len() - 1)].to_owned()
    }),
    ("first lost", Told::Truncated, |token| token[1..].to_owned()),
    ("one more", Told::Extended, |token| format!("{token}%")),
    ("one more before", Told::Extended, |token| format!("={token}")),
    ("upper case", Told::Case, |token| token.to_uppercase()),
    ("lower case", Told::Case, |token| token.to_lowercase()),
    ("JSON escapes", Told::Json, |token| {
        token.bytes().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "\\u{byte:04x}");
            text
        })
    }),
    ("hexadecimal", Told::Hex, |token| escape(token, "")),
    ("scheme before", Told::Scheme, |token| format!("Bearer {token}")),
    ("another token", Told::Unrelated, |token| token.chars().rev().map(rotated).collect()),
];

fn escape(token: &str, before: &str) -> String {
    token.bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{before}{byte:02X}");
        text
    })
}

fn rotated(letter: char) -> char {
    match letter {
        'a'..='y' | 'A'..='Y' | '0'..='8' => char::from_u32(u32::from(letter) + 1).unwrap(),
        'z' => 'a',
        'Z' => 'A',
        '9' => '0',
        other => other,
    }
}

/// Fifteen kinds of token, each another one for each seed.
fn kinds(seed: u64) -> Vec<(&'static str, String)> {
    let mut random = Random(seed);
    let base62 = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let hex = b"0123456789abcdef";
    let url = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    let mut text = |alphabet: &[u8], length| random.text(alphabet, length);
    let uuid = text(hex, 32);
    let jwt = format!(
        "{}.{}.{}",
        STANDARD_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#),
        STANDARD_NO_PAD.encode(format!(r#"{{"sub":"{}","exp":1893456000}}"#, text(base62, 14))),
        text(url, 43)
    );
    vec![
        ("opaque 40", text(base62, 40)),
        ("opaque 64", text(base62, 64)),
        ("hex 32", text(hex, 32)),
        ("hex 64", text(hex, 64)),
        (
            "base64",
            STANDARD.encode(text(base62, 33).bytes().map(|byte| byte.wrapping_mul(3)).collect::<Vec<_>>()),
        ),
        ("short 12", text(base62, 12)),
        ("passphrase", format!("Corr3ct-{}#1", text(base62, 7))),
        (
            "uuid",
            format!("{}-{}-4{}-a{}-{}", &uuid[..8], &uuid[8..12], &uuid[13..16], &uuid[17..20], &uuid[20..]),
        ),
        ("github", format!("ghp_{}", text(base62, 36))),
        ("stripe", format!("sk_live_{}", text(base62, 24))),
        ("slack", format!("xoxb-{}", text(base62, 40))),
        ("aws", text(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/", 40)),
        ("google", format!("AIza{}", text(url, 35))),
        ("openai", format!("sk-proj-{}", text(base62, 48))),
        ("jwt", jwt),
    ]
}

struct Random(u64);

impl Random {
    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length)
            .map(|_| {
                self.0 ^= self.0 << 13;
                self.0 ^= self.0 >> 7;
                self.0 ^= self.0 << 17;
                char::from(alphabet[usize::try_from(self.0 >> 33).unwrap() % alphabet.len()])
            })
            .collect()
    }
}

/// The secret that a token becomes when it travels in a JSON body, where any character can.
fn recorded(token: &str, config: Option<&str>) -> Secret {
    let mut redactor = redactor();
    if let Some(config) = config {
        redactor.refer(Reference::Config("/api_key".into()), config, Known::Secret);
    }
    let text = redactor.named("api_key", token);
    text.as_secret().cloned().unwrap_or_else(|| panic!("{text} is not one secret"))
}

/// What the relation to the config's value says.
fn by_relation(secret: &Secret) -> Told {
    let Some(relation) = &secret.relation else { return Told::Unrelated };
    let has = |wanted: fn(&Step) -> bool| relation.steps.iter().any(wanted);
    if relation.steps.is_empty() {
        Told::Same
    } else if has(|step| *step == Step::Base64) {
        Told::Base64
    } else if has(|step| *step == Step::Percent) {
        Told::Percent
    } else if has(|step| *step == Step::JsonEscaped) {
        Told::Json
    } else if has(|step| *step == Step::Hex) {
        Told::Hex
    } else if has(|step| matches!(step, Step::Slice { .. })) {
        Told::Truncated
    } else if has(|step| matches!(step, Step::Extended { .. })) {
        Told::Extended
    } else if has(|step| matches!(step, Step::Lower | Step::Upper | Step::CaseChanged)) {
        Told::Case
    } else if has(|step| matches!(step, Step::Prepended(text) if text.starts_with(['"', '\'']))) {
        Told::Quoted
    } else if has(|step| matches!(step, Step::Prepended(text) if text == "Bearer ")) {
        Told::Scheme
    } else {
        Told::Blank
    }
}

/// What the tags of two recorded values say, with no config at hand.
fn by_tags(sandbox: &Secret, runtime: &Secret) -> Told {
    let (a, b) = (&sandbox.fingerprint, &runtime.fingerprint);
    if a.exact == b.exact {
        return Told::Same;
    }
    let core = |secret: &Secret| {
        secret.fingerprint.forms.get(&Form::Core).copied().unwrap_or(secret.fingerprint.exact)
    };
    if core(sandbox) == core(runtime) {
        let has = |form| b.forms.contains_key(&form) && !a.forms.contains_key(&form);
        let blank = |secret: &Secret| [secret.shape.leading, secret.shape.trailing, secret.shape.inside];
        return if runtime.shape.quotes != sandbox.shape.quotes {
            Told::Quoted
        } else if runtime.shape.scheme != sandbox.shape.scheme {
            Told::Scheme
        } else if has(Form::JsonUnescaped) {
            Told::Json
        } else if has(Form::Base64Decoded) {
            Told::Base64
        } else if has(Form::HexDecoded) {
            Told::Hex
        } else if blank(runtime) != blank(sandbox) {
            Told::Blank
        } else if b
            .forms
            .get(&Form::PercentDecoded)
            .is_some_and(|tag| a.forms.get(&Form::PercentDecoded) != Some(tag))
            && has_escapes(runtime, sandbox)
        {
            Told::Percent
        } else {
            Told::Case
        };
    }
    let shares =
        |a: &[samewire::model::Tag], b: &[samewire::model::Tag]| !a.is_empty() && a.first() == b.first();
    if shares(&a.prefixes, &b.prefixes) || shares(&a.suffixes, &b.suffixes) {
        return if runtime.shape.length < sandbox.shape.length { Told::Truncated } else { Told::Extended };
    }
    Told::Unrelated
}

/// Percent-encoding makes a value longer; another case does not.
fn has_escapes(runtime: &Secret, sandbox: &Secret) -> bool {
    runtime.shape.length != sandbox.shape.length
}

#[test]
fn changes_are_told_with_a_reference_and_without() {
    let (mut right, mut all) = ([0_u32; 2], [0_u32; 2]);
    let mut wrong = Vec::new();
    for seed in [1, 2, 3] {
        for (kind, token) in kinds(0x1234_5678_9abc_def0 + seed) {
            let sent = recorded(&token, None);
            for (change, told, apply) in CHANGES {
                let wire = apply(&token);
                // A change that changes nothing (lower case of hexadecimal digits) is none.
                let told = if wire == token { Told::Same } else { told };
                let with = by_relation(&recorded(&wire, Some(&token)));
                all[0] += 1;
                right[0] += u32::from(with == told);
                if with != told {
                    wrong.push(format!("with: {kind}, {change}: {with:?}"));
                }
                if token.len() >= 24 {
                    let without = by_tags(&sent, &recorded(&wire, None));
                    all[1] += 1;
                    right[1] += u32::from(without == told);
                    if without != told {
                        wrong.push(format!("without: {kind}, {change}: {without:?}"));
                    }
                    assert!(told == Told::Same || without != Told::Same, "{kind}, {change}: called equal");
                }
                assert!(told == Told::Same || with != Told::Same, "{kind}, {change}: called equal");
            }
        }
    }
    println!("with a reference {}/{}, without {}/{}", right[0], all[0], right[1], all[1]);
    println!("{}", wrong.join("\n"));
    assert!(right[0] * 100 >= all[0] * 95, "with a reference: {}/{}", right[0], all[0]);
    assert!(right[1] * 100 >= all[1] * 90, "without a reference: {}/{}", right[1], all[1]);
}

#[test]
fn a_token_between_scheme_and_line_end_keeps_its_blanks() {
    let mut redactor = redactor();
    redactor.refer(Reference::Config("/api_key".into()), "k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u", Known::Secret);
    let mut of = |line: &[u8]| {
        let mut head = b"GET / HTTP/1.1\r\nHost: api.example.com\r\n".to_vec();
        head.extend_from_slice(line);
        head.extend_from_slice(b"\r\n\r\n");
        let exchange = redactor.exchange(&exchange(1, super::message(head, ""), ok()));
        let field = exchange.request.fields.last().unwrap();
        match &field.value {
            FieldValue::Credentials(credentials) => (field.spacing.clone(), (**credentials).clone()),
            other => panic!("{other:?}"),
        }
    };
    let secret = |token: Token| match token {
        Token::Opaque(secret) => *secret,
        other => panic!("{other:?}"),
    };

    let (spacing, credentials) = of(b"Authorization:  Bearer  k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u ");
    assert_eq!((&*spacing.before, credentials.scheme.as_deref()), ("  ", Some("Bearer")));
    assert_eq!(secret(credentials.token).shape.leading, Some(Blank::Space));

    let (spacing, credentials) = of(b"X-API-Key:  k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u");
    assert_eq!((&*spacing.before, credentials.scheme), (" ", None));
    assert_eq!(secret(credentials.token).shape.leading, Some(Blank::Space));

    let (_, credentials) = of(b"Authorization: Bearer  k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u ");
    assert_eq!((credentials.scheme.as_deref(), credentials.separator.as_str()), (Some("Bearer"), " "));
    let token = secret(credentials.token);
    assert_eq!((token.shape.leading, token.shape.trailing), (Some(Blank::Space), Some(Blank::Space)));
    assert_eq!(token.relation.unwrap().to_string(), "\" \" + config.api_key + \" \"");

    let (_, credentials) = of(b"Authorization: Bearer ");
    let token = secret(credentials.token);
    assert_eq!((token.shape.class, token.credential), (Class::Empty, true));

    let (spacing, credentials) = of(b"X-API-Key:");
    assert_eq!((&*spacing.before, credentials.scheme), ("", None));
    assert_eq!(secret(credentials.token).shape.class, Class::Empty);

    let (_, credentials) = of(b"Authorization: Bearer k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u\xa0");
    let token = secret(credentials.token);
    assert_eq!(token.shape.trailing, Some(Blank::NoBreakSpace));
    assert!(token.relation.is_some());

    let (_, credentials) = of(b"Authorization: Bearer Bearer k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u");
    assert_eq!(secret(credentials.token).shape.scheme.as_deref(), Some("Bearer"));

    let (_, credentials) = of(format!("Authorization: Basic {}", STANDARD.encode("me:")).as_bytes());
    match credentials.token {
        Token::Basic(user_info) => assert_eq!(user_info.password.unwrap().shape.class, Class::Empty),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_token_that_an_answer_issued_is_known_in_the_next_request() {
    let mut redactor = redactor();
    let body = r#"{"data":{"session":"k9QxT2vLpR7aWzY3bN8cF5dG"}}"#;
    let answer = super::message(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nSet-Cookie: sid=A7dK2mPqX9sVbT4y; Path=/\r\n\r\n",
        body,
    );
    redactor.exchange(&exchange(1, get("/login", ""), answer));
    let next = redactor.exchange(&exchange(
        2,
        get("/v1/lots", "Authorization: Bearer k9QxT2vLpR7aWzY3bN8cF5dG\r\nCookie: sid=A7dK2mPqX9sVbT4y\r\n"),
        ok(),
    ));
    let text = serde_json::to_string(&next).unwrap();
    assert!(text.contains(r#""issued":{"exchange":1,"at":"/data/session"}"#), "{text}");
    assert!(text.contains(r#""issued":{"exchange":1,"at":"sid"}"#), "{text}");
}
