//! `token-altered`: the same secret, changed on the way.

use crate::compare::{Carried, Identity};
use crate::diagnose::{Case, Family, Findings, Rule, Severity};
use crate::model::{Blank, Shape, Side, Step};

use super::place::{is_key, same_place, value, words};
use super::same::same_schemes;
use super::suspect::{Suspect, looks_sound, suspects};
use super::token_cast;

pub(crate) static RULE: Rule = Rule {
    name: "token-altered",
    family: Family::Auth,
    summary: "the same secret, changed on the way",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/token-altered.md"),
    leads_to: &["token-refresh-failed", "retry-storm", "request-missing"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for suspect in suspects(case) {
        let Some((faulty, sound)) = suspect.both() else { continue };
        if !looks_sound(&faulty.secret) || !same_schemes(faulty, sound) || token_cast::applies(&suspect) {
            continue;
        }
        if !same_place(&faulty.at, &sound.at) || !is_the_altered_one(&suspect, faulty, sound) {
            continue;
        }
        let Some(how) = how(&suspect, faulty, sound) else { continue };
        let side = suspect.side;
        let name = sound.secret.relation.as_ref().map_or_else(|| "the token".to_owned(), |_| value(sound));
        let (other, changed) = (side.other(), words_of(how));
        let claim = match &faulty.at {
            at if is_key(at) => {
                format!("{side} signs with {name} {changed}, while {other} signs with it as it is")
            }
            at => format!("{side} sends {name} {changed} in {}, while {other} sends it as it is", words(at)),
        };
        let finding = suspect.finding(&RULE, claim, how, "the same token").detail("how", how);
        findings.push(finding.remedy(remedy(how)));
    }
}

/// Of two forms of one secret the one that something was done to; where that cannot be told, the one of the side at fault.
fn is_the_altered_one(suspect: &Suspect<'_>, faulty: &Carried, sound: &Carried) -> bool {
    match (is_marked(faulty), is_marked(sound)) {
        (true, false) => true,
        (false, true) => suspect.failed() && !suspect.guessed,
        _ => !suspect.guessed,
    }
}

fn is_marked(carried: &Carried) -> bool {
    let shape = &carried.secret.shape;
    shape.leading.is_some()
        || shape.trailing.is_some()
        || shape.inside.is_some()
        || shape.quotes.is_some()
        || carried.secret.relation.as_ref().is_some_and(|relation| !relation.steps.is_empty())
}

/// The change in the words of the catalogue: what the shapes show, else what the comparison says.
fn how(suspect: &Suspect<'_>, faulty: &Carried, sound: &Carried) -> Option<&'static str> {
    let compared = match suspect.identity {
        Identity::Altered(how) => Some(*how),
        _ if !suspect.one_secret() => return None,
        _ => None,
    };
    let steps =
        faulty.secret.relation.as_ref().and_then(|relation| relation.steps.iter().rev().find_map(step_word));
    // The comparison looks from the sandbox to the runtime.
    let compared = compared.map(|how| match (suspect.side, how) {
        (Side::Sandbox, "truncated") => "extended",
        (Side::Sandbox, "extended") => "truncated",
        _ => how,
    });
    // A blank in what was put around the token is no blank in the token.
    let around = compared == Some("extended")
        && matches!(faulty.secret.shape.inside, Some(Blank::Space | Blank::Tab))
        && faulty.secret.shape.leading.is_none()
        && faulty.secret.shape.trailing.is_none();
    let blank = blanks(&faulty.secret.shape, &sound.secret.shape).filter(|_| !around);
    blank.or(compared).or(steps)
}

fn blanks(faulty: &Shape, sound: &Shape) -> Option<&'static str> {
    let new = |faulty: Option<Blank>, sound: Option<Blank>| faulty.filter(|_| faulty != sound);
    let leading = new(faulty.leading, sound.leading).map(|blank| (blank, "leading-space"));
    let trailing = new(faulty.trailing, sound.trailing).map(|blank| (blank, "trailing-space"));
    let inside = new(faulty.inside, sound.inside).map(|blank| (blank, "invisible-character"));
    let found = leading.or(trailing).or(inside).map(|(blank, word)| match blank {
        Blank::Newline => "newline",
        Blank::Space | Blank::Tab => word,
        Blank::NoBreakSpace | Blank::ZeroWidth | Blank::Control => "invisible-character",
    });
    found.or_else(|| (faulty.quotes.is_some() && faulty.quotes != sound.quotes).then_some("quoted"))
}

fn step_word(step: &Step) -> Option<&'static str> {
    Some(match step {
        Step::Slice { .. } => "truncated",
        Step::Extended { .. } | Step::Prepended(_) | Step::Appended(_) => "extended",
        Step::Base64 => "base64-encoded",
        Step::Percent => "percent-encoded",
        Step::Lower | Step::Upper | Step::CaseChanged => "case-changed",
        _ => return None,
    })
}

fn words_of(how: &str) -> &'static str {
    match how {
        "leading-space" => "with white space before it",
        "trailing-space" => "with white space after it",
        "newline" => "with a line break",
        "quoted" => "in quotes",
        "percent-encoded" => "percent-encoded",
        "base64-encoded" => "in base64",
        "truncated" => "cut short",
        "extended" => "with more characters around it",
        "case-changed" => "in another case",
        "invisible-character" => "with characters that nobody sees",
        _ => "in another form",
    }
}

fn remedy(how: &str) -> &'static str {
    match how {
        "leading-space" | "trailing-space" => "remove the white space around the value where it is stored",
        "newline" => {
            "remove the line break: write the secret file with `printf %s`, or strip it when it is read"
        }
        "quoted" => {
            "remove the quotes: `docker --env-file` and some `.env` readers keep them as part of the value"
        }
        "percent-encoded" => "decode the value once before it is stored; it was copied out of a URL",
        "base64-encoded" => {
            "decode the value before it is stored: the `data` of a Kubernetes Secret is base64, its `stringData` is not"
        }
        "truncated" => {
            "enter the whole value again, and look for a column, a field or a variable that is too short for it"
        }
        "extended" => "remove what was copied along with the token (a shell's `%`, a comma, a bracket)",
        "case-changed" => {
            "keep the value's case: look for a lower() or upper() between the secret store and the client"
        }
        "invisible-character" => {
            "type the value anew, or copy it as plain text: it holds characters that nobody sees"
        }
        _ => "compare how the value is stored on both sides",
    }
}
