//! What is made or issued anew for each run, what is signed, and what was not seen.

use samewire::compare::{Comparison, Identity, Locator, Reason};
use samewire::model::*;

use super::kit::*;

const KEY: &str = "hmac_key_A1b2C3d4E5f6a7b8c9d0e1f2A1b2C3d4";
const SIGNATURES: [&str; 2] = ["1111111111111111111111111111aaaa", "2222222222222222222222222222bbbb"];

fn identities(comparison: &Comparison) -> Vec<Identity> {
    comparison.credentials.iter().flat_map(|pair| &pair.matches).map(|one| one.identity.clone()).collect()
}

/// Two runs whose configs hold a signing key each.
fn signed(sandbox: Call, runtime: Call, keys: [&str; 2]) -> Comparison {
    let made = |side, call, value: &str| {
        let mut capture = run(side, [call]);
        let value = ConfigValue {
            pointer: "/signing_key".to_owned(),
            kind: JsonType::String,
            value: Some(Text::hidden(secret(value, true))),
            secret: true,
        };
        capture.inputs.config =
            Some(ConfigFacts { path: Text::shown("c.json"), unreadable: None, values: vec![value] });
        capture
    };
    samewire::compare::compare(&made(Side::Sandbox, sandbox, keys[0]), &made(Side::Runtime, runtime, keys[1]))
}

fn stamped(time: &str, signature: &str, status: u16) -> Call {
    get("/v1/lots").field("X-Timestamp", time).key("X-Signature", None, signature).status(status)
}

#[test]
fn a_body_that_was_not_seen_lacks_nothing() {
    let sent =
        || post("/oauth/token").form("grant_type=refresh_token&client_secret=c:one-secret-of-a-client");
    let unseen = post("/oauth/token")
        .field("Content-Type", "application/x-www-form-urlencoded")
        .body(Body { complete: false, framing: Framing::ContentLength, ..Body::none() })
        .fails(Phase::Connect, FailureKind::Refused);
    let comparison = compare([sent()], [unseen]);
    assert_eq!(identities(&comparison), [Identity::Unknown]);
    assert_eq!(material(&comparison), ["response Altered: material"]);
    let empty = post("/oauth/token").field("Content-Type", "application/x-www-form-urlencoded").status(400);
    assert_eq!(identities(&compare([sent()], [empty])), [Identity::Alone], "one that was seen does");
}

#[test]
fn an_issued_token_is_known_by_its_place_in_the_answer() {
    let issued = |value: &str, at: &str, status| {
        let mut call = get("/v1/lots").bearer(value).status(status);
        if let Some(FieldValue::Credentials(known)) =
            call.0.request.fields.last_mut().map(|field| &mut field.value)
            && let Token::Opaque(secret) = &mut known.token
        {
            let reference = Reference::Issued { exchange: 1, at: at.to_owned() };
            secret.relation = Some(Relation { reference, steps: Vec::new() });
        }
        call
    };
    let told = |at: &str, status| {
        identities(&compare(
            [issued("token-of-the-sandbox-run", "/items/0/id", 200)],
            [issued("token-of-the-runtime-run", at, status)],
        ))
    };
    assert_eq!(told("/items/1/id", 401), [Identity::Expected(Reason::Issued)]);
    assert_eq!(told("/items/0/session", 401), [Identity::Unrelated], "another member of the answer");
    assert_eq!(told("/items/0/session", 200), [Identity::Expected(Reason::Issued)], "both are served");
}

#[test]
fn cursors_are_expected_after_the_first_request_and_where_they_are_accepted() {
    let pages =
        |cursor: &str, status| [get("/v1/lots"), get(&format!("/v1/lots?cursor=s:{cursor}")).status(status)];
    let [one, other] = ["place-one-in-the-list", "place-two-in-the-list"];
    assert_eq!(material(&compare(pages(one, 200), pages(other, 200))), [""; 0]);
    let refused = material(&compare(pages(one, 200), pages(other, 400)));
    assert_eq!(refused[0], "request.query[cursor] Altered: material");
    let [_, first] = pages(one, 200);
    let [_, second] = pages(other, 200);
    assert_eq!(material(&compare([first], [second])), ["request.query[cursor] Altered: material"]);
}

#[test]
fn digest_answers_a_challenge_anew() {
    let call = |nonce: &str, answer: &str| {
        let all = [("username", "c:maria-of-the-company"), ("nonce", nonce), ("response", answer)];
        get("/v1/lots").parameters("Digest", &all)
    };
    let comparison = compare(
        [call("s:nonce-one-of-it", "c:1111111111111111111111111111aaaa")],
        [call("s:nonce-two-of-it", "c:2222222222222222222222222222bbbb")],
    );
    assert_eq!(identities(&comparison), [Identity::Same, Identity::Expected(Reason::Signature)]);
    assert_eq!(material(&comparison), [""; 0]);
}

#[test]
fn a_clock_that_is_off_is_the_difference_and_the_signature_over_it_is_none() {
    let [one, other] = SIGNATURES;
    let comparison = compare([stamped("@0", one, 200)], [stamped("@-7200", other, 403)]);
    assert_eq!(identities(&comparison), [Identity::Expected(Reason::Signature)]);
    assert!(
        material(&comparison)[0].starts_with("request.field[x-timestamp] Altered"),
        "{:?}",
        material(&comparison)
    );
}

#[test]
fn another_signing_key_is_found_in_the_config() {
    let [one, other] = SIGNATURES;
    let at = |comparison: &Comparison| comparison.differences.iter().any(|known| known.at == config());
    let newline = format!("{KEY}\n");
    let refused = signed(stamped("@0", one, 200), stamped("@1", other, 403), [KEY, &newline]);
    assert_eq!(identities(&refused), [Identity::Expected(Reason::Consequence), Identity::Altered("newline")]);
    assert!(at(&refused));
    // In one second the signatures are over the same.
    let refused =
        signed(stamped("now", one, 200), stamped("now", other, 403), [KEY, "another-key-altogether"]);
    assert_eq!(identities(&refused), [Identity::Expected(Reason::Consequence), Identity::Unrelated]);
    let accepted = signed(stamped("@0", one, 200), stamped("@1", other, 200), [KEY, &newline]);
    assert!(!at(&accepted), "nobody was refused");
    let unsigned = |status| get("/v1/lots").status(status);
    assert!(!at(&signed(unsigned(200), unsigned(403), [KEY, &newline])), "nothing was signed");
}

#[test]
fn another_signing_key_is_found_in_the_environment_and_among_named_secrets() {
    let [one, other] = SIGNATURES;
    let newline = format!("{KEY}\n");
    let made = |side, call, value: &str, named: bool| {
        let mut capture = run(side, [call]);
        let fact = Variable { name: "SIGNING_KEY".to_owned(), value: Text::hidden(secret(value, true)) };
        capture.inputs.secrets = named.then(|| vec![fact.clone()]);
        capture.inputs.environment = Some(vec![fact]);
        capture
    };
    for (named, at) in
        [(false, Locator::Variable("SIGNING_KEY".into())), (true, Locator::Named("SIGNING_KEY".into()))]
    {
        let sandbox = made(Side::Sandbox, stamped("@0", one, 200), KEY, named);
        let refused = made(Side::Runtime, stamped("@1", other, 403), &newline, named);
        let comparison = samewire::compare::compare(&sandbox, &refused);
        let keys: Vec<_> = comparison.differences.iter().filter(|known| known.at == at).collect();
        assert_eq!(keys.len(), 1, "{:?}", comparison.differences);
        assert_eq!(
            identities(&comparison),
            [Identity::Expected(Reason::Consequence), Identity::Altered("newline")],
            "one value under two names is one key"
        );
        let accepted = made(Side::Runtime, stamped("@1", other, 200), &newline, named);
        let comparison = samewire::compare::compare(&sandbox, &accepted);
        assert!(comparison.differences.iter().all(|known| known.at != at), "nobody was refused");
    }
}

fn config() -> Locator {
    Locator::Config("/signing_key".to_owned())
}
