//! Two long runs in which differences were planted among noise: exactly these are named.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::clients::bench::{Bench, text};

use super::kit::*;

/// Pages that both runs read; a sandbox that reads as many made no test read of the Builder.
const PAGES: u32 = 540;

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 16
    }

    /// Hexadecimal digits; now and then they are all decimal.
    fn id(&mut self) -> String {
        let digits = if self.next().is_multiple_of(16) { 10 } else { 16 };
        (0..16)
            .map(|_| char::from_digit(u32::try_from(self.next() % digits).unwrap_or(0), 16).unwrap_or('0'))
            .collect()
    }
}

fn changed(page: u32) -> bool {
    page % 40 == 17
}

fn refused(page: u32) -> bool {
    page % 90 == 33
}

fn other_tenant(page: u32) -> bool {
    page % 110 == 71
}

fn left_out(page: u32) -> bool {
    page % 180 == 11
}

/// The pages that a run reads: the runtime leaves some out, and begins with others.
fn pages(runtime: bool) -> Vec<u32> {
    let added = (0..3).map(|nth| 1_000 + 60 * nth).filter(|_| runtime);
    added.chain((0..PAGES).filter(|page| !runtime || !left_out(*page))).collect()
}

fn entry(at: usize, page: u32, runtime: bool, chance: &mut Chance) -> Value {
    let field = |name: &str, value: String| json!({"name": name, "value": value});
    let (changed, refused) = (runtime && changed(page), runtime && refused(page));
    let records: Vec<Value> = (0..3)
        .map(|nth| json!({"id": 10 * page + nth, "amount": f64::from(page % 5) + if changed && nth == 1 { 1000.5 } else { 1000.25 }}))
        .collect();
    let content = json!({"data": records, "page": page}).to_string();
    let tenant = if runtime && other_tenant(page) { "north" } else { "south" };
    json!({
        "startedDateTime": format!("2026-11-2{}T10:{:02}:{:02}.{:03}Z", u32::from(runtime), at / 60 % 60, at % 60, chance.next() % 1000),
        "time": 10,
        "request": {"method": "GET", "url": format!("https://api.example.com/v2/things?page={page}&per_page=10"), "httpVersion": "HTTP/1.1", "headers": [
            field("host", "api.example.com".into()), field("authorization", "Bearer ***".into()), field("x-tenant", tenant.into()),
            field("x-request-id", chance.id()), field("x-hop", chance.id()),
        ]},
        "response": {"status": if refused { 429 } else { 200 }, "statusText": "", "httpVersion": "HTTP/1.1", "headers": [
            field("content-type", "application/json".into()), field("x-ratelimit-remaining", (chance.next() % 5000).to_string()),
        ], "content": {"size": content.len(), "mimeType": "application/json", "text": content}},
        "timings": {"send": 1, "wait": 8, "receive": 1},
    })
}

fn har(runtime: bool) -> String {
    let mut chance = Chance(if runtime { 7 } else { 3 });
    let entries: Vec<Value> = pages(runtime)
        .into_iter()
        .enumerate()
        .map(|(at, page)| entry(at, page, runtime, &mut chance))
        .collect();
    json!({"log": {"version": "1.2", "creator": {"name": "a proxy", "version": "1"}, "entries": entries}})
        .to_string()
}

#[test]
fn exactly_what_was_planted_in_two_imports_is_named() {
    let bench = Bench::new();
    for (side, file, runtime) in [("sandbox", "s.har", false), ("runtime", "r.har", true)] {
        let source = bench.write(&format!("{side}.json"), &har(runtime));
        let output = bench.samewire(&["import", side, source.to_str().unwrap(), "-o", file]);
        assert!(output.status.success(), "{}", text(&output));
    }
    let (code, report) = bench.diff("s.har", "r.har");
    assert_eq!(code, 1);

    // Exchanges are numbered by their start, in the order in which the pages were read.
    let page = |runtime: bool, number: &Value| {
        number.as_u64().map(|number| pages(runtime)[usize::try_from(number).unwrap() - 1])
    };
    let named: BTreeSet<(String, Option<u32>, Option<u32>)> = report["differences"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|difference| difference["significance"] != "expected")
        .map(|difference| {
            let at = difference["at"].as_str().unwrap().to_owned();
            (at, page(false, &difference["sandbox"]), page(true, &difference["runtime"]))
        })
        .collect();
    let mut planted = BTreeSet::new();
    for page in 0..PAGES {
        let pair = (Some(page), Some(page));
        let mut plant = |at: &str, (one, other): (Option<u32>, Option<u32>)| {
            planted.insert((at.to_owned(), one, other));
        };
        if left_out(page) {
            plant("request", (Some(page), None));
            continue;
        }
        if refused(page) {
            plant("response.status", pair);
        } else if changed(page) {
            plant("response.body/data/1/amount", pair);
        }
        if other_tenant(page) {
            plant("request.field[x-tenant]", pair);
        }
    }
    for page in &pages(true)[..3] {
        planted.insert(("request".to_owned(), None, Some(*page)));
    }
    assert_eq!(named, planted);
}

/// Requests with an identifier that no name gives away.
fn calls(ids: impl Fn(u32) -> String) -> Vec<Call> {
    (0..12).map(|page| get(&format!("/v1/lots?page={page}")).field("X-Hop", &ids(page))).collect()
}

#[test]
fn an_identifier_shows_by_its_column() {
    let anew = |run: &str| {
        let run = run.to_owned();
        calls(move |page| format!("s:{run}-identifier-{page:04}"))
    };
    let comparison = compare(anew("one"), anew("two"));
    assert_eq!(material(&comparison), [""; 0]);
    assert_eq!(told(&comparison.differences).len(), 12);
}

#[test]
fn what_repeats_is_the_same_or_is_left_empty_is_no_identifier() {
    let anew = || calls(|page| format!("s:one-identifier-{page:04}"));
    let differ = |other: &dyn Fn(u32) -> String| material(&compare(anew(), calls(other))).len();
    let fresh = |page: u32| format!("s:two-identifier-{page:04}");
    assert_eq!(differ(&fresh), 0);
    // One value for all, as a tenant or a key has.
    assert_eq!(differ(&|_| "s:two-identifier-0000".to_owned()), 12);
    // Once the same, so that it is no chance.
    assert_eq!(differ(&|page| if page == 5 { "s:one-identifier-0005".to_owned() } else { fresh(page) }), 11);
    // The other run's values, in other places.
    assert_eq!(differ(&|page| format!("s:one-identifier-{:04}", (page + 1) % 12)), 12);
    // A placeholder, another length, a credential.
    assert_eq!(differ(&|page| if page == 5 { "s:{{ id }}".to_owned() } else { fresh(page) }), 12);
    assert_eq!(differ(&|page| format!("s:two-longer-identifier-{page:04}")), 12);
    assert_eq!(material(&compare(anew(), calls(|page| format!("c:two-identifier-{page:04}")))).len(), 12);
    // Too few to tell, or none of them accepted.
    let few = |calls: Vec<Call>| calls.into_iter().take(7);
    assert_eq!(material(&compare(few(anew()), few(calls(fresh)))).len(), 7);
    let refused = |calls: Vec<Call>| calls.into_iter().map(|call| call.status(403));
    assert_eq!(material(&compare(refused(anew()), refused(calls(fresh)))).len(), 12);
}

#[test]
fn what_is_named_otherwise_is_another_request() {
    let page = |page: u32| get(&format!("/v1/lots?page={page}")).field("X-Tenant", "south");
    let lonely = |sandbox: Vec<Call>, runtime: Vec<Call>| -> Vec<String> {
        pairs(&compare(sandbox, runtime)).into_iter().filter(|pair| pair.contains("none")).collect()
    };
    // Page 3 is not read, and page 99 is besides, at another time.
    let sandbox: Vec<Call> = (0..12).map(page).collect();
    let mut runtime: Vec<Call> = (0..12).filter(|number| *number != 3).map(page).collect();
    runtime.insert(9, page(99));
    assert_eq!(lonely(sandbox.clone(), runtime), ["4-none", "none-10 BuilderLimits"]);
    // In its place it is the same request with another number.
    let altered = (0..12).map(|number| page(if number == 3 { 99 } else { number })).collect();
    assert_eq!(lonely(sandbox, altered), [""; 0]);
    // What has one name belongs together, however far it was moved.
    let limited = |number: u32, limit: u32| get(&format!("/v1/lots?page={number}&limit={limit}"));
    let sandbox: Vec<Call> = (0..40).map(|number| limited(number, 10)).collect();
    let mut runtime: Vec<Call> = (1..40).map(|number| limited(number, 10)).collect();
    runtime.push(limited(0, 20));
    let comparison = compare(sandbox, runtime);
    assert_eq!(material(&comparison), ["request.query[limit] Altered: material"]);
}
