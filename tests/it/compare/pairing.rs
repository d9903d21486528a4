//! Attempts and pairs.

use samewire::compare::Reason;
use samewire::diagnose::{Case, diagnose};
use samewire::model::{Capture, FailureKind, Phase, Side};

use super::kit::*;

const TOKEN: &str = "tok_a1b2c3d4e5f6a7b8c9d0e1f2";

#[test]
fn retries_are_folded_into_the_request_that_they_repeat() {
    let sandbox = [get("/v1/lots").bearer(TOKEN)];
    let runtime = [
        get("/v1/lots").bearer(TOKEN).status(500),
        get("/v1/lots").bearer(TOKEN).fails(Phase::Connect, FailureKind::Refused),
        get("/v1/lots").bearer(TOKEN),
    ];
    let comparison = compare(sandbox, runtime);
    assert_eq!(pairs(&comparison), ["1-1+2+3"]);
    assert_eq!(material(&comparison), [""; 0]);
}

#[test]
fn refusals_that_are_tried_again_are_one_request() {
    let runtime = (0..6).map(|_| get("/v1/lots").bearer(TOKEN).status(403));
    assert_eq!(pairs(&compare([get("/v1/lots").bearer(TOKEN).status(403)], runtime)), ["1-1+2+3+4+5+6"]);
}

#[test]
fn polls_pages_and_repeated_successes_are_no_retries() {
    let calls = || {
        [
            post("/v1/jobs").json(r#"{"a":1}"#),
            get("/v1/jobs/7"),
            get("/v1/jobs/7"),
            get("/v1/lots?page=1"),
            get("/v1/lots?page=2"),
        ]
    };
    assert_eq!(pairs(&compare(calls(), calls())), ["1-1", "2-2", "3-3", "4-4", "5-5"]);
}

#[test]
fn another_token_or_another_body_is_no_retry() {
    let sandbox =
        [get("/v1/lots").bearer(TOKEN).status(401), get("/v1/lots").bearer("another_token_that_is_fresh")];
    assert_eq!(pairs(&compare(sandbox.clone(), sandbox)), ["1-1", "2-2"]);
    let slices = [post("/v1/q").json(r#"{"slice":1}"#).status(500), post("/v1/q").json(r#"{"slice":2}"#)];
    assert_eq!(pairs(&compare(slices.clone(), slices)), ["1-1", "2-2"]);
}

#[test]
fn a_request_that_starts_before_the_other_failed_is_no_retry() {
    let both = || [get("/v1/lots").at(0).status(500), get("/v1/lots").at(0)];
    assert_eq!(pairs(&compare(both(), both())), ["1-1", "2-2"]);
}

#[test]
fn requests_that_are_equal_belong_together_in_any_order() {
    let slice = |store: u32| get(&format!("/v1/lots?store={store}")).bearer(TOKEN);
    let comparison = compare((100..109).map(slice), [103, 100, 108, 101, 104, 102, 107, 105, 106].map(slice));
    assert_eq!(material(&comparison), [""; 0]);
    assert_eq!(comparison.pairs.len(), 9);
}

#[test]
fn one_more_or_less_does_not_shift_the_rest() {
    let page = |page: u32| get(&format!("/v1/lots?page={page}"));
    let comparison = compare([1, 2, 3, 4, 5].map(page), [1, 2, 4, 5].map(page));
    assert_eq!(pairs(&comparison), ["1-1", "2-2", "3-none", "4-3", "5-4"]);
    assert_eq!(material(&comparison), ["request Missing: material"]);
}

#[test]
fn requests_of_one_kind_that_stand_far_apart_are_two() {
    let page = |page: usize| get(&format!("/v1/lots?page={page}"));
    let without = |left_out: usize| (0..60).filter(move |page| *page != left_out).map(page);
    let comparison = compare(without(50), without(10));
    let lonely: Vec<String> = pairs(&comparison).into_iter().filter(|pair| pair.contains("none")).collect();
    assert_eq!(lonely, ["11-none", "none-50 BuilderLimits"]);
}

#[test]
fn a_builder_reads_fewer_pages_slices_and_streams() {
    let page = |page: u32| get(&format!("/v1/lots?page={page}"));
    let runtime = [page(1), page(2), page(3), get("/v1/sales?page=1")];
    let comparison = compare([page(1), page(2)], runtime);
    assert_eq!(pairs(&comparison), ["1-1", "2-2", "none-3 BuilderLimits", "none-4 BuilderLimits"]);
    assert_eq!(material(&comparison), [""; 0]);
}

#[test]
fn what_fails_or_changes_something_is_not_excused_by_limits() {
    let runtime =
        [get("/v1/lots"), get("/v1/audit").status(403), call("DELETE", "https://api.example.com/v1/lots/7")];
    let comparison = compare([get("/v1/lots")], runtime);
    assert_eq!(pairs(&comparison), ["1-1", "none-2", "none-3"]);
    assert_eq!(material(&comparison).len(), 2);
}

#[test]
fn a_parent_stream_may_be_read_again() {
    let parent = || post("/v1/stores").json(r#"{"active":"yes"}"#);
    let comparison =
        compare([parent(), get("/v1/lots?store=1")], [parent(), get("/v1/lots?store=1"), parent()]);
    assert_eq!(pairs(&comparison), ["1-1", "2-2", "none-3 ParentAgain"]);
}

#[test]
fn what_a_failed_run_never_came_to_follows_from_the_failure() {
    let page = |page: u32| get(&format!("/v1/lots?page={page}"));
    let comparison = compare([page(1), page(2)], [page(1).status(403)]);
    assert_eq!(pairs(&comparison), ["1-1", "2-none Consequence"]);
    assert_eq!(material(&comparison), ["response.status Altered: material"]);
}

#[test]
fn what_is_missing_after_a_failure_that_did_not_end_the_run_is_really_missing() {
    let page = |page: u32| get(&format!("/v1/lots?page={page}"));
    let comparison = compare([page(1), page(2), page(3)], [page(1).status(429), page(3)]);
    assert_eq!(pairs(&comparison), ["1-1", "2-none", "3-2"]);
}

#[test]
fn a_request_before_the_failure_is_really_missing() {
    let comparison = compare([post("/v1/activate"), get("/v1/lots")], [get("/v1/lots").status(403)]);
    assert_eq!(pairs(&comparison), ["1-none", "2-1"]);
}

#[test]
fn opaque_cursors_are_paired_by_order() {
    let pages = |run: u32| {
        (0..4).map(move |page| {
            match page {
                0 => get("/v1/lots"),
                page => get(&format!("/v1/lots?after=s:cursor-{run}-{page}")),
            }
            .answers_json(&format!(r#"{{"next":"s:cursor-{run}-{}"}}"#, page + 1))
        })
    };
    let comparison = compare(pages(1), pages(2));
    assert_eq!(pairs(&comparison), ["1-1", "2-2", "3-3", "4-4"]);
    assert_eq!(material(&comparison), [""; 0]);
    let cursors = told(&comparison.differences);
    assert_eq!(
        cursors.iter().filter(|line| line.contains("query[after] Altered: expected Issued")).count(),
        3
    );
}

#[test]
fn what_fits_nothing_is_paired_by_what_is_alike() {
    let cases = [
        (get("/v2/lots"), get("/v1/lots"), "request.target.path Altered: material"),
        (get("/v2/lots/"), get("/v2/lots"), "request.target.path Altered: material"),
        (post("/v1/lots"), get("/v1/lots"), "request.method Altered: material"),
        (get("/v1/lots"), call("GET", "https://localhost/v1/lots"), "request.target.host Altered: material"),
        (
            get("/v1/lots?company=10&limit=1"),
            get("/v1/lots?limit=1"),
            "request.query[company] Missing: material",
        ),
        (get("/v1/lots"), get("/elsewhere/altogether"), "request.target.path Altered: material"),
    ];
    for (sandbox, runtime, difference) in cases {
        let comparison = compare([sandbox], [runtime]);
        assert_eq!(pairs(&comparison), ["1-1"]);
        assert_eq!(material(&comparison), [difference]);
    }
}

#[test]
fn unlike_requests_stay_alone_where_others_have_partners() {
    let comparison = compare(
        [post("/v1/activate"), get("/v1/lots")],
        [get("/v1/lots"), call("GET", "https://telemetry.example.net/ping")],
    );
    assert_eq!(pairs(&comparison), ["1-none", "2-1", "none-2"]);
}

#[test]
fn logins_are_paired_among_themselves() {
    let login = |password: &str| {
        post("/oauth/token").form(&format!("grant_type=refresh_token&client_secret=c:{password}"))
    };
    let sandbox = [login("one-secret-for-all"), get("/v1/lots")];
    let comparison = compare(sandbox, [login("another-secret-here").status(401)]);
    assert_eq!(pairs(&comparison), ["1-1", "2-none Consequence"]);
}

#[test]
fn hops_of_two_redirects_belong_together() {
    let both = || [get("/v1/lots").redirects("https://api.example.com/v2/lots"), get("/v2/lots")];
    assert_eq!(pairs(&compare(both(), both())), ["1-1", "2-2"]);
}

#[test]
fn where_one_side_is_redirected_its_first_hop_is_compared() {
    let runtime = [
        call("GET", "http://api.example.com/v1/lots")
            .status(307)
            .answered("Location", "https://api.example.com/v1/lots"),
        get("/v1/lots").status(401),
    ];
    let comparison = compare([get("/v1/lots").bearer(TOKEN)], runtime.clone());
    assert_eq!(pairs(&comparison), ["1-1", "none-2"]);
    let sandbox = [call("GET", "https://localhost/v2/lots").bearer(TOKEN)];
    let runtime = [
        get("/v1/lots").bearer(TOKEN).redirects("https://localhost/v2/lots"),
        call("GET", "https://localhost/v2/lots").status(401),
    ];
    assert_eq!(pairs(&compare(sandbox, runtime)), ["1-1", "none-2"]);
}

#[test]
fn a_run_without_requests_has_nothing_to_compare() {
    let comparison = compare([get("/v1/lots")], []);
    assert_eq!(pairs(&comparison), ["1-none"]);
    assert!(comparison.differences.is_empty());
    assert_eq!(comparison.credentials.len(), 1);
}

#[test]
fn what_may_still_come_is_no_difference() {
    let calls = [get("/v1/status"), get("/v1/lots").bearer(TOKEN), get("/v1/orders").status(403)];
    let whole = run(Side::Sandbox, calls.clone());
    let mut begun = run(Side::Runtime, calls.into_iter().take(1));
    let missing = |runtime: &Capture| {
        let comparison = samewire::compare::compare(&whole, runtime);
        let case = Case { sandbox: &whole, runtime, comparison: &comparison };
        (comparison.differences.len(), diagnose(&case).findings.len())
    };
    assert_eq!(missing(&begun), (2, 2), "both say that two requests are missing");
    begun.completeness.growing = true;
    assert_eq!(missing(&begun), (0, 0));
    begun.exchanges.clear();
    let comparison = samewire::compare::compare(&whole, &begun);
    assert!(comparison.pairs.iter().all(|pair| pair.alone == Some(Reason::Awaited)));
}
