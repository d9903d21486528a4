//! samewire in an image of its own, as `Dockerfile` makes it from this machine's build: who it runs as, what it trusts, how it finds names,
//! and where captures and the key stay.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use samewire::capture;
use samewire::model::{Capture, Outcome};

use super::bench::{Bench, TOKEN, program, text};
use super::engine::{Gone, Image, bridge, docker, told, unique};

/// The user that the image names.
const USER: u32 = 65532;

/// The image, and an API on the address by which containers reach this machine.
struct Rig {
    image: Image,
    bench: Bench,
    gateway: String,
}

impl Rig {
    /// `None` where no engine answers.
    fn new() -> Option<Self> {
        let gateway = bridge()?;
        let bench = Bench::with_api_on(gateway.parse().unwrap());
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let context = bench.path("context");
        let given = std::env::var_os("SAMEWIRE_BINARY").map(PathBuf::from);
        let binary = given.unwrap_or_else(|| env!("CARGO_BIN_EXE_samewire").into());
        let laid = Command::new(root.join("packaging/image-tree"))
            .args([&context.join("target/image"), &binary])
            .output()
            .unwrap();
        assert!(laid.status.success(), "{}", text(&laid));
        fs::copy(root.join("Dockerfile"), context.join("Dockerfile")).unwrap();
        let image = Image(format!("{}:1", unique("own")));
        let built = docker(&["build", "--target", "prebuilt", "-t", &image.0, context.to_str().unwrap()]);
        assert!(built.status.success(), "{}", text(&built));
        let size: u64 = told(&["image", "inspect", "--format", "{{.Size}}", &image.0]).parse().unwrap();
        eprintln!("the image has {} MiB", size >> 20);
        Some(Self { image, bench, gateway })
    }

    /// A folder of this machine that the container's user may write to.
    fn folder(&self, name: &str) -> String {
        let path = self.bench.path(name);
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        path.display().to_string()
    }

    fn run(&self, flags: &[&str], words: &[&str]) -> Output {
        docker(&[&["run", "--rm"], flags, &[&self.image.0], words].concat())
    }

    /// `samewire proxy` in a container, and the URL by which clients of this machine use it.
    fn proxy(&self, flags: &[&str], file: &str) -> (Gone, String) {
        let name = unique("own");
        let mut words = vec!["run", "--detach", "--name", &name, "--publish", "127.0.0.1::8877"];
        words.extend(flags);
        words.extend([&self.image.0, "proxy", "--listen", "0.0.0.0:8877", "-o", file]);
        let container = Gone("container", told(&words));
        let until = Instant::now() + Duration::from_secs(60);
        let variables = loop {
            let asked = docker(&["exec", &name, "samewire", "env", "runtime"]);
            if asked.status.success() {
                break String::from_utf8(asked.stdout).unwrap();
            }
            let state = told(&["inspect", "--format", "{{.State.Running}}", &name]);
            assert!(state == "true" && Instant::now() < until, "{}", text(&docker(&["logs", &name])));
        };
        let user = variables.split("http://").find_map(|rest| rest.split_once('@')).unwrap().0.to_owned();
        let port = told(&["port", &name, "8877/tcp"]);
        (container, format!("http://{user}@{}", port.lines().next().unwrap()))
    }

    /// curl through that proxy; its status line's number.
    fn ask(proxy: &str, options: &[&str], url: &str) -> String {
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--max-time", "30", "--output", "/dev/null"])
            .args(["--write-out", "%{http_code}", "--proxy", proxy])
            .args(["--header", &format!("Authorization: Bearer {TOKEN}")])
            .args(options)
            .arg(url)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output));
        String::from_utf8(output.stdout).unwrap()
    }
}

fn answers(capture: &Capture) -> Vec<u16> {
    let status = |outcome: &Outcome| match outcome {
        Outcome::Answered(response) => response.status,
        _ => 0,
    };
    capture.exchanges.iter().map(|exchange| status(&exchange.outcome)).collect()
}

#[test]
fn it_runs_as_a_user_of_its_own_and_keeps_the_key_where_it_is_told() {
    let Some(rig) = Rig::new() else { return };
    let version = rig.run(&[], &["--version"]);
    assert!(version.status.success(), "{}", text(&version));
    assert_eq!(String::from_utf8_lossy(&version.stdout), format!("samewire {}\n", env!("CARGO_PKG_VERSION")));
    let user = told(&["image", "inspect", "--format", "{{.Config.User}}", &rig.image.0]);
    assert_eq!(user, format!("{USER}:{USER}"));

    let state = format!("{}:/state", rig.folder("kept"));
    let id = |flags: &[&str]| {
        let shown = rig.run(flags, &["key", "show-id"]);
        (shown.status.success(), String::from_utf8_lossy(&shown.stdout).into_owned())
    };
    let made = rig.run(&["--volume", &state], &["key", "new"]);
    assert!(made.status.success(), "{}", text(&made));
    let kept = id(&["--volume", &state]);
    assert!(kept.0 && !kept.1.is_empty());
    assert_eq!(id(&["--volume", &state]), kept, "the key outlives a container");
    assert_eq!(fs::metadata(rig.bench.path("kept/samewire/key")).unwrap().uid(), USER);

    // A command is run and recorded where the image has one: here samewire's own.
    let captures = format!("{}:/captures", rig.folder("captures"));
    let recorded = rig.run(
        &["--volume", &state, "--volume", &captures],
        &["record", "sandbox", "-o", "/captures/s.har", "--", "samewire", "--version"],
    );
    assert!(recorded.status.success(), "{}", text(&recorded));
    assert!(String::from_utf8_lossy(&recorded.stdout).contains(env!("CARGO_PKG_VERSION")));
    assert_eq!(fs::metadata(rig.bench.path("captures/s.har")).unwrap().uid(), USER);
}

#[test]
fn its_proxy_finds_names_trusts_the_system_s_roots_and_writes_to_the_volume() {
    if program("curl").is_none() {
        return;
    }
    let Some(rig) = Rig::new() else { return };
    let network = unique("own");
    told(&["network", "create", &network]);
    let _network = Gone("network", network.clone());
    // Known by the network's resolver alone.
    let origin = unique("origin");
    let words = ["run", "--detach", "--name", &origin, "--network", &network, &rig.image.0];
    let _origin = Gone("container", told(&[&words[..], &["proxy", "--listen", "0.0.0.0:8080"]].concat()));

    let captures = format!("{}:/captures", rig.folder("captures"));
    // Where the image's roots are, here with the API's authority in their place.
    let roots = format!("{}:/etc/ssl/certs/ca-certificates.crt:ro", rig.bench.path("api-ca.pem").display());
    fs::set_permissions(rig.bench.path("api-ca.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    let host = format!("{}:{}", super::api::HOST, rig.gateway);
    let flags =
        ["--network", &network, "--volume", &captures, "--volume", &roots, "--add-host", host.as_str()];
    let (proxy, url) = rig.proxy(&flags, "/captures/r.har");

    let api = &rig.bench.api;
    let http = format!("http://{}:{}/v1/lots", super::api::HOST, api.http.port());
    assert_eq!(Rig::ask(&url, &[], &http), "200", "a name of /etc/hosts");
    let https = format!("https://{}:{}/v1/lots", super::api::HOST, api.https.port());
    assert_eq!(Rig::ask(&url, &["--insecure"], &https), "200", "an authority among the system's roots");
    let other = Rig::ask(&url, &[], &format!("http://{origin}:8080/"));
    assert_ne!(other, "502", "a name that the network's resolver knows");

    told(&["stop", "--time", "30", &proxy.1]);
    assert_eq!(told(&["inspect", "--format", "{{.State.ExitCode}}", &proxy.1]), "0");
    let path = rig.bench.path("captures/r.har");
    let mode = fs::metadata(&path).unwrap();
    assert_eq!((mode.uid(), mode.permissions().mode() & 0o777), (USER, 0o600));
    let capture = capture::read(&path).unwrap();
    assert_eq!(answers(&capture)[..2], [200, 200]);
    assert_eq!(answers(&capture).len(), 3);
    assert!(!fs::read_to_string(&path).unwrap().contains(TOKEN));
}

/// The roots that come with the image are this machine's.
#[test]
fn it_brings_root_certificates() {
    let Some(rig) = Rig::new() else { return };
    let container = Gone("container", told(&["create", &rig.image.0]));
    let to = rig.bench.path("roots.pem");
    let from = format!("{}:/etc/ssl/certs/ca-certificates.crt", container.1);
    told(&["cp", &from, to.to_str().unwrap()]);
    assert_eq!(fs::read(to).unwrap(), fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap());
}
