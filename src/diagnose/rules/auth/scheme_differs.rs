//! `scheme-differs`: the same token under another auth-scheme.

use crate::diagnose::standing::Answers;
use crate::diagnose::{Case, Confidence, Family, Findings, Rule, Severity};

use super::place::same_place;
use super::same::{same_secret, schemes};
use super::suspect::{looks_sound, suspects};

pub(crate) static RULE: Rule = Rule {
    name: "scheme-differs",
    family: Family::Auth,
    summary: "the same token under another auth-scheme, or the scheme in other case",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/scheme-differs.md"),
    leads_to: &["token-refresh-failed", "retry-storm", "request-missing"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for suspect in suspects(case).filter(|suspect| !suspect.guessed) {
        let Some((faulty, sound)) = suspect.both() else { continue };
        let (faulty_schemes, sound_schemes) = (schemes(faulty), schemes(sound));
        let ([sent], [expected]) = (faulty_schemes.as_slice(), sound_schemes.as_slice()) else { continue };
        let one_secret = suspect.one_token() || same_secret(&faulty.secret, &sound.secret);
        let comparable = same_place(&faulty.at, &sound.at) && looks_sound(&faulty.secret);
        if sent == expected || !one_secret || !comparable {
            continue;
        }
        // RFC 9110, section 11.1: the case of a scheme does not matter, so only a server that refused one makes it matter.
        let case_only = sent.eq_ignore_ascii_case(expected);
        if case_only && !matches!(suspect.answers, Answers::OneFailed(_)) {
            continue;
        }
        let side = suspect.side;
        let claim =
            format!("{side} sends `{sent}` before the token, while {} sends `{expected}`", side.other());
        let finding = suspect
            .finding(&RULE, claim, "the auth-scheme", "the other auth-scheme")
            .detail("how", if case_only { "case" } else { "name" })
            .remedy(format!("send `{expected}` before the token"));
        findings.push(if case_only { finding.confidence(Confidence::Likely) } else { finding });
    }
}
