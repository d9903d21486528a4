//! Samples of the network rules.

use samewire::model::{FailureKind, Handshake, Leg, Phase};
use serde_json::json;

use super::Sample;
use super::cast::{
    OTHER, SUCCEEDED, TOKEN, call, check, checked, failed, failing, good, log, manifest, script, tested,
};
use super::story::{Sent, get};

pub(super) fn samples() -> Vec<Sample> {
    let plain = || get("/v1/lots").bearer(TOKEN).to("http", "api.example.com", 80);
    let edge = |sent: Sent| {
        sent.answered_with(
            403,
            &[
                ("Server", "cloudflare"),
                ("CF-RAY", "8f3a2b1c4d5e6f70-GRU"),
                ("Content-Type", "text/html; charset=UTF-8"),
            ],
            "<html><title>Attention Required! | Cloudflare</title></html>",
        )
    };
    let behind = |sent: Sent| {
        sent.answered_with(
            403,
            &[
                ("Server", "cloudflare"),
                ("CF-RAY", "8f3a2b1c4d5e6f70-GRU"),
                ("Content-Type", "application/json"),
            ],
            "{\"message\":\"Forbidden\"}",
        )
    };
    let curl = || call().field("User-Agent", "curl/7.88.1");
    let limited = |sent: Sent| {
        sent.answered_with(
            429,
            &[("Retry-After", "30"), ("Content-Type", "application/json")],
            "{\"message\":\"Too many requests\"}",
        )
    };
    let revoked = json!({"api_key": OTHER});
    let bad = get("/v1/lots").bearer(OTHER).refused();

    vec![
        Sample {
            rule: "proxy-bypassed",
            fires: (tested(call()), check(&good(), &manifest()).says(SUCCEEDED)),
            quiet: (script().sends(call()).says("200 {\"data\":[]}"), script().sends(call()).says("200 {\"data\":[]}")),
        },
        Sample {
            rule: "ca-rejected",
            fires: (
                tested(call()),
                check(&good(), &manifest())
                    .breaks_off(Handshake::Alert("unknown_ca".to_owned()))
                    .breaks_off(Handshake::Alert("unknown_ca".to_owned()))
                    .says(&log("INFO", "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed'))"))
                    .exits(124),
            ),
            quiet: (tested(call()), checked(call()).breaks_off(Handshake::Closed)),
        },
        Sample {
            rule: "upstream-unreachable",
            fires: (
                tested(call()),
                check(&good(), &manifest()).sends(call().fails(Leg::Upstream, Phase::Connect, FailureKind::Refused)).says(&failed("502")),
            ),
            quiet: (tested(call()), checked(call().fails(Leg::Upstream, Phase::Connect, FailureKind::Refused)).sends(call())),
        },
        Sample {
            rule: "upstream-tls-failed",
            fires: (
                tested(call()),
                check(&good(), &manifest()).sends(call().fails(Leg::Upstream, Phase::Tls, FailureKind::Certificate)).says(&failed("502")),
            ),
            quiet: (
                tested(call()),
                check(&good(), &manifest()).cannot_reach(Phase::Resolve, FailureKind::NameNotResolved).says(&failed("502")),
            ),
        },
        Sample {
            rule: "egress-blocked",
            fires: (
                tested(plain()),
                check(&good(), &manifest()).says(&failed("Invalid Protocol Scheme: The endpoint that data is being requested from is using an invalid or insecure protocol 'http'")),
            ),
            quiet: (tested(plain()), checked(plain())),
        },
        Sample {
            rule: "blocked-by-edge",
            fires: (script().sends(curl()).says("200"), failing(edge(call()))),
            quiet: (script().sends(curl()).says("200"), failing(behind(call()))),
        },
        Sample {
            rule: "rate-limited",
            fires: (tested(call()), check(&good(), &manifest()).sends(limited(call())).says(&failed("429"))),
            quiet: (tested(call()), checked(limited(call())).sends(call())),
        },
        Sample {
            rule: "retry-storm",
            fires: (
                check(&revoked, &manifest()).sends(bad.clone()).says(&failed("403")),
                check(&revoked, &manifest()).sends_times(6, &bad).says(&failed("403")),
            ),
            quiet: (tested(call()), check(&good(), &manifest()).sends_times(6, &call().answered(500, "{}")).says(&failed("500"))),
        },
    ]
}
