//! What a line of `run` says: image, arguments, environment, mounts, networks.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::connector::Mount;

use super::ContainerError;
use super::dialect::Dialect;
use super::flags::{Flags, Given, RUN, RUN_SHORTS};

/// Flags that lead where samewire cannot follow, and what to do.
const REFUSED: &[(&str, &str)] = &[
    (
        "detach",
        "samewire records until the container ends and returns its exit status; leave out -d (--detach), and put the whole line into the \
         background where that is wanted (`samewire record ... &`)",
    ),
    ("rootfs", "it names a folder in place of an image; make an image of it (`docker import`)"),
    ("pod", "the pod's network is not known before it runs; run the container without the pod"),
    ("pod-id-file", "the pod's network is not known before it runs; run the container without the pod"),
];

/// A line of `run`, its words after the subcommand.
#[derive(Clone, Debug)]
pub(super) struct RunLine {
    pub(super) words: Vec<OsString>,
    pub(super) flags: Flags,
}

impl RunLine {
    /// Reads it. `None`: it asks for help alone.
    pub(super) fn read(words: Vec<OsString>, dialect: Dialect) -> Result<Option<Self>, ContainerError> {
        let flags = Flags::read(&words, RUN, RUN_SHORTS, dialect)?;
        if flags.is_on("help") {
            return Ok(None);
        }
        for (name, why) in REFUSED {
            let switched_off = flags.value(name).is_none_or(|value| value == "false" || value == "0");
            if !switched_off {
                return Err(ContainerError::Flag { flag: format!("--{name}"), why });
            }
        }
        if words.get(flags.positional).is_none_or(|image| image.is_empty()) {
            return Err(ContainerError::NoImage);
        }
        Ok(Some(Self { words, flags }))
    }

    /// The image.
    pub(super) fn image(&self) -> &OsStr {
        &self.words[self.flags.positional]
    }

    /// The words after the image: the container's own command or arguments.
    pub(super) fn arguments(&self) -> &[OsString] {
        &self.words[self.flags.positional + 1..]
    }

    /// The line with more flags, which win over those that stand there.
    pub(super) fn with(&self, flags: Vec<OsString>) -> Vec<OsString> {
        let (before, after) = self.words.split_at(self.flags.end);
        before.iter().cloned().chain(flags).chain(after.iter().cloned()).collect()
    }

    /// The line without flags of these names. The others keep their order and meaning; each is written out, `-it` as two.
    pub(super) fn without(&self, names: &[&str]) -> Self {
        let is_kept = |given: &&Given| !names.contains(&given.name);
        let given: Vec<_> = self.flags.given.iter().filter(is_kept).cloned().collect();
        let flag = |given: &Given| {
            let mut word = OsString::from(format!("--{}=", given.name));
            word.push(&given.value);
            word
        };
        let end = given.len();
        let words = given.iter().map(flag).chain(self.words[self.flags.end..].iter().cloned()).collect();
        let positional = end + (self.flags.positional - self.flags.end);
        Self { words, flags: Flags { given, positional, end } }
    }

    /// The flags that hold for any container of the line, written out.
    pub(super) fn flags_of(&self, names: &[&str]) -> Vec<OsString> {
        self.flags
            .given
            .iter()
            .filter(|given| names.contains(&given.name))
            .flat_map(|given| [format!("--{}", given.name).into(), given.value.clone()])
            .collect()
    }

    /// Networks by name, in order.
    pub(super) fn networks(&self) -> Vec<String> {
        let name = |value: &OsString| {
            let text = value.to_string_lossy();
            // The long form: `name=NET,alias=...`.
            let named = text.split(',').find_map(|part| part.strip_prefix("name=")).map(str::to_owned);
            named.unwrap_or_else(|| text.into_owned())
        };
        self.flags.values(&["network", "net"]).map(name).filter(|name| !name.is_empty()).collect()
    }

    /// Names that the container's own hosts file has, where they have an address.
    pub(super) fn hosts(&self, gateway: Option<IpAddr>) -> Vec<(String, IpAddr)> {
        let host = |value: &OsString| {
            let text = value.to_str()?;
            let (name, address) = text.split_once('=').or_else(|| text.split_once(':'))?;
            let address = match address.trim_matches(['[', ']']) {
                "host-gateway" => gateway?,
                address => address.parse().ok()?,
            };
            Some((name.to_owned(), address))
        };
        self.flags.values(&["add-host"]).filter_map(host).collect()
    }

    /// The variables that the line sets, by its env files and then by itself, the later winning; each with its value.
    /// `inherited` is the environment of the engine's client, from which names without a value are taken.
    pub(super) fn environment(
        &self,
        folder: &Path,
        inherited: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Vec<(String, OsString)>, ContainerError> {
        let mut variables = Vec::new();
        for path in self.flags.values(&["env-file"]) {
            let path = folder.join(path);
            let text =
                fs::read(&path).map_err(|source| ContainerError::EnvFile { path: path.clone(), source })?;
            let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_start);
            for line in lines.filter(|line| !line.is_empty() && !line.starts_with(b"#")) {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                variables.extend(assignment(OsStr::from_bytes(line), &inherited));
            }
        }
        variables.extend(self.flags.values(&["env"]).filter_map(|word| assignment(word, &inherited)));
        Ok(variables)
    }

    /// Folders and files of this machine that the container sees.
    pub(super) fn mounts(&self, folder: &Path) -> Vec<Mount> {
        let binds = self.flags.values(&["volume"]).filter_map(|value| bind(value.to_str()?));
        let long = self.flags.values(&["mount"]).filter_map(|value| long_bind(value.to_str()?));
        binds.chain(long).map(|(outside, inside)| Mount { outside: folder.join(outside), inside }).collect()
    }

    /// Every path inside that something is mounted on.
    pub(super) fn mounted_on(&self) -> Vec<PathBuf> {
        let volume = |value: &str| {
            let mut parts = value.split(':');
            let first = parts.next()?;
            Some(PathBuf::from(parts.next().unwrap_or(first)))
        };
        let volumes = self.flags.values(&["volume"]).filter_map(|value| volume(value.to_str()?));
        let tmpfs = self
            .flags
            .values(&["tmpfs"])
            .filter_map(|value| value.to_str()?.split(':').next().map(PathBuf::from));
        let long = self
            .flags
            .values(&["mount"])
            .filter_map(|value| part(value.to_str()?, &TARGETS).map(PathBuf::from));
        volumes.chain(tmpfs).chain(long).collect()
    }
}

/// `NAME=VALUE`, or `NAME` with the value that it has outside.
fn assignment(word: &OsStr, inherited: impl Fn(&str) -> Option<OsString>) -> Option<(String, OsString)> {
    let bytes = word.as_bytes();
    if let Some(at) = bytes.iter().position(|byte| *byte == b'=') {
        let name = std::str::from_utf8(&bytes[..at]).ok()?;
        return Some((name.to_owned(), OsStr::from_bytes(&bytes[at + 1..]).to_owned()));
    }
    let name = word.to_str()?.trim_end();
    Some((name.to_owned(), inherited(name)?))
}

/// `HERE:THERE[:OPTIONS]` where HERE is a path: other names are those of volumes.
fn bind(value: &str) -> Option<(PathBuf, PathBuf)> {
    let mut parts = value.split(':');
    let here = parts.next().filter(|here| here.starts_with(['/', '.']))?;
    Some((here.into(), parts.next()?.into()))
}

const TARGETS: [&str; 3] = ["target", "destination", "dst"];

/// `type=bind,source=HERE,target=THERE`.
fn long_bind(value: &str) -> Option<(PathBuf, PathBuf)> {
    let is_bind = part(value, &["type"]).is_none_or(|kind| kind == "bind");
    let here = part(value, &["source", "src"]).filter(|here| is_bind && here.starts_with(['/', '.']))?;
    Some((here.into(), part(value, &TARGETS)?.into()))
}

/// A part of a list `key=value,key=value`.
fn part<'a>(list: &'a str, keys: &[&str]) -> Option<&'a str> {
    let parts = list.split(',').filter_map(|part| part.trim_matches('"').split_once('='));
    parts.filter(|(key, _)| keys.contains(key)).map(|(_, value)| value).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(line: &str) -> Result<Option<RunLine>, ContainerError> {
        RunLine::read(line.split(' ').map(OsString::from).collect(), Dialect::Docker)
    }

    fn read(text: &str) -> RunLine {
        line(text).unwrap().unwrap()
    }

    #[test]
    fn a_line_tells_its_image_and_keeps_its_arguments() {
        let run =
            read("--rm -v /srv:/secrets:ro acme/source:1 check --config /secrets/config.json --rm -e X=y");
        assert_eq!(run.image(), "acme/source:1");
        let with = run.with(vec!["--env".into(), "A=b".into()]);
        let expected = "--rm -v /srv:/secrets:ro --env A=b acme/source:1 check --config /secrets/config.json --rm -e X=y";
        assert_eq!(with, expected.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert!(line("--help").unwrap().is_none());
    }

    #[test]
    fn flags_are_taken_out_in_every_spelling_and_the_others_stay() {
        let run = read("--rm -itv /a:/b -hbox --network=net --net other -e X= -- IMAGE -h x");
        let without = run.without(&["hostname", "network", "net"]);
        let expected = "--rm=true --interactive=true --tty=true --volume=/a:/b --env=X= -- IMAGE -h x";
        assert_eq!(without.words, expected.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!((without.image(), without.arguments().len()), (OsStr::new("IMAGE"), 2));
        let with = without.with(vec!["--quiet".into()]);
        assert_eq!(with[5..7], ["--quiet", "--"].map(OsString::from));
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        for text in ["-d IMAGE", "-itd IMAGE", "--detach=true IMAGE"] {
            assert!(matches!(line(text), Err(ContainerError::Flag { .. })), "{text}");
        }
        assert!(line("--detach=false IMAGE").is_ok());
        assert!(matches!(line("--rm"), Err(ContainerError::NoImage)));
    }

    #[test]
    fn mounts_are_read_in_every_form() {
        let folder = Path::new("/home/me");
        for (flags, outside, inside) in [
            ("-v /srv/s:/secrets:ro", "/srv/s", "/secrets"),
            ("-v ./s:/secrets:ro,z", "/home/me/./s", "/secrets"),
            ("--volume=/srv/s:/secrets", "/srv/s", "/secrets"),
            ("--mount type=bind,src=/srv/c.json,dst=/c.json,readonly", "/srv/c.json", "/c.json"),
            ("--mount readonly,type=bind,source=./c.json,target=/c.json", "/home/me/./c.json", "/c.json"),
        ] {
            let mounts = read(&format!("{flags} IMAGE")).mounts(folder);
            assert_eq!(mounts, [Mount { outside: outside.into(), inside: inside.into() }], "{flags}");
        }
        for flags in
            ["-v data:/secrets", "-v /anonymous", "--mount type=volume,src=data,dst=/x", "--tmpfs /x:size=1m"]
        {
            let run = read(&format!("{flags} IMAGE"));
            assert!(run.mounts(folder).is_empty(), "{flags}");
            assert_eq!(run.mounted_on().len(), 1, "{flags}");
        }
    }

    #[test]
    fn variables_come_from_files_first_and_from_outside_where_they_have_no_value() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("env"), "# remark\n\nA=file\n  B=two words \nHOME\nNOWHERE\n").unwrap();
        let run = read("-e A=line --env-file env -e C IMAGE");
        let inherited = |name: &str| (name == "HOME" || name == "C").then(|| OsString::from("outside"));
        let variables = run.environment(folder.path(), inherited).unwrap();
        let expected =
            [("A", "file"), ("B", "two words "), ("HOME", "outside"), ("A", "line"), ("C", "outside")];
        assert_eq!(variables, expected.map(|(name, value)| (name.to_owned(), OsString::from(value))));
        assert!(matches!(
            read("--env-file nowhere IMAGE").environment(folder.path(), |_| None),
            Err(ContainerError::EnvFile { .. })
        ));
    }

    #[test]
    fn networks_and_hosts_are_read_in_every_form() {
        assert_eq!(read("--network a --net=name=b,alias=x IMAGE").networks(), ["a", "b"]);
        let gateway = IpAddr::from([172, 17, 0, 1]);
        let hosts = read("--add-host a:10.0.0.1 --add-host=b=host-gateway --add-host c:[::1] IMAGE")
            .hosts(Some(gateway));
        let expected = [("a", "10.0.0.1"), ("b", "172.17.0.1"), ("c", "::1")];
        assert_eq!(hosts, expected.map(|(name, address)| (name.to_owned(), address.parse().unwrap())));
    }

    proptest::proptest! {
        #[test]
        fn arguments_after_the_image_are_never_touched(
            flags in proptest::sample::subsequence(vec!["--rm", "-it", "-eA=b", "--name=x", "-v/a:/b"], 0..5),
            dashes in proptest::bool::ANY,
            arguments in proptest::collection::vec(".{0,12}", 0..6),
        ) {
            let mut words: Vec<OsString> = flags.iter().map(OsString::from).collect();
            if dashes {
                words.push("--".into());
            }
            words.push("IMAGE".into());
            let kept: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            words.extend(kept.iter().cloned());
            let run = RunLine::read(words, Dialect::Docker).unwrap().unwrap();
            let with = run.with(vec!["--env".into(), "A=b".into()]);
            proptest::prop_assert_eq!(run.arguments(), &kept[..]);
            proptest::prop_assert!(with.ends_with(&kept));
            proptest::prop_assert_eq!(with.len(), run.words.len() + 2);
        }
    }
}
