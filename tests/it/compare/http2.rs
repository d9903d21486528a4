//! A side that speaks HTTP/2 against one that does not; gRPC; what the TLS hellos say.

use samewire::model::{
    Capture, ClientHello, Connection, ConnectionKind, Fidelity, FieldValue, Handshake, Outcome, Side, Text,
};

use super::kit::*;

/// What a client sends over HTTP/2: names in lower case, a cookie a field, nothing for the next hop.
fn decoded(mut call: Call) -> Call {
    "HTTP/2".clone_into(&mut call.0.request.version);
    call.0.request.fidelity = Fidelity::Decoded;
    for field in &mut call.0.request.fields {
        let name = &mut field.name;
        name.sent.clone_from(&name.key);
    }
    call
}

fn cookies(mut call: Call, fields: &[&[&str]]) -> Call {
    for names in fields {
        let one = names.iter().fold(get("/"), |call, name| call.cookie(name, "x"));
        let merged = one.0.request.fields.iter().filter_map(|field| match &field.value {
            FieldValue::Cookies(cookies) => Some(cookies.clone()),
            _ => None,
        });
        let merged = merged.flatten().collect();
        call = call.cookie("x", "x");
        call.0.request.fields.last_mut().unwrap().value = FieldValue::Cookies(merged);
    }
    call
}

#[test]
fn what_http2_does_not_carry_is_unknown_and_not_different() {
    for status in [200, 403] {
        let old = get("/v1/lots").field("Connection", "keep-alive").field("Transfer-Encoding", "chunked");
        let old = cookies(old.field("X-Tenant", "acme").bearer("c:abc"), &[&["a", "b", "c"]]);
        let new = get("/v1/lots").bearer("c:abc").field("x-tenant", "acme").field("te", "trailers");
        let new = decoded(cookies(new, &[&["a"], &["b"], &["c"]])).status(status);
        for (one, other) in [(old.clone(), new.clone()), (new, old)] {
            let comparison = compare([one], [other]);
            let places: Vec<_> = told(&comparison.differences)
                .into_iter()
                .filter(|place| !place.starts_with("response.") && !place.contains("[te]"))
                .collect();
            let version = if status == 200 { "cosmetic ClientIdentity" } else { "material" };
            assert_eq!(places, [format!("request.version Altered: {version}")]);
        }
    }
}

#[test]
fn a_cookie_that_is_missing_among_several_fields_is_found() {
    let old = cookies(get("/v1/lots"), &[&["a", "b"]]);
    let new = decoded(cookies(get("/v1/lots"), &[&["a"], &["c"]]));
    let found = material(&compare([old], [new]));
    assert_eq!(
        found,
        ["request.cookie[b] Missing: material".to_owned(), "request.cookie[c] Added: material".to_owned()]
    );
}

#[test]
fn a_grpc_call_succeeds_by_its_own_status() {
    let rpc = |status: &str| {
        let mut call = decoded(post("/svc/Call"));
        if let Outcome::Answered(answer) = &mut call.0.outcome {
            let given = get("/").field("grpc-status", status).0.request.fields.pop().unwrap();
            answer.body.trailers.push(given);
        }
        call
    };
    let (good, bad) = (rpc("0"), rpc("16"));
    assert!(good.0.succeeded() && !bad.0.succeeded());
    assert_eq!(material(&compare([good.clone()], [good.clone()])), [""; 0]);
    let found = material(&compare([good], [bad]));
    assert_eq!(found, ["response.field[grpc-status] Altered: material"]);
}

fn over_tls(mut capture: Capture, ja4: &str) -> Capture {
    let hello = ClientHello {
        server_name: Some(Text::shown("api.example.com")),
        version: Some("TLSv1.3".to_owned()),
        ja4: Some(ja4.to_owned()),
        ..ClientHello::default()
    };
    let numbers: std::collections::BTreeSet<u32> =
        capture.exchanges.iter().map(|exchange| exchange.connection).collect();
    capture.connections = numbers
        .into_iter()
        .map(|number| Connection {
            number,
            opened_at: capture.run.started_at,
            authority: Some("api.example.com:443".to_owned()),
            kind: ConnectionKind::Tls { hello: Some(hello.clone()), handshake: Handshake::Completed },
            upstream: None,
            dials: Vec::new(),
            refused: Vec::new(),
            failure: None,
        })
        .collect();
    capture
}

#[test]
fn fingerprints_are_context() {
    let of = |side, ja4: &str, status| over_tls(run(side, [get("/v1/lots").status(status)]), ja4);
    let differences = |one: &str, other: &str, status| {
        let (sandbox, runtime) = (of(Side::Sandbox, one, 200), of(Side::Runtime, other, status));
        told(&samewire::compare::compare(&sandbox, &runtime).differences)
    };
    assert_eq!(differences("t13d_a_b", "t13d_a_b", 200), [""; 0]);
    let tls = "connection:1.tls Altered: cosmetic ClientIdentity";
    assert_eq!(differences("t13d_a_b", "t13d_c_d", 200), [tls]);
    assert_eq!(differences("t13d_a_b", "t13d_c_d", 403), [tls, "response.status Altered: material"]);
}

#[test]
fn a_fingerprint_is_named_only_where_a_guard_may_have_refused_and_nothing_else_differs() {
    use samewire::diagnose::{Case, diagnose};
    let rules = |runtime: Call| {
        let sandbox = over_tls(run(Side::Sandbox, [get("/v1/lots").bearer("c:abc")]), "t13d_a_b");
        let runtime = over_tls(run(Side::Runtime, [runtime]), "t13d_c_d");
        let comparison = samewire::compare::compare(&sandbox, &runtime);
        let case = Case { sandbox: &sandbox, runtime: &runtime, comparison: &comparison };
        let findings = diagnose(&case).findings;
        findings.iter().any(|finding| finding.rule.name == "protocol-differs")
    };
    assert!(rules(get("/v1/lots").bearer("c:abc").status(403)));
    assert!(!rules(get("/v1/lots").bearer("c:abc").status(401)));
    assert!(!rules(get("/v1/lots").bearer("c:other").status(403)));
    assert!(!rules(get("/v1/lots").bearer("c:abc")));
}
