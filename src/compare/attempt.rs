//! Retries folded into their request, and redirects followed to their last hop.

use std::collections::HashMap;

use super::side_by_side::{Both, Runs};
use super::{Attempts, body, carried, credentials, key, target};
use super::{Difference, Significance, side_by_side::Found};
use crate::model::{Capture, Exchange, FieldValue, Outcome, Piece, Text};

/// Seconds within which a client follows a redirect.
const FOLLOWS_WITHIN: f64 = 30.0;

/// Redirects that may be waiting for their next hop at one time.
const WAITING: usize = 64;

/// A request with its retries.
#[derive(Clone, Debug)]
pub(super) struct Unit<'a> {
    pub(super) attempts: Attempts,
    pub(super) first: &'a Exchange,
    /// The attempt that is compared.
    pub(super) last: &'a Exchange,
    /// The unit that its redirect led to, by index.
    pub(super) next_hop: Option<usize>,
    /// It is where a redirect led.
    pub(super) is_hop: bool,
}

impl Unit<'_> {
    /// What the client made of it in the end succeeded.
    pub(super) fn succeeded(&self) -> bool {
        self.attempts.succeeded
    }
}

/// Folds the exchanges of a run, in the order in which they started, and links redirects to their next hops.
pub(super) fn fold(capture: &Capture) -> Vec<Unit<'_>> {
    let runs = Runs::new(capture, capture);
    let mut units: Vec<Unit<'_>> = Vec::new();
    let mut refused: HashMap<u64, Vec<usize>> = HashMap::new();
    for exchange in &capture.exchanges {
        let likely = key::exact(exchange, false);
        let open = refused.entry(likely).or_default();
        let retried = open.iter().position(|at| {
            let last = units[*at].last;
            ended_before(last, exchange) && same_request(&Both::new(&runs, last, exchange))
        });
        let unit = if let Some(at) = retried {
            let unit = open.swap_remove(at);
            units[unit].attempts.exchanges.push(exchange.number);
            units[unit].last = exchange;
            units[unit].attempts.succeeded = exchange.succeeded();
            unit
        } else {
            let attempts = Attempts { exchanges: vec![exchange.number], succeeded: exchange.succeeded() };
            units.push(Unit { attempts, first: exchange, last: exchange, next_hop: None, is_hop: false });
            units.len() - 1
        };
        if may_be_retried(exchange) {
            open.push(unit);
        }
    }
    follow(&mut units);
    units
}

/// An answer that a client may try again after: a refusal, an error, none at all.
fn may_be_retried(exchange: &Exchange) -> bool {
    match &exchange.outcome {
        Outcome::Answered(response) => response.status >= 400,
        Outcome::Failed { .. } => true,
        Outcome::Unfinished => false,
    }
}

/// A retry starts after its forerunner ended; what starts before is another request.
fn ended_before(exchange: &Exchange, next: &Exchange) -> bool {
    match exchange.timings.ended.or(exchange.timings.answered) {
        Some(ended) => seconds_between(exchange, next) * 1_000.0 >= ended - 1.0,
        None => exchange.number < next.number,
    }
}

fn seconds_between(exchange: &Exchange, next: &Exchange) -> f64 {
    next.started_at.duration_since(exchange.started_at).as_secs_f64()
}

/// The same method, target, credentials and body again, but for what moves.
fn same_request(both: &Both<'_>) -> bool {
    let items = [carried::carried(both.sandbox), carried::carried(both.runtime)];
    let mut differences: Vec<Difference> = Vec::new();
    let mut found = Found { pair: 0, sandbox: None, runtime: None, differences: &mut differences };
    target::compare(both, [&items[0], &items[1]], &mut found);
    credentials::compare(both, &items[0], &items[1], &mut found);
    differences.iter().all(|difference| difference.significance != Significance::Material)
        && body::equal(both)
}

/// Links each redirect to the request that it led to: the next one to where it points, or, where that is hidden, the next one at all.
fn follow(units: &mut [Unit<'_>]) {
    let mut waiting: Vec<usize> = Vec::new();
    for at in 0..units.len() {
        let first = units[at].first;
        waiting.retain(|from| seconds_between(units[*from].last, first) <= FOLLOWS_WITHIN);
        let hop = waiting.iter().rposition(|from| {
            let redirect = units[*from].last;
            ended_before(redirect, first) && points_to(redirect, first)
        });
        if let Some(hop) = hop {
            let from = waiting.remove(hop);
            units[from].next_hop = Some(at);
            units[at].is_hop = true;
        }
        if is_redirect(units[at].last) {
            if waiting.len() == WAITING {
                waiting.remove(0);
            }
            waiting.push(at);
        }
    }
}

/// A redirection that clients follow by themselves (RFC 9110, section 15.4).
pub(super) fn is_redirect(exchange: &Exchange) -> bool {
    matches!(exchange.status(), Some(301 | 302 | 303 | 307 | 308)) && exchange.succeeded()
}

/// True where a request may be what a redirect asked for: the shown parts of `Location` fit its URL.
fn points_to(redirect: &Exchange, next: &Exchange) -> bool {
    let location = redirect.response().and_then(|response| {
        response.fields.iter().find(|field| field.name.key == "location").and_then(|field| {
            match &field.value {
                FieldValue::Text(text) => Some(text),
                _ => None,
            }
        })
    });
    let Some(location) = location else { return false };
    let target = &next.request.target;
    let Some(start) = shown_start(location) else {
        // Hidden as a whole: then the next request on its heels is the hop.
        return target.url() != redirect.request.target.url();
    };
    let path = target.path.to_string();
    match start.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, to) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
            let host = authority.rsplit('@').next().unwrap_or(authority);
            let same_host = host == target.host
                || host == target.authority()
                || target.host.starts_with(host) && to.is_empty();
            scheme == target.scheme && same_host && path.starts_with(to)
        }
        None => {
            target.host == redirect.request.target.host
                && (!start.starts_with('/') || path.starts_with(start))
        }
    }
}

/// What of a URL is shown before its query and before anything hidden; `None` where it begins hidden.
fn shown_start(url: &Text) -> Option<&str> {
    match url.pieces.first()? {
        Piece::Shown(shown) => Some(shown.split(['?', '#']).next().unwrap_or(shown)),
        Piece::Hidden(_) => None,
    }
}
