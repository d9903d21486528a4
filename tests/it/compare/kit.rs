//! Small captures in few words.
//!
//! Values are written with a mark: `s:x` is hidden, `c:x` is hidden and stands where credentials stand, `i:x` is a token that an
//! earlier answer issued, `@60` is a date 60 seconds after the request; anything else is shown.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use samewire::compare::{Comparison, Difference, Significance};
use samewire::model::*;

/// A request and its answer, to be completed.
#[derive(Clone, Debug)]
pub(crate) struct Call(pub(crate) Exchange);

/// A request that is answered 200 after a second.
pub(crate) fn call(method: &str, url: &str) -> Call {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, port.parse().unwrap_or(0)),
        None => (authority, if scheme == "https" { 443 } else { 80 }),
    };
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query.split('&').map(parameter).collect())),
        None => (path, None),
    };
    Call(Exchange {
        number: 0,
        connection: 1,
        index: 1,
        started_at: Timestamp::UNIX_EPOCH,
        timings: Timings { sent: Some(1.0), answered: Some(900.0), ended: Some(1_000.0) },
        request: Request {
            method: method.to_owned(),
            target: Target {
                form: TargetForm::Origin,
                scheme: scheme.to_owned(),
                host: host.to_owned(),
                port,
                user_info: None,
                path: marked_path(path),
                query,
                fragment: None,
            },
            version: "HTTP/1.1".to_owned(),
            fields: vec![field("Host", FieldValue::Text(Text::shown(authority)))],
            body: Body::none(),
            fidelity: Fidelity::Wire,
        },
        interim: Vec::new(),
        outcome: Outcome::Answered(answer(200)),
    })
}

pub(crate) fn get(path: &str) -> Call {
    call("GET", &format!("https://api.example.com{path}"))
}

pub(crate) fn post(path: &str) -> Call {
    call("POST", &format!("https://api.example.com{path}"))
}

impl Call {
    pub(crate) fn field(mut self, name: &str, value: &str) -> Self {
        self.0.request.fields.push(field(name, FieldValue::Text(text(value))));
        self
    }

    pub(crate) fn token(self, scheme: Option<&str>, value: &str) -> Self {
        self.key("Authorization", scheme, value)
    }

    pub(crate) fn bearer(self, value: &str) -> Self {
        self.token(Some("Bearer"), value)
    }

    pub(crate) fn key(mut self, name: &str, scheme: Option<&str>, value: &str) -> Self {
        let secret = secret(value, true);
        self.0.request.fields.push(field(name, credentials(scheme, Token::Opaque(Box::new(secret)))));
        self
    }

    pub(crate) fn basic(mut self, user: &str, password: &str) -> Self {
        let info = UserInfo { user: secret(user, true), password: Some(secret(password, true)) };
        self.0
            .request
            .fields
            .push(field("Authorization", credentials(Some("Basic"), Token::Basic(Box::new(info)))));
        self
    }

    pub(crate) fn parameters(mut self, scheme: &str, all: &[(&str, &str)]) -> Self {
        let all = all
            .iter()
            .map(|(name, value)| Parameter { name: (*name).to_owned(), value: Some(text(value)) })
            .collect();
        self.0.request.fields.push(field("Authorization", credentials(Some(scheme), Token::Parameters(all))));
        self
    }

    pub(crate) fn cookie(mut self, name: &str, value: &str) -> Self {
        let cookie = Parameter { name: name.to_owned(), value: Some(text(value)) };
        self.0.request.fields.push(field("Cookie", FieldValue::Cookies(vec![cookie])));
        self
    }

    pub(crate) fn json(self, source: &str) -> Self {
        let value: serde_json::Value = serde_json::from_str(source).expect("JSON");
        let body = body(Content::from(json(&value)), source);
        self.field("Content-Type", "application/json").body(body)
    }

    pub(crate) fn form(self, source: &str) -> Self {
        let content = Content::Form(source.split('&').map(parameter).collect());
        self.field("Content-Type", "application/x-www-form-urlencoded").body(body(content, source))
    }

    pub(crate) fn plain(self, words: &str) -> Self {
        let mut content = Text::default();
        for word in words.split_inclusive(' ') {
            let (word, space) = word.strip_suffix(' ').map_or((word, ""), |word| (word, " "));
            content.push(text(word));
            content.push_shown(space);
        }
        self.body(body(Content::Text(content), words))
    }

    pub(crate) fn multipart(self, boundary: &str, parts: &[(&str, &str)]) -> Self {
        let content = parts.iter().map(|(name, value)| Part {
            name: Some((*name).to_owned()),
            file_name: None,
            fields: Vec::new(),
            content: Content::Text(text(value)),
            length: value.len() as u64,
        });
        let body = body(Content::Multipart(content.collect()), boundary);
        let mut media_type = Text::shown("multipart/form-data; boundary=");
        media_type.push_hidden(secret(boundary, false));
        let mut call = self.body(body);
        call.0.request.fields.push(field("Content-Type", FieldValue::Text(media_type)));
        call
    }

    pub(crate) fn body(mut self, body: Body) -> Self {
        self.0.request.body = body;
        self
    }

    pub(crate) fn status(mut self, status: u16) -> Self {
        self.0.outcome = Outcome::Answered(answer(status));
        self
    }

    pub(crate) fn answered(mut self, name: &str, value: &str) -> Self {
        if let Outcome::Answered(response) = &mut self.0.outcome {
            response.fields.push(field(name, FieldValue::Text(text(value))));
        }
        self
    }

    pub(crate) fn answers_json(mut self, source: &str) -> Self {
        let value: serde_json::Value = serde_json::from_str(source).expect("JSON");
        if let Outcome::Answered(response) = &mut self.0.outcome {
            response.body = body(Content::from(json(&value)), source);
        }
        self.answered("Content-Type", "application/json")
    }

    pub(crate) fn redirects(self, location: &str) -> Self {
        self.status(302).answered("Location", location)
    }

    pub(crate) fn fails(mut self, phase: Phase, kind: FailureKind) -> Self {
        let failure = Failure { leg: Leg::Upstream, phase, kind, message: Text::default() };
        self.0.outcome = Outcome::Failed { failure, response: None };
        self
    }

    /// Starts this many seconds after the run.
    pub(crate) fn at(mut self, seconds: i64) -> Self {
        self.0.started_at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        self.0.connection = 0;
        self
    }
}

/// A run of these calls, each ten seconds after the one before where it does not say when.
pub(crate) fn run(side: Side, calls: impl IntoIterator<Item = Call>) -> Capture {
    let start = match side {
        Side::Sandbox => 1_790_000_000,
        Side::Runtime => 1_790_000_900,
    };
    let start = Timestamp::from_second(start).expect("a time");
    let mut exchanges: Vec<Exchange> = Vec::new();
    for (at, call) in calls.into_iter().enumerate() {
        let mut exchange = call.0;
        let offset = exchange.started_at.duration_since(Timestamp::UNIX_EPOCH);
        exchange.started_at = match exchange.connection {
            0 => start + offset,
            _ => start + SignedDuration::from_secs(10 * i64::try_from(at).unwrap_or(0)),
        };
        exchanges.push(exchange);
    }
    exchanges.sort_by_key(|exchange| exchange.started_at);
    for (at, exchange) in exchanges.iter_mut().enumerate() {
        exchange.number = u32::try_from(at + 1).expect("few");
        exchange.connection = 1;
    }
    Capture {
        side,
        run: Run {
            version: "0".to_owned(),
            platform: "test".to_owned(),
            tool: Tool::Record,
            source: None,
            interception: samewire::model::Interception::default(),
            repeat: None,
            command: Vec::new(),
            started_at: start,
            ended_at: None,
            exit: None,
        },
        inputs: Inputs::default(),
        key_id: "one".to_owned(),
        connections: Vec::new(),
        exchanges,
        clues: Vec::new(),
        completeness: Completeness::default(),
    }
}

/// Compares two runs of these calls.
pub(crate) fn compare(
    sandbox: impl IntoIterator<Item = Call>,
    runtime: impl IntoIterator<Item = Call>,
) -> Comparison {
    samewire::compare::compare(&run(Side::Sandbox, sandbox), &run(Side::Runtime, runtime))
}

/// `at kind how significance`, a line each.
pub(crate) fn told(differences: &[Difference]) -> Vec<String> {
    let significance = |difference: &Difference| match difference.significance {
        Significance::Material => "material".to_owned(),
        Significance::Cosmetic(reason) => format!("cosmetic {reason:?}"),
        Significance::Expected(reason) => format!("expected {reason:?}"),
    };
    let line = |difference: &Difference| {
        let how = difference.change.how.map(|how| format!(" ({how})")).unwrap_or_default();
        format!("{} {:?}{how}: {}", difference.at, difference.change.kind, significance(difference))
    };
    differences.iter().map(line).collect()
}

/// The material ones of [`told`].
pub(crate) fn material(comparison: &Comparison) -> Vec<String> {
    told(&comparison.differences).into_iter().filter(|line| line.ends_with(": material")).collect()
}

/// The pairs as `sandbox-runtime`, retries joined by `+`.
pub(crate) fn pairs(comparison: &Comparison) -> Vec<String> {
    let numbers = |attempts: &Option<samewire::compare::Attempts>| {
        let numbers = attempts.iter().flat_map(|attempts| &attempts.exchanges).map(ToString::to_string);
        let joined = numbers.collect::<Vec<_>>().join("+");
        if joined.is_empty() { "none".to_owned() } else { joined }
    };
    let alone =
        |pair: &samewire::compare::Pair| pair.alone.map(|reason| format!(" {reason:?}")).unwrap_or_default();
    let line = |pair: &samewire::compare::Pair| {
        format!("{}-{}{}", numbers(&pair.sandbox), numbers(&pair.runtime), alone(pair))
    };
    comparison.pairs.iter().map(line).collect()
}

pub(crate) fn field(name: &str, value: FieldValue) -> Field {
    Field::new(FieldName::new(name), Spacing::default(), value)
}

fn credentials(scheme: Option<&str>, token: Token) -> FieldValue {
    let separator = if scheme.is_some() { " ".to_owned() } else { String::new() };
    FieldValue::Credentials(Box::new(Credentials { scheme: scheme.map(str::to_owned), separator, token }))
}

fn answer(status: u16) -> Response {
    Response {
        version: "HTTP/1.1".to_owned(),
        status,
        reason: Text::default(),
        fields: Vec::new(),
        body: Body::none(),
        websocket: None,
    }
}

pub(crate) fn body(content: Content, bytes: &str) -> Body {
    let digest = Some(tag(&format!("digest {bytes}")));
    Body { length: bytes.len() as u64, digest, framing: Framing::ContentLength, content, ..Body::none() }
}

fn parameter(source: &str) -> Parameter {
    let (name, value) = source.split_once('=').map_or((source, None), |(name, value)| (name, Some(value)));
    Parameter { name: name.to_owned(), value: value.map(text) }
}

fn marked_path(path: &str) -> Text {
    let mut text = Text::default();
    for (at, segment) in path.split('/').enumerate() {
        if at > 0 {
            text.push_shown("/");
        }
        text.push(self::text(segment));
    }
    text
}

/// A value after its mark.
pub(crate) fn text(marked: &str) -> Text {
    match marked.split_at_checked(2) {
        Some(("s:", value)) => Text::hidden(secret(value, false)),
        Some(("c:", value)) => Text::hidden(secret(value, true)),
        Some(("i:", value)) => {
            let mut secret = secret(value, true);
            let reference = Reference::Issued { exchange: 1, at: "/access_token".to_owned() };
            secret.relation = Some(Relation { reference, steps: Vec::new() });
            Text::hidden(secret)
        }
        _ if marked.starts_with('@') => {
            let mut secret = secret(marked, false);
            let offset = marked.trim_start_matches('@').parse().ok();
            // A date is another value in every run.
            secret.fingerprint.exact = Tag(secret.fingerprint.exact.0 ^ fresh());
            secret.shape.class = Class::Date { format: "%Y-%m-%dT%H:%M:%SZ".to_owned(), offset };
            Text::hidden(secret)
        }
        _ => Text::shown(marked),
    }
}

fn fresh() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn json(value: &serde_json::Value) -> Json {
    match value {
        serde_json::Value::Null => Json::Null,
        serde_json::Value::Bool(flag) => Json::Bool(*flag),
        serde_json::Value::Number(number) => Json::Number(Text::shown(number.to_string())),
        serde_json::Value::String(string) => Json::String(text(string)),
        serde_json::Value::Array(items) => Json::Array(items.iter().map(json).collect()),
        serde_json::Value::Object(members) => {
            Json::Object(members.iter().map(|(name, member)| (name.clone(), json(member))).collect())
        }
    }
}

pub(crate) fn tag(value: &str) -> Tag {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    Tag(hasher.finish() >> 4)
}

/// What redaction keeps of a value: enough of it for these tests.
pub(crate) fn secret(value: &str, credential: bool) -> Secret {
    let trimmed = value.trim();
    let blank = |part: &str| {
        (!part.is_empty()).then(|| if part.contains('\n') { Blank::Newline } else { Blank::Space })
    };
    let (leading, trailing) = (value.len() - value.trim_start().len(), value.trim_end().len());
    let unquoted = trimmed.trim_matches('"');
    let unschemed = unquoted.strip_prefix("Bearer ").unwrap_or(unquoted);
    let decoded = STANDARD.decode(unschemed).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let core = decoded.clone().unwrap_or_else(|| unschemed.to_owned()).to_lowercase();
    let forms = [
        (Form::Trimmed, Some(trimmed.to_owned())),
        (Form::Unquoted, Some(value.trim_matches('"').to_owned())),
        (Form::Unschemed, value.strip_prefix("Bearer ").map(str::to_owned)),
        (Form::Base64Decoded, decoded),
        (Form::Lowercase, Some(value.to_lowercase())),
        (Form::Core, Some(core)),
    ];
    let forms: BTreeMap<Form, Tag> = forms
        .into_iter()
        .filter_map(|(form, normal)| {
            normal.filter(|normal| normal != value).map(|normal| (form, tag(&normal)))
        })
        .collect();
    let blocks = |part: &dyn Fn(usize) -> String| {
        let last = if value.len() < 24 { 0 } else { value.len() / 16 };
        (1..=last).map(|blocks| tag(&format!("part {}", part(16 * blocks)))).collect()
    };
    Secret {
        shape: Shape {
            length: match value.len() {
                0 => Length::Exact(0),
                length @ 1..8 => Length::Under { under: if length < 8 { 8 } else { 16 } },
                8..16 => Length::Under { under: 16 },
                length => Length::Exact(u32::try_from(length).expect("short")),
            },
            class: match value {
                "" => Class::Empty,
                "None" | "null" | "undefined" => Class::Null(value.to_owned()),
                _ if value.starts_with("{{") => Class::Template(value.to_owned()),
                _ if value.starts_with("***") => Class::Mask(value.to_owned()),
                _ => Class::Opaque,
            },
            leading: blank(&value[..leading]),
            trailing: blank(value.get(trailing..).unwrap_or_default()),
            inside: None,
            quotes: value.starts_with('"').then_some('"'),
            scheme: value.starts_with("Bearer ").then(|| "Bearer".to_owned()),
            public_prefix: None,
            envelope: None,
        },
        fingerprint: Fingerprint {
            exact: tag(value),
            forms,
            prefixes: blocks(&|length| format!("first {}", &value[..length])),
            suffixes: blocks(&|length| format!("last {}", &value[value.len() - length..])),
        },
        relation: None,
        credential,
    }
}
