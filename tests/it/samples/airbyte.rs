//! The tokens of Airbyte's Embedded and Agent Engine APIs, through the real redactor.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use samewire::diagnose::{Blame, Confidence, Finding};
use samewire::model::Side;
use serde_json::json;

use super::cast::{jwt, script};
use super::story::{Sent, Story, get, post};
use super::{diagnosis, run};

const SOURCES: &str = "/api/v1/embedded/sources";
const ISSUE: &str = "/api/v1/embedded/scoped-token";
const WIDGET: &str = "/api/v1/embedded/widget-token";
const OLD_WIDGET: &str = "/v1/embedded/widget_token";

fn organization(side: Side) -> String {
    jwt(side, 900, &json!({"sub": "12345678-1234-1234-1234-123456789012"}))
}

fn scoped(side: Side, lifetime: i64) -> String {
    jwt(
        side,
        lifetime,
        &json!({"sub": "embedded", "io.airbyte.auth.workspace_scope": {"workspaceId": "w-1"}}),
    )
}

fn widget(side: Side) -> String {
    let token = scoped(side, 1200);
    STANDARD.encode(json!({"token": token, "widgetUrl": "https://cloud.example.com/widget"}).to_string())
}

fn sends(sent: Sent) -> Story {
    script().sends(sent)
}

fn found(sandbox: &Story, runtime: &Story) -> Vec<Finding> {
    diagnosis(&run::capture(sandbox, Side::Sandbox), &run::capture(runtime, Side::Runtime)).findings
}

fn first(sandbox: Sent, runtime: Sent) -> Finding {
    found(&sends(sandbox), &sends(runtime)).into_iter().next().expect("a finding")
}

fn kinds(finding: &Finding) -> (&str, &str) {
    let kind = |name: &str| finding.detail.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    (kind("sent_kind"), kind("wanted_kind"))
}

#[test]
fn kinds_are_told_apart_and_held_against_the_endpoint() {
    let (s, r) = (Side::Sandbox, Side::Runtime);
    for (sandbox, runtime, expected, sure) in [
        (
            get(SOURCES).bearer(&scoped(s, 1200)),
            get(SOURCES).bearer(&organization(r)),
            ("organization", "scoped"),
            Confidence::Likely,
        ),
        (
            get(SOURCES).bearer(&scoped(s, 1200)),
            get(SOURCES).bearer(&widget(r)),
            ("widget", "scoped"),
            Confidence::Likely,
        ),
        (
            post(ISSUE, "{}").bearer(&organization(s)),
            post(ISSUE, "{}").bearer(&scoped(r, 1200)),
            ("scoped", "organization"),
            Confidence::Certain,
        ),
        (
            post(WIDGET, "{}").bearer(&organization(s)),
            post(WIDGET, "{}").bearer(&widget(r)),
            ("widget", "organization"),
            Confidence::Certain,
        ),
    ] {
        let found = first(sandbox, runtime.unauthorized());
        assert_eq!(found.rule.name, "token-kind-wrong", "{expected:?}: {}", found.claim);
        assert_eq!((kinds(&found), found.confidence), (expected, sure), "{}", found.claim);
        assert!(found.detail["answer_means"].as_str().is_some_and(|meaning| meaning.contains("wrong kind")));
        assert!(found.remedies.iter().any(|remedy| remedy.text.contains("/api/v1/")), "{:?}", found.remedies);
    }
}

#[test]
fn both_sides_may_send_the_wrong_kind() {
    let refused = |side: Side| post(ISSUE, "{}").bearer(&widget(side)).unauthorized();
    let found = first(refused(Side::Sandbox), refused(Side::Runtime));
    assert_eq!((found.rule.name, kinds(&found)), ("token-kind-wrong", ("widget", "organization")));
}

#[test]
fn a_token_in_an_envelope_expires_too() {
    let widget = |side: Side, lifetime: i64| {
        STANDARD.encode(
            json!({"token": scoped(side, lifetime), "widgetUrl": "https://x.example.com"}).to_string(),
        )
    };
    let call = |token: &str| get("/widget/session").bearer(token);
    let found = first(call(&widget(Side::Sandbox, 600)), call(&widget(Side::Runtime, -60)).unauthorized());
    assert_eq!(
        (found.rule.name, found.side),
        ("token-expired", Blame::Side(Side::Runtime)),
        "{}",
        found.claim
    );
}

#[test]
fn fresh_tokens_of_the_right_kind_are_no_finding() {
    let healthy = |side: Side| {
        sends(get(SOURCES).bearer(&scoped(side, 1200))).sends(post(ISSUE, "{}").bearer(&organization(side)))
    };
    assert!(found(&healthy(Side::Sandbox), &healthy(Side::Runtime)).is_empty());
}

#[test]
fn an_origin_of_the_wrong_form_is_told_what_it_must_be() {
    let ask = |side: Side, (path, member): (&str, &str), origin: &str| {
        let body = json!({"workspace_name": "customer", member: origin}).to_string();
        post(path, &body).bearer(&organization(side))
    };
    for (origin, fault) in [
        ("https://app.example.com/", "trailing slash"),
        ("https://*.example.com", "wildcard"),
        ("https://app.example.com/widget", "a path"),
        ("app.example.com", "no scheme"),
    ] {
        for asked in [(WIDGET, "allowed_origin"), (OLD_WIDGET, "allowedOrigin")] {
            let good = ask(Side::Sandbox, asked, "https://app.example.com");
            let bad = ask(Side::Runtime, asked, origin).answered(422, "{\"detail\":\"origin\"}");
            let found = first(good, bad);
            assert_eq!(found.rule.name, "body-differs", "{origin}: {}", found.claim);
            let remedy = &found.remedies[0].text;
            assert!(remedy.contains(fault) && remedy.contains(asked.1), "{origin}: {remedy}");
        }
    }
}

#[test]
fn an_origin_that_is_wrong_on_both_sides_is_found_although_nothing_differs() {
    let ask = |side: Side, (member, origin): (&str, &str), status| {
        let body = json!({"workspace_name": "customer", member: origin}).to_string();
        let call = post(WIDGET, &body).bearer(&organization(side));
        sends(if status == 200 { call } else { call.answered(status, "{\"detail\":\"allowed_origin\"}") })
    };
    for (origin, status, fires) in [
        ("https://app.example.com/", 422, true),
        ("https://*.example.com", 422, true),
        ("app.example.com", 400, true),
        ("https://app.example.com", 422, false),
        ("https://app.example.com/", 200, false),
        ("https://app.example.com/", 403, false),
    ] {
        for member in ["allowed_origin", "allowedOrigin"] {
            let both = [Side::Sandbox, Side::Runtime].map(|side| ask(side, (member, origin), status));
            let found = found(&both[0], &both[1]);
            let told =
                found.iter().any(|found| found.rule.name == "body-differs" && found.side == Blame::Both);
            assert_eq!(told, fires, "{member} {origin} {status}: {found:#?}");
            assert!(
                found.iter().all(|found| found.severity < samewire::diagnose::Severity::Error),
                "{found:#?}"
            );
        }
    }
}
