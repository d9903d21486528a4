//! Strategies for whole captures.

use jiff::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use samewire::model::*;

fn word() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-zA-Z0-9_-]{0,12}", 1 => any::<String>()]
}

fn tag() -> impl Strategy<Value = Tag> {
    (0..1_u64 << 60).prop_map(Tag)
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_i64, 0..1_000_000_000_i32).prop_map(|(s, ns)| Timestamp::new(s, ns).unwrap())
}

fn blank() -> impl Strategy<Value = Option<Blank>> {
    option::of(prop::sample::select(vec![Blank::Space, Blank::Newline, Blank::NoBreakSpace, Blank::Control]))
}

fn class() -> BoxedStrategy<Class> {
    prop_oneof![
        prop::sample::select(vec![Class::Empty, Class::Hex, Class::Opaque, Class::Binary]),
        word().prop_map(Class::Template),
        (word(), option::of(any::<i64>())).prop_map(|(format, offset)| Class::Date { format, offset }),
        (any::<u8>(), any::<i64>()).prop_map(|(digits, offset)| Class::Timestamp { digits, offset }),
        (vec(word(), 0..3), btree_map(word(), tag(), 0..3), option::of(any::<i64>())).prop_map(
            |(claims, tags, expires_in)| {
                Class::Jwt(Box::new(Jwt {
                    alg: Some("RS256".into()),
                    claims,
                    tags,
                    expires_in,
                    ..Jwt::default()
                }))
            }
        ),
    ]
    .boxed()
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        word().prop_map(Step::Appended),
        any::<[u32; 3]>().prop_map(|[start, end, of]| Step::Slice { start, end, of }),
        prop::sample::select(vec![Step::Base64, Step::Percent, Step::Cast]),
    ]
}

fn reference() -> impl Strategy<Value = Reference> {
    prop_oneof![
        word().prop_map(Reference::Config),
        word().prop_map(Reference::Named),
        (any::<u32>(), word()).prop_map(|(exchange, at)| Reference::Issued { exchange, at }),
    ]
}

fn secret() -> BoxedStrategy<Secret> {
    let length = prop_oneof![(16..9_999_u32).prop_map(Length::Exact), Just(Length::Under { under: 8 })];
    let shape = (length, class(), blank(), blank(), option::of(any::<char>()), option::of(word()));
    let fingerprint = (tag(), btree_map(Just(Form::Core), tag(), 0..2), vec(tag(), 0..3));
    let relation = option::of((reference(), vec(step(), 0..3)));
    (shape, fingerprint, relation, any::<bool>())
        .prop_map(|(shape, fingerprint, relation, credential)| {
            let (length, class, leading, trailing, quotes, scheme) = shape;
            let (exact, forms, prefixes) = fingerprint;
            Secret {
                shape: Shape {
                    length,
                    class,
                    leading,
                    trailing,
                    inside: None,
                    quotes,
                    scheme,
                    public_prefix: None,
                    envelope: None,
                },
                fingerprint: Fingerprint { exact, forms, suffixes: prefixes.clone(), prefixes },
                relation: relation.map(|(reference, steps)| Relation { reference, steps }),
                credential,
            }
        })
        .boxed()
}

fn text() -> BoxedStrategy<Text> {
    vec((word(), option::weighted(0.3, secret())), 0..3)
        .prop_map(|pieces| {
            let mut text = Text::default();
            for (shown, hidden) in pieces {
                text.push_shown(&shown);
                if let Some(secret) = hidden {
                    text.push_hidden(secret);
                }
            }
            text
        })
        .boxed()
}

fn parameters() -> impl Strategy<Value = Vec<Parameter>> {
    vec((word(), option::of(text())).prop_map(|(name, value)| Parameter { name, value }), 0..3)
}

fn user_info() -> BoxedStrategy<UserInfo> {
    (secret(), option::of(secret())).prop_map(|(user, password)| UserInfo { user, password }).boxed()
}

fn field() -> BoxedStrategy<Field> {
    let token = prop_oneof![
        secret().prop_map(|secret| Token::Opaque(Box::new(secret))),
        user_info().prop_map(|info| Token::Basic(Box::new(info))),
        parameters().prop_map(Token::Parameters),
    ];
    let credentials = (option::of(word()), "[ \t]{0,2}", token)
        .prop_map(|(scheme, separator, token)| Credentials { scheme, separator, token });
    let value = prop_oneof![
        text().prop_map(FieldValue::Text),
        credentials.prop_map(|credentials| FieldValue::Credentials(Box::new(credentials))),
        parameters().prop_map(FieldValue::Cookies),
    ];
    let name = prop_oneof![Just("Cookie".to_owned()), Just("Content-Type".to_owned()), word()];
    (name, "[ \t]{0,2}", "[ \t]{0,2}", value)
        .prop_map(|(name, before, after, value)| {
            Field::new(FieldName::new(name), Spacing { before: before.into(), after: after.into() }, value)
        })
        .boxed()
}

fn json() -> BoxedStrategy<Json> {
    let name = prop_oneof![word(), Just("$ref".to_owned()), Just("$text".to_owned())];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(|number| Json::Number(Text::shown(number.to_string()))),
        text().prop_map(Json::Number),
        text().prop_map(Json::String),
    ];
    leaf.prop_recursive(4, 12, 4, move |inner| {
        prop_oneof![
            inner.clone().prop_map(|value| Json::Embedded(Box::new(value))),
            vec(inner.clone(), 0..4).prop_map(Json::Array),
            vec((name.clone(), inner), 0..4).prop_map(Json::Object),
        ]
    })
    .boxed()
}

fn content() -> BoxedStrategy<Content> {
    let part = (option::of(word()), option::of(text()), vec(field(), 0..2), json(), any::<u64>()).prop_map(
        |(name, file_name, fields, json, length)| Part {
            name,
            file_name,
            fields,
            content: Content::from(json),
            length,
        },
    );
    prop_oneof![
        Just(Content::Empty),
        json().prop_map(Content::from),
        vec(json(), 0..3).prop_map(Content::JsonLines),
        parameters().prop_map(Content::Form),
        vec(part, 0..3).prop_map(Content::Multipart),
        text().prop_map(Content::Text),
        Just(Content::Opaque(OpaqueReason::Binary)),
    ]
    .boxed()
}

fn body() -> BoxedStrategy<Body> {
    (any::<u64>(), option::of(tag()), any::<bool>(), content(), vec(field(), 0..2))
        .prop_map(|(length, digest, complete, content, trailers)| Body {
            length,
            digest,
            framing: if complete { Framing::Chunked } else { Framing::UntilClose },
            complete,
            codings: if complete { vec![Coding::Gzip, Coding::Unknown] } else { vec![] },
            content,
            trailers,
        })
        .boxed()
}

fn target() -> BoxedStrategy<Target> {
    let place = (word(), word(), any::<u16>(), option::of(user_info()));
    let rest = (text(), option::of(parameters()), option::of(text()));
    let form = TargetForm::Absolute;
    (place, rest)
        .prop_map(move |((scheme, host, port, user_info), (path, query, fragment))| Target {
            form,
            scheme,
            host,
            port,
            user_info,
            path,
            query,
            fragment,
        })
        .boxed()
}

fn interception() -> BoxedStrategy<Interception> {
    let reverse = target().prop_map(|upstream| Interception::Reverse { upstream: Box::new(upstream) });
    prop_oneof![3 => Just(Interception::Variables), 1 => Just(Interception::Transparent), 1 => reverse]
        .boxed()
}

fn request() -> BoxedStrategy<Request> {
    let fidelity =
        prop_oneof![Just(Fidelity::Wire), Just(Fidelity::Decoded), word().prop_map(Fidelity::Desync)];
    (word(), target(), vec(field(), 0..4), body(), fidelity)
        .prop_map(|(method, target, fields, body, fidelity)| Request {
            method,
            target,
            version: "HTTP/1.0".into(),
            fields,
            body,
            fidelity,
        })
        .boxed()
}

fn response() -> BoxedStrategy<Response> {
    (100..600_u16, text(), vec(field(), 0..3), body(), websocket())
        .prop_map(|(status, reason, fields, body, websocket)| Response {
            version: "HTTP/1.1".into(),
            status,
            reason,
            fields,
            body,
            websocket,
        })
        .boxed()
}

fn websocket() -> impl Strategy<Value = Option<Box<WebSocket>>> {
    let messages = || {
        (0..9_u64, 0..9_000_u64, 0..9_u64).prop_map(|(messages, bytes, control)| Messages {
            messages,
            bytes,
            control,
        })
    };
    proptest::option::of(
        (messages(), messages()).prop_map(|(sent, received)| Box::new(WebSocket { sent, received })),
    )
}

fn failure() -> impl Strategy<Value = Failure> {
    text().prop_map(|message| Failure {
        leg: Leg::Client,
        phase: Phase::Receive,
        kind: FailureKind::Closed,
        message,
    })
}

fn outcome() -> BoxedStrategy<Outcome> {
    prop_oneof![
        3 => response().prop_map(Outcome::Answered),
        1 => (failure(), option::of(response())).prop_map(|(failure, response)| Outcome::Failed {
            failure,
            response: response.map(Box::new)
        }),
        1 => Just(Outcome::Unfinished),
    ]
    .boxed()
}

fn connection() -> BoxedStrategy<Connection> {
    let kind = prop_oneof![
        Just(ConnectionKind::Plain),
        (word(), any::<[u64; 2]>()).prop_map(|(reason, [sent, received])| ConnectionKind::Tunnel {
            reason,
            sent,
            received
        }),
        (option::of(text()), vec(word(), 0..2), word()).prop_map(|(server_name, alpn, alert)| {
            ConnectionKind::Tls {
                hello: Some(ClientHello { server_name, alpn, ..ClientHello::default() }),
                handshake: Handshake::Alert(alert),
            }
        }),
    ];
    let refused = failure().prop_map(|failure| Refused { stream: 5, times: 2, failure });
    let outcome = prop_oneof![
        Just(DialOutcome::Connected),
        Just(DialOutcome::Overtaken),
        Just(DialOutcome::Failed(FailureKind::Refused)),
    ];
    let tried = (word(), outcome).prop_map(|(address, outcome)| Tried { address, outcome });
    let dial = (word(), vec(tried, 0..3)).prop_map(|(to, tried)| Dial { to, tried });
    (timestamp(), option::of(word()), kind, vec(dial, 0..2), vec(refused, 0..2), option::of(failure()))
        .prop_map(|(opened_at, authority, kind, dials, refused, failure)| Connection {
            number: 0,
            opened_at,
            authority,
            kind,
            upstream: None,
            dials,
            refused,
            failure,
        })
        .boxed()
}

fn clue() -> BoxedStrategy<Clue> {
    let kind = prop_oneof![
        Just(ClueKind::SpecMissing),
        word().prop_map(ClueKind::ConfigKeyMissing),
        (text(), option::of(word())).prop_map(|(url, host)| ClueKind::Called {
            url,
            host,
            status: Some(401)
        }),
    ];
    (any::<u64>(), text(), kind)
        .prop_map(|(line, text, kind)| Clue { stream: Stream::Stderr, line, text, kind })
        .boxed()
}

fn timings() -> impl Strategy<Value = Timings> {
    vec(option::of(0.0..1e9_f64), 3).prop_map(|t| Timings { sent: t[0], answered: t[1], ended: t[2] })
}

prop_compose! {
    fn exchange()(
        started_at in timestamp(),
        timings in timings(),
        request in request(),
        interim in vec(100..200_u16, 0..2),
        outcome in outcome(),
        connection in any::<u32>(),
    ) -> Exchange {
        Exchange { number: 0, connection, index: 1, started_at, timings, request, interim, outcome }
    }
}

fn inputs() -> BoxedStrategy<Inputs> {
    let value = (word(), option::of(text()), any::<bool>())
        .prop_map(|(pointer, value, secret)| ConfigValue { pointer, kind: JsonType::String, value, secret });
    let variable = (word(), text()).prop_map(|(name, value)| Variable { name, value });
    let image = (text(), option::of(word()), option::of(text()), vec(word(), 0..2)).prop_map(
        |(reference, digest, user, variables)| ImageFacts {
            reference,
            digest,
            user,
            variables,
            ..ImageFacts::default()
        },
    );
    let environment = option::of(vec(variable, 0..3));
    (option::of((text(), vec(value, 0..3))), option::of(word()), option::of(image), environment)
        .prop_map(|(config, malformed, image, environment)| Inputs {
            image,
            config: config.map(|(path, values)| ConfigFacts { path, unreadable: None, values }),
            spec: None,
            manifest: malformed.map(|reason| ManifestFacts {
                state: ManifestState::Malformed(reason),
                ..Default::default()
            }),
            clients: vec![],
            secrets: environment.clone(),
            environment,
        })
        .boxed()
}

fn coverage() -> BoxedStrategy<Coverage> {
    let gap = (word(), option::of(word()), any::<bool>()).prop_map(|(client, version, certain)| Gap {
        client,
        version,
        kind: GapKind::Excepted(Setting { name: "NO_PROXY".into(), at: FoundAt::Script(3) }),
        certain,
    });
    let direct = (word(), option::of(word()), any::<u32>(), any::<bool>(), timestamp()).prop_map(
        |(remote, program, connections, opened, seen)| Direct {
            remote,
            transport: Transport::Tcp,
            client: program.clone(),
            program,
            connections,
            opened,
            first_seen: seen,
            last_seen: seen,
        },
    );
    let sampling = any::<[u32; 3]>().prop_map(|[samples, interval, unreadable]| Sampling {
        of: Sampled::Processes,
        samples: samples.into(),
        interval_ms: interval.into(),
        unreadable,
    });
    let reached = option::of(proptest::sample::select(vec![Reached::Inside, Reached::Outside]));
    let refused = btree_map(any::<u16>(), any::<u32>(), 0..3);
    (vec(gap, 0..2), option::of(sampling), vec(direct, 0..2), refused, reached, any::<u32>())
        .prop_map(|(foreseen, sampling, direct, refused, reached, loopback)| Coverage {
            reached,
            foreseen,
            sampling,
            direct,
            loopback,
            refused,
        })
        .boxed()
}

prop_compose! {
    /// Any capture, numbered as the recorder numbers it.
    pub(crate) fn capture()(
        sandbox in any::<bool>(),
        interception in interception(),
        repeat in option::of((word(), any::<u32>(), any::<u32>())),
        command in vec(text(), 0..3),
        started_at in timestamp(),
        ended_at in option::of(timestamp()),
        exit in option::of(prop_oneof![any::<i32>().prop_map(Exit::Code), any::<i32>().prop_map(Exit::Signal)]),
        inputs in inputs(),
        key_id in word(),
        mut connections in vec(connection(), 0..3),
        mut exchanges in vec(exchange(), 0..4),
        clues in vec(clue(), 0..3),
        ignored in btree_map(word(), any::<u32>(), 0..2),
        rejected in any::<u32>(),
        withheld in any::<u32>(),
        coverage in coverage(),
        stopped in option::of(word()),
    ) -> Capture {
        for (connection, number) in connections.iter_mut().zip(1..) {
            connection.number = number;
        }
        for (exchange, number) in exchanges.iter_mut().zip(1..) {
            exchange.number = number;
        }
        Capture {
            side: if sandbox { Side::Sandbox } else { Side::Runtime },
            run: Run {
                version: "0.1.0".into(),
                platform: "linux-x86_64".into(),
                tool: Tool::Proxy,
                source: None,
                interception,
                repeat: repeat.map(|(set, number, of)| Repeat { set, number, of }),
                command,
                started_at,
                ended_at,
                exit,
            },
            inputs,
            key_id,
            connections,
            exchanges,
            clues,
            completeness: Completeness { ignored, rejected, withheld, coverage, stopped, torn: None, growing: false },
        }
    }
}
