//! What holds for any two runs.

use proptest::prelude::*;
use samewire::compare::{Change, ChangeKind, Comparison, Difference, Locator, Significance, compare};
use samewire::model::{Capture, FailureKind, Phase, Side};

use super::kit::{Call, call, get, material, run};

/// Values of few kinds, so that they often meet again on the other side.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab]{1,2}",
        "s:[ab]{1}-value-of-some-length",
        "c:[ab]{1}-token-of-some-length-that-is-long",
        Just("c:a-token-of-some-length-that-is-long\n".to_owned()),
        Just("c:a-token-of-some-le".to_owned()),
        Just("c:".to_owned()),
        (-2_i64..2).prop_map(|offset| format!("@{}", offset * 90)),
    ]
}

fn request() -> impl Strategy<Value = Call> {
    let names = prop::sample::select(vec!["page", "api_key", "request_id", "after", "a"]);
    let query = prop::collection::vec((names, value()), 0..3);
    let fields = prop::collection::vec(
        (prop::sample::select(vec!["X-Tenant", "x-tenant", "User-Agent", "Connection", "Accept"]), value()),
        0..3,
    );
    let path =
        prop::sample::select(vec!["/v1/lots", "/v2/lots", "/v1/lots/7", "/v1/lots/8", "/login", "/other"]);
    let host =
        prop::sample::select(vec!["https://api.example.com", "http://api.example.com", "https://localhost"]);
    let method = prop::sample::select(vec!["GET", "POST"]);
    let token = prop::option::of((
        prop::sample::select(vec![None, Some("Bearer"), Some("bearer"), Some("Token")]),
        value(),
    ));
    let body = prop::option::of(prop::collection::vec(
        (prop::sample::select(vec!["a", "b", "token"]), value()),
        0..3,
    ));
    (method, host, path, query, fields, token, body).prop_map(
        |(method, host, path, query, fields, token, body)| {
            let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let url = if query.is_empty() {
                format!("{host}{path}")
            } else {
                format!("{host}{path}?{}", query.join("&"))
            };
            let mut made = call(method, &url);
            for (name, value) in fields {
                made = made.field(name, &value);
            }
            if let Some((scheme, value)) = token {
                made = made.token(scheme, value.split_once(':').map_or(value.as_str(), |(_, value)| value));
            }
            if let Some(members) = body {
                let object: serde_json::Map<String, serde_json::Value> =
                    members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
                made = made.json(&serde_json::Value::Object(object).to_string());
            }
            made
        },
    )
}

fn exchange() -> impl Strategy<Value = Call> {
    let status = prop::sample::select(vec![200, 200, 200, 302, 401, 403, 429, 500, 0]);
    (request(), status).prop_map(|(call, status)| match status {
        0 => call.fails(Phase::Connect, FailureKind::Refused),
        302 => call.redirects("https://localhost/v2/lots"),
        status => call.status(status),
    })
}

pub(crate) fn capture(side: Side) -> impl Strategy<Value = Capture> {
    prop::collection::vec(exchange(), 0..7).prop_map(move |calls| run(side, calls))
}

/// A run and a second one that shares most of its requests.
pub(crate) fn two() -> impl Strategy<Value = (Capture, Capture)> {
    prop::collection::vec(
        (exchange(), prop::option::weighted(0.2, exchange()), prop::bool::weighted(0.1)),
        0..7,
    )
    .prop_map(|calls| {
        let sandbox = calls.iter().map(|(call, ..)| call.clone());
        let runtime = calls
            .iter()
            .filter(|(.., dropped)| !dropped)
            .map(|(call, other, _)| other.clone().unwrap_or_else(|| call.clone()));
        (run(Side::Sandbox, sandbox), run(Side::Runtime, runtime))
    })
}

/// A difference as the other side sees it; what names the sandbox's view only is left out.
fn mirrored(difference: &Difference) -> Difference {
    let Change { kind, how, sandbox, runtime } = difference.change.clone();
    let kind = match kind {
        ChangeKind::Missing => ChangeKind::Added,
        ChangeKind::Added => ChangeKind::Missing,
        kind => kind,
    };
    let how = match how {
        Some("truncated") => Some("extended"),
        Some("extended") => Some("truncated"),
        how => how,
    };
    Difference {
        sandbox: difference.runtime,
        runtime: difference.sandbox,
        change: Change { kind, how, sandbox: runtime, runtime: sandbox },
        ..difference.clone()
    }
}

fn told(differences: impl Iterator<Item = Difference>) -> Vec<String> {
    let mut lines: Vec<String> = differences
        .map(|mut difference| {
            // Reordered and moved things are named by their place on the sandbox's side; lone requests by the limits of a side.
            if matches!(difference.change.kind, ChangeKind::Reordered | ChangeKind::Moved) {
                difference.at = Locator::Request;
            }
            if difference.at == Locator::Request {
                difference.significance = Significance::Material;
            }
            difference.pair = 0;
            format!("{difference:?}")
        })
        .collect();
    lines.sort();
    lines
}

fn all_stand_once(capture: &Capture, comparison: &Comparison, side: Side) -> bool {
    let attempts = comparison.pairs.iter().filter_map(|pair| match side {
        Side::Sandbox => pair.sandbox.as_ref(),
        Side::Runtime => pair.runtime.as_ref(),
    });
    let mut numbers: Vec<u32> = attempts.flat_map(|attempts| attempts.exchanges.clone()).collect();
    numbers.sort_unstable();
    numbers == capture.exchanges.iter().map(|exchange| exchange.number).collect::<Vec<_>>()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_run_does_not_differ_from_itself(capture in capture(Side::Sandbox)) {
        let comparison = compare(&capture, &capture);
        prop_assert_eq!(&comparison.differences, &[]);
        prop_assert!(comparison.pairs.iter().all(|pair| pair.sandbox == pair.runtime));
    }

    #[test]
    fn every_exchange_stands_in_one_pair_and_every_credential_in_one_match((sandbox, runtime) in two()) {
        let comparison = compare(&sandbox, &runtime);
        prop_assert!(all_stand_once(&sandbox, &comparison, Side::Sandbox));
        prop_assert!(all_stand_once(&runtime, &comparison, Side::Runtime));
        prop_assert_eq!(comparison.credentials.len(), comparison.pairs.len());
        for pair in &comparison.credentials {
            let mut ours: Vec<usize> = pair.matches.iter().filter_map(|one| one.sandbox).collect();
            let mut theirs: Vec<usize> = pair.matches.iter().filter_map(|one| one.runtime).collect();
            ours.sort_unstable();
            theirs.sort_unstable();
            prop_assert_eq!(ours, (0..pair.sandbox.len()).collect::<Vec<_>>());
            prop_assert_eq!(theirs, (0..pair.runtime.len()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_other_side_sees_the_same_mirrored((sandbox, runtime) in two()) {
        let there = compare(&sandbox, &runtime);
        let back = compare(&runtime, &sandbox);
        prop_assert_eq!(told(there.differences.into_iter()), told(back.differences.iter().map(mirrored)));
    }

    #[test]
    fn concurrent_requests_may_come_in_any_order(order in Just((0..12_u32).collect::<Vec<_>>()).prop_shuffle(), changed in 0..12_u32) {
        let slice = |store: u32| get(&format!("/v1/lots?store={store}")).field("X-Tenant", if store == changed { "one" } else { "all" }).at(1);
        let other = |store: u32| get(&format!("/v1/lots?store={store}")).field("X-Tenant", "all").at(1);
        let sandbox = run(Side::Sandbox, (0..12).map(slice));
        let comparison = compare(&sandbox, &run(Side::Runtime, order.into_iter().map(other)));
        prop_assert_eq!(material(&comparison), ["request.field[x-tenant] Altered: material"]);
    }
}
