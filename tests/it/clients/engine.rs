//! Images made from this machine's files, without a registry, and networks; removed at the end.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::bench::text;

/// A name that no other test and no other run has.
pub(crate) fn unique(what: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("samewire-test-{what}-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn docker(words: &[&str]) -> Output {
    Command::new("docker").args(words).output().unwrap()
}

/// What docker says, which must succeed.
pub(crate) fn told(words: &[&str]) -> String {
    let output = docker(words);
    assert!(output.status.success(), "{}", text(&output));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// An image with some programs and the libraries they need and nothing else: no users, no shell unless it is one of them.
pub(crate) struct Image(pub(crate) String);

impl Image {
    /// `changes` are lines of a Dockerfile: `ENV A=b`.
    pub(crate) fn make(folder: &Path, programs: &[&Path], changes: &[&str]) -> Self {
        let name = format!("{}:1", unique("image"));
        let made = import("docker", folder, programs, changes, &name);
        assert!(made.status.success(), "{}", text(&made));
        Self(name)
    }

    /// Another image with the files of `root` put over it.
    pub(crate) fn over(base: &str, root: &Path, changes: &[&str]) -> Self {
        let container = Gone("container", told(&["create", base, "true"]));
        told(&["cp", &root.join(".").display().to_string(), &format!("{}:/", container.1)]);
        let name = format!("{}:1", unique("image"));
        let mut commit = vec!["commit"];
        commit.extend(changes.iter().flat_map(|change| ["--change", change]));
        commit.extend([container.1.as_str(), &name]);
        told(&commit);
        Self(name)
    }
}

/// Puts programs and their libraries into an image of this name.
pub(crate) fn import(
    engine: &str,
    folder: &Path,
    programs: &[&Path],
    changes: &[&str],
    name: &str,
) -> Output {
    let root = folder.join("root");
    let put = |file: &Path| {
        let to = root.join(file.strip_prefix("/").unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(file, to).unwrap();
    };
    for program in programs {
        put(program);
        let libraries = Command::new("ldd").arg(program).output().unwrap();
        let libraries = String::from_utf8(libraries.stdout).unwrap();
        libraries
            .split_whitespace()
            .filter(|word| word.starts_with('/'))
            .for_each(|word| put(Path::new(word)));
    }
    let mut import = Command::new("sh");
    let line = "engine=$1; root=$2; shift 2; tar -C \"$root\" -c . | \"$engine\" import \"$@\"";
    import.args(["-c", line, "sh", engine]).arg(&root);
    for change in changes {
        import.args(["--change", change]);
    }
    import.args(["-", name]).output().unwrap()
}

/// The image with all the clients, which `tests/clients/image` makes; why not, where there is none.
pub(crate) fn clients_image() -> Result<String, String> {
    static FOUND: OnceLock<Result<String, String>> = OnceLock::new();
    let find = || {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/image");
        let output = Command::new(script).arg("find").output().unwrap();
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned());
        }
        assert!(std::env::var_os("SAMEWIRE_TEST_IMAGE").is_none(), "{}", text(&output));
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(said.rsplit_once("skipped: ").map_or(said.clone(), |(_, why)| why.to_owned()))
    };
    FOUND.get_or_init(find).clone()
}

impl Drop for Image {
    fn drop(&mut self) {
        docker(&["rmi", "--force", &self.0]);
    }
}

/// A container or a network that goes at the end.
pub(crate) struct Gone(pub(crate) &'static str, pub(crate) String);

impl Drop for Gone {
    fn drop(&mut self) {
        match self.0 {
            "network" => docker(&["network", "rm", &self.1]),
            _ => docker(&["rm", "--force", &self.1]),
        };
    }
}

/// The address by which containers of the default bridge reach this machine; without an engine the test is skipped.
///
/// Some engines tell the subnet alone; the gateway is its first address.
pub(crate) fn bridge() -> Option<String> {
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
