//! What `--quiet` silences, and what it does not.

use crate::clients::bench::{Bench, TOKEN, program, text};

#[test]
fn quiet_keeps_output_reports_errors_and_exit_codes() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    let url = format!("http://{}/v1/lots", bench.api.http);
    let said = "echo out; echo err >&2; exit 7";
    for (side, token) in [("sandbox", TOKEN), ("runtime", "None")] {
        let script = format!("curl -sS -o body -H 'Authorization: Bearer {token}' {url}; {said}");
        let file = format!("{side}.har");
        let loud = bench.samewire(&["record", side, "--force", "-o", &file, "--", "sh", "-c", &script]);
        let quiet =
            bench.samewire(&["-q", "record", side, "--force", "-o", &file, "--", "sh", "-c", &script]);
        assert!(String::from_utf8_lossy(&loud.stderr).contains("samewire: 1 exchange"), "{}", text(&loud));
        assert_eq!((quiet.stdout.as_slice(), quiet.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
        assert_eq!((loud.status.code(), quiet.status.code()), (Some(7), Some(7)));
    }
    let captures = ["sandbox.har", "runtime.har"];
    let loud = bench.samewire(&["diff", captures[0], captures[1]]);
    let quiet = bench.samewire(&["diff", "--quiet", captures[0], captures[1]]);
    assert_eq!((&quiet.stdout, quiet.status.code()), (&loud.stdout, Some(1)), "{}", text(&quiet));
    assert!(quiet.stderr.is_empty());

    for (args, code) in [
        (&["record", "sandbox", "-q", "--", "no-such-program"][..], 127),
        (&["record", "sandbox", "-q", "-o", "sandbox.har", "--", "true"], 125),
        (&["diff", "-q", "sandbox.har", "missing.har"], 2),
    ] {
        let failed = bench.samewire(args);
        assert_eq!(failed.status.code(), Some(code), "{}", text(&failed));
        assert!(String::from_utf8_lossy(&failed.stderr).starts_with("samewire: "), "{}", text(&failed));
    }
    let both = bench.samewire(&["-q", "-v", "list"]);
    assert_eq!(both.status.code(), Some(2), "{}", text(&both));
}

#[test]
fn what_prune_would_remove_is_its_answer() {
    let bench = Bench::new();
    bench.samewire(&["-q", "record", "sandbox", "--", "true"]);
    let asked = bench.samewire(&["prune", "-q", "--keep", "0"]);
    assert!(text(&asked).contains("would remove captures/sandbox-"), "{}", text(&asked));
    let removed = bench.samewire(&["prune", "-q", "--keep", "0", "--force"]);
    assert!(removed.status.success() && removed.stderr.is_empty(), "{}", text(&removed));
    assert_eq!(std::fs::read_dir(bench.path("captures")).unwrap().count(), 0);
}
