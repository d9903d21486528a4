//! Whether commands print what a page says they print.

/// Into how many lines a report breaks one, at most.
const BROKEN: usize = 4;

/// The first line of `said` that `printed` does not have in its place; `None` where all are there, in order.
pub(super) fn missing<'a>(said: &'a [String], printed: &str) -> Option<&'a str> {
    let printed: Vec<String> = printed.lines().map(plain).collect();
    let mut rest = printed.as_slice();
    for line in said.iter().filter(|line| !matches!(line.trim(), "" | "...")) {
        let wanted = plain(line);
        // A report breaks long lines, a page does not.
        let ends = |at: usize| {
            (1..=BROKEN)
                .find(|lines| rest.get(at..at + lines).is_some_and(|lines| fits(&wanted, &lines.join(" "))))
        };
        let Some((at, lines)) = (0..rest.len()).find_map(|at| Some((at, ends(at)?))) else {
            return Some(line);
        };
        rest = &rest[at + lines..];
    }
    None
}

/// Whether a line is the wanted one, whose `...` stand for anything.
fn fits(wanted: &str, line: &str) -> bool {
    let mut parts = wanted.split("...").map(str::trim);
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let mut last = first;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        last = part;
    }
    rest.is_empty() || (last.is_empty() && wanted.ends_with("..."))
}

/// A line without what changes from run to run: tags, times of day in file names, ports, the width of marks and blanks.
fn plain(line: &str) -> String {
    let words: Vec<String> = line.split_whitespace().map(plain_word).collect();
    words.join(" ")
}

fn plain_word(word: &str) -> String {
    let mut plain = String::new();
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let run = |fits: fn(char) -> bool| rest.find(|letter| !fits(letter)).unwrap_or(rest.len());
        let mark = if matches!(first, '^' | '-') { run(|letter| matches!(letter, '^' | '-')) } else { 0 };
        let letters = run(|letter| letter.is_ascii_alphanumeric());
        let token =
            if letters > 0 { run(|letter| letter.is_ascii_alphanumeric() || letter == '.') } else { 0 };
        let (length, name) = if mark > 2 {
            (mark, "~")
        } else if is_tag(rest[..token].trim_end_matches('.')) {
            (token, "TAG")
        } else if is_time(&rest[..letters]) {
            (letters, "TIME")
        } else if plain.ends_with("127.0.0.1:") || plain.ends_with("172.17.0.1:") {
            (letters.max(1), "PORT")
        } else {
            let length = letters.max(first.len_utf8());
            (length, &rest[..length])
        };
        plain.push_str(name);
        rest = &rest[length..];
    }
    plain
}

/// `kQqB.HJfT` or `kQqB.HJfT.Qbjb`.
fn is_tag(word: &str) -> bool {
    let groups: Vec<&str> = word.split('.').collect();
    let group = |group: &&str| group.len() == 4 && group.bytes().all(|byte| byte.is_ascii_alphanumeric());
    groups.len() > 1 && groups.iter().all(group)
}

/// `20261126T183101Z`.
fn is_time(word: &str) -> bool {
    let digits =
        |range| word.get(range).is_some_and(|part: &str| part.bytes().all(|byte| byte.is_ascii_digit()));
    word.len() == 16 && digits(0..8) && &word[8..9] == "T" && digits(9..15) && word.ends_with('Z')
}

#[test]
fn what_changes_from_run_to_run_is_the_same_and_the_rest_is_not() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let printed = "differs: no token   sandbox 1\n\n 7 | Bearer ‹config.api_key 39 chars dNHG.fFsv.Bxts›\n   |   ^^^^^\n\
                   recorded in captures/runtime-20261126T183136Z.har; next: samewire diff\n{\"log\":{\"level\":\"INFO\",\"m\":1}}\n\
                   on http://127.0.0.1:43210 and more";
    for said in [
        "differs: no token sandbox 1",
        "7 | Bearer ‹config.api_key 39 chars BBBB.bbbb.JJJJ›\n | ^^^^^^^^^",
        "...\nrecorded in captures/runtime-20270101T000000Z.har; next: samewire diff",
        "{\"log\":{\"level\":\"INFO\"...",
        "recorded in ...; next: samewire diff\non http://127.0.0.1:8877 ...",
        "differs: ... sandbox 1",
        "| ^^^^ recorded in captures/runtime-20270101T000000Z.har; ...",
    ] {
        assert_eq!(missing(&lines(said), printed), None);
    }
    for said in [
        "differs: no token",
        "7 | Bearer ‹config.api_key 40 chars dNHG.fFsv.Bxts›",
        "{\"log\":{\"level\":\"WARN\"...",
        "... more than that",
        "on http://127.0.0.1:8877 ...\ndiffers: ...",
    ] {
        assert!(missing(&lines(said), printed).is_some(), "{said}");
    }
}
