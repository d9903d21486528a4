//! Two runs, and two exchanges of theirs, side by side.

use std::sync::OnceLock;

use super::issued::Issued;
use super::{Change, ChangeKind, Difference, Locator, Significance};
use crate::model::{Capture, Exchange, Fidelity, Secret, Side, Text};

/// The longest value that a difference shows, in characters.
const SHOWN: usize = 120;

/// The two captures.
pub(super) struct Runs<'a> {
    pub(super) sandbox: &'a Capture,
    pub(super) runtime: &'a Capture,
    /// Tags can be compared.
    pub(super) same_key: bool,
    issued: [OnceLock<Issued>; 2],
}

impl<'a> Runs<'a> {
    pub(super) fn new(sandbox: &'a Capture, runtime: &'a Capture) -> Self {
        let same_key = sandbox.key_id == runtime.key_id;
        Self { sandbox, runtime, same_key, issued: [OnceLock::new(), OnceLock::new()] }
    }

    /// What the answers to a side told; read when first asked for, as few comparisons need it.
    fn issued_to(&self, side: Side) -> &Issued {
        let (at, capture) = match side {
            Side::Sandbox => (0, self.sandbox),
            Side::Runtime => (1, self.runtime),
        };
        self.issued[at].get_or_init(|| Issued::read(capture))
    }
}

/// Two exchanges.
#[derive(Clone, Copy)]
pub(super) struct Both<'a> {
    pub(super) runs: &'a Runs<'a>,
    pub(super) sandbox: &'a Exchange,
    pub(super) runtime: &'a Exchange,
    /// What is compared is the content of their answers.
    pub(super) in_answers: bool,
}

impl<'a> Both<'a> {
    pub(super) fn new(runs: &'a Runs<'a>, sandbox: &'a Exchange, runtime: &'a Exchange) -> Self {
        Self { runs, sandbox, runtime, in_answers: false }
    }
}

impl Both<'_> {
    /// Both succeeded, or neither did.
    pub(super) fn agree(&self) -> bool {
        self.sandbox.succeeded() == self.runtime.succeeded()
    }

    /// Both succeeded.
    pub(super) fn succeed(&self) -> bool {
        self.sandbox.succeeded() && self.runtime.succeeded()
    }

    /// True where an earlier answer to a side told this secret.
    pub(super) fn told_secret(&self, side: Side, secret: &Secret) -> bool {
        self.runs.issued_to(side).secret_before(self.exchange(side).number, secret)
    }

    /// True where an earlier answer to a side told this text.
    pub(super) fn told_text(&self, side: Side, text: &Text) -> bool {
        self.runs.issued_to(side).before(self.exchange(side).number, text)
    }

    /// The exchange of a side.
    pub(super) fn exchange(&self, side: Side) -> &Exchange {
        if side == Side::Sandbox { self.sandbox } else { self.runtime }
    }

    /// Order, case and spacing of both heads are known.
    pub(super) fn heads_known(&self) -> bool {
        [self.sandbox, self.runtime]
            .iter()
            .all(|exchange| matches!(exchange.request.fidelity, Fidelity::Wire | Fidelity::Desync(_)))
    }

    /// The bodies' bytes are known to differ.
    pub(super) fn bodies_differ(&self) -> bool {
        let (sandbox, runtime) = (&self.sandbox.request.body, &self.runtime.request.body);
        if !self.bytes_known() {
            return false;
        }
        sandbox.length != runtime.length || (self.runs.same_key && sandbox.digest != runtime.digest)
    }
}

/// Where the differences of one pair are put.
pub(super) struct Found<'d> {
    pub(super) pair: usize,
    pub(super) sandbox: Option<u32>,
    pub(super) runtime: Option<u32>,
    pub(super) differences: &'d mut Vec<Difference>,
}

impl Found<'_> {
    /// Notes one difference; its kind follows from which values are there.
    pub(super) fn push(
        &mut self,
        at: Locator,
        how: Option<&'static str>,
        values: (Option<String>, Option<String>),
        significance: Significance,
    ) {
        let kind = match values {
            (Some(_), None) => ChangeKind::Missing,
            (None, Some(_)) => ChangeKind::Added,
            _ => ChangeKind::Altered,
        };
        self.push_kind(at, kind, how, values, significance);
    }

    /// True where this pair has a difference at this place already.
    pub(super) fn noted(&self, at: &Locator) -> bool {
        let own = self.differences.iter().rev().take_while(|known| known.pair == self.pair);
        own.into_iter().any(|known| known.at == *at)
    }

    /// Notes one difference of a given kind.
    pub(super) fn push_kind(
        &mut self,
        at: Locator,
        kind: ChangeKind,
        how: Option<&'static str>,
        (sandbox, runtime): (Option<String>, Option<String>),
        significance: Significance,
    ) {
        self.differences.push(Difference {
            pair: self.pair,
            sandbox: self.sandbox,
            runtime: self.runtime,
            at,
            change: Change { kind, how, sandbox, runtime },
            significance,
        });
    }
}

/// A value as a difference shows it: cut where it is long.
pub(super) fn short(value: &impl std::fmt::Display) -> String {
    let mut text = value.to_string();
    if let Some((cut, _)) = text.char_indices().nth(SHOWN) {
        text.truncate(cut);
        text.push('…');
    }
    text
}
