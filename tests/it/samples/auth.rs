//! Samples of the auth rules.

use samewire::model::Side;
use serde_json::{Value, json};

use super::Sample;
use super::cast::{
    CLIENT_SECRET, ISSUED, OTHER, PASSWORD, REFRESH_TOKEN, SUCCEEDED, TESTED, TOKEN, basic, builder, call,
    check, checked, failed, failing, good, jwt, manifest, manifest_with, script, tested,
};
use super::story::{Sent, Story, get, request};

pub(super) fn samples() -> Vec<Sample> {
    let mut all = tokens();
    all.extend(places());
    all
}

/// A check with this config, whose Bearer token is refused.
fn sends(config: &Value, token: &str) -> Story {
    check(config, &manifest()).sends(get("/v1/lots").bearer(token).refused()).says(&failed("403"))
}

fn tokens() -> Vec<Sample> {
    let literal = json!({"api_key": "1.10"});
    let bare = manifest_with(
        &json!({"type": "ApiKeyAuthenticator", "api_token": "{{ config['api_key'] }}", "header": "X-API-Key"}),
        &json!({}),
    );
    let key = |value: &str| get("/v1/lots").field("X-API-Key", value);
    let dated = json!({"start_date": "2024-01-01T00:00:00Z", "api_key": TOKEN});
    let fresh = jwt(Side::Sandbox, 3600, &json!({"sub": "u1"}));
    let stale = jwt(Side::Runtime, -60, &json!({"sub": "u1"}));
    let again = jwt(Side::Runtime, 3600, &json!({"sub": "u1"}));
    let right = jwt(Side::Sandbox, 3600, &json!({"sub": "u1", "aud": "https://api.example.com"}));
    let wrong = jwt(Side::Runtime, 3600, &json!({"sub": "u1", "aud": "https://console.example.com"}));
    let with = |token: &str| json!({"api_key": token});
    let quiet = || (tested(call()), checked(call()));
    let unknown = check(&with(OTHER), &manifest())
        .sends(get("/v1/lots").bearer(OTHER).answered(403, "{\"message\":\"Unknown token\"}"))
        .says(&failed("403"));

    vec![
        Sample {
            rule: "token-missing",
            fires: (
                tested(call()),
                check(&good(), &manifest_with(&json!({"type": "NoAuth"}), &json!({})))
                    .sends(get("/v1/lots").unauthorized())
                    .says(&failed("401")),
            ),
            quiet: (tested(call()), sends(&json!({"apiKey": TOKEN}), "")),
        },
        Sample {
            rule: "token-empty",
            fires: (tested(call()), sends(&json!({"apiKey": TOKEN}), "")),
            quiet: quiet(),
        },
        Sample {
            rule: "token-null",
            fires: (tested(call()), sends(&json!({"api_key": null}), "None")),
            quiet: quiet(),
        },
        Sample {
            rule: "template-unrendered",
            fires: (tested(call()), sends(&with("${API_KEY}"), "${API_KEY}")),
            quiet: quiet(),
        },
        Sample {
            rule: "token-masked",
            fires: (tested(call()), sends(&with("**********"), "**********")),
            quiet: quiet(),
        },
        Sample {
            rule: "secret-unresolved",
            fires: (
                tested(call()),
                sends(
                    &with("airbyte_workspace_8a1f2c34_secret_6b0e_v1"),
                    "airbyte_workspace_8a1f2c34_secret_6b0e_v1",
                ),
            ),
            quiet: quiet(),
        },
        Sample {
            rule: "scheme-doubled",
            fires: (tested(call()), sends(&with(&format!("Bearer {TOKEN}")), &format!("Bearer {TOKEN}"))),
            quiet: (tested(call()), sends(&with("Bearer"), "Bearer")),
        },
        Sample {
            rule: "scheme-missing",
            fires: (tested(call()), failing(get("/v1/lots").field("Authorization", TOKEN).refused())),
            quiet: quiet(),
        },
        Sample {
            rule: "scheme-differs",
            fires: (
                tested(get("/v1/lots").field("Authorization", &format!("Token {TOKEN}"))),
                failing(call().refused()),
            ),
            quiet: (
                tested(call()),
                checked(get("/v1/lots").field("Authorization", &format!("bearer {TOKEN}"))),
            ),
        },
        Sample {
            rule: "token-altered",
            fires: (tested(call()), sends(&with(&format!("{TOKEN} ")), &format!("{TOKEN} "))),
            quiet: (tested(call()), sends(&with(OTHER), OTHER)),
        },
        Sample {
            rule: "token-cast",
            fires: (
                script().file("config.json", literal.to_string()).sends(key("1.10")).says("200"),
                check(&literal, &bare).sends(key("1.1").refused()).says(&failed("403")),
            ),
            quiet: (
                builder(&good(), &bare).sends(key(TOKEN)).says(TESTED),
                check(&good(), &bare).sends(key(TOKEN)).says(SUCCEEDED),
            ),
        },
        Sample {
            rule: "token-swapped",
            fires: (
                builder(&dated, &manifest()).sends(call()).says(TESTED),
                sends(&dated, "2024-01-01T00:00:00Z"),
            ),
            quiet: quiet(),
        },
        Sample {
            rule: "token-differs",
            fires: (tested(call()), unknown),
            quiet: (tested(call()), sends(&with(&TOKEN[..24]), &TOKEN[..24])),
        },
        Sample {
            rule: "token-expired",
            fires: (
                builder(&with(&fresh), &manifest()).sends(get("/v1/lots").bearer(&fresh)).says(TESTED),
                sends(&with(&stale), &stale),
            ),
            quiet: (
                builder(&with(&fresh), &manifest()).sends(get("/v1/lots").bearer(&fresh)).says(TESTED),
                check(&with(&again), &manifest()).sends(get("/v1/lots").bearer(&again)).says(SUCCEEDED),
            ),
        },
        Sample {
            rule: "token-kind-wrong",
            fires: (
                builder(&with(&right), &manifest()).sends(get("/v1/lots").bearer(&right)).says(TESTED),
                sends(&with(&wrong), &wrong),
            ),
            quiet: (
                builder(&with(&fresh), &manifest()).sends(get("/v1/lots").bearer(&fresh)).says(TESTED),
                check(&with(&again), &manifest()).sends(get("/v1/lots").bearer(&again)).says(SUCCEEDED),
            ),
        },
    ]
}

fn places() -> Vec<Sample> {
    let key = |sent: Sent| sent.field("X-API-Key", TOKEN);
    let lots = || get("/v1/lots");
    let moved = || lots().redirected(302, "https://data.example.com/v2/lots");
    let elsewhere = || get("/v2/lots").to("https", "data.example.com", 443);
    let oauth =
        json!({"client_id": "lots-client", "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN});
    let refreshing = manifest_with(
        &json!({
            "type": "OAuthAuthenticator",
            "client_id": "{{ config['client_id'] }}",
            "client_secret": "{{ config['client_secret'] }}",
            "refresh_token": "{{ config['refresh_token'] }}",
            "token_refresh_endpoint": "https://api.example.com/oauth/token",
        }),
        &json!({}),
    );
    let form = format!(
        "grant_type=refresh_token&client_id=lots-client&client_secret={CLIENT_SECRET}&refresh_token={REFRESH_TOKEN}"
    );
    let refresh = || request("POST", "/oauth/token").body("application/x-www-form-urlencoded", &form);
    let issued = || {
        refresh().answered(
            200,
            &json!({"access_token": ISSUED, "token_type": "bearer", "expires_in": 3600}).to_string(),
        )
    };
    let with_issued = || lots().bearer(ISSUED);

    vec![
        Sample {
            rule: "credentials-moved",
            fires: (tested(key(lots())), failing(get(&format!("/v1/lots?api_key={TOKEN}")).unauthorized())),
            quiet: (tested(key(lots())), checked(key(lots()))),
        },
        Sample {
            rule: "credentials-duplicated",
            fires: (
                tested(call()),
                failing(
                    call()
                        .also("authorization", &format!("Bearer {TOKEN}"))
                        .answered(400, "{\"error\":\"invalid_request\"}"),
                ),
            ),
            quiet: (tested(call()), checked(call())),
        },
        Sample {
            rule: "credentials-overridden",
            fires: (
                tested(call()),
                failing(lots().field("Authorization", &basic("deploy", PASSWORD)).refused()),
            ),
            quiet: (
                tested(lots().field("Authorization", &basic("deploy", PASSWORD))),
                checked(lots().field("Authorization", &basic("deploy", PASSWORD))),
            ),
        },
        Sample {
            rule: "credentials-lost-on-redirect",
            fires: (
                tested(moved().bearer(TOKEN)).sends(elsewhere().bearer(TOKEN)),
                failing(moved().bearer(TOKEN)).sends(elsewhere().unauthorized()),
            ),
            quiet: (
                tested(moved().bearer(TOKEN)).sends(elsewhere().bearer(TOKEN)),
                checked(moved().bearer(TOKEN)).sends(elsewhere().bearer(TOKEN)),
            ),
        },
        Sample {
            rule: "credentials-leaked-on-redirect",
            fires: (
                tested(key(moved())).sends(key(elsewhere())),
                checked(key(moved())).sends(key(elsewhere())),
            ),
            quiet: (tested(key(moved())).sends(elsewhere()), checked(key(moved())).sends(elsewhere())),
        },
        Sample {
            rule: "token-refresh-failed",
            fires: (
                builder(&oauth, &refreshing).sends(issued()).sends(with_issued()).says(TESTED),
                check(&oauth, &refreshing)
                    .sends(refresh().answered(400, "{\"error\":\"invalid_grant\"}"))
                    .says(&failed("400 Client Error")),
            ),
            quiet: (
                builder(&oauth, &refreshing).sends(issued()).sends(with_issued()).says(TESTED),
                check(&oauth, &refreshing).sends(issued()).sends(with_issued()).says(SUCCEEDED),
            ),
        },
    ]
}
