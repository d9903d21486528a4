//! Answers.

use samewire::model::{FailureKind, Phase};

use super::kit::*;

#[test]
fn a_status_that_differs_is_told_and_nothing_below_it() {
    let comparison = compare(
        [get("/v").answers_json(r#"{"data":[1]}"#)],
        [get("/v").status(403).answered("Content-Type", "text/html")],
    );
    assert_eq!(told(&comparison.differences), ["response.status Altered: material"]);
}

#[test]
fn another_media_type_is_another_answer() {
    let comparison = compare(
        [get("/v").answered("Content-Type", "application/json")],
        [get("/v").answered("Content-Type", "text/html; charset=utf-8")],
    );
    assert_eq!(material(&comparison), ["response.field[content-type] Altered: material"]);
}

#[test]
fn redirects_are_compared_by_host_and_path() {
    let to = |location: &str| get("/v").redirects(location);
    assert_eq!(material(&compare([to("/login?state=1")], [to("/login?state=2")])), [""; 0]);
    assert_eq!(
        material(&compare([to("/v2")], [to("/login")])),
        ["response.field[location] Altered: material"]
    );
}

#[test]
fn failures_are_compared_by_leg_phase_and_kind() {
    let refused = || get("/v").fails(Phase::Connect, FailureKind::Refused);
    assert_eq!(material(&compare([refused()], [refused()])), [""; 0]);
    assert_eq!(material(&compare([get("/v")], [refused()])), ["response Altered: material"]);
    assert_eq!(
        material(&compare([refused()], [get("/v").fails(Phase::Tls, FailureKind::Certificate)])),
        ["response Altered: material"]
    );
}

#[test]
fn data_that_changed_is_one_difference_that_does_not_decide() {
    let comparison = compare(
        [get("/v").answers_json(r#"{"data":[{"amount":1},{"amount":2}],"page":1}"#)],
        [get("/v").answers_json(r#"{"data":[{"amount":1},{"amount":3}],"page":2}"#)],
    );
    assert_eq!(told(&comparison.differences), ["response.body/data/1/amount Altered: cosmetic Data"]);
}

#[test]
fn data_that_occurred_before_is_data_all_the_same() {
    let page = |page: u32, amount: &str| {
        get(&format!("/v?page={page}")).answers_json(&format!(r#"{{"data":[{{"amount":{amount}}}]}}"#))
    };
    let comparison = compare(
        [page(1, "1005.25"), page(2, "1007.25"), page(3, "1005.25")],
        [page(1, "1005.25"), page(2, "1007.25"), page(3, "1007.25")],
    );
    assert_eq!(told(&comparison.differences), ["response.body/data/0/amount Altered: cosmetic Data"]);
}
