//! The manual's pages, read by the programs that show manuals.

use std::fs;
use std::process::Command;

use crate::clients::bench::{Bench, program, text};

#[test]
fn every_command_has_a_page_that_readers_understand() {
    let bench = Bench::new();
    let written = bench.samewire(&["man", "share/man1"]);
    assert!(written.status.success(), "{}", text(&written));
    let folder = bench.path("share/man1");
    let help = String::from_utf8(bench.samewire(&["--help"]).stdout).unwrap();
    let commands = help.split_once("Commands:\n").unwrap().1.split("\n\n").next().unwrap();
    let commands: Vec<&str> = commands
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.contains(&"record") && commands.contains(&"man"), "{commands:?}");
    for command in commands.iter().filter(|command| **command != "help") {
        let page = fs::read_to_string(folder.join(format!("samewire-{command}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS") && page.contains(".SH OPTIONS"), "{command}");
    }
    let pages: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!pages.iter().any(|page| page.to_string_lossy().contains("demo-connector")), "{pages:?}");
    if program("mandoc").is_some() {
        let lint =
            Command::new("mandoc").args(["-T", "lint", "-W", "warning"]).args(&pages).output().unwrap();
        // No date is deliberate: the version says as much, and the pages stay the same from day to day. The line breaks are clap_mangen's.
        let meant = ["missing date", "skipping paragraph macro: br "];
        let said = String::from_utf8(lint.stdout).unwrap();
        let said: Vec<&str> =
            said.lines().filter(|line| !meant.iter().any(|text| line.contains(text))).collect();
        assert!(said.is_empty(), "{said:#?}");
    }
    if program("man").is_some() {
        for page in &pages {
            let shown = Command::new("man")
                .args(["--warnings", "-E", "UTF-8", "-P", "cat", "-l"])
                .arg(page)
                .env("MANWIDTH", "100")
                .output()
                .unwrap();
            assert!(shown.status.success() && shown.stderr.is_empty(), "{}", text(&shown));
            assert!(text(&shown).contains("NAME"), "{}", text(&shown));
        }
    }
}
