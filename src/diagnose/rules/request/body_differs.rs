//! `body-differs`.

use crate::compare::Locator;
use crate::diagnose::{Blame, Case, Family, Finding, Findings, Rule, Severity};
use crate::model::{Content, OpaqueReason, Side};

use super::super::auth::airbyte;
use super::part::{Seen, contrast, list};
use super::{Part, Stated, state};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "body-differs",
    family: Family::Request,
    summary: "the request's content differs: a member, a form value, or the whole",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/body-differs.md"),
    leads_to: &["token-refresh-failed"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    shared_origin(case, findings);
    state(
        case,
        findings,
        &RULE,
        Part::Body,
        |_| Some(String::new()),
        |side, all| Stated {
            claim: match all {
                [seen] if seen.name().is_empty() => format!("the request bodies differ: {}", contrast(seen)),
                [seen] => format!("`{}` differs in the request body: {}", seen.name(), contrast(seen)),
                all => format!("the request bodies differ: {}", list(all)),
            },
            remedy: origin(case, side, all).or_else(|| too_large(case, all)).unwrap_or_else(|| {
                format!(
                    "send on {side} what {} sends: `request_body` in the manifest, names and types alike",
                    side.other()
                )
            }),
        },
    );
}

/// Both sides ask for an Airbyte widget token for something that is no origin, and both are refused: nothing differs, and that is why
/// neither works.
fn shared_origin(case: &Case<'_>, findings: &mut Findings) {
    for pair in &case.comparison.pairs {
        let sides = [Side::Sandbox, Side::Runtime];
        let [Some(sandbox), Some(runtime)] = sides.map(|side| case.compared(pair, side)) else { continue };
        let refused = [sandbox, runtime].iter().all(|exchange| matches!(exchange.status(), Some(400 | 422)));
        let fault = airbyte::origin_fault(sandbox);
        let Some(fault) = fault.filter(|_| refused && airbyte::origin_fault(runtime) == fault) else {
            continue;
        };
        let at = || Locator::Body { pointer: format!("/{}", fault.member) };
        findings.push(
            Finding::new(&RULE, Blame::Both, format!("`{}` of both sides {}", fault.member, fault.words))
                .detail("cause", "Airbyte takes scheme and host of the page that shows the widget, and answers 422 to anything else")
                .primary(Side::Runtime, Some(runtime.number), at(), "no origin")
                .related(Side::Sandbox, Some(sandbox.number), at(), "the same")
                .remedy("send scheme and host, nothing before or after: `https://app.example.com`"),
        );
    }
}

/// How to see where bodies differ that are too large to be looked into.
fn too_large(case: &Case<'_>, all: &[Seen<'_>]) -> Option<String> {
    let [seen] = all else { return None };
    let body = |side| Some(&case.exchange(side, seen.number(side)?)?.request.body);
    let bodies = [body(Side::Sandbox)?, body(Side::Runtime)?];
    let hidden = bodies.iter().any(|body| matches!(body.content, Content::Opaque(OpaqueReason::TooLarge)));
    let mebibytes = bodies.iter().map(|body| body.length.div_ceil(1 << 20)).max()?;
    hidden.then(|| {
        format!("record both sides with `--body-limit {mebibytes}M`, or more where the content is compressed, so that samewire can look into the bodies")
    })
}

/// What is wrong with the origin of a request for an Airbyte widget token, where that is what differs.
fn origin(case: &Case<'_>, side: Side, all: &[Seen<'_>]) -> Option<String> {
    let fault = |seen: &Seen<'_>| {
        airbyte::origin_fault(case.exchange(side, seen.number(side)?)?)
            .filter(|fault| fault.member == seen.name())
    };
    let fault = all.iter().find_map(fault)?;
    Some(format!(
        "`{}` of {side} {}, such as `https://app.example.com` (422 means that a field of the body is wrong)",
        fault.member, fault.words
    ))
}
