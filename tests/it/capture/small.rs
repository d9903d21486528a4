//! A small capture by hand; the frozen sample of format 1.

use jiff::Timestamp;
use samewire::model::*;

/// A capture of two exchanges and one tunnel.
pub(crate) fn capture() -> Capture {
    let at = |second: i64| Timestamp::new(1_790_000_000 + second, 250_000_000).unwrap();
    let token = Secret {
        shape: Shape::new(Length::Exact(40), Class::Opaque),
        fingerprint: Fingerprint {
            exact: Tag(0x0123_4567_89ab_cdef),
            forms: [(Form::Trimmed, Tag(77))].into(),
            prefixes: vec![Tag(1), Tag(2)],
            suffixes: vec![Tag(3)],
        },
        relation: Some(Relation { reference: Reference::Config("/api_key".into()), steps: vec![] }),
        credential: true,
    };
    let field = |name: &str, value: &str| {
        Field::new(FieldName::new(name), Spacing::default(), FieldValue::Text(Text::shown(value)))
    };
    let request = |path: &str| Request {
        method: "POST".into(),
        target: Target {
            form: TargetForm::Origin,
            scheme: "https".into(),
            host: "api.example.com".into(),
            port: 443,
            user_info: None,
            path: Text::shown(path),
            query: Some(vec![Parameter {
                name: "since".into(),
                value: Some(Text::shown("yesterday or so")),
            }]),
            fragment: None,
        },
        version: "HTTP/1.1".into(),
        fields: vec![
            field("Host", "api.example.com"),
            field("content-type", "application/json"),
            Field::new(
                FieldName::new("Authorization"),
                Spacing::default(),
                FieldValue::Credentials(Box::new(Credentials {
                    scheme: Some("Bearer".into()),
                    separator: " ".into(),
                    token: Token::Opaque(Box::new(token.clone())),
                })),
            ),
        ],
        body: Body {
            length: 18,
            digest: Some(Tag(4_711)),
            framing: Framing::ContentLength,
            complete: true,
            codings: vec![],
            content: Content::from(Json::Object(vec![
                ("page".into(), Json::Number(Text::shown("1"))),
                ("key".into(), Json::String(Text::hidden(token.clone()))),
            ])),
            trailers: vec![],
        },
        fidelity: Fidelity::Wire,
    };
    let exchange = |number, outcome| Exchange {
        number,
        connection: 1,
        index: number,
        started_at: at(i64::from(number)),
        timings: Timings { sent: Some(0.5), answered: Some(20.125), ended: Some(21.0) },
        request: request(if number == 1 { "/v1/lots" } else { "/v1/lots/2" }),
        interim: vec![],
        outcome,
    };
    let answered = Outcome::Answered(Response {
        version: "HTTP/1.1".into(),
        status: 200,
        websocket: None,
        reason: Text::shown("OK"),
        fields: vec![
            field("Content-Type", "text/plain"),
            Field::new(
                FieldName::new("Set-Cookie"),
                Spacing::default(),
                FieldValue::Cookies(vec![
                    Parameter { name: "sid".into(), value: Some(Text::hidden(token.clone())) },
                    Parameter { name: "Path".into(), value: Some(Text::shown("/")) },
                    Parameter { name: "HttpOnly".into(), value: None },
                ]),
            ),
        ],
        body: Body {
            length: 5,
            digest: Some(Tag(12)),
            framing: Framing::Chunked,
            complete: true,
            codings: vec![],
            content: Content::Text(Text::shown("hello")),
            trailers: vec![],
        },
    });
    let failed = Outcome::Failed {
        failure: Failure {
            leg: Leg::Upstream,
            phase: Phase::Connect,
            kind: FailureKind::Refused,
            message: Text::shown("connection refused"),
        },
        response: None,
    };
    let connection = |number, kind| Connection {
        number,
        opened_at: at(0),
        authority: Some("api.example.com:443".into()),
        kind,
        upstream: Some("192.0.2.7:443".into()),
        dials: Vec::new(),
        refused: Vec::new(),
        failure: None,
    };
    Capture {
        side: Side::Runtime,
        run: Run {
            version: "0.1.0".into(),
            platform: "linux-x86_64".into(),
            tool: Tool::Record,
            source: None,
            interception: samewire::model::Interception::default(),
            repeat: None,
            command: vec![Text::shown("check"), Text::shown("--config")],
            started_at: at(0),
            ended_at: Some(at(9)),
            exit: Some(Exit::Code(1)),
        },
        inputs: Inputs {
            config: Some(ConfigFacts {
                path: Text::shown("config.json"),
                unreadable: None,
                values: vec![ConfigValue {
                    pointer: "/api_key".into(),
                    kind: JsonType::String,
                    value: None,
                    secret: true,
                }],
            }),
            spec: None,
            manifest: None,
            clients: vec![ClientVersion { name: "airbyte-cdk".into(), version: "7.39.1".into() }],
            environment: None,
            secrets: None,
            image: None,
        },
        key_id: "k7qa".into(),
        connections: vec![
            connection(1, ConnectionKind::Tls { hello: None, handshake: Handshake::Completed }),
            connection(2, ConnectionKind::Tunnel { reason: "not TLS".into(), sent: 10, received: 2 }),
        ],
        exchanges: vec![exchange(1, answered), exchange(2, failed)],
        clues: vec![Clue {
            stream: Stream::Stdout,
            line: 3,
            text: Text::shown("Unable to find the spec"),
            kind: ClueKind::SpecMissing,
        }],
        completeness: Completeness {
            ignored: [("telemetry.example".into(), 2)].into(),
            ..Default::default()
        },
    }
}
