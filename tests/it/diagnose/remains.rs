//! Equal requests, different answers: what is left as the reason.

use std::path::Path;

use samewire::capture::read;
use samewire::compare::compare;
use samewire::diagnose::{Case, Confidence, Finding, diagnose};
use samewire::model::{Capture, Field, FieldName, FieldValue, Outcome, Spacing, Text};
use serde_json::Value;

fn captures() -> [Capture; 2] {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/samples/response-differs/fires");
    ["sandbox.har", "runtime.har"].map(|file| read(&folder.join(file)).unwrap())
}

fn first([sandbox, runtime]: &[Capture; 2]) -> Finding {
    let comparison = compare(sandbox, runtime);
    let found = diagnose(&Case { sandbox, runtime, comparison: &comparison }).findings;
    let first = found.into_iter().next().unwrap();
    assert_eq!(first.rule.name, "response-differs");
    first
}

fn left<'a>(finding: &'a Finding, what: &str) -> &'a Value {
    let all = finding.detail["remains"].as_array().unwrap();
    all.iter().find(|left| left["what"] == what).unwrap()
}

#[test]
fn the_connector_is_not_the_cause_and_all_that_remains_is_listed() {
    let found = first(&captures());
    assert!(found.claim.ends_with(", so the connector is not the cause"), "{}", found.claim);
    let mut all: Vec<&str> =
        found.detail["remains"].as_array().unwrap().iter().filter_map(|left| left["what"].as_str()).collect();
    assert_eq!(all[0], "address", "the server's own words say so");
    all.sort_unstable();
    assert_eq!(all, ["account", "address", "edge", "time"]);
    assert_eq!(left(&found, "account")["same_credentials"], true);
    assert!(left(&found, "time")["seconds"].as_i64().is_some_and(|seconds| seconds != 0));
    let marks = left(&found, "edge")["marks"].as_array().unwrap();
    let names: Vec<&str> = marks.iter().filter_map(|mark| mark["field"].as_str()).collect();
    assert_eq!(names, ["server", "x-cache", "x-amzn-requestid"]);
    assert_eq!(marks[0]["runtime"], "nginx");
    let shown =
        found.evidence.iter().any(|evidence| evidence.at.to_string() == "response.field[x-amzn-requestid]");
    assert!(shown, "{:?}", found.evidence);
    assert!(found.remedies.iter().any(|remedy| remedy.text.contains("`x-amzn-requestid`")));
}

#[test]
fn two_servers_under_one_name_are_told_by_their_addresses() {
    let mut both = captures();
    both[0].connections[0].upstream = Some("192.0.2.1:443".into());
    both[1].connections[0].upstream = Some("192.0.2.2:443".into());
    let found = first(&both);
    let address = left(&found, "address");
    assert_eq!(
        (&address["sandbox"], &address["runtime"]),
        (&"192.0.2.1:443".into(), &"192.0.2.2:443".into())
    );
    assert_eq!(address["likely"], true);
    let command = "samewire record runtime --connect-to api.example.com:443:192.0.2.1:443 -- ...";
    assert!(found.remedies.iter().any(|remedy| remedy.text.contains(command)), "{:?}", found.remedies);
}

#[test]
fn another_server_software_makes_what_answers_likely() {
    let mut both = captures();
    let Outcome::Answered(response) = &mut both[1].exchanges[0].outcome else { panic!() };
    response.fields.retain(|field| field.name.key != "server" && field.name.key != "x-cache");
    response.fields.push(Field::new(
        FieldName::new("Server"),
        Spacing::default(),
        FieldValue::Text(Text::shown("awselb/2.0")),
    ));
    let found = first(&both);
    assert_eq!(left(&found, "edge")["likely"], true);
    assert!(
        found.detail["cause"].as_str().unwrap().contains("server: awselb/2.0, sandbox nginx"),
        "{:?}",
        found.detail
    );
}

#[test]
fn under_different_keys_the_requests_are_not_proven_equal() {
    let mut both = captures();
    both[1].key_id = "another".into();
    both[1].exchanges[0].request.fields.iter_mut().for_each(|field| {
        if let FieldValue::Credentials(credentials) = &mut field.value
            && let samewire::model::Token::Opaque(secret) = &mut credentials.token
        {
            secret.relation = None;
        }
    });
    let found = first(&both);
    assert_eq!(
        (found.confidence, &found.detail["connector_cleared"]),
        (Confidence::Possible, &Value::Bool(false))
    );
    assert!(!found.claim.contains("not the cause"), "{}", found.claim);
}
