//! Where the values of the config went, told of the samples.

use std::path::Path;

use samewire::compare::compare;
use samewire::diagnose::{Case, diagnose};
use samewire::report::{ConfigToWire, Report};

fn traced(sample: &str) -> Vec<ConfigToWire> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/samples").join(sample);
    let read = |side: &str| samewire::capture::read(&folder.join(side)).unwrap();
    let (sandbox, runtime) = (read("sandbox.har"), read("runtime.har"));
    let comparison = compare(&sandbox, &runtime);
    let case = Case { sandbox: &sandbox, runtime: &runtime, comparison: &comparison };
    Report::new(&case, &diagnose(&case)).config_to_wire
}

fn of<'a>(all: &'a [ConfigToWire], pointer: &str) -> &'a ConfigToWire {
    all.iter().find(|value| value.config == pointer).unwrap_or_else(|| panic!("{pointer}: {all:#?}"))
}

#[test]
fn a_value_that_another_one_replaced_went_nowhere() {
    let all = traced("token-swapped/fires");
    let key = of(&all, "/api_key");
    assert!(key.secret && key.root_cause);
    assert_eq!(key.summary, "config.api_key (secret): sandbox in Authorization, runtime nowhere");
    let read = &key.runtime.manifest[0];
    assert_eq!(read.component.as_deref(), Some("BearerAuthenticator"));
    assert_eq!(read.sets.as_deref(), Some("field authorization"));
    assert!(read.line.is_some() && key.runtime.spec_line.is_some());
    let date = of(&all, "/start_date");
    assert!(!date.secret && date.root_cause);
    assert_eq!(date.summary, "config.start_date: sandbox nowhere, runtime in Authorization");
    assert_eq!(date.runtime.sent[0].at, "request.field[authorization].token");
}

#[test]
fn a_key_that_the_config_lacks_is_told_with_what_reads_it() {
    let all = traced("token-empty/fires");
    let key = of(&all, "/api_key");
    assert_eq!((key.sandbox.in_config, key.runtime.in_config), ("set", "absent"));
    assert!(key.runtime.sent.is_empty() && key.runtime.traceable && !key.runtime.required);
    assert_eq!(key.runtime.manifest.len(), 1);
}

#[test]
fn what_went_alike_tells_nothing_of_the_cause() {
    for sample in ["response-differs/fires", "token-swapped/quiet"] {
        let all = traced(sample);
        assert!(!all.is_empty(), "{sample}");
        assert!(all.iter().all(|value| !value.root_cause), "{sample}: {all:#?}");
    }
    let all = traced("response-differs/fires");
    assert_eq!(of(&all, "/api_key").summary, "config.api_key (secret): both sides in Authorization");
}
