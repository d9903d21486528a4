//! The format: what is written reads back equal, is HAR 1.2, and stays readable.

use std::path::Path;
use std::{env, fs};

use proptest::prelude::*;
use samewire::capture::{self, ContentError, ReadError};
use samewire::model::*;
use serde_json::{Value, json};
use tempfile::tempdir;

use super::{models, small};

const FROZEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/formats/1.har");
const OLDER_TAGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/formats/1.older-tags.har");

fn written(capture: &Capture) -> Vec<u8> {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.har");
    capture::write(&path, false, capture).unwrap();
    fs::read(path).unwrap()
}

fn har(capture: &Capture) -> Value {
    serde_json::from_slice(&written(capture)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_is_written_reads_back_equal(capture in models::capture()) {
        let bytes = written(&capture);
        prop_assert_eq!(capture::from_slice(&bytes).unwrap(), capture.clone());
        // Laid out anew by another program, it is the same capture.
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        if unique_names(&bytes) {
            let pretty = serde_json::to_vec_pretty(&value).unwrap();
            prop_assert_eq!(capture::from_slice(&pretty).unwrap(), capture);
        }
        assert_har(&value);
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(capture::from_slice(&bytes).is_err());
    }

    #[test]
    fn a_capture_with_any_bytes_within_is_read_without_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = written(&small::capture());
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = capture::from_slice(&bytes);
    }
}

/// False where a JSON object has a name twice, which a `Value` cannot hold.
fn unique_names(bytes: &[u8]) -> bool {
    let value: Value = serde_json::from_slice(bytes).unwrap();
    serde_json::to_vec(&value).unwrap().len() == bytes.iter().filter(|byte| **byte != b'\n').count()
}

/// The HAR 1.2 specification's required members and their types.
fn assert_har(value: &Value) {
    let log = &value["log"];
    assert_eq!(log["version"], "1.2");
    assert_eq!(log["creator"]["name"], "samewire");
    assert!(log["creator"]["version"].is_string());
    for entry in log["entries"].as_array().unwrap() {
        assert!(entry["startedDateTime"].as_str().unwrap().ends_with('Z'));
        let timings = &entry["timings"];
        let sum: f64 = ["send", "wait", "receive"]
            .map(|phase| timings[phase].as_f64().unwrap())
            .iter()
            .inspect(|phase| assert!(**phase >= 0.0))
            .sum();
        assert!((entry["time"].as_f64().unwrap() - sum).abs() < 1e-3);
        assert_eq!(timings["dns"], -1);
        assert!(entry["cache"].is_object());
        let (request, response) = (&entry["request"], &entry["response"]);
        for (of, member) in [
            (request, "method"),
            (request, "url"),
            (request, "httpVersion"),
            (response, "httpVersion"),
            (response, "statusText"),
            (response, "redirectURL"),
        ] {
            assert!(of[member].is_string(), "{member} in {of}");
        }
        for list in [
            &request["cookies"],
            &request["headers"],
            &request["queryString"],
            &response["cookies"],
            &response["headers"],
        ] {
            for pair in list.as_array().unwrap() {
                assert!(pair["name"].is_string() && pair["value"].is_string());
            }
        }
        for of in [request, response] {
            assert!(of["headersSize"].is_i64() && of["bodySize"].is_number());
        }
        assert!(response["status"].is_u64());
        assert!(response["content"]["size"].is_u64() && response["content"]["mimeType"].is_string());
        if let Some(data) = request.get("postData") {
            assert!(data["mimeType"].is_string());
            assert!(data.get("params").is_some() != data.get("text").is_some());
        }
        let url = request["url"].as_str().unwrap();
        assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url}");
    }
}

#[test]
fn an_entry_reads_as_har_in_other_programs() {
    let har = har(&small::capture());
    let entry = &har["log"]["entries"][0];
    assert_eq!(entry["startedDateTime"], "2026-09-21T14:13:21.250Z");
    assert_eq!(entry["time"], 21.0);
    assert_eq!(entry["request"]["url"], "https://api.example.com/v1/lots?since=yesterday%20or%20so");
    assert_eq!(entry["request"]["headers"][1], json!({"name": "content-type", "value": "application/json"}));
    let authorization = entry["request"]["headers"][2]["value"].as_str().unwrap();
    assert!(authorization.starts_with("Bearer ‹config.api_key 40 chars "), "{authorization}");
    let body: Value = serde_json::from_str(entry["request"]["postData"]["text"].as_str().unwrap()).unwrap();
    assert_eq!(body["page"], 1);
    assert_eq!(entry["response"]["status"], 200);
    assert_eq!(entry["response"]["content"]["text"], "hello");
    let cookie = &entry["response"]["cookies"][0];
    assert_eq!(
        (cookie["name"].as_str(), cookie["path"].as_str(), &cookie["httpOnly"]),
        (Some("sid"), Some("/"), &json!(true))
    );
}

#[test]
fn a_failed_exchange_has_status_0_and_says_why() {
    let har = har(&small::capture());
    let entry = &har["log"]["entries"][1];
    assert_eq!(entry["response"]["status"], 0);
    assert_eq!(entry["response"]["bodySize"], -1);
    assert_eq!(entry["comment"], "failed on the upstream leg, connecting: connection refused");
    assert_eq!(entry["_samewire"]["failure"]["kind"], "refused");
}

#[test]
fn content_nested_beyond_the_readers_limit_is_kept_as_opaque() {
    let mut capture = small::capture();
    let nested =
        |levels| (0..levels).fold(Json::Bool(true), |inner, _| Json::Object(vec![("a".into(), inner)]));
    capture.exchanges[0].request.body.content = Content::from(nested(80));
    capture.exchanges[1].request.body.content = Content::from(nested(200));
    let read = capture::from_slice(&written(&capture)).unwrap();
    assert_eq!(read.exchanges[0], capture.exchanges[0]);
    assert_eq!(read.exchanges[1].request.body.content, Content::Opaque(OpaqueReason::TooLarge));
}

#[test]
fn exchanges_are_read_in_the_order_in_which_they_started() {
    let mut capture = small::capture();
    capture.exchanges.reverse();
    let numbers: Vec<u32> = capture::from_slice(&written(&capture))
        .unwrap()
        .exchanges
        .iter()
        .map(|exchange| exchange.number)
        .collect();
    assert_eq!(numbers, [1, 2]);
}

/// For ever: a file of format 1 reads as it did when the format was made. `SAMEWIRE_UPDATE_SAMPLES=1` writes the file
/// anew, which is right only until the first release.
#[test]
fn the_frozen_sample_of_format_1_reads_as_ever() {
    if env::var_os("SAMEWIRE_UPDATE_SAMPLES").is_some() {
        capture::write(Path::new(FROZEN), true, &small::capture()).unwrap();
    }
    assert_eq!(capture::read(Path::new(FROZEN)).unwrap(), small::capture());
    assert_eq!(capture::FORMAT, 1, "freeze a sample of the new format, and keep this one");
}

/// Tags were written with digits once.
#[test]
fn captures_with_older_tags_read_as_ever() {
    let older = capture::read(Path::new(OLDER_TAGS)).unwrap();
    assert_eq!(older, small::capture());
    assert!(fs::read_to_string(OLDER_TAGS).unwrap().contains("ci4f.n8e4.zvrr"));
}

#[test]
fn what_is_written_is_the_frozen_sample() {
    let frozen = fs::read_to_string(FROZEN).unwrap();
    assert_eq!(
        String::from_utf8(written(&small::capture())).unwrap(),
        frozen,
        "the written form changed: a change that format 1 cannot read takes a new number"
    );
}

fn refused(content: &str) -> String {
    let folder = tempdir().unwrap();
    let path = folder.path().join("x.har");
    fs::write(&path, content).unwrap();
    match capture::read(&path) {
        Err(ReadError::Content { source, .. }) => source.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_cannot_be_read_is_told_with_its_place_and_what_to_do() {
    assert_eq!(
        refused(""),
        "it breaks off at byte 0, before its first entry: nothing was recorded, record again"
    );
    assert_eq!(
        refused("{\n  nonsense"),
        "line 2, column 3: it is not JSON (key must be a string): name a HAR file that samewire recorded"
    );
    assert_eq!(
        refused(r#"{"a":1}"#),
        "it is JSON but not a HAR (missing field `log`): name a HAR file that samewire recorded"
    );
    assert_eq!(
        refused(r#"{"log":{"version":"1.2","creator":{"name":"mitmproxy"},"entries":[{"request":{}}]}}"#),
        "it is a HAR, but samewire did not record it: record the run with `samewire record`"
    );
    let small = String::from_utf8(written(&small::capture())).unwrap();
    assert_eq!(
        refused(&small.replace(r#""format":1"#, r#""format":7,"new":true"#)),
        "it was made by a newer samewire (format 7, this one reads up to 1): upgrade samewire"
    );
    let at = small.lines().take(2).map(|line| line.len() + 1).sum::<usize>();
    assert_eq!(
        refused(&small.replace(r#""number":2,"connection":1"#, r#""number":"s3cret","connection":1"#)),
        format!(
            "byte {at}: entry 2 is malformed (expected u32): the file was changed by another program, record again"
        )
    );
    assert!(
        refused(&small.replace(r#""number":2,"connection":1"#, r#""number":1,"connection":1"#))
            .contains("two entries")
    );
}

#[test]
fn files_that_are_none_are_refused_before_they_are_opened() {
    let folder = tempdir().unwrap();
    assert!(matches!(capture::read(&folder.path().join("no.har")), Err(ReadError::NotFound { .. })));
    assert!(matches!(capture::read(folder.path()), Err(ReadError::NotAFile { .. })));
    assert!(matches!(capture::read(Path::new("/dev/zero")), Err(ReadError::NotAFile { .. })));
}

#[test]
fn an_entry_without_facts_is_malformed() {
    let mut value = har(&small::capture());
    value["log"]["entries"][1].as_object_mut().unwrap().remove("_samewire");
    let error = capture::from_slice(&serde_json::to_vec(&value).unwrap()).unwrap_err();
    assert!(matches!(&error, ContentError::Malformed { place, .. } if place == "entry 2"), "{error}");
}
