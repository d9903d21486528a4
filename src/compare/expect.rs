//! Differences that somebody has reviewed and expects: which of a comparison's they are, and the ledger of it.
//!
//! What an entry does not say is not expected. It is about values that differ unless it names another kind of change; it is no excuse for a
//! placeholder; and credentials and answers are expected to differ only where that did no harm.

use jiff::civil::Date;

use super::kind::{Kind, kinds};
use super::learn::{carries, exchanges};
use super::pattern::Pattern;
use super::{
    ChangeKind, Comparison, CredentialPair, Difference, FieldPart, Identity, Locator, Reason, Significance,
};
use crate::model::{Capture, Class, Exchange, Secret};

/// A reviewed entry: a difference that is expected, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The file that it stands in, as the user knows it.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// The place, as reports name it.
    pub at: Pattern,
    /// The method of the request.
    pub method: Option<String>,
    /// Its host, without or with its port.
    pub host: Option<Pattern>,
    /// Its path.
    pub path: Option<Pattern>,
    /// The kind of change from sandbox to runtime.
    pub change: ChangeKind,
    /// Why it is expected.
    pub why: String,
    /// The last day on which it is.
    pub until: Option<Date>,
}

/// An entry, and what came of it: a line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedEntry {
    /// The entry.
    pub entry: Expectation,
    /// Its last day has passed; it silences nothing.
    pub expired: bool,
    /// How many differences do not count because of it. Of an expired one: how many would not.
    pub silenced: usize,
    /// Credentials are among them.
    pub credentials: bool,
    /// Why differences that it names count all the same; each reason once.
    pub withheld: Vec<Withheld>,
    /// For an entry that names nothing: a place of a difference that resembles its own.
    pub near: Option<Locator>,
}

/// Why a difference counts although an entry names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Withheld {
    /// Credentials, and the entry does not name place and host in full.
    Wildcard(Locator),
    /// Credentials or an answer, where one side was refused and the other was not.
    Refused(Locator),
    /// A placeholder, a damaged value, nothing at all: no other value, but a fault.
    Unsound(Locator),
}

impl Comparison {
    /// Makes differences that the entries name expected ones, and keeps the ledger of it. `today` decides which entries have expired.
    pub fn expect(&mut self, sandbox: &Capture, runtime: &Capture, entries: &[Expectation], today: Date) {
        let mut ledger: Vec<ExpectedEntry> =
            entries.iter().map(|entry| ExpectedEntry::new(entry, today)).collect();
        let mut reviewed = Vec::new();
        for (index, difference) in self.differences.iter().enumerate() {
            if difference.significance != Significance::Material {
                continue;
            }
            let both = exchanges(difference, sandbox, runtime);
            let named = ledger.iter_mut().enumerate().filter(|(_, line)| line.entry.names(difference, both));
            for (at, line) in named {
                match self.judge(difference, both, &line.entry) {
                    Ok(credentials) => {
                        line.silenced += 1;
                        line.credentials |= credentials;
                        if !line.expired {
                            reviewed.push((index, at));
                            break;
                        }
                    }
                    Err(why) if line.withheld.contains(&why) => {}
                    Err(why) => line.withheld.push(why),
                }
            }
        }
        for line in ledger.iter_mut().filter(|line| line.is_unused()) {
            let material =
                self.differences.iter().filter(|known| known.significance == Significance::Material);
            line.near = material.map(|known| &known.at).find(|at| resembles(&line.entry.at, at)).cloned();
        }
        for (index, entry) in reviewed {
            let difference = &mut self.differences[index];
            let reason = Reason::Reviewed { entry };
            difference.significance = Significance::Expected(reason);
            if difference.at == Locator::Request
                && let Some(pair) = self.pairs.get_mut(difference.pair)
            {
                pair.alone = Some(reason);
            }
        }
        self.expectations = ledger;
    }

    /// Expects what a comparison of the same captures under other names expects: an entry names hosts that a bundle replaces.
    pub fn expect_as(&mut self, other: &Self) {
        for (difference, known) in self.differences.iter_mut().zip(&other.differences) {
            let reviewed = matches!(known.significance, Significance::Expected(Reason::Reviewed { .. }));
            if reviewed && (&difference.pair, &difference.change.kind) == (&known.pair, &known.change.kind) {
                difference.significance = known.significance;
                if difference.at == Locator::Request
                    && let Some(pair) = self.pairs.get_mut(difference.pair)
                {
                    pair.alone = other.pairs.get(known.pair).and_then(|pair| pair.alone);
                }
            }
        }
        self.expectations.clone_from(&other.expectations);
    }

    /// Whether a difference may be expected; says whether it is one of credentials.
    fn judge(
        &self,
        difference: &Difference,
        (one, other): (Option<&Exchange>, Option<&Exchange>),
        entry: &Expectation,
    ) -> Result<bool, Withheld> {
        let at = &difference.at;
        let pair = self.credentials.get(difference.pair);
        let found = [one, other].map(|exchange| exchange.and_then(|exchange| kinds(exchange, at)));
        let sensitive = found.iter().flatten().any(|kinds| kinds.sensitive);
        let credentials = sensitive || pair.is_some_and(|pair| carries(pair, at));
        if credentials && !entry.names_in_full() {
            return Err(Withheld::Wildcard(at.clone()));
        }
        let answer = matches!(at, Locator::Status | Locator::Outcome | Locator::Response(_));
        let alike = match (one, other) {
            (Some(one), Some(other)) => one.succeeded() == other.succeeded(),
            _ => true,
        };
        if (credentials || answer) && !alike {
            return Err(Withheld::Refused(at.clone()));
        }
        let placeholder = |kinds: &super::kind::Kinds| {
            kinds.all.iter().any(|(_, kind)| matches!(kind, Kind::Placeholder | Kind::Wrapped))
        };
        let [one, other] = found.each_ref().map(|kinds| kinds.as_ref().is_some_and(placeholder));
        if one != other || (credentials && !pair.is_some_and(|pair| is_sound(pair, at))) {
            return Err(Withheld::Unsound(at.clone()));
        }
        Ok(credentials)
    }
}

/// True where what is carried at a place are whole tokens, and two different ones where both sides have one.
fn is_sound(pair: &CredentialPair, at: &Locator) -> bool {
    if matches!(at, Locator::Field { part: FieldPart::Scheme, .. }) {
        return true;
    }
    let here = |known: &&super::Carried| known.at.is_same_place(at);
    let whole = |secret: &Secret| {
        let shape = &secret.shape;
        !matches!(
            shape.class,
            Class::Empty | Class::Null(_) | Class::Template(_) | Class::Mask(_) | Class::SecretReference(_)
        ) && shape.leading.is_none()
            && shape.trailing.is_none()
            && shape.quotes.is_none()
    };
    let all = pair.sandbox.iter().chain(&pair.runtime).filter(here);
    let damaged = pair.matches.iter().any(|known| {
        let at = [
            known.sandbox.and_then(|at| pair.sandbox.get(at)),
            known.runtime.and_then(|at| pair.runtime.get(at)),
        ];
        matches!(known.identity, Identity::Altered(_)) && at.iter().flatten().any(here)
    });
    all.clone().next().is_some() && all.clone().all(|known| whole(&known.secret)) && !damaged
}

/// A place of the same name, or one that begins as the pattern does.
fn resembles(pattern: &Pattern, at: &Locator) -> bool {
    let name = |text: &str| {
        let name = text.split_once('[').map_or(text, |(_, rest)| rest);
        name.split(']').next().unwrap_or_default().to_ascii_lowercase()
    };
    let (written, at) = (pattern.to_string(), at.to_string());
    name(&written) == name(&at) || at.starts_with(&written)
}

impl Expectation {
    /// Where it stands: `samewire.toml:4`.
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// The same as seen with the sides changed over.
    #[must_use]
    pub fn mirrored(mut self) -> Self {
        self.change = match self.change {
            ChangeKind::Missing => ChangeKind::Added,
            ChangeKind::Added => ChangeKind::Missing,
            kind => kind,
        };
        self
    }

    /// Credentials are named by their place and host, without a star.
    fn names_in_full(&self) -> bool {
        self.at.is_exact() && self.host.as_ref().is_some_and(Pattern::is_exact)
    }

    /// Whether it is about a difference, whatever then speaks against it. Of a pair, either exchange may be the one that is named.
    fn names(&self, difference: &Difference, (one, other): (Option<&Exchange>, Option<&Exchange>)) -> bool {
        self.change == difference.change.kind
            && self.at.matches(&difference.at.to_string())
            && [one, other].into_iter().flatten().any(|exchange| self.is_of(exchange))
    }

    fn is_of(&self, exchange: &Exchange) -> bool {
        let request = &exchange.request;
        let target = &request.target;
        let method = self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&request.method));
        let host = self
            .host
            .as_ref()
            .is_none_or(|host| host.matches(&target.host) || host.matches(&target.authority()));
        method && host && self.path.as_ref().is_none_or(|path| path.matches(&target.path.to_string()))
    }
}

impl ExpectedEntry {
    fn new(entry: &Expectation, today: Date) -> Self {
        Self {
            expired: entry.until.is_some_and(|until| until < today),
            entry: entry.clone(),
            silenced: 0,
            credentials: false,
            withheld: Vec::new(),
            near: None,
        }
    }

    /// It names no difference at all.
    pub fn is_unused(&self) -> bool {
        self.silenced == 0 && self.withheld.is_empty()
    }
}
