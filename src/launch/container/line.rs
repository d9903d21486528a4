//! How a command line comes to an engine: what stands before the program, a shell's line, flags before the subcommand.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;
use std::process::{Command as Process, Stdio};

use super::ContainerError;
use super::dialect::Dialect;
use super::flags::{Flags, GLOBAL, GLOBAL_SHORTS, NERDCTL_SHORTS, PODMAN_SHORTS};

/// A command line that calls an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// Words before the program that a question to the same engine needs as well: `sudo -n`, `env DOCKER_HOST=...`.
    pub(super) before: Vec<OsString>,
    /// All words before the program.
    pub(super) all_before: Vec<OsString>,
    /// The program as it is named.
    pub(super) program: OsString,
    /// Its flags before the subcommand.
    pub(super) globals: Vec<OsString>,
    pub(super) dialect: Dialect,
    pub(super) what: What,
    /// The words of the subcommand itself: `run`, `container run`, `compose`.
    pub(super) subcommand: Vec<OsString>,
    /// What follows it.
    pub(super) rest: Vec<OsString>,
}

/// What the engine is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Run,
    Compose,
}

/// Subcommands that start processes in containers other than by `run`, and what to say instead.
const OTHERS: &[(&str, &str)] = &[
    (
        "exec",
        "its environment is that of a process beside the container's own; record `run` of the same image",
    ),
    ("create", "it starts nothing; record `run` with the same flags"),
    ("start", "its environment was decided when the container was made; record `run` with the same flags"),
    ("restart", "its environment was decided when the container was made; record `run` with the same flags"),
    ("attach", "the container runs already; record `run` with the same flags"),
    ("play", "pods are not read; put what `samewire env --format kubernetes` prints into the file"),
    ("kube", "pods are not read; put what `samewire env --format kubernetes` prints into the file"),
    (
        "stack",
        "the engine starts the services elsewhere; put what `samewire env --format compose` prints into the file",
    ),
    ("service", "the engine starts the service elsewhere; add what `samewire env --format docker` prints"),
];

/// A program that runs the program after its own flags.
struct Wrapper {
    name: &'static str,
    switches: &'static [&'static str],
    values: &'static [&'static str],
    /// `NAME=VALUE` words follow.
    assigns: bool,
    /// Positional words of its own.
    own: usize,
    /// A question to the engine needs it as well.
    asks: bool,
}

const WRAPPERS: &[Wrapper] = &[
    Wrapper {
        name: "sudo",
        switches: &[
            "-E",
            "-n",
            "-H",
            "-S",
            "-k",
            "-b",
            "-A",
            "-P",
            "--non-interactive",
            "--preserve-env",
            "--set-home",
        ],
        values: &["-u", "-g", "-p", "--user", "--group", "--prompt"],
        assigns: true,
        own: 0,
        asks: true,
    },
    Wrapper {
        name: "env",
        switches: &["-i", "--ignore-environment", "-"],
        values: &["-u", "--unset"],
        assigns: true,
        own: 0,
        asks: true,
    },
    Wrapper {
        name: "timeout",
        switches: &["--foreground", "--preserve-status", "-v", "--verbose"],
        values: &["-k", "--kill-after", "-s", "--signal"],
        assigns: false,
        own: 1,
        asks: false,
    },
    Wrapper {
        name: "nice",
        switches: &[],
        values: &["-n", "--adjustment"],
        assigns: false,
        own: 0,
        asks: false,
    },
    Wrapper { name: "nohup", switches: &[], values: &[], assigns: false, own: 0, asks: false },
];

impl Call {
    /// Reads a command line. `None`: it calls no engine to run a container.
    pub(super) fn read(words: &[OsString]) -> Result<Option<Self>, ContainerError> {
        if !mentions_a_start(words) {
            return Ok(None);
        }
        match shell_line(words) {
            Some(line) if !is_simple(line.as_bytes()) => Err(ContainerError::NotSimple),
            Some(line) => Self::of_words(&expanded(words, line)?),
            None => Self::of_words(words),
        }
    }

    fn of_words(words: &[OsString]) -> Result<Option<Self>, ContainerError> {
        let (mut before, mut all_before) = (Vec::new(), Vec::new());
        let mut rest = words;
        // Assignments before a command, and `exec`, are the shell's; a program takes them from `env`.
        let assigned = rest.iter().take_while(|word| is_assignment(word)).count();
        if assigned > 0 {
            for list in [&mut before, &mut all_before] {
                list.push("env".into());
                list.extend(rest[..assigned].iter().cloned());
            }
            rest = &rest[assigned..];
        }
        if rest.first().is_some_and(|word| word == "exec" || word == "command") {
            rest = &rest[1..];
        }
        while let Some(wrapper) = rest.first().and_then(|word| wrapper(word)) {
            let length = wrapper.length(rest).ok_or(ContainerError::Hidden)?;
            all_before.extend(rest[..length].iter().cloned());
            if wrapper.asks {
                before.extend(rest[..length].iter().cloned());
            }
            rest = &rest[length..];
        }
        let Some((program, rest)) = rest.split_first() else { return Err(ContainerError::Hidden) };
        let call = |dialect, globals: &[OsString], what, subcommand: &[OsString], rest: &[OsString]| Self {
            before: before.clone(),
            all_before: all_before.clone(),
            program: program.clone(),
            globals: globals.to_vec(),
            dialect,
            what,
            subcommand: subcommand.to_vec(),
            rest: rest.to_vec(),
        };
        if Path::new(program).file_name() == Some(OsStr::new("docker-compose")) {
            return Ok(Some(call(Dialect::Docker, &[], What::Compose, &[], rest)));
        }
        let Some(dialect) = Dialect::of(program) else { return Err(ContainerError::Hidden) };
        let shorts = match dialect {
            Dialect::Docker => GLOBAL_SHORTS,
            Dialect::Podman => PODMAN_SHORTS,
            Dialect::Nerdctl => NERDCTL_SHORTS,
        };
        let flags = Flags::read(rest, GLOBAL, shorts, dialect)?;
        let (globals, rest) = rest.split_at(flags.positional.min(rest.len()));
        let word = |at: usize| rest.get(at).and_then(|word| word.to_str()).unwrap_or_default();
        let (what, length) = match (word(0), word(1)) {
            ("run", _) => (What::Run, 1),
            ("container", "run") => (What::Run, 2),
            ("compose", _) => (What::Compose, 1),
            ("container", other) | (other, _) => {
                let known = OTHERS.iter().find(|(name, _)| *name == other);
                return match known {
                    Some((name, instead)) => Err(ContainerError::Subcommand { name, instead }),
                    None => Ok(None),
                };
            }
        };
        Ok(Some(call(dialect, globals, what, &rest[..length], &rest[length..])))
    }

    /// The command line, with these words after the subcommand.
    pub(super) fn with(&self, rest: Vec<OsString>) -> Vec<OsString> {
        let front =
            self.all_before.iter().chain([&self.program]).chain(&self.globals).chain(&self.subcommand);
        front.cloned().chain(rest).collect()
    }
}

impl Wrapper {
    /// How many words are the wrapper's own, its name first; `None` where that cannot be told.
    fn length(&self, words: &[OsString]) -> Option<usize> {
        let mut at = 1;
        let mut own = self.own;
        loop {
            let word = words.get(at)?.to_str()?;
            let (flag, joined) = word.split_once('=').map_or((word, false), |(flag, _)| (flag, true));
            at += if self.assigns && is_assignment(words.get(at)?) || self.switches.contains(&flag) {
                1
            } else if self.values.contains(&flag) {
                if joined { 1 } else { 2 }
            } else if word.starts_with('-') {
                return None;
            } else if own > 0 {
                own -= 1;
                1
            } else {
                return Some(at);
            };
        }
    }
}

fn wrapper(word: &OsStr) -> Option<&'static Wrapper> {
    let name = Path::new(word).file_name()?.to_str()?;
    WRAPPERS.iter().find(|wrapper| wrapper.name == name)
}

/// `NAME=VALUE`.
fn is_assignment(word: &OsStr) -> bool {
    let bytes = word.as_bytes();
    let name = bytes.split(|byte| *byte == b'=').next().unwrap_or_default();
    name.len() < bytes.len()
        && name.first().is_some_and(|first| !first.is_ascii_digit())
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// Whether a line names an engine and, after it, a subcommand that starts something; words of a shell's line count one by one.
fn mentions_a_start(words: &[OsString]) -> bool {
    let split = |byte: &u8| byte.is_ascii_whitespace() || b";|&<>()'\"`{}=".contains(byte);
    let mut engine = false;
    for word in words.iter().flat_map(|word| word.as_bytes().split(split)) {
        let name = word.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let name = OsStr::from_bytes(name);
        if Dialect::of(name).is_some() || name == "docker-compose" {
            engine = true;
        } else if engine {
            let starts = ["run", "up", "compose"].iter().any(|start| name == *start);
            if starts || OTHERS.iter().any(|(other, _)| name == *other) {
                return true;
            }
        }
    }
    false
}

/// The line of `sh -c LINE`.
fn shell_line(words: &[OsString]) -> Option<&OsStr> {
    let [program, flag, line] = words else { return None };
    let name = Path::new(program).file_name()?.to_str()?;
    let shell = ["sh", "bash", "dash", "ash", "ksh", "zsh"].contains(&name);
    let flag = flag.to_str()?.strip_prefix('-')?;
    (shell && flag.ends_with('c') && flag.bytes().all(|byte| b"leuc".contains(&byte))).then_some(line)
}

/// Whether a line is one command: no operators, no comments, nothing that runs another command to make a word.
fn is_simple(line: &[u8]) -> bool {
    let (mut quote, mut at, mut word_begins) = (None, 0, true);
    while let Some(byte) = line.get(at) {
        match (quote, byte) {
            (Some(b'\''), b'\'') | (Some(b'"'), b'"') => quote = None,
            (Some(b'\''), _) => {}
            (_, b'\\') => at += 1,
            (_, b'`') => return false,
            (_, b'$') if line.get(at + 1) == Some(&b'(') => return false,
            (None, b'\'' | b'"') => quote = Some(*byte),
            (None, b';' | b'|' | b'&' | b'<' | b'>' | b'(' | b')' | b'{' | b'}')
                if !is_in_parameter(line, at) =>
            {
                return false;
            }
            (None, b'\n') if !line[at..].iter().all(u8::is_ascii_whitespace) => return false,
            (None, b'#') if word_begins => return false,
            _ => {}
        }
        word_begins = quote.is_none() && byte.is_ascii_whitespace();
        at += 1;
    }
    quote.is_none()
}

/// Whether a brace belongs to `${NAME...}`.
fn is_in_parameter(line: &[u8], at: usize) -> bool {
    match line[at] {
        b'{' => at > 0 && line[at - 1] == b'$',
        b'}' => {
            let opened = line[..at].windows(2).rposition(|pair| pair == b"${");
            opened.is_some_and(|open| !line[open..at].contains(&b'}'))
        }
        _ => false,
    }
}

/// The words of a simple command as the shell itself makes them: quotes, variables, `~` and patterns.
fn expanded(words: &[OsString], line: &OsStr) -> Result<Vec<OsString>, ContainerError> {
    let mut asked = OsString::from("printf '%s\\0' ");
    asked.push(line);
    let mut process = Process::new(&words[0]);
    let output = process.arg(&words[1]).arg(asked).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.ok().filter(|output| output.status.success()).ok_or(ContainerError::NotSimple)?;
    let mut words: Vec<_> =
        output.stdout.split(|byte| *byte == 0).map(|word| OsString::from_vec(word.to_vec())).collect();
    // After the last end mark there is nothing.
    words.pop();
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &[&str]) -> Vec<OsString> {
        line.iter().map(OsString::from).collect()
    }

    fn read(line: &str) -> Result<Option<Call>, ContainerError> {
        Call::read(&words(&line.split(' ').collect::<Vec<_>>()))
    }

    #[test]
    fn a_run_is_found_behind_what_stands_before_it() {
        for (line, before, globals) in [
            ("docker run --rm IMAGE", 0, 0),
            ("/usr/bin/docker run --rm IMAGE", 0, 0),
            ("sudo -n docker run --rm IMAGE", 2, 0),
            ("sudo -E -u me docker run --rm IMAGE", 4, 0),
            ("env A=b docker --context x run --rm IMAGE", 2, 2),
            ("sudo env -u X docker -H unix:///x.sock -D run --rm IMAGE", 4, 3),
            ("timeout -k 5 60 docker --context=x run --rm IMAGE", 4, 1),
            ("nerdctl -n k8s.io run --rm IMAGE", 0, 2),
            ("podman --cgroup-manager cgroupfs run --rm IMAGE", 0, 2),
        ] {
            let call = read(line).unwrap().unwrap();
            assert_eq!(call.what, What::Run, "{line}");
            assert_eq!((call.all_before.len(), call.globals.len()), (before, globals), "{line}");
            assert_eq!(call.rest, words(&["--rm", "IMAGE"]), "{line}");
            assert_eq!(call.with(call.rest.clone()), words(&line.split(' ').collect::<Vec<_>>()));
        }
        assert_eq!(read("docker container run x").unwrap().unwrap().subcommand.len(), 2);
        assert_eq!(read("timeout 9 docker run x").unwrap().unwrap().before, words(&[]));
    }

    #[test]
    fn compose_is_found_in_both_spellings() {
        for line in [
            "docker compose -f a.yml run api",
            "docker-compose -f a.yml run api",
            "sudo docker-compose -f a.yml run api",
        ] {
            let call = read(line).unwrap().unwrap();
            assert_eq!(
                (call.what, &call.rest[..]),
                (What::Compose, &words(&["-f", "a.yml", "run", "api"])[..])
            );
        }
    }

    #[test]
    fn what_runs_no_container_is_left_alone() {
        for line in [
            "curl https://example.com",
            "python run.py",
            "docker ps",
            "docker build .",
            "run docker",
            "podman images",
        ] {
            assert_eq!(read(line).unwrap(), None, "{line}");
        }
    }

    #[test]
    fn what_could_go_past_the_proxy_is_refused() {
        for line in [
            "docker exec box curl",
            "docker container start box",
            "podman play kube x.yaml",
            "xargs docker run IMAGE",
            "strace -f docker run IMAGE",
            "docker --frobnicate run IMAGE",
            "sudo -s docker run IMAGE",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
        for line in [
            "cd x && docker run IMAGE",
            "docker run IMAGE; true",
            "docker run $(cat flags) IMAGE",
            "docker run `cat flags` IMAGE",
            "docker run IMAGE > out",
            "docker run \"$(pwd)\" IMAGE",
            "if true\nthen docker run IMAGE\nfi",
            "docker run 'unfinished",
            "f() { docker run IMAGE }",
        ] {
            assert!(Call::read(&words(&["sh", "-c", line])).is_err(), "{line}");
        }
    }

    #[test]
    fn a_shells_simple_line_is_read_as_the_shell_reads_it() {
        let line = "A=b  docker run -v \"${HOME-x}:/h\" 'my image' a\\ b \"it's\" ''";
        let call = Call::read(&words(&["sh", "-c", line])).unwrap().unwrap();
        assert_eq!(call.before, words(&["env", "A=b"]));
        let home = std::env::var_os("HOME").unwrap_or("x".into());
        assert_eq!(call.rest[1], OsString::from(format!("{}:/h", home.display())));
        assert_eq!(call.rest[2..], words(&["my image", "a b", "it's", ""]));
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_read_or_refused(line in ".{0,60}") {
            is_simple(line.as_bytes());
            let _ = Call::of_words(&[OsString::from("docker"), OsString::from(line)]);
        }
    }
}
