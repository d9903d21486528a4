//! `upstream-tls-failed`.

use crate::compare::Locator;
use crate::diagnose::{Case, Family, Finding, Findings, Rule, Severity};
use crate::model::FailureKind;

use super::super::setup::SIDES;
use super::unanswered::{is_tls, unanswered};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "upstream-tls-failed",
    family: Family::Network,
    summary: "the API's certificate did not verify, or the TLS handshake with the API failed",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/upstream-tls-failed.md"),
    leads_to: &["response-differs"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for side in SIDES {
        for lost in unanswered(case, side).into_iter().filter(|lost| is_tls(lost.failure)) {
            let (host, kind) = (lost.host, lost.failure.kind);
            let claim = format!("the TLS handshake with {host} failed on {side}: {kind}");
            let remedy = if kind == FailureKind::Certificate {
                format!(
                    "if {host} has a certificate of a private CA, name that CA with --upstream-ca; else correct the host or its certificate"
                )
            } else {
                format!(
                    "look which TLS versions and suites {host} offers (`openssl s_client -connect {host}:443`)"
                )
            };
            let finding = Finding::new(&RULE, side, claim)
                .detail("leg", lost.failure.leg.to_string())
                .detail("phase", "tls")
                .primary(side, lost.exchange, lost.at, kind.to_string())
                .remedy(remedy);
            let partner = lost
                .exchange
                .and_then(|number| case.partner(side, number))
                .filter(|partner| partner.succeeded());
            findings.push(match partner {
                Some(partner) => {
                    finding.related(side.other(), Some(partner.number), Locator::Status, "answered here")
                }
                None => finding,
            });
        }
    }
}
