//! Both sides' lanes, drawn: a column a pair, in the order in which they were sent. Pairs in a row that are equal are one column.

use crate::report::page::{Kind, Page, Pair, State, Stop};

use super::view::span;

/// Columns of one band. The drawing goes on below in the next band.
const COLUMNS: usize = 9;

/// Columns that are drawn; the list below has all pairs.
const DRAWN: usize = 108;

/// Equal pairs in a row from which on they are drawn as one column.
const FOLDED: usize = 4;

/// Width of a column and of the room before the first one.
const COLUMN: usize = 118;
const GUTTER: usize = 76;

/// Characters of a column's title.
const TITLE: usize = 16;

/// A part of the drawing, as wide as a page.
pub(super) struct Band {
    pub(super) width: usize,
    pub(super) columns: Vec<Column>,
    /// Pairs that are not drawn after it.
    pub(super) more: usize,
}

/// A column.
pub(super) struct Column {
    /// Its left edge.
    pub(super) x: usize,
    /// The pair it leads to.
    pub(super) pair: usize,
    pub(super) title: String,
    pub(super) state: &'static str,
    pub(super) sign: &'static str,
    /// The first difference that counts is here.
    pub(super) first: bool,
    /// How many pairs it stands for, and the last one's number.
    pub(super) folded: Option<(usize, usize)>,
    pub(super) boxes: [Option<Drawn>; 2],
    /// What stands where nothing was sent.
    pub(super) absence: &'static str,
}

impl Column {
    /// The upper edges of the lanes in which nothing was sent.
    pub(super) fn gaps(&self) -> Vec<usize> {
        LANES.into_iter().zip(&self.boxes).filter(|(_, drawn)| drawn.is_none()).map(|(y, _)| y).collect()
    }
}

/// An exchange in its lane.
pub(super) struct Drawn {
    /// Its upper edge.
    pub(super) y: usize,
    pub(super) answer: String,
    pub(super) time: String,
    pub(super) succeeded: bool,
    pub(super) retried: Option<usize>,
    pub(super) kind: &'static str,
    pub(super) words: String,
}

/// The upper edges of the two lanes.
const LANES: [usize; 2] = [30, 108];

/// The lanes of both sides.
pub(super) fn bands(page: &Page) -> Vec<Band> {
    let mut columns = columns(page);
    let drawn: usize =
        columns.iter().take(DRAWN).map(|column| column.folded.map_or(1, |(pairs, _)| pairs)).sum();
    columns.truncate(DRAWN);
    let mut bands: Vec<Band> = Vec::new();
    let mut rest = columns.into_iter().peekable();
    while rest.peek().is_some() {
        let mut columns: Vec<Column> = rest.by_ref().take(COLUMNS).collect();
        for (at, column) in columns.iter_mut().enumerate() {
            column.x = GUTTER + at * COLUMN;
        }
        bands.push(Band { width: GUTTER + columns.len() * COLUMN, columns, more: 0 });
    }
    if let Some(last) = bands.last_mut() {
        last.more = page.pairs.len() - drawn;
    }
    bands
}

fn columns(page: &Page) -> Vec<Column> {
    let mut columns = Vec::new();
    for run in page.pairs.chunk_by(|one, next| is_equal(one) && is_equal(next)) {
        match run {
            [first, .., last] if run.len() >= FOLDED => columns.push(Column {
                title: format!("{} equal pairs", run.len()),
                folded: Some((run.len(), last.number)),
                boxes: [None, None],
                ..column(first, page)
            }),
            pairs => columns.extend(pairs.iter().map(|pair| column(pair, page))),
        }
    }
    columns
}

fn is_equal(pair: &Pair) -> bool {
    pair.state != State::Material
        && pair.findings.is_empty()
        && [&pair.sandbox, &pair.runtime].iter().all(|stop| stop.as_ref().is_some_and(|stop| !stop.retried()))
}

fn column(pair: &Pair, page: &Page) -> Column {
    let boxes = [("sandbox", &pair.sandbox), ("runtime", &pair.runtime)];
    let mut lanes = LANES.into_iter();
    Column {
        x: 0,
        pair: pair.number,
        title: title(&pair.request),
        state: pair.state.word(),
        sign: pair.state.sign(),
        first: page.first_divergence == Some(pair.number),
        folded: None,
        absence: pair.state.absence(),
        boxes: boxes.map(|(side, stop)| {
            let y = lanes.next().unwrap_or_default();
            stop.as_ref().map(|stop| drawn(side, y, stop, &pair.request))
        }),
    }
}

fn drawn(side: &'static str, y: usize, stop: &Stop, request: &str) -> Drawn {
    let kind = match stop.kind {
        Kind::Token => "token",
        Kind::Call | Kind::Redirect => "",
    };
    let answer = stop.answer.split(" (").next().unwrap_or_default();
    // The box has no room for the word beside the time.
    let short = if matches!(stop.kind, Kind::Redirect) { format!("{answer} ↪") } else { answer.to_owned() };
    Drawn {
        y,
        answer: short,
        time: span(stop.started),
        succeeded: stop.succeeded,
        retried: stop.retried().then_some(stop.attempts.len()),
        kind,
        words: format!(
            "{side} #{}: {request}, {}{}, {}",
            stop.exchange,
            stop.answer,
            if stop.retried() { format!(" after {} attempts", stop.attempts.len()) } else { String::new() },
            span(stop.started)
        ),
    }
}

/// `GET /v1/lots`, the path's end where it is long.
fn title(request: &str) -> String {
    let (method, url) = request.split_once(' ').unwrap_or(("", request));
    let path = url.split_once("://").map_or(url, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    let room = TITLE.saturating_sub(method.chars().count().min(8) + 1);
    let length = path.chars().count();
    if length <= room {
        return format!("{method} {path}");
    }
    let end: String = path.chars().skip(length - room + 1).collect();
    format!("{method} …{end}")
}
