//! Causes that put the same on the wire: config, manifest, spec, environment and earlier answers tell them apart, and where none of
//! these is at hand, the finding says so.

use samewire::diagnose::{Confidence, Finding};
use samewire::model::{ClueKind, Json, Text};

use super::runs::{Run, TOKEN, diagnosed, run};

const LOTS: &str = "GET https://api.example.com/v1/lots";
const LOGIN: &str = "POST https://api.example.com/oauth/token";
const OTHER: &str = "tok_Zz8Yy7Xx6Ww5Vv4Uu3Tt2Ss1Rr0Qq9Pp8";
const ISSUED: &str = "at_Dv7qMk2Xs9Lw4Bn6Tz1Rp8Hc5Gf3Yj0Ua";
const PLACE: &str = "field authorization";
const HEADER: &str = "/streams/0/retriever/requester/request_headers/Authorization";

fn sends(run: Run, token: &str, status: u16) -> Run {
    run.sends(LOTS, &[&format!("Authorization: Bearer {token}")], status)
}

fn without(run: Run) -> Run {
    run.sends(LOTS, &["Accept: application/json"], 401)
}

/// A manifest that reads the key, and a spec that does not require it.
fn reads(run: Run) -> Run {
    run.sets(PLACE, "/api_key", 12).spec("/api_key", false)
}

fn good() -> Run {
    sends(reads(run()).config("/api_key", TOKEN), TOKEN, 200)
}

/// Two authenticators for one place, and what chooses between them.
fn selective(run: Run, choice: &str) -> Run {
    run.sets(PLACE, "/credentials/api_key", 20)
        .sets(PLACE, "/credentials/access_token", 31)
        .reads("/authenticator/authenticator_selection_path", "/credentials/type", false)
        .config("/credentials/type", choice)
}

fn login(run: Run, member: &str) -> Run {
    let answer = Json::Object(vec![(member.into(), Json::String(Text::shown("x")))]);
    run.sends(LOGIN, &["grant_type=client_credentials"], 200).answered(answer)
}

fn variable(value: &str, status: u16) -> Run {
    sends(run().variable("API_TOKEN", value), value, status)
}

fn first(sandbox: &Run, runtime: &Run) -> Finding {
    diagnosed(sandbox, runtime).diagnosis.findings.into_iter().next().expect("a finding")
}

/// Symptom, cause, sandbox, runtime.
fn table() -> Vec<(&'static str, &'static str, Run, Run)> {
    let login_first = |status| sends(login(run(), "access_token"), ISSUED, status);
    let chosen = |run: Run| sends(selective(run, "key").config("/credentials/api_key", TOKEN), TOKEN, 200);
    let unchosen = || selective(run(), "oauth").config("/credentials/api_key", TOKEN);
    let header = |run: Run| run.sets(PLACE, "/api_key", 9).reads(HEADER, "/api_key", true);
    let empty = |run: Run| sends(run, "", 403);
    let null = |run: Run| sends(run, "None", 403);
    let masked = "********";
    vec![
        // `Bearer ` and nothing after it
        ("token-empty", "key-absent", good(), empty(reads(run()).config("/store", "berlin"))),
        ("token-empty", "key-renamed", good(), empty(reads(run()).config("/apiKey", TOKEN))),
        ("token-empty", "key-elsewhere", good(), empty(reads(run()).config("/credentials/api_key", TOKEN))),
        ("token-empty", "value-empty", good(), empty(reads(run()).config("/api_key", ""))),
        ("token-empty", "value-null", good(), empty(reads(run()).null("/api_key"))),
        ("token-empty", "default-absent", good(), empty(reads(run()).default().config("/store", "berlin"))),
        ("token-empty", "other-branch", chosen(run()), empty(unchosen())),
        ("token-empty", "variable-unset", variable(TOKEN, 200), empty(run().variable("HOME_KEY", OTHER))),
        ("token-empty", "variable-unset", variable(TOKEN, 200), empty(run().variable("API_TOKEN", ""))),
        ("token-empty", "answer-without-token", login_first(200), empty(login(run(), "token"))),
        (
            "token-empty",
            "reads-another",
            good(),
            empty(run().config("/api_key", TOKEN).sets(PLACE, "/key", 3)),
        ),
        // a word for nothing
        ("token-null", "value-null", good(), null(reads(run()).null("/api_key"))),
        ("token-null", "value-word-for-nothing", good(), null(reads(run()).config("/api_key", "None"))),
        ("token-null", "key-absent", good(), null(reads(run()).config("/store", "berlin"))),
        ("token-altered", "value-with-blanks", variable(TOKEN, 200), variable(&format!("{TOKEN}\n"), 403)),
        ("token-differs", "value-other", variable(TOKEN, 200), variable(OTHER, 403)),
        ("token-null", "variable-unset", variable(TOKEN, 200), null(run().variable("HOME_KEY", OTHER))),
        // no field
        (
            "token-missing",
            "key-absent",
            header(good()),
            without(header(reads(run())).config("/store", "berlin")),
        ),
        ("token-missing", "value-null", header(good()), without(header(reads(run())).null("/api_key"))),
        (
            "token-missing",
            "definition-absent",
            good(),
            without(run().config("/api_key", TOKEN).reads("/url", "/store", false)),
        ),
        ("token-missing", "other-branch", chosen(run()), without(unchosen())),
        ("token-missing", "variable-unset", variable(TOKEN, 200), without(run().variable("HOME_KEY", OTHER))),
        // a placeholder
        (
            "template-unrendered",
            "value-template",
            good(),
            sends(reads(run()).config("/api_key", "${API_KEY}"), "${API_KEY}", 403),
        ),
        ("token-masked", "value-mask", good(), sends(reads(run()).config("/api_key", masked), masked, 403)),
        (
            "secret-unresolved",
            "value-reference",
            good(),
            sends(reads(run()).config("/api_key", "arn:aws:x"), "arn:aws:x", 403),
        ),
        // a scheme too many
        (
            "scheme-doubled",
            "value-with-scheme",
            good(),
            sends(
                reads(run()).config("/api_key", &format!("Bearer {TOKEN}")),
                &format!("Bearer {TOKEN}"),
                403,
            ),
        ),
        (
            "scheme-doubled",
            "scheme-added",
            good(),
            sends(reads(run()).config("/api_key", TOKEN), &format!("Bearer {TOKEN}"), 403),
        ),
        // white space
        (
            "token-altered",
            "value-with-blanks",
            good(),
            sends(reads(run()).config("/api_key", &format!("{TOKEN} ")), &format!("{TOKEN} "), 403),
        ),
        (
            "token-altered",
            "changed-on-the-way",
            good(),
            sends(reads(run()).config("/api_key", TOKEN), &format!("{TOKEN} "), 403),
        ),
        // another token
        ("token-differs", "value-other", good(), sends(reads(run()).config("/api_key", OTHER), OTHER, 403)),
    ]
}

#[test]
fn each_cause_of_a_symptom_is_told_by_what_is_at_hand() {
    let mut wrong = Vec::new();
    for (symptom, cause, sandbox, runtime) in table() {
        let found = first(&sandbox, &runtime);
        let told = found.detail.get("cause_kind").and_then(serde_json::Value::as_str);
        if found.rule.name != symptom || told != Some(cause) || found.confidence != Confidence::Certain {
            wrong.push(format!(
                "{symptom}, {cause}: {} {told:?} {:?} {:?}",
                found.rule.name, found.confidence, found.detail
            ));
        }
        if found.remedies.is_empty() || !found.detail.contains_key("cause") {
            wrong.push(format!("{symptom}, {cause}: no cause or remedy"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn with_nothing_at_hand_the_causes_cannot_be_told_apart() {
    let bare = |token: &str, status| sends(run(), token, status);
    let doubled = format!("Bearer {TOKEN}");
    let spaced = format!("{TOKEN} ");
    for (symptom, runtime, least) in [
        ("token-empty", bare("", 403), 6),
        ("token-null", bare("None", 403), 3),
        ("token-missing", without(run()), 4),
        ("template-unrendered", bare("${API_KEY}", 403), 2),
        ("token-masked", bare("********", 403), 2),
        ("secret-unresolved", bare("arn:aws:x", 403), 2),
        ("scheme-doubled", bare(&doubled, 403), 2),
        ("token-altered", bare(&spaced, 403), 2),
        ("token-differs", bare(OTHER, 403), 3),
    ] {
        let found = first(&bare(TOKEN, 200), &runtime);
        assert_eq!(found.rule.name, symptom);
        assert_eq!(found.detail["cause_kind"], "cannot-be-told-apart", "{symptom}");
        assert!(
            found.detail["cause"]
                .as_str()
                .is_some_and(|cause| cause.starts_with("these causes cannot be told apart"))
        );
        let listed = |name: &str| found.detail[name].as_array().map(Vec::len).unwrap_or_default();
        assert!(listed("possible_causes") >= least, "{symptom}: {:?}", found.detail);
        assert!(listed("would_tell") >= 1, "{symptom}: {:?}", found.detail);
        assert!(found.confidence < Confidence::Certain, "{symptom}");
        let tells = found.remedies.iter().any(|remedy| remedy.text.starts_with("to tell the causes apart: "));
        assert!(tells, "{symptom}: {:?}", found.remedies);
    }
}

#[test]
fn a_program_of_one_s_own_is_told_nothing_of_manifests() {
    let plain = |run: Run| run.client("python").client("requests");
    for (symptom, token, own) in [
        ("token-empty", "", plain(run())),
        ("token-empty", "", plain(run()).config("/store", "berlin")),
        ("token-differs", OTHER, plain(run())),
    ] {
        let told = |runtime: Run| {
            let found = first(&sends(run(), TOKEN, 200), &sends(runtime, token, 403));
            assert_eq!(found.rule.name, symptom);
            let texts = found.remedies.iter().map(|remedy| remedy.text.as_str());
            let causes = found.detail["cause"].as_str();
            texts.chain(causes).any(|text| text.contains("manifest") || text.contains("selective"))
        };
        assert!(!told(own.clone()), "{symptom}");
        assert!(told(own.client("airbyte-cdk")), "{symptom}");
        assert!(told(run()), "{symptom}: where nothing is known, a manifest cannot be excluded");
    }
}

#[test]
fn what_is_at_hand_rules_causes_out() {
    let config = sends(reads(run()).config("/api_key", TOKEN).variable("HOME_KEY", OTHER), "", 403);
    let found = first(&good(), &config);
    assert_eq!(found.detail["possible_causes"], serde_json::json!(["lost-on-the-way"]));
    assert_eq!(found.detail["cause"], "not proven; what is left is that a sound value is lost on the way");
    assert_eq!(found.confidence, Confidence::Likely);
}

#[test]
fn a_chosen_branch_is_told_with_what_chose_it_and_what_it_lacks() {
    let found = first(
        &sends(selective(run(), "key").config("/credentials/api_key", TOKEN), TOKEN, 200),
        &sends(selective(run(), "oauth").config("/credentials/api_key", TOKEN), "", 403),
    );
    assert_eq!(
        found.detail["cause"],
        "runtime's manifest chose another of its 2 authenticators by `credentials.type`: the BearerAuthenticator (line 31), and it reads \
         config.credentials.access_token, which has no value"
    );
}

#[test]
fn a_token_request_that_was_never_made_is_laid_to_the_config() {
    let oauth = |run: Run| {
        run.sets("body client_id", "/client_id", 18).by("OAuthAuthenticator").spec("/client_id", false)
    };
    let failed = || ClueKind::CheckStatus { succeeded: false };
    let sandbox = sends(oauth(run()).config("/client_id", OTHER), TOKEN, 200);
    for (runtime, cause) in [
        (oauth(run()).config("/clientId", OTHER), "key-renamed"),
        (oauth(run()).config("/client_id", ""), "value-empty"),
        (oauth(run()).config("/store", "berlin"), "key-absent"),
    ] {
        let found = diagnosed(&sandbox, &runtime.clue(failed())).diagnosis.findings;
        let names: Vec<_> = found.iter().map(|finding| finding.rule.name).collect();
        assert_eq!(names, ["token-empty"]);
        assert_eq!(found[0].detail["cause_kind"], cause);
    }
    // What is there is not the cause, nor what no token is asked for with.
    let whole = oauth(run()).config("/client_id", OTHER).clue(failed());
    let bearer = reads(run()).config("/store", "berlin").clue(failed());
    for (sandbox, runtime) in [(&sandbox, &whole), (&good(), &bearer)] {
        let found = diagnosed(sandbox, runtime).diagnosis.findings;
        assert!(found.iter().all(|finding| finding.rule.name != "token-empty"), "{found:?}");
    }
}
