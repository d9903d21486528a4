//! What the two clients said in their TLS hellos. Context: it differs between any two builds of a library, and only
//! guards in front of an API judge by it.

use super::side_by_side::{Both, Found};
use super::{Locator, Reason, Significance};
use crate::model::{Capture, ClientHello, ConnectionKind, Exchange};

/// Compares the version agreed and the fingerprint, where both are known.
pub(super) fn compare(both: &Both<'_>, found: &mut Found<'_>) {
    let hellos = (hello(both.runs.sandbox, both.sandbox), hello(both.runs.runtime, both.runtime));
    let (Some(one), Some(other)) = hellos else { return };
    let (Some(from), Some(to)) = (words(one), words(other)) else { return };
    if from != to {
        // Connections are counted in each run; the place names the runtime's.
        let at = Locator::Tls(both.runtime.connection);
        found.push(at, None, (Some(from), Some(to)), Significance::Cosmetic(Reason::ClientIdentity));
    }
}

fn hello<'a>(capture: &'a Capture, exchange: &Exchange) -> Option<&'a ClientHello> {
    let connections = &capture.connections;
    let at = connections.binary_search_by_key(&exchange.connection, |connection| connection.number).ok()?;
    match &connections[at].kind {
        ConnectionKind::Tls { hello, .. } => hello.as_ref(),
        _ => None,
    }
}

/// Such as `TLSv1.3 t13d1516h2_8daaf6152771_e5627efa2ab1`.
fn words(hello: &ClientHello) -> Option<String> {
    Some(format!("{} {}", hello.version.as_ref()?, hello.ja4.as_ref()?))
}
