//! An agent package as it runs in a product: on this machine with the vendor's token, or hosted, where the token of an Airbyte application
//! is all that is on the wire.

use std::process::Output;

use super::bench::{Bench, TOKEN, first_rule, python, text};

/// The mock's own application.
const SECRET: &str = "app_secret_Wq7Lk2Zx9Rt4Vb8Nm3Hs6Jd1Pf5Gc0Ye";
/// Another one.
const OTHER: &str = "app_secret_Bn3Xz8Qw5Er2Ty7Ui4Op9As6Df1Gh0Jk";
/// The end user's token at the vendor, which a hosted connector never sees.
const OF_USER: &str = "ghp_Kd83kLsPq02mZx71VbNc6TyRw94hJf5GaEuO";

const HOSTED: &str = "
import asyncio, os, sys
from airbyte_agent_github import GithubConnector
from airbyte_agent_github._vendored.connector_sdk.cloud_utils.client import AirbyteCloudClient

AirbyteCloudClient.AUTH_BASE_URL = AirbyteCloudClient.API_BASE_URL = sys.argv[1]
connector = GithubConnector(
    external_user_id='user-7', airbyte_client_id='client-7', airbyte_client_secret=os.environ['CLIENT_SECRET']
)
try:
    asyncio.run(connector.execute('viewer', 'get', {}))
except Exception as error:
    sys.exit(f'{type(error).__name__}: {error}')
";

fn hosted(bench: &Bench, side: &str, file: &str, secret: &str) -> Output {
    let python = python().unwrap().display().to_string();
    let url = format!("http://{}", bench.api.http);
    let script = bench.write("hosted.py", HOSTED).display().to_string();
    // These calls are made whatever one tells the package. They lead nowhere here, and are not recorded.
    let port = bench.api.https.port();
    let noise =
        [format!("api.ipify.org:443:127.0.0.1:{port}"), format!("api.segment.io:443:127.0.0.1:{port}")];
    let options = ["--connect-to", &noise[0], "--connect-to", &noise[1]];
    let mut command = bench.recording(side, file, &options, &[&python, &script, &url]);
    let output = command.env("CLIENT_SECRET", secret).env("GITHUB_TOKEN", OF_USER).output().unwrap();
    assert_ne!(output.status.code(), Some(125), "{}", text(&output));
    output
}

fn requests(bench: &Bench, file: &str) -> Vec<String> {
    let capture = samewire::capture::read(&bench.path(file)).unwrap();
    let line = |exchange: &samewire::model::Exchange| {
        format!("{} {}", exchange.request.method, exchange.request.target.path)
    };
    capture.exchanges.iter().map(line).collect()
}

#[test]
fn a_hosted_connector_that_gets_no_token_asks_nothing_else() {
    if python().is_none() {
        return;
    }
    let bench = Bench::new();
    hosted(&bench, "sandbox", "s.har", SECRET);
    let sound = requests(&bench, "s.har");
    assert_eq!(sound[0], "POST /api/v1/applications/token", "{sound:?}");
    assert!(sound[1].starts_with("GET /api/v1/connectors/instances_for_user"), "{sound:?}");
    let output = hosted(&bench, "runtime", "r.har", OTHER);
    assert!(!output.status.success());
    assert_eq!(requests(&bench, "r.har"), ["POST /api/v1/applications/token"]);
    let (status, report) = bench.diff("s.har", "r.har");
    let known = ["token-refresh-failed", "token-differs"];
    assert_eq!(status, 1, "{report:#}");
    assert!(known.contains(&first_rule(&report)), "{report:#}");
    let rules: Vec<&str> =
        report["findings"].as_array().unwrap().iter().filter_map(|found| found["rule"].as_str()).collect();
    assert!(rules.contains(&"token-refresh-failed"), "{rules:?}");
    for file in ["s.har", "r.har"] {
        let capture = std::fs::read_to_string(bench.path(file)).unwrap();
        for secret in [SECRET, OTHER, OF_USER, TOKEN] {
            assert!(!capture.contains(&secret[..20]), "{file} holds {}", &secret[..10]);
        }
        assert!(!capture.contains("api.ipify.org/"), "telemetry is not recorded");
    }
}

#[test]
fn two_healthy_hosted_runs_are_the_same() {
    if python().is_none() {
        return;
    }
    let bench = Bench::new();
    hosted(&bench, "sandbox", "s.har", SECRET);
    hosted(&bench, "runtime", "r.har", SECRET);
    let (status, report) = bench.diff("s.har", "r.har");
    assert_eq!((status, first_rule(&report)), (0, "none"), "{report:#}");
}
