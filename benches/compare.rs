//! Two runs of 10,000 exchanges with 110 differences: pages of a list, tagged as redaction tags them.
#![allow(missing_docs, reason = "a benchmark")]
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::hash::{DefaultHasher, Hash, Hasher};
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::{SignedDuration, Timestamp};
use samewire::capture;
use samewire::compare::{Significance, compare};
use samewire::model::{
    Body, Capture, Class, Completeness, Content, Credentials, Exchange, Fidelity, Field, FieldName,
    FieldValue, Fingerprint, Form, Framing, Inputs, Json, Length, Outcome, Parameter, Request, Response, Run,
    Secret, Shape, Side, Spacing, Tag, Target, TargetForm, Text, Timings, Token, Tool,
};

const EXCHANGES: usize = 10_000;
/// Records in each answer.
const RECORDS: usize = 20;

fn tag(value: impl Hash) -> Tag {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    Tag(hasher.finish() >> 4)
}

fn hidden(value: &str, class: Class, credential: bool) -> Secret {
    Secret {
        shape: Shape::new(Length::Exact(40), class),
        fingerprint: Fingerprint {
            exact: tag(value),
            forms: [(Form::Lowercase, tag(("lower", value)))].into(),
            prefixes: vec![tag(("first", value))],
            suffixes: vec![tag(("last", value))],
        },
        relation: None,
        credential,
    }
}

fn field(name: &str, text: Text) -> Field {
    Field::new(FieldName::new(name), Spacing::default(), FieldValue::Text(text))
}

fn parameter(name: &str, value: String) -> Parameter {
    Parameter { name: name.to_owned(), value: Some(Text::shown(value)) }
}

fn exchange(page: usize, side: Side, started_at: Timestamp) -> Exchange {
    let changed = side == Side::Runtime && page % 100 == 37;
    let status = if changed && page % 200 == 137 { 429 } else { 200 };
    let token = Credentials {
        scheme: Some("Bearer".to_owned()),
        separator: " ".to_owned(),
        token: Token::Opaque(Box::new(hidden("the token", Class::Opaque, true))),
    };
    let tenant = if changed && status == 200 { "other" } else { "acme" };
    let fields = vec![
        field("Host", Text::shown("api.bench.test")),
        field("Accept", Text::shown("application/json")),
        Field::new(
            FieldName::new("Authorization"),
            Spacing::default(),
            FieldValue::Credentials(Box::new(token)),
        ),
        field("User-Agent", Text::shown("connector/1.0")),
        field("X-Tenant", Text::shown(tenant)),
        field("X-Request-Id", Text::hidden(hidden(&format!("{side} {page}"), Class::Hex, false))),
    ];
    let records = (0..RECORDS).map(|record| {
        Json::Object(vec![
            ("id".to_owned(), Json::Number(Text::shown((page * 10 + record).to_string()))),
            (
                "name".to_owned(),
                Json::String(Text::hidden(hidden(&format!("{page} {record}"), Class::Words, false))),
            ),
            ("active".to_owned(), Json::Bool(record % 3 == 0)),
        ])
    });
    let members = vec![("data".to_owned(), Json::Array(records.collect()))];
    let body = |content, side: Option<Side>| Body {
        length: 2_048,
        digest: Some(tag((page, side))),
        framing: Framing::ContentLength,
        content,
        ..Body::none()
    };
    Exchange {
        number: 0,
        connection: 1,
        index: 1,
        started_at,
        timings: Timings { ended: Some(20.0), ..Timings::default() },
        request: Request {
            method: "GET".to_owned(),
            target: Target {
                form: TargetForm::Origin,
                scheme: "https".to_owned(),
                host: "api.bench.test".to_owned(),
                port: 443,
                user_info: None,
                path: Text::shown("/v2/things"),
                query: Some(vec![
                    parameter("page", page.to_string()),
                    parameter("per_page", "10".to_owned()),
                ]),
                fragment: None,
            },
            version: "HTTP/1.1".to_owned(),
            fields,
            body: Body::none(),
            fidelity: Fidelity::Wire,
        },
        interim: Vec::new(),
        outcome: Outcome::Answered(Response {
            version: "HTTP/1.1".to_owned(),
            status,
            reason: Text::default(),
            fields: vec![field("Content-Type", Text::shown("application/json"))],
            websocket: None,
            body: body(Content::from(Json::Object(members)), Some(side)),
        }),
    }
}

/// A run; the runtime's lacks five pages and has five others, 100 of its requests or answers differ.
fn run(side: Side) -> Capture {
    let start = Timestamp::from_second(1_790_000_000).unwrap();
    let mut pages: Vec<usize> = Vec::new();
    for page in 0..EXCHANGES {
        if side == Side::Sandbox || page % (EXCHANGES / 5) != 11 {
            pages.push(page);
        }
        if side == Side::Runtime && page % (EXCHANGES / 5) == 77 {
            pages.push(EXCHANGES + page);
        }
    }
    let mut exchanges: Vec<Exchange> = Vec::new();
    for (at, page) in pages.into_iter().enumerate() {
        let started_at = start + SignedDuration::from_millis(i64::try_from(at).unwrap() * 50);
        let number = u32::try_from(at + 1).unwrap();
        exchanges.push(Exchange { number, ..exchange(page, side, started_at) });
    }
    Capture {
        side,
        run: Run {
            version: "0".to_owned(),
            platform: "bench".to_owned(),
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

fn ten_thousand(criterion: &mut Criterion) {
    let (sandbox, runtime) = (run(Side::Sandbox), run(Side::Runtime));
    let comparison = compare(&sandbox, &runtime);
    let material =
        comparison.differences.iter().filter(|difference| difference.significance == Significance::Material);
    assert_eq!(material.count(), 110);
    criterion.bench_function("compare 10,000 exchanges", |bencher| {
        bencher.iter(|| compare(black_box(&sandbox), black_box(&runtime)));
    });

    let folder = tempfile::tempdir().unwrap();
    let files = [&sandbox, &runtime].map(|run| {
        let path = folder.path().join(format!("{}.har", run.side));
        capture::write(&path, false, run).unwrap();
        path
    });
    drop((sandbox, runtime));
    criterion.bench_function("read and compare 10,000 exchanges", |bencher| {
        bencher.iter(|| {
            let known = Arc::default();
            let [sandbox, runtime] =
                files.each_ref().map(|path| capture::read_sharing(path, &known).unwrap());
            compare(&sandbox, &runtime)
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = ten_thousand
}
criterion_main!(benches);
