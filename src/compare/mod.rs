//! Two captures to differences. Pure and deterministic.
//!
//! Retries are folded into attempts, attempts are paired, and each pair is compared place by place: what travels as credentials
//! first, then the start line, the fields, the body and the answer. What a place's difference means is decided in `significance`.

mod alone;
mod answer;
mod attempt;
mod body;
mod carried;
mod columns;
mod config_to_wire;
mod credentials;
mod expect;
mod fields;
mod growing;
mod identity;
mod imported;
mod issued;
mod json;
mod key;
mod kind;
mod learn;
mod locator;
mod named;
mod naming;
mod pair;
mod pattern;
mod reverse;
mod sets;
mod side_by_side;
mod signed;
mod significance;
mod target;
mod tls;
mod value;
mod visitor;

pub use config_to_wire::{ConfigState, ReadBy, Sent, Trace, Traced, config_to_wire};
pub use expect::{Expectation, ExpectedEntry, Withheld};
pub use identity::{Alteration, alteration};
pub use learn::{Learned, LearnedPlace, VaryingAnswers, learn};
pub use locator::{FieldPart, Locator};
pub use pattern::Pattern;
pub use sets::compare_sets;

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;

use crate::model::{Capture, Exchange, Secret, Side};
use crate::threads;

use side_by_side::{Both, Found, Runs};

/// Compares two runs.
///
/// The order of differences is that of pairs, and within a pair that of the request: credentials, start line, fields, body, answer.
/// A run without any exchange yields lonely pairs and no differences: there is nothing to compare with.
pub fn compare(sandbox: &Capture, runtime: &Capture) -> Comparison {
    let runs = Runs::new(sandbox, runtime);
    let (ours, theirs) = threads::both(|| attempt::fold(sandbox), || attempt::fold(runtime));
    let mut pairs = pair::pair(&ours, &theirs, runs.same_key);
    for pair in &mut pairs {
        let (one, other) =
            (compared(sandbox, pair.sandbox.as_ref()), compared(runtime, pair.runtime.as_ref()));
        reverse::explain(pair, (sandbox, one), (runtime, other));
        imported::explain(pair, sandbox, runtime);
        growing::explain(pair, sandbox, runtime);
    }
    let comparable = !sandbox.exchanges.is_empty() && !runtime.exchanges.is_empty();
    let compared = threads::in_shares(&pairs, |first, share| {
        let mut part = Comparison::default();
        for (at, pair) in share.iter().enumerate() {
            compare_pair(&runs, first + at, pair, comparable, &mut part);
        }
        part
    });
    let mut comparison = Comparison { same_key: runs.same_key, ..Comparison::default() };
    for part in compared {
        comparison.differences.extend(part.differences);
        comparison.credentials.extend(part.credentials);
    }
    comparison.pairs = pairs;
    columns::explain(&mut comparison, sandbox, runtime);
    comparison
}

/// Compares the exchanges of one pair, or says of a lonely one that it is.
fn compare_pair(runs: &Runs<'_>, at: usize, pair: &Pair, comparable: bool, comparison: &mut Comparison) {
    let one = compared(runs.sandbox, pair.sandbox.as_ref());
    let other = compared(runs.runtime, pair.runtime.as_ref());
    let number = |exchange: Option<&Exchange>| exchange.map(|exchange| exchange.number);
    let differences = &mut comparison.differences;
    let mut found = Found { pair: at, sandbox: number(one), runtime: number(other), differences };
    comparison.credentials.push(if let (Some(one), Some(other)) = (one, other) {
        let both = Both::new(runs, one, other);
        let [ours, theirs] = &carried::both_carried(&both);
        let credentials = credentials::compare(&both, ours, theirs, &mut found);
        target::compare(&both, [ours, theirs], &mut found);
        tls::compare(&both, &mut found);
        fields::compare(&both, [ours, theirs], &mut found);
        body::compare(&both, [ours, theirs], &mut found);
        answer::compare(&both, &mut found);
        credentials
    } else {
        if comparable {
            lonely(pair, one, other, &mut found);
        }
        let [ours, theirs] = [one, other].map(|exchange| exchange.map(carried::carried).unwrap_or_default());
        credentials::alone(&ours, &theirs)
    });
}

/// The attempt that is compared.
fn compared<'a>(capture: &'a Capture, attempts: Option<&Attempts>) -> Option<&'a Exchange> {
    capture.exchange(attempts?.last())
}

/// A request without a partner is one difference.
fn lonely(pair: &Pair, sandbox: Option<&Exchange>, runtime: Option<&Exchange>, found: &mut Found<'_>) {
    let shown = |exchange: &Exchange| {
        let request = &exchange.request;
        side_by_side::short(&format_args!("{} {}", request.method, request.target.url()))
    };
    let significance = match pair.alone {
        Some(Reason::Awaited) => return,
        Some(reason @ Reason::Consequence) => Significance::Cosmetic(reason),
        Some(reason) => Significance::Expected(reason),
        None => Significance::Material,
    };
    found.push(Locator::Request, None, (sandbox.map(shown), runtime.map(shown)), significance);
}

/// What two captures have in common, and where they differ.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// False where the captures were made under different keys: tags cannot be compared, shapes and relations can.
    pub same_key: bool,
    /// Every exchange of both captures stands in exactly one pair.
    pub pairs: Vec<Pair>,
    /// Every place where paired exchanges are not equal.
    pub differences: Vec<Difference>,
    /// What each pair's exchanges carry as credentials, and how they relate. One for each pair, at the same index.
    pub credentials: Vec<CredentialPair>,
    /// The ledger: what several runs of a side taught, and how many differences do not count because of it.
    pub learned: Vec<LearnedPlace>,
    /// Requests whose answers differ from run to run of a side.
    pub varying: Vec<VaryingAnswers>,
    /// The ledger of reviewed entries: what each of them silenced, or why it did not.
    pub expectations: Vec<ExpectedEntry>,
}

/// Exchanges that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The sandbox's attempts; absent for a pair without a partner.
    pub sandbox: Option<Attempts>,
    /// The runtime's attempts.
    pub runtime: Option<Attempts>,
    /// Why a pair has no partner, where the framework's own limits explain it ([`Reason::BuilderLimits`], [`Reason::ParentAgain`]), or
    /// where the other run had failed before it got there ([`Reason::Consequence`]), or where the other side's would not have been seen
    /// ([`Reason::BesideReverse`]) or told ([`Reason::NotTold`]), or where such requests are made now more, now less often ([`Reason::Learned`]),
    /// or where somebody expects it ([`Reason::Reviewed`]), or where the other side's may still come ([`Reason::Awaited`]).
    pub alone: Option<Reason>,
}

impl Pair {
    /// A side's attempts.
    pub fn of(&self, side: Side) -> Option<&Attempts> {
        match side {
            Side::Sandbox => self.sandbox.as_ref(),
            Side::Runtime => self.runtime.as_ref(),
        }
    }
}

/// One request and its retries: exchange numbers in order. The last one is compared, as it is what the client made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// Exchange numbers, never empty.
    pub exchanges: Vec<u32>,
    /// The last one succeeded. Asked of every pair again and again, so that it stands here.
    pub succeeded: bool,
}

impl Attempts {
    /// The first exchange.
    pub fn first(&self) -> u32 {
        self.exchanges.first().copied().unwrap_or_default()
    }

    /// The last exchange.
    pub fn last(&self) -> u32 {
        self.exchanges.last().copied().unwrap_or_default()
    }
}

/// One place where paired exchanges are not equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Index into [`Comparison::pairs`].
    pub pair: usize,
    /// The sandbox's exchange.
    pub sandbox: Option<u32>,
    /// The runtime's exchange.
    pub runtime: Option<u32>,
    /// The place.
    pub at: Locator,
    /// What changed from sandbox to runtime.
    pub change: Change,
    /// Whether it matters.
    pub significance: Significance,
}

/// What changed from sandbox to runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The kind of change.
    pub kind: ChangeKind,
    /// How a value was changed, where that is known (`trailing-space`, `base64-encoded`).
    pub how: Option<&'static str>,
    /// The sandbox's value, redacted, as shown to people.
    pub sandbox: Option<String>,
    /// The runtime's value.
    pub runtime: Option<String>,
}

/// Kinds of change, seen from the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// The runtime does not have it.
    Missing,
    /// Only the runtime has it.
    Added,
    /// Both have it, with other values.
    Altered,
    /// The same value is in another place.
    Moved,
    /// The same things are in another order.
    Reordered,
}

/// Whether a difference matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Significance {
    /// The servers see two different requests.
    Material,
    /// No server that follows the RFCs treats them differently.
    Cosmetic(Reason),
    /// Healthy runs differ there.
    Expected(Reason),
}

/// Why a difference does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Both values moved with the clock.
    Clock,
    /// The value is made anew for each request.
    PerRequest,
    /// The value was issued by an earlier answer of the same run.
    Issued,
    /// Two JWTs that are equal but for iat, nbf, exp and jti.
    FreshJwt,
    /// A signature with the same algorithm and key id.
    Signature,
    /// The builder reads fewer pages, slices, streams or records; a `check` at run time reads only the first.
    BuilderLimits,
    /// A parent stream that is read anew for each use.
    ParentAgain,
    /// A retry that was folded into its request.
    Retry,
    /// It concerns the connection only.
    Connection,
    /// Fields may come in any order.
    Order,
    /// Case of a field name, or of a scheme's name where both succeeded.
    Case,
    /// White space around a value.
    Spacing,
    /// Another spelling of the same value (JSON white space, percent-encoding).
    Spelling,
    /// The client names itself or what it can decode; both sides succeeded.
    ClientIdentity,
    /// Follows from another difference (Content-Length from the body).
    Consequence,
    /// The answers to one request hold other data; both sides succeeded.
    Data,
    /// A client in reverse mode names samewire, which it takes for the API.
    ReverseHost,
    /// In reverse mode only requests to the base URL are seen.
    BesideReverse,
    /// The other side is an import that does not tell of every request.
    NotTold,
    /// The other side is still being recorded.
    Awaited,
    /// It changes from run to run of one side.
    Learned {
        /// The side that was recorded several times.
        side: Side,
        /// How often.
        runs: u32,
    },
    /// Somebody has reviewed it.
    Reviewed {
        /// Index into [`Comparison::expectations`].
        entry: usize,
    },
}

impl Reason {
    /// The reason in words, as reports show it.
    pub fn words(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Clock => "moves with the clock",
            Self::PerRequest => "made anew for each request",
            Self::Issued => "issued by an earlier answer of the same run",
            Self::FreshJwt => "a JWT that differs only in its times and id",
            Self::Signature => "a signature with the same key over other times",
            Self::BuilderLimits => "one run reads fewer pages, slices and streams, as builders and checks do",
            Self::ParentAgain => "a parent stream that is read anew for each use",
            Self::Retry => "a retry, folded into its request",
            Self::Connection => "concerns the connection only",
            Self::Order => "fields may come in any order",
            Self::Case => "case does not matter here",
            Self::Spacing => "white space around a value does not matter",
            Self::Spelling => "another spelling of the same value",
            Self::ClientIdentity => "the client's own name and abilities; both sides succeeded",
            Self::Consequence => "follows from another difference",
            Self::Data => "other data in the answer to the same request",
            Self::ReverseHost => "reverse mode: the client was given samewire's address as the base URL",
            Self::BesideReverse => "reverse mode: only requests to the base URL are seen",
            Self::NotTold => "the other side is an import that does not tell of every request",
            Self::Awaited => "the other side may still send it",
            Self::Learned { side, runs } => {
                return Cow::Owned(format!("changes from run to run of the {side} ({runs} runs)"));
            }
            Self::Reviewed { .. } => "reviewed and expected",
        })
    }
}

/// The credentials of one pair.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CredentialPair {
    /// What the sandbox's exchange carries.
    pub sandbox: Vec<Carried>,
    /// What the runtime's exchange carries.
    pub runtime: Vec<Carried>,
    /// Who belongs to whom; each carried credential stands in exactly one match.
    pub matches: Vec<CredentialMatch>,
}

/// One secret that an exchange carries, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Carried {
    /// The place (`request.field[authorization].token`).
    pub at: Locator,
    /// The auth-scheme as sent.
    pub scheme: Option<String>,
    /// The part of Basic credentials it is.
    pub part: CredentialPart,
    /// The secret's facts.
    pub secret: Arc<Secret>,
}

/// Which part of credentials a secret is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialPart {
    /// The whole token.
    Token,
    /// The user of Basic credentials.
    User,
    /// The password of Basic credentials.
    Password,
}

/// Two carried credentials that belong together, or one alone. Indexes into [`CredentialPair`].
#[derive(Clone, Debug, PartialEq)]
pub struct CredentialMatch {
    /// The sandbox's.
    pub sandbox: Option<usize>,
    /// The runtime's.
    pub runtime: Option<usize>,
    /// How the runtime's value relates to the sandbox's.
    pub identity: Identity,
}

/// How one secret relates to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Equal, proven by tags; under different keys: the same named value in the same shape, and both answers agree.
    Same,
    /// The same secret, changed on one of the sides; the words are those of `token-altered`'s `how`, and further `scheme` (an
    /// auth-scheme stands within the value of one side), `cast`, `json-escaped` and `hex-encoded`. `truncated` and `extended` are
    /// seen from the sandbox; the others name the change whichever side bears it ([`alteration`] tells which).
    Altered(&'static str),
    /// Not equal, and rightly so.
    Expected(Reason),
    /// Two unrelated values.
    Unrelated,
    /// Tags are not comparable and nothing else decides.
    Unknown,
    /// Only one side has it.
    Alone,
}
