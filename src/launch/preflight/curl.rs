//! curl: its options and its own file go before the variables (curl's manual, options and ENVIRONMENT).

use std::path::{Path, PathBuf};

use crate::model::{FoundAt, GapKind, Setting};

use super::variables::small_text;

/// One-letter options that take a value.
const WITH_VALUE: &str = "AbcCdDeEFhHKmoPQrtTuUwxXyYz";

/// What a curl command line does to the variables. `home` is where its own file lies.
pub(super) fn gaps<'a>(words: impl Iterator<Item = &'a str>, home: Option<PathBuf>) -> Vec<GapKind> {
    let words: Vec<&str> = words.collect();
    let hosts: Vec<&str> = words.iter().filter_map(|word| host(word)).collect();
    let mut kinds = Vec::new();
    let mut rest = words.iter().copied();
    // `-q` is only known as the first option.
    let quiet = words.first().is_some_and(|word| *word == "--disable" || word.starts_with("-q"));
    while let Some(word) = rest.next() {
        if let Some(option) = word.strip_prefix("--") {
            let (option, value) =
                option.split_once('=').map_or((option, None), |(option, value)| (option, Some(value)));
            let known = matches!(
                option,
                "proxy" | "noproxy" | "cacert" | "capath" | "socks5" | "socks5-hostname" | "preproxy"
            );
            if known {
                let value = value.or_else(|| rest.next()).unwrap_or_default();
                kinds.extend(option_gap(option, value, &hosts, FoundAt::CommandLine));
            }
        } else if let Some(letters) = word.strip_prefix('-') {
            let Some(at) = letters.find(|letter| WITH_VALUE.contains(letter)) else { continue };
            let (letter, value) = letters[at..].split_at(1);
            let value = if value.is_empty() { rest.next().unwrap_or_default() } else { value };
            if letter == "x" {
                kinds.extend(option_gap("proxy", value, &hosts, FoundAt::CommandLine));
            }
        }
    }
    if let Some(file) = home.filter(|_| !quiet) {
        kinds.extend(of_file(&file.join(".curlrc"), &hosts));
    }
    kinds
}

fn of_file(file: &Path, hosts: &[&str]) -> Vec<GapKind> {
    let text = small_text(file).unwrap_or_default();
    let mut kinds = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim().trim_start_matches('-');
        let (option, value) = line.split_once(['=', ':', ' ', '\t']).unwrap_or((line, ""));
        let option = if option.trim() == "x" { "proxy" } else { option.trim() };
        let value = value.trim_start_matches(['=', ':', ' ', '\t']).trim().trim_matches('"');
        kinds.extend(option_gap(option, value, hosts, FoundAt::ClientFile(number)));
    }
    kinds
}

fn option_gap(option: &str, value: &str, hosts: &[&str], at: FoundAt) -> Option<GapKind> {
    let setting = Setting { name: format!("--{option}"), at };
    match option {
        "noproxy" if excepts(value, hosts) => Some(GapKind::Excepted(setting)),
        "proxy" | "socks5" | "socks5-hostname" | "preproxy" => Some(GapKind::ProxyReplaced(setting)),
        "cacert" | "capath" => Some(GapKind::TrustReplaced(setting)),
        _ => None,
    }
}

/// True where the list names one of the hosts, or where the hosts are not known.
fn excepts(list: &str, hosts: &[&str]) -> bool {
    let mut names =
        list.split([',', ' ']).map(|name| name.trim_start_matches('.')).filter(|name| !name.is_empty());
    names.any(|name| {
        name == "*"
            || hosts.is_empty()
            || hosts.iter().any(|host| {
                *host == name || host.strip_suffix(name).is_some_and(|before| before.ends_with('.'))
            })
    })
}

/// The host of a word that is a URL.
fn host(word: &str) -> Option<&str> {
    let rest = word.strip_prefix("http://").or_else(|| word.strip_prefix("https://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    Some(host.rsplit_once(':').map_or(host, |(host, _)| host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Vec<String> {
        let kinds = gaps(line.split(' '), None);
        let name = |kind: &GapKind| match kind {
            GapKind::Excepted(one) | GapKind::ProxyReplaced(one) | GapKind::TrustReplaced(one) => {
                one.name.clone()
            }
            other => format!("{other:?}"),
        };
        kinds.iter().map(name).collect()
    }

    #[test]
    fn options_that_go_before_the_variables_are_found() {
        for (line, expected) in [
            ("-sS --noproxy * http://x/", &["--noproxy"][..]),
            ("--noproxy .example.com https://u:p@api.example.com:8443/v1", &["--noproxy"]),
            ("--noproxy other.example https://api.example.com/", &[]),
            ("-sSx corp:3128 http://x/", &["--proxy"]),
            ("-H x --proxy= http://x/", &["--proxy"]),
            ("-H --noproxy http://x/", &[]),
            ("--cacert ours.pem -k https://x/", &["--cacert"]),
            ("-sS -d a=b http://x/", &[]),
        ] {
            assert_eq!(names(line), expected, "{line}");
        }
    }

    #[test]
    fn its_own_file_counts_unless_it_is_told_not_to_read_it() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(".curlrc"), "# mine\nproxy = \"corp:3128\"\n").unwrap();
        let found = gaps(["http://x/"].into_iter(), Some(home.path().into()));
        let setting = Setting { name: "--proxy".into(), at: FoundAt::ClientFile(2) };
        assert_eq!(found, [GapKind::ProxyReplaced(setting)]);
        assert!(gaps(["-q", "http://x/"].into_iter(), Some(home.path().into())).is_empty());
    }
}
