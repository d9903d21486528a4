//! Two answers: status, media type, where a redirect leads. Of the content only the first place that differs is named.

use std::mem::discriminant;
use std::sync::Arc;

use super::body::lengths;
use super::json;
use super::side_by_side::{Both, Found, short};
use super::value::{Likeness, texts};
use super::{FieldPart, Locator, Reason, Significance};
use crate::model::{Body, Content, Exchange, Field, FieldValue, Outcome, Piece, Response, Text};

/// Compares both outcomes.
pub(super) fn compare(both: &Both<'_>, found: &mut Found<'_>) {
    let (one, other) = (both.sandbox, both.runtime);
    if one.presumed().is_some() || other.presumed().is_some() {
        return;
    }
    let (Outcome::Answered(from), Outcome::Answered(to)) = (&one.outcome, &other.outcome) else {
        if !same_failure(&one.outcome, &other.outcome) {
            found.push(
                Locator::Outcome,
                None,
                (Some(outcome(one)), Some(outcome(other))),
                Significance::Material,
            );
        }
        return;
    };
    if from.status != to.status {
        let values = (Some(from.status.to_string()), Some(to.status.to_string()));
        found.push(Locator::Status, None, values, Significance::Material);
    }
    let (one_status, other_status) = (from.grpc_status(), to.grpc_status());
    if one_status != other_status {
        let values = (one_status.map(str::to_owned), other_status.map(str::to_owned));
        found.push(at("grpc-status"), None, values, Significance::Material);
        return;
    }
    if from.status / 100 != to.status / 100 {
        return; // Another kind of answer: all else follows from it.
    }
    if from.status / 100 == 3 {
        location(both, from, to, found);
    } else {
        let same_media_type = media_type(from, to, found);
        if same_media_type && both.runs.same_key && both.answers_known() {
            content(both, from, to, found);
        }
    }
}

fn same_failure(one: &Outcome, other: &Outcome) -> bool {
    match (one, other) {
        (Outcome::Failed { failure: one, .. }, Outcome::Failed { failure: other, .. }) => {
            one.leg == other.leg && one.phase == other.phase && one.kind == other.kind
        }
        _ => discriminant(one) == discriminant(other),
    }
}

fn outcome(exchange: &Exchange) -> String {
    match &exchange.outcome {
        Outcome::Answered(response) => response.status.to_string(),
        Outcome::Failed { failure, .. } => {
            format!("failed: {}, {} ({} leg)", failure.kind, failure.phase, failure.leg)
        }
        Outcome::Unfinished => "unfinished".to_owned(),
    }
}

/// A login page where data were expected shows here; parameters of media types do not matter.
fn media_type(from: &Response, to: &Response, found: &mut Found<'_>) -> bool {
    let essence = |response: &Response| {
        let shown = text(response, "content-type").map(ToString::to_string).unwrap_or_default();
        shown.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    };
    let (one, other) = (essence(from), essence(to));
    if one == other {
        return true;
    }
    let value = |essence: String| if essence.is_empty() { None } else { Some(essence) };
    found.push(at("content-type"), None, (value(one), value(other)), Significance::Material);
    false
}

/// Two redirects differ in host or path; what they say in the query is often made anew.
fn location(both: &Both<'_>, from: &Response, to: &Response, found: &mut Found<'_>) {
    let (one, other) = (text(from, "location").map(without_query), text(to, "location").map(without_query));
    let likeness = match (&one, &other) {
        (Some(one), Some(other)) => texts(both, "location", one, other),
        (None, None) => Likeness::Equal,
        _ => Likeness::Differs(None),
    };
    if let Likeness::Differs(how) = likeness {
        found.push(
            at("location"),
            how,
            (one.as_ref().map(short), other.as_ref().map(short)),
            Significance::Material,
        );
    }
}

/// What the same request reads may change between two runs; so one place stands for all, and it does not decide.
fn content(both: &Both<'_>, from: &Response, to: &Response, found: &mut Found<'_>) {
    let (one, other) = (&from.body, &to.body);
    if one.digest == other.digest {
        return;
    }
    let both = &Both { in_answers: true, ..*both };
    let (pointer, values) = match (&one.content, &other.content) {
        (Content::Json(one), Content::Json(other)) => match json::first(both, one, other) {
            Some(first) => first,
            None => return,
        },
        (Content::Text(one), Content::Text(other))
            if !matches!(texts(both, "", one, other), Likeness::Differs(_)) =>
        {
            return;
        }
        (Content::Opaque(_), _) | (_, Content::Opaque(_)) if !digests_are_of_one_kind(both, one, other) => {
            return;
        }
        (from, to) if from == to && !digests_are_of_one_kind(both, one, other) => return,
        _ => (String::new(), lengths(one, other)),
    };
    let significance = Significance::Cosmetic(Reason::Data);
    found.push(Locator::Response(Box::new(Locator::Body { pointer })), None, values, significance);
}

/// An import's digest is that of the content, and a recording's that of the bytes on the wire.
fn digests_are_of_one_kind(both: &Both<'_>, one: &Body, other: &Body) -> bool {
    let of_content =
        |exchange: &Exchange, body: &Body| exchange.imported().is_some() || body.codings.is_empty();
    both.bytes_known() || of_content(both.sandbox, one) && of_content(both.runtime, other)
}

fn at(name: &str) -> Locator {
    Locator::Response(Box::new(Locator::Field { name: name.to_owned(), nth: 0, part: FieldPart::Whole }))
}

fn text<'a>(response: &'a Response, key: &str) -> Option<&'a Text> {
    response.fields.iter().find(|field: &&Field| field.name.key == key).and_then(|field| match &field.value {
        FieldValue::Text(text) => Some(text),
        _ => None,
    })
}

/// A URL up to its query.
fn without_query(url: &Text) -> Text {
    let mut head = Text::default();
    for piece in &url.pieces {
        match piece {
            Piece::Shown(shown) => {
                if let Some((before, _)) = shown.split_once(['?', '#']) {
                    head.push_shown(before);
                    return head;
                }
                head.push_shown(shown);
            }
            Piece::Hidden(secret) => head.push_hidden(Arc::clone(secret)),
        }
    }
    head
}
