//! `samewire record SIDE -- docker run ...` with the real engine.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output};

use samewire::model::{Capture, Exchange};

use super::api::HOST;
use super::bench::{Bench, TOKEN, first_rule, program, text};
use super::engine::{Gone, Image, bridge, docker, told, unique};

/// A bench with an image that has a shell and curl, and no user but by number.
pub(crate) struct Rig {
    pub(crate) bench: Bench,
    pub(crate) image: Image,
    pub(crate) curl: PathBuf,
    pub(crate) shell: PathBuf,
    pub(crate) gateway: String,
}

impl Rig {
    pub(crate) fn new(changes: &[&str]) -> Option<Self> {
        let gateway = bridge()?;
        let curl = fs::canonicalize(program("curl")?).unwrap();
        let shell = fs::canonicalize("/bin/sh").unwrap();
        let bench = Bench::new();
        let sleep = fs::canonicalize("/bin/sleep").unwrap();
        let image = Image::make(&bench.path(""), &[&curl, &shell, &sleep], changes);
        Some(Self { bench, image, curl, shell, gateway })
    }

    /// Records `docker run FLAGS IMAGE WORDS`.
    pub(crate) fn run(&self, flags: &[&str], words: &[&str]) -> Output {
        self.run_with(&[], flags, words)
    }

    pub(crate) fn run_with(&self, options: &[&str], flags: &[&str], words: &[&str]) -> Output {
        self.recording(options, flags, words).output().unwrap()
    }

    /// The same, not yet started.
    pub(crate) fn recording(&self, options: &[&str], flags: &[&str], words: &[&str]) -> Command {
        let line: Vec<&str> = ["docker", "run", "--rm"]
            .iter()
            .chain(flags)
            .chain([&self.image.0.as_str()])
            .chain(words)
            .copied()
            .collect();
        self.bench.recording("runtime", "r.har", options, &line)
    }

    pub(crate) fn call(&self) -> Vec<String> {
        let header = format!("Authorization: Bearer {TOKEN}");
        let url = format!("https://{HOST}/v1/lots");
        [self.curl.to_str().unwrap(), "-sS", "--fail", "-o", "/dev/null", "-H", &header, &url]
            .map(str::to_owned)
            .to_vec()
    }

    /// A call with these flags goes through, and is captured.
    pub(crate) fn is_captured(&self, flags: &[&str]) -> (Output, Capture) {
        let call = self.call();
        let words: Vec<&str> = call.iter().map(String::as_str).collect();
        let ran = self.run(flags, &words);
        assert!(ran.status.success(), "{flags:?}: {}", text(&ran));
        let capture = self.capture();
        assert_eq!(capture.exchanges.len(), 1, "{flags:?}");
        assert!(capture.exchanges.iter().all(Exchange::succeeded), "{flags:?}");
        (ran, capture)
    }

    pub(crate) fn capture(&self) -> Capture {
        samewire::capture::read(&self.bench.path("r.har")).unwrap()
    }

    /// A shell's line in the container.
    pub(crate) fn script(&self, line: &str) -> Output {
        self.run(&[], &[self.shell.to_str().unwrap(), "-c", line])
    }
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_command_in_a_container_is_captured_whatever_its_user_and_network() {
    let Some(rig) = Rig::new(&[]) else { return };
    let (ran, capture) = rig.is_captured(&["--read-only", "--user", "1000:1000"]);
    assert_eq!(stderr(&ran).lines().count(), 1, "nothing to say but the end: {}", text(&ran));
    let image = capture.inputs.image.expect("the image is told");
    assert_eq!(image.reference.to_string(), rig.image.0);
    assert_eq!(image.id, told(&["image", "inspect", "--format", "{{.Id}}", &rig.image.0]));
    assert_eq!(image.user.map(|user| user.to_string()).as_deref(), Some("1000:1000"));

    let (network, internal) = (unique("net"), unique("internal"));
    told(&["network", "create", &network]);
    let _network = Gone("network", network.clone());
    told(&["network", "create", "--internal", &internal]);
    let _internal = Gone("network", internal.clone());
    rig.is_captured(&["--network", &network, "--cap-drop=ALL", "--tmpfs", "/samewire"]);
    rig.is_captured(&[&format!("--net={internal}")]);
    rig.is_captured(&["--network=host"]);

    let other = unique("other");
    let sleeping = ["run", "-d", "--name", &other, "--network", &network, &rig.image.0];
    let shell = rig.shell.to_str().unwrap();
    told(
        &[&sleeping[..], &[shell, "-c", "read line </dev/tty || while :; do read -t 1 x </dev/zero; done"]]
            .concat(),
    );
    let _other = Gone("container", other.clone());
    rig.is_captured(&["--network", &format!("container:{other}")]);

    let content = fs::read_to_string(rig.bench.path("r.har")).unwrap();
    assert!(!content.contains(TOKEN) && !content.contains(&TOKEN[..16]));
}

#[test]
fn variables_of_the_image_the_env_file_and_the_line_do_not_lead_around_the_proxy() {
    let Some(rig) = Rig::new(&["ENV HTTPS_PROXY=http://127.0.0.1:9 NO_PROXY=* JAVA_TOOL_OPTIONS=-Xmx1g"])
    else {
        return;
    };
    let (ran, capture) = rig.is_captured(&[]);
    let said = stderr(&ran);
    assert!(said.contains("HTTPS_PROXY") && said.contains("NO_PROXY"), "{said}");
    assert!(capture.inputs.image.unwrap().variables.contains(&"NO_PROXY".to_owned()));

    let file = rig.bench.write("env", "https_proxy=http://127.0.0.1:9\nno_proxy=*\n");
    let file = file.display().to_string();
    rig.is_captured(&[
        "--env-file",
        &file,
        "-e",
        "HTTPS_PROXY=http://127.0.0.1:9",
        "-eALL_PROXY=",
        "-e",
        "NO_PROXY=*",
    ]);

    let ran = rig.script("echo $JAVA_TOOL_OPTIONS");
    let options = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(options.starts_with("-Xmx1g -Dhttp.proxyHost="), "{options}");
    assert!(options.contains("-Djavax.net.ssl.trustStore=/samewire/"), "{options}");
}

#[test]
fn a_client_without_a_password_is_let_in_by_its_address_and_one_with_a_wrong_one_is_not() {
    let Some(rig) = Rig::new(&[]) else { return };
    let curl = rig.curl.display();
    let header = format!("-H 'Authorization: Bearer {TOKEN}'");
    let ran = rig.script(&format!(
        "{curl} -sS --fail {header} --proxy \"http://${{HTTP_PROXY##*@}}\" http://{HOST}/v1/lots"
    ));
    assert!(ran.status.success(), "{}", text(&ran));
    assert_eq!((rig.capture().exchanges.len(), rig.capture().completeness.rejected), (1, 0));

    let ran = rig.script(&format!(
        "{curl} -sS {header} --proxy \"http://runtime:old@${{HTTP_PROXY##*@}}\" http://{HOST}/v1/lots"
    ));
    assert!(String::from_utf8_lossy(&ran.stdout).contains("not the one of this run"), "{}", text(&ran));
    assert!(stderr(&ran).contains("1 connection turned away with 407"), "{}", text(&ran));
    assert_eq!((rig.capture().exchanges.len(), rig.capture().completeness.rejected), (0, 1));
}

#[test]
fn a_containers_own_loopback_stays_its_own_and_this_machines_is_reached_from_its_network() {
    let Some(rig) = Rig::new(&["ENV NO_PROXY=* JAVA_TOOL_OPTIONS=-Dhttp.nonProxyHosts=*"]) else { return };
    let (curl, port) = (rig.curl.display().to_string(), rig.bench.api.http.port());
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("http://{host}:{port}/v1/lots");
        let before = rig.bench.api.calls();
        let ran = rig.run(&[], &[&curl, "-sS", &url]);
        assert_eq!(ran.status.code(), Some(7), "nobody listens in the container: {}", text(&ran));
        assert_eq!((rig.bench.api.calls() - before, rig.capture().exchanges.len()), (0, 0));
        let header = format!("Authorization: Bearer {TOKEN}");
        let ran = rig.run(&["--network", "host"], &[&curl, "-sS", "--fail", "-H", &header, &url]);
        assert!(ran.status.success(), "{}", text(&ran));
        assert_eq!((rig.bench.api.calls() - before, rig.capture().exchanges.len()), (1, 1), "{host}");
    }
    let shell = rig.shell.display().to_string();
    let ran = rig.run(&[], &[&shell, "-c", "echo $NO_PROXY $no_proxy; echo $JAVA_TOOL_OPTIONS"]);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(told.starts_with("localhost,127.0.0.1,::1 localhost,127.0.0.1,::1\n"), "{told}");
    // The JVM takes the last one.
    assert!(told.contains(" -Dhttp.nonProxyHosts=localhost|127.*|[::1] "), "{told}");
}

#[test]
fn a_stranger_on_the_network_is_turned_away() {
    let Some(rig) = Rig::new(&[]) else { return };
    let curl = rig.curl.display().to_string();
    let shell = rig.shell.display().to_string();
    // The recorded container tells its proxy's address to another one, which has no part in the run.
    let folder = rig.bench.path("shared");
    fs::create_dir_all(&folder).unwrap();
    fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let mount = format!("{}:/shared", folder.display());
    let line = "echo ${HTTP_PROXY##*@} > /shared/new; : > /shared/done; until read x 2>/dev/null < /shared/answer; do :; done; echo \"$x\"";
    std::thread::scope(|scope| {
        let recording = scope.spawn(|| rig.run(&["-v", &mount], &[&shell, "-c", line]));
        while !folder.join("done").exists() {
            assert!(!recording.is_finished(), "the container has ended");
            std::thread::yield_now();
        }
        let proxy = fs::read_to_string(folder.join("new")).unwrap();
        let asked = docker(&[
            "run",
            "--rm",
            &rig.image.0,
            &curl,
            "-s",
            "-w",
            "%{http_code}",
            "-o",
            "/dev/null",
            "--proxy",
            proxy.trim(),
            "http://127.0.0.1:9/",
        ]);
        fs::write(folder.join("answer.new"), [&asked.stdout[..], b"\n"].concat()).unwrap();
        fs::rename(folder.join("answer.new"), folder.join("answer")).unwrap();
        let ran = recording.join().unwrap();
        assert_eq!(String::from_utf8_lossy(&ran.stdout).trim(), "407", "{}", text(&ran));
    });
    assert_eq!(rig.capture().completeness.rejected, 1);
}

#[test]
fn names_of_the_containers_own_hosts_file_are_known() {
    let Some(rig) = Rig::new(&[]) else { return };
    let Ok(server) = TcpListener::bind((rig.gateway.as_str(), 0)) else { return };
    let port = server.local_addr().unwrap().port();
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
    });
    let url = format!("http://shop.test:{port}/");
    let curl = rig.curl.display().to_string();
    let ran = rig.run(&["--add-host", "shop.test:host-gateway"], &[&curl, "-sS", "--fail", &url]);
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "ok", "{}", text(&ran));
    answering.join().unwrap();
}

#[test]
fn the_exit_status_is_the_containers_and_the_engines_own_is_told_apart() {
    let Some(rig) = Rig::new(&[]) else { return };
    let ran = rig.script("exit 7");
    assert_eq!(ran.status.code(), Some(7), "{}", text(&ran));
    let ran = rig.script(&format!("{} -c 'kill -9 $$'; exit $?", rig.shell.display()));
    assert_eq!(ran.status.code(), Some(137), "{}", text(&ran));
    let ran = rig.run(&[], &["/no/such/program"]);
    assert_eq!(ran.status.code(), Some(127), "{}", text(&ran));
    let ran = rig.run(&["--memory", "1"], &["/x"]);
    assert_eq!(ran.status.code(), Some(125), "{}", text(&ran));
    assert!(stderr(&ran).contains("the exit status 125 is the engine's"), "{}", text(&ran));
}

#[test]
fn an_image_that_cannot_be_pulled_is_no_api_that_cannot_be_reached() {
    let Some(rig) = Rig::new(&[]) else { return };
    let call = rig.call();
    let run = |image| ["docker", "run", "--rm", image].into_iter().chain(call.iter().map(String::as_str));
    for (side, file, image) in [
        ("sandbox", "s.har", rig.image.0.as_str()),
        // Nothing listens there.
        ("runtime", "r.har", "127.0.0.1:9/acme/source:1"),
    ] {
        let line: Vec<&str> = run(image).collect();
        rig.bench.recording(side, file, &[], &line).output().unwrap();
    }
    let (status, report) = rig.bench.diff("s.har", "r.har");
    assert_eq!((status, first_rule(&report)), (1, "start-failed"), "{report:#}");
    let text = report["findings"].to_string();
    assert!(text.contains("cannot get its image") && text.contains("127.0.0.1:9"), "{text}");
}

#[test]
fn what_cannot_be_recorded_is_refused_before_anything_starts() {
    let Some(rig) = Rig::new(&[]) else { return };
    let name = unique("refused");
    for (flags, words) in [
        (&["--frobnicate"][..], "the flag --frobnicate is not known"),
        (&["-d"], "cannot record with --detach"),
        (&["--network", "none"], "nothing can be sent"),
        (&["--network", "no-such-network"], "no-such-network"),
        (&["--env-file", "/no/such/file"], "cannot read the env file"),
    ] {
        let flags: Vec<&str> = ["--name", name.as_str()].iter().chain(flags).copied().collect();
        let ran = rig.run(&flags, &["/x"]);
        assert_eq!(ran.status.code(), Some(125), "{}", text(&ran));
        assert!(stderr(&ran).contains(words), "{words}: {}", text(&ran));
    }
    for (line, words) in [
        (vec!["docker", "exec", "box", "true"], "cannot record `exec`"),
        (vec!["sh", "-c", "cd / && docker run image"], "longer shell line"),
        (vec!["strace", "docker", "run", "image"], "how the container is started"),
        (vec!["docker", "-H", "tcp://192.0.2.77:2375", "run", "image"], "runs elsewhere"),
        (vec!["env", "DOCKER_HOST=ssh://me@build.example.com", "docker", "run", "image"], "runs elsewhere"),
        (
            vec!["env", "DOCKER_HOST=unix:///no/such.sock", "docker", "run", "image"],
            "container engine cannot be asked",
        ),
    ] {
        let ran = rig.bench.recording("runtime", "r.har", &[], &line).output().unwrap();
        assert_eq!(ran.status.code(), Some(125), "{}", text(&ran));
        assert!(stderr(&ran).contains(words), "{words}: {}", text(&ran));
    }
    assert_eq!(told(&["ps", "-a", "-q", "--filter", &format!("name={name}")]), "");
    assert!(!rig.bench.path("r.har").exists(), "no capture of a run that never was");
}

#[test]
fn a_port_that_is_taken_is_said_and_nothing_starts() {
    let Some(rig) = Rig::new(&[]) else { return };
    let Ok(taken) = TcpListener::bind((rig.gateway.as_str(), 0)) else { return };
    let address = taken.local_addr().unwrap().to_string();
    let ran = rig.run_with(&["--listen", &address], &[], &["/x"]);
    assert_eq!(ran.status.code(), Some(125), "{}", text(&ran));
    assert!(stderr(&ran).contains(&format!("cannot listen on {address}")), "{}", text(&ran));
    let ran = rig.run_with(&["--listen", "127.0.0.1:0"], &[], &["/x"]);
    assert!(stderr(&ran).contains("a container does not reach 127.0.0.1:0"), "{}", text(&ran));
}

#[test]
fn the_containers_config_is_found_where_it_is_mounted_from() {
    let Some(rig) = Rig::new(&["WORKDIR /work"]) else { return };
    rig.bench.write("secrets/config.json", &format!(r#"{{"api_key": "{TOKEN}"}}"#));
    let shell = rig.shell.display().to_string();
    for flags in [
        ["-v", "./secrets:/secrets:ro", "-w", "/secrets"],
        ["--mount", "type=bind,source=./secrets,target=/work,readonly", "--workdir", "/work"],
    ] {
        let absolute = rig.bench.path("secrets").display().to_string();
        let flags = flags.map(|flag| flag.replace("./secrets", &absolute));
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let ran = rig.run(&flags, &[&shell, "-c", "exit 0", "check", "--config", "config.json"]);
        assert!(ran.status.success(), "{}", text(&ran));
        let config = rig.capture().inputs.config.expect("the config is found");
        assert_eq!((config.unreadable.as_deref(), config.values.len()), (None, 1), "{flags:?}");
    }
}
