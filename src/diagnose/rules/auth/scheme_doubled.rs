//! `scheme-doubled`: the auth-scheme stands twice before the token.

use crate::diagnose::standing::Answers;
use crate::diagnose::{Blame, Case, Family, Findings, Rule, Severity};
use crate::model::Class;

use super::place::words;
use super::same::schemes;
use super::suspect::{looks_sound, suspects};

pub(crate) static RULE: Rule = Rule {
    name: "scheme-doubled",
    family: Family::Auth,
    summary: "the auth-scheme stands twice: `Bearer Bearer x`",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/scheme-doubled.md"),
    leads_to: &["token-refresh-failed", "retry-storm", "request-missing"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for suspect in suspects(case) {
        let Some(faulty) = suspect.faulty.filter(|faulty| looks_sound(&faulty.secret)) else { continue };
        let sent = schemes(faulty);
        if sent.len() < 2 {
            continue;
        }
        let shared = suspect.sound.is_some_and(|sound| schemes(sound).len() >= 2);
        let fires = if shared {
            suspect.answers == Answers::BothFailed && !suspect.guessed
        } else {
            suspect.failed() || suspect.sound.is_some()
        };
        if !fires {
            continue;
        }
        let side = suspect.side;
        let doubled = sent.join(" ");
        let who = if shared { "both sides send".to_owned() } else { format!("{side} sends") };
        let other = suspect.sound.filter(|_| !shared).map(|sound| schemes(sound).join(" "));
        // A second scheme may stand in what an import hides.
        let hidden = suspect.sound.is_some_and(|sound| sound.secret.shape.class == Class::Withheld);
        let contrast = match other.as_deref() {
            None => String::new(),
            Some("") => format!(", while {} sends the token alone", side.other()),
            Some(once) if hidden => {
                format!(", while it is hidden whether {} sends more than `{once}`", side.other())
            }
            Some(once) => format!(", while {} sends `{once}` once", side.other()),
        };
        let claim = format!("{who} `{doubled}` before the token in {}{contrast}", words(&faulty.at));
        let mut finding =
            suspect.finding(&RULE, claim, "a second auth-scheme", "the same field").detail("sent", doubled);
        if shared {
            finding.side = Blame::Both;
        }
        findings.push(finding.remedy(
            "take the scheme out of the config's value, or let the manifest send the value without adding one \
             (BearerAuthenticator adds `Bearer` itself)",
        ));
    }
}
