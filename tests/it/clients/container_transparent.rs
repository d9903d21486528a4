//! `samewire record --transparent SIDE -- docker run ...` with the real engine: a network of the container's own.
#![cfg_attr(not(target_os = "linux"), allow(dead_code, unused_imports, reason = "Linux only"))]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use samewire::model::{Exchange, FailureKind, Interception};

use super::api::HOST;
use super::bench::{TOKEN, program, text};
use super::container_run::{Rig, stderr};
use super::engine::{Gone, docker, told, unique};

impl Rig {
    fn apart(&self, flags: &[&str], words: &[&str]) -> Output {
        self.run_with(&["--transparent"], flags, words)
    }

    /// A shell's line in the container; what it printed.
    fn says(&self, flags: &[&str], line: &str) -> String {
        let ran = self.apart(flags, &[self.shell.to_str().unwrap(), "-c", line]);
        assert!(ran.status.success(), "{flags:?}: {}", text(&ran));
        String::from_utf8(ran.stdout).unwrap()
    }

    /// A call that takes no notice of any proxy variable.
    fn past(&self, url: &str) -> String {
        let curl = self.curl.display();
        format!(
            "{curl} --noproxy '*' -sS --fail -o /dev/null -w '%{{http_code}}' -H 'Authorization: Bearer {TOKEN}' {url}"
        )
    }

    /// samewire with a container that runs, in whose network nothing is done.
    fn running(&self, flags: &[&str]) -> Running {
        let ready = self.bench.path("ready");
        fs::create_dir_all(&ready).unwrap();
        fs::set_permissions(&ready, fs::Permissions::from_mode(0o777)).unwrap();
        let mount = format!("{}:/ready", ready.display());
        let line = "trap 'exit 3' TERM; : > /ready/up; while [ ! -e /ready/end ]; do :; done";
        let shell = self.shell.to_str().unwrap();
        let words: Vec<&str> =
            [&["docker", "run", "--rm", "-v", &mount], flags, &[&self.image.0, shell, "-c", line]].concat();
        let mut command = self.bench.recording("runtime", "r.har", &["--transparent"], &words);
        let mut samewire = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for("the container", || {
            assert!(samewire.try_wait().unwrap().is_none(), "samewire has ended");
            ready.join("up").exists()
        });
        Running { samewire }
    }
}

struct Running {
    samewire: Child,
}

impl Running {
    fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_raw(i32::try_from(self.samewire.id()).unwrap()).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }
}

fn wait_for(what: &str, mut is_there: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_there() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what} does not come");
        std::thread::yield_now();
    }
}

/// Containers that hold a network for this samewire.
fn holders(samewire: u32) -> Vec<String> {
    let format = "{{.ID}} {{.Label \"samewire.network\"}}";
    let told = told(&["ps", "--all", "--filter", "label=samewire.network", "--format", format]);
    told.lines().filter(|line| line.contains(&format!(" {samewire}:"))).map(str::to_owned).collect()
}

#[test]
fn a_client_that_knows_of_no_proxy_is_captured_as_one_that_does() {
    let Some(rig) = Rig::new(&["ENV HTTPS_PROXY=http://127.0.0.1:9"]) else { return };
    let curl = rig.curl.to_str().unwrap();
    let authorization = format!("Authorization: Bearer {TOKEN}");
    for url in [format!("https://{HOST}/v1/lots"), format!("http://{HOST}/v1/lots")] {
        let call = [curl, "-sS", "--fail", "-o", "/dev/null", "-H", &authorization, &url];
        let by_variables = rig.bench.record("sandbox", "s.har", &call);
        assert!(by_variables.status.success(), "{}", text(&by_variables));
        let past = [&call[..], &["--noproxy", "*"]].concat();
        let ran = rig.apart(&["--read-only", "--user", "1000:1000", "--cap-drop=ALL"], &past);
        assert!(ran.status.success(), "{}", text(&ran));
        assert!(stderr(&ran).contains("--upstream-proxy"), "the image's proxy is not used: {}", text(&ran));
        let capture = rig.capture();
        assert_eq!((capture.exchanges.len(), capture.run.interception), (1, Interception::Transparent));
        assert!(capture.inputs.image.is_some());
        let (status, report) = rig.bench.diff("s.har", "r.har");
        assert_eq!((status, report["verdict"].as_str()), (0, Some("same")), "{url}: {report:#}");
        rig.bench.assert_no_leak();
    }
}

#[test]
fn this_machine_is_reached_by_its_name_and_the_containers_loopback_is_its_own() {
    let Some(rig) = Rig::new(&[]) else { return };
    let port = rig.bench.api.http.port();
    let by_name = rig.past(&format!("http://host.docker.internal:{port}/v1/lots"));
    let by_address = rig.past(&format!("http://198.18.0.1:{port}/v1/lots"));
    let own = rig.past(&format!("http://127.0.0.1:{port}/v1/lots"));
    let said = rig.says(&[], &format!("{by_name}; {by_address}; {own}; echo \" $?\""));
    assert_eq!(said, "200200000 7\n", "refused on its own loopback");
    assert_eq!(rig.bench.api.calls(), 2);
    let capture = rig.capture();
    assert!(capture.exchanges.iter().all(Exchange::succeeded) && capture.exchanges.len() == 2);
    let refused = capture.connections.iter().find_map(|one| one.failure.as_ref()).unwrap();
    assert_eq!(refused.kind, FailureKind::Refused);
    assert!(refused.message.to_string().contains("the container's own address"), "{}", refused.message);
}

#[test]
fn names_of_the_line_and_of_the_network_are_known() {
    let Some(rig) = Rig::new(&[]) else { return };
    let (network, other) = (unique("net"), unique("other"));
    told(&["network", "create", &network]);
    let _network = Gone("network", network.clone());
    let shell = rig.shell.to_str().unwrap();
    let sleeping =
        ["run", "-d", "--name", &other, "--network", &network, "--network-alias", "db", &rig.image.0];
    told(&[&sleeping[..], &[shell, "-c", "while :; do read -t 1 x </dev/zero; done"]].concat());
    let _other = Gone("container", other.clone());
    // Nobody listens on the other container: that it is refused, and not unknown, tells that its name is known.
    let curl = rig.curl.display();
    let line = format!(
        "{curl} -sS http://db:81/ ; echo $?; read name < /etc/hostname; echo $name; {}",
        rig.past(&format!("http://api.test:{}/", rig.bench.api.http.port()))
    );
    let said = rig.says(&["--network", &network, "-h", "box", "--add-host", "api.test:198.18.0.1"], &line);
    assert_eq!(said, "7\nbox\n200");
    let capture = rig.capture();
    assert_eq!(capture.exchanges[0].request.target.host, "api.test");
    let refused = capture.connections.iter().find(|one| one.failure.is_some()).unwrap();
    assert_eq!(refused.authority.as_deref(), Some("db:81"));
}

#[test]
fn a_run_leaves_nothing_whatever_becomes_of_it() {
    let Some(rig) = Rig::new(&[]) else { return };
    let shell = rig.shell.to_str().unwrap();
    for (flags, words, code) in [
        (&[][..], &[shell, "-c", "exit 7"][..], 7),
        (&[], &["/no/such/program"], 127),
        (&["--memory", "1"], &["/x"], 125),
        (&["--name", "not a name"], &["/x"], 125),
    ] {
        let line: Vec<&str> = [&["docker", "run", "--rm"], flags, &[rig.image.0.as_str()], words].concat();
        let mut command = rig.bench.recording("runtime", "r.har", &["--transparent"], &line);
        let samewire = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let id = samewire.id();
        let ran = samewire.wait_with_output().unwrap();
        assert_eq!(ran.status.code(), Some(code), "{}", text(&ran));
        assert_eq!(holders(id), [""; 0], "{flags:?}");
    }
    let mut run = rig.running(&[]);
    let id = run.samewire.id();
    assert_eq!(holders(id).len(), 1);
    run.signal(rustix::process::Signal::TERM);
    assert_eq!(run.samewire.wait().unwrap().code(), Some(3), "the container's own answer to the signal");
    assert_eq!(holders(id), [""; 0]);
}

#[test]
fn a_killed_samewire_leaves_a_container_without_a_network_and_its_holder_goes() {
    let Some(rig) = Rig::new(&[]) else { return };
    let name = unique("left");
    let mut run = rig.running(&["--name", &name]);
    let _left = Gone("container", name.clone());
    let id = run.samewire.id();
    run.samewire.kill().unwrap();
    run.samewire.wait().unwrap();
    wait_for("the holder's end", || holders(id).is_empty());
    let curl = rig.curl.to_str().unwrap();
    let ran = docker(&["exec", &name, curl, "-sS", "http://192.0.2.1/"]);
    assert_eq!(ran.status.code(), Some(7), "{}", text(&ran));
    assert!(stderr(&ran).contains("192.0.2.1"), "{}", text(&ran));
}

#[test]
fn an_interruption_while_the_network_is_made_starts_nothing_and_leaves_nothing() {
    let Some(rig) = Rig::new(&[]) else { return };
    let docker = program("docker").unwrap();
    let folder = rig.bench.path("bin");
    fs::create_dir_all(&folder).unwrap();
    let script = format!(
        "#!/bin/sh\n[ \"$1 $2\" != 'run --detach' ] || kill -INT $PPID\n[ \"$1 $2\" != 'run --rm' ] || : > started\nexec {} \"$@\"\n",
        docker.display()
    );
    fs::write(folder.join("docker"), script).unwrap();
    fs::set_permissions(folder.join("docker"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let line = ["docker", "run", "--rm", &rig.image.0, "/x"];
    let mut command = rig.bench.recording("runtime", "r.har", &["--transparent"], &line);
    let samewire = command.env("PATH", path).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let id = samewire.id();
    let ran = samewire.wait_with_output().unwrap();
    assert_eq!(ran.status.code(), Some(130), "{}", text(&ran));
    assert_eq!(holders(id), [""; 0]);
    assert!(!rig.bench.path("started").exists(), "{}", text(&ran));
}

#[test]
fn what_a_killed_samewire_has_left_unstarted_goes_with_the_next_run() {
    let Some(rig) = Rig::new(&[]) else { return };
    let left = told(&["create", "--label", "samewire.network=4194999:7", &rig.image.0, "/x"]);
    let _left = Gone("container", left.clone());
    rig.says(&[], "exit 0");
    assert_eq!(told(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &format!("id={left}")]), "");
}

#[test]
fn what_such_a_network_does_not_have_is_refused_before_anything_starts() {
    let Some(rig) = Rig::new(&[]) else { return };
    let name = unique("refused");
    let running = unique("running");
    let shell = rig.shell.to_str().unwrap();
    let sleep = "while :; do read -t 1 x </dev/zero; done";
    told(&["run", "-d", "--name", &running, &rig.image.0, shell, "-c", sleep]);
    let _running = Gone("container", running.clone());
    let container = format!("container:{running}");
    for (flags, words) in [
        (&["-p", "8080:80"][..], "--publish: nobody outside"),
        (&["--dns=192.0.2.53"], "--dns: samewire answers names"),
        (&["--userns", "container"], "--userns: the network belongs"),
        (&["--mac-address", "02:42:ac:11:00:02"], "--mac-address"),
        (&["--network", "host"], "--network host"),
        (&["--network", container.as_str()], "--network container:NAME"),
        (&["-v", "/etc/hosts:/etc/hosts:ro"], "a mount on /etc/hosts"),
    ] {
        let flags: Vec<&str> = [&["--name", name.as_str()], flags].concat();
        let ran = rig.apart(&flags, &["/x"]);
        assert_eq!(ran.status.code(), Some(125), "{}", text(&ran));
        assert!(stderr(&ran).contains(words), "{words}: {}", text(&ran));
        assert!(stderr(&ran).contains("without --transparent"), "{}", text(&ran));
    }
    assert_eq!(told(&["ps", "-a", "-q", "--filter", &format!("name={name}")]), "");
    assert!(!rig.bench.path("r.har").exists(), "no capture of a run that never was");
}

/// podman, where it runs containers at all; with what it needs for that here.
fn podman(rig: &Rig) -> Option<(String, Vec<String>)> {
    program("podman")?;
    let image = format!("localhost/{}", rig.image.0);
    let root = rig.bench.path("root");
    let import = format!("tar -C {} -c . | podman import - {image}", root.display());
    let imported = Command::new("sh").args(["-c", &import]).output().unwrap();
    if !imported.status.success() {
        eprintln!("skipped: {}", text(&imported));
        return None;
    }
    // Its own limits may be higher than this machine allows.
    let limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"].map(str::to_owned);
    let shell = rig.shell.to_str().unwrap();
    let tried = Command::new("podman")
        .args(["run", "--rm", "--network", "none"])
        .args(&limits)
        .args([&image, shell, "-c", "exit 0"])
        .output()
        .unwrap();
    if !tried.status.success() {
        eprintln!("skipped: podman runs nothing here: {}", text(&tried));
        Command::new("podman").args(["rmi", "--force", &image]).output().unwrap();
        return None;
    }
    Some((image, limits.to_vec()))
}

#[test]
fn podman_does_the_same() {
    let Some(rig) = Rig::new(&[]) else { return };
    let Some((image, limits)) = podman(&rig) else { return };
    let line = format!(
        "{}; read name < /etc/hostname; echo \" $name\"; {}",
        rig.past(&format!("https://{HOST}/v1/lots")),
        rig.past(&format!("http://host.containers.internal:{}/v1/lots", rig.bench.api.http.port()))
    );
    let mut words = vec!["podman", "run", "--rm", "--hostname", "box", "--user", "1000"];
    words.extend(limits.iter().map(String::as_str));
    words.extend([image.as_str(), rig.shell.to_str().unwrap(), "-c", &line]);
    let ran = rig.bench.recording("runtime", "r.har", &["--transparent"], &words).output().unwrap();
    let left = Command::new("podman")
        .args(["ps", "-a", "-q", "--filter", "label=samewire.network"])
        .output()
        .unwrap();
    Command::new("podman").args(["rmi", "--force", &image]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "200 box\n200", "{}", text(&ran));
    assert_eq!(rig.capture().exchanges.len(), 2);
    assert!(left.stdout.is_empty(), "{}", text(&left));
}
