//! Requests and connections that came to no answer, with the leg and the phase in which they ended.

use crate::compare::Locator;
use crate::diagnose::Case;
use crate::model::{ConnectionKind, Exchange, Failure, FailureKind, Leg, Outcome, Phase, Side};

use super::host_of;

/// Where a failure was seen.
pub(super) struct Unanswered<'a> {
    /// The exchange, where there is one.
    pub(super) exchange: Option<u32>,
    /// The place.
    pub(super) at: Locator,
    /// The host that was asked for.
    pub(super) host: &'a str,
    /// Why.
    pub(super) failure: &'a Failure,
}

/// What a side asked for last and did not get, because of the upstream leg. Retries that were answered in the end do not count.
pub(super) fn unanswered<'a>(case: &Case<'a>, side: Side) -> Vec<Unanswered<'a>> {
    let mut all = Vec::new();
    for pair in &case.comparison.pairs {
        let Some(exchange) = case.compared(pair, side) else { continue };
        if let Some(failure) = upstream_failure(exchange) {
            let host = exchange.request.target.host.as_str();
            all.push(Unanswered { exchange: Some(exchange.number), at: Locator::Outcome, host, failure });
        }
    }
    for connection in &case.capture(side).connections {
        let (Some(failure), Some(authority)) = (&connection.failure, &connection.authority) else { continue };
        let host = host_of(authority);
        let later = case.capture(side).exchanges.iter().any(|exchange| exchange.request.target.host == host);
        let opened = matches!(connection.kind, ConnectionKind::Tunnel { .. });
        if failure.leg == Leg::Upstream && !later && !opened {
            let at = Locator::Connection(connection.number);
            all.push(Unanswered { exchange: None, at, host, failure });
        }
    }
    all
}

fn upstream_failure(exchange: &Exchange) -> Option<&Failure> {
    match &exchange.outcome {
        Outcome::Failed { failure, .. } if failure.leg == Leg::Upstream => Some(failure),
        _ => None,
    }
}

/// True for a failure of the TLS handshake with the API.
pub(super) fn is_tls(failure: &Failure) -> bool {
    failure.phase == Phase::Tls || matches!(failure.kind, FailureKind::Certificate | FailureKind::Tls)
}

/// True for an exchange that a network rule accounts for: it has no whole answer.
pub(in crate::diagnose::rules) fn is_network_failure(exchange: &Exchange) -> bool {
    !matches!(exchange.outcome, Outcome::Answered(_))
}
