//! How much is done, and the table of what came of it.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Zoned;

const PAGE: &str = "docs/reliability.md";
const BEGIN: &str = "<!-- results -->\n";
const END: &str = "<!-- end of results -->\n";

/// True in the long form.
pub(crate) fn is_long() -> bool {
    std::env::var_os("SAMEWIRE_LONG").is_some()
}

/// How many of something: in the ordinary run, and in the long form.
pub(crate) fn scaled(ordinary: usize, long: usize) -> usize {
    if is_long() { long } else { ordinary }
}

/// In the long form, puts a result into the table in place of the one that it had.
pub(crate) fn row(what: &str, result: &str) {
    static TABLE: Mutex<()> = Mutex::new(());
    eprintln!("{what}: {result}");
    if !is_long() {
        return;
    }
    let _turn = TABLE.lock().unwrap_or_else(PoisonError::into_inner);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has a place for results");
    let (table, after) = rest.split_once(END).expect("the place for results has an end");
    let mut rows: Vec<String> = table.lines().skip(2).map(str::to_owned).collect();
    rows.retain(|line| !line.starts_with(&format!("| {what} |")));
    rows.push(format!("| {what} | {result} | {}, {} |", Zoned::now().date(), machine()));
    rows.sort();
    let table = format!("| what | result | when and where |\n|---|---|---|\n{}\n", rows.join("\n"));
    fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let build = if std::env::var_os("SAMEWIRE_BINARY").is_some() { "given binary" } else { "debug build" };
    format!("{cores} cores, Linux {}, {build}", kernel.split('-').next().unwrap_or_default().trim())
}

/// The value below which this many of a hundred are.
pub(crate) fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values
        .get((values.len() * percent / 100).min(values.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}
