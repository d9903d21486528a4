//! The line of progress in a real terminal: there while samewire works, never in anybody's way, gone in the end.

use std::io::Write as _;
use std::net::TcpStream;

use super::terminal::Typed;
use crate::clients::bench::{Bench, TOKEN, program, text};

/// What a terminal shows at the end, line by line: enough of one for what is written here.
fn on_screen(written: &str) -> Vec<String> {
    let mut lines: Vec<Vec<char>> = vec![Vec::new()];
    let mut column = 0;
    let mut rest = written.chars();
    while let Some(character) = rest.next() {
        let line = lines.last_mut().unwrap();
        match character {
            '\n' => lines.push(Vec::new()),
            '\r' => column = 0,
            '\u{1b}' => {
                let sequence: String = rest.by_ref().take_while_inclusive(|one| !one.is_alphabetic());
                if sequence == "[K" {
                    line.truncate(column);
                } else {
                    assert!(sequence.ends_with('m'), "{sequence:?} in {written:?}");
                }
            }
            other => {
                line.resize(line.len().max(column + 1), ' ');
                line[column] = other;
                column += 1;
            }
        }
    }
    lines.into_iter().map(|line| line.into_iter().collect::<String>().trim_end().to_owned()).collect()
}

trait TakeWhileInclusive: Iterator<Item = char> {
    fn take_while_inclusive(&mut self, goes_on: impl Fn(&char) -> bool) -> String {
        let mut taken = String::new();
        for character in self {
            taken.push(character);
            if !goes_on(&character) {
                break;
            }
        }
        taken
    }
}

impl<I: Iterator<Item = char>> TakeWhileInclusive for I {}

fn samewire<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&[env!("CARGO_BIN_EXE_samewire")], args].concat()
}

#[test]
fn a_recording_counts_below_what_the_command_says() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    let get = format!("curl -s -o body -H 'Authorization: Bearer {TOKEN}' http://{}/v1/lots", bench.api.http);
    let go = bench.path("go");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &go,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    // It goes on when it is told to, so that what is shown meanwhile can be waited for.
    let script = format!(
        "echo one; {get}; echo two; {get}; read a < go; printf 'a question? '; read a; printf 'answered\\n'; {get}; read a < go; exit 3"
    );
    let words = samewire(&["record", "runtime", "-o", "r.har", "--", "sh", "-c", &script]);
    let mut terminal = Typed::start(120, &bench.command(&[]), &words);
    let host = bench.api.http.to_string();
    let two =
        "samewire: runtime 2 exchanges (2 answered, 0 failed); last GET HOST 200".replace("HOST", &host);
    terminal.wait_for(&two);
    std::fs::write(&go, "\n").unwrap();
    let asked = terminal.wait_for("a question? ");
    assert!(asked.ends_with("a question? "), "nothing follows a prompt: {asked:?}");
    terminal.type_in("yes\n");
    terminal.wait_for("3 exchanges (3 answered, 0 failed); last");
    std::fs::write(&go, "\n").unwrap();
    let (status, shown) = terminal.end();
    assert_eq!(status.code(), Some(3));
    let lines = on_screen(&shown);
    for line in ["one", "two", "a question? yes", "answered"] {
        assert!(lines.iter().any(|shown| shown == line), "{line}: {lines:#?}");
    }
    let last = lines.iter().rfind(|line| !line.is_empty()).unwrap();
    assert!(last.starts_with("samewire: 3 exchanges of the runtime recorded in r.har"), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("answered,")), "nothing is left of it: {lines:#?}");
}

#[test]
fn a_narrow_terminal_keeps_it_to_one_line() {
    let bench = Bench::new();
    let words = samewire(&["record", "runtime", "-o", "r.har", "--", "sh", "-c", "read a"]);
    let mut terminal = Typed::start(30, &bench.command(&[]), &words);
    terminal.wait_for("samewire: runtime 0 exchanges");
    terminal.type_in("\n");
    let (_, shown) = terminal.end();
    assert!(!shown.contains("exchanges (0"), "{shown:?}");
}

#[test]
fn a_command_that_draws_has_the_terminal_to_itself() {
    let bench = Bench::new();
    for drawn in ["10%%\\r20%%\\n", "\\033[?1049h\\n", "\\033[2J\\n", "a\\bb\\n"] {
        let script = format!("printf '{drawn}'; read a; echo end; read a");
        let words = samewire(&["record", "runtime", "--force", "-o", "r.har", "--", "sh", "-c", &script]);
        let mut terminal = Typed::start(100, &bench.command(&[]), &words);
        terminal.wait_for("samewire: runtime 0 exchanges");
        terminal.type_in("\n");
        terminal.wait_for("end");
        terminal.type_in("\n");
        let (_, shown) = terminal.end();
        let since = shown.split_once(if drawn.starts_with("10") { "20%" } else { "\n" }).unwrap().1;
        assert!(!since.contains("0 exchanges (0"), "{drawn}: {shown:?}");
    }
}

#[test]
fn nobody_is_shown_what_they_do_not_want_or_cannot_see() {
    let bench = Bench::new();
    let script = "read a; echo said";
    for (variable, value, before) in [("TERM", "dumb", None), ("X", "", Some("-q"))] {
        let mut like = bench.command(&[]);
        like.env(variable, value);
        let mut args: Vec<&str> = before.into_iter().collect();
        args.extend(["record", "runtime", "--force", "-o", "r.har", "--", "sh", "-c", script]);
        let mut terminal = Typed::start(100, &like, &samewire(&args));
        terminal.type_in("\n");
        let (_, shown) = terminal.end();
        assert!(!shown.contains("0 exchanges (") && !shown.contains('\u{1b}'), "{shown:?}");
    }
    // Whoever reads the pipe writes to the same terminal.
    let piped =
        format!("{} record runtime --force -o r.har -- echo said | cat", env!("CARGO_BIN_EXE_samewire"));
    let (_, shown) = Typed::start(100, &bench.command(&[]), &["sh", "-c", &piped]).end();
    assert!(shown.contains("said\r\n") && !shown.contains("0 exchanges ("), "{shown:?}");
    // Without colour there is the line all the same.
    let mut like = bench.command(&[]);
    like.env("NO_COLOR", "1");
    let words = samewire(&["record", "runtime", "--force", "-o", "r.har", "--", "sh", "-c", script]);
    let mut terminal = Typed::start(100, &like, &words);
    terminal.wait_for("0 exchanges (");
    terminal.type_in("\n");
    let (_, shown) = terminal.end();
    assert!(!shown.contains("\u{1b}[2m"), "{shown:?}");
    let quiet = bench.samewire(&["record", "runtime", "--force", "-o", "r.har", "--", "true"]);
    assert!(!text(&quiet).contains("0 exchanges ("), "{}", text(&quiet));
}

#[test]
fn the_proxy_counts_both_sides_below_its_lines() {
    let bench = Bench::new();
    let mut terminal =
        Typed::start(140, &bench.command(&[]), &samewire(&["proxy", "--listen", "127.0.0.1:0"]));
    let shown = terminal.wait_for("Ctrl-C ends the recording");
    let port = shown.split("runtime on http://").nth(1).unwrap().split(',').next().unwrap().to_owned();
    let mut client = TcpStream::connect(port).unwrap();
    let hostile =
        "GET http://127.0.0.1:1/\u{202e}x HTTP/1.1\r\nHost: 127.0.0.1:1\r\nConnection: close\r\n\r\n";
    client.write_all(hostile.as_bytes()).unwrap();
    terminal.wait_for("runtime 1 exchange (0 answered, 1 failed); last GET 127.0.0.1:1 ");
    terminal.type_in("\u{3}");
    let (status, shown) = terminal.end();
    assert!(status.success());
    assert!(!shown.contains('\u{202e}'), "{shown:?}");
    let lines = on_screen(&shown);
    assert!(lines.iter().any(|line| line.starts_with("runtime #1  GET http://127.0.0.1:1/")), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("0 answered")), "{lines:#?}");
}
