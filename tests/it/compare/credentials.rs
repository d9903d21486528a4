//! Credentials: what travels, where, and how it relates.

use samewire::compare::{Comparison, Identity, Reason, alteration};
use samewire::model::{Class, Form, Jwt, Reference, Relation, Side, Step};

use super::kit::*;

const TOKEN: &str = "tok_A1b2C3d4E5f6a7b8c9d0e1f2A1b2C3d4";

fn identities(comparison: &Comparison) -> Vec<Identity> {
    comparison.credentials.iter().flat_map(|pair| &pair.matches).map(|one| one.identity.clone()).collect()
}

fn lots() -> super::kit::Call {
    get("/v1/lots")
}

#[test]
fn a_token_that_was_changed_on_the_way_is_known_again() {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(TOKEN);
    let cases = [
        (format!("{TOKEN}\n"), "newline"),
        (format!("{TOKEN} "), "trailing-space"),
        (format!(" {TOKEN}"), "leading-space"),
        (format!("\"{TOKEN}\""), "quoted"),
        (encoded, "base64-encoded"),
        (TOKEN.to_uppercase(), "case-changed"),
        (TOKEN[..32].to_owned(), "truncated"),
        (format!("{TOKEN}%"), "extended"),
        (format!("Bearer {TOKEN}"), "scheme"),
    ];
    for (sent, how) in cases {
        let comparison = compare([lots().bearer(TOKEN)], [lots().bearer(&sent).status(403)]);
        assert_eq!(identities(&comparison), [Identity::Altered(how)], "{sent:?}");
        assert_eq!(
            material(&comparison),
            [
                &format!("request.field[authorization].token Altered ({how}): material"),
                "response.status Altered: material"
            ]
        );
        let change = alteration(&secret(TOKEN, true), &secret(&sent, true)).expect("one of the other");
        assert_eq!(change.side, Side::Runtime, "{sent:?}");
        // The other way round, the sandbox's value is the changed one.
        let comparison = compare([lots().bearer(&sent).status(403)], [lots().bearer(TOKEN)]);
        let inverse = match how {
            "truncated" => "extended",
            "extended" => "truncated",
            how => how,
        };
        assert_eq!(identities(&comparison), [Identity::Altered(inverse)], "{sent:?}");
    }
}

#[test]
fn two_tokens_with_a_common_beginning_are_unrelated() {
    let other = "tok_A1b2C3d4E5f6ffffffffffffffffffff";
    assert_eq!(identities(&compare([lots().bearer(TOKEN)], [lots().bearer(other)])), [Identity::Unrelated]);
}

#[test]
fn a_template_that_casts_a_token_is_seen() {
    let mut sandbox = run(Side::Sandbox, [lots().bearer("1.10-a-long-decimal")]);
    let runtime = run(Side::Runtime, [lots().bearer("1.1-after-the-cast")]);
    if let samewire::model::FieldValue::Credentials(credentials) =
        &mut sandbox.exchanges[0].request.fields[1].value
        && let samewire::model::Token::Opaque(secret) = &mut credentials.token
    {
        secret.fingerprint.forms.insert(Form::Cast, tag("1.1-after-the-cast"));
    }
    assert_eq!(identities(&samewire::compare::compare(&sandbox, &runtime)), [Identity::Altered("cast")]);
}

#[test]
fn nothing_is_the_altered_form_of_something() {
    for nothing in ["", "None", "{{ config['api_key'] }}", "**********"] {
        let comparison = compare([lots().bearer(TOKEN)], [lots().bearer(nothing)]);
        assert_eq!(identities(&comparison), [Identity::Unrelated]);
        assert_eq!(
            identities(&compare([lots().bearer(nothing)], [lots().bearer(nothing)])),
            [Identity::Same]
        );
    }
}

#[test]
fn credentials_that_are_absent_are_one_difference() {
    let comparison = compare([lots().bearer(TOKEN)], [lots()]);
    assert_eq!(material(&comparison), ["request.field[authorization] Missing: material"]);
    let comparison = compare([lots()], [lots().basic("me", TOKEN)]);
    assert_eq!(material(&comparison), ["request.field[authorization] Added: material"]);
    assert_eq!(identities(&comparison), [Identity::Alone, Identity::Alone]);
}

#[test]
fn credentials_that_moved_are_followed() {
    let header = || lots().key("X-API-Key", None, TOKEN);
    let moved = [
        get(&format!("/v1/lots?api_key=c:{TOKEN}")),
        lots().key("Api-Key", None, TOKEN),
        lots().cookie("token", &format!("c:{TOKEN}")),
        lots().bearer(TOKEN),
    ];
    for moved in moved {
        let comparison = compare([header()], [moved]);
        assert_eq!(identities(&comparison), [Identity::Same]);
        assert_eq!(material(&comparison), ["request.field[x-api-key].token Moved: material"]);
    }
    let comparison = compare(
        [post("/v1/lots").key("X-API-Key", None, TOKEN).json(r#"{"from":"x"}"#)],
        [post("/v1/lots").json(&format!(r#"{{"from":"x","api_key":"c:{TOKEN}"}}"#))],
    );
    assert_eq!(material(&comparison), ["request.field[x-api-key].token Moved: material"]);
}

#[test]
fn the_scheme_is_compared_for_itself() {
    let scheme = |scheme| lots().token(scheme, TOKEN);
    let cases = [
        (Some("Token"), Some("Bearer"), "request.field[authorization].scheme Altered: material"),
        (Some("Bearer"), None, "request.field[authorization].scheme Missing: material"),
        (None, Some("Bearer"), "request.field[authorization].scheme Added: material"),
    ];
    for (sandbox, runtime, difference) in cases {
        let comparison = compare([scheme(sandbox)], [scheme(runtime)]);
        assert_eq!(material(&comparison), [difference]);
        assert_eq!(identities(&comparison), [Identity::Same]);
    }
    let lower = |status| compare([scheme(Some("Bearer"))], [scheme(Some("bearer")).status(status)]);
    assert_eq!(
        told(&lower(200).differences),
        ["request.field[authorization].scheme Altered (case-changed): cosmetic Case"]
    );
    assert_eq!(material(&lower(403)).len(), 2);
}

#[test]
fn other_credentials_in_the_same_field_replace_the_token() {
    let comparison = compare([lots().bearer(TOKEN)], [lots().basic("deploy", "a-password-of-netrc")]);
    let matches = &comparison.credentials[0].matches;
    assert_eq!(matches.len(), 2);
    assert_eq!(matches[0].identity, Identity::Unrelated);
    assert!(
        material(&comparison).contains(&"request.field[authorization].scheme Altered: material".to_owned())
    );
}

#[test]
fn a_second_field_of_the_name_is_added() {
    let comparison = compare([lots().bearer(TOKEN)], [lots().bearer(TOKEN).bearer(TOKEN)]);
    assert_eq!(material(&comparison), ["request.field[authorization]#2 Added: material"]);
}

#[test]
fn tokens_that_answers_issued_may_differ() {
    let calls = |token: &str| {
        let mut call = lots().field("X-Placeholder", "x");
        call.0.request.fields.pop();
        let text = text(&format!("i:{token}"));
        let secret = text.as_secret().expect("one").clone();
        call = call.bearer(token);
        if let samewire::model::FieldValue::Credentials(credentials) = &mut call.0.request.fields[1].value {
            credentials.token = samewire::model::Token::Opaque(Box::new(secret));
        }
        [post("/oauth/token").form("grant_type=x"), call]
    };
    let comparison = compare(calls("minted-in-the-sandbox-1"), calls("minted-at-run-time-0002"));
    assert_eq!(identities(&comparison), [Identity::Expected(Reason::Issued)]);
    assert_eq!(material(&comparison), [""; 0]);
}

#[test]
fn tokens_that_an_answer_showed_are_issued_even_without_a_relation() {
    let calls = |token: &str| {
        [post("/session").answers_json(&format!(r#"{{"id":"s:{token}"}}"#)), lots().bearer(token)]
    };
    let comparison = compare(calls("minted-in-the-sandbox-1"), calls("minted-at-run-time-0002"));
    assert_eq!(identities(&comparison), [Identity::Expected(Reason::Issued)]);
}

#[test]
fn tokens_that_an_answer_only_echoed_are_not_issued() {
    let calls = |token: &str| {
        [
            get("/v1/me").bearer(token).answers_json(&format!(r#"{{"you_sent":"s:{token}"}}"#)),
            lots().bearer(token),
        ]
    };
    let comparison = compare(calls("first-token-of-the-config"), calls("other-token-of-the-config"));
    assert_eq!(identities(&comparison), [Identity::Unrelated, Identity::Unrelated]);
}

#[test]
fn jwts_may_differ_in_their_times_but_not_in_their_claims() {
    let jwt = |value: &str, subject: &str, expires_in: i64| {
        let mut call = lots().bearer(value);
        let facts = Jwt {
            alg: Some("HS256".to_owned()),
            claims: vec!["sub".to_owned(), "exp".to_owned()],
            expires_in: Some(expires_in),
            tags: [("sub".to_owned(), tag(subject))].into(),
            ..Jwt::default()
        };
        if let samewire::model::FieldValue::Credentials(credentials) = &mut call.0.request.fields[1].value
            && let samewire::model::Token::Opaque(secret) = &mut credentials.token
        {
            secret.shape.class = Class::Jwt(Box::new(facts));
        }
        call
    };
    let fresh =
        compare([jwt("the-first-token-of-them", "u1", 600)], [jwt("the-second-token-of-them", "u1", 590)]);
    assert_eq!(identities(&fresh), [Identity::Expected(Reason::FreshJwt)]);
    assert_eq!(material(&fresh), [""; 0]);
    let other =
        compare([jwt("the-first-token-of-them", "u1", 600)], [jwt("the-second-token-of-them", "u2", 600)]);
    assert_eq!(identities(&other), [Identity::Unrelated]);
    let expired =
        compare([jwt("the-first-token-of-them", "u1", 600)], [jwt("the-second-token-of-them", "u1", -60)]);
    assert_eq!(material(&expired), ["request.field[authorization].token Altered (expired): material"]);
}

#[test]
fn a_signature_may_differ_only_over_what_moved() {
    let signed = |date: &str, key: &str, signature: &str| {
        lots().field("X-Timestamp", date).field("X-Key-Id", key).key("X-Signature", None, signature)
    };
    let (one, other) = ("1111111111111111111111111111aaaa", "2222222222222222222222222222bbbb");
    let moved = compare([signed("@0", "acme-7", one)], [signed("@1", "acme-7", other)]);
    assert_eq!(identities(&moved), [Identity::Expected(Reason::Signature)]);
    assert_eq!(material(&moved), [""; 0]);
    let still = compare([signed("now", "acme-7", one)], [signed("now", "acme-7", other)]);
    assert_eq!(identities(&still), [Identity::Unrelated]);
    let other_key = compare([signed("@0", "acme-7", one)], [signed("@1", "acme-8", other)]);
    assert_eq!(identities(&other_key), [Identity::Unrelated]);
}

#[test]
fn sigv4_is_compared_by_its_parameters() {
    let signed = |date: &str, id: &str, signature: &str| {
        let all = [("Credential", id), ("SignedHeaders", "host;x-amz-date"), ("Signature", signature)];
        lots().field("X-Amz-Date", date).parameters("AWS4-HMAC-SHA256", &all)
    };
    let (one, other) = ("c:1111111111111111111111111111aaaa", "c:2222222222222222222222222222bbbb");
    let comparison = compare([signed("@0", "c:AKIDEXAMPLE", one)], [signed("@1", "c:AKIDEXAMPLE", other)]);
    assert_eq!(identities(&comparison), [Identity::Same, Identity::Expected(Reason::Signature)]);
    let comparison = compare([signed("@0", "c:AKIDEXAMPLE", one)], [signed("@1", "c:AKIDANOTHER", other)]);
    assert!(!material(&comparison).is_empty());
}

#[test]
fn idempotency_keys_and_page_tokens_are_no_credentials() {
    let call = |key: &str| post("/v1/lots").key("Idempotency-Key", None, key);
    let comparison = compare([call("3f6c-one-value-of-a-key")], [call("9a1b-two-value-of-a-key")]);
    assert_eq!(identities(&comparison), []);
    assert_eq!(
        told(&comparison.differences),
        ["request.field[idempotency-key] Altered: expected PerRequest"]
    );
}

#[test]
fn under_different_keys_relations_and_shapes_decide_or_nothing_does() {
    let call = |value: &str, steps: Vec<Step>, status: u16| {
        let mut call = lots().bearer(value).status(status);
        if let samewire::model::FieldValue::Credentials(credentials) = &mut call.0.request.fields[1].value
            && let samewire::model::Token::Opaque(secret) = &mut credentials.token
        {
            secret.relation = Some(Relation { reference: Reference::Config("/api_key".to_owned()), steps });
            secret.fingerprint.exact = tag(&format!("another key {value} {status}"));
        }
        call
    };
    let compared = |one, other| {
        let mut runtime = run(Side::Runtime, [other]);
        runtime.key_id = "two".to_owned();
        identities(&samewire::compare::compare(&run(Side::Sandbox, [one]), &runtime))
    };
    assert_eq!(compared(call(TOKEN, vec![], 200), call(TOKEN, vec![], 200)), [Identity::Same]);
    assert_eq!(compared(call(TOKEN, vec![], 200), call(TOKEN, vec![], 403)), [Identity::Unknown]);
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, TOKEN);
    assert_eq!(
        compared(call(TOKEN, vec![], 200), call(&encoded, vec![], 403)),
        [Identity::Altered("base64-encoded")]
    );
    let newline = vec![Step::Appended("\n".to_owned())];
    assert_eq!(
        compared(call(TOKEN, vec![], 200), call(&format!("{TOKEN}\n"), newline, 403)),
        [Identity::Altered("newline")]
    );
    assert_eq!(compared(lots().bearer(TOKEN), lots().bearer("short-but-unlike-it")), [Identity::Unrelated]);
    assert_eq!(
        compared(lots().bearer(TOKEN), lots().bearer("tok_000000000000000000000000000000aa")),
        [Identity::Unknown]
    );
}

#[test]
fn under_different_keys_a_named_value_is_followed_to_another_place() {
    let named = |mut call: super::kit::Call| {
        if let Some(samewire::model::FieldValue::Credentials(credentials)) =
            call.0.request.fields.last_mut().map(|field| &mut field.value)
            && let samewire::model::Token::Opaque(secret) = &mut credentials.token
        {
            let reference = Reference::Config("/api_key".to_owned());
            secret.relation = Some(Relation { reference, steps: Vec::new() });
            secret.fingerprint.exact = tag(&format!("{:?}", call.0.outcome));
        }
        call
    };
    let sandbox = run(Side::Sandbox, [named(lots().key("X-API-Key", None, TOKEN))]);
    let mut runtime = run(Side::Runtime, [named(lots().key("Api-Key", None, TOKEN).status(401))]);
    runtime.key_id = "two".to_owned();
    let comparison = samewire::compare::compare(&sandbox, &runtime);
    assert_eq!(material(&comparison)[0], "request.field[x-api-key].token Moved: material");
}
