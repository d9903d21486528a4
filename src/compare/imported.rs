//! What an import does not tell is unknown, and never a difference.

use super::side_by_side::Both;
use super::significance::{is_connection, is_framing};
use super::{Pair, Reason};
use crate::model::{Capture, Class, Exchange, FieldValue, Lack, Piece, Secret, Text, Token};

/// Fields that clients add by themselves.
const BY_CLIENTS: [&str; 6] =
    ["user-agent", "accept", "accept-encoding", "accept-language", "accept-charset", "content-type"];

/// Fields that exporters take out to keep secrets back.
const TAKEN_OUT: [&str; 5] = ["authorization", "cookie", "proxy-authorization", "x-api-key", "x-auth-token"];

/// True for a value that its exporter has hidden: it is there, and nothing is known of it.
pub(super) fn is_withheld(secret: &Secret) -> bool {
    secret.shape.class == Class::Withheld
}

/// True for two texts of which one holds something that its exporter has hidden.
pub(super) fn withheld(both: &Both<'_>, sandbox: &Text, runtime: &Text) -> bool {
    let hidden = |exchange: &Exchange, text: &Text| {
        text.secrets().any(is_withheld)
            || exchange.imported().is_some()
                && text
                    .pieces
                    .iter()
                    .any(|piece| matches!(piece, Piece::Shown(shown) if shown.contains("***")))
    };
    hidden(both.sandbox, sandbox) || hidden(both.runtime, runtime)
}

/// The same of two fields' values.
pub(super) fn withheld_field(both: &Both<'_>, sandbox: &FieldValue, runtime: &FieldValue) -> bool {
    match (sandbox, runtime) {
        (FieldValue::Text(one), FieldValue::Text(other)) => withheld(both, one, other),
        (one, other) => [one, other].iter().any(|value| match value {
            FieldValue::Text(text) => text.secrets().any(is_withheld),
            FieldValue::Credentials(credentials) => match &credentials.token {
                Token::Opaque(secret) => is_withheld(secret),
                Token::Basic(_) | Token::Parameters(_) => false,
            },
            FieldValue::Cookies(_) => false,
        }),
    }
}

/// True where the absence of a field from this exchange proves nothing.
pub(super) fn may_have_field(exchange: &Exchange, key: &str) -> bool {
    exchange.imported().is_some()
        && (key == "host"
            || is_connection(key)
            || is_framing(key)
            || key == "accept-encoding"
            || key == "cookie"
            || exchange.lacks(Lack::ClientFields) && BY_CLIENTS.contains(&key)
            || exchange.lacks(Lack::Credentials) && TAKEN_OUT.contains(&key))
}

/// True where it may have carried credentials that its exporter has taken out.
pub(super) fn may_have_carried(exchange: &Exchange) -> bool {
    exchange.lacks(Lack::Credentials)
}

/// Notes where a request has no partner because the other side is an import that does not tell of every request.
pub(super) fn explain(pair: &mut Pair, sandbox: &Capture, runtime: &Capture) {
    let partial = |capture: &Capture| {
        capture.run.source.as_ref().is_some_and(|source| source.lacks.contains(&Lack::Requests))
    };
    let lonely = match (&pair.sandbox, &pair.runtime) {
        (Some(_), None) => partial(runtime),
        (None, Some(_)) => partial(sandbox),
        _ => false,
    };
    if lonely && pair.alone.is_none() {
        pair.alone = Some(Reason::NotTold);
    }
}

impl Both<'_> {
    /// Both requests' times are known.
    pub(super) fn times_known(&self) -> bool {
        !self.sandbox.lacks(Lack::Time) && !self.runtime.lacks(Lack::Time)
    }

    /// The content of both answers is known in full.
    pub(super) fn answers_known(&self) -> bool {
        [self.sandbox, self.runtime]
            .iter()
            .all(|exchange| exchange.imported().is_none_or(|imported| imported.whole_answer))
    }

    /// Samewire saw both itself: lengths and digests are those of the wire.
    pub(super) fn bytes_known(&self) -> bool {
        self.sandbox.imported().is_none() && self.runtime.imported().is_none()
    }
}
