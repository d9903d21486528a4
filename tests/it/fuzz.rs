//! What the fuzz targets in `fuzz/` look for, on the toolchain that builds samewire: over their kept inputs, over this project's own files of
//! each kind, and over those with damage.

#[path = "../../fuzz/src/lib.rs"]
mod properties;

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

type Property = fn(&[u8]);

/// A target, and where more of its inputs are.
const TARGETS: [(&str, Property, &[&str]); 9] = [
    ("head", properties::head, &[]),
    ("client_hello", properties::client_hello, &[]),
    ("body", properties::body, &[]),
    (
        "capture",
        properties::capture,
        &["captures/samples/token-empty/fires", "captures/samples/ca-rejected/fires"],
    ),
    ("bundle", properties::bundle, &[]),
    ("har", properties::har, &["tests/imports"]),
    ("builder", properties::builder, &["tests/imports"]),
    ("curl", properties::curl, &["tests/imports"]),
    ("manifest", properties::manifest, &["src/cli/demo"]),
];

fn inputs(target: &str, more: &[&str]) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders =
        [format!("fuzz/corpus/{target}")].into_iter().chain(more.iter().map(|path| (*path).to_owned()));
    let entries = folders.filter_map(|folder| fs::read_dir(root.join(folder)).ok()).flatten();
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).filter(|bytes| bytes.len() < 64 << 10).collect()
}

#[test]
fn kept_inputs_hold() {
    for (target, property, more) in TARGETS {
        let inputs = inputs(target, more);
        assert!(!inputs.is_empty(), "{target} has no inputs");
        for bytes in &inputs {
            property(bytes);
        }
    }
}

/// Where to damage an input, and with what.
#[derive(Clone, Debug)]
enum Damage {
    Set(u16, u8),
    Cut(u16),
    Repeat(u16, u8),
    Insert(u16, &'static [u8]),
}

fn damage() -> impl Strategy<Value = Damage> {
    let odd: [&'static [u8]; 12] =
        [b"\r\n", b"\n", b"\r", b"\0", b":", b"\"", b"\\u0000", b"{", b"]", b"\xff", b"%", b"  "];
    prop_oneof![
        (any::<u16>(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        any::<u16>().prop_map(Damage::Cut),
        (any::<u16>(), any::<u8>()).prop_map(|(at, count)| Damage::Repeat(at, count)),
        (any::<u16>(), prop::sample::select(odd.to_vec())).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
    ]
}

fn damaged(mut bytes: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        let at = |place: &u16| usize::from(*place) % bytes.len().max(1);
        match damage {
            Damage::Set(place, byte) if !bytes.is_empty() => {
                let at = at(place);
                bytes[at] = *byte;
            }
            Damage::Set(..) => {}
            Damage::Cut(place) => bytes.truncate(at(place)),
            Damage::Repeat(place, count) => {
                let from = at(place);
                let piece = bytes[from..(from + usize::from(*count)).min(bytes.len())].to_vec();
                bytes.splice(from..from, piece);
            }
            Damage::Insert(place, odd) => {
                let at = at(place).min(bytes.len());
                bytes.splice(at..at, odd.iter().copied());
            }
        }
    }
    bytes
}

/// Few cases, unless `PROPTEST_CASES` says how many.
fn config() -> ProptestConfig {
    let told = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { told.cases } else { 96 };
    ProptestConfig { cases, max_shrink_iters: 200, ..told }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn damaged_inputs_hold(
        target in 0..TARGETS.len(),
        input: prop::sample::Index,
        damages in prop::collection::vec(damage(), 0..6),
    ) {
        let (target, property, more) = TARGETS[target];
        let inputs = inputs(target, more);
        if !inputs.is_empty() {
            property(&damaged(inputs[input.index(inputs.len())].clone(), &damages));
        }
    }
}
