//! The rules about credentials from the bytes on: real redaction, comparison and diagnosis over what clients send.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use samewire::compare::compare;
use samewire::diagnose::{Blame, Case, Diagnosis, diagnose};
use samewire::model::*;
use samewire::redact::{Key, Known, RawBody, RawExchange, RawMessage, RawOutcome, Redactor};

const TOKEN: &str = "fbk9QmX2vT7rL4wZ8nB1cK6hJ3pD5sG0yA_tU-eR";
const OTHER: &str = "fbkR8uE3iO6aS1dF9gH4jK7lZ2xC5vB0nMqW_yT-";

/// Fields of the request (`Name: value`, without `Host`), and the status of the answer.
struct Sent<'a>(&'a str, &'a [&'a str], u16);

fn capture(side: Side, config: &[(&str, &str)], sent: &[Sent<'_>]) -> Capture {
    let mut redactor = Redactor::new(Key::from_bytes([7; 32]));
    let start: Timestamp =
        if side == Side::Sandbox { "2026-01-15T10:00:00Z" } else { "2026-01-15T10:05:00Z" }
            .parse()
            .expect("a time");
    for (pointer, value) in config {
        redactor.refer(Reference::Config((*pointer).to_owned()), value, Known::Secret);
    }
    let values = config
        .iter()
        .map(|(pointer, value)| ConfigValue {
            pointer: (*pointer).to_owned(),
            kind: JsonType::String,
            value: Some(redactor.named(pointer.trim_start_matches('/'), value)),
            secret: true,
        })
        .collect();
    let mut exchanges = Vec::new();
    for (number, Sent(line, fields, status)) in (1..).zip(sent) {
        let (method, target) = line.split_once(' ').expect("method and target");
        let (fields, body): (Vec<&str>, Vec<&str>) = fields.iter().partition(|line| line.contains(": "));
        let body = body.join("&");
        let form =
            if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
        let content = if body.is_empty() {
            String::new()
        } else {
            format!("Content-Type: {form}\r\nContent-Length: {}\r\n", body.len())
        };
        let fields = fields.join("\r\n") + if fields.is_empty() { "" } else { "\r\n" };
        let head = format!("{method} {target} HTTP/1.1\r\nHost: api.example.com\r\n{fields}{content}\r\n");
        let message = |head: String, body: &str| RawMessage {
            head: Bytes::from(head.into_bytes()),
            body: RawBody {
                bytes: Bytes::from(body.as_bytes().to_vec()),
                length: body.len() as u64,
                complete: true,
                ..RawBody::default()
            },
        };
        let answer =
            format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n");
        exchanges.push(redactor.exchange(&RawExchange {
            number,
            connection: 1,
            index: number,
            started_at: start + SignedDuration::from_secs(i64::from(number)),
            timings: Timings::default(),
            scheme: "https",
            authority: Some("api.example.com:443".to_owned()),
            fidelity: Fidelity::Wire,
            request: message(head, &body),
            interim: Vec::new(),
            websocket: None,
            outcome: RawOutcome::Answered(message(answer, "{}")),
        }));
    }
    Capture {
        side,
        run: Run {
            version: "0.1.0".into(),
            platform: "linux".into(),
            tool: Tool::Record,
            source: None,
            interception: samewire::model::Interception::default(),
            repeat: None,
            command: Vec::new(),
            started_at: start,
            ended_at: Some(start),
            exit: Some(Exit::Code(0)),
        },
        inputs: Inputs {
            config: (!config.is_empty()).then(|| ConfigFacts {
                path: Text::shown("config.json"),
                unreadable: None,
                values,
            }),
            ..Inputs::default()
        },
        key_id: redactor.key_id().to_owned(),
        connections: Vec::new(),
        exchanges,
        clues: Vec::new(),
        completeness: Completeness::default(),
    }
}

fn diagnosed(sandbox: &Capture, runtime: &Capture) -> Diagnosis {
    let comparison = compare(sandbox, runtime);
    diagnose(&Case { sandbox, runtime, comparison: &comparison })
}

fn swapped_case(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect()
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Puts a value in its place.
type Place = Box<dyn Fn(&str) -> String>;

/// What the sandbox sends, what the runtime sends, the rule and its `how`.
fn cases() -> Vec<(String, String, &'static str, &'static str)> {
    let mut cases = Vec::new();
    let t = TOKEN;
    let places: [(&str, Place); 9] = [
        ("bearer", Box::new(|value| format!("Authorization: Bearer {value}"))),
        ("ssws", Box::new(|value| format!("Authorization: SSWS {value}"))),
        ("key", Box::new(|value| format!("X-API-Key: {value}"))),
        ("vendor", Box::new(|value| format!("Ocp-Apim-Subscription-Key: {value}"))),
        (
            "query",
            Box::new(|value| {
                format!("?api_key={}", value.replace(' ', "%20").replace('"', "%22").replace('\n', "%0A"))
            }),
        ),
        ("form", Box::new(|value| format!("client_secret={}", value.replace(' ', "+").replace('"', "%22")))),
        ("cookie", Box::new(|value| format!("Cookie: theme=dark; session_token={value}"))),
        (
            "nested",
            Box::new(|value| serde_json::json!({"auth": {"user": "me", "password": value}}).to_string()),
        ),
        ("json", Box::new(|value| serde_json::json!({"apiToken": value}).to_string())),
    ];
    for (place, put) in &places {
        let mut case = |value: &str, rule, how| cases.push((put(t), put(value), rule, how));
        case("", "token-empty", "");
        case("None", "token-null", "");
        case("undefined", "token-null", "");
        case("{{ config['token'] }}", "template-unrendered", "");
        case("${SECRET_TOKEN}", "template-unrendered", "");
        case("<your-api-key>", "template-unrendered", "");
        case("************", "token-masked", "");
        case("projects/acme/secrets/api-key/versions/3", "secret-unresolved", "");
        case(OTHER, "token-differs", "");
        case(&t[..24], "token-altered", "truncated");
        case(&base64(t), "token-altered", "base64-encoded");
        case(&swapped_case(t), "token-altered", "case-changed");
        case(&format!("\"{t}\""), "token-altered", "quoted");
        if !["key", "vendor"].contains(place) {
            case(&format!(" {t}"), "token-altered", "leading-space");
        }
        if ["bearer", "query", "nested"].contains(place) {
            case(&format!("{t} "), "token-altered", "trailing-space");
        }
    }
    let bearer = format!("Authorization: Bearer {t}");
    for (runtime, rule) in [
        (format!("Authorization: Bearer Bearer {t}"), "scheme-doubled"),
        (format!("Authorization: {t}"), "scheme-missing"),
        (format!("Authorization: Token {t}"), "scheme-differs"),
        (format!("Authorization: BEARER {t}"), "scheme-differs"),
        (format!("Authorization: GenieKey {t}"), "scheme-differs"),
        (format!("X-Auth-Token: {t}"), "credentials-moved"),
        (format!("Cookie: session_token={t}"), "credentials-moved"),
        (format!("?access_token={t}"), "credentials-moved"),
        ("Accept: */*".to_owned(), "token-missing"),
        (format!("Authorization: Basic {}", base64("deploy:a-password-of-netrc")), "credentials-overridden"),
    ] {
        cases.push((bearer.clone(), runtime, rule, ""));
    }
    let basic = |pair: &str| format!("Authorization: Basic {}", base64(pair));
    cases.push((basic(&format!("me:{t}")), basic("me:"), "token-empty", ""));
    cases.push((basic(&format!("me:{t}")), basic(&format!("me:{OTHER}")), "token-differs", ""));
    cases.push((basic(&format!("{t}:")), basic(":"), "token-empty", ""));
    cases.push((basic(&format!("me:{t}")), basic(&format!("me:{t}\n")), "token-altered", "newline"));
    cases.push((basic(&format!("me:{t}")), bearer.clone(), "scheme-differs", ""));
    cases
}

fn run_of(side: Side, line: &str, config: &[(&str, &str)], status: u16) -> Capture {
    let (target, fields): (String, Vec<&str>) = match line.strip_prefix('?') {
        Some(query) => (format!("GET /v1/lots?{query}"), vec!["Accept: application/json"]),
        None if line.contains(": ") && !line.starts_with('{') => ("GET /v1/lots".to_owned(), vec![line]),
        None => ("POST /v1/lots".to_owned(), vec![line]),
    };
    capture(side, config, &[Sent(&target, &fields, status)])
}

/// With the config known to both sides, and without.
fn wrong(config: &[(&str, &str)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (sandbox, runtime, rule, how) in cases() {
        let found = diagnosed(
            &run_of(Side::Sandbox, &sandbox, config, 200),
            &run_of(Side::Runtime, &runtime, config, 403),
        );
        let names: Vec<_> = found.findings.iter().map(|finding| finding.rule.name).collect();
        let first = found.findings.first();
        let change = first.and_then(|first| first.detail.get("how")?.as_str()).unwrap_or_default();
        let side = first.is_some_and(|first| first.side == Blame::Side(Side::Runtime));
        if names.first() != Some(&rule)
            || (!how.is_empty() && change != how)
            || !side
            || !found.unexplained.is_empty()
        {
            wrong.push(format!(
                "{rule} {how}\n  {sandbox:?}\n  {runtime:?}\n  -> {names:?} {change} unexplained {:?}",
                found.unexplained
            ));
        }
    }
    wrong
}

#[test]
fn faults_are_named_in_every_place_with_the_config() {
    let wrong = wrong(&[("/api_key", TOKEN)]);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn faults_are_named_in_every_place_without_the_config() {
    let wrong = wrong(&[]);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_template_is_named_wherever_it_is_sent() {
    let sent = |line: &str, fields: &[&str], status| {
        let token = format!("Authorization: Bearer {TOKEN}");
        let fields: Vec<&str> = fields.iter().copied().chain([token.as_str()]).collect();
        capture(Side::Runtime, &[("/api_key", TOKEN)], &[Sent(line, &fields, status)])
    };
    for (line, fields) in [
        ("GET /v1/{account}/lots", &[][..]),
        ("GET /v1/acme/lots?region=%7B%7B+config.region+%7D%7D", &[]),
        ("GET /v1/acme/lots", &["X-Tenant: {{ config['tenant'] }}"]),
        ("POST /v1/acme/lots", &["audience={ config['audience'] }"]),
    ] {
        let method = line.split(' ').next().unwrap_or_default();
        let query = if line.contains('?') { "?region=eu" } else { "" };
        let sound: Vec<&str> = fields
            .iter()
            .map(|field| if field.contains(": ") { "X-Tenant: acme" } else { "audience=lots" })
            .collect();
        let mut sandbox = sent(&format!("{method} /v1/acme/lots{query}"), &sound, 200);
        sandbox.side = Side::Sandbox;
        let found = diagnosed(&sandbox, &sent(line, fields, 400));
        let rules: Vec<_> = found.findings.iter().map(|finding| finding.rule.name).collect();
        assert_eq!(rules, ["template-unrendered"], "{line} {fields:?}");
        assert_eq!(found.findings[0].side, Blame::Side(Side::Runtime));
        assert!(found.unexplained.is_empty());
        // The other way round the template was accepted, and what was refused is the value.
        let mut accepted = sent(line, fields, 200);
        accepted.side = Side::Sandbox;
        let mut refused = sent(&format!("{method} /v1/acme/lots{query}"), &sound, 400);
        refused.side = Side::Runtime;
        assert!(
            diagnosed(&accepted, &refused)
                .findings
                .iter()
                .all(|finding| finding.rule.name != "template-unrendered")
        );
    }
}
