//! What is left on the disk and on the terminal when something goes wrong.

use std::fs;
use std::process::{Child, ExitStatus};
use std::thread;

use samewire::capture;

use super::sockets::{Breaks, Corpus, Field};

/// Moments at which the proxy is killed, by answers that have come.
const MOMENTS: [usize; 10] = [1, 2, 5, 9, 17, 33, 60, 90, 130, 170];
/// More answers than there are.
const ALL: usize = usize::MAX;

fn assert_clean(field: &Field, corpus: &Corpus, what: &str) {
    let leaks = corpus.leaks(&field.files());
    assert!(leaks.is_empty(), "{what}:\n{}", leaks.join("\n"));
}

fn signal(child: &mut Child, signal: rustix::process::Signal) -> ExitStatus {
    let process = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(process, signal).unwrap();
    child.wait().unwrap()
}

#[test]
fn a_killed_proxy_leaves_no_secret_behind() {
    let corpus = Corpus::new(3);
    let field = Field::new(&corpus, Breaks::Never);
    for moment in MOMENTS {
        let asked = field.asked();
        let name = format!("{moment}.har");
        let options = field.proxy_options(&name);
        let words: Vec<&str> = options.iter().map(String::as_str).collect();
        let (mut child, proxy) = field.listening(&mut field.samewire(&name, &words), &name).unwrap();
        assert!(corpus.drive(&proxy, moment) >= moment, "moment {moment}");
        assert!((field.asked() - asked) * 2 >= moment, "moment {moment}: few came to the origin");
        signal(&mut child, rustix::process::Signal::KILL);
        capture::read(&field.path("work").join(&name)).unwrap();
    }
    assert_clean(&field, &corpus, "kill -9");
}

#[test]
fn an_interrupted_proxy_leaves_no_secret_behind() {
    let corpus = Corpus::new(6);
    let field = Field::new(&corpus, Breaks::Never);
    let options = field.proxy_options("r.har");
    let words: Vec<&str> = options.iter().map(String::as_str).collect();
    let (mut child, proxy) = field.listening(&mut field.samewire("r", &words), "r").unwrap();
    thread::scope(|scope| {
        let driving = scope.spawn(|| corpus.drive(&proxy, ALL));
        while field.asked() < 40 && !driving.is_finished() {
            thread::yield_now();
        }
        signal(&mut child, rustix::process::Signal::INT);
    });
    assert!(field.asked() >= 40, "{}", field.asked());
    let read = capture::read(&field.path("work").join("r.har")).unwrap();
    assert!(!read.exchanges.is_empty());
    assert_clean(&field, &corpus, "interrupt");
}

#[test]
fn an_upstream_that_breaks_off_leaves_no_secret_behind() {
    let corpus = Corpus::new(4);
    for (breaks, what) in [(Breaks::InHead, "reset in the head"), (Breaks::InBody, "reset in the body")] {
        let field = Field::new(&corpus, breaks);
        let options = field.proxy_options("r.har");
        let words: Vec<&str> = options.iter().map(String::as_str).collect();
        let (mut child, proxy) = field.listening(&mut field.samewire("r", &words), "r").unwrap();
        corpus.drive(&proxy, ALL);
        assert!(field.asked() > 100, "{what}: {}", field.asked());
        signal(&mut child, rustix::process::Signal::TERM);
        let read = capture::read(&field.path("work").join("r.har")).unwrap();
        assert!(read.exchanges.iter().any(|exchange| !exchange.succeeded()), "{what}");
        assert_clean(&field, &corpus, what);
    }
}

/// The limit of file sizes holds for what is printed, too: hence it says less.
#[test]
fn a_disk_that_takes_no_more_leaves_no_secret_behind() {
    let corpus = Corpus::new(5);
    let field = Field::new(&corpus, Breaks::Never);
    let mut command = field.command("sh", "full");
    command.args(["-ec", r#"ulimit -f 1024; exec "$0" "$@""#, env!("CARGO_BIN_EXE_samewire")]);
    command.args(field.proxy_options("full.har"));
    let (mut child, proxy) = field.listening(&mut command, "full").unwrap();
    let said = || fs::read_to_string(field.path("printed/full.err")).unwrap();
    let full = (0..60).any(|_| {
        corpus.drive(&proxy, ALL);
        said().contains("recording stopped")
    });
    assert!(full, "the limit was not met: {}", said());
    assert!(corpus.drive(&proxy, ALL) > 100, "forwarding goes on");
    assert_eq!(signal(&mut child, rustix::process::Signal::INT).code(), Some(125));
    capture::read(&field.path("work").join("full.har")).unwrap();
    assert_clean(&field, &corpus, "full disk");
}
