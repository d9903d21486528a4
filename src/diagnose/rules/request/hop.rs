//! Redirects: which answers send a client elsewhere, and which requests came of them.

use crate::diagnose::Case;
use crate::model::{Exchange, Side};

/// True for an answer that sends the client elsewhere (RFC 9110, section 15.4).
pub(super) fn redirects(exchange: &Exchange) -> bool {
    matches!(exchange.status(), Some(301 | 302 | 303 | 307 | 308))
}

/// The request that came of a redirect: the next one of its side.
pub(super) fn next_hop<'a>(case: &Case<'a>, side: Side, exchange: &Exchange) -> Option<&'a Exchange> {
    redirects(exchange).then(|| case.exchange(side, exchange.number + 1)).flatten()
}

/// True for a request that came of a redirect.
pub(super) fn is_hop(case: &Case<'_>, side: Side, exchange: &Exchange) -> bool {
    exchange.number.checked_sub(1).and_then(|before| case.exchange(side, before)).is_some_and(redirects)
}
