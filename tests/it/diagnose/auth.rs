//! The rules about credentials.

use samewire::diagnose::{Blame, Confidence, Finding, Severity};
use samewire::model::{Json, Side, Text};

use super::runs::{Run, TOKEN, diagnosed, run};

const LOTS: &str = "GET https://api.example.com/v1/lots";
const LOGIN: &str = "POST https://api.example.com/oauth/token";
const OTHER: &str = "tok_Zz8Yy7Xx6Ww5Vv4Uu3Tt2Ss1Rr0Qq9Pp8";

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

fn sends(field: &str, status: u16) -> Run {
    run().config("/api_key", TOKEN).sends(LOTS, &[field], status)
}

fn first(sandbox: &Run, runtime: &Run) -> Finding {
    let found = diagnosed(sandbox, runtime).diagnosis.findings;
    found.into_iter().next().expect("a finding")
}

fn names(sandbox: &Run, runtime: &Run) -> Vec<&'static str> {
    diagnosed(sandbox, runtime).diagnosis.findings.iter().map(|finding| finding.rule.name).collect()
}

fn how(finding: &Finding) -> &str {
    finding.detail.get("how").and_then(serde_json::Value::as_str).unwrap_or_default()
}

#[test]
fn one_fault_in_one_field_is_named() {
    let good = bearer(TOKEN);
    let cases: [(&str, String, &str); 14] = [
        ("token-empty", good.clone(), "Authorization: Bearer "),
        ("token-null", good.clone(), "Authorization: Bearer None"),
        ("template-unrendered", good.clone(), "Authorization: Bearer ${API_KEY}"),
        ("token-masked", good.clone(), "Authorization: Bearer ********"),
        ("secret-unresolved", good.clone(), "Authorization: Bearer arn:aws:secretsmanager:x"),
        ("scheme-doubled", good.clone(), &format!("Authorization: Bearer Bearer {TOKEN}")),
        ("scheme-missing", good.clone(), &format!("Authorization: {TOKEN}")),
        ("scheme-differs", good.clone(), &format!("Authorization: Token {TOKEN}")),
        ("scheme-differs", good.clone(), &format!("Authorization: bearer {TOKEN}")),
        ("token-altered", good.clone(), &format!("Authorization: Bearer {TOKEN} ")),
        ("token-differs", good.clone(), &bearer(OTHER)),
        ("token-swapped", good.clone(), "Authorization: Bearer 2024-01-01"),
        ("credentials-moved", good.clone(), &format!("X-API-Key: {TOKEN}")),
        ("credentials-overridden", good.clone(), "Authorization: Basic deploy:pw_of_the_netrc_file"),
    ]
    .map(|(rule, sandbox, runtime): (&str, String, &str)| (rule, sandbox, &*runtime.to_owned().leak()));
    for (rule, sandbox, runtime) in cases {
        let found = diagnosed(&sends(&sandbox, 200), &sends(runtime, 403));
        let findings = &found.diagnosis.findings;
        let first = findings.first().unwrap_or_else(|| panic!("{rule}: {:?}", found.comparison));
        assert_eq!(first.rule.name, rule, "{runtime}: {}", first.claim);
        assert_eq!(first.side, Blame::Side(Side::Runtime), "{rule}");
        assert_eq!(first.severity, Severity::Error, "{rule}");
        assert!(found.diagnosis.unexplained.is_empty(), "{rule}: {:?}", found.comparison.differences);
        assert_eq!(
            findings.len(),
            1,
            "{rule}: {:?}",
            findings.iter().map(|f| f.rule.name).collect::<Vec<_>>()
        );

        // The same with the sides the other way round: whose answer failed decides.
        let turned = diagnosed(&sends(runtime, 403), &sends(&sandbox, 200)).diagnosis.findings;
        assert_eq!(turned[0].rule.name, rule, "turned: {}", turned[0].claim);
        assert_eq!(turned[0].side, Blame::Side(Side::Sandbox), "{rule}");
    }
}

#[test]
fn equal_requests_that_are_both_refused_are_quiet() {
    assert!(names(&sends(&bearer(TOKEN), 403), &sends(&bearer(TOKEN), 403)).is_empty());
}

#[test]
fn a_mask_on_both_sides_is_a_warning_on_both() {
    let masked = sends("Authorization: Bearer ********", 403);
    let found = first(&masked, &masked);
    assert_eq!(
        (found.rule.name, found.side, found.severity),
        ("token-masked", Blame::Both, Severity::Warning)
    );
}

#[test]
fn an_empty_token_names_the_key_that_is_spelt_otherwise() {
    let sandbox =
        sends(&bearer(TOKEN), 200).sets("field authorization", "/api_key", 12).spec("/api_key", false);
    let runtime = run()
        .config("/apiKey", TOKEN)
        .sends(LOTS, &["Authorization: Bearer "], 403)
        .sets("field authorization", "/api_key", 12)
        .spec("/api_key", false);
    let found = first(&sandbox, &runtime);
    assert_eq!(
        found.claim,
        "runtime sends `Bearer` with nothing after it, while sandbox sends config.api_key"
    );
    assert_eq!(
        found.detail["cause"],
        "runtime's config has no key `api_key`, but it has `apiKey` (and the spec does not require it)"
    );
    assert_eq!(found.remedies[0].text, "rename `apiKey` to `api_key` in runtime's config");
    assert!(found.remedies[1].text.contains("`required`"), "{:?}", found.remedies);
    let places: Vec<_> = found.evidence.iter().map(|evidence| evidence.at.to_string()).collect();
    assert_eq!(
        places,
        [
            "request.field[authorization].token",
            "request.field[authorization].token",
            "run.config/apiKey",
            "run.manifest:12"
        ]
    );
}

#[test]
fn a_selector_that_took_the_other_branch_is_told_by_the_key_that_is_absent() {
    let base = |run: Run| {
        run.sets("field authorization", "/credentials/api_key", 9).sets(
            "field authorization",
            "/credentials/access_token",
            14,
        )
    };
    let sandbox = base(run()).config("/credentials/api_key", TOKEN).sends(LOTS, &[&bearer(TOKEN)], 200);
    let runtime = base(run()).config("/credentials/api_key", TOKEN).sends(LOTS, &[&bearer("")], 403);
    let found = first(&sandbox, &runtime);
    assert_eq!(
        found.detail["cause"],
        "runtime's manifest chose another of its 2 authenticators: the BearerAuthenticator (line 14), and it reads config.credentials.access_token, which has no value"
    );
    assert!(
        found.remedies.last().is_some_and(|last| last.text.contains("2 definitions")),
        "{:?}",
        found.remedies
    );
}

#[test]
fn another_manifest_is_told_by_what_it_reads() {
    let sandbox =
        sends(&bearer(TOKEN), 200).config("/client_id", OTHER).sets("field authorization", "/api_key", 9);
    let runtime = run().config("/api_key", TOKEN).config("/client_id", OTHER).sets(
        "field authorization",
        "/client_id",
        11,
    );
    let found = first(&sandbox, &runtime.clone().sends(LOTS, &[&bearer(OTHER)], 403));
    assert_eq!(found.rule.name, "token-swapped");
    assert_eq!(
        found.detail["cause"],
        "runtime's manifest reads config.client_id there (line 11), sandbox's reads config.api_key"
    );
}

#[test]
fn a_null_in_the_config_is_the_cause_of_a_missing_field() {
    let sandbox = sends(&bearer(TOKEN), 200);
    let runtime = run().null("/api_key").sends(LOTS, &["Accept: application/json"], 401);
    let found = first(&sandbox, &runtime);
    assert_eq!(found.rule.name, "token-missing");
    assert_eq!(found.detail["cause"], "`api_key` of runtime's config is null");
}

#[test]
fn an_empty_basic_password_is_a_fault_only_where_the_other_side_has_one() {
    let basic = |password: &str| format!("Authorization: Basic me_myself:{password}");
    assert_eq!(first(&sends(&basic(TOKEN), 200), &sends(&basic(""), 403)).rule.name, "token-empty");
    assert!(names(&sends(&basic(""), 200), &sends(&basic(""), 200)).is_empty());
}

#[test]
fn a_change_of_a_secret_says_how() {
    let long = format!("{TOKEN}%%%%");
    for (sent, expected) in [
        (format!("{TOKEN} "), "trailing-space"),
        (format!(" {TOKEN}"), "leading-space"),
        (TOKEN[..32].to_owned(), "truncated"),
        (long, "extended"),
    ] {
        let found = first(&sends(&bearer(TOKEN), 200), &sends(&bearer(&sent), 403));
        assert_eq!((found.rule.name, how(&found)), ("token-altered", expected), "{sent:?}");
        let turned = first(&sends(&bearer(&sent), 403), &sends(&bearer(TOKEN), 200));
        assert_eq!((turned.rule.name, how(&turned)), ("token-altered", expected), "{sent:?}, turned");
    }
}

#[test]
fn unrelated_tokens_that_both_serve_are_a_possible_warning() {
    let found = first(&sends(&bearer(TOKEN), 200), &sends(&bearer(OTHER), 200));
    assert_eq!(found.rule.name, "token-differs");
    assert_eq!((found.severity, found.confidence), (Severity::Warning, Confidence::Possible));
}

#[test]
fn another_value_of_the_config_is_a_swap_and_a_renamed_key_is_none() {
    let both = |run: Run| run.config("/api_key", TOKEN).config("/client_id", OTHER);
    let sandbox = both(run()).sends(LOTS, &[&bearer(TOKEN)], 200);
    let runtime = both(run()).sends(LOTS, &[&bearer(OTHER)], 403);
    let found = first(&sandbox, &runtime);
    assert_eq!(found.rule.name, "token-swapped");
    assert_eq!(
        found.claim,
        "runtime sends config.client_id in `Authorization`, while sandbox sends config.api_key"
    );
    let third = "tok_Mm5Nn6Bb7Vv8Cc9Xx0Zz1Ll2Kk3Jj4Hh5";
    let renamed = run().config("/apiKey", third).sends(LOTS, &[&bearer(third)], 403);
    assert_eq!(names(&sandbox, &renamed), ["token-differs"]);
}

#[test]
fn values_that_changed_places_in_the_config_are_a_swap() {
    let sandbox = run().config("/id", OTHER).config("/key", TOKEN).sends(LOTS, &[&bearer(TOKEN)], 200);
    let runtime = run().config("/id", TOKEN).config("/key", OTHER).sends(LOTS, &[&bearer(OTHER)], 403);
    assert_eq!(names(&sandbox, &runtime), ["token-swapped"]);
}

#[test]
fn jwts_are_told_apart_by_time_purpose_and_person() {
    let jwt = |claims: &str| bearer(&format!("jwt {claims}"));
    let good = jwt("sub=u1 aud=api exp=600");
    for (sent, expected) in [
        ("sub=u1 aud=api exp=-60", "token-expired"),
        ("sub=u1 aud=console exp=600", "token-kind-wrong"),
        ("sub=u1 exp=600 workspace=w", "token-kind-wrong"),
        ("sub=u2 aud=api exp=600", "token-differs"),
    ] {
        assert_eq!(names(&sends(&good, 200), &sends(&jwt(sent), 401)), [expected], "{sent}");
    }
    assert!(names(&sends(&good, 200), &sends(&jwt("sub=u1 aud=api exp=550"), 200)).is_empty());
}

#[test]
fn a_token_that_is_not_valid_yet_is_told_by_its_dates() {
    let jwt = |begins: i32| bearer(&format!("jwt sub=u exp=9000 nbf={begins}"));
    let found = first(&sends(&jwt(-60), 200), &sends(&jwt(1800), 401));
    assert_eq!(found.rule.name, "token-expired");
    assert_eq!(found.claim, "runtime sends a token in `Authorization` that is not valid yet");
    assert_eq!(found.detail["early_by_seconds"], 1800);
    assert_eq!(names(&sends(&jwt(-60), 200), &sends(&jwt(30), 401)), ["response-differs"], "clocks differ");
}

#[test]
fn a_token_older_than_the_lifetime_it_was_issued_with_has_expired() {
    let answer = Json::Object(vec![("expires_in".into(), Json::Number(Text::shown("3")))]);
    let jwt = |left: i32| bearer(&format!("jwt sub=u exp={left}"));
    let base =
        |status| run().sends(LOGIN, &["grant_type=client_credentials"], status).answered(answer.clone());
    let found = first(&base(200).sends(LOTS, &[&jwt(60)], 200), &base(200).sends(LOTS, &[&jwt(-1)], 401));
    assert_eq!(found.rule.name, "token-expired");
}

#[test]
fn credentials_twice_are_named_by_both_places() {
    let once = sends(&bearer(TOKEN), 200);
    let url = format!("{LOTS}?access_token={TOKEN}");
    let query = run().config("/api_key", TOKEN).sends(&url, &[&bearer(TOKEN)], 400);
    let found = first(&once, &query);
    assert_eq!(found.rule.name, "credentials-duplicated");
    assert_eq!(
        found.claim,
        "runtime sends credentials in `Authorization` and in query parameter `access_token`, while sandbox sends them in `Authorization` only"
    );
    let fields = run().config("/api_key", TOKEN).sends(LOTS, &[&bearer(TOKEN), &bearer(TOKEN)], 400);
    assert_eq!(first(&once, &fields).rule.name, "credentials-duplicated");
}

#[test]
fn basic_beside_the_expected_credentials_is_an_override() {
    let key = format!("X-API-Key: {TOKEN}");
    let runtime = run().config("/api_key", TOKEN).sends(
        LOTS,
        &[&key, "Authorization: Basic deploy:pw_of_the_netrc_file"],
        403,
    );
    assert_eq!(first(&sends(&key, 200), &runtime).rule.name, "credentials-overridden");
}

#[test]
fn credentials_lost_on_a_redirect_are_not_just_missing() {
    let sandbox =
        run().config("/api_key", TOKEN).sends("GET https://new.example.com/v2/lots", &[&bearer(TOKEN)], 200);
    let runtime = run()
        .config("/api_key", TOKEN)
        .redirected(LOTS, &[&bearer(TOKEN)], "https://new.example.com/v2/lots")
        .sends("GET https://new.example.com/v2/lots", &["Accept: */*"], 401);
    let found = first(&sandbox, &runtime);
    assert_eq!(found.rule.name, "credentials-lost-on-redirect");
    assert_eq!(
        found.claim,
        "runtime is redirected from https://api.example.com to https://new.example.com and loses `Authorization` on the way"
    );
    assert!(!names(&sandbox, &runtime).contains(&"token-missing"));
}

#[test]
fn credentials_dropped_on_the_way_to_a_signed_url_are_no_fault() {
    let download = run()
        .config("/api_key", TOKEN)
        .redirected(LOTS, &[&bearer(TOKEN)], "https://cdn.example.net/lots")
        .sends("GET https://cdn.example.net/lots", &["Accept: */*"], 200);
    assert!(names(&download, &download).is_empty());
}

#[test]
fn a_secret_carried_to_another_host_is_a_warning_on_both_sides() {
    let key = format!("X-API-Key: {TOKEN}");
    let leak = run()
        .config("/api_key", TOKEN)
        .redirected(LOTS, &[&key], "https://cdn.example.net/lots")
        .sends("GET https://cdn.example.net/lots", &[&key], 200);
    let found = first(&leak, &leak);
    assert_eq!(found.rule.name, "credentials-leaked-on-redirect");
    assert_eq!((found.side, found.severity), (Blame::Both, Severity::Warning));
}

#[test]
fn a_masked_client_secret_is_the_cause_of_the_failed_refresh() {
    let grant = |secret: &str, status| {
        let form = format!("client_secret={secret}");
        run().config("/client_secret", TOKEN).sends(LOGIN, &["grant_type=refresh_token", &form], status)
    };
    let sandbox = grant(TOKEN, 200).sends(LOTS, &[&bearer(OTHER)], 200);
    let found = diagnosed(&sandbox, &grant("********", 401)).diagnosis.findings;
    assert_eq!((found[0].rule.name, found[0].caused_by), ("token-masked", None));
    let refresh =
        found.iter().find(|finding| finding.rule.name == "token-refresh-failed").expect("its consequence");
    assert_eq!(refresh.caused_by, Some("token-masked"));
    assert!(refresh.claim.ends_with("answered with 401, so the API was never called"), "{}", refresh.claim);
}

#[test]
fn equal_token_requests_with_other_answers_point_to_the_server() {
    let form = format!("refresh_token={TOKEN}");
    let grant = |status| {
        run().config("/refresh_token", TOKEN).sends(LOGIN, &["grant_type=refresh_token", &form], status)
    };
    let found = first(&grant(200).sends(LOTS, &[&bearer(OTHER)], 200), &grant(400));
    assert_eq!(found.rule.name, "token-refresh-failed");
    assert!(
        found.detail["cause"].as_str().is_some_and(|cause| cause.starts_with("both sides sent the same"))
    );
}

#[test]
fn under_two_keys_a_secret_that_moved_is_known_by_its_name() {
    let runtime = sends(&format!("X-API-Key: {TOKEN}"), 401).key("two");
    let found = diagnosed(&sends(&bearer(TOKEN), 200), &runtime).diagnosis;
    assert_eq!(found.findings[0].rule.name, "credentials-moved");
    assert_eq!(found.findings[0].confidence, Confidence::Likely);
    assert!(found.unexplained.is_empty());
}

#[test]
fn a_token_that_is_issued_anew_moves_and_loses_its_scheme_like_another() {
    let login = || run().sends(LOGIN, &["grant_type=client_credentials"], 200);
    let sandbox = login().sends(LOTS, &["X-API-Key: at_of_the_first_run_of_them"], 200);
    let runtime = login().sends(LOTS, &[&bearer("at_of_the_other_run_of_them")], 401);
    let found = diagnosed(&sandbox, &runtime);
    assert_eq!(found.diagnosis.findings[0].rule.name, "credentials-moved");
    assert!(found.diagnosis.unexplained.is_empty(), "{:?}", found.comparison.differences);
    let sandbox = login().sends(LOTS, &[&bearer("at_of_the_first_run_of_them")], 200);
    let runtime = login().sends(LOTS, &["Authorization: at_of_the_other_run_of_them"], 401);
    assert_eq!(first(&sandbox, &runtime).rule.name, "scheme-missing");
}

#[test]
fn two_tokens_of_organizations_are_said_to_be_indistinguishable() {
    let call = |claims: &str, status| {
        run().sends("GET https://api.airbyte.ai/api/v1/agents", &[&bearer(&format!("jwt {claims}"))], status)
    };
    let found = first(&call("sub=operator exp=600", 200), &call("sub=application exp=600", 401));
    assert_eq!(found.rule.name, "token-differs");
    assert!(found.remedies.iter().any(|remedy| remedy.text.contains("do not tell them apart")));
}

#[test]
fn two_values_that_changed_places_are_known_without_names() {
    let sends = |key: &str, token: &str, status| {
        run().sends(LOTS, &[&format!("X-Api-Key: {key}"), &bearer(token)], status)
    };
    let (sandbox, runtime) = (sends(OTHER, TOKEN, 200), sends(TOKEN, OTHER, 403));
    let found = diagnosed(&sandbox, &runtime).diagnosis.findings;
    assert!(found.iter().all(|finding| finding.rule.name == "token-swapped"), "{found:?}");
    let claims: Vec<&str> = found.iter().map(|finding| finding.claim.as_str()).collect();
    assert!(claims.iter().any(|claim| claim.contains("what sandbox sends as `Authorization`")), "{claims:?}");
    let third = "tok_Ww1Vv2Uu3Tt4Ss5Rr6Qq7Pp8Oo9Nn0Mm1";
    assert_eq!(first(&sandbox, &sends(OTHER, third, 403)).rule.name, "token-differs");
}

#[test]
fn two_jwts_that_differ_name_what_differs() {
    let call = |claims: &str, status| run().sends(LOTS, &[&bearer(&format!("jwt {claims}"))], status);
    let found = first(&call("sub=reader iss=one exp=600", 200), &call("sub=writer iss=two exp=600", 401));
    assert_eq!(
        (found.rule.name, &found.detail["claims"]),
        ("token-differs", &serde_json::json!(["iss", "sub"]))
    );
    assert!(found.claim.contains("another `iss`, `sub`"), "{}", found.claim);
}
