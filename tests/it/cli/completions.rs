//! Completion as it is typed in the shells themselves.

use super::terminal::Typed;
use crate::clients::bench::{Bench, program, text};

fn script(bench: &Bench, shell: &str) -> String {
    let output = bench.samewire(&["completions", shell]);
    assert!(output.status.success(), "{}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

const OPTION: (&str, &str) = ("samewire dif\t--format mark\t\n", "ran: diff --format markdown");
const SIDE: (&str, &str) = ("samewire record sand\t\n", "ran: record sandbox");
const RULE: (&str, &str) = ("samewire explain token-emp\t\n", "ran: explain token-empty");

/// In a shell that `words` start and `setup` prepares, in which `samewire` is a function that says its arguments.
fn type_and_complete(shell: &str, file: &str, words: &[&str], setup: &str, typed: &[(&str, &str)]) {
    let Some(_) = program(shell) else { return };
    let bench = Bench::new();
    bench.write(file, &script(&bench, shell));
    let mut terminal = Typed::start(100, &bench.command(&[]), words);
    // The quotes keep what is typed from looking like what it prints.
    terminal.type_in(&format!("{setup}; echo rea''dy\n"));
    terminal.wait_for("ready");
    for (keys, completed) in typed {
        terminal.type_in(keys);
        terminal.wait_for(completed);
    }
    terminal.type_in("exit\n");
    terminal.end();
}

#[test]
fn bash_completes() {
    let setup = "samewire() { echo \"ran: $*\"; }; source ./samewire.bash";
    type_and_complete(
        "bash",
        "samewire.bash",
        &["bash", "--norc", "--noprofile", "-i"],
        setup,
        &[OPTION, SIDE, RULE],
    );
}

#[test]
fn zsh_completes() {
    let setup = "fpath=($PWD $fpath); autoload -Uz compinit; compinit -D -u; samewire() { echo \"ran: $*\" }";
    type_and_complete("zsh", "_samewire", &["zsh", "-f", "-i"], setup, &[OPTION, SIDE, RULE]);
}

#[test]
fn fish_completes() {
    let setup = "function samewire; echo \"ran: $argv\"; end; source ./samewire.fish";
    // Arguments without a name are not completed by clap_complete's script for fish.
    type_and_complete("fish", "samewire.fish", &["fish", "--no-config", "-i"], setup, &[OPTION]);
}

#[test]
fn only_commands_for_people_are_offered() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = script(&bench, shell);
        for offered in ["compare", "upstream-ca", "quiet"] {
            assert!(script.contains(offered), "{shell}: {offered}");
        }
        for hidden in ["demo-connector", samewire::launch::PROBE] {
            assert!(!script.contains(hidden), "{shell}: {hidden}");
        }
    }
}
