//! Trust: what strict clients want of the certificates, and what is said where a client trusts nobody.

use super::api::HOST;
use super::bench::{Bench, TOKEN, first_rule, program, python, text};

/// The same client twice: one exchange each, the same request, nothing leaked.
fn captured(bench: &Bench, command: &[&str]) {
    for (side, file) in [("sandbox", "s.har"), ("runtime", "r.har")] {
        let output = bench.record(side, file, command);
        assert!(output.status.success(), "{side}: {}", text(&output));
    }
    let (status, report) = bench.diff("s.har", "r.har");
    assert_eq!(status, 0, "{report:#}");
    assert_eq!(report["sandbox"]["exchanges"], 1, "{report:#}");
    assert_eq!(bench.api.calls(), 2);
    bench.assert_no_leak();
}

/// What Python 3.13 does by default: the authority must have a subject key identifier, the leaf an authority key identifier, and so on.
#[test]
fn python_verifies_strictly() {
    let Some(python) = python() else { return };
    let bench = Bench::new();
    let code = format!(
        "import ssl, urllib.request as u
context = ssl.create_default_context()
context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
r = u.urlopen(u.Request('https://{HOST}/v1/lots', headers={{'Authorization': 'Bearer {TOKEN}'}}), context=context)
assert r.status == 200
"
    );
    let path = bench.write("call.py", &code);
    captured(&bench, &[python.to_str().unwrap(), path.to_str().unwrap()]);
}

#[test]
fn a_client_that_trusts_nobody_is_explained() {
    let (Some(curl), Some(openssl)) = (program("curl"), program("openssl")) else { return };
    let bench = Bench::new();
    let made = std::process::Command::new(openssl)
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=nobody",
            "-keyout",
            "/dev/null",
            "-out",
        ])
        .arg(bench.path("other-ca.pem"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", text(&made));
    let (curl, url) = (curl.to_str().unwrap(), format!("https://{HOST}/v1/lots"));
    let authorization = format!("Authorization: Bearer {TOKEN}");
    bench.record("sandbox", "s.har", &[curl, "-sS", "-H", &authorization, &url]);
    let output = bench.record(
        "runtime",
        "r.har",
        &[curl, "-sS", "--cacert", "other-ca.pem", "-H", &authorization, &url],
    );
    assert_eq!(output.status.code(), Some(60), "curl's own exit status");
    let (_, report) = bench.diff("s.har", "r.har");
    assert_eq!(first_rule(&report), "ca-rejected", "{report:#}");
}
