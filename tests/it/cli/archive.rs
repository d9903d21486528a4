//! A folder of captures as a small archive: `list`, `show`, `prune`.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::clients::bench::{Bench, TOKEN, program, text};

/// Two captures in `captures/`, compared.
fn recorded() -> Option<Bench> {
    program("curl")?;
    let bench = Bench::new();
    let url = format!("http://{}/v1/lots", bench.api.http);
    let good = format!("Authorization: Bearer {TOKEN}");
    for (side, field) in [("sandbox", good.as_str()), ("runtime", "Authorization: Bearer None")] {
        let output = bench.samewire(&["record", side, "--", "curl", "-sS", "-H", field, &url]);
        assert!(output.status.success(), "{}", text(&output));
    }
    Some(bench)
}

fn list(bench: &Bench) -> Value {
    let output = bench.samewire(&["list", "--format", "json"]);
    assert!(output.status.success(), "{}", text(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_list_tells_what_the_last_diff_said() {
    let Some(bench) = recorded() else { return };
    assert!(list(&bench)["captures"].as_array().unwrap().iter().all(|one| one["verdict"].is_null()));
    assert_eq!(bench.samewire(&["diff"]).status.code(), Some(1));
    let listed = list(&bench);
    assert_eq!(listed["schema"], "samewire.list/1");
    let captures = listed["captures"].as_array().unwrap();
    assert_eq!(captures.len(), 2);
    assert_eq!(
        (&captures[0]["side"], &captures[1]["side"]),
        (&"runtime".into(), &"sandbox".into()),
        "newest first"
    );
    for capture in captures {
        assert_eq!(capture["verdict"]["verdict"], "differs", "{listed:#}");
        assert_eq!(capture["verdict"]["cause"], "token-null", "{listed:#}");
        assert_eq!((&capture["exchanges"], &capture["torn"]), (&1.into(), &false.into()), "{listed:#}");
    }
    let shown = bench.samewire(&["list"]);
    let page = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(page.starts_with("captures: 2 captures\nruntime  "), "{page}");
    assert!(page.contains("differs: token-null") && page.contains("curl -sS -H"), "{page}");
    assert!(!page.contains(TOKEN));
    let kept = bench.path("state/samewire/verdicts.jsonl");
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!std::fs::read_to_string(kept).unwrap().contains(TOKEN));
}

#[test]
fn a_list_marks_what_is_torn_and_counts_what_is_none() {
    let Some(bench) = recorded() else { return };
    let folder = bench.path("captures");
    let sandbox = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let sandbox = sandbox.into_iter().find(|path| path.to_str().unwrap().contains("sandbox")).unwrap();
    let whole = std::fs::read(&sandbox).unwrap();
    std::fs::write(&sandbox, &whole[..whole.len() - 20]).unwrap();
    bench.write("captures/browser.har", r#"{"log":{"entries":[]}}"#);
    std::os::unix::fs::symlink(&sandbox, bench.path("captures/link.har")).unwrap();
    let listed = list(&bench);
    let torn: Vec<_> =
        listed["captures"].as_array().unwrap().iter().map(|one| one["torn"].as_bool().unwrap()).collect();
    assert_eq!(torn, [false, true], "{listed:#}");
    let shown = bench.samewire(&["list"]);
    assert!(text(&shown).contains("1 file is no capture"), "{}", text(&shown));
    let shown = bench.samewire(&["show", sandbox.to_str().unwrap()]);
    assert!(text(&shown).contains("torn: read up to byte"), "{}", text(&shown));
    assert_eq!(bench.samewire(&["list", "no-such-folder"]).status.code(), Some(2));
}

#[test]
fn an_exchange_is_shown_as_it_was_sent() {
    let Some(bench) = recorded() else { return };
    let url = format!("http://{}/v1/lots", bench.api.http);
    bench.record(
        "runtime",
        "r.har",
        &["curl", "-sS", "-H", "Authorization: Bearer ", "-d", "{\"a\": \"secret-word-0123456789\"}", &url],
    );
    let all = bench.samewire(&["show", "r.har"]);
    let page = String::from_utf8_lossy(&all.stdout).into_owned();
    assert!(
        page.lines().count() == 2 && page.contains("#1  ") && page.contains(&format!("POST {url} -> ")),
        "{page}"
    );
    let one = bench.samewire(&["show", "r.har", "1"]);
    let page = String::from_utf8_lossy(&one.stdout).into_owned();
    assert!(page.contains("\nAuthorization: Bearer·\n"), "{page}");
    assert!(page.contains(&format!("POST {url} HTTP/1.1")) && page.contains("-> 4"), "{page}");
    assert!(!page.contains("secret-word"), "{page}");
    let none = bench.samewire(&["show", "r.har", "2"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(text(&none).contains("it has 1 exchange"), "{}", text(&none));
}

#[test]
fn prune_says_what_it_would_remove_and_touches_nothing_else() {
    let Some(bench) = recorded() else { return };
    let again = format!("http://{}/v1/lots", bench.api.http);
    let output = bench.samewire(&[
        "record",
        "runtime",
        "-o",
        "captures/runtime-20990101T000000Z.har",
        "--",
        "curl",
        "-sS",
        &again,
    ]);
    assert!(output.status.success(), "{}", text(&output));
    bench.write("captures/browser.har", r#"{"log":{"entries":[]}}"#);
    bench.write("captures/notes.txt", "mine");
    bench.write(
        "captures/below/sandbox-x.har",
        &std::fs::read_to_string(bench.path("captures/runtime-20990101T000000Z.har")).unwrap(),
    );
    let outside = bench.write(
        "elsewhere.har",
        &std::fs::read_to_string(bench.path("captures/runtime-20990101T000000Z.har")).unwrap(),
    );
    std::os::unix::fs::symlink(&outside, bench.path("captures/link.har")).unwrap();
    let files = || {
        let mut names: Vec<String> = std::fs::read_dir(bench.path("captures"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let before = files();
    let dry = bench.samewire(&["prune", "--keep", "1"]);
    assert!(dry.status.success() && text(&dry).contains("1 capture of 3 to remove"), "{}", text(&dry));
    assert!(text(&dry).contains("say --force"), "{}", text(&dry));
    assert_eq!(files(), before);
    let old = bench.samewire(&["prune", "--older-than", "1d", "--force"]);
    assert!(text(&old).contains("nothing to remove"), "{}", text(&old));
    let done = bench.samewire(&["prune", "--keep", "1", "--force"]);
    assert!(text(&done).contains("1 capture of 3 removed"), "{}", text(&done));
    let gone: Vec<&String> = before.iter().filter(|name| !files().contains(name)).collect();
    assert!(gone.len() == 1 && gone[0].starts_with("runtime-20") && !gone[0].contains("2099"), "{gone:?}");
    let all = bench.samewire(&["prune", "--keep", "0", "--force"]);
    assert!(all.status.success(), "{}", text(&all));
    assert_eq!(files(), ["below", "browser.har", "link.har", "notes.txt"]);
    assert!(outside.exists() && bench.path("captures/below/sandbox-x.har").exists());
    assert_eq!(bench.samewire(&["prune"]).status.code(), Some(2), "it wants to know what");
}
