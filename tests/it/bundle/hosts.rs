//! Host names as pseudonyms: gone everywhere, and the diagnosis stays.

use proptest::prelude::*;
use samewire::bundle;

use super::{both, files, made, reported, samples, without_strings};
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
