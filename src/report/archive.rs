//! A folder of captures, a line each; and one capture, an exchange a line or one exchange as it was sent.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::model::{Capture, Dial, Exchange, Exit, Fidelity, Side, Source, Tool};

use super::escape::inert;
use super::excerpt::answer_in_words;
use super::message::Message;

/// One capture of a folder.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its file's name.
    pub file: String,
    /// Its side.
    pub side: Side,
    /// What made it.
    pub tool: Tool,
    /// Of an import, where it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The command, redacted.
    pub command: Vec<String>,
    /// When the run began.
    pub started_at: Timestamp,
    /// When it ended; null where it is still being recorded, or did not end in order.
    pub ended_at: Option<Timestamp>,
    /// How the command ended.
    pub exit: Option<Exit>,
    /// How many exchanges there are.
    pub exchanges: usize,
    /// Its size on disk.
    pub bytes: u64,
    /// The file breaks off.
    pub torn: bool,
    /// What the last `samewire diff` with it said; null where there was none since it was written.
    pub verdict: Option<Judged>,
}

/// What a comparison came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Judged {
    /// `same`, `differs` or `inconclusive`.
    pub verdict: String,
    /// The rule of the root cause, or the reason of an inconclusive one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// When it was compared.
    pub at: Timestamp,
}

/// The list for people, newest first.
pub fn list(folder: &str, listed: &[Listed]) -> String {
    let rows: Vec<[String; 7]> = listed.iter().map(row).collect();
    let mut widths = [0; 7];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let mut page = format!("{}: {}\n", inert(folder), counted(listed.len(), "capture"));
    for row in &rows {
        let mut line = String::new();
        for (at, (cell, width)) in row.iter().zip(widths).enumerate() {
            let gap = if at == 0 { "" } else { "  " };
            // Writing to a string cannot fail.
            let _ = write!(line, "{gap}{cell}{}", " ".repeat(width - cell.width()));
        }
        page.push_str(line.trim_end());
        page.push('\n');
    }
    page
}

fn row(listed: &Listed) -> [String; 7] {
    let state = if listed.torn {
        "torn".to_owned()
    } else if listed.ended_at.is_none() {
        "not ended".to_owned()
    } else {
        match listed.exit {
            Some(Exit::Code(code)) => format!("exit {code}"),
            Some(Exit::Signal(signal)) => format!("signal {signal}"),
            None => String::new(),
        }
    };
    let verdict = listed.verdict.as_ref().map_or_else(
        || "not compared".to_owned(),
        |judged| match &judged.cause {
            Some(cause) => format!("{}: {cause}", judged.verdict),
            None => judged.verdict.clone(),
        },
    );
    let command = match (&listed.source, listed.tool) {
        (Some(source), _) if source.program.is_empty() => format!("(import of {})", source.format.words()),
        (Some(source), _) => format!("(import of {}, {})", source.format.words(), source.program),
        (None, Tool::Proxy) => "(proxy)".to_owned(),
        (None, _) => listed.command.join(" "),
    };
    let cells = [
        listed.side.to_string(),
        second(listed.started_at),
        counted(listed.exchanges, "exchange"),
        size(listed.bytes),
        state,
        verdict,
        format!("{}  {}", listed.file, cut(&command)),
    ];
    cells.map(|cell| inert(&cell))
}

/// The list for programs.
pub fn list_json(folder: &str, listed: &[Listed]) -> String {
    #[derive(Serialize)]
    struct List<'l> {
        schema: &'static str,
        folder: &'l str,
        captures: &'l [Listed],
    }
    let list = List { schema: "samewire.list/1", folder, captures: listed };
    super::json::inert_json(&list)
}

/// The exchanges of a capture, one a line.
pub fn exchanges(capture: &Capture) -> String {
    let run = &capture.run;
    let command: Vec<String> = run.command.iter().map(ToString::to_string).collect();
    let what = match &run.source {
        Some(source) => format!("imported from {}", source.format.words()),
        None if command.is_empty() => "recorded by the stand-alone proxy".to_owned(),
        None => format!("recorded: {}", command.join(" ")),
    };
    let mut page = inert(&format!(
        "{}, {}, {}: {}",
        capture.side,
        second(run.started_at),
        what,
        counted(capture.exchanges.len(), "exchange")
    ));
    page.push('\n');
    if let Some(tear) = &capture.completeness.torn {
        let _ =
            writeln!(page, "torn: read up to byte {}, {} bytes after it are lost", tear.offset, tear.lost);
    }
    let number = capture.exchanges.last().map_or(1, |exchange| exchange.number.to_string().len());
    for exchange in &capture.exchanges {
        let took =
            exchange.timings.ended.map(|ended| format!("  {}", milliseconds(ended))).unwrap_or_default();
        let line = format!(
            "#{:<number$}  {}  {} {} -> {}{took}",
            exchange.number,
            clock(exchange.started_at),
            exchange.request.method,
            exchange.request.target.url(),
            answer_in_words(exchange),
        );
        page.push_str(&inert(&line));
        page.push('\n');
    }
    for connection in &capture.connections {
        for refused in &connection.refused {
            page.push_str(&inert(&format!("connection {}: {refused}", connection.number)));
            page.push('\n');
        }
    }
    page
}

/// One exchange as it was sent and answered.
pub fn exchange(capture: &Capture, exchange: &Exchange) -> String {
    let known = match &exchange.request.fidelity {
        Fidelity::Wire => "as sent".to_owned(),
        Fidelity::Decoded => "decoded: order, case and spacing are unknown".to_owned(),
        Fidelity::Desync(how) => format!("as sent; the HTTP library reads it otherwise: {how}"),
        Fidelity::Imported(_) => "imported: order, case and spacing are unknown".to_owned(),
    };
    let mut page = inert(&format!("#{}, {}, {known}", exchange.number, exchange.started_at));
    page.push('\n');
    let connection = capture.connections.iter().find(|known| known.number == exchange.connection);
    for dial in connection.map(|known| known.dials.as_slice()).unwrap_or_default() {
        page.push_str(&inert(&tried_in_words(dial)));
        page.push('\n');
    }
    page.push('\n');
    let origin = !exchange.request.target.scheme.is_empty();
    push(&mut page, &Message::request(&exchange.request, origin, true));
    page.push('\n');
    let took = exchange.timings.ended.map(|ended| format!(" ({})", milliseconds(ended))).unwrap_or_default();
    page.push_str(&inert(&format!("-> {}{took}", answer_in_words(exchange))));
    page.push('\n');
    if let Some(response) = exchange.response() {
        page.push('\n');
        push(&mut page, &Message::response(response, true));
    }
    page
}

/// `addresses of api.example.com:443: [2001:db8::1]:443 timed out, 192.0.2.7:443 connected`.
fn tried_in_words(dial: &Dial) -> String {
    let tried: Vec<String> =
        dial.tried.iter().map(|tried| format!("{} {}", tried.address, tried.outcome)).collect();
    format!("addresses of {}: {}", dial.to, tried.join(", "))
}

/// The lines of a message; what stands after the last letter of one shows as `·`.
fn push(page: &mut String, message: &Message) {
    for line in &message.lines {
        let end = line.trim_end_matches(' ').len();
        page.push_str(&inert(&line[..end]));
        page.push_str(&"·".repeat(line.len() - end));
        page.push('\n');
    }
}

/// `1 exchange`, `2 exchanges`.
fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

fn clock(time: Timestamp) -> String {
    time.strftime("%H:%M:%S.%3fZ").to_string()
}

fn milliseconds(time: f64) -> String {
    if time < 10_000.0 { format!("{time:.0} ms") } else { format!("{:.1} s", time / 1_000.0) }
}

fn size(bytes: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KiB", tenths(1_024)),
        _ => format!("{} MiB", tenths(1_048_576)),
    }
}

/// The longest command that a list shows, in characters.
const LONGEST_COMMAND: usize = 80;

fn cut(command: &str) -> String {
    match command.char_indices().nth(LONGEST_COMMAND) {
        Some((at, _)) => format!("{}…", &command[..at]),
        None => command.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DialOutcome, FailureKind, Tried};

    #[test]
    fn sizes_and_times() {
        assert_eq!(
            (size(7).as_str(), size(1_536).as_str(), size(5 << 20).as_str()),
            ("7 B", "1.5 KiB", "5.0 MiB")
        );
        assert_eq!((milliseconds(41.2).as_str(), milliseconds(12_340.0).as_str()), ("41 ms", "12.3 s"));
    }

    #[test]
    fn addresses_are_told_in_the_order_in_which_they_were_tried() {
        let tried = |address: &str, outcome| Tried { address: address.into(), outcome };
        let dial = Dial {
            to: "api.example.com:443".into(),
            tried: vec![
                tried("[2001:db8::1]:443", DialOutcome::Failed(FailureKind::Unreachable)),
                tried("[2001:db8::2]:443", DialOutcome::Overtaken),
                tried("192.0.2.7:443", DialOutcome::Connected),
            ],
        };
        let words = "addresses of api.example.com:443: [2001:db8::1]:443 no route, [2001:db8::2]:443 overtaken, 192.0.2.7:443 connected";
        assert_eq!(tried_in_words(&dial), words);
    }

    #[test]
    fn a_hostile_name_steers_nothing() {
        let listed = Listed {
            file: "x\u{1b}[2J.har".into(),
            side: Side::Sandbox,
            tool: Tool::Record,
            source: None,
            command: vec!["a\nb".into()],
            started_at: Timestamp::UNIX_EPOCH,
            ended_at: None,
            exit: None,
            exchanges: 1,
            bytes: 9,
            torn: false,
            verdict: None,
        };
        let text = list("f\u{7}", &[listed]);
        assert!(text.lines().count() == 2 && !text.contains(['\u{1b}', '\u{7}']), "{text}");
    }
}
