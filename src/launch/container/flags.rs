//! The flags of container engines: which take a value. One table; with it a command line is read as the engines read it (the Go
//! library pflag), so that the image and its arguments are found for sure.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use super::dialect::Dialect;

/// Whether a flag takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Value,
    /// A switch; `--flag=false` turns it off.
    Nothing,
}

/// Flags of the same engines and the same kind.
pub(super) struct Group {
    pub(super) engines: &'static [Dialect],
    pub(super) takes: Takes,
    /// Their long names, with blanks between them.
    pub(super) names: &'static str,
}

pub(super) const ALL: &[Dialect] = &[Dialect::Docker, Dialect::Podman, Dialect::Nerdctl];
const DOCKER_PODMAN: &[Dialect] = &[Dialect::Docker, Dialect::Podman];
const DOCKER_NERDCTL: &[Dialect] = &[Dialect::Docker, Dialect::Nerdctl];
const PODMAN_NERDCTL: &[Dialect] = &[Dialect::Podman, Dialect::Nerdctl];
const DOCKER: &[Dialect] = &[Dialect::Docker];
const PODMAN: &[Dialect] = &[Dialect::Podman];
const NERDCTL: &[Dialect] = &[Dialect::Nerdctl];

/// Flags of `run`. From `docker run --help` (28.2), `podman run --help` (4.3, and podman-run(1) of 5.x), nerdctl's command reference
/// (2.0), and the aliases that each keeps for older versions.
pub(super) static RUN: &[Group] = &[
    Group {
        engines: ALL,
        takes: Takes::Value,
        names: "add-host annotation attach blkio-weight blkio-weight-device cap-add cap-drop cgroup-parent cgroupns \
             cidfile cpu-period cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares cpus cpuset-cpus cpuset-mems \
             detach-keys device device-read-bps device-read-iops device-write-bps device-write-iops dns dns-opt \
             dns-option dns-search entrypoint env env-file expose gpus group-add health-cmd health-interval \
             health-retries health-start-period health-timeout hostname ip ip6 ipc label label-file log-driver \
             log-opt mac-address memory memory-reservation memory-swap memory-swappiness mount name net network \
             network-alias oom-score-adj pid pids-limit platform publish pull restart security-opt shm-size \
             stop-signal stop-timeout sysctl tmpfs ulimit user userns uts volume volumes-from workdir",
    },
    Group {
        engines: ALL,
        takes: Takes::Nothing,
        names: "detach help init interactive no-healthcheck oom-kill-disable privileged quiet read-only rm sig-proxy \
             tty",
    },
    Group { engines: DOCKER_PODMAN, takes: Takes::Value, names: "device-cgroup-rule" },
    Group { engines: DOCKER_PODMAN, takes: Takes::Nothing, names: "disable-content-trust publish-all" },
    Group {
        engines: DOCKER_NERDCTL,
        takes: Takes::Value,
        names: "domainname health-start-interval isolation kernel-memory runtime",
    },
    Group {
        engines: PODMAN_NERDCTL,
        takes: Takes::Value,
        names: "cgroup-conf pidfile rdt-class systemd umask",
    },
    Group { engines: PODMAN_NERDCTL, takes: Takes::Nothing, names: "rootfs" },
    Group {
        engines: DOCKER,
        takes: Takes::Value,
        names: "cpu-count cpu-percent io-maxbandwidth io-maxiops link link-local-ip net-alias storage-opt \
             volume-driver",
    },
    Group { engines: DOCKER, takes: Takes::Nothing, names: "use-api-socket" },
    Group {
        engines: PODMAN,
        takes: Takes::Value,
        names: "arch authfile cert-dir cgroups chrootdirs conmon-pidfile creds decryption-key env-merge gidmap \
             group-entry health-log-destination health-max-log-count health-max-log-size health-on-failure \
             health-startup-cmd health-startup-interval health-startup-retries health-startup-success \
             health-startup-timeout hosts-file hostuser image-volume init-path os passwd-entry personality pod \
             pod-id-file preserve-fds requires retry retry-delay sdnotify seccomp-policy secret shm-size-systemd \
             subgidname subuidname timeout tz uidmap unsetenv variant",
    },
    Group {
        engines: PODMAN,
        takes: Takes::Nothing,
        names: "env-host http-proxy no-hostname no-hosts passwd read-only-tmpfs replace rmi tls-verify unsetenv-all",
    },
    Group {
        engines: NERDCTL,
        takes: Takes::Value,
        names: "cosign-certificate-identity cosign-certificate-identity-regexp cosign-certificate-oidc-issuer \
             cosign-certificate-oidc-issuer-regexp cosign-key init-binary ipfs-address verify",
    },
];

/// Flags that stand before the subcommand. From `docker --help`, podman(1), nerdctl's command reference.
pub(super) static GLOBAL: &[Group] = &[
    Group {
        engines: DOCKER,
        takes: Takes::Value,
        names: "config context host log-level tlscacert tlscert tlskey",
    },
    Group { engines: DOCKER, takes: Takes::Nothing, names: "debug tls tlsverify version help" },
    Group {
        engines: PODMAN,
        takes: Takes::Value,
        names: "cgroup-manager config conmon connection events-backend hooks-dir identity imagestore log-level module \
                namespace network-cmd-path network-config-dir out root runroot runtime runtime-flag ssh storage-driver \
                storage-opt tls-ca tls-cert tls-key tmpdir url volumepath",
    },
    Group {
        engines: PODMAN,
        takes: Takes::Nothing,
        names: "help noout remote syslog trace transient-store version",
    },
    Group {
        engines: NERDCTL,
        takes: Takes::Value,
        names: "address bridge-ip cdi-spec-dirs cgroup-manager cni-netconfpath cni-path data-root dns dns-opts dns-search \
                global-dns host host-gateway-ip hosts-dir namespace snapshotter storage-driver userns-remap",
    },
    Group {
        engines: NERDCTL,
        takes: Takes::Nothing,
        names: "debug debug-full experimental help insecure-registry kube-hide-dupe version",
    },
];

/// Short names of flags, where they stand.
pub(super) type Shorts = &'static [(char, &'static str)];

/// Of `run`; the same for all engines.
pub(super) static RUN_SHORTS: Shorts = &[
    ('a', "attach"),
    ('c', "cpu-shares"),
    ('d', "detach"),
    ('e', "env"),
    ('h', "hostname"),
    ('i', "interactive"),
    ('l', "label"),
    ('m', "memory"),
    ('p', "publish"),
    ('P', "publish-all"),
    ('q', "quiet"),
    ('t', "tty"),
    ('u', "user"),
    ('v', "volume"),
    ('w', "workdir"),
];

/// Before docker's and podman's subcommand. podman knows no `-H`, docker no `-r`: the table of long names tells.
pub(super) static GLOBAL_SHORTS: Shorts =
    &[('c', "context"), ('D', "debug"), ('H', "host"), ('l', "log-level"), ('v', "version")];
/// Before podman's.
pub(super) static PODMAN_SHORTS: Shorts = &[('c', "connection"), ('r', "remote"), ('v', "version")];
/// Before nerdctl's.
pub(super) static NERDCTL_SHORTS: Shorts =
    &[('a', "address"), ('H', "host"), ('n', "namespace"), ('h', "help"), ('v', "version")];
/// A flag that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    /// Its long name.
    pub(super) name: &'static str,
    /// Its value; `true` or `false` of a switch.
    pub(super) value: OsString,
}

/// Flags up to the first word that is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    /// In the order in which they stand.
    pub(super) given: Vec<Given>,
    /// Where the first positional word stands, or the end.
    pub(super) positional: usize,
    /// Where more flags can be put: before a `--`, else before the positional word.
    pub(super) end: usize,
}

/// A word that no table knows, or a flag without its value. Values are not shown, they may be secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotUnderstood {
    Unknown(String),
    NoValue(String),
}

impl Flags {
    /// Reads flags as pflag does: `--flag VALUE`, `--flag=VALUE`, `-f VALUE`, `-fVALUE`, `-f=VALUE`, `-abc`, `--`.
    pub(super) fn read(
        words: &[OsString],
        groups: &'static [Group],
        shorts: Shorts,
        dialect: Dialect,
    ) -> Result<Self, NotUnderstood> {
        let mut flags = Self::default();
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let bytes = word.as_bytes();
            if bytes == b"--" {
                return Ok(Self { end: at, positional: at + 1, ..flags });
            }
            if let Some(long) = bytes.strip_prefix(b"--") {
                let (name, value) = split_at_equals(long);
                let (name, takes) = find(groups, dialect, name).ok_or_else(|| unknown(b"--", name))?;
                let value = match (takes, value) {
                    (_, Some(value)) => OsString::from_vec(value.to_vec()),
                    (Takes::Nothing, None) => "true".into(),
                    (Takes::Value, None) => {
                        at += 1;
                        words.get(at).cloned().ok_or_else(|| NotUnderstood::NoValue(format!("--{name}")))?
                    }
                };
                flags.given.push(Given { name, value });
            } else if bytes.len() > 1 && bytes[0] == b'-' {
                at += flags.short(&bytes[1..], words.get(at + 1), groups, shorts, dialect)?;
            } else {
                break;
            }
            at += 1;
        }
        Ok(Self { end: at, positional: at, ..flags })
    }

    /// Reads the letters of one word; returns how many words after it belong to it.
    fn short(
        &mut self,
        letters: &[u8],
        next: Option<&OsString>,
        groups: &'static [Group],
        shorts: Shorts,
        dialect: Dialect,
    ) -> Result<usize, NotUnderstood> {
        for (at, letter) in letters.iter().enumerate() {
            let known = shorts.iter().find(|(short, _)| u32::from(*short) == u32::from(*letter));
            let found = known.and_then(|(_, name)| find(groups, dialect, name.as_bytes()));
            let (name, takes) = found.ok_or_else(|| unknown(b"-", std::slice::from_ref(letter)))?;
            let rest = &letters[at + 1..];
            match (takes, rest) {
                (Takes::Value, []) => {
                    let value = next
                        .cloned()
                        .ok_or_else(|| NotUnderstood::NoValue(format!("-{}", *letter as char)))?;
                    self.given.push(Given { name, value });
                    return Ok(1);
                }
                (Takes::Value, [b'=', value @ ..] | value) | (Takes::Nothing, [b'=', value @ ..]) => {
                    self.given.push(Given { name, value: OsStr::from_bytes(value).to_owned() });
                    return Ok(0);
                }
                (Takes::Nothing, _) => self.given.push(Given { name, value: "true".into() }),
            }
        }
        Ok(0)
    }

    /// The values of a flag, by any of its names.
    pub(super) fn values<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a OsString> {
        self.given.iter().filter(|given| names.contains(&given.name)).map(|given| &given.value)
    }

    /// The last value of a flag, which is the one that counts.
    pub(super) fn value(&self, name: &str) -> Option<&OsString> {
        self.given.iter().rev().find(|given| given.name == name).map(|given| &given.value)
    }

    /// Whether a switch is on.
    pub(super) fn is_on(&self, name: &str) -> bool {
        // What strconv.ParseBool takes for true.
        self.value(name)
            .is_some_and(|value| ["1", "t", "T", "true", "TRUE", "True"].iter().any(|on| value == on))
    }
}

fn find(groups: &'static [Group], dialect: Dialect, name: &[u8]) -> Option<(&'static str, Takes)> {
    groups.iter().filter(|group| group.engines.contains(&dialect)).find_map(|group| {
        group
            .names
            .split_ascii_whitespace()
            .find(|known| known.as_bytes() == name)
            .map(|known| (known, group.takes))
    })
}

fn split_at_equals(word: &[u8]) -> (&[u8], Option<&[u8]>) {
    match word.iter().position(|byte| *byte == b'=') {
        Some(at) => (&word[..at], Some(&word[at + 1..])),
        None => (word, None),
    }
}

fn unknown(dashes: &[u8], name: &[u8]) -> NotUnderstood {
    NotUnderstood::Unknown(String::from_utf8_lossy(&[dashes, name].concat()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Flags, NotUnderstood> {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        Flags::read(&words, RUN, RUN_SHORTS, Dialect::Docker)
    }

    fn given(line: &str) -> Vec<(&'static str, String)> {
        let flags = read(line).unwrap();
        flags.given.into_iter().map(|given| (given.name, given.value.into_string().unwrap())).collect()
    }

    #[test]
    fn a_flag_is_read_in_every_spelling() {
        for line in ["--env A=b IMAGE", "--env=A=b IMAGE", "-e A=b IMAGE", "-eA=b IMAGE", "-e=A=b IMAGE"] {
            assert_eq!(given(line), [("env", "A=b".to_owned())], "{line}");
        }
        for line in ["-itv /a:/b IMAGE", "-i -t --volume=/a:/b IMAGE", "-it -v/a:/b IMAGE"] {
            let on = "true".to_owned();
            let volume = ("volume", "/a:/b".to_owned());
            assert_eq!(given(line), [("interactive", on.clone()), ("tty", on), volume], "{line}");
        }
        assert!(!read("--detach=false IMAGE").unwrap().is_on("detach"));
        assert!(read("-d IMAGE").unwrap().is_on("detach"));
    }

    #[test]
    fn the_image_is_the_first_word_that_is_no_flag_and_no_value() {
        for (line, positional, end) in [
            ("--rm IMAGE check --config /c.json", 1, 1),
            ("--rm --name image IMAGE --rm", 3, 3),
            ("-it -- IMAGE -x", 2, 1),
            ("IMAGE", 0, 0),
            ("--rm", 1, 1),
        ] {
            let flags = read(line).unwrap();
            assert_eq!((flags.positional, flags.end), (positional, end), "{line}");
        }
    }

    #[test]
    fn what_no_table_knows_is_refused_by_name_without_its_value() {
        assert_eq!(read("--frobnicate=s3cret IMAGE"), Err(NotUnderstood::Unknown("--frobnicate".into())));
        assert_eq!(read("-Z IMAGE"), Err(NotUnderstood::Unknown("-Z".into())));
        assert_eq!(read("--name"), Err(NotUnderstood::NoValue("--name".into())));
        assert_eq!(read("--pod p IMAGE"), Err(NotUnderstood::Unknown("--pod".into())), "podman's own");
    }

    #[test]
    fn names_are_whole() {
        let groups = RUN.iter().chain(GLOBAL);
        for name in groups.flat_map(|group| group.names.split_ascii_whitespace()) {
            assert!(!name.ends_with('-'), "{name}");
        }
        assert_eq!(given("--stop-signal KILL IMAGE"), [("stop-signal", "KILL".to_owned())]);
    }

    #[test]
    fn each_flag_stands_once_an_engine() {
        for groups in [RUN, GLOBAL] {
            for dialect in [Dialect::Docker, Dialect::Podman, Dialect::Nerdctl] {
                let of = groups.iter().filter(|group| group.engines.contains(&dialect));
                let mut names: Vec<_> = of.flat_map(|group| group.names.split_ascii_whitespace()).collect();
                let all = names.len();
                assert!(names.iter().all(|name| !name.ends_with('-')), "a name broken in two: {names:?}");
                names.sort_unstable();
                names.dedup();
                assert_eq!(all, names.len());
            }
        }
        for (letter, name) in RUN_SHORTS {
            assert!(find(RUN, Dialect::Docker, name.as_bytes()).is_some(), "-{letter}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_words_are_read_or_refused(words in proptest::collection::vec("(-{0,2}[a-z=-]{0,8}|--rm|-e|--env|-it|.{0,6})", 0..8)) {
            let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
            if let Ok(flags) = Flags::read(&words, RUN, RUN_SHORTS, Dialect::Docker) {
                proptest::prop_assert!(flags.end <= flags.positional && flags.positional <= words.len().max(flags.end + 1));
            }
        }
    }
}
