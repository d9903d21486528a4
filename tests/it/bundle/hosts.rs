//! Host names as pseudonyms: gone everywhere, and the diagnosis stays.

use proptest::prelude::*;
use samewire::compare::Expectation;
use samewire::{bundle, expect};
use serde_json::Value;

use super::{both, files, made, made_as_expected, reported, samples, without_strings};
use crate::compare::properties;

#[test]
fn every_rules_samples_say_the_same_under_pseudonyms() {
    for (folder, contents) in samples() {
        let hosts: Vec<String> = [&contents.sandbox.first, &contents.runtime.first]
            .into_iter()
            .flat_map(|capture| &capture.exchanges)
            .map(|exchange| exchange.request.target.host.clone())
            .filter(|host| host.contains('.') && !host.starts_with("127.") && !host.contains("airbyte."))
            .collect();
        let bundle = made(contents.clone(), true).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
        let read = bundle::from_slice(&bundle.zip).unwrap();
        let (before, after) = (reported(&contents), reported(&read));
        assert_eq!(without_strings(&before), without_strings(&after), "{folder:?}");
        for (name, text) in files(&bundle.zip) {
            let left = hosts.iter().find(|host| text.contains(host.as_str()));
            assert_eq!(left, None, "{folder:?}: {name}");
        }
    }
}

#[test]
fn what_the_project_expects_does_not_count_in_the_bundles_report() {
    let samples = samples();
    let (_, contents) = samples.iter().find(|(folder, _)| folder.ends_with("field-differs/fires")).unwrap();
    let shown = |expected: &[Expectation], pseudonymize_hosts: bool| -> Value {
        let bundle = made_as_expected(contents.clone(), pseudonymize_hosts, expected).unwrap();
        serde_json::from_str(&files(&bundle.zip)["report.json"]).unwrap()
    };
    let material = |report: &Value| {
        let all = report["differences"].as_array().unwrap().iter();
        all.filter(|one| one["significance"] == "material" && one["at"] != "response.status").count()
    };
    let before = shown(&[], false);
    let differs = &before["differences"].as_array().unwrap();
    let at = differs.iter().find(|one| one["significance"] == "material").unwrap()["at"].as_str().unwrap();
    let text = format!("[[expect]]\nat = \"{at}\"\nhost = \"api.example.com\"\nwhy = \"two versions\"\n");
    let expected = expect::parse(&text, "samewire.toml").unwrap().expected;
    for pseudonymize_hosts in [false, true] {
        let report = shown(&expected, pseudonymize_hosts);
        assert_eq!(material(&report) + 1, material(&before), "{report:#}");
        assert_eq!(report["expectations"][0]["state"], "used", "{report:#}");
        assert_eq!(report["expected"][0]["expected_by"], "samewire.toml:1", "{report:#}");
    }
    let text = text.replace("api.example.com", "api.example.org");
    let report = shown(&expect::parse(&text, "samewire.toml").unwrap().expected, false);
    assert_eq!(report["expectations"][0]["state"], "unused", "{report:#}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn generated_runs_say_the_same_under_pseudonyms((sandbox, runtime) in properties::two()) {
        let contents = both(sandbox, runtime);
        let bundle = made(contents.clone(), true).expect("a bundle");
        let read = bundle::from_slice(&bundle.zip).expect("read");
        prop_assert_eq!(without_strings(&reported(&contents)), without_strings(&reported(&read)));
        for text in files(&bundle.zip).values() {
            prop_assert!(!text.contains("api.example.com"));
        }
    }
}
