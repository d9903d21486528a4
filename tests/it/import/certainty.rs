//! A side that was imported against one that was recorded: what the import does not tell is no difference, and no claim leans on it.

use serde_json::{Value, json};

use crate::clients::bench::{Bench, TOKEN, first_rule, program, text};

/// What the Builder shows of a request to the test's API, whose answer was `status`.
fn test_read(bench: &Bench, fields: &Value, status: u16) -> String {
    let url = format!("http://{}/v1/lots", bench.api.http);
    let read = json!({"slices": [{"pages": [{
        "request": {"url": url, "http_method": "GET", "body": "", "headers": fields},
        "response": {"status": status, "body": "{}", "headers": {"Content-Type": "application/json"}},
    }], "state": [{}]}], "logs": []});
    bench.write("builder.json", &read.to_string()).to_str().unwrap().to_owned()
}

fn import(bench: &Bench, side: &str, file: &str, to: &str) {
    let output = bench.samewire(&["import", side, file, "-o", to, "--force"]);
    assert!(output.status.success(), "{}", text(&output));
}

/// Records curl with these fields.
fn record(bench: &Bench, side: &str, to: &str, fields: &[&str]) {
    let url = format!("http://{}/v1/lots", bench.api.http);
    let mut command = vec!["curl", "-sS"];
    for field in fields {
        command.extend(["-H", field]);
    }
    command.push(&url);
    bench.record(side, to, &command);
}

fn rules(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect()
}

#[test]
fn a_masked_token_is_there_and_unknown() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    let shown = json!({"Authorization": "Bearer ****", "Accept": "*/*", "X-Region": "pa****ition"});
    import(&bench, "sandbox", &test_read(&bench, &shown, 200), "s.har");

    record(&bench, "runtime", "r.har", &[&format!("Authorization: Bearer {TOKEN}"), "X-Region: partition"]);
    let (code, report) = bench.diff("s.har", "r.har");
    assert_eq!((code, &report["verdict"]), (0, &json!("same")), "{report:#}");
    assert!(report["notes"].to_string().contains("was imported from"), "{report:#}");
    assert_eq!(report["sandbox"]["source"]["format"], "airbyte-builder", "{report:#}");

    record(&bench, "runtime", "r.har", &["Authorization: Bearer ", "X-Region: partition"]);
    let (_, report) = bench.diff("s.har", "r.har");
    assert_eq!(first_rule(&report), "token-empty", "{report:#}");
    assert_eq!(report["findings"][0]["confidence"], "likely", "{report:#}");

    record(
        &bench,
        "runtime",
        "r.har",
        &["Authorization: Bearer not-the-token-0123456789abcdef", "X-Region: partition"],
    );
    let (_, report) = bench.diff("s.har", "r.har");
    assert_eq!(first_rule(&report), "token-differs", "{report:#}");
    assert_eq!(report["findings"][0]["confidence"], "possible", "{report:#}");

    record(&bench, "runtime", "r.har", &["X-Region: partition"]);
    let (_, report) = bench.diff("s.har", "r.har");
    assert_eq!(first_rule(&report), "token-missing", "{report:#}");
    assert_ne!(report["findings"][0]["confidence"], "certain", "{report:#}");

    // The mask that the runtime itself sends is another matter.
    record(&bench, "runtime", "r.har", &["Authorization: Bearer ****", "X-Region: partition"]);
    let (_, report) = bench.diff("s.har", "r.har");
    assert_eq!(first_rule(&report), "token-masked", "{report:#}");
}

#[test]
fn an_imported_runtime_never_sent_the_mask() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    record(&bench, "sandbox", "s.har", &[&format!("Authorization: Bearer {TOKEN}")]);
    let shown = json!({"Authorization": "Bearer ****", "Accept": "*/*"});
    import(&bench, "runtime", &test_read(&bench, &shown, 401), "r.har");
    let (_, report) = bench.diff("s.har", "r.har");
    assert!(!rules(&report).contains(&"token-masked"), "{report:#}");
    assert!(
        report["findings"].as_array().unwrap().iter().all(|finding| finding["confidence"] != "certain"),
        "{report:#}"
    );
}

#[test]
fn what_a_sanitizing_exporter_took_out_is_not_missing() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    record(&bench, "sandbox", "s.har", &[&format!("Authorization: Bearer {TOKEN}"), "Cookie: a=b"]);
    let har = |creator: &str| {
        let url = format!("http://{}/v1/lots", bench.api.http);
        json!({"log": {"version": "1.2", "creator": {"name": creator, "version": "1"}, "entries": [{
            "startedDateTime": "2026-11-20T09:00:00Z", "time": 1,
            "request": {"method": "GET", "url": url, "httpVersion": "HTTP/1.1", "headers": [{"name": "Accept", "value": "*/*"}]},
            "response": {"status": 401, "statusText": "", "httpVersion": "HTTP/1.1", "headers": [], "content": {"size": 0}},
        }]}})
        .to_string()
    };
    let file = bench.write("chrome.har", &har("WebInspector"));
    import(&bench, "runtime", file.to_str().unwrap(), "r.har");
    let (_, report) = bench.diff("s.har", "r.har");
    assert!(!rules(&report).contains(&"token-missing"), "{report:#}");
    assert!(report["notes"].to_string().contains("whether credentials and cookies were sent"), "{report:#}");

    // Another program shows what there was; its word is worth a suspicion.
    let file = bench.write("other.har", &har("mitmproxy"));
    import(&bench, "runtime", file.to_str().unwrap(), "r.har");
    let (_, report) = bench.diff("s.har", "r.har");
    assert!(rules(&report).contains(&"token-missing"), "{report:#}");
    assert_eq!(report["findings"][0]["confidence"], "possible", "{report:#}");
}

#[test]
fn order_case_framing_and_hops_are_unknown() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    let shown = json!({"x-two": "2", "AUTHORIZATION": "Bearer ****", "accept": "*/*", "x-one": "1", "Content-Length": "0"});
    import(&bench, "sandbox", &test_read(&bench, &shown, 200), "s.har");
    record(&bench, "runtime", "r.har", &["X-One: 1", &format!("Authorization: Bearer {TOKEN}"), "X-Two: 2"]);
    let (code, report) = bench.diff("s.har", "r.har");
    assert_eq!(code, 0, "{report:#}");
    for list in ["differences", "expected"] {
        for difference in report[list].as_array().unwrap() {
            let at = difference["at"].as_str().unwrap();
            assert!(at.contains("user-agent"), "{at}: {report:#}");
        }
    }
}

#[test]
fn a_copied_command_line_stands_for_the_run_that_works() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    let line = format!("curl 'http://{}/v1/lots' -H 'Authorization: Bearer {TOKEN}'\n", bench.api.http);
    let file = bench.write("copied.txt", &line);
    import(&bench, "sandbox", file.to_str().unwrap(), "s.har");
    assert!(!std::fs::read_to_string(bench.path("s.har")).unwrap().contains(TOKEN));
    record(&bench, "runtime", "r.har", &[&format!("Authorization: Bearer Bearer {TOKEN}")]);
    let (code, report) = bench.diff("s.har", "r.har");
    assert_eq!((code, first_rule(&report)), (1, "scheme-doubled"), "{report:#}");
    assert!(report["notes"].to_string().contains("success is presumed"), "{report:#}");
}

#[test]
fn a_redirect_of_which_only_the_last_hop_is_told() {
    let bench = Bench::new();
    let read = json!({"slices": [{"pages": [{
        "request": {"url": "https://b.example.com/v1/lots", "http_method": "GET", "body": "", "headers": {"Accept": "*/*"}},
        "response": {"status": 200, "body": "{}", "headers": {"Content-Type": "application/json"}},
    }]}], "logs": []});
    let sandbox = bench.write("builder.json", &read.to_string());
    let entry = |url: &str, status: u16, location: &str, second: u32| {
        json!({
            "startedDateTime": format!("2026-11-20T09:00:0{second}Z"), "time": 1,
            "request": {"method": "GET", "url": url, "httpVersion": "HTTP/1.1", "headers": [{"name": "Accept", "value": "*/*"}]},
            "response": {"status": status, "statusText": "", "httpVersion": "HTTP/1.1",
                "headers": [{"name": "Location", "value": location}, {"name": "Content-Type", "value": "application/json"}],
                "content": {"size": 2, "mimeType": "application/json", "text": "{}"}},
            "timings": {"send": 0, "wait": 1, "receive": 0},
        })
    };
    let har = json!({"log": {"version": "1.2", "creator": {"name": "mitmproxy", "version": "1"}, "entries": [
        entry("https://a.example.com/v1/lots", 301, "https://b.example.com/v1/lots", 0),
        entry("https://b.example.com/v1/lots", 200, "", 1),
    ]}});
    let runtime = bench.write("runtime.json", &har.to_string());
    import(&bench, "sandbox", sandbox.to_str().unwrap(), "s.har");
    import(&bench, "runtime", runtime.to_str().unwrap(), "r.har");
    let (code, report) = bench.diff("s.har", "r.har");
    assert_eq!((code, &report["verdict"]), (0, &json!("same")), "{report:#}");
    assert!(report["expected"].to_string().contains("does not tell of every request"), "{report:#}");
}
