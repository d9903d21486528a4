//! Small captures over the model: a run is a list of requests in plain words, and a config.
//!
//! Redaction here is only what the rules need to see: shapes, tags and relations of the test's own values.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jiff::Timestamp;
use samewire::compare::{Comparison, compare};
use samewire::diagnose::{Case, Diagnosis, diagnose};
use samewire::model::*;

/// A value that is long enough to be known again.
pub(super) const TOKEN: &str = "tok_9fK2mQ7xW4vB8nR3sL6yT1zH5cJ0dGpA";

/// A run under construction.
#[derive(Clone)]
pub(super) struct Run {
    config: Vec<(String, JsonType, String)>,
    manifest: Option<ManifestFacts>,
    spec: Option<SpecFacts>,
    exchanges: Vec<(String, Vec<String>, u16, Vec<String>)>,
    answers: BTreeMap<usize, Json>,
    clues: Vec<ClueKind>,
    key: &'static str,
    torn: bool,
    coverage: Coverage,
    environment: Option<Vec<(String, String)>>,
    clients: Vec<ClientVersion>,
}

pub(super) fn run() -> Run {
    Run {
        config: Vec::new(),
        manifest: None,
        spec: None,
        exchanges: Vec::new(),
        answers: BTreeMap::new(),
        clues: Vec::new(),
        key: "one",
        torn: false,
        coverage: Coverage::default(),
        environment: None,
        clients: Vec::new(),
    }
}

impl Run {
    /// A string of the config, by JSON pointer.
    pub(super) fn config(mut self, pointer: &str, value: &str) -> Self {
        self.config.push((pointer.into(), JsonType::String, value.into()));
        self
    }

    /// A null of the config.
    pub(super) fn null(mut self, pointer: &str) -> Self {
        self.config.push((pointer.into(), JsonType::Null, String::new()));
        self
    }

    /// The manifest sets credentials there, and reads this config value for them.
    pub(super) fn sets(mut self, place: &str, reads: &str, line: u32) -> Self {
        let defined = DefinedCredentials {
            at: "/definitions/authenticator".into(),
            line: Some(line),
            component: "BearerAuthenticator".into(),
            place: Some(place.into()),
            reads: vec![reads.into()],
        };
        self.manifest.get_or_insert_default().credentials.push(defined);
        self
    }

    /// The credentials that were named last are set by this component.
    pub(super) fn by(mut self, component: &str) -> Self {
        let defined = self.manifest.get_or_insert_default().credentials.last_mut().expect("credentials");
        defined.component = component.into();
        self
    }

    /// A template that reads a config value.
    pub(super) fn reads(mut self, at: &str, config: &str, bare: bool) -> Self {
        let reference = TemplateReference { at: at.into(), line: Some(7), config: config.into(), bare };
        self.manifest.get_or_insert_default().references.push(reference);
        self
    }

    /// Its environment is known, and has this variable.
    pub(super) fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.get_or_insert_default().push((name.into(), value.into()));
        self
    }

    /// This client or framework was found.
    pub(super) fn client(mut self, name: &str) -> Self {
        self.clients.push(ClientVersion { name: name.into(), version: "1.0.0".into() });
        self
    }

    /// The spec has a default for the property that was named last.
    pub(super) fn default(mut self) -> Self {
        self.spec
            .iter_mut()
            .filter_map(|spec| spec.properties.last_mut())
            .for_each(|last| last.default = true);
        self
    }

    /// The spec has this property.
    pub(super) fn spec(mut self, pointer: &str, required: bool) -> Self {
        self.spec.get_or_insert_default().properties.push(SpecProperty {
            pointer: pointer.into(),
            types: vec![JsonType::String],
            required,
            secret: true,
            default: false,
            line: None,
        });
        self
    }

    /// A request (`GET https://host/path?a=b`), its fields (`Name: value`; `name=value` for a form), and the status of its answer.
    pub(super) fn sends(mut self, line: &str, fields: &[&str], status: u16) -> Self {
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        self.exchanges.push((line.into(), fields, status, Vec::new()));
        self
    }

    /// The same, and the answer's fields.
    pub(super) fn redirected(mut self, line: &str, fields: &[&str], location: &str) -> Self {
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        self.exchanges.push((line.into(), fields, 302, vec![format!("Location: {location}")]));
        self
    }

    /// The JSON content of the last answer.
    pub(super) fn answered(mut self, json: Json) -> Self {
        self.answers.insert(self.exchanges.len() - 1, json);
        self
    }

    pub(super) fn clue(mut self, kind: ClueKind) -> Self {
        self.clues.push(kind);
        self
    }

    pub(super) fn key(mut self, key: &'static str) -> Self {
        self.key = key;
        self
    }

    /// A connection past the proxy was sampled.
    pub(super) fn connects(mut self, program: &str, remote: &str) -> Self {
        let at: Timestamp = "2026-01-15T10:00:01Z".parse().expect("a time");
        self.coverage.direct.push(Direct {
            remote: remote.into(),
            transport: Transport::Tcp,
            program: Some(program.into()),
            client: samewire::connector::client_of_program(program).map(|client| client.name.into()),
            connections: 1,
            opened: true,
            first_seen: at,
            last_seen: at,
        });
        self
    }

    /// It was foreseen before the run.
    pub(super) fn foreseen(mut self, client: &str, kind: GapKind) -> Self {
        self.coverage.foreseen.push(Gap { client: client.into(), version: None, kind, certain: true });
        self
    }

    pub(super) fn covered(mut self, coverage: Coverage) -> Self {
        self.coverage = coverage;
        self
    }

    pub(super) fn torn(mut self) -> Self {
        self.torn = true;
        self
    }

    pub(super) fn capture(&self, side: Side) -> Capture {
        let start: Timestamp =
            if side == Side::Sandbox { "2026-01-15T10:00:00Z" } else { "2026-01-15T10:05:00Z" }
                .parse()
                .expect("a time");
        let environment = self.environment.as_deref().unwrap_or_default();
        let values = Values { config: &self.config, environment, key: self.key };
        let facts = |(pointer, kind, value): &(String, JsonType, String)| ConfigValue {
            pointer: pointer.clone(),
            kind: *kind,
            value: (*kind != JsonType::Null).then(|| Text::hidden(values.secret(value))),
            secret: true,
        };
        let config = ConfigFacts {
            path: Text::shown("config.json"),
            unreadable: None,
            values: self.config.iter().map(facts).collect(),
        };
        let exchanges = self.exchanges.iter().enumerate().map(|(at, sent)| {
            let number = u32::try_from(at).expect("few") + 1;
            let mut exchange = values.exchange(number, sent);
            exchange.started_at = start + jiff::SignedDuration::from_secs(i64::from(number));
            if let (Outcome::Answered(response), Some(json)) = (&mut exchange.outcome, self.answers.get(&at))
            {
                response.body.content = Content::from(json.clone());
            }
            exchange
        });
        let clue = |(line, kind): (u64, &ClueKind)| Clue {
            stream: Stream::Stdout,
            line,
            text: Text::shown("a line"),
            kind: kind.clone(),
        };
        Capture {
            side,
            run: samewire::model::Run {
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
                config: (!self.config.is_empty()).then_some(config),
                spec: self.spec.clone(),
                manifest: self.manifest.clone(),
                clients: self.clients.clone(),
                environment: self.environment.as_ref().map(|variables| {
                    let variable = |(name, value): &(String, String)| Variable {
                        name: name.clone(),
                        value: if value.is_empty() {
                            Text::default()
                        } else {
                            Text::hidden(values.secret(value))
                        },
                    };
                    variables.iter().map(variable).collect()
                }),
                secrets: None,
                image: None,
            },
            key_id: self.key.into(),
            connections: Vec::new(),
            exchanges: exchanges.collect(),
            clues: (1..).zip(&self.clues).map(clue).collect(),
            completeness: Completeness {
                coverage: self.coverage.clone(),
                torn: self.torn.then_some(Tear { offset: 100, lost: 10 }),
                ..Completeness::default()
            },
        }
    }
}

/// Two captures, compared and diagnosed.
pub(super) struct Diagnosed {
    pub(super) comparison: Comparison,
    pub(super) diagnosis: Diagnosis,
}

pub(super) fn diagnosed(sandbox: &Run, runtime: &Run) -> Diagnosed {
    let (sandbox, runtime) = (sandbox.capture(Side::Sandbox), runtime.capture(Side::Runtime));
    let comparison = compare(&sandbox, &runtime);
    let case = Case { sandbox: &sandbox, runtime: &runtime, comparison: &comparison };
    let diagnosis = diagnose(&case);
    Diagnosed { comparison, diagnosis }
}

struct Values<'a> {
    config: &'a [(String, JsonType, String)],
    environment: &'a [(String, String)],
    key: &'static str,
}

impl Values<'_> {
    fn tag(&self, text: &str) -> Tag {
        let mut hasher = DefaultHasher::new();
        (self.key, text).hash(&mut hasher);
        Tag(hasher.finish() >> 4)
    }

    fn secret(&self, text: &str) -> Secret {
        let trimmed = text.trim();
        let scheme =
            trimmed.split_once(' ').map(|(first, _)| first).filter(|word| ["Bearer", "Token"].contains(word));
        let blank = |differs: bool| differs.then_some(Blank::Space);
        let mut forms = BTreeMap::new();
        if trimmed != text {
            forms.insert(Form::Trimmed, self.tag(trimmed));
        }
        if let Some(scheme) = scheme {
            forms.insert(Form::Unschemed, self.tag(trimmed[scheme.len()..].trim()));
        }
        let blocks =
            |ends: &mut dyn Iterator<Item = &str>| ends.map(|part| self.tag(part)).collect::<Vec<_>>();
        let whole =
            || (1..=text.len() / 16).map(|count| 16 * count).filter(|_| text.len() >= 24 && text.is_ascii());
        Secret {
            shape: Shape {
                length: if text.len() >= 16 || text.is_empty() {
                    Length::Exact(u32::try_from(text.len()).expect("short"))
                } else {
                    Length::Under { under: if text.len() < 8 { 8 } else { 16 } }
                },
                class: class(text),
                leading: blank(text.trim_start() != text),
                trailing: blank(text.trim_end() != text),
                inside: None,
                quotes: None,
                scheme: scheme.map(str::to_owned),
                public_prefix: None,
                envelope: None,
            },
            fingerprint: Fingerprint {
                exact: self.tag(text),
                forms,
                prefixes: blocks(&mut whole().map(|end| &text[..end])),
                suffixes: blocks(&mut whole().map(|end| &text[text.len() - end..])),
            },
            relation: self.relation(text),
            credential: true,
        }
    }

    fn relation(&self, text: &str) -> Option<Relation> {
        let named = |reference: Reference, value: &str| {
            if value.len() < 5 {
                return None;
            }
            let (before, after) = text.split_once(value)?;
            let mut steps = Vec::new();
            if !before.is_empty() {
                steps.push(Step::Prepended(before.to_owned()));
            }
            if !after.is_empty() {
                steps.push(Step::Appended(after.to_owned()));
            }
            Some(Relation { reference, steps })
        };
        let config =
            self.config.iter().map(|(pointer, _, value)| (Reference::Config(pointer.clone()), value));
        let environment =
            self.environment.iter().map(|(name, value)| (Reference::Environment(name.clone()), value));
        config.chain(environment).find_map(|(reference, value)| named(reference, value)).or_else(|| {
            let reference = Reference::Issued { exchange: 1, at: "/access_token".into() };
            text.starts_with("at_").then_some(Relation { reference, steps: Vec::new() })
        })
    }

    fn exchange(&self, number: u32, sent: &(String, Vec<String>, u16, Vec<String>)) -> Exchange {
        let (line, lines, status, answer) = sent;
        let (method, url) = line.split_once(' ').expect("method and URL");
        let (scheme, rest) = url.split_once("://").expect("a URL");
        let (host, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        let (form, fields): (Vec<&String>, Vec<&String>) =
            lines.iter().partition(|line| !line.contains(": "));
        let form: Vec<Parameter> = form.iter().map(|pair| self.parameter(pair)).collect();
        let response = Response {
            version: "HTTP/1.1".into(),
            status: *status,
            reason: Text::default(),
            fields: answer.iter().map(|line| self.field(line)).collect(),
            body: Body::none(),
            websocket: None,
        };
        Exchange {
            number,
            connection: 1,
            index: number,
            started_at: Timestamp::UNIX_EPOCH,
            timings: Timings::default(),
            request: Request {
                method: method.into(),
                target: Target {
                    form: TargetForm::Origin,
                    scheme: scheme.into(),
                    host: host.into(),
                    port: if scheme == "https" { 443 } else { 80 },
                    user_info: None,
                    path: Text::shown(format!("/{path}")),
                    query: query.map(|query| query.split('&').map(|pair| self.parameter(pair)).collect()),
                    fragment: None,
                },
                version: "HTTP/1.1".into(),
                fields: fields.iter().map(|line| self.field(line)).collect(),
                body: if form.is_empty() {
                    Body::none()
                } else {
                    Body { content: Content::Form(form), ..Body::none() }
                },
                fidelity: Fidelity::Wire,
            },
            interim: Vec::new(),
            outcome: Outcome::Answered(response),
        }
    }

    fn parameter(&self, pair: &str) -> Parameter {
        let (name, value) = pair.split_once('=').expect("name=value");
        let secret = ["key", "token", "secret"].iter().any(|word| name.contains(word));
        let value = if secret { Text::hidden(self.secret(value)) } else { Text::shown(value) };
        Parameter { name: name.into(), value: Some(value) }
    }

    fn field(&self, line: &str) -> Field {
        let (name, value) = line.split_once(": ").expect("a field line");
        let name = FieldName::new(name);
        let value = match name.key.as_str() {
            "authorization" => FieldValue::Credentials(Box::new(self.credentials(value))),
            "x-api-key" | "api-key" => FieldValue::Credentials(Box::new(Credentials {
                scheme: None,
                separator: String::new(),
                token: Token::Opaque(Box::new(self.secret(value))),
            })),
            _ => FieldValue::Text(Text::shown(value)),
        };
        Field::new(name, Spacing::default(), value)
    }

    /// `Basic user:password` stands for its base64.
    fn credentials(&self, value: &str) -> Credentials {
        let schemes = ["Bearer", "bearer", "Token", "Basic"];
        let (scheme, token) = match value.split_once(' ') {
            Some((scheme, token)) if schemes.contains(&scheme) => (Some(scheme.to_owned()), token),
            _ => (None, value),
        };
        let token = match token.split_once(':').filter(|_| scheme.as_deref() == Some("Basic")) {
            Some((user, password)) => Token::Basic(Box::new(UserInfo {
                user: self.secret(user),
                password: Some(self.secret(password)),
            })),
            None => Token::Opaque(Box::new(self.secret(token))),
        };
        Credentials { separator: if scheme.is_some() { " ".into() } else { String::new() }, scheme, token }
    }
}

fn class(text: &str) -> Class {
    let sent = || text.to_owned();
    match text {
        "" => Class::Empty,
        "None" | "null" | "undefined" => Class::Null(sent()),
        _ if text.starts_with("{{") || text.starts_with("${") => Class::Template(sent()),
        _ if text.chars().all(|letter| letter == '*') => Class::Mask(sent()),
        _ if text.starts_with("arn:") => Class::SecretReference("aws".into()),
        _ if text.starts_with("2024-") => Class::Date { format: "%Y-%m-%d".into(), offset: None },
        _ => match text.strip_prefix("jwt ") {
            Some(claims) => Class::Jwt(Box::new(jwt(claims))),
            None => Class::Opaque,
        },
    }
}

/// `aud=a sub=u exp=-60 nbf=60`: dates as seconds after the request.
fn jwt(claims: &str) -> Jwt {
    let mut jwt = Jwt { alg: Some("RS256".into()), ..Jwt::default() };
    for (name, value) in claims.split(' ').filter_map(|claim| claim.split_once('=')) {
        jwt.claims.push(name.to_owned());
        if name == "exp" {
            jwt.expires_in = value.parse().ok();
        } else if name == "nbf" {
            jwt.starts_in = value.parse().ok();
        } else {
            let mut hasher = DefaultHasher::new();
            value.hash(&mut hasher);
            jwt.tags.insert(name.to_owned(), Tag(hasher.finish() >> 4));
        }
    }
    jwt
}
