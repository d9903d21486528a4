//! The Markdown text: what a bug report says in which the bundle is attached.

use std::fmt::Write as _;

use super::contents::{Manifest, Recorded};
use crate::report::{self, Report};

/// Longest curl lines that the text repeats, in bytes; the bundle has them whole. With the report this stays below what GitHub takes.
const LONGEST_REQUESTS: usize = 3_000;

/// The report, then how it was made. All that comes of captures stands in code blocks, where it is text and nothing else.
pub(super) fn text(report: &Report, manifest: &Manifest, requests: &str) -> String {
    let mut text = report::markdown(report);
    text.push('\n');
    if requests.len() <= LONGEST_REQUESTS {
        let _ = writeln!(text, "<details><summary>Both requests as curl lines</summary>\n");
        let _ = writeln!(text, "{}\n\n</details>\n", fenced("sh", requests));
    }
    let mut about = format!("made by        samewire {}, {}\n", manifest.samewire, manifest.platform);
    for (side, run) in [("sandbox", &manifest.sandbox), ("runtime", &manifest.runtime)] {
        let _ = writeln!(about, "{side:14} {}", recorded(run));
    }
    let scan = &manifest.scan;
    let _ = writeln!(
        about,
        "leak scan      {}: {} files, {} secrets known by value, nothing found",
        scan.by, scan.files, scan.known_secrets
    );
    let hosts = if manifest.pseudonymized_hosts { "pseudonyms" } else { "as recorded" };
    let _ = writeln!(about, "host names     {hosts}");
    let _ = writeln!(text, "<details><summary>Versions and leak scan</summary>\n");
    let _ = writeln!(text, "{}\n\n</details>\n", fenced("text", &about));
    text.push_str(
        "The attached bundle holds both captures without any secret. `samewire diff BUNDLE.zip` shows this report on any \
         machine; no key is needed for it.\n",
    );
    text
}

fn recorded(run: &Recorded) -> String {
    let mut text = format!("recorded by {}", run.by);
    if !run.clients.is_empty() {
        let _ = write!(text, "; {}", run.clients.join(", "));
    }
    report::inert(&text)
}

/// A code block that its content cannot end.
fn fenced(language: &str, content: &str) -> String {
    let longest = content.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    format!("{fence}{language}\n{}\n{fence}", content.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(fenced("text", "a ``` b ````\n"), "`````text\na ``` b ````\n`````");
    }
}
