//! Output of real frameworks and clients, with invented values, to facts.

use proptest::prelude::*;
use samewire::launch::clues::Reader;
use samewire::model::{Clue, ClueKind, Stream};
use samewire::record::ClueReader as _;
use samewire::redact::{Key, Output, Redactor};
use serde_json::json;

fn redactor() -> Redactor {
    Redactor::new(Key::from_bytes([7; 32]))
}

fn read<'a>(pieces: impl IntoIterator<Item = (Stream, &'a [u8])>) -> Vec<Clue> {
    let (redactor, mut reader) = (redactor(), Reader::new());
    let mut clues = Vec::new();
    for (stream, data) in pieces {
        clues.extend(reader.read(&Output { stream, data: data.to_vec().into() }, &redactor));
    }
    clues.extend(reader.finish(&redactor));
    clues
}

/// The facts of a text on standard error, last words left out.
fn facts(text: &str) -> Vec<ClueKind> {
    let clues = read([(Stream::Stderr, text.as_bytes())]);
    clues.into_iter().map(|clue| clue.kind).filter(|kind| *kind != ClueKind::LastWords).collect()
}

fn log(message: &str) -> String {
    json!({"type": "LOG", "log": {"level": "ERROR", "message": message}}).to_string()
}

fn status(message: &str) -> String {
    json!({"type": "CONNECTION_STATUS", "connectionStatus": {"status": "FAILED", "message": message}})
        .to_string()
}

/// A fact's name, and the word or text in it.
fn outline(kind: &ClueKind) -> String {
    let name = redactor_name;
    match kind {
        ClueKind::ConfigKeyMissing(key) => format!("key missing: {}", name(key)),
        ClueKind::ConfigPathUndefined(key) => format!("path undefined: {}", name(key)),
        ClueKind::TemplateUndeclared(key) => format!("undeclared: {}", name(key)),
        ClueKind::CredentialsConflict(place) => format!("conflict: {}", name(place)),
        ClueKind::ModuleMissing(module) => format!("module missing: {}", name(module)),
        ClueKind::CommandMissing(command) => format!("command missing: {}", name(command)),
        ClueKind::Exception(class) => format!("exception: {}", name(class)),
        ClueKind::FieldRefused(why) => format!("field refused: {why}"),
        ClueKind::EgressBlocked(why) => format!("egress blocked: {why}"),
        ClueKind::Called { status, .. } => format!("called: {status:?}"),
        ClueKind::ManifestMissing(_) => "manifest missing".into(),
        ClueKind::ManifestRejected(_) => "manifest rejected".into(),
        ClueKind::ConfigInvalid(_) => "config invalid".into(),
        ClueKind::TemplateSyntax(_) => "template syntax".into(),
        ClueKind::AuthenticatorMisconfigured(_) => "authenticator".into(),
        other => format!("{other:?}"),
    }
}

/// Names are compared as the redactor leaves them, whatever its policy is.
fn redactor_name(name: &str) -> String {
    const NAMES: [&str; 16] = [
        "token",
        "tenant_key",
        "credentials",
        "Authorization",
        "source_acme",
        "source-acme",
        "requests",
        "zsh-tool",
        "acme.errors.QuotaError",
        "source_acme.components",
        "AttributeError",
        "acme",
        "got",
        "acme-cli",
        "AcmeMain",
        "region",
    ];
    let redactor = redactor();
    let known = NAMES.into_iter().find(|known| redactor.name(known) == name);
    known.map_or_else(|| name.to_owned(), str::to_owned)
}

#[test]
fn every_sentence_has_its_fact() {
    let cases: &[(&str, &[&str])] = &[
        ("FileNotFoundError: Unable to find spec.yaml or spec.json in the package.", &["SpecMissing"]),
        (
            "Config validation error: '__injected_declarative_manifest' is a required property",
            &["SpecMissing"],
        ),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: '/a/source_acme/spec.json'",
            &["SpecMissing"],
        ),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: '/a/source_acme/manifest.yaml'",
            &["manifest missing"],
        ),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: '/secrets/config.json'",
            &["config invalid"],
        ),
        (
            "ValidationError: Validation against json schema defined in declarative_component_schema.yaml schema failed",
            &["manifest rejected"],
        ),
        (
            "The manifest version 9.9.9 is greater than the airbyte-cdk package version (6.1.0). Your manifest may contain features",
            &["manifest rejected"],
        ),
        ("Config validation error: 'tenant_key' is a required property", &["key missing: tenant_key"]),
        ("Config validation error: 12 is not of type 'string'", &["config invalid"]),
        (
            "jsonschema.exceptions.ValidationError: {'type': 'BearerAuthenticator', 'token': 'x'} is not valid under any of the given schemas",
            &["authenticator"],
        ),
        ("Missing 'token' in secrets", &["key missing: token"]),
        ("ValueError: Missing required option: 'token'", &["key missing: token"]),
        (
            "ValueError: Could not read json file /c.json: Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0).",
            &["config invalid"],
        ),
        (
            "jinja2.exceptions.UndefinedError: 'dict object' has no attribute 'credentials'",
            &["path undefined: credentials"],
        ),
        ("AttributeError: 'dict' object has no attribute 'credentials'", &["exception: AttributeError"]),
        (
            "ValueError: Jinja macro has undeclared variables: {'tenant_key'}. Context: {'config': {}}",
            &["undeclared: tenant_key"],
        ),
        ("jinja2.exceptions.UndefinedError: 'token' is undefined", &["undeclared: token"]),
        ("jinja2.exceptions.TemplateSyntaxError: unexpected '}'", &["template syntax"]),
        (
            "Stream lots is not available. Error: expected token 'end of print statement', got 'x'",
            &["template syntax"],
        ),
        (
            "ValueError: Request body collision, duplicate keys detected at key path: Authorization. Please ensure",
            &["conflict: Authorization"],
        ),
        ("ValueError: Duplicate keys found: {'Authorization'}", &["conflict: Authorization"]),
        (
            "ValueError: Expected either inject_into or header to be set for ApiKeyAuthenticator",
            &["authenticator"],
        ),
        (
            "ValueError: The path from `authenticator_selection_path` is not found in the config.",
            &["authenticator"],
        ),
        ("ValueError: The authenticator `Oauth` is not found.", &["authenticator"]),
        (
            "pydantic.v1.error_wrappers.ValidationError: 1 validation error for BearerAuthenticator",
            &["authenticator"],
        ),
        (
            "TypeError: BearerAuthenticator.__init__() got an unexpected keyword argument 'token'",
            &["authenticator"],
        ),
        ("Custom connector code is not permitted in this environment. If you need", &["CustomCodeRefused"]),
        ("ValueError: Could not load module `source_acme.components`.", &["CustomCodeRefused"]),
        ("ModuleNotFoundError: No module named 'source_acme.components'", &["CustomCodeRefused"]),
        ("ModuleNotFoundError: No module named 'requests'", &["module missing: requests"]),
        ("/usr/bin/python3: No module named source_acme", &["module missing: source_acme"]),
        ("Error: Cannot find module 'acme'", &["module missing: acme"]),
        ("Error: Could not find or load main class AcmeMain", &["module missing: AcmeMain"]),
        ("sh: 1: source-acme: not found", &["command missing: source-acme"]),
        ("bash: line 1: source-acme: command not found", &["command missing: source-acme"]),
        ("zsh: command not found: zsh-tool", &["command missing: zsh-tool"]),
        ("env: 'acme-cli': No such file or directory", &["command missing: acme-cli"]),
        (
            "timeout: failed to run command 'acme-cli': No such file or directory",
            &["command missing: acme-cli"],
        ),
        (
            "docker: Error response from daemon: Get \"https://registry.example.com/v2/\": dial tcp: lookup registry.example.com on 192.0.2.53:53: no such host",
            &["ImageMissing"],
        ),
        (
            "docker: Error response from daemon: Head \"https://registry.example.com/v2/acme/source/manifests/1\": net/http: TLS handshake timeout",
            &["ImageMissing"],
        ),
        (
            "Error response from daemon: pull access denied for acme/source, repository does not exist or may require 'docker login'",
            &["ImageMissing"],
        ),
        (
            "Error: initializing source docker://registry.example.com/acme/source:1: pinging container registry registry.example.com: Get \"https://registry.example.com/v2/\": dial tcp: connection refused",
            &["ImageMissing"],
        ),
        (
            "Get \"https://api.example.com/v2/lots\": dial tcp: lookup api.example.com: no such host",
            &["NameNotResolved"],
        ),
        (
            "docker: exec: \"acme-cli\": executable file not found in $PATH: unknown.",
            &["command missing: acme-cli"],
        ),
        (
            "requests.exceptions.InvalidHeader: Invalid leading whitespace, reserved character(s), or return character(s) in header value: 'Bearer abc\\n'",
            &["field refused: newline"],
        ),
        ("httpx.LocalProtocolError: Illegal header value b' abc'", &["field refused: leading-space"]),
        ("ValueError: Invalid header value b'abc\\r\\n'", &["field refused: newline"]),
        (
            "TypeError [ERR_INVALID_CHAR]: Invalid character in header content [\"authorization\"]",
            &["field refused: illegal"],
        ),
        ("net/http: invalid header field value for \"Authorization\"", &["field refused: illegal"]),
        (
            "UnicodeEncodeError: 'latin-1' codec can't encode character '\\u200b' in position 9: ordinal not in range(256)",
            &["field refused: not-latin-1"],
        ),
        (
            "Invalid URL endpoint: The endpoint that data is being requested from belongs to a private network.",
            &["egress blocked: private-address"],
        ),
        (
            "Invalid Protocol Scheme: The endpoint that data is being requested from is using an invalid or insecure protocol 'http'.",
            &["egress blocked: scheme"],
        ),
        (
            "requests.exceptions.MissingSchema: Invalid URL '/v1/lots': No scheme supplied. Perhaps you meant https:///v1/lots?",
            &["UrlInvalid"],
        ),
        (
            "httpx.UnsupportedProtocol: Request URL is missing an 'http://' or 'https://' protocol.",
            &["UrlInvalid"],
        ),
        (
            "curl: (60) SSL certificate problem: unable to get local issuer certificate",
            &["CertificateRejected"],
        ),
        ("  [cause]: Error: self-signed certificate in certificate chain", &["CertificateRejected"]),
        (
            "Caused by: sun.security.validator.ValidatorException: PKIX path building failed",
            &["CertificateRejected"],
        ),
        (
            "Get \"https://a.test\": tls: failed to verify certificate: x509: certificate signed by unknown authority",
            &["CertificateRejected"],
        ),
        ("curl: (6) Could not resolve host: a.invalid", &["NameNotResolved"]),
        ("Error: getaddrinfo ENOTFOUND a.invalid", &["NameNotResolved"]),
        (
            "requests.exceptions.ConnectionError: (Caused by NewConnectionError('Failed to establish a new connection: [Errno -2] Name or service not known'))",
            &["NameNotResolved"],
        ),
        ("java.net.ConnectException: Connection refused", &["ConnectionFailed"]),
        ("httpx.ConnectError: All connection attempts failed", &["ConnectionFailed"]),
        (
            "requests.exceptions.ReadTimeout: HTTPConnectionPool(host='a', port=1): Read timed out. (read timeout=2)",
            &["TimedOut"],
        ),
        (
            "requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://a.test/x",
            &["called: Some(401)"],
        ),
        ("200 {\"data\": []}", &["called: Some(200)"]),
        ("Read 200 records from lots stream", &[]),
    ];
    for (text, expected) in cases {
        let found: Vec<_> = facts(text).iter().map(outline).collect();
        assert_eq!(found, *expected, "{text}");
    }
}

#[test]
fn a_check_says_its_facts_once() {
    let message = "Encountered an error while checking availability of stream lots. Error: unexpected '}'";
    let traceback = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    raise ConnectionRefused('Connection refused')\njinja2.exceptions.TemplateSyntaxError: unexpected '}'";
    let text = [
        log(&format!("{message}Error traceback: \n {traceback}")),
        log("Check failed"),
        status(&format!("\"{message}\"")),
    ]
    .join("\n");
    let found: Vec<_> = facts(&text).iter().map(outline).collect();
    assert_eq!(found, ["template syntax", "CheckStatus { succeeded: false }"], "frames are code, not facts");
}

#[test]
fn a_rejected_manifest_is_not_an_invalid_config() {
    let text = "Traceback (most recent call last):\n  File \"a.py\", line 9, in validate\n    raise error\n\
        jsonschema.exceptions.ValidationError: 'record_selector' is a required property\n\n\
        Failed validating 'required' in schema['properties']['retriever']:\n    {'description': 'Connection refused'}\n\n\
        On instance['retriever']:\n    {'type': 'SimpleRetriever'}\n\n\
        The above exception was the direct cause of the following exception:\n\n\
        Traceback (most recent call last):\n  File \"a.py\", line 10, in validate\n    raise ValidationError(\n\
        jsonschema.exceptions.ValidationError: Validation against json schema defined in declarative_component_schema.yaml schema failed\n";
    let found: Vec<_> = facts(text).iter().map(outline).collect();
    assert_eq!(found, ["manifest rejected"]);
    let alone = "jsonschema.exceptions.ValidationError: 'tenant_key' is a required property\n";
    assert_eq!(facts(alone).iter().map(outline).collect::<Vec<_>>(), ["key missing: tenant_key"]);
}

#[test]
fn a_key_error_counts_where_the_config_is_read() {
    let traceback = |code: &str| {
        format!(
            "Traceback (most recent call last):\n  File \"auth_test.py\", line 7, in <module>\n    {code}\nKeyError: 'region'\n"
        )
    };
    let outlines = |text: String| facts(&text).iter().map(outline).collect::<Vec<_>>();
    assert_eq!(outlines(traceback("r = call(config['region'])")), ["key missing: region"]);
    assert_eq!(outlines(traceback("rows = answer.json()['region']")).len(), 1);
    assert!(matches!(facts(&traceback("rows = answer.json()['region']"))[0], ClueKind::Exception(_)));
}

#[test]
fn exceptions_are_told_where_nothing_else_is() {
    let alone = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nacme.errors.QuotaError: too much\n";
    assert_eq!(facts(alone).iter().map(outline).collect::<Vec<_>>(), ["exception: acme.errors.QuotaError"]);
    let chained = format!(
        "{alone}\nDuring handling of the above exception, another exception occurred:\n\n{}",
        alone.replace("acme.errors.QuotaError: too much", "ModuleNotFoundError: No module named 'requests'")
    );
    assert_eq!(facts(&chained).iter().map(outline).collect::<Vec<_>>(), ["module missing: requests"]);
    for text in [
        "Exception in thread \"main\" acme.errors.QuotaError: too much\n\tat Main.main(Main.java:1)\n",
        "file:///a.mjs:1\nacme.errors.QuotaError: too much\n    at a.mjs:1:7\n",
    ] {
        assert_eq!(
            facts(text).iter().map(outline).collect::<Vec<_>>(),
            ["exception: acme.errors.QuotaError"]
        );
    }
    let interrupted = alone.replace("acme.errors.QuotaError: too much", "KeyboardInterrupt");
    assert_eq!(facts(&interrupted), []);
}

#[test]
fn a_builders_result_tells_failures_and_requests() {
    let page = |status: u16, records: serde_json::Value| json!({"records": records, "request": {"url": "https://api.example.com/v1/lots?key=planted", "headers": {}, "http_method": "GET"}, "response": {"status": status}});
    let record = json!({"type": "RECORD", "record": {"stream": "lots", "emitted_at": 1, "data": {
        "logs": [{"message": "Internal error", "level": "ERROR", "internal_message": "'dict object' has no attribute 'credentials'", "stacktrace": "Traceback (most recent call last):\n  File \"x.py\", line 1, in f\njinja2.exceptions.UndefinedError: 'dict object' has no attribute 'credentials'"}],
        "slices": [{"pages": [page(200, json!([{"id": "Connection refused"}])), page(403, json!([]))], "auxiliary_requests": [page(201, json!([]))]}],
        "auxiliary_requests": [page(401, json!([]))]}}});
    let found: Vec<_> = facts(&record.to_string()).iter().map(outline).collect();
    assert_eq!(
        found,
        [
            "path undefined: credentials",
            "called: Some(401)",
            "called: Some(201)",
            "called: Some(200)",
            "Records",
            "called: Some(403)",
        ]
    );
}

#[test]
fn data_of_the_api_is_not_read_for_facts() {
    for line in [
        r#"{"type": "RECORD", "record": {"stream": "s", "data": {"text": "curl: (60) SSL certificate problem"}, "emitted_at": 1}}"#,
        r#"{"message": "Connection refused"}"#,
        "{\n  \"message\": \"Connection refused\"\n}",
        r#"{"type": "STATE", "state": {"text": "Connection refused"}}"#,
    ] {
        assert!(facts(line).iter().all(|kind| *kind == ClueKind::Records), "{line}");
    }
    let structured = r#"{"level": "error", "msg": "x509: certificate signed by unknown authority"}"#;
    assert_eq!(facts(structured), [ClueKind::CertificateRejected]);
}

#[test]
fn facts_have_their_place_and_the_last_words_are_kept() {
    let text = "one\ntwo\n\u{1b}[31mcurl: (6) Could not resolve host: a.invalid\u{1b}[0m\n\nfour\nfive\nsix";
    let clues = read([(Stream::Stdout, &b"zero\n"[..]), (Stream::Stderr, text.as_bytes())]);
    assert_eq!((clues[0].stream, clues[0].line), (Stream::Stderr, 3));
    let last: Vec<_> =
        clues.iter().filter(|clue| clue.kind == ClueKind::LastWords).map(|clue| clue.line).collect();
    assert_eq!(last, [2, 3, 5, 6, 7]);
}

#[test]
fn their_number_is_bounded() {
    let many: String =
        (0..500).map(|at| format!("sh: 1: tool-{at}: not found\n")).collect::<Vec<_>>().concat();
    assert!(facts(&many).len() < 50);
}

#[test]
fn the_words_of_a_clue_are_redacted_and_short() {
    let mut redactor = redactor();
    let reference = samewire::model::Reference::Config("/tenant_key".into());
    redactor.refer(reference, "planted-0815-secret", samewire::redact::Known::Secret);
    let text = format!(
        "ValueError: Jinja macro has undeclared variables: {{'token'}}. Context: {{'config': {{'tenant_key': 'planted-0815-secret', 'x': '{}'}}}}\n",
        "word ".repeat(4000)
    );
    let mut reader = Reader::new();
    let mut clues = reader.read(&Output { stream: Stream::Stdout, data: text.into() }, &redactor);
    clues.extend(reader.finish(&redactor));
    let written = serde_json::to_string(&clues).unwrap();
    assert!(!written.contains("0815"), "{written}");
    assert!(clues.iter().all(|clue| clue.text.to_string().len() < 2000));
}

/// Lines of the kinds above, and what is no text at all.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(log("Config validation error: 'tenant_key' is a required property")),
        Just(status("'Stream lots is not available: HTTP Status Code: 403. Error: Forbidden.'")),
        Just("Traceback (most recent call last):".to_owned()),
        Just("    r = call(config['region'])".to_owned()),
        Just("KeyError: 'region'".to_owned()),
        Just("curl: (60) SSL certificate problem".to_owned()),
        ".{0,30}",
        "[{}\\[\\]'\":, a-zA-Z]{0,40}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn where_output_is_cut_does_not_matter(lines in prop::collection::vec((any::<bool>(), line()), 0..12), size in 1_usize..40) {
        let whole: Vec<(Stream, Vec<u8>)> = lines
            .into_iter()
            .map(|(error, line)| (if error { Stream::Stderr } else { Stream::Stdout }, format!("{line}\n").into_bytes()))
            .collect();
        let cut = whole.iter().flat_map(|(stream, data)| data.chunks(size).map(|piece| (*stream, piece)));
        prop_assert_eq!(read(cut), read(whole.iter().map(|(stream, data)| (*stream, data.as_slice()))));
    }
}
