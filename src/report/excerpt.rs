//! A place in a capture as one line of text with a mark in it.

use crate::compare::Locator;
use crate::diagnose::Case;
use crate::model::{Capture, ConnectionKind, Exchange, Exit, Handshake, Outcome, Side, Stream, Variable};

use super::Excerpt;
use super::message::Message;
use super::secret;

/// The line that a place is on; `None` where the place has no text (a whole run, an exchange that is not there).
pub(super) fn excerpt(case: &Case<'_>, side: Side, exchange: Option<u32>, at: &Locator) -> Option<Excerpt> {
    let capture = case.capture(side);
    match at {
        Locator::Output(stream, line) => output(capture, *stream, *line),
        Locator::Config(pointer) => config(capture, pointer),
        Locator::Variable(name) => variable(capture.inputs.environment.as_ref(), name),
        Locator::Named(name) => variable(capture.inputs.secrets.as_ref(), name),
        Locator::Spec => capture.inputs.spec.as_ref().map(|spec| {
            let names: Vec<String> = spec
                .properties
                .iter()
                .map(|property| {
                    let name = dotted(&property.pointer);
                    if property.required { format!("{name} (required)") } else { name }
                })
                .collect();
            all_of(None, if names.is_empty() { "no properties".to_owned() } else { names.join(", ") })
        }),
        Locator::Manifest(line) => manifest(capture, *line),
        Locator::Tls(number) | Locator::Connection(number) => connection(capture, *number),
        Locator::Exit => capture.run.exit.map(|exit| all_of(None, exit_in_words(exit))),
        _ => in_exchange(case.exchange(side, exchange?)?, at),
    }
}

/// How a command ended, in words.
pub(super) fn exit_in_words(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exit code {code}"),
        Exit::Signal(number) => format!("signal {number}"),
    }
}

/// What came of an exchange, in a few words.
pub(super) fn answer_in_words(exchange: &Exchange) -> String {
    match &exchange.outcome {
        Outcome::Answered(response) => response.status.to_string(),
        Outcome::Failed { failure, response } => {
            let status =
                response.as_ref().map_or_else(|| "no answer".to_owned(), |got| got.status.to_string());
            format!("{status} ({}, {}: {})", failure.leg, failure.phase, failure.kind)
        }
        Outcome::Unfinished if exchange.presumed().is_some() => "answer not told".to_owned(),
        Outcome::Unfinished => "unfinished".to_owned(),
    }
}

fn in_exchange(exchange: &Exchange, at: &Locator) -> Option<Excerpt> {
    let (message, inner) = match at {
        Locator::Outcome | Locator::Status if exchange.response().is_none() => {
            return Some(all_of(None, outcome_in_words(exchange)));
        }
        Locator::Outcome => (Message::response(exchange.response()?, false), &Locator::Status),
        Locator::Status => (Message::response(exchange.response()?, false), at),
        Locator::Response(inner) => (Message::response(exchange.response()?, is_in_body(inner)), &**inner),
        _ => {
            let authority = matches!(at, Locator::Scheme | Locator::Host | Locator::Port | Locator::UserInfo);
            (Message::request(&exchange.request, authority, is_in_body(at)), at)
        }
    };
    let (line, range) = message.find(inner).or_else(|| gap(&message, inner))?;
    let text = message.lines.get(line)?.clone();
    Some(Excerpt { line: u32::try_from(line + 1).ok(), text, start: range.start, end: range.end })
}

/// Where something that is not in the message would stand.
fn gap(message: &Message, at: &Locator) -> Option<(usize, std::ops::Range<usize>)> {
    match at {
        Locator::Query { .. } | Locator::UserInfo => {
            let (line, target) = message.find(&Locator::Request)?;
            Some((line, target.end..target.end))
        }
        Locator::Body { pointer } => {
            let parent = pointer.rsplit_once('/').map(|(parent, _)| parent.to_owned())?;
            let parent = Locator::Body { pointer: parent };
            message.find(&parent).or_else(|| gap(message, &parent))
        }
        Locator::Form { .. } => {
            let (line, form) = message.find(&Locator::Body { pointer: String::new() })?;
            Some((line, form.end..form.end))
        }
        Locator::Fields => Some((1.min(message.head), 0..0)),
        // The empty line that ends the head.
        _ => Some((message.head, 0..0)),
    }
}

fn is_in_body(at: &Locator) -> bool {
    matches!(at, Locator::Body { .. } | Locator::Form { .. })
}

fn output(capture: &Capture, stream: Stream, line: u64) -> Option<Excerpt> {
    // One line may give several clues; the one with the most words tells most.
    let said = capture.clues.iter().filter(|clue| clue.stream == stream && clue.line == line);
    let text = said
        .map(|clue| clue.text.to_string())
        .reduce(|best, text| if text.len() > best.len() { text } else { best })?;
    Some(all_of(u32::try_from(line).ok(), text))
}

/// `API_KEY=‹env.API_KEY, 40 chars›`.
fn variable(known: Option<&Vec<Variable>>, name: &str) -> Option<Excerpt> {
    let found = known?.iter().find(|known| known.name == name)?;
    let start = format!("{name}=");
    let text = format!("{start}{}", secret::text(&found.value));
    Some(Excerpt { line: None, start: start.len(), end: text.len(), text })
}

fn config(capture: &Capture, pointer: &str) -> Option<Excerpt> {
    let config = capture.inputs.config.as_ref()?;
    if let Some(reason) = &config.unreadable {
        return Some(all_of(None, reason.clone()));
    }
    if let Some(found) = config.at(pointer) {
        let name = format!("{}: ", dotted(pointer));
        let value = found.value.as_ref().map_or_else(
            || format!("{:?}", found.kind).to_lowercase(),
            |value| if value.as_secret().is_some() { secret::text(value) } else { format!("\"{value}\"") },
        );
        let start = name.len();
        let text = name + &value;
        return Some(Excerpt { line: None, end: text.len(), text, start });
    }
    // It is not there: the keys that are.
    let keys: Vec<String> = config.values.iter().map(|value| dotted(&value.pointer)).collect();
    let text = if keys.is_empty() { "no keys at all".to_owned() } else { keys.join(", ") };
    Some(all_of(None, text))
}

fn manifest(capture: &Capture, line: Option<u32>) -> Option<Excerpt> {
    let manifest = capture.inputs.manifest.as_ref()?;
    let line = line?;
    let reads = |pointers: &[String]| {
        pointers.iter().map(|one| format!("config{}", one.replace('/', "."))).collect::<Vec<_>>().join(", ")
    };
    let template = manifest.references.iter().find(|reference| reference.line == Some(line));
    let component = manifest.credentials.iter().find(|credentials| credentials.line == Some(line));
    let text = match (template, component) {
        (Some(found), _) => {
            format!("{}: reads {}", dotted(&found.at), reads(std::slice::from_ref(&found.config)))
        }
        (None, Some(found)) if found.reads.is_empty() => {
            format!("{}: {}", dotted(&found.at), found.component)
        }
        (None, Some(found)) => {
            format!("{}: {} reads {}", dotted(&found.at), found.component, reads(&found.reads))
        }
        (None, None) => return None,
    };
    Some(all_of(Some(line), text))
}

fn connection(capture: &Capture, number: u32) -> Option<Excerpt> {
    let connection = capture.connections.iter().find(|connection| connection.number == number)?;
    let asked =
        connection.authority.as_ref().map(|authority| format!("CONNECT {authority}: ")).unwrap_or_default();
    let came = match (&connection.failure, &connection.kind) {
        (Some(failure), _) => format!("{}, {}: {}", failure.leg, failure.phase, failure.kind),
        (None, ConnectionKind::Plain) => "HTTP without TLS".to_owned(),
        (None, ConnectionKind::Tls { handshake, .. }) => match handshake {
            Handshake::Completed => "TLS handshake completed".to_owned(),
            Handshake::Alert(alert) => format!("the client ended the TLS handshake with the alert {alert}"),
            Handshake::Closed => "the client closed the connection during the TLS handshake".to_owned(),
            Handshake::Failed(reason) => format!("the TLS handshake failed: {reason}"),
        },
        (None, ConnectionKind::Tunnel { reason, sent, received }) => {
            format!("passed through unread ({reason}); {sent} bytes sent, {received} received")
        }
        (None, ConnectionKind::Unused) => "nothing followed".to_owned(),
    };
    Some(all_of(None, asked + &came))
}

pub(super) fn outcome_in_words(exchange: &Exchange) -> String {
    match &exchange.outcome {
        Outcome::Failed { failure, .. } if !failure.message.is_empty() => {
            format!("{}, {}: {} ({})", failure.leg, failure.phase, failure.kind, failure.message)
        }
        _ => answer_in_words(exchange),
    }
}

fn all_of(line: Option<u32>, text: String) -> Excerpt {
    Excerpt { line, start: 0, end: text.len(), text }
}

pub(super) fn dotted(pointer: &str) -> String {
    if pointer.is_empty() {
        return "(the whole)".to_owned();
    }
    pointer.trim_start_matches('/').replace('/', ".").replace("~1", "/").replace("~0", "~")
}
