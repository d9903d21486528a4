//! What became of a client's call: captured as it should be, or reported. Everything else fails the test.

use std::process::Output;

use samewire::model::Outcome as Answer;

use super::super::bench::{Bench, TOKEN, first_rule, text};
use super::clients::Client;
use super::ways::{Expected, Outcome, Scheme, Way, url};

/// The outcome of both schemes, which must be the same.
pub(super) fn outcome(client: &Client, way: Way) -> Outcome {
    let plain = call(client, way, Scheme::Http);
    let encrypted = call(client, way, Scheme::Https);
    assert_eq!(plain, encrypted, "{}: http and https fare alike", client.name);
    plain
}

fn call(client: &Client, way: Way, scheme: Scheme) -> Outcome {
    let expected = client.expected[way.column()];
    if let Expected::NotApplicable(why) = expected {
        return Outcome::NotApplicable(why);
    }
    let bench = match way.bench() {
        Ok(bench) => bench,
        Err(why) => return Outcome::Skipped(why),
    };
    let url = url(&bench, client, way, scheme);
    let reference = match client.reference.on_this_machine(&bench, &url) {
        Ok(words) => record(&bench, "sandbox", "s.har", &words, &[], expected),
        Err(why) => return Outcome::Skipped(why),
    };
    captured(&bench, "s.har", &reference);
    let words = match way {
        Way::Variables | Way::Transparent => {
            client.program.on_this_machine(&bench, &url).map(|words| (words, None))
        }
        Way::Container | Way::TransparentContainer => client.program.in_a_container(&bench, &url),
    };
    let more = if way.is_transparent() { &["--transparent"][..] } else { &[] };
    let output = match words {
        Ok((words, _image)) => record(&bench, "runtime", "r.har", &words, more, expected),
        Err(why) => return Outcome::Skipped(why),
    };
    match expected {
        Expected::Captured => {
            captured(&bench, "r.har", &output);
            let (status, report) = bench.diff("s.har", "r.har");
            assert_eq!((status, report["verdict"].as_str()), (0, Some("same")), "{url}: {report:#}");
            Outcome::Captured
        }
        Expected::Missed(remedy) => missed(&bench, &output, remedy),
        Expected::NotApplicable(_) => unreachable!("answered above"),
    }
}

fn record(
    bench: &Bench,
    side: &str,
    file: &str,
    words: &[String],
    more: &[&str],
    expected: Expected,
) -> Output {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // The agent package asks for the machine's public address whatever one tells it. That call must lead nowhere.
    let noise = format!("api.ipify.org:443:127.0.0.1:{}", bench.api.https.port());
    let mut options = vec!["--ignore-host", "api.ipify.org", "--connect-to", &noise];
    options.extend(more);
    let mut command = bench.recording(side, file, &options, &words);
    command.env("CALL_TOKEN", TOKEN).env("AIRBYTE_TELEMETRY_MODE", "disabled");
    if matches!(expected, Expected::Missed(_)) {
        command.env("CALL_INSECURE", "1").env("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    }
    command.output().unwrap()
}

/// One exchange with 200, and no token in the file.
fn captured(bench: &Bench, file: &str, output: &Output) {
    assert!(output.status.success(), "{file}: {}", text(output));
    let capture = samewire::capture::read(&bench.path(file)).unwrap();
    let answers: Vec<u16> = capture
        .exchanges
        .iter()
        .filter_map(|exchange| match &exchange.outcome {
            Answer::Answered(response) => Some(response.status),
            _ => None,
        })
        .collect();
    assert_eq!(
        (answers.as_slice(), capture.exchanges.len()),
        ([200].as_slice(), 1),
        "{file}: {}",
        text(output)
    );
    let content = std::fs::read_to_string(bench.path(file)).unwrap();
    assert!(!content.contains(&TOKEN[..16]), "{file} holds the token");
}

/// The client called the API and nothing of it was captured: the report must say so.
fn missed(bench: &Bench, output: &Output, remedy: &str) -> Outcome {
    assert!(output.status.success(), "the call itself succeeds: {}", text(output));
    assert_eq!(bench.api.calls(), 2, "the reference's call and this one: {}", text(output));
    let capture = samewire::capture::read(&bench.path("r.har")).unwrap();
    assert_eq!(capture.exchanges.len(), 0, "now captured: {}", text(output));
    let (_, report) = bench.diff("s.har", "r.har");
    let finding = &report["findings"][0];
    assert_eq!(
        (first_rule(&report), finding["side"].as_str()),
        ("proxy-bypassed", Some("runtime")),
        "{report:#}"
    );
    let remedies =
        finding["remedies"].as_array().into_iter().flatten().filter_map(|known| known["text"].as_str());
    assert!(remedies.into_iter().any(|known| known.contains(remedy)), "{remedy:?}: {report:#}");
    // The words tell of the connection where the sampling met it, of the silence where it did not: the rule is the same.
    Outcome::Reported(first_rule(&report).to_owned())
}
