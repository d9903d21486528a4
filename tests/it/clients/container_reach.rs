//! Before a container starts: what is seen of the proxy from inside its network, with the real engine and a real firewall.

use std::process::Command;

use samewire::model::Reached;

use super::bench::text;
use super::container_run::{Rig, stderr};
use super::engine::{Gone, docker, told, unique};

/// A rule of this machine's firewall for what comes in from one bridge; gone at the end.
struct Rule {
    words: Vec<String>,
}

impl Rule {
    /// `None` where this machine has no firewall that may be changed.
    fn new(interface: &str, verdict: &[&str]) -> Option<Self> {
        let words = ["INPUT", "-i", interface, "-p", "tcp", "-j"].into_iter().chain(verdict.iter().copied());
        let words: Vec<String> = words.map(str::to_owned).collect();
        let made = Command::new("iptables").arg("-I").args(&words).output();
        if !made.is_ok_and(|made| made.status.success()) {
            eprintln!("skipped: iptables cannot be used on this machine");
            return None;
        }
        Some(Self { words })
    }
}

impl Drop for Rule {
    fn drop(&mut self) {
        let _ = Command::new("iptables").arg("-D").args(&self.words).output();
    }
}

#[test]
fn a_firewall_between_the_container_and_the_proxy_is_found_before_anything_runs() {
    let Some(rig) = Rig::new(&[]) else { return };
    let network = unique("walled");
    let id = told(&["network", "create", &network]);
    let _network = Gone("network", network.clone());
    let interface = format!("br-{}", &id[..12]);
    let flags = ["--network", network.as_str()];
    let call = rig.call();
    let words: Vec<&str> = call.iter().map(String::as_str).collect();

    let (_, capture) = rig.is_captured(&flags);
    assert_eq!(capture.completeness.coverage.reached, Some(Reached::Inside));
    std::fs::remove_file(rig.bench.path("r.har")).unwrap();

    for (verdict, how) in [(&["DROP"][..], "nothing answers"), (&["REJECT"], "the connection is refused")] {
        let Some(rule) = Rule::new(&interface, verdict) else { return };
        let ran = rig.run(&flags, &words);
        assert_eq!(ran.status.code(), Some(125), "{}", text(&ran));
        let said = stderr(&ran);
        assert!(said.contains("does not reach the proxy at ") && said.contains(how), "{said}");
        assert!(said.contains(&format!("iptables -I INPUT -i {interface} -p tcp")), "{said}");
        assert!(said.contains("--listen ") && said.contains("--no-preflight"), "{said}");
        assert!(!rig.bench.path("r.har").exists(), "no capture of a run that never was");
        assert_eq!(rig.bench.api.calls(), 1, "nothing ran");
        // Who leaves the check out gets the run, and what comes of it.
        if verdict == ["REJECT"] {
            let ran = rig.run_with(&["--no-preflight"], &flags, &words);
            assert_eq!(ran.status.code(), Some(7), "curl's own: {}", text(&ran));
            assert_eq!(rig.capture().completeness.coverage.reached, None);
        }
        drop(rule);
    }
    let left = docker(&["ps", "--all", "--quiet", "--filter", &format!("ancestor={}", rig.image.0)]);
    assert_eq!(String::from_utf8_lossy(&left.stdout), "", "nothing is left behind");
}

#[test]
fn the_advice_for_a_firewall_holds() {
    let Some(rig) = Rig::new(&[]) else { return };
    let network = unique("let-in");
    let id = told(&["network", "create", &network]);
    let _network = Gone("network", network.clone());
    let interface = format!("br-{}", &id[..12]);
    let flags = ["--network", network.as_str()];
    let Some(_wall) = Rule::new(&interface, &["DROP"]) else { return };
    let call = rig.call();
    let words: Vec<&str> = call.iter().map(String::as_str).collect();
    let said = stderr(&rig.run(&flags, &words));
    let between = |from: &str| said.split_once(from).and_then(|(_, rest)| rest.split_once('`')).unwrap().0;
    let (rule, listen) = (between("(`"), between("record with `"));
    let rule: Vec<&str> = rule.split(' ').collect();
    assert_eq!(rule[..2], ["iptables", "-I"], "{said}");
    assert!(Command::new(rule[0]).args(&rule[1..]).status().unwrap().success());
    let _let_in = Rule { words: rule[2..].iter().map(|word| (*word).to_owned()).collect() };
    let listen: Vec<&str> = listen.split(' ').collect();
    let ran = rig.run_with(&listen, &flags, &words);
    assert!(ran.status.success(), "{}", text(&ran));
    assert_eq!(rig.capture().exchanges.len(), 1);
}
