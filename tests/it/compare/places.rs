//! Fields, targets and bodies.

use samewire::model::Fidelity;

use super::kit::*;

#[test]
fn order_case_and_spacing_of_fields_are_cosmetic() {
    let sandbox = get("/v1/lots").field("X-Tenant", "acme").field("X-Region", "eu");
    let mut runtime = get("/v1/lots").field("X-Region", "eu").field("x-tenant", "acme");
    runtime.0.request.fields[2].spacing.before = "  ".into();
    let comparison = compare([sandbox.clone()], [runtime.clone()]);
    assert_eq!(
        told(&comparison.differences),
        [
            "request.field[x-tenant].name Altered (case-changed): cosmetic Case",
            "request.field[x-tenant].spacing Altered: cosmetic Spacing",
            "request.field.order Reordered: cosmetic Order"
        ]
    );
    runtime.0.request.fidelity = Fidelity::Decoded;
    assert_eq!(told(&compare([sandbox], [runtime]).differences), [""; 0]);
}

#[test]
fn fields_are_told_by_occurrence() {
    let call = |second: &str| get("/v1/lots").field("X-Filter", "a").field("X-Filter", second);
    assert_eq!(material(&compare([call("b")], [call("c")])), ["request.field[x-filter]#2 Altered: material"]);
    let comparison = compare([call("b")], [get("/v1/lots").field("X-Filter", "a")]);
    assert_eq!(material(&comparison), ["request.field[x-filter]#2 Missing: material"]);
}

#[test]
fn fields_of_the_connection_never_matter() {
    let comparison = compare(
        [get("/v1/lots").field("Connection", "keep-alive")],
        [get("/v1/lots")
            .field("Connection", "close")
            .field("Keep-Alive", "timeout=5")
            .field("Proxy-Connection", "keep-alive")
            .status(403)],
    );
    assert_eq!(material(&comparison), ["response.status Altered: material"]);
}

#[test]
fn what_a_client_says_of_itself_matters_where_the_answers_differ() {
    let call = |agent: &str, status| {
        get("/v1/lots").field("User-Agent", agent).field("Accept-Encoding", agent).status(status)
    };
    assert_eq!(material(&compare([call("curl/7.88", 200)], [call("python-requests/2.34", 200)])), [""; 0]);
    assert_eq!(material(&compare([call("curl/7.88", 200)], [call("python-requests/2.34", 403)])).len(), 3);
}

#[test]
fn any_media_type_is_what_no_accept_says() {
    let comparison = compare([get("/v1/lots").field("Accept", "*/*")], [get("/v1/lots")]);
    assert_eq!(told(&comparison.differences), ["request.field[accept] Missing: cosmetic Spelling"]);
    let comparison = compare(
        [get("/v1/lots").field("Accept", "application/json")],
        [get("/v1/lots").field("Accept", "text/csv")],
    );
    assert_eq!(material(&comparison), ["request.field[accept] Altered: material"]);
}

#[test]
fn identifiers_of_the_request_are_made_anew() {
    let call = |id: &str| {
        get("/v1/lots")
            .field("X-Request-Id", &format!("s:{id}"))
            .field("traceparent", &format!("s:{id}"))
            .field("X-Tenant", "acme")
    };
    let comparison = compare([call("5f0d-first-of-the-ids")], [call("77aa-other-of-the-ids")]);
    assert_eq!(material(&comparison), [""; 0]);
    assert_eq!(comparison.differences.len(), 2);
    let tenant = |id: &str| get("/v1/lots").field("X-Tenant-Id", &format!("s:{id}"));
    assert_eq!(
        material(&compare([tenant("5f0d-first-of-the-ids")], [tenant("77aa-other-of-the-ids")])).len(),
        1
    );
}

#[test]
fn an_identifier_that_is_missed_is_a_difference() {
    let missed = |status| {
        compare(
            [post("/v1/lots").field("Idempotency-Key", "s:0-some-key")],
            [post("/v1/lots").status(status)],
        )
    };
    assert_eq!(material(&missed(200)), [""; 0]);
    assert_eq!(material(&missed(400)).len(), 2);
}

#[test]
fn dates_move_with_the_clock_and_windows_with_them() {
    let call = |from: i64, to: i64| {
        post("/v1/lots").json(&format!(r#"{{"Inicio":"@{from}","Fim":"@{to}","Loja":"10"}}"#))
    };
    let comparison = compare([call(-1_728_000, 0)], [call(-1_728_001, -1)]);
    assert_eq!(
        told(&comparison.differences),
        ["request.body/Inicio Altered: expected Clock", "request.body/Fim Altered: expected Clock"]
    );
    assert_eq!(
        material(&compare([call(-1_728_000, 0)], [call(-864_000, 0)])),
        ["request.body/Inicio Altered: material"]
    );
}

#[test]
fn queries_are_compared_by_name_and_occurrence() {
    let differences = |one: &str, other: &str| {
        told(&compare([get(&format!("/v?{one}"))], [get(&format!("/v?{other}"))]).differences)
    };
    assert_eq!(
        differences("company=10&limit=1", "limit=1&company=10"),
        ["request.query[limit] Reordered: cosmetic Order"]
    );
    assert_eq!(differences("company=10", "company=1"), ["request.query[company] Altered: material"]);
    assert_eq!(differences("a=1&a=2", "a=1&a=3"), ["request.query[a]#2 Altered: material"]);
    assert_eq!(differences("a=1&flag", "a=1&flag="), ["request.query[flag] Altered: cosmetic Spelling"]);
    assert_eq!(
        differences("state=s:open-and-shut", "state=closed"),
        ["request.query[state] Altered: material"]
    );
}

#[test]
fn json_is_compared_down_to_the_key() {
    let differences = |one: &str, other: &str| {
        let material = told(&compare([post("/v").json(one)], [post("/v").json(other)]).differences);
        material
            .into_iter()
            .map(|line| line.trim_start_matches("request.body").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        differences(r#"{"a":1,"b":{"x":[1,2],"y":null}}"#, r#"{"b": {"y":null,"x":[1,2]},"a":1}"#),
        [" Altered: cosmetic Spelling"]
    );
    assert_eq!(
        differences(r#"{"Inicio":"x"}"#, r#"{"inicio":"x"}"#),
        ["/Inicio Missing: material", "/inicio Added: material"]
    );
    assert_eq!(differences(r#"{"a":10}"#, r#"{"a":"10"}"#), ["/a Altered (type): material"]);
    assert_eq!(
        differences(r#"{"a":{"b/c":[1,2,3]}}"#, r#"{"a":{"b/c":[1,9,3]}}"#),
        ["/a/b~1c/1 Altered: material"]
    );
    assert_eq!(differences("[1,2,3]", "[1,3]"), ["/1 Missing: material"]);
    assert_eq!(
        differences(r#"{"request_id":"s:0-first-one"}"#, r#"{"request_id":"s:1-other-one"}"#),
        ["/request_id Altered: expected PerRequest"]
    );
}

#[test]
fn a_body_that_became_a_form_follows_from_its_media_type() {
    let comparison = compare([post("/v").json(r#"{"from":"x"}"#)], [post("/v").form("from=x")]);
    assert_eq!(material(&comparison), ["request.field[content-type] Altered: material"]);
    let comparison = compare([post("/v").json(r#"{"from":"x"}"#)], [post("/v").form("from=y")]);
    assert_eq!(material(&comparison).len(), 2);
}

#[test]
fn boundaries_are_made_anew() {
    let call = |boundary: &str, company: &str| {
        post("/v").multipart(boundary, &[("file", "rows"), ("company", company)])
    };
    let comparison = compare([call("one-boundary-of-it", "10")], [call("two-boundary-of-it", "10")]);
    assert_eq!(material(&comparison), [""; 0]);
    assert!(
        told(&comparison.differences)
            .contains(&"request.field[content-type] Altered: expected PerRequest".to_owned())
    );
    let comparison = compare([call("one-boundary-of-it", "10")], [call("two-boundary-of-it", "11")]);
    assert_eq!(material(&comparison), ["request.body.form[company] Altered: material"]);
}

#[test]
fn texts_are_aligned_word_by_word() {
    let comparison = compare(
        [post("/v").plain("select a from s:secret-table where b")],
        [post("/v").plain("select a , c from s:secret-table where b")],
    );
    assert_eq!(material(&comparison), ["request.body Altered: material"]);
    let change = &comparison.differences[0].change;
    assert_eq!((change.sandbox.as_deref(), change.runtime.as_deref()), (Some(""), Some(", c ")));
}

#[test]
fn values_are_cut_where_they_are_long() {
    let comparison = compare([get("/v").field("X-Long", &"ä".repeat(500))], [get("/v")]);
    let shown = comparison.differences[0].change.sandbox.clone().expect("a value");
    assert_eq!(shown.chars().count(), 121);
}
