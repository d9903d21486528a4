//! What a search for secrets found, for people.

use crate::report::Verification;
use crate::report::advice::count;
use crate::scan::Hit;

use super::page::{Page, Paint, Style};

/// Secrets of one file that are listed; the rest is counted.
const LISTED: usize = 20;

/// A search for secrets as text for a terminal, or for a log when `style` has no colour.
pub fn verification(found: &Verification, style: Style) -> String {
    let mut page = Page::new(style);
    first_line(&mut page, found);
    let mut rest = found.hits.as_slice();
    while let Some(first) = rest.first() {
        let length = rest.iter().take_while(|hit| hit.place.path == first.place.path).count();
        let (of_file, after) = rest.split_at(length);
        page.gap();
        file(&mut page, of_file);
        rest = after;
    }
    if !found.unread.is_empty() {
        page.gap();
        page.line(&[(Paint::Warning, "could not look into")]);
        for unread in &found.unread {
            page.paragraph(
                &[(Paint::Plain, "  "), (Paint::Strong, &unread.path), (Paint::Plain, ": ")],
                (Paint::Plain, &unread.why),
                6,
            );
        }
    }
    closing(&mut page, found);
    page.finish()
}

fn first_line(page: &mut Page, found: &Verification) {
    let files = format!(
        "{} ({})",
        count(usize::try_from(found.files).unwrap_or(usize::MAX), "file"),
        size(found.bytes)
    );
    let (paint, word, text) = if !found.hits.is_empty() {
        (Paint::Error, "found", format!("{} in {files}", count(found.hits.len(), "secret")))
    } else if !found.unread.is_empty() {
        (Paint::Warning, "not sure", format!("nothing found in {files}, but not all could be looked into"))
    } else {
        (Paint::Good, "clean", format!("no secret in {files}"))
    };
    page.paragraph(&[(paint, word), (Paint::Plain, ": ")], (Paint::Strong, &text), word.len() + 2);
}

fn file(page: &mut Page, hits: &[Hit]) {
    let Some(first) = hits.first() else { return };
    page.line(&[(Paint::Strong, &first.place.path)]);
    for hit in hits.iter().take(LISTED) {
        let place = &hit.place;
        let at =
            if place.line == 0 { "its name".to_owned() } else { format!("{}:{}", place.line, place.column) };
        let mut text = match &hit.name {
            Some(name) => format!("{} {name}", hit.what),
            None => hit.what.to_owned(),
        };
        match hit.checksum {
            Some(true) => text.push_str(", its checksum fits"),
            Some(false) => text.push_str(", its checksum does not fit: made up or altered"),
            None => {}
        }
        if let Some(pointer) = &place.pointer {
            text = format!("{text}, at {pointer}");
        }
        if !place.within.is_empty() {
            text = format!("{text}, in {}", place.within.join(", in "));
        }
        page.paragraph(
            &[
                (Paint::Plain, "  "),
                (Paint::Frame, &at),
                (Paint::Plain, "  "),
                (Paint::Error, hit.rule),
                (Paint::Plain, ": "),
            ],
            (Paint::Plain, &text),
            6,
        );
    }
    if hits.len() > LISTED {
        page.paragraph(
            &[(Paint::Plain, "  ")],
            (Paint::Faint, &format!("and {} more; --format json lists all", hits.len() - LISTED)),
            2,
        );
    }
}

fn closing(page: &mut Page, found: &Verification) {
    let mut notes = Vec::new();
    if !found.hits.is_empty() {
        notes.push(
            "replace each at its issuer first: what was written once may have been read. Then take it out. What is no secret: --allow RULE@PATH"
                .to_owned(),
        );
    }
    if found.allowed > 0 {
        notes.push(format!("{} more where --allow lets them be", found.allowed));
    }
    if !found.not_searched.is_empty() {
        notes.push(format!(
            "not searched for, being shorter than six bytes or placeholders: {}",
            found.not_searched.join(", ")
        ));
    }
    if !found.left_out.is_empty() {
        let (shown, rest) = found.left_out.split_at(found.left_out.len().min(5));
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        notes.push(format!("left out, being links, devices or git's own store: {}{more}", shown.join(", ")));
    }
    if !notes.is_empty() {
        page.gap();
    }
    for note in notes {
        page.paragraph(&[(Paint::Note, "note"), (Paint::Plain, ": ")], (Paint::Plain, &note), 6);
    }
}

/// Bytes in the unit that people would say.
fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => count(usize::try_from(bytes).unwrap_or(0), "byte"),
        1024..1_048_576 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}
