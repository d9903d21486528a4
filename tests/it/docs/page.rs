//! A page as a reader works through it: files to write, commands to type, what is printed.

use std::path::Path;

/// What a fence of a page says.
#[derive(Debug)]
pub(super) enum Step {
    /// ```` ```yaml manifest.yaml ````: a file to write.
    File { name: String, content: String },
    /// ```` ```sh ````: commands to type. All succeed but the last one, whose exit status is this one.
    Run { script: String, exit: i32, then_ctrl_c: bool },
    /// ```` ```sh first-terminal ````: a command that goes on in a terminal of its own until Ctrl-C.
    FirstTerminal(String),
    /// ```` ```sh elsewhere ````: what no test can run, for it is on machines of others.
    Elsewhere(String),
    /// ```` ```text ````: what the commands before it print, in this order. `...` stands for anything, and more may be printed.
    Printed(Vec<String>),
}

/// A step and its line in the page.
pub(super) struct Numbered {
    pub(super) line: usize,
    pub(super) step: Step,
}

/// The steps of a page. A fence that says nothing of what it is fails: it would be passed over.
pub(super) fn steps(path: &Path) -> Vec<Numbered> {
    let text = std::fs::read_to_string(path).unwrap();
    let (mut steps, mut lines) = (Vec::new(), text.lines().enumerate());
    let mut before = String::new();
    while let Some((number, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            before.push_str(line);
            continue;
        };
        let content: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        let place = format!("{}:{}", path.display(), number + 1);
        let step = step(info, &content, &before).unwrap_or_else(|why| panic!("{place}: {why}"));
        steps.push(Numbered { line: number + 1, step });
    }
    steps
}

fn step(info: &str, content: &[&str], before: &str) -> Result<Step, String> {
    let script = || content.iter().flat_map(|line| [*line, "\n"]).collect::<String>();
    let (language, rest) = info.split_once(' ').unwrap_or((info, ""));
    match (language, rest) {
        ("text", "") => Ok(Step::Printed(content.iter().map(|line| (*line).to_owned()).collect())),
        ("sh", "elsewhere") => Ok(Step::Elsewhere(script())),
        ("sh", "first-terminal") => Ok(Step::FirstTerminal(script())),
        (_, name) if name.contains(['.', '/']) && !name.contains(' ') => {
            // Who reads the page sees no info string.
            let told = before.contains(&format!("`{name}`"));
            told.then(|| Step::File { name: name.to_owned(), content: script() })
                .ok_or_else(|| format!("the text before does not name `{name}`"))
        }
        ("sh", words) => {
            let (mut exit, mut then_ctrl_c) = (0, false);
            for word in words.split_whitespace() {
                match word.strip_prefix("exit=").and_then(|status| status.parse().ok()) {
                    Some(status) => exit = status,
                    None if word == "then=ctrl-c" => then_ctrl_c = true,
                    None => return Err(format!("unknown word {word:?} of a fence")),
                }
            }
            Ok(Step::Run { script: script(), exit, then_ctrl_c })
        }
        _ => Err(format!("the fence {info:?} is neither commands, nor a file, nor what is printed")),
    }
}
