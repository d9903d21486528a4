//! A client in a container, with the options that `samewire env --format docker` prints.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Stdio};

use super::api::HOST;
use super::bench::{Bench, TOKEN, program, text};

/// An image with curl and the libraries it needs and nothing else, made from this machine's files; removed at the end.
struct Image(String);

impl Image {
    fn make(folder: &Path, curl: &Path) -> Self {
        let root = folder.join("root");
        let put = |file: &Path| {
            let to = root.join(file.strip_prefix("/").unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(file, to).unwrap();
        };
        put(curl);
        let libraries = Command::new("ldd").arg(curl).output().unwrap();
        for word in String::from_utf8(libraries.stdout)
            .unwrap()
            .split_whitespace()
            .filter(|word| word.starts_with('/'))
        {
            put(Path::new(word));
        }
        let name = format!("samewire-test-{}:1", std::process::id());
        let line = format!("tar -C {} -c . | docker import - {name}", root.display());
        let made = Command::new("sh").args(["-c", &line]).output().unwrap();
        assert!(made.status.success(), "{}", text(&made));
        Self(name)
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rmi", "--force", &self.0]).output();
    }
}

/// The address by which containers of the default bridge reach this machine; without an engine the test is skipped.
///
/// Some engines tell the subnet alone; the gateway is its first address.
fn bridge() -> Option<String> {
    let format = "{{with index .IPAM.Config 0}}{{.Gateway}} {{.Subnet}}{{end}}";
    let output = Command::new("docker").args(["network", "inspect", "bridge", "--format", format]).output();
    let Some(output) = output.ok().filter(|output| output.status.success()) else {
        eprintln!("skipped: no container engine");
        return None;
    };
    let told = String::from_utf8(output.stdout).unwrap();
    let mut addresses =
        told.split_whitespace().filter_map(|word| word.split('/').next()?.parse::<Ipv4Addr>().ok());
    let first = addresses.next().unwrap_or_else(|| panic!("no address in {told:?}"));
    let gateway = if first.octets()[3] == 0 { Ipv4Addr::from(u32::from(first) + 1) } else { first };
    Some(gateway.to_string())
}

#[test]
fn a_client_in_a_container_is_captured() {
    let (Some(bridge), Some(curl)) = (bridge(), program("curl")) else { return };
    let bench = Bench::new();
    let curl = fs::canonicalize(curl).unwrap();
    let image = Image::make(&bench.path(""), &curl);
    let listen = format!("{bridge}:0");
    let mut proxy = bench
        .command(&["proxy", "--listen", &listen, "-o", "r.har"])
        .args(bench.way_to_the_api())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(proxy.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("Ctrl-C")), "the proxy is up");
    let printed = bench.samewire(&["env", "runtime", "--format", "docker"]);
    assert!(printed.status.success(), "{}", text(&printed));
    let printed = String::from_utf8(printed.stdout).unwrap();
    let options: Vec<&str> = printed.lines().filter(|line| !line.starts_with('#')).collect();
    for url in [format!("http://{}/v1/lots", bench.api.http), format!("https://{HOST}/v1/lots")] {
        let line = format!(
            "docker run --rm --read-only --user 1000 {} {} {} -sS --fail -H 'Authorization: Bearer {TOKEN}' {url}",
            options.join(" "),
            image.0,
            curl.display()
        );
        let ran = Command::new("sh").args(["-c", &line]).output().unwrap();
        assert!(ran.status.success(), "{}", text(&ran));
    }
    let pid = rustix::process::Pid::from_raw(i32::try_from(proxy.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    lines.for_each(drop);
    assert!(proxy.wait().unwrap().success());
    let capture = samewire::capture::read(&bench.path("r.har")).unwrap();
    assert_eq!(capture.exchanges.len(), 2);
    assert!(capture.exchanges.iter().all(samewire::model::Exchange::succeeded));
    let content = fs::read_to_string(bench.path("r.har")).unwrap();
    assert!(!content.contains(TOKEN) && !content.contains(&TOKEN[..16]));
}
