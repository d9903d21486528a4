//! Samples of the setup rules.

use serde_json::json;

use super::Sample;
use super::cast::{
    SUCCEEDED, TESTED, TOKEN, bearer, builder, call, check, check_file, checked, failed, good, log, manifest,
    manifest_with, spec, strict, tested, with_spec, without_spec,
};
use super::story::{Story, get};

const SPEC_MISSING: &str = "Unable to find spec.yaml or spec.json in the package.";

pub(super) fn samples() -> Vec<Sample> {
    let nothing_sent = |story: Story, message: &str| story.says(&failed(message));
    let nested = manifest_with(
        &json!({"type": "BearerAuthenticator", "api_token": "{{ config['credentials']['api_key'] }}"}),
        &json!({}),
    );
    let api_key = json!({"type": "string", "airbyte_secret": true});
    let with_base_url = with_spec(
        manifest_with(&bearer(), &json!({"url": "{{ config['base_url'] }}/v1/lots"})),
        spec(
            &[],
            &json!({"api_key": api_key, "base_url": {"type": "string", "default": "https://api.example.com"}}),
        ),
    );
    let custom = manifest_with(
        &json!({"type": "CustomAuthenticator", "class_name": "source_declarative_manifest.components.LotsAuthenticator"}),
        &json!({}),
    );
    let misfit = manifest_with(
        &json!({"type": "ApiKeyAuthenticator", "api_key": "{{ config['api_key'] }}", "header_name": "X-API-Key"}),
        &json!({}),
    );
    let twice = manifest_with(
        &bearer(),
        &json!({"request_headers": {"Authorization": "Bearer {{ config['api_key'] }}"}}),
    );
    let undeclared =
        manifest_with(&json!({"type": "BearerAuthenticator", "api_token": "{{ api_key }}"}), &json!({}));
    let collision = "Request body collision, duplicate keys detected at key path: Authorization";
    let refusal = format!(
        "Invalid leading whitespace, reserved character(s), or return character(s) in header value: 'Bearer {TOKEN}\\n'"
    );
    let context = format!(
        "Jinja macro has undeclared variables: {{'api_key'}}. Context: {{'config': {{'api_key': '{TOKEN}'}}}}"
    );
    let full = json!({"api_key": TOKEN, "base_url": "https://api.example.com"});
    let traceback = "Traceback (most recent call last):\n  File \"main.py\", line 4, in <module>\n    run()\nFileNotFoundError: [Errno 2] No such file or directory: 'source_lots/manifest.yaml'";

    vec![
        Sample {
            rule: "spec-missing",
            fires: (tested(call()), check(&good(), &without_spec(manifest())).says(&log("FATAL", SPEC_MISSING)).exits(1)),
            quiet: (tested(call()), checked(call()).says(&log("WARN", SPEC_MISSING))),
        },
        Sample {
            rule: "manifest-missing",
            fires: (tested(call()), Story::of("python main.py check --config config.json").file("config.json", good().to_string()).complains(traceback).exits(1)),
            quiet: (tested(call()), checked(call())),
        },
        Sample {
            rule: "manifest-rejected",
            fires: (
                tested(call()),
                check(&good(), &manifest_with(&bearer(), &json!({"request_body": {"type": "Lots"}})))
                    .says(&log("FATAL", "Validation against json schema defined in declarative_component_schema.yaml schema failed"))
                    .exits(1),
            ),
            quiet: (tested(call()), checked(call()).says(&log("INFO", "the manifest's version is newer than the framework's"))),
        },
        Sample {
            rule: "authenticator-misconfigured",
            fires: (tested(call()), nothing_sent(check(&good(), &misfit), "Expected either inject_into or header to be set for ApiKeyAuthenticator")),
            quiet: (tested(call()), checked(call())),
        },
        Sample {
            rule: "config-key-missing",
            fires: (
                builder(&good(), &strict()).sends(call()).says(TESTED),
                nothing_sent(check(&json!({"apiKey": TOKEN}), &strict()), "Config validation error: 'api_key' is a required property"),
            ),
            quiet: (builder(&good(), &strict()).sends(call()).says(TESTED), check(&good(), &strict()).sends(call()).says(SUCCEEDED)),
        },
        Sample {
            rule: "config-invalid",
            fires: (
                builder(&good(), &strict()).sends(call()).says(TESTED),
                nothing_sent(check_file("{\"api_key\": 90071992547409913207}", &strict()), "Config validation error: 90071992547409913207 is not of type 'string'"),
            ),
            quiet: (tested(call()), checked(call())),
        },
        Sample {
            rule: "config-path-undefined",
            fires: (tested(call()), nothing_sent(check(&good(), &nested), "UndefinedError: 'dict object' has no attribute 'credentials'")),
            quiet: (tested(call()), check(&json!({"credentials": good()}), &nested).sends(call()).says(SUCCEEDED)),
        },
        Sample {
            rule: "template-error",
            fires: (tested(call()), nothing_sent(check(&good(), &undeclared), &context)),
            quiet: (tested(call()), checked(call())),
        },
        Sample {
            rule: "credentials-conflict",
            fires: (tested(call()), nothing_sent(check(&good(), &twice), collision)),
            quiet: (tested(call()), check(&good(), &twice).sends(call()).says(SUCCEEDED)),
        },
        Sample {
            rule: "field-refused",
            fires: (tested(call()), nothing_sent(check(&json!({"api_key": format!("{TOKEN}\n")}), &manifest()), &refusal)),
            quiet: (tested(call()), checked(call())),
        },
        Sample {
            rule: "default-not-applied",
            fires: (
                builder(&full, &with_base_url).sends(call()).says(TESTED),
                nothing_sent(check(&good(), &with_base_url), "Invalid URL '/v1/lots': No scheme supplied. Perhaps you meant https:///v1/lots?"),
            ),
            quiet: (
                builder(&full, &with_base_url).sends(call()).says(TESTED),
                check(&full, &with_base_url).sends(get("/v1/lots").bearer("").unauthorized()).says(&failed("401")),
            ),
        },
        Sample {
            rule: "custom-code-refused",
            fires: (
                tested(call()),
                check(&good(), &custom)
                    .says(&log("FATAL", "Custom connector code is not permitted in this environment."))
                    .exits(1),
            ),
            quiet: (tested(call()), check(&good(), &custom).sends(call()).says(SUCCEEDED)),
        },
        Sample {
            rule: "start-failed",
            fires: (
                tested(call()),
                Story::of("python -m source_lots.run check --config config.json")
                    .file("config.json", good().to_string())
                    .complains("Error while finding module specification for 'source_lots.run' (ModuleNotFoundError: No module named 'source_lots')")
                    .exits(1),
            ),
            quiet: (tested(call()), check(&good(), &without_spec(manifest())).says(&log("FATAL", SPEC_MISSING)).exits(1)),
        },
    ]
}
