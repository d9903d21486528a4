//! The cast of the samples: one API, one connector, its configs, and what its commands print.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use samewire::model::Side;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::story::{Sent, Story, get, start};

/// The token that the API accepts.
pub(super) const TOKEN: &str = "lots_Qm2xVt9Kc4RwZp8Ns3Yd6Hf1Jb5Gu0La7Ee";
/// Another one.
pub(super) const OTHER: &str = "lots_Wb8nXs3Lj6TyUk1Pv9Ra4Mg7Cd2Fh5Qz0Io";
/// What an OAuth connector holds.
pub(super) const CLIENT_SECRET: &str = "cs_Hn5vBz7Kd2Rq9Wt4Xm1Yp8Lc3Gs6Jf0Ua";
/// The same.
pub(super) const REFRESH_TOKEN: &str = "rt_Zk4mCw8Nf1Tv6Bs9Qx2Hp7Rd5Jg3Ly0Ee";
/// What its token endpoint issues.
pub(super) const ISSUED: &str = "at_Dv7qMk2Xs9Lw4Bn6Tz1Rp8Hc5Gf3Yj0Ua";
/// A password for Basic.
pub(super) const PASSWORD: &str = "pw_Gt6wRx1Nb8Vm3Kz5Qs";

/// Nothing of these may be in a file.
pub(super) fn secrets() -> Vec<String> {
    let plain = [TOKEN, OTHER, CLIENT_SECRET, REFRESH_TOKEN, ISSUED, PASSWORD];
    let mut all: Vec<String> = plain.iter().map(|secret| (*secret).to_owned()).collect();
    all.extend(plain.iter().map(|secret| STANDARD.encode(secret)));
    all.extend(plain.iter().map(|secret| secret.to_uppercase()));
    all.extend(plain.iter().map(|secret| secret[3..19].to_owned()));
    all
}

pub(super) const SUCCEEDED: &str =
    r#"{"type":"CONNECTION_STATUS","connectionStatus":{"status":"SUCCEEDED"}}"#;
pub(super) const TESTED: &str = r#"{"type":"RECORD","record":{"stream":"_test_read","data":{"logs":[],"slices":[{"pages":[{"records":[{"id":1}]}]}]},"emitted_at":0}}"#;

/// A check that failed, and its words.
pub(super) fn failed(message: &str) -> String {
    json!({"type": "CONNECTION_STATUS", "connectionStatus": {"status": "FAILED", "message": message}})
        .to_string()
}

/// A line of the framework's log.
pub(super) fn log(level: &str, message: &str) -> String {
    json!({"type": "LOG", "log": {"level": level, "message": message}}).to_string()
}

/// The config that works.
pub(super) fn good() -> Value {
    json!({"api_key": TOKEN})
}

pub(super) fn bearer() -> Value {
    json!({"type": "BearerAuthenticator", "api_token": "{{ config['api_key'] }}"})
}

/// A manifest with this authenticator and these further members of the requester.
pub(super) fn manifest_with(authenticator: &Value, more: &Value) -> Value {
    let mut requester = json!({"type": "HttpRequester", "url": "https://api.example.com/v1/lots", "authenticator": authenticator});
    if let (Some(requester), Some(more)) = (requester.as_object_mut(), more.as_object()) {
        requester.extend(more.clone());
    }
    json!({
        "version": "6.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": ["lots"]},
        "streams": [{"type": "DeclarativeStream", "name": "lots", "retriever": {"type": "SimpleRetriever", "requester": requester}}],
        "spec": spec(&[], &json!({"api_key": {"type": "string", "airbyte_secret": true}})),
    })
}

pub(super) fn spec(required: &[&str], properties: &Value) -> Value {
    json!({"type": "Spec", "connection_specification": {"type": "object", "required": required, "properties": properties}})
}

/// A manifest with another spec.
pub(super) fn with_spec(mut manifest: Value, spec: Value) -> Value {
    manifest["spec"] = spec;
    manifest
}

/// A manifest without a spec.
pub(super) fn without_spec(mut manifest: Value) -> Value {
    manifest.as_object_mut().expect("an object").remove("spec");
    manifest
}

/// The connector's manifest: a Bearer token from the config.
pub(super) fn manifest() -> Value {
    manifest_with(&bearer(), &json!({}))
}

/// A manifest that requires its key.
pub(super) fn strict() -> Value {
    with_spec(manifest(), spec(&["api_key"], &json!({"api_key": {"type": "string", "airbyte_secret": true}})))
}

/// What the Connector Builder's backend runs.
pub(super) fn builder(config: &Value, manifest: &Value) -> Story {
    let mut config = config.clone();
    config["__injected_declarative_manifest"] = manifest.clone();
    config["__command"] = json!("test_read");
    Story::of("python -m airbyte_cdk.connector_builder.main read --config config.json --catalog catalog.json")
        .file("config.json", config.to_string())
}

/// What a connector's image runs.
pub(super) fn check(config: &Value, manifest: &Value) -> Story {
    check_file(&config.to_string(), manifest)
}

/// The same with the config file's text.
pub(super) fn check_file(config: &str, manifest: &Value) -> Story {
    Story::of("source-declarative-manifest check --config config.json --manifest-path manifest.yaml")
        .file("config.json", config)
        .file("manifest.yaml", serde_json::to_string_pretty(manifest).expect("plain JSON"))
}

/// A hand-written `auth_test.py`.
pub(super) fn script() -> Story {
    Story::of("python auth_test.py")
}

/// The one call that the connector makes.
pub(super) fn call() -> Sent {
    get("/v1/lots").bearer(TOKEN)
}

/// The builder's run that works, with the given request.
pub(super) fn tested(sent: Sent) -> Story {
    builder(&good(), &manifest()).sends(sent).says(TESTED)
}

/// The check that works, with the given request.
pub(super) fn checked(sent: Sent) -> Story {
    check(&good(), &manifest()).sends(sent).says(SUCCEEDED)
}

/// A check that fails on the given request.
pub(super) fn failing(sent: Sent) -> Story {
    check(&good(), &manifest()).sends(sent).says(&failed("Unable to connect to stream lots"))
}

/// A JSON Web Token of a side's run.
pub(super) fn jwt(side: Side, lifetime: i64, claims: &Value) -> String {
    let now = start(side).as_second();
    let mut payload = json!({"iat": now - 3600, "exp": now + lifetime});
    if let (Some(payload), Some(claims)) = (payload.as_object_mut(), claims.as_object()) {
        payload.extend(claims.clone());
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({"alg": "HS256", "typ": "JWT"})), part(&payload));
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(Sha256::digest(&signed)))
}

/// `Basic` credentials.
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}
