//! What is left on the disk and on the terminal when something goes wrong.

use std::process::Child;

use samewire::capture;

use super::sockets::{Corpus, Field};

/// Moments at which the proxy is killed, by answers that have come.
const MOMENTS: [usize; 10] = [1, 2, 5, 9, 17, 33, 60, 90, 130, 170];
fn assert_clean(field: &Field, corpus: &Corpus, what: &str) {
    let leaks = corpus.leaks(&field.files());
    assert!(leaks.is_empty(), "{what}:\n{}", leaks.join("\n"));
}

fn signal(child: &mut Child, signal: rustix::process::Signal) {
    let process = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(process, signal).unwrap();
    child.wait().unwrap();
}

#[test]
fn a_killed_proxy_leaves_no_secret_behind() {
    let corpus = Corpus::new(3);
    let field = Field::new(&corpus);
    for moment in MOMENTS {
        let name = format!("{moment}.har");
        let options = field.proxy_options(&name);
        let words: Vec<&str> = options.iter().map(String::as_str).collect();
        let (mut child, proxy) = field.listening(&mut field.samewire(&name, &words), &name).unwrap();
        assert!(corpus.drive(&proxy, moment) >= moment, "moment {moment}");
        signal(&mut child, rustix::process::Signal::KILL);
        capture::read(&field.path("work").join(&name)).unwrap();
    }
    assert_clean(&field, &corpus, "kill -9");
}
