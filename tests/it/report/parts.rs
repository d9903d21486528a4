//! Parts of captures.

use jiff::{SignedDuration, Timestamp};
use samewire::model::{
    Body, Capture, Class, Completeness, ConfigFacts, ConfigValue, Content, Credentials, Exchange, Failure,
    FailureKind, Fidelity, Field, FieldName, FieldValue, Fingerprint, Framing, Inputs, Json, JsonType, Leg,
    Length, Outcome, Parameter, Phase, Reference, Relation, Request, Response, Run, Secret, Shape, Side,
    Spacing, Tag, Target, TargetForm, Text, Timings, Token, Tool,
};

pub(super) fn start() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000)
}

pub(super) fn capture(side: Side, exchanges: Vec<Exchange>) -> Capture {
    Capture {
        side,
        run: Run {
            version: "0.0.0".into(),
            platform: "linux x86_64".into(),
            tool: Tool::Record,
            source: None,
            interception: samewire::model::Interception::default(),
            repeat: None,
            command: vec![Text::shown("check"), Text::shown("--config")],
            started_at: start(),
            ended_at: Some(start() + SignedDuration::from_secs(2)),
            exit: None,
        },
        inputs: Inputs::default(),
        key_id: "k1".into(),
        connections: Vec::new(),
        exchanges,
        clues: Vec::new(),
        completeness: Completeness::default(),
    }
}

pub(super) fn answered(number: u32, request: Request, status: u16) -> Exchange {
    let fields = vec![field("Content-Type", FieldValue::Text(Text::shown("application/json")))];
    let reason = Text::shown(if status < 400 { "OK" } else { "Forbidden" });
    let response =
        Response { version: "HTTP/1.1".into(), status, reason, fields, body: Body::none(), websocket: None };
    exchange(number, request, Outcome::Answered(response))
}

pub(super) fn refused(number: u32, request: Request) -> Exchange {
    let message = Text::shown("127.0.0.1:9");
    let failure = Failure { leg: Leg::Upstream, phase: Phase::Connect, kind: FailureKind::Refused, message };
    exchange(number, request, Outcome::Failed { failure, response: None })
}

pub(super) fn exchange(number: u32, request: Request, outcome: Outcome) -> Exchange {
    Exchange {
        number,
        connection: 1,
        index: number,
        started_at: start() + SignedDuration::from_millis(i64::from(number)),
        timings: Timings::default(),
        request,
        interim: Vec::new(),
        outcome,
    }
}

pub(super) fn lots(authorization: impl Into<Option<Field>>) -> Request {
    let text = |value: &str| FieldValue::Text(Text::shown(value));
    let mut fields = vec![
        field("Host", text("api.example.com")),
        field("User-Agent", text("python-requests/2.34.0")),
        field("Accept-Encoding", text("gzip, deflate")),
        field("Accept", text("*/*")),
        field("Connection", text("keep-alive")),
    ];
    fields[3].spacing = Spacing { before: "\t".into(), after: " ".into() };
    fields.extend(authorization.into());
    Request {
        method: "GET".into(),
        target: Target {
            form: TargetForm::Origin,
            scheme: "https".into(),
            host: "api.example.com".into(),
            port: 443,
            user_info: None,
            path: Text::shown("/v1/lots"),
            query: Some(vec![
                Parameter { name: "Inicio".into(), value: Some(Text::shown("2026-11-01")) },
                Parameter { name: "page".into(), value: Some(Text::shown("1")) },
            ]),
            fragment: None,
        },
        version: "HTTP/1.1".into(),
        fields,
        body: Body::none(),
        fidelity: Fidelity::Wire,
    }
}

pub(super) fn json_body() -> Body {
    let filter = Json::Object(vec![("since".into(), Json::String(Text::hidden(known("/start"))))]);
    let ids = Json::Array(vec![Json::Number(Text::shown("1")), Json::Number(Text::shown("2"))]);
    let inner = Json::Object(vec![("cursor".into(), Json::Null)]);
    let state = Json::Embedded(Box::new(inner));
    let content = Content::from(Json::Object(vec![
        ("filter".into(), filter),
        ("ids".into(), ids),
        ("state".into(), state),
    ]));
    Body { length: 60, framing: Framing::ContentLength, content, ..Body::none() }
}

pub(super) fn field(name: &str, value: FieldValue) -> Field {
    Field::new(FieldName::new(name), Spacing::default(), value)
}

pub(super) fn bearer(secret: Secret) -> Field {
    let token = Token::Opaque(Box::new(secret));
    let credentials = Credentials { scheme: Some("Bearer".into()), separator: " ".into(), token };
    field("Authorization", FieldValue::Credentials(Box::new(credentials)))
}

pub(super) fn nothing() -> Secret {
    Secret { relation: None, ..secret(Class::Empty, 0) }
}

pub(super) fn known(pointer: &str) -> Secret {
    let relation = Relation { reference: Reference::Config(pointer.into()), steps: Vec::new() };
    Secret { relation: Some(relation), ..secret(Class::Opaque, 40) }
}

pub(super) fn secret(class: Class, length: u32) -> Secret {
    let length = Length::Exact(length);
    Secret {
        shape: Shape::new(length, class),
        fingerprint: Fingerprint {
            exact: Tag(123_456_789),
            forms: std::collections::BTreeMap::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
        },
        relation: None,
        credential: true,
    }
}

pub(super) fn config(pointers: &[&str]) -> ConfigFacts {
    let value = |pointer: &&str| ConfigValue {
        pointer: (*pointer).to_owned(),
        kind: JsonType::String,
        value: Some(Text::hidden(known(pointer))),
        secret: true,
    };
    ConfigFacts {
        path: Text::shown("config.json"),
        unreadable: None,
        values: pointers.iter().map(value).collect(),
    }
}
