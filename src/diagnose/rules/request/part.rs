//! Differences of the request, by the part that they are in. Each belongs to exactly one rule.

use crate::compare::{Difference, FieldPart, Locator, Significance};
use crate::diagnose::standing::{Answers, answers};
use crate::diagnose::{Case, Confidence, Finding, Findings, Rule};
use crate::model::Side;

use super::from_config::with_cause;

/// The part of a request that a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Method,
    Host,
    Path,
    Query,
    Body,
    MediaType,
    UserAgent,
    Version,
    Field,
}

/// The part that a place of the request belongs to; `None` for answers and whole exchanges.
fn part(at: &Locator) -> Option<Part> {
    Some(match at {
        Locator::Method => Part::Method,
        Locator::Scheme | Locator::Host | Locator::Port => Part::Host,
        Locator::Path => Part::Path,
        Locator::Query { .. } => Part::Query,
        Locator::Body { .. } | Locator::Form { .. } => Part::Body,
        Locator::Version => Part::Version,
        Locator::Fields | Locator::Cookie { .. } => Part::Field,
        Locator::Field { name, .. } => match name.as_str() {
            "host" => Part::Host,
            "content-type" | "accept" => Part::MediaType,
            "user-agent" => Part::UserAgent,
            _ => Part::Field,
        },
        _ => return None,
    })
}

/// What a rule says of a group of differences.
pub(super) struct Stated {
    /// The claim.
    pub(super) claim: String,
    /// What to do.
    pub(super) remedy: String,
}

/// A material difference, seen from the side at fault.
#[derive(Clone, Copy)]
pub(in crate::diagnose::rules) struct Seen<'a> {
    /// The side at fault: the one that was refused, or the runtime.
    pub(in crate::diagnose::rules) side: Side,
    /// Its place in the comparison's list.
    pub(in crate::diagnose::rules) index: usize,
    /// The difference.
    pub(in crate::diagnose::rules) difference: &'a Difference,
}

impl<'a> Seen<'a> {
    /// What this side has there; `None` where it has nothing.
    pub(in crate::diagnose::rules) fn here(&self) -> Option<&'a str> {
        self.of(self.side)
    }

    /// What the other side has there.
    pub(in crate::diagnose::rules) fn there(&self) -> Option<&'a str> {
        self.of(self.side.other())
    }

    /// The name of the field, parameter or member.
    pub(super) fn name(&self) -> String {
        match &self.difference.at {
            Locator::Field { name, .. }
            | Locator::Query { name, .. }
            | Locator::Form { name, .. }
            | Locator::Cookie { name } => name.clone(),
            Locator::Body { pointer } => pointer.trim_start_matches('/').replace('/', "."),
            _ => String::new(),
        }
    }

    fn of(&self, side: Side) -> Option<&'a str> {
        match side {
            Side::Sandbox => self.difference.change.sandbox.as_deref(),
            Side::Runtime => self.difference.change.runtime.as_deref(),
        }
    }

    /// Both sides send a time, at another distance from the request.
    pub(super) fn are_times(&self) -> bool {
        [self.here(), self.there()]
            .iter()
            .all(|value| value.is_some_and(|value| value.starts_with("‹timestamp ")))
    }

    /// The side at fault sends a template where the other side has a value.
    fn is_unrendered(&self) -> bool {
        let marked = |value: &str| value.contains(['{', '$', '<', '%']);
        self.difference.change.how == Some("template") && self.here().is_some_and(marked)
    }

    /// The exchange of a side.
    pub(in crate::diagnose::rules) fn number(&self, side: Side) -> Option<u32> {
        match side {
            Side::Sandbox => self.difference.sandbox,
            Side::Runtime => self.difference.runtime,
        }
    }
}

/// States one finding for each side and group of the material differences in a part of the request.
///
/// `group` sorts the differences of one part, such as by field name, and leaves out what is not this rule's.
pub(super) fn state(
    case: &Case<'_>,
    findings: &mut Findings,
    rule: &'static Rule,
    wanted: Part,
    group: impl Fn(&Seen<'_>) -> Option<String>,
    words: impl Fn(Side, &[Seen<'_>]) -> Stated,
) {
    let mut groups: Vec<(Side, String, Vec<Seen<'_>>)> = Vec::new();
    for seen in seen(case).filter(|seen| part(&seen.difference.at) == Some(wanted) && !seen.is_unrendered()) {
        let Some(name) = group(&seen) else { continue };
        match groups.iter_mut().find(|(side, known, _)| *side == seen.side && *known == name) {
            Some((_, _, all)) => all.push(seen),
            None => groups.push((seen.side, name, vec![seen])),
        }
    }
    for (side, _, all) in groups {
        let Stated { claim, remedy } = words(side, &all);
        let mut finding =
            Finding::new(rule, side, claim).confidence(confidence(case, wanted, &all)).remedy(remedy);
        for seen in &all {
            let at = &seen.difference.at;
            let label = |value: Option<&str>| value.map_or_else(|| "not there".to_owned(), short);
            finding = finding.primary(side, seen.number(side), at.clone(), label(seen.here()));
            finding =
                finding.related(side.other(), seen.number(side.other()), at.clone(), label(seen.there()));
        }
        if let Some(seen) = all.first() {
            finding = with_cause(case, finding, seen);
        }
        findings.push(finding.explains(all.iter().map(|seen| seen.index)));
    }
}

/// Places other than those of credentials in which the side at fault sends a template.
pub(in crate::diagnose::rules) fn unrendered<'a>(case: &Case<'a>) -> impl Iterator<Item = Seen<'a>> {
    seen(case).filter(Seen::is_unrendered)
}

/// The material differences between paired requests that are not credentials'.
fn seen<'a>(case: &Case<'a>) -> impl Iterator<Item = Seen<'a>> {
    let differences = case.comparison.differences.iter().enumerate();
    differences
        .filter(|(_, difference)| difference.significance == Significance::Material)
        .filter(|(_, difference)| part(&difference.at).is_some() && !is_credential(case, difference))
        .map(|(index, difference)| Seen { side: at_fault(case, difference), index, difference })
}

/// The side that was refused; the runtime where that does not tell.
fn at_fault(case: &Case<'_>, difference: &Difference) -> Side {
    match case.comparison.pairs.get(difference.pair).map(answers) {
        Some(Answers::OneFailed(side)) => side,
        _ => Side::Runtime,
    }
}

/// True for a place that carries credentials on either side: the auth rules speak of it.
pub(super) fn is_credential(case: &Case<'_>, difference: &Difference) -> bool {
    if let Locator::Field { name, .. } = &difference.at
        && matches!(name.as_str(), "authorization" | "proxy-authorization" | "cookie")
    {
        return true;
    }
    let Some(pair) = case.comparison.credentials.get(difference.pair) else { return false };
    pair.sandbox.iter().chain(&pair.runtime).any(|carried| carried.at.is_same_place(&difference.at))
}

/// How sure it is that these differences are the cause: certain where they are the only ones of their pair and the answers differ.
///
/// What a client says of itself comes along with every other client, so among other differences it is the last suspect.
fn confidence(case: &Case<'_>, wanted: Part, all: &[Seen<'_>]) -> Confidence {
    let others = seen(case).filter(|other| {
        all.iter().any(|seen| seen.difference.pair == other.difference.pair)
            && all.iter().all(|seen| seen.index != other.index)
    });
    let (mut any, mut telling) = (false, false);
    for other in others {
        let other_part = part(&other.difference.at);
        any = true;
        telling |= !names_the_client(other.difference) && other_part != Some(wanted);
    }
    match (names_the_client(all[0].difference), any, telling) {
        (true, true, _) => Confidence::Possible,
        (true, false, _) | (false, _, true) => Confidence::Likely,
        (false, _, false) => Confidence::Certain,
    }
}

/// `User-Agent`, what it can decode, the version that it speaks, the order of its fields.
fn names_the_client(difference: &Difference) -> bool {
    match &difference.at {
        Locator::Version | Locator::Fields => true,
        Locator::Field { name, part, .. } => {
            matches!(name.as_str(), "user-agent" | "accept-encoding" | "accept-language")
                || name.starts_with("sec-")
                || matches!(part, FieldPart::Order | FieldPart::Spacing | FieldPart::Name)
        }
        _ => false,
    }
}

fn short(value: &str) -> String {
    const LONGEST: usize = 60;
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &value[..end]),
        None if value.is_empty() => "empty".to_owned(),
        None => value.to_owned(),
    }
}

/// `sends A, sandbox sends B`, with `nothing` where one has it not.
pub(in crate::diagnose::rules) fn contrast(seen: &Seen<'_>) -> String {
    let words = |value: Option<&str>| match value {
        Some("") => "an empty one".to_owned(),
        Some(value) => format!("`{}`", short(value)),
        None => "none".to_owned(),
    };
    format!("{} sends {}, {} sends {}", seen.side, words(seen.here()), seen.side.other(), words(seen.there()))
}

/// The first few places, with what became of each.
pub(super) fn list(all: &[Seen<'_>]) -> String {
    const SHOWN: usize = 3;
    let mut names: Vec<String> = Vec::new();
    for seen in all {
        let what = match (seen.here(), seen.there()) {
            (None, Some(_)) => "absent",
            (Some(_), None) => "additional",
            _ => "another value",
        };
        let name = seen.name();
        let words =
            if name.is_empty() { format!("the whole ({what})") } else { format!("`{name}` ({what})") };
        if !names.contains(&words) {
            names.push(words);
        }
    }
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let names = names.join(", ");
    if more > 0 { format!("{names} and {more} more") } else { names }
}
