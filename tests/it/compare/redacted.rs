//! Requests as clients send them, through the real redactor: healthy runs are quiet, faults are named.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use samewire::compare::{Comparison, Identity, compare};
use samewire::model::{Capture, Class, Fidelity, Reference, Side, Timings};
use samewire::redact::{Key, Known, RawBody, RawExchange, RawMessage, RawOutcome, Redactor};

use super::kit::{material, pairs, run};

const TOKEN: &str = "fbk7Qx2mVt9ZpLr4WnYc8HdSg3JbKe6TuAf1Ro5Pi";

/// A request and its answer, each head and body as one text with LF line ends.
type Sent = (String, String);

/// Where a value is sent.
type Place = fn(&str) -> String;

fn message(text: &str) -> RawMessage {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let head = format!("{}\r\n\r\n", head.replace('\n', "\r\n"));
    let bytes = Bytes::copy_from_slice(body.as_bytes());
    let body = RawBody { length: bytes.len() as u64, bytes, complete: true, ..RawBody::default() };
    RawMessage { head: Bytes::from(head), body }
}

fn recorded(side: Side, config: &[(&str, &str)], sent: &[Sent]) -> Capture {
    let mut redactor = Redactor::new(Key::from_bytes([7; 32]));
    for (name, value) in config {
        redactor.refer(Reference::Config(format!("/{name}")), value, Known::Secret);
    }
    let mut capture = run(side, []);
    for (at, (request, answer)) in sent.iter().enumerate() {
        capture.exchanges.push(redactor.exchange(&RawExchange {
            number: u32::try_from(at + 1).expect("few"),
            connection: 1,
            index: 1,
            started_at: start(side) + SignedDuration::from_secs(i64::try_from(at).expect("few")),
            timings: Timings { ended: Some(100.0), ..Timings::default() },
            scheme: "https",
            authority: Some("api.example.com:443".to_owned()),
            fidelity: Fidelity::Wire,
            request: message(request),
            interim: Vec::new(),
            websocket: None,
            outcome: RawOutcome::Answered(message(answer)),
        }));
    }
    capture
}

fn start(side: Side) -> Timestamp {
    let second = match side {
        Side::Sandbox => 1_790_000_000,
        Side::Runtime => 1_790_000_321,
    };
    Timestamp::from_second(second).expect("a time")
}

const OK: &str = "HTTP/1.1 200 OK\nContent-Type: application/json\n\n{\"data\":[]}";
const REFUSED: &str = "HTTP/1.1 403 Forbidden\nContent-Type: application/json\n\n{\"message\":\"no\"}";

fn head(rest: &str) -> String {
    format!(
        "GET /v1/lots HTTP/1.1\nHost: api.example.com\nUser-Agent: python-requests/2.34\nAccept: */*\n{rest}"
    )
}

/// Both sides send what `request` makes of the side's start.
fn healthy(request: impl Fn(Side, i64) -> Vec<Sent>) -> Comparison {
    let record = |side| recorded(side, &[("api_key", TOKEN)], &request(side, start(side).as_second()));
    compare(&record(Side::Sandbox), &record(Side::Runtime))
}

fn quiet(request: impl Fn(Side, i64) -> Vec<Sent>) {
    let comparison = healthy(request);
    assert_eq!(material(&comparison), [""; 0], "{:#?}", comparison.differences);
    assert!(comparison.pairs.iter().all(|pair| pair.sandbox.is_some() && pair.runtime.is_some()));
}

fn other(side: Side, one: &str, other: &str) -> String {
    if side == Side::Sandbox { one.to_owned() } else { other.to_owned() }
}

fn format(seconds: i64, format: &str) -> String {
    let zoned = Timestamp::from_second(seconds).expect("a time").to_zoned(jiff::tz::TimeZone::UTC);
    zoned.strftime(format).to_string()
}

fn post(media_type: &str, body: &str) -> String {
    format!(
        "POST /v1/lots HTTP/1.1\nHost: api.example.com\nContent-Type: {media_type}\nAuthorization: Bearer {TOKEN}\nContent-Length: {}\n\n{body}",
        body.len()
    )
}

#[test]
fn windows_move_with_the_clock() {
    let formats = [
        "%Y-%m-%dT%H:%M:%S.123456",
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%d %H:%M:%S",
        "%Y%m%dT%H%M%SZ",
        "%s",
        "%s123",
        "%s123456",
    ];
    for date in formats {
        quiet(|_, now| {
            let (from, to) = (format(now - 20 * 86_400, date), format(now, date));
            vec![
                (
                    post("application/json", &format!(r#"{{"Inicio":"{from}","Fim":"{to}","Loja":"10"}}"#)),
                    OK.to_owned(),
                ),
                (
                    head(&format!("Authorization: Bearer {TOKEN}")).replace(
                        "/v1/lots",
                        &format!("/v1/sales?since={from}&until={to}").replace(' ', "%20"),
                    ),
                    OK.to_owned(),
                ),
            ]
        });
    }
}

#[test]
fn a_window_of_another_length_is_a_difference() {
    let comparison = healthy(|side, now| {
        let days = if side == Side::Sandbox { 20 } else { 10 };
        let body = format!(r#"{{"Inicio":"{}"}}"#, format(now - days * 86_400, "%Y-%m-%dT%H:%M:%SZ"));
        vec![(post("application/json", &body), OK.to_owned())]
    });
    assert_eq!(material(&comparison), ["request.body/Inicio Altered: material"]);
}

#[test]
fn identifiers_are_made_anew() {
    quiet(|side, _| {
        let uuid =
            other(side, "3f2a9c41-d2e7-4608-9a51-7cc0d1f4e6b2", "b81d0f67-5a3c-4e92-8f10-2d94c6a7e503");
        let hex = uuid.replace('-', "");
        let fields = format!(
            "X-Request-Id: {uuid}\ntraceparent: 00-{hex}-{}-01\nIdempotency-Key: {uuid}\nX-B3-TraceId: {hex}\nX-Nonce: {}\nAuthorization: Bearer {TOKEN}",
            &hex[..16],
            &hex[16..]
        );
        let body = format!(r#"{{"from":"2024-01-01","request_id":"{uuid}"}}"#);
        vec![(head(&fields), OK.to_owned()), (post("application/json", &body), OK.to_owned())]
    });
}

#[test]
fn boundaries_are_made_anew() {
    quiet(|side, _| {
        let boundary = other(side, "4c9ae2f0b1d84d70a2f35c6b7e8d9f01", "e07b1c52d3a94f68b0c1d2e3f4a5b6c7");
        let body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"company\"\r\n\r\n10\r\n--{boundary}--\r\n"
        );
        vec![(post(&format!("multipart/form-data; boundary={boundary}"), &body), OK.to_owned())]
    });
}

#[test]
fn tokens_and_cookies_that_answers_issued_may_differ() {
    quiet(|side, _| {
        let minted =
            other(side, "mint8Kq2Vx5Zt9Wb3Yc7Nd1Lf4Hg6Js0PrTuE", "mintQ1w2E3r4T5y6U7i8O9p0AsDfGhJkLzXcV");
        let token = "POST /oauth/token HTTP/1.1\nHost: api.example.com\nContent-Type: application/x-www-form-urlencoded\n\ngrant_type=refresh_token&refresh_token=rt_9x8c7v6b5n4m3a2s1d0f";
        let answer = format!(
            "HTTP/1.1 200 OK\nContent-Type: application/json\nSet-Cookie: session={minted}c; Path=/; HttpOnly\n\n{{\"access_token\":\"{minted}\",\"expires_in\":3600}}"
        );
        let call = head(&format!("Cookie: session={minted}c\nAuthorization: Bearer {minted}"));
        vec![(token.to_owned(), answer), (call, OK.to_owned())]
    });
}

/// One client has a cookie jar, the other has none.
#[test]
fn a_cookie_that_an_answer_set_may_be_left_out() {
    for value in ["route-2", "9f31c07ab24d4e0f8c55b3a1d07e6f42"] {
        quiet(|side, _| {
            let set = format!(
                "HTTP/1.1 200 OK\nContent-Type: application/json\nSet-Cookie: lane={value}; Path=/\n\n[]"
            );
            let kept = other(side, &format!("Cookie: lane={value}\n"), "");
            let call = head(&format!("{kept}Authorization: Bearer {TOKEN}"));
            vec![(head(&format!("Authorization: Bearer {TOKEN}")), set), (call, OK.to_owned())]
        });
    }
}

#[test]
fn cursors_that_answers_named_may_differ() {
    quiet(|side, _| {
        let cursor = |page: u32| format!("c{}{page}", other(side, "3f2a9c41d2e7460", "b81d0f675a3c4e9"));
        (0..4)
            .map(|page| {
                let query = if page == 0 { String::new() } else { format!("?after={}", cursor(page)) };
                let answer = format!("HTTP/1.1 200 OK\nContent-Type: application/json\n\n{{\"data\":[{{\"id\":{page}}}],\"next\":\"{}\"}}", cursor(page + 1));
                (head(&format!("Authorization: Bearer {TOKEN}")).replace("/v1/lots", &format!("/v1/lots{query}")), answer)
            })
            .collect()
    });
}

#[test]
fn signatures_over_a_date_may_differ() {
    let signature = |side| {
        other(
            side,
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
        )
    };
    quiet(|side, now| {
        let fields =
            format!("X-Timestamp: {now}123456789\nX-Signature: {}\nX-Key-Id: acme-7", signature(side));
        vec![(head(&fields), OK.to_owned())]
    });
    quiet(|side, now| {
        let date = format(now, "%Y%m%dT%H%M%SZ");
        let fields = format!(
            "X-Amz-Date: {date}\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{}/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature={}",
            &date[..8],
            signature(side)
        );
        vec![(head(&fields), OK.to_owned())]
    });
}

#[test]
fn more_pages_at_run_time_are_expected() {
    let comparison = healthy(|side, _| {
        let pages = if side == Side::Sandbox { 1..=2 } else { 1..=7 };
        pages
            .map(|page| {
                (
                    head(&format!("Authorization: Bearer {TOKEN}"))
                        .replace("/v1/lots", &format!("/v1/lots?page={page}")),
                    OK.to_owned(),
                )
            })
            .collect()
    });
    assert_eq!(material(&comparison), [""; 0]);
    assert_eq!(pairs(&comparison)[2], "none-3 BuilderLimits");
}

/// The runtime's config holds another value than the sandbox's; each sends its own, `place` says where.
fn sent(value: &str, place: impl Fn(&str) -> String) -> Comparison {
    let sandbox = recorded(Side::Sandbox, &[("api_key", TOKEN)], &[(place(TOKEN), OK.to_owned())]);
    let runtime = recorded(Side::Runtime, &[("api_key", value)], &[(place(value), REFUSED.to_owned())]);
    compare(&sandbox, &runtime)
}

#[test]
fn altered_tokens_are_named_in_every_place() {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(TOKEN);
    let cases = [
        (format!("{TOKEN} "), "trailing-space"),
        (format!("\"{TOKEN}\""), "quoted"),
        (format!("'{TOKEN}'"), "quoted"),
        (encoded, "base64-encoded"),
        (TOKEN[..32].to_owned(), "truncated"),
        (TOKEN[3..].to_owned(), "truncated"),
        (format!("{TOKEN}%"), "extended"),
        (TOKEN.to_uppercase(), "case-changed"),
        (TOKEN.to_lowercase(), "case-changed"),
        (format!("{TOKEN}\u{200b}"), "invisible-character"),
        (format!("\u{1b}[200~{TOKEN}\u{1b}[201~"), "invisible-character"),
    ];
    let places: [(&str, Place); 4] = [
        ("bearer", |value| head(&format!("Authorization: Bearer {value}"))),
        ("field", |value| head(&format!("X-API-Key: {value}"))),
        ("json", |value| {
            post("application/json", &serde_json::json!({"auth": {"api_key": value}}).to_string())
                .replace(&format!("Authorization: Bearer {TOKEN}\n"), "")
        }),
        ("query", |value| {
            let encoded = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
            head("Accept-Language: en").replace("/v1/lots", &format!("/v1/lots?api_key={encoded}"))
        }),
    ];
    let mut wrong = Vec::new();
    for (value, how) in &cases {
        for (name, place) in &places {
            let comparison = sent(value, place);
            let identities: Vec<&Identity> = comparison
                .credentials
                .iter()
                .flat_map(|pair| &pair.matches)
                .map(|one| &one.identity)
                .collect();
            if identities != [&Identity::Altered(how)] {
                wrong.push(format!("{how} in {name}: {identities:?}"));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn a_newline_that_a_query_carries_is_named() {
    let comparison = sent(&format!("{TOKEN}\n"), |value| {
        head("Accept-Language: en")
            .replace("/v1/lots", &format!("/v1/lots?api_key={}", value.replace('\n', "%0A")))
    });
    assert_eq!(material(&comparison)[0], "request.query[api_key] Altered (newline): material");
}

#[test]
fn another_token_is_unrelated() {
    for value in ["fbk0Zz9yYx8wVv7uTt6sRr5qPp4oNn3mLl2kJj1h", "None", "**********", ""] {
        let comparison = sent(value, |value| head(&format!("Authorization: Bearer {value}")));
        assert_eq!(comparison.credentials[0].matches[0].identity, Identity::Unrelated, "{value}");
    }
}

#[test]
fn hops_of_redirects_are_found_by_where_they_lead() {
    for location in ["/v2/lots", "/v2/lots?trace=5f1d", "https://api.example.com/v2/lots"] {
        let hops = |token: &str, status: &str| {
            let redirect = format!("HTTP/1.1 302 Found\nLocation: {location}\nContent-Length: 0");
            vec![
                (head(&format!("Authorization: Bearer {TOKEN}")), redirect),
                (head(token).replace("/v1/", "/v2/"), status.to_owned()),
            ]
        };
        let comparison = healthy(|side, _| match side {
            Side::Sandbox => hops(&format!("Authorization: Bearer {TOKEN}"), OK),
            Side::Runtime => hops("Accept-Language: en", REFUSED),
        });
        assert_eq!(pairs(&comparison), ["1-1", "2-2"]);
        let one_sided = healthy(|side, _| match side {
            Side::Sandbox => vec![(head(&format!("Authorization: Bearer {TOKEN}")), OK.to_owned())],
            Side::Runtime => hops("Accept-Language: en", REFUSED),
        });
        assert_eq!(pairs(&one_sided), ["1-1", "none-2"]);
    }
}

#[test]
fn a_credential_is_one_under_a_name_that_says_nothing() {
    let asked = format!("GET /v1/lots?appid={TOKEN} HTTP/1.1\nHost: api.example.com\n");
    let sandbox = recorded(Side::Sandbox, &[], &[(asked, OK.to_owned())]);
    let runtime = recorded(
        Side::Runtime,
        &[("appid", TOKEN)],
        &[(head(&format!("X-Api-Key: {TOKEN}")), REFUSED.to_owned())],
    );
    let matches = &compare(&sandbox, &runtime).credentials[0].matches;
    assert_eq!(matches.len(), 1);
    assert_eq!(matches[0].identity, Identity::Same);
}

#[test]
fn null_in_the_place_of_a_credential_is_its_token() {
    let comparison = healthy(|side, _| {
        let key = other(side, &format!("\"{TOKEN}\""), "null");
        vec![(post("application/json", &format!(r#"{{"api_key":{key}}}"#)), other(side, OK, REFUSED))]
    });
    let carried = comparison.credentials[0].runtime.iter().map(|carried| &carried.secret.shape.class);
    assert!(carried.into_iter().any(|class| *class == Class::Null("null".to_owned())));
}

#[test]
fn what_was_accepted_twice_may_be_named_and_signed_anew() {
    quiet(|side, _| {
        let uuid =
            other(side, "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "9b2d3c41-77aa-4c1e-8f00-1d2e3f4a5b6c");
        let accept = other(side, "*/*", "application/json");
        let signature = other(
            side,
            "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=",
            "EjRWeJCrze8SNFZ4kKvN7xI0VniQq83vq83vEjRWeJA=",
        );
        let date = other(side, "Mon, 21 Sep 2026 13:33:20 GMT", "Mon, 21 Sep 2026 13:38:41 GMT");
        let head = format!(
            "PUT /v1/jobs/{uuid} HTTP/1.1\nHost: api.example.com\nAccept: {accept}\nDate: {date}\nAuthorization: HMAC acme-7:{signature}\n"
        );
        vec![(head, OK.to_owned())]
    });
}

#[test]
fn a_signature_that_is_refused_is_a_difference() {
    let comparison = healthy(|side, _| {
        let signature = other(
            side,
            "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=",
            "EjRWeJCrze8SNFZ4kKvN7xI0VniQq83vq83vEjRWeJA=",
        );
        let date = other(side, "Mon, 21 Sep 2026 13:33:20 GMT", "Mon, 21 Sep 2026 13:38:41 GMT");
        let head = head(&format!("Date: {date}\nAuthorization: HMAC acme-7:{signature}"));
        vec![(head, other(side, OK, REFUSED))]
    });
    assert_eq!(comparison.credentials[0].matches[0].identity, Identity::Unrelated);
}

/// A UUID (version 4) that no other number gives.
fn uuid(number: u64) -> String {
    let high = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bf0_3635_dead_beef;
    let low = number.wrapping_mul(0xd1b5_4a32_d192_ed03) ^ 0x1234_5678_9abc_def0;
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

/// Eight requests at once: the runtime's come in another order, each with identifiers of its own.
fn concurrent(request: impl Fn(u64, &str) -> String) -> Comparison {
    healthy(|side, _| {
        let order: [u64; 8] = match side {
            Side::Sandbox => [0, 1, 2, 3, 4, 5, 6, 7],
            Side::Runtime => [3, 0, 1, 6, 2, 7, 5, 4],
        };
        let made = |(at, slice): (usize, u64)| {
            let salt = if side == Side::Sandbox { 1000 } else { 2000 };
            (request(slice, &uuid(salt + at as u64)), OK.to_owned())
        };
        order.into_iter().enumerate().map(made).collect()
    })
}

#[test]
fn concurrent_requests_are_paired_by_what_stays_and_not_by_fresh_identifiers_of_any_name() {
    for name in ["X-Request-Id", "X-Acme-Ref", "Acme-Marker"] {
        let comparison = concurrent(|slice, fresh| {
            let fields = head(&format!("{name}: {fresh}\nAuthorization: Bearer {TOKEN}"));
            fields.replace("/v1/lots", &format!("/v1/lots?slice={slice}"))
        });
        assert_eq!(material(&comparison), [""; 0], "{name}");
        assert_eq!(
            pairs(&comparison),
            ["1-2", "2-3", "3-5", "4-1", "5-8", "6-7", "7-4", "8-6"],
            "{name}: equal slices belong together"
        );
    }
    for name in ["request_id", "marker", "client_ref"] {
        let comparison = concurrent(|slice, fresh| {
            post("application/json", &format!(r#"{{"{name}":"{fresh}","slice":{slice}}}"#))
        });
        assert_eq!(material(&comparison), [""; 0], "{name} in a body");
        let comparison = concurrent(|slice, fresh| {
            format!(
                "GET /v1/lots?slice={slice}&{name}={fresh} HTTP/1.1\nHost: api.example.com\nAuthorization: Bearer {TOKEN}"
            )
        });
        assert_eq!(material(&comparison), [""; 0], "{name} in a query");
    }
}

#[test]
fn requests_that_are_alike_but_for_a_fresh_identifier_are_paired_in_order() {
    for name in ["X-Acme-Ref", "X-Request-Id"] {
        let comparison =
            concurrent(|_, fresh| head(&format!("{name}: {fresh}\nAuthorization: Bearer {TOKEN}")));
        assert_eq!(material(&comparison), [""; 0], "{name}");
    }
}

#[test]
fn no_content_is_no_content_with_and_without_a_length() {
    for method in ["GET", "DELETE", "POST", "PUT", "PATCH"] {
        let comparison = healthy(|side, _| {
            let length = other(side, "Content-Length: 0\n", "");
            let head = format!(
                "{method} /v1/lots HTTP/1.1\nHost: api.example.com\nAccept: */*\n{length}Authorization: Bearer {TOKEN}"
            );
            vec![(head, OK.to_owned())]
        });
        assert_eq!(material(&comparison), [""; 0], "{method}");
    }
}

#[test]
fn a_length_that_is_asked_for_is_missed() {
    let comparison = healthy(|side, _| {
        let length = other(side, "Content-Length: 0\n", "");
        let head = format!("POST /v1/lots HTTP/1.1\nHost: api.example.com\n{length}Accept: */*");
        vec![(head, other(side, OK, "HTTP/1.1 411 Length Required\n\n"))]
    });
    assert_eq!(material(&comparison).len(), 2, "{:?}", material(&comparison));
}

#[test]
fn proof_keys_are_made_anew() {
    quiet(|side, _| {
        let challenge = other(
            side,
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "JBbiqONGWPaAmwXk_8bT6UnlPfrn65D32eZlJS-zGG0",
        );
        let verifier = other(
            side,
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            "q9Tz2mVt7RpLr4WnYc8HdSg3JbKe6TuAf1Ro5PiXw0s",
        );
        let state = other(side, "xcoiv98y2kd22vusuye3kch", "a81kd77vqpz0m3nn4rt6wls");
        let authorize = format!(
            "GET /authorize?response_type=code&client_id=acme&code_challenge={challenge}&code_challenge_method=S256&state={state} HTTP/1.1\nHost: api.example.com\n"
        );
        let token = format!(
            "POST /oauth/token HTTP/1.1\nHost: api.example.com\nContent-Type: application/x-www-form-urlencoded\n\ngrant_type=authorization_code&client_id=acme&code_verifier={verifier}&code=fixed-code-123"
        );
        vec![(authorize, OK.to_owned()), (token, OK.to_owned())]
    });
}

#[test]
fn what_was_put_around_a_token_leaves_it_the_same_token() {
    let identity = |sent: &str| {
        let comparison = healthy(|side, _| {
            let head = head(&format!("Authorization: Bearer {}", other(side, TOKEN, sent)));
            vec![(head, other(side, OK, REFUSED))]
        });
        comparison.credentials[0].matches[0].identity.clone()
    };
    for sent in [
        format!("<{TOKEN}>"),
        format!("['{TOKEN}']"),
        format!("('{TOKEN}',)"),
        format!("{{\"token\": \"{TOKEN}\"}}"),
        format!("{{'access_token': '{TOKEN}', 'expires_in': 3600}}"),
        format!("token={TOKEN}"),
        format!("SecretStr('{TOKEN}')"),
        format!("{TOKEN},"),
    ] {
        assert_eq!(identity(&sent), Identity::Altered("extended"), "{sent}");
    }
    for sent in [format!("\"{TOKEN}\""), format!("b'{TOKEN}'")] {
        assert_eq!(identity(&sent), Identity::Altered("quoted"), "{sent}");
    }
    assert_eq!(identity(&format!("{}...", &TOKEN[..30])), Identity::Altered("truncated"));
    assert_eq!(identity("<A7dK2mPqX9sVbT4yW8zR1cE5fG3hJ6nLkQ0>"), Identity::Unrelated);
    assert_eq!(identity(&format!("{}...", &TOKEN[..8])), Identity::Unrelated, "a mask is nobody's token");
}
