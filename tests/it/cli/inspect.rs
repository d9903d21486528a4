//! `samewire inspect`: packages of every form, made here, read and never run.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const MANIFEST: &str = r##"version: 6.0.0
type: DeclarativeSource
check: {type: CheckStream, stream_names: [lots]}
definitions:
  requester:
    type: HttpRequester
    url_base: https://api.example.com
    path: /v1/lots
    authenticator:
      type: BearerAuthenticator
      api_token: "{{ config['api_key'] }}"
    request_headers:
      Accept: application/json
streams:
  - type: DeclarativeStream
    name: lots
    retriever:
      type: SimpleRetriever
      requester: {$ref: "#/definitions/requester"}
      record_selector: {type: RecordSelector, extractor: {type: DpathExtractor, field_path: [data]}}
"##;
const SPEC: &str = "spec:
  type: Spec
  connection_specification:
    type: object
    required: [api_key]
    properties:
      api_key: {type: string, airbyte_secret: true}
";
const SOURCE: &str = "class SourceAcme(YamlDeclarativeSource):
    def __init__(self):
        super().__init__(**{\"path_to_yaml\": \"manifest.yaml\"})
";

fn inspect(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_samewire")).arg("inspect").args(arguments).output().unwrap()
}

/// Rule and severity of each finding that is more than a note, and the exit status.
fn findings(path: &Path) -> (Vec<(String, String)>, Option<i32>) {
    let out = inspect(&[path.to_str().unwrap(), "--format", "json"]);
    let report: Value = serde_json::from_slice(&out.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&out.stderr)));
    assert_eq!(report["schema"], "samewire.inspect/1");
    let word = |finding: &Value, member: &str| finding[member].as_str().unwrap().to_owned();
    let found = report["findings"].as_array().unwrap().iter();
    let found = found.filter(|finding| finding["severity"] != "note");
    (found.map(|one| (word(one, "rule"), word(one, "severity"))).collect(), out.status.code())
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn rules(files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let (found, status) = findings(folder.path());
    let worst = found.iter().any(|(_, severity)| severity == "error");
    assert_eq!(status, Some(i32::from(worst)), "{found:?}");
    found.into_iter().map(|(rule, _)| rule).collect()
}

fn manifest_with(change: impl Fn(String) -> String) -> Vec<String> {
    rules(&[("manifest.yaml", &change(format!("{MANIFEST}{SPEC}")))])
}

#[test]
fn a_sound_connector_has_no_finding() {
    assert_eq!(manifest_with(|text| text), [""; 0]);
    let with_config = [
        ("manifest.yaml", &*format!("{MANIFEST}{SPEC}")),
        ("secrets/config.json", r#"{"api_key": "k3y-f0r-t3sts-0nly"}"#),
    ];
    assert_eq!(rules(&with_config), [""; 0]);
}

#[test]
fn each_fault_of_a_manifest_has_the_name_of_its_rule() {
    let swap = |from: &'static str, to: &'static str| {
        manifest_with(move |text| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        })
    };
    assert_eq!(swap(SPEC, ""), ["spec-missing"]);
    assert_eq!(swap("type: SimpleRetriever", "type: AcmeRetriever"), ["manifest-rejected"]);
    assert_eq!(
        swap("#/definitions/requester", "#/definitions/nowhere"),
        ["manifest-rejected", "manifest-rejected"]
    );
    assert_eq!(swap("[data]}}", "[data]"), ["manifest-rejected"]);
    assert_eq!(swap("api_token:", "api_key:"), ["authenticator-misconfigured"]);
    assert_eq!(swap("config['api_key']", "config['credentials']['api_key']"), ["config-path-undefined"]);
    assert_eq!(swap("config['api_key']", "config['apikey']"), ["config-path-undefined"]);
    assert_eq!(swap("{{ config['api_key'] }}", "{{ api_key }}"), ["template-error"]);
    assert_eq!(swap("{{ config['api_key'] }}", "{{ config['api_key'] }"), ["template-error"]);
    assert_eq!(swap("{{ config['api_key'] }}", "{ config['api_key'] }"), ["template-unrendered"]);
    assert_eq!(swap("\"{{ config", "\"Bearer {{ config"), ["scheme-doubled"]);
    assert_eq!(swap("Accept: application/json", "Authorization: x"), ["credentials-conflict"]);
    assert_eq!(swap("Accept: application/json", "authorization: x"), ["credentials-conflict"]);
    assert_eq!(swap(", airbyte_secret: true", ""), ["secret-unmarked"]);
    assert_eq!(swap("required: [api_key]", "required: []"), ["token-empty"]);
    assert_eq!(
        swap("url_base: https://api.example.com", "url_base: \"{{ config['url'] }}\""),
        ["config-path-undefined"]
    );
}

#[test]
fn a_config_is_judged_without_being_shown() {
    let manifest = format!("{MANIFEST}{SPEC}");
    let loose = manifest.replace("required: [api_key]", "required: []");
    for (manifest, config, rule) in [
        (&manifest, r#"{"apiKey": "planted-secret-4711"}"#, "config-key-missing"),
        (&loose, r#"{"apiKey": "planted-secret-4711"}"#, "token-empty"),
        (&manifest, r#"{"api_key": 4711471147114711}"#, "config-invalid"),
        (&manifest, "\u{feff}{\"api_key\": \"planted-secret-4711\"}", "config-invalid"),
        (&manifest, "api_key: planted-secret-4711", "config-invalid"),
        (&manifest, r#"{"api_key": "planted-secret-4711\n"}"#, "field-refused"),
        (&manifest, r#"{"api_key": "planted-secret-4711 "}"#, "token-altered"),
        (&manifest, r#"{"api_key": "Bearer planted-secret-4711"}"#, "scheme-doubled"),
        (&manifest, r#"{"api_key": "**********"}"#, "token-masked"),
        (&manifest, r#"{"api_key": "${API_KEY}"}"#, "template-unrendered"),
        (&manifest, r#"{"api_key": "12345678e9012"}"#, "token-cast"),
    ] {
        let folder = folder(&[("manifest.yaml", manifest), ("secrets/config.json", config)]);
        for format in ["terminal", "json"] {
            let out = inspect(&[folder.path().to_str().unwrap(), "--format", format]);
            let text = String::from_utf8(out.stdout).unwrap();
            assert_eq!(out.status.code(), Some(1), "{config}: {text}");
            assert!(text.contains(rule), "{config}: {text}");
            assert!(
                !text.contains("planted") && !text.contains("4711") && !text.contains("12345678e"),
                "{text}"
            );
        }
    }
}

#[test]
fn what_is_not_packaged_is_found() {
    let spec = "connectionSpecification: {type: object, required: [api_key], properties: {api_key: {type: string, airbyte_secret: true}}}";
    let package = |setup: &str, more: &[(&str, &str)]| {
        let mut files = vec![
            ("setup.py", setup),
            ("source_acme/__init__.py", ""),
            ("source_acme/source.py", SOURCE),
            ("source_acme/manifest.yaml", MANIFEST),
            ("source_acme/spec.yaml", spec),
        ];
        files.extend(more);
        rules(&files)
    };
    assert_eq!(package("setup(package_data={'': ['*.yaml']})", &[]), [""; 0]);
    assert_eq!(package("setup(package_data={'': ['*.json']})", &[]), ["manifest-missing", "spec-missing"]);
    assert_eq!(package("setup(package_data={'': ['manifest.yaml']})", &[]), ["spec-missing"]);
    let included = ("MANIFEST.in", "recursive-include source_acme *.yaml");
    assert_eq!(package("setup(include_package_data=True)", &[included]), [""; 0]);
    assert_eq!(
        package("setup(package_data={'': ['*.yaml']})", &[("source_acme/spec.json", "{}")]),
        ["spec-missing"]
    );
    // The manifest that the code reads is not there.
    let without =
        [("source_acme/__init__.py", ""), ("source_acme/source.py", SOURCE), ("source_acme/spec.yaml", spec)];
    assert_eq!(rules(&without), ["manifest-missing"]);
}

#[test]
fn an_older_framework_is_told_what_it_does_not_know() {
    let newer = format!("{MANIFEST}{SPEC}").replace(
        "url_base: https://api.example.com\n    path: /v1/lots",
        "url: https://api.example.com/v1/lots",
    );
    let with = |version: &str| {
        let metadata = format!(
            "data:\n  connectorBuildOptions:\n    baseImage: docker.io/airbyte/source-declarative-manifest:{version}@sha256:ab\n"
        );
        rules(&[("manifest.yaml", &newer), ("metadata.yaml", &metadata)])
    };
    assert_eq!(with("6.10.0"), ["manifest-rejected"]);
    assert_eq!(with("7.0.0"), [""; 0]);
    assert_eq!(with("5.0.0").len(), 2);
}

#[test]
fn wheels_and_sdists_are_read_like_folders() {
    let folder = tempfile::tempdir().unwrap();
    let wheel = folder.path().join("airbyte_source_acme-1.0-py3-none-any.whl");
    let mut zip = zip::ZipWriter::new(fs::File::create(&wheel).unwrap());
    for (path, content) in [
        ("source_acme/__init__.py", ""),
        ("source_acme/source.py", SOURCE),
        ("source_acme/manifest.yaml", MANIFEST),
        ("../outside/spec.yaml", "connectionSpecification: {}"),
        ("airbyte_source_acme-1.0.dist-info/METADATA", "Requires-Dist: airbyte-cdk (>=6,<7)\n"),
    ] {
        zip.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let (found, status) = findings(&wheel);
    assert_eq!((found[0].0.as_str(), status), ("spec-missing", Some(1)), "{found:?}");

    let sdist = folder.path().join("airbyte_source_acme-1.0.tar.gz");
    let gz = flate2::write::GzEncoder::new(fs::File::create(&sdist).unwrap(), flate2::Compression::default());
    let mut tar = tar::Builder::new(gz);
    let manifest = format!("{MANIFEST}{SPEC}");
    for (path, content) in [
        ("PKG-INFO", "Name: a\n"),
        ("source_acme/__init__.py", ""),
        ("source_acme/source.py", SOURCE),
        ("source_acme/manifest.yaml", &manifest),
    ] {
        append(&mut tar, &format!("airbyte_source_acme-1.0/{path}"), content.as_bytes());
    }
    tar.into_inner().unwrap().finish().unwrap();
    assert_eq!(findings(&sdist), (Vec::new(), Some(0)));
}

fn append(tar: &mut tar::Builder<impl std::io::Write>, path: &str, content: &[u8]) {
    let mut header = tar::Header::new_ustar();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    tar.append_data(&mut header, path, content).unwrap();
}

fn layer(files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in files {
        append(&mut tar, path, content.as_bytes());
    }
    tar.into_inner().unwrap()
}

const IN_IMAGE: &str = "airbyte/integration_code/source_declarative_manifest/manifest.yaml";

#[test]
fn a_saved_image_is_put_together_from_its_layers() {
    let sound = format!("{MANIFEST}{SPEC}");
    let base = layer(&[
        (IN_IMAGE, MANIFEST),
        ("usr/local/lib/python3.13/site-packages/airbyte_cdk-7.39.1.dist-info/METADATA", ""),
        ("etc/manifest.yaml", "not ours"),
    ]);
    let over = layer(&[(IN_IMAGE, &sound)]);
    let gone = layer(&[("airbyte/integration_code/source_declarative_manifest/.wh.manifest.yaml", "")]);
    let name = |digit: char| digit.to_string().repeat(64);
    let save = |layers: &[(char, &[u8])]| {
        let file = tempfile::Builder::new().suffix(".tar").tempfile().unwrap();
        let mut tar = tar::Builder::new(fs::File::create(file.path()).unwrap());
        let list: Vec<_> = layers.iter().map(|(digit, _)| format!("{}/layer.tar", name(*digit))).collect();
        // The list comes last, as Docker writes it.
        for (digit, content) in layers.iter().rev() {
            append(&mut tar, &format!("{}/layer.tar", name(*digit)), content);
        }
        let config = format!("{}.json", name('f'));
        append(&mut tar, &config, br#"{"config": {"Entrypoint": ["python"], "WorkingDir": "/airbyte"}}"#);
        let manifest = serde_json::json!([{"Config": config, "Layers": list}]).to_string();
        append(&mut tar, "manifest.json", manifest.as_bytes());
        tar.into_inner().unwrap();
        file
    };
    let image = save(&[('a', &base), ('b', &over)]);
    assert_eq!(findings(image.path()), (Vec::new(), Some(0)));
    let image = save(&[('b', &over), ('a', &base)]);
    assert_eq!(findings(image.path()).0[0].0, "spec-missing");
    let image = save(&[('a', &base), ('b', &gone)]);
    let out = inspect(&[image.path().to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("there is no connector in"));
}

#[test]
fn an_image_of_an_engine_is_read_without_being_started() {
    let engine = Command::new("docker").arg("version").output();
    if !engine.is_ok_and(|out| out.status.success()) {
        println!("skipped: no container engine");
        return;
    }
    let name = format!("samewire-inspect-test:{}", std::process::id());
    let folder = tempfile::tempdir().unwrap();
    let tar = folder.path().join("root.tar");
    fs::write(&tar, layer(&[(IN_IMAGE, MANIFEST)])).unwrap();
    let made = Command::new("docker").args(["import", tar.to_str().unwrap(), &name]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (found, status) = findings(Path::new(&name));
    Command::new("docker").args(["image", "rm", &name]).output().unwrap();
    assert_eq!((found[0].0.as_str(), status), ("spec-missing", Some(1)));
    let out = inspect(&["samewire-no-such-image:1"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("pull or build it first"));
}

#[test]
fn what_is_no_package_says_what_would_be() {
    let folder = folder(&[("notes.txt", "x"), ("broken.whl", "PK not a zip"), ("more/readme.md", "x")]);
    for (name, words) in [
        ("notes.txt", "is no connector's package"),
        ("broken.whl", "is damaged"),
        ("more", "there is no connector in"),
        ("./nowhere/", "no name of a container image"),
    ] {
        let path = if name.starts_with('.') {
            name.to_owned()
        } else {
            folder.path().join(name).display().to_string()
        };
        let out = inspect(&[&path]);
        assert_eq!(out.status.code(), Some(2), "{name}");
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(said.contains(words), "{name}: {said}");
    }
}

#[test]
fn a_remedy_carries_a_diff_that_mends_the_manifest() {
    let sound = format!("{MANIFEST}{SPEC}");
    for (from, to) in [
        ("api_token:", "api_key:"),
        ("config['api_key']", "config['credentials']['api_key']"),
        ("{{ config['api_key'] }}", "{ config['api_key'] }"),
        ("\"{{ config", "\"Bearer {{ config"),
        ("required: [api_key]", "required: []"),
        (SPEC, ""),
    ] {
        let folder = folder(&[("manifest.yaml", &sound.replace(from, to))]);
        let out = inspect(&[folder.path().to_str().unwrap(), "--format", "json"]);
        let report: Value = serde_json::from_slice(&out.stdout).unwrap();
        let remedies = report["findings"][0]["remedies"].as_array().unwrap();
        let patch = remedies.iter().find_map(|remedy| remedy["patch"].as_str());
        let patch = patch.unwrap_or_else(|| panic!("{to}: no diff in {remedies:?}"));
        fs::write(folder.path().join("p.diff"), patch).unwrap();
        let Ok(applied) =
            Command::new("patch").args(["-p1", "-s", "-i", "p.diff"]).current_dir(&folder).output()
        else {
            println!("skipped: no patch");
            return;
        };
        assert!(applied.status.success(), "{patch}\n{}", String::from_utf8_lossy(&applied.stdout));
        assert_eq!(findings(folder.path()), (Vec::new(), Some(0)), "{patch}");
    }
}

const LAKEFLOW: &str = "class AcmeLakeflowConnect(LakeflowConnect):
    def __init__(self, options):
        self.token = options[\"api_token\"]
        self.url = options.get(\"base_url\", \"https://api.example.com\")

    def read_table(self, table_name, start_offset, table_options):
        owner = table_options[\"owner\"]
";
const LAKEFLOW_SPEC: &str = "connection:
  parameters:
    - name: api_token
      required: true
      secret: true
    - name: base_url
external_options_allowlist: \"owner\"
";

#[test]
fn a_lakeflow_connector_is_held_against_its_spec() {
    let with = |code: &str, spec: &str| rules(&[("acme.py", code), ("connector_spec.yaml", spec)]);
    assert_eq!(with(LAKEFLOW, LAKEFLOW_SPEC), [""; 0]);
    assert_eq!(rules(&[("acme.py", LAKEFLOW)]), ["spec-missing"]);
    assert_eq!(with(LAKEFLOW, "display_name: x"), ["spec-missing"]);
    for (from, to, rule) in [
        ("name: api_token", "name: token", "config-path-undefined"),
        ("\"owner\"", "\"repo\"", "config-path-undefined"),
        ("      secret: true\n", "", "secret-unmarked"),
    ] {
        assert_eq!(with(LAKEFLOW, &LAKEFLOW_SPEC.replace(from, to)), [rule], "{to}");
    }
    for (from, to, rules) in [
        ("\"https://api.example.com\"", "True", &["config-invalid"][..]),
        ("options[\"api_token\"]", "options.get(\"access_token\")", &["config-path-undefined"]),
        ("options[\"api_token\"]", "options[\"sourceName\"]", &[]),
        ("table_options[\"owner\"]", "table_options.get(\"page\", \"1\")", &["config-path-undefined"]),
    ] {
        assert_eq!(with(&LAKEFLOW.replace(from, to), LAKEFLOW_SPEC), rules, "{to}");
    }
    // With OAuth the token is injected.
    let oauth = format!("{LAKEFLOW_SPEC}oauth:\n  flow: u2m\n");
    assert_eq!(
        with(&LAKEFLOW.replace("options[\"api_token\"]", "options[\"access_token\"]"), &oauth),
        [""; 0]
    );
}
