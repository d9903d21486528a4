//! Command lines as users write them, on made-up folders.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::connector::gap_in_words;

/// A folder with programs, as `PATH`.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(self, path: &str, text: &str) -> Self {
        let file = self.0.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn look(&self, words: &[&str]) -> Preflight {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let path = self.0.path().join("bin");
        preflight(&words, self.0.path(), |name| (name == "PATH").then(|| path.clone().into()))
    }

    fn told(&self, words: &[&str]) -> Vec<String> {
        self.look(words).gaps.iter().filter(|gap| gap.certain).map(gap_in_words).collect()
    }
}

#[test]
fn a_healthy_command_has_nothing_to_tell() {
    let machine = Machine::new()
        .with("venv/bin/sdm", "#!/nowhere/python\n")
        .with("bin/curl", "")
        .with("bin/python3", "");
    for words in [
        &["curl", "-sS", "https://api.example.com/"][..],
        &["env", "A=b", "timeout", "8", "python3", "x.py"],
        &["sh", "-c", "python3 x.py && echo done"],
        &["venv/bin/sdm", "check", "--config", "c.json"],
        &["docker", "run", "image"],
        &["true"],
    ] {
        assert_eq!(machine.told(words), [""; 0], "{words:?}");
    }
}

#[test]
fn an_old_node_is_told_wherever_it_is_named() {
    let machine = Machine::new()
        .with("v20.1.0/bin/node", "")
        .with("v24.1.0/bin/node", "")
        .with("bin/sync", "#!/usr/bin/env node\n")
        .with("bin/npx", "");
    fs::hard_link(machine.0.path().join("v20.1.0/bin/node"), machine.0.path().join("bin/other")).unwrap();
    std::os::unix::fs::symlink("../v20.1.0/bin/node", machine.0.path().join("bin/node")).unwrap();
    for words in [&["node", "x.js"][..], &["sync"], &["npx", "x"], &["sh", "-c", "node x.js | cat"]] {
        let told = machine.told(words);
        assert_eq!(told.len(), 1, "{words:?}: {told:?}");
        assert!(told[0].starts_with("node 20.1.0 reads no proxy variables"), "{told:?}");
    }
    assert!(machine.told(&["v24.1.0/bin/node", "x.js"]).is_empty());
    assert_eq!(machine.look(&["node"]).clients[0].version, "20.1.0");
}

#[test]
fn what_takes_the_variables_away_is_told() {
    let machine = Machine::new()
        .with("bin/curl", "")
        .with("bin/run", "#!/bin/sh\nexport NO_PROXY=api.example.com\ncurl x\n")
        .with("v.env", "HTTPS_PROXY=http://corp:3128\n");
    for (words, told) in [
        (&["env", "NO_PROXY=*", "curl", "x"][..], "NO_PROXY on the command line"),
        (&["sh", "-c", "unset HTTPS_PROXY https_proxy; curl x"], "https_proxy on the command line"),
        (&["sh", "-c", ". ./v.env; curl x"], "HTTPS_PROXY in line 1 of the file of variables"),
        (&["env", "-i", "curl", "x"], "env -i on the command line drops"),
        (&["sudo", "curl", "x"], "sudo on the command line drops"),
        (&["run"], "NO_PROXY in line 2 of the script"),
        (&["sh", "bin/run"], "NO_PROXY in line 2 of the script"),
        (&["curl", "--noproxy", "*", "http://x/"], "--noproxy on the command line"),
        (&["ssh", "host", "curl", "x"], "ssh on the command line runs its command elsewhere"),
        (&["sudo", "-E", "-u", "app", "curl", "x"], "the user that the command runs as"),
    ] {
        let found = machine.told(words);
        assert!(found.len() == 1 && found[0].starts_with(told), "{words:?}: {found:?}");
    }
}

#[test]
fn an_environment_of_python_tells_its_clients() {
    let machine = Machine::new()
        .with("venv/bin/python", "")
        .with("venv/lib/python3.11/site-packages/requests-2.34.0.dist-info/METADATA", "")
        .with("venv/lib/python3.11/site-packages/aiohttp-3.9.0.dist-info/METADATA", "");
    let script = format!("#!{}\n", machine.0.path().join("venv/bin/python").display());
    let machine = machine.with("bin/sdm", &script);
    for words in [&["sdm", "check"][..], &["venv/bin/python", "-m", "x"]] {
        let found = machine.look(words);
        let names: Vec<_> = found.clients.iter().map(|one| format!("{} {}", one.name, one.version)).collect();
        assert_eq!(names, ["python 3.11", "aiohttp 3.9.0", "requests 2.34.0"]);
        let [gap] = found.gaps.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (gap.client.as_str(), &gap.kind, gap.certain),
            ("aiohttp", &GapKind::ProxyOptional, false)
        );
    }
}

#[test]
fn an_image_tells_its_version_in_its_variables() {
    let words: Vec<OsString> = ["docker-entrypoint.sh", "x"].iter().map(OsString::from).collect();
    assert_eq!(preflight_image(&words, |_| None), Preflight::default());
    let words: Vec<OsString> = ["node", "x.js"].iter().map(OsString::from).collect();
    let found = preflight_image(&words, |name| (name == "NODE_VERSION").then_some("20.9.0"));
    assert!(found.gaps[0].certain && found.gaps[0].version.as_deref() == Some("20.9.0"), "{found:?}");
    let found = preflight_image(&words, |_| None);
    assert!(!found.gaps[0].certain, "{found:?}");
}
