//! Samples of the request rules.

use samewire::model::Side;
use serde_json::{Value, json};

use super::Sample;
use super::cast::{
    TESTED, TOKEN, bearer, builder, call, check, checked, failed, failing, good, manifest, manifest_with,
    script, tested,
};
use super::story::{Sent, get, post, request, start};

pub(super) fn samples() -> Vec<Sample> {
    let posted = |body: &str| post("/v1/lots", body).bearer(TOKEN);
    let at = |side: Side| format!("{{\"until\":\"{}\",\"store\":10}}", start(side));
    let curl = || call().field("User-Agent", "curl/7.88.1");
    let query = |query: &str| get(&format!("/v1/lots?{query}")).bearer(TOKEN);
    let bad_request = |sent: Sent| sent.answered(400, "{\"message\":\"Bad request\"}");
    let page = |number: u32| query(&format!("page={number}"));

    let headers = |fields: &Value| manifest_with(&bearer(), &json!({"request_headers": fields}));
    let version = |version: &str| json!({"X-Api-Version": version});
    let versioned = |version: &str| call().field("X-Api-Version", version);

    vec![
        Sample {
            rule: "field-missing",
            fires: (
                builder(&good(), &headers(&json!({"X-Tenant": "acme"})))
                    .sends(call().field("X-Tenant", "acme"))
                    .says(TESTED),
                failing(bad_request(call())),
            ),
            quiet: (
                tested(call()),
                checked(call().field("X-Request-Id", "5f0c2d1e-8b7a-4c3d-9e2f-1a2b3c4d5e6f")),
            ),
        },
        Sample {
            rule: "field-differs",
            fires: (
                builder(&good(), &headers(&version("2024-06-01")))
                    .sends(versioned("2024-06-01"))
                    .says(TESTED),
                check(&good(), &headers(&version("2019-01-01")))
                    .sends(bad_request(versioned("2019-01-01")))
                    .says(&failed("400")),
            ),
            quiet: (
                tested(call().field("X-Request-Id", "5f0c2d1e-8b7a-4c3d-9e2f-1a2b3c4d5e6f")),
                checked(call().field("X-Request-Id", "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d")),
            ),
        },
        Sample {
            rule: "media-type-differs",
            fires: (
                tested(call()),
                failing(call().field("Accept", "text/csv").answered(406, "{\"message\":\"Not acceptable\"}")),
            ),
            quiet: (tested(call()), checked(call())),
        },
        Sample {
            rule: "user-agent-differs",
            fires: (tested(call().field("User-Agent", "lots-client/1.0")), failing(call().refused())),
            quiet: (script().sends(curl()).says("200"), checked(call())),
        },
        Sample {
            rule: "method-differs",
            fires: (
                tested(request("PUT", "/v1/lots").bearer(TOKEN)),
                failing(call().answered(405, "{\"message\":\"Use PUT\"}")),
            ),
            quiet: (tested(call()), checked(call())),
        },
        Sample {
            rule: "host-differs",
            fires: (tested(call()), failing(call().to("https", "eu.api.example.com", 443).refused())),
            quiet: (tested(call()), checked(call())),
        },
        Sample {
            rule: "path-differs",
            fires: (
                tested(get("/v2/lots").bearer(TOKEN)),
                failing(call().answered(404, "{\"message\":\"Gone\"}")),
            ),
            quiet: (tested(call()), checked(call())),
        },
        Sample {
            rule: "query-differs",
            fires: (tested(query("company=10&limit=100")), failing(query("company=1&limit=100").refused())),
            quiet: (tested(query("company=10&limit=100")), checked(query("limit=100&company=10"))),
        },
        Sample {
            rule: "body-differs",
            fires: (
                tested(posted("{\"Inicio\":\"2024-01-01\",\"Loja\":10}")),
                failing(bad_request(posted("{\"inicio\":\"2024-01-01\",\"Loja\":10}"))),
            ),
            quiet: (tested(posted(&at(Side::Sandbox))), checked(posted(&at(Side::Runtime)))),
        },
        Sample {
            rule: "protocol-differs",
            fires: (
                tested(call()),
                failing(call().version("HTTP/1.0").answered(426, "{\"message\":\"Upgrade to HTTP/1.1\"}")),
            ),
            quiet: (tested(call()), checked(call().version("HTTP/1.0"))),
        },
        Sample {
            rule: "request-missing",
            fires: (
                tested(post("/v1/activate", "{}").bearer(TOKEN)).sends(call()),
                failing(call().answered(403, "{\"message\":\"Activate first\"}")),
            ),
            quiet: (tested(call()), checked(call())),
        },
        Sample {
            rule: "request-unexpected",
            fires: (
                tested(call()),
                checked(call()).sends(get("/v1/audit").bearer(TOKEN).refused()).says(&failed("403")),
            ),
            quiet: (
                tested(page(1)).sends(page(2)),
                checked(page(1)).sends(page(2)).sends(page(3)).sends(page(4)),
            ),
        },
        Sample {
            rule: "redirect-differs",
            fires: (
                tested(call()),
                check(&good(), &manifest())
                    .sends(call().redirected(302, "/login?next=/v1/lots"))
                    .sends(get("/login?next=/v1/lots").bearer(TOKEN).answered_with(
                        200,
                        &[("Content-Type", "text/html")],
                        "<html><title>Sign in</title></html>",
                    ))
                    .says(&failed("no records")),
            ),
            quiet: (
                tested(call().redirected(307, "/v2/lots")).sends(get("/v2/lots").bearer(TOKEN)),
                checked(call().redirected(307, "/v2/lots")).sends(get("/v2/lots").bearer(TOKEN)),
            ),
        },
        Sample {
            rule: "response-differs",
            fires: (
                tested(call().answered_with(
                    200,
                    &[("Content-Type", "application/json"), ("Server", "nginx")],
                    "{\"data\":[{\"id\":1}]}",
                )),
                failing(call().answered_with(
                    403,
                    &[
                        ("Content-Type", "application/json"),
                        ("Server", "nginx"),
                        ("X-Cache", "MISS"),
                        ("X-Amzn-RequestId", "5b2f1c3e-9d1a-4c0b-8f27-3c9a6d7e1b44"),
                    ],
                    "{\"message\":\"Your address is not on the allow-list\"}",
                )),
            ),
            quiet: (tested(call()), checked(call().answered(500, "{}")).sends(call())),
        },
    ]
}
