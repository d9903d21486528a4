//! The help of every command, kept in snapshots.

use std::process::Command;

fn help(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_samewire"))
        .args(args)
        .arg("--help")
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

macro_rules! snapshots {
    ($($name:ident: $args:expr),* $(,)?) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(help(&$args));
        }
    )*};
}

snapshots! {
    samewire: [],
    record: ["record"],
    diff: ["diff"],
    compare: ["compare"],
    bundle: ["bundle"],
    key: ["key"],
    key_pair: ["key", "pair"],
    ca: ["ca"],
    proxy: ["proxy"],
    ui: ["ui"],
    env: ["env"],
    import: ["import"],
    export: ["export"],
    list: ["list"],
    show: ["show"],
    prune: ["prune"],
    explain: ["explain"],
    verify: ["verify"],
    completions: ["completions"],
    man: ["man"],
    demo: ["demo"],
}
