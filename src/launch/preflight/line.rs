//! The programs that a command line starts, through `env`, `timeout`, `sudo`, `sh -c` and the like.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::connector::split_line;

use super::variables::Variables;

/// A program that a command line starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
    /// The program as it is named.
    pub(super) name: OsString,
    /// Its arguments.
    pub(super) arguments: Vec<OsString>,
}

impl Program {
    /// Its file name, without the folder.
    pub(super) fn file_name(&self) -> &str {
        Path::new(&self.name).file_name().and_then(OsStr::to_str).unwrap_or_default()
    }

    /// Its arguments that are text.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.arguments.iter().filter_map(|word| word.to_str())
    }
}

/// A program that starts another one: options of it that take a value, and words before the other program.
struct Wrapper {
    name: &'static str,
    with_value: &'static [&'static str],
    words: usize,
}

/// From the manuals of coreutils, util-linux, sudo, doas and uv.
const WRAPPERS: [Wrapper; 17] = [
    Wrapper { name: "env", with_value: &["-u", "--unset", "-C", "--chdir"], words: 0 },
    Wrapper { name: "timeout", with_value: &["-k", "--kill-after", "-s", "--signal"], words: 1 },
    Wrapper { name: "nice", with_value: &["-n", "--adjustment"], words: 0 },
    Wrapper { name: "ionice", with_value: &["-c", "-n", "--class", "--classdata"], words: 0 },
    Wrapper { name: "nohup", with_value: &[], words: 0 },
    Wrapper { name: "setsid", with_value: &[], words: 0 },
    Wrapper { name: "stdbuf", with_value: &["-i", "-o", "-e"], words: 0 },
    Wrapper { name: "time", with_value: &["-f", "-o", "--format", "--output"], words: 0 },
    Wrapper { name: "exec", with_value: &["-a"], words: 0 },
    Wrapper { name: "command", with_value: &[], words: 0 },
    Wrapper {
        name: "sudo",
        with_value: &["-u", "-g", "-h", "-p", "-C", "-D", "-T", "-R", "-U", "--user", "--group"],
        words: 0,
    },
    Wrapper { name: "doas", with_value: &["-u", "-C"], words: 0 },
    Wrapper { name: "runuser", with_value: &["-u", "-g", "-G"], words: 0 },
    Wrapper { name: "setpriv", with_value: &["--reuid", "--regid", "--groups"], words: 0 },
    Wrapper { name: "gosu", with_value: &[], words: 1 },
    Wrapper { name: "su-exec", with_value: &[], words: 1 },
    Wrapper {
        name: "uv",
        with_value: &["--with", "--python", "-p", "--project", "--directory", "--extra"],
        words: 1,
    },
];

pub(super) const SHELLS: [&str; 6] = ["sh", "bash", "dash", "zsh", "ksh", "ash"];

/// Shells within shells that are followed.
const DEEPEST: usize = 8;

/// The programs of a command line, and what it does to the variables on the way to them.
pub(super) fn programs(words: &[OsString], variables: &mut Variables) -> Vec<Program> {
    let mut found = Vec::new();
    simple(words.to_vec(), false, variables, &mut found, 0);
    found
}

/// The programs of a line of shell.
fn line(text: &str, variables: &mut Variables, found: &mut Vec<Program>, depth: usize) {
    let mut words = Vec::new();
    for word in split_line(text).into_iter().chain([";".to_owned()]) {
        if matches!(word.as_str(), ";" | "&" | "|" | "(" | ")" | "{" | "}") {
            simple(std::mem::take(&mut words), true, variables, found, depth);
        } else if !matches!(word.as_str(), "if" | "then" | "else" | "do" | "while" | "!") || !words.is_empty()
        {
            words.push(OsString::from(word));
        }
    }
}

/// One simple command, in a shell or not.
fn simple(
    mut words: Vec<OsString>,
    in_shell: bool,
    variables: &mut Variables,
    found: &mut Vec<Program>,
    depth: usize,
) {
    if in_shell {
        let given = words.iter().take_while(|word| assignment(word).is_some()).count();
        for word in words.drain(..given).collect::<Vec<_>>() {
            variables.assign(assignment(&word));
        }
    }
    while let Some(name) = words.first().cloned() {
        let file_name = Path::new(&name).file_name().and_then(OsStr::to_str).unwrap_or_default().to_owned();
        if in_shell && builtin(name.to_str().unwrap_or_default(), &words[1..], variables) {
            return;
        }
        if let Some(wrapper) = WRAPPERS.iter().find(|wrapper| wrapper.name == file_name) {
            // `uv run PROGRAM`; its other commands start nothing of ours.
            if wrapper.name == "uv" && words.get(1).is_none_or(|word| word != "run") {
                return;
            }
            words = unwrapped(wrapper, &words[1..], variables);
            continue;
        }
        if SHELLS.contains(&file_name.as_str()) && depth < DEEPEST {
            let at = words.iter().skip(1).position(|word| is_line_flag(word));
            if let Some(text) = at.and_then(|at| words.get(at + 2)).and_then(|word| word.to_str()) {
                return line(text, variables, found, depth + 1);
            }
        }
        let arguments = words.split_off(1);
        found.push(Program { name, arguments });
        return;
    }
}

/// What remains of a wrapper's words: the program that it starts.
fn unwrapped(wrapper: &Wrapper, words: &[OsString], variables: &mut Variables) -> Vec<OsString> {
    let mut rest = words.iter();
    let (mut skip, mut keeps) = (wrapper.words, false);
    let mut program = Vec::new();
    while let Some(word) = rest.next() {
        let text = word.to_str().unwrap_or_default();
        if text == "--" {
            program.extend(rest.cloned());
            break;
        }
        if text.starts_with('-') {
            keeps |= text == "-E" || text.starts_with("--preserve-env");
            if wrapper.name == "env" && matches!(text, "-i" | "-" | "--ignore-environment") {
                variables.drop_all("env -i");
            }
            let (flag, value) = text.split_once('=').unwrap_or((text, ""));
            let takes = wrapper.with_value.contains(&flag) && value.is_empty();
            let value =
                if takes { rest.next().and_then(|word| word.to_str()).unwrap_or_default() } else { value };
            match (wrapper.name, flag) {
                ("env", "-u" | "--unset") => variables.unset(value),
                ("sudo" | "doas" | "runuser" | "setpriv", "-u" | "--user" | "--reuid") => {
                    variables.change_user(value);
                }
                _ => {}
            }
            continue;
        }
        if matches!(wrapper.name, "env" | "sudo" | "doas") && assignment(word).is_some() {
            variables.assign(assignment(word));
            continue;
        }
        if skip > 0 {
            skip -= 1;
            if matches!(wrapper.name, "gosu" | "su-exec") {
                variables.change_user(text);
            }
            continue;
        }
        program.push(word.clone());
        program.extend(rest.cloned());
        break;
    }
    if matches!(wrapper.name, "sudo" | "doas") && !keeps {
        variables.drop_all(wrapper.name);
    }
    program
}

/// What a shell does itself. True where no program is started.
fn builtin(name: &str, words: &[OsString], variables: &mut Variables) -> bool {
    match name {
        "export" => words.iter().for_each(|word| variables.assign(assignment(word))),
        "unset" => words.iter().filter_map(|word| word.to_str()).for_each(|name| variables.unset(name)),
        "." | "source" => words.iter().take(1).for_each(|file| variables.read(Path::new(file))),
        "cd" | "set" | "echo" | "true" | "exit" | "wait" | "trap" | "sleep" | "test" | "[" => {}
        _ => return false,
    }
    true
}

/// `NAME=VALUE`.
fn assignment(word: &OsStr) -> Option<(&str, &str)> {
    let (name, value) = word.to_str()?.split_once('=')?;
    let named = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (named && !name.is_empty() && !name.starts_with(|first: char| first.is_ascii_digit()))
        .then_some((name, value))
}

/// `-c`, `-lc`, `-euc`.
fn is_line_flag(word: &OsStr) -> bool {
    word.to_str().and_then(|word| word.strip_prefix('-')).is_some_and(|letters| {
        letters.ends_with('c') && letters.bytes().all(|letter| letter.is_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(words: &[&str]) -> Vec<String> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let mut variables = Variables::new(Path::new("/nowhere"));
        let found = programs(&words, &mut variables);
        found.iter().map(|program| program.name.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn programs_are_found_behind_what_starts_them() {
        for (words, programs) in [
            (&["python", "x.py"][..], &["python"][..]),
            (&["env", "-u", "X", "A=b", "timeout", "-k", "1", "8", "node", "x.js"], &["node"]),
            (&["sudo", "-u", "app", "--", "/opt/venv/bin/sdm", "check"], &["/opt/venv/bin/sdm"]),
            (&["sh", "-c", "cd x; A=b curl -sS http://x && node y | tee z"], &["curl", "node", "tee"]),
            (&["bash", "-lc", "exec python3 -m source_acme check"], &["python3"]),
            (&["uv", "run", "--with", "httpx", "python", "x.py"], &["python"]),
            (&["uv", "sync"], &[]),
            (&["sh", "run.sh"], &["sh"]),
            (&["env"], &[]),
        ] {
            assert_eq!(started(words), programs, "{words:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_taken_apart(text in ".{0,60}|[a-z= ;&|'\"$-]{0,60}") {
            started(&["sh", "-c", &text]);
        }
    }
}
