//! The table of `docs/clients.md`: compared with what the run shows, or written from it.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::clients::Client;
use super::ways::{Outcome, WAYS, Way};

const BEGIN: &str = "<!-- written by SAMEWIRE_WRITE_CLIENTS_TABLE=1 tests/run matrix -->";
const END: &str = "<!-- end -->";
const NOT_RUN: &str = "not run";

/// One test at a time reads and writes the page.
static PAGE: Mutex<()> = Mutex::new(());

/// The page in three parts, the table's rows in the middle.
struct Page {
    before: String,
    rows: Vec<Vec<String>>,
    after: String,
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/clients.md")
}

impl Page {
    fn read() -> Self {
        let text = std::fs::read_to_string(path()).unwrap();
        let (before, rest) = text.split_once(BEGIN).expect("the table's begin");
        let (table, after) = rest.split_once(END).expect("the table's end");
        let rows = table.lines().filter(|line| line.starts_with('|')).skip(2).map(cells).collect();
        Self { before: before.to_owned(), rows, after: after.to_owned() }
    }

    fn write(&self) {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let heads: Vec<String> =
            std::iter::once("client").chain(WAYS.map(Way::heading)).map(str::to_owned).collect();
        let rules = format!("|{}\n", "---|".repeat(heads.len()));
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        let text = format!("{}{BEGIN}\n\n{}{rules}{rows}\n{END}{}", self.before, line(&heads), self.after);
        std::fs::write(path(), text).unwrap();
    }
}

fn cells(line: &str) -> Vec<String> {
    line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

/// Compares the client's row with the page, or writes it there. Cells that were not tried stay as they are.
pub(super) fn keep(client: &Client, outcomes: &[Outcome]) {
    let _one = PAGE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut page = Page::read();
    let at = page.rows.iter().position(|row| row[0] == client.name);
    let committed = |column: usize| {
        at.and_then(|at| page.rows[at].get(column + 1)).map_or(NOT_RUN, String::as_str).to_owned()
    };
    let mut row = vec![client.name.to_owned()];
    row.extend(outcomes.iter().enumerate().map(|(column, outcome)| match outcome {
        Outcome::Captured => "captured".to_owned(),
        Outcome::Reported(words) => format!("reported: {words}"),
        Outcome::NotApplicable(why) => format!("not applicable: {why}"),
        Outcome::Skipped(_) => committed(column),
    }));
    if std::env::var_os("SAMEWIRE_WRITE_CLIENTS_TABLE").is_some() {
        match at {
            Some(at) => page.rows[at] = row,
            None => page.rows.push(row),
        }
        order(&mut page.rows);
        return page.write();
    }
    let shown = at.map(|at| &page.rows[at]);
    assert_eq!(
        shown,
        Some(&row),
        "docs/clients.md; SAMEWIRE_WRITE_CLIENTS_TABLE=1 tests/run matrix writes it anew"
    );
}

fn order(rows: &mut [Vec<String>]) {
    rows.sort_by_key(|row| super::CLIENTS.iter().position(|client| client.name == row[0]));
}

/// No row is missing, none is left of a client that is no more.
pub(super) fn has_exactly(clients: &[Client]) {
    if std::env::var_os("SAMEWIRE_WRITE_CLIENTS_TABLE").is_some() {
        return;
    }
    let _one = PAGE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let shown: Vec<String> = Page::read().rows.into_iter().map(|mut row| row.swap_remove(0)).collect();
    let known: Vec<&str> = clients.iter().map(|client| client.name).collect();
    assert_eq!(shown, known, "docs/clients.md");
}
