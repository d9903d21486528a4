//! Who reads a bundle finds what the key's owner finds: the report is the same but for the names of tags.

use std::collections::BTreeMap;

use proptest::prelude::*;
use samewire::bundle::{self, Contents, Runs};
use samewire::model::{Capture, Side, Tag};
use serde_json::Value;

use super::{both, files, made, reported, samples, strings, without_strings};
use crate::capture::models;
use crate::compare::kit::{get, run};
use crate::compare::properties;

/// The tags in a text (`kQqB.HJfT.mKxd`, or `S1` before the end of a hidden value), and the text without them.
fn tags(text: &str) -> (String, Vec<&str>) {
    let mut rest = String::new();
    let mut tags = Vec::new();
    let ends = |c: char| matches!(c, ' ' | '›' | ',' | '‹');
    for word in text.split_inclusive(ends) {
        let bare = word.trim_end_matches(ends);
        if is_tag(bare) {
            tags.push(bare);
            rest.push('#');
            rest.push_str(&word[bare.len()..]);
        } else {
            rest.push_str(word);
        }
    }
    (rest, tags)
}

fn is_tag(word: &str) -> bool {
    word.parse::<Tag>().is_ok()
}

/// Asserts that two reports are one but for the names of tags, one ordinal for each tag.
fn assert_same(before: &Value, after: &Value, what: &str) {
    assert_eq!(without_strings(before), without_strings(after), "{what}");
    let (mut one, mut other) = (Vec::new(), Vec::new());
    strings(before, &mut one);
    strings(after, &mut other);
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    for (one, other) in one.into_iter().zip(other) {
        let ((text, tagged), (renamed, ordinals)) = (tags(one), tags(other));
        if text.contains('…') {
            // Cut at a length, which is another one where names are shorter.
            continue;
        }
        assert_eq!(text, renamed, "{what}");
        for (tag, ordinal) in tagged.into_iter().zip(ordinals) {
            assert!(ordinal.starts_with(['S', 'P']), "{what}: {ordinal}");
            assert_eq!(names.insert(tag, ordinal).unwrap_or(ordinal), ordinal, "{what}: {tag}");
        }
    }
    let ordinals: std::collections::BTreeSet<&str> = names.values().copied().collect();
    assert_eq!(ordinals.len(), names.len(), "{what}: two tags became one");
}

fn assert_bundles_alike(contents: &Contents, what: &str) {
    let bundle = made(contents.clone(), false).unwrap_or_else(|error| panic!("{what}: {error}"));
    let read = bundle::from_slice(&bundle.zip).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_same(&reported(contents), &reported(&read), what);
}

#[test]
fn every_rules_samples_say_the_same_without_the_key() {
    for (folder, contents) in samples() {
        assert_bundles_alike(&contents, &folder.display().to_string());
    }
}

/// Tags of both sides have nothing in common then, and ordinals must not say otherwise.
#[test]
fn samples_of_different_keys_stay_incomparable() {
    for (folder, mut contents) in samples() {
        contents.runtime.first.key_id = "of.another.machine".to_owned();
        let bundle = made(contents.clone(), false).unwrap();
        let read = bundle::from_slice(&bundle.zip).unwrap();
        assert_ne!(read.sandbox.first.key_id, read.runtime.first.key_id);
        assert_eq!(without_strings(&reported(&contents)), without_strings(&reported(&read)), "{folder:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn generated_runs_say_the_same_without_the_key((sandbox, runtime) in properties::two()) {
        assert_bundles_alike(&both(sandbox, runtime), "generated");
    }

    #[test]
    fn any_capture_keeps_all_but_its_tags(one in models::capture(), other in models::capture()) {
        // `make` reads back what it wrote and compares what both lead to.
        let contents = both(one, other);
        let bundle = made(contents.clone(), false).expect("a bundle");
        let read = bundle::from_slice(&bundle.zip).expect("read");
        prop_assert_eq!(without_tags(&contents.sandbox.first), without_tags(&read.sandbox.first));
        prop_assert_eq!(without_tags(&contents.runtime.first), without_tags(&read.runtime.first));
    }
}

/// A capture's own form with every tag and the key's id put out.
fn without_tags(capture: &Capture) -> String {
    let text = serde_json::to_string(&Capture { key_id: String::new(), ..capture.clone() }).unwrap();
    text.split('"').map(|word| if is_tag(word) { "#" } else { word }).collect()
}

#[test]
fn no_tag_is_left_in_any_file() {
    for (folder, contents) in samples() {
        let mut of_keys: Vec<String> = Vec::new();
        let mut note = |capture: &Capture| {
            let text = serde_json::to_string(capture).unwrap();
            of_keys.extend(text.split('"').filter(|word| is_tag(word)).map(str::to_owned));
        };
        note(&contents.sandbox.first);
        note(&contents.runtime.first);
        let key = contents.sandbox.first.key_id.clone();
        let bundle = made(contents, false).unwrap();
        for (name, text) in files(&bundle.zip) {
            assert!(!text.contains(&key), "{folder:?}: {name} names the key");
            let left = of_keys.iter().find(|tag| text.contains(tag.as_str()));
            assert_eq!(left, None, "{folder:?}: {name}");
        }
        assert!(!bundle.text.contains(&key));
    }
}

#[test]
fn equal_captures_make_equal_bundles_and_the_text_is_in_it() {
    let (_, contents) = samples().swap_remove(0);
    let one = made(contents.clone(), false).unwrap();
    let other = made(contents, false).unwrap();
    assert_eq!(one.zip, other.zip);
    assert_eq!(files(&one.zip)["README.md"], one.text);
}

#[test]
fn what_a_capture_set_teaches_is_in_the_bundle() {
    let page =
        |id: &str| run(Side::Sandbox, [get("/v1/lots").field("X-Run", &format!("s:{id}-of-some-length"))]);
    let runtime = run(Side::Runtime, [get("/v1/lots").field("X-Run", "s:three-of-some-length")]);
    let contents = Contents {
        sandbox: Runs { first: page("one"), others: vec![page("two")], notes: vec!["a note".to_owned()] },
        runtime: Runs::one(runtime),
    };
    let before = reported(&contents);
    assert!(before["learned"].is_array(), "{before:#}");
    let bundle = made(contents.clone(), false).unwrap();
    let read = bundle::from_slice(&bundle.zip).unwrap();
    assert_eq!(read.sandbox.others.len(), 1);
    assert_eq!(read.sandbox.notes, ["a note"]);
    assert_same(&before, &reported(&read), "a capture set");
}

/// A bundle can be bundled again, as when a maintainer passes a part of it on.
#[test]
fn a_bundle_of_a_bundle_says_the_same() {
    for (folder, contents) in samples().into_iter().step_by(7) {
        let read = bundle::from_slice(&made(contents.clone(), false).unwrap().zip).unwrap();
        let again = bundle::from_slice(&made(read, false).unwrap().zip).unwrap();
        assert_same(&reported(&contents), &reported(&again), &folder.display().to_string());
    }
}

#[test]
fn a_tear_is_still_told() {
    let (_, mut contents) = samples().swap_remove(0);
    contents.runtime.first.completeness.torn = Some(samewire::model::Tear { offset: 900, lost: 20 });
    contents.runtime.first.run.ended_at = None;
    assert_bundles_alike(&contents, "torn");
}
