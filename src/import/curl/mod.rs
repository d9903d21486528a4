//! curl command lines, as shells take them and as browsers and the Builder copy them. Nothing that they name is opened: a body or a field
//! that comes from a file is "present, unknown".

mod cmd;
mod options;
mod shell;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::model::{Imported, Lack, Side};
use crate::redact::RawExchange;

use super::limits::MOST_EXCHANGES;
use super::target::{self, Url};
use super::{ContentError, Source, Survey, Told, message};

pub(super) fn survey(source: &Source) -> Result<Survey, ContentError> {
    let (exchanges, skipped) = exchanges(source, None)?;
    if exchanges.is_empty() {
        return Err(ContentError::NoRequest { hint: "name a file in which a line begins with curl" });
    }
    Ok(Survey {
        program: None,
        is_known_program: false,
        lacks: lacks(),
        exchanges: u32::try_from(exchanges.len()).unwrap_or(u32::MAX),
        skipped,
        began: exchanges.first().map(|exchange| exchange.started_at),
        ended: exchanges.last().map(|exchange| exchange.started_at),
        numbers: Vec::new(),
    })
}

pub(super) fn read(source: &Source, side: Side, take: &mut dyn FnMut(Told)) -> Result<(), ContentError> {
    // The sandbox is the run that works: that is what its command line is kept for.
    let (exchanges, _) = exchanges(source, Some(side == Side::Sandbox))?;
    for exchange in exchanges {
        take(Told::Exchange(Box::new(exchange)));
    }
    Ok(())
}

fn lacks() -> BTreeSet<Lack> {
    [Lack::ClientFields, Lack::Time, Lack::Requests].into()
}

fn exchanges(source: &Source, presumed: Option<bool>) -> Result<(Vec<RawExchange>, u32), ContentError> {
    let bytes = source.whole()?;
    let text = std::str::from_utf8(&bytes).map_err(|_| ContentError::Encoding)?;
    if text.contains("\"__export_format\"") || text.contains("Invoke-WebRequest") {
        return Err(ContentError::Unknown {
            hint: "it is no curl command line: in the browser choose \"Copy as cURL (bash)\"",
        });
    }
    let commands = if cmd::is_cmd(text) { cmd::commands(text) } else { shell::commands(text)? };
    let mut found = Vec::new();
    let mut skipped = 0;
    let started_at = source.changed_at().unwrap_or_else(Timestamp::now);
    for (at, words) in (1_u32..).zip(commands.iter().filter(|words| is_curl(words))) {
        let place = format!("command {at}");
        if found.len() == MOST_EXCHANGES {
            return Err(ContentError::TooMany { place, what: "requests", limit: MOST_EXCHANGES });
        }
        let command = options::read(&words[1..]).map_err(|problem| problem.within(&place))?;
        for url in &command.urls {
            let number = u32::try_from(found.len() + 1).unwrap_or(u32::MAX);
            let read = exchange(&command, url, number, started_at, presumed);
            match read.map_err(|problem| problem.within(&place))? {
                Some(exchange) => found.push(exchange),
                None => skipped += 1,
            }
        }
    }
    Ok((found, skipped))
}

/// `curl`, `/usr/bin/curl`, `curl.exe`; words of a prompt before it are no part of the command.
fn is_curl(words: &[String]) -> bool {
    let name = words.first().map(|word| word.rsplit(['/', '\\']).next().unwrap_or(word));
    matches!(name, Some("curl" | "curl.exe"))
}

fn exchange(
    command: &options::Command,
    url: &str,
    number: u32,
    started_at: Timestamp,
    presumed: Option<bool>,
) -> Result<Option<RawExchange>, ContentError> {
    let url = match &command.query {
        Some(query) => {
            let url = url.split_once('#').map_or(url, |(before_fragment, _)| before_fragment);
            let joint = if url.contains('?') { '&' } else { '?' };
            format!("{url}{joint}{query}")
        }
        None => url.to_owned(),
    };
    let place = match target::read(&url, Some("http")) {
        Ok(Url::Web(place)) => place,
        Ok(Url::Other) => return Ok(None),
        Err(reason) => return Err(ContentError::value("its URL", reason)),
    };
    let head = message::request_head(&command.method, &place.target, command.version, &command.fields)?;
    let told = Imported { lacks: lacks(), presumed, ..Imported::default() };
    let request = message::message(head, command.body.clone());
    Ok(Some(message::exchange(number, started_at, place, told, request, None)))
}
