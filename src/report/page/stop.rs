//! An exchange in its lane: when, how long, what came of it, and what kind of step it is.

use jiff::Timestamp;
use serde::Serialize;

use crate::compare::Attempts;
use crate::diagnose::Case;
use crate::model::{Content, Exchange, Side};
use crate::report::excerpt::answer_in_words;

/// One side's exchange of a pair, with its earlier attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stop {
    /// The exchange that is compared: the last attempt.
    pub exchange: u32,
    /// All attempts, the last one included.
    pub attempts: Vec<u32>,
    /// What came of each attempt but the last.
    pub before: Vec<String>,
    /// What came of it in the end: a status, or why there is none.
    pub answer: String,
    /// Whether that is a success.
    pub succeeded: bool,
    /// Milliseconds from the run's start to the first attempt.
    pub started: u64,
    /// Milliseconds from the first attempt's start to the last one's end, where that is known.
    pub took: Option<u64>,
    /// What kind of step it is.
    pub kind: Kind,
}

/// What kind of step an exchange is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A call of the API.
    #[default]
    Call,
    /// It fetches a token.
    Token,
    /// It is answered with a redirect.
    Redirect,
}

impl Stop {
    pub(super) fn new(case: &Case<'_>, side: Side, attempts: &Attempts) -> Option<Self> {
        let last = case.exchange(side, attempts.last())?;
        let first = case.exchange(side, attempts.first())?;
        let began = case.capture(side).run.started_at;
        let earlier = attempts.exchanges.iter().filter(|number| **number != last.number);
        let ended = last.timings.ended.or(last.timings.answered);
        Some(Self {
            exchange: last.number,
            attempts: attempts.exchanges.clone(),
            before: earlier
                .filter_map(|number| Some(answer_in_words(case.exchange(side, *number)?)))
                .collect(),
            answer: answer_in_words(last),
            succeeded: last.succeeded(),
            started: between(began, first.started_at),
            took: ended.map(|ended| between(first.started_at, last.started_at) + whole(ended)),
            kind: kind(last),
        })
    }

    /// It was tried more than once.
    pub fn retried(&self) -> bool {
        self.attempts.len() > 1
    }
}

/// Milliseconds from one moment to a later one; none where clocks went back.
fn between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_millis()).unwrap_or_default()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a conversion that saturates is right here"
)]
fn whole(milliseconds: f64) -> u64 {
    milliseconds.round() as u64
}

fn kind(exchange: &Exchange) -> Kind {
    match exchange.status() {
        Some(301 | 302 | 303 | 307 | 308) => Kind::Redirect,
        _ if asks_for_a_token(exchange) => Kind::Token,
        _ => Kind::Call,
    }
}

/// By what OAuth 2.0 puts into a token request (RFC 6749, section 4), or by what the answer hands out.
fn asks_for_a_token(exchange: &Exchange) -> bool {
    let named = |name: &str| matches!(name, "grant_type" | "refresh_token");
    let asked = match &exchange.request.body.content {
        Content::Form(parameters) => parameters.iter().any(|parameter| named(&parameter.name)),
        Content::Json(json) => json.members().iter().any(|(name, _)| named(name)),
        _ => false,
    };
    let handed_out = exchange.response().is_some_and(|response| match &response.body.content {
        Content::Json(json) => json.members().iter().any(|(name, _)| name == "access_token"),
        _ => false,
    });
    asked || handed_out
}
