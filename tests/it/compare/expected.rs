//! Reviewed entries: what they silence, and what they never do.

use jiff::civil::Date;
use proptest::prelude::*;
use samewire::compare::{
    ChangeKind, Comparison, Expectation, Locator, Reason, Significance, Withheld, compare,
};
use samewire::expect::parse;
use samewire::model::Side;

use super::kit::{Call, get, material, post, run};
use super::properties::two;

const A: &str = "c:a-key-of-some-length-1";
const B: &str = "c:a-key-of-some-length-2";

fn today() -> Date {
    "2026-06-30".parse().unwrap()
}

fn entries(text: &str) -> Vec<Expectation> {
    parse(text, "samewire.toml").unwrap().expected
}

fn expected(sandbox: Vec<Call>, runtime: Vec<Call>, text: &str) -> Comparison {
    let (sandbox, runtime) = (run(Side::Sandbox, sandbox), run(Side::Runtime, runtime));
    let mut comparison = compare(&sandbox, &runtime);
    comparison.expect(&sandbox, &runtime, &entries(text), today());
    comparison
}

/// An entry of one place.
fn at(place: &str, more: &str) -> String {
    format!("[[expect]]\nat = '{place}'\nwhy = \"reviewed\"\n{more}\n")
}

fn of_field(name: &str, values: [&str; 2], entry: &str) -> Comparison {
    let [one, other] = values.map(|value| vec![get("/v1/lots").field(name, value)]);
    expected(one, other, entry)
}

fn silenced(comparison: &Comparison) -> Vec<usize> {
    comparison.expectations.iter().map(|line| line.silenced).collect()
}

#[test]
fn a_value_that_is_expected_to_differ_does_not_count() {
    let values = ["s:one", "s:two"];
    for place in ["request.field[x-tenant]", "request.field[X-Tenant]", "request.field[x-*]", "request.**"] {
        let comparison = of_field("X-Tenant", values, &at(place, ""));
        assert_eq!(material(&comparison), [""; 0], "{place}");
        assert_eq!(silenced(&comparison), [1], "{place}");
    }
    for (place, more) in [
        ("request.field[x-other]", ""),
        ("request.field[x-tenant].token", ""),
        ("request.*", ""),
        ("request.field[x-tenant]", "method = 'POST'"),
        ("request.field[x-tenant]", "host = 'www.example.com'"),
        ("request.field[x-tenant]", "path = '/v2/*'"),
        ("request.field[x-tenant]", "change = 'missing'"),
        ("request.field[x-tenant]", "side = 'runtime'"),
    ] {
        let comparison = of_field("X-Tenant", values, &at(place, more));
        assert_eq!(material(&comparison).len(), 1, "{place} {more}");
        assert!(comparison.expectations[0].is_unused(), "{place} {more}");
    }
    let fitting = "method = 'get'\nhost = '*.example.com'\npath = '/*/lots'";
    assert_eq!(material(&of_field("X-Tenant", values, &at("request.field[x-tenant]", fitting))), [""; 0]);
}

#[test]
fn what_an_entry_does_not_say_is_not_expected() {
    let entry = at("request.field[x-tenant]", "");
    let with = |value| vec![get("/v1/lots").field("X-Tenant", value)];
    let without = || vec![get("/v1/lots")];
    assert_eq!(material(&expected(with("s:one"), without(), &entry)).len(), 1, "absence is another change");
    for (side, one, other) in [("sandbox", with("s:a"), without()), ("runtime", without(), with("s:a"))] {
        let entry = at("request.field[x-tenant]", &format!("side = '{side}'"));
        assert_eq!(material(&expected(one.clone(), other.clone(), &entry)), [""; 0], "{side}");
        assert_eq!(material(&expected(other, one, &entry)).len(), 1, "{side}");
    }
    // A placeholder is no other value, and says so.
    for fault in ["s:None", "s:{{ config['tenant'] }}", "s:two ", "s:****"] {
        let comparison = of_field("X-Tenant", ["s:one", fault], &entry);
        assert_eq!(material(&comparison).len(), 1, "{fault}");
        let place = Locator::field("x-tenant");
        assert_eq!(comparison.expectations[0].withheld, [Withheld::Unsound(place)], "{fault}");
    }
}

#[test]
fn a_request_that_one_side_alone_makes_is_expected_by_its_side() {
    let entry = at("request", "side = 'runtime'\npath = '/health'");
    let more = || vec![get("/v1/lots"), get("/health")];
    let comparison = expected(vec![get("/v1/lots")], more(), &entry);
    assert_eq!(material(&comparison), [""; 0]);
    assert!(comparison.pairs.iter().any(|pair| pair.alone.is_some()));
    assert_eq!(material(&expected(more(), vec![get("/v1/lots")], &entry)).len(), 1);
}

#[test]
fn another_host_is_expected_by_either_name() {
    let to = |host: &str| vec![super::kit::call("GET", &format!("https://{host}/v1/lots"))];
    for host in ["sandbox.example.com", "api.example.com", "api.example.com:443"] {
        let entry = at("request.target.host", &format!("host = '{host}'"));
        let comparison = expected(to("sandbox.example.com"), to("api.example.com"), &entry);
        assert_eq!(material(&comparison), [""; 0], "{host}");
    }
}

#[test]
fn credentials_need_place_and_host_in_full() {
    let both = |one: &str, other: &str, entry: &str| {
        let call = |key: &str| vec![get("/v1/lots").key("X-Api-Key", None, key.trim_start_matches("c:"))];
        expected(call(one), call(other), entry)
    };
    let place = "request.field[x-api-key].token";
    let full = at(place, "host = 'api.example.com'");
    let at_place = &both(A, B, "").differences[0].at;
    assert_eq!(at_place.to_string(), place);
    let comparison = both(A, B, &full);
    assert_eq!(material(&comparison), [""; 0]);
    assert!(comparison.expectations[0].credentials);
    for wild in [
        at(place, ""),
        at(place, "host = '*.example.com'"),
        at("request.field[x-api-*].token", "host = 'api.example.com'"),
        at("**request.**", "host = 'api.example.com'").replace("'**request", "'request"),
    ] {
        let comparison = both(A, B, &wild);
        assert_eq!(material(&comparison).len(), 1, "{wild}");
        assert_eq!(comparison.expectations[0].withheld, [Withheld::Wildcard(at_place.clone())], "{wild}");
    }
    // Two whole tokens are what is expected: not the loss of one, nor damage.
    for fault in ["", "None", "{{ config['api_key'] }}", "********", "a-key-of-some-length-1\n"] {
        assert_eq!(material(&both(A, fault, &full)).len(), 1, "{fault:?}");
    }
    // Bodies and parameters are no back door.
    for (call, place) in [
        (
            (|key| post("/v1/lots").json(&format!(r#"{{"in": {{"token": "{key}"}}}}"#))) as fn(&str) -> Call,
            "request.body/in/*",
        ),
        (|key| get(&format!("/v1/lots?api_key={key}")), "request.query[*]"),
        (|key| get("/v1/lots").cookie("session", key), "request.cookie[*]"),
        (|key| get("/v1/lots").field("X-Trace", key), "request.field[x-*]"),
    ] {
        let comparison = expected(vec![call(A)], vec![call(B)], &at(place, "host = 'api.example.com'"));
        assert_eq!(material(&comparison).len(), 1, "{place}");
        assert_eq!(silenced(&comparison), [0], "{place}");
    }
}

#[test]
fn what_may_be_why_one_side_is_refused_counts() {
    let call = |key: &str, status| vec![get("/v1/lots").bearer(key.trim_start_matches("c:")).status(status)];
    let entry = at("request.field[authorization].token", "host = 'api.example.com'");
    for (ours, theirs, count) in [(200, 200, 0), (401, 401, 0), (200, 401, 2), (403, 200, 2)] {
        let comparison = expected(call(A, ours), call(B, theirs), &entry);
        assert_eq!(material(&comparison).len(), count, "{ours} {theirs}");
    }
    // An answer is expected to be another one only where both are of one kind.
    let status = |status| vec![get("/v1/lots").status(status)];
    let entry = at("response.status", "");
    assert_eq!(material(&expected(status(200), status(201), &entry)), [""; 0]);
    assert_eq!(material(&expected(status(200), status(403), &entry)).len(), 1);
}

#[test]
fn an_entry_holds_until_its_day_is_over() {
    let values = ["s:one", "s:two"];
    for (until, count) in [("2026-06-30", 0), ("2026-06-29", 1)] {
        let entry = at("request.field[x-tenant]", &format!("until = {until}"));
        let comparison = of_field("X-Tenant", values, &entry);
        assert_eq!(material(&comparison).len(), count, "{until}");
        assert_eq!((comparison.expectations[0].expired, silenced(&comparison)), (count == 1, vec![1]));
    }
    // One that has expired leaves the difference to the next.
    let both = at("request.field[x-tenant]", "until = 2026-01-01") + &at("request.field[x-tenant]", "");
    let comparison = of_field("X-Tenant", values, &both);
    assert_eq!(material(&comparison), [""; 0]);
    assert_eq!(silenced(&comparison), [1, 1]);
}

#[test]
fn an_unused_entry_names_what_may_have_been_meant() {
    let comparison = of_field("X-Tenant", ["s:one", "s:two"], &at("request.query[x-tenant]", ""));
    assert_eq!(comparison.expectations[0].near, Some(Locator::field("x-tenant")));
}

/// Entries that fit what the runs of these tests are made of.
fn some_entries() -> impl Strategy<Value = Vec<Expectation>> {
    let place = prop::sample::select(vec![
        "request.field[x-tenant]",
        "request.field[*]",
        "request.query[*]*",
        "request.body/*",
        "request.target.*",
        "request.field[authorization].token",
        "response.**",
        "request",
        "**",
    ]);
    let host = prop::sample::select(vec!["", "host = 'api.example.com'", "host = 'localhost'", "host = '*'"]);
    let change = prop::sample::select(vec!["altered", "missing", "added", "moved"]);
    let until = prop::sample::select(vec!["", "until = 2026-01-01"]);
    prop::collection::vec((place, host, change, until), 0..4).prop_map(|all| {
        let entry = |(place, host, change, until): (&str, &str, &str, &str)| {
            let place = if place == "**" { "request**" } else { place };
            at(place, &format!("{host}\nchange = '{change}'\n{until}"))
        };
        entries(&all.into_iter().map(entry).collect::<String>())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn the_other_side_expects_the_same_mirrored((sandbox, runtime) in two(), entries in some_entries()) {
        let mut there = compare(&sandbox, &runtime);
        there.expect(&sandbox, &runtime, &entries, today());
        let mut back = compare(&runtime, &sandbox);
        let mirrored: Vec<Expectation> = entries.iter().cloned().map(Expectation::mirrored).collect();
        back.expect(&runtime, &sandbox, &mirrored, today());
        // Moved things are named by their place on the sandbox's side; lone requests are judged by the limits of a side before.
        let told = |comparison: &Comparison| {
            let mut all: Vec<String> = comparison
                .differences
                .iter()
                .filter(|known| known.change.kind != ChangeKind::Moved && known.at != Locator::Request)
                .filter(|known| matches!(known.significance, Significance::Expected(Reason::Reviewed { .. })))
                .map(|known| format!("{} {:?}", known.at, known.significance))
                .collect();
            all.sort();
            all
        };
        prop_assert_eq!(told(&there), told(&back));
    }

    #[test]
    fn entries_only_silence_what_counts_and_the_ledger_tells_each((sandbox, runtime) in two(), entries in some_entries()) {
        let plain = compare(&sandbox, &runtime);
        let mut comparison = plain.clone();
        comparison.expect(&sandbox, &runtime, &entries, today());
        let counts = |comparison: &Comparison| material(comparison).len();
        let told: usize =
            comparison.expectations.iter().filter(|line| !line.expired).map(|line| line.silenced).sum();
        prop_assert_eq!(counts(&plain), counts(&comparison) + told);
        prop_assert_eq!(plain.differences.len(), comparison.differences.len());
        let mut again = plain.clone();
        again.expect(&sandbox, &runtime, &[], today());
        prop_assert_eq!(&again.differences, &plain.differences);
    }
}
