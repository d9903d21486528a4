//! What several runs of one side teach, and what they never silence.

use proptest::prelude::*;
use samewire::compare::{Comparison, LearnedPlace, Significance, compare, learn};
use samewire::model::{Capture, FailureKind, Phase, Side};

use super::kit::{Call, get, material, post, run, told};
use super::properties::{capture, two};

/// Compares a sandbox that was recorded several times with one run of the runtime.
fn taught(sandbox: &[Vec<Call>], runtime: Vec<Call>) -> Comparison {
    let sandbox: Vec<Capture> = sandbox.iter().map(|calls| run(Side::Sandbox, calls.clone())).collect();
    let runtime = run(Side::Runtime, runtime);
    let mut comparison = compare(&sandbox[0], &runtime);
    let learned = learn(Side::Sandbox, &sandbox.iter().collect::<Vec<_>>());
    comparison.silence(&sandbox[0], &runtime, &[learned]);
    comparison
}

/// The same where each run makes one call.
fn one_each(sandbox: [Call; 3], runtime: Call) -> Comparison {
    taught(&sandbox.map(|call| vec![call]), vec![runtime])
}

fn lots() -> Call {
    post("/v1/lots")
}

fn ledger(comparison: &Comparison) -> Vec<String> {
    let line = |place: &LearnedPlace| {
        format!("{} {} {}: {} of {}", place.side, place.request, place.at, place.silenced, place.runs)
    };
    comparison.learned.iter().map(line).collect()
}

const REASON: &str = "expected Learned { side: Sandbox, runs: 3 }";

#[test]
fn a_value_that_changes_from_run_to_run_does_not_count() {
    let call =
        |step: &str, id: &str| lots().field("X-Step", step).json(&format!(r#"{{"id": "{id}", "n": 1}}"#));
    let comparison =
        one_each([call("s:a", "s:1"), call("s:b", "s:2"), call("s:a", "s:3")], call("s:z", "s:9"));
    assert_eq!(material(&comparison), [""; 0]);
    let at = ["request.field[x-step] Altered", "request.body/id Altered"];
    assert_eq!(told(&comparison.differences), at.map(|at| format!("{at}: {REASON}")));
    let request = "sandbox POST https://api.example.com/v1/lots";
    let at = ["request.field[x-step]", "request.body/id"];
    assert_eq!(ledger(&comparison), at.map(|at| format!("{request} {at}: 1 of 3")));
    // The same place of another request, and another place of this one, are not learned.
    let other = |step: &str| get("/v1/lots").field("X-Step", step).field("X-Tenant", step);
    let comparison = taught(
        &["s:a", "s:b", "s:c"].map(|step| vec![lots().field("X-Step", step), other("s:same")]),
        vec![lots().field("X-Step", "s:d"), other("s:other")],
    );
    let left = ["request.field[x-step] Altered: material", "request.field[x-tenant] Altered: material"];
    assert_eq!(material(&comparison), left);
}

#[test]
fn credentials_are_never_learned() {
    let keys = ["c:a-key-of-some-length-1", "c:a-key-of-some-length-2", "c:a-key-of-some-length-3"];
    let with = |key: &str| {
        lots()
            .bearer(key.trim_start_matches("c:"))
            .field("X-Api-Key", key)
            .cookie("session", key)
            .json(&format!(r#"{{"in": {{"token": "{key}"}}}}"#))
    };
    let comparison = one_each(keys.map(with), with("c:a-key-of-some-length-9"));
    assert_eq!(material(&comparison).len(), 4, "{:#?}", told(&comparison.differences));
    assert_eq!(ledger(&comparison), [""; 0]);
    // Nor where one run only has a credential in the place.
    let with = |value: &str| lots().field("X-Trace", value);
    let comparison = one_each([with("s:a"), with("s:b"), with("c:a-key-of-some-length-1")], with("s:c"));
    assert_eq!(material(&comparison), ["request.field[x-trace] Altered: material"]);
    let comparison = one_each([with("s:a"), with("s:b"), with("s:c")], with("c:a-key-of-some-length-1"));
    assert_eq!(material(&comparison).len(), 1, "{:#?}", told(&comparison.differences));
}

#[test]
fn a_fault_in_the_place_of_a_changing_value_stands_out() {
    let with = |value: &str| lots().json(&format!(r#"{{"id": {value}}}"#));
    let ids = [r#""s:a""#, r#""s:b""#, r#""s:c""#].map(with);
    for fault in [
        r#""s:None""#,
        r#""s:{{ config['id'] }}""#,
        r#""s:""#,
        r#""s:d ""#,
        "7",
        "null",
        "[]",
        "true",
        r#""@60""#,
    ] {
        let comparison = one_each(ids.clone(), with(fault));
        assert_eq!(material(&comparison).len(), 1, "{fault}: {:#?}", told(&comparison.differences));
    }
    assert_eq!(material(&one_each(ids, with(r#""s:d""#))), [""; 0]);
}

#[test]
fn absence_is_learned_only_from_absence() {
    let with = |value: &str| lots().field("X-Step", value);
    let changing = [with("s:a"), with("s:b"), with("s:c")];
    assert_eq!(material(&one_each(changing.clone(), lots())), ["request.field[x-step] Missing: material"]);
    let sometimes = [with("s:a"), lots(), with("s:a")];
    assert_eq!(material(&one_each(sometimes.clone(), lots())), [""; 0]);
    // It was there or not, but never another one.
    assert_eq!(material(&one_each(sometimes, with("s:b"))), ["request.field[x-step] Altered: material"]);
}

#[test]
fn where_a_request_goes_is_never_learned() {
    let to = |host: &str| super::kit::call("GET", &format!("https://{host}/v1/lots"));
    let comparison =
        one_each(["a", "b", "c"].map(|name| to(&format!("{name}.example.com"))), to("d.example.com"));
    assert_eq!(material(&comparison), ["request.target.host Altered: material"]);
    let hidden = |job: &str| get(&format!("/v1/jobs/{job}"));
    assert_eq!(material(&one_each(["s:a", "s:b", "s:c"].map(hidden), hidden("s:d"))), [""; 0]);
}

#[test]
fn answers_that_differ_by_themselves_are_told_and_count() {
    let comparison = one_each([lots(), lots().status(500), lots()], lots().status(500));
    assert_eq!(material(&comparison), ["response.status Altered: material"]);
    let told: Vec<_> = comparison.varying.iter().map(|one| (one.side, one.answers.join(" "))).collect();
    assert_eq!(told, [(Side::Sandbox, "200 500".to_owned())]);
    assert_eq!(ledger(&comparison), [""; 0]);
}

#[test]
fn a_run_that_failed_teaches_nothing() {
    let with = |value: &str| lots().field("X-Step", value);
    let failed = with("s:b").status(403);
    let comparison = one_each([with("s:a"), failed, with("s:a")], with("s:c").status(403));
    let left = ["request.field[x-step] Altered: material", "response.status Altered: material"];
    assert_eq!(material(&comparison), left);
    // Nor how many requests should have followed.
    let many = |count: usize| vec![lots(); count];
    let broken = vec![lots().fails(Phase::Connect, FailureKind::Refused)];
    let comparison = taught(&[many(3), broken, many(3)], vec![lots()]);
    assert!(comparison.learned.is_empty(), "{:#?}", comparison.learned);
}

#[test]
fn a_request_that_is_made_only_now_and_then_is_learned() {
    let pings = |count: usize| {
        let mut calls = vec![lots()];
        calls.extend((0..count).map(|at| post("/v1/pings").json(&format!(r#"{{"n": {at}}}"#))));
        calls
    };
    let lonely = "request Missing: material".to_owned();
    assert_eq!(material(&taught(&[1, 1, 1].map(pings), pings(0))), std::slice::from_ref(&lonely));
    let comparison = taught(&[1, 0, 1].map(pings), pings(0));
    assert_eq!(material(&comparison), [""; 0]);
    assert!(comparison.pairs.iter().any(|pair| pair.runtime.is_none() && pair.alone.is_some()));
    assert_eq!(ledger(&comparison), ["sandbox POST https://api.example.com/v1/pings request: 1 of 3"]);
    assert_eq!(material(&taught(&[2, 1, 2].map(pings), pings(0))), [lonely.clone(), lonely], "never so few");
    // Who logs in is credentials' affair.
    let login = |count: usize| [vec![lots()], vec![post("/oauth/token"); count]].concat();
    assert_eq!(material(&taught(&[1, 0, 1].map(login), login(0))), ["request Missing: material"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn equal_runs_teach_nothing((sandbox, runtime) in two()) {
        let mut comparison = compare(&sandbox, &runtime);
        let before = comparison.clone();
        let learned = [
            learn(Side::Sandbox, &[&sandbox, &sandbox, &sandbox]),
            learn(Side::Runtime, &[&runtime, &runtime]),
        ];
        comparison.silence(&sandbox, &runtime, &learned);
        prop_assert_eq!(comparison, before);
    }

    #[test]
    fn the_order_of_the_other_runs_does_not_matter(
        first in capture(Side::Sandbox),
        others in prop::collection::vec(capture(Side::Sandbox), 3),
        order in Just(vec![0_usize, 1, 2]).prop_shuffle(),
    ) {
        let all: Vec<&Capture> = [&first].into_iter().chain(&others).collect();
        let shuffled: Vec<&Capture> = [&first].into_iter().chain(order.iter().map(|at| &others[*at])).collect();
        prop_assert_eq!(learn(Side::Sandbox, &all), learn(Side::Sandbox, &shuffled));
    }

    #[test]
    fn which_run_is_the_first_does_not_matter(
        values in prop::collection::vec((0..3_u8, 0..3_u8, prop::option::of(0..2_u8)), 4),
        order in Just(vec![0_usize, 1, 2, 3]).prop_shuffle(),
    ) {
        let runs: Vec<Capture> = values
            .iter()
            .map(|(step, id, extra)| {
                let call = lots().field("X-Step", &format!("s:{step}")).json(&format!(r#"{{"id": {id}}}"#));
                let call = match extra {
                    Some(extra) => call.field("X-Extra", &format!("s:{extra}")),
                    None => call,
                };
                run(Side::Sandbox, [call])
            })
            .collect();
        let places = |order: &[usize]| {
            let all: Vec<&Capture> = order.iter().map(|at| &runs[*at]).collect();
            let mut comparison = compare(all[0], all[0]);
            comparison.silence(all[0], all[0], &[learn(Side::Sandbox, &all)]);
            ledger(&comparison)
        };
        prop_assert_eq!(places(&[0, 1, 2, 3]), places(&order));
    }

    #[test]
    fn only_material_differences_are_silenced_and_no_credential(
        (sandbox, runtime) in two(),
        others in prop::collection::vec(capture(Side::Sandbox), 2),
    ) {
        let before = compare(&sandbox, &runtime);
        let mut after = before.clone();
        let all: Vec<&Capture> = [&sandbox].into_iter().chain(&others).collect();
        after.silence(&sandbox, &runtime, &[learn(Side::Sandbox, &all)]);
        let silenced: usize = after.learned.iter().map(|place| place.silenced).sum();
        let mut changed = 0;
        for (one, two) in before.differences.iter().zip(&after.differences) {
            if one.significance == two.significance {
                continue;
            }
            changed += 1;
            prop_assert_eq!(one.significance, Significance::Material);
            let pair = &before.credentials[one.pair];
            prop_assert!(pair.sandbox.iter().chain(&pair.runtime).all(|carried| carried.at != one.at));
        }
        prop_assert_eq!(changed, silenced);
    }
}
