//! `ca-rejected`.

use crate::compare::Locator;
use crate::connector::Client;
use crate::diagnose::{Blame, Case, Confidence, Family, Finding, Findings, Rule, Severity};
use crate::model::{Capture, Clue, ClueKind, Connection, ConnectionKind, GapKind, Handshake, Side};

use super::super::setup::{SIDES, came_to_nothing, shortened};
use super::clients::{foreseen_remedies, of_run, who_complains};
use super::host_of;
use super::unanswered::{is_tls, unanswered};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "ca-rejected",
    family: Family::Network,
    summary: "the client broke off the TLS handshake with samewire: it does not trust its CA",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/ca-rejected.md"),
    leads_to: &["start-failed", "upstream-unreachable"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for side in SIDES.into_iter().filter(|side| came_to_nothing(case, *side)) {
        let broken: Vec<_> = broken_off(case, side).collect();
        let told = case.clues(side).find(|clue| clue.kind == ClueKind::CertificateRejected);
        // The certificate that a client complains of is the API's own where samewire could not verify it either.
        let upstream = unanswered(case, side).iter().any(|lost| is_tls(lost.failure));
        if broken.is_empty() && (told.is_none() || upstream || !case.capture(side).exchanges.is_empty()) {
            continue;
        }
        let finding = finding(side, &broken, told);
        findings.push(remedies(case.capture(side), told, finding));
    }
}

/// Connections whose TLS handshake the client broke off, to hosts that it then sent nothing to.
fn broken_off<'a>(case: &Case<'a>, side: Side) -> impl Iterator<Item = (&'a Connection, String)> {
    let capture = case.capture(side);
    let told = case.clues(side).any(|clue| clue.kind == ClueKind::CertificateRejected);
    capture.connections.iter().filter_map(move |connection| {
        let ConnectionKind::Tls { handshake, .. } = &connection.kind else { return None };
        let why = match handshake {
            Handshake::Alert(alert) => alert.clone(),
            Handshake::Closed => "closed without a word".to_owned(),
            Handshake::Failed(_) if told => "broken off".to_owned(),
            Handshake::Completed | Handshake::Failed(_) => return None,
        };
        let host = connection.authority.as_deref().map(host_of);
        let used =
            capture.exchanges.iter().any(|exchange| Some(exchange.request.target.host.as_str()) == host);
        (!used).then_some((connection, why))
    })
}

/// Alerts that speak of the certificate (RFC 8446, section 6.2).
fn is_about_trust(alert: &str) -> bool {
    let alert = alert.to_ascii_lowercase().replace(['_', ' '], "");
    alert.contains("certificate")
        || alert == "unknownca"
        || alert == "accessdenied"
        || alert == "decrypterror"
}

fn finding(side: Side, broken: &[(&Connection, String)], told: Option<&Clue>) -> Finding {
    let host = broken.first().and_then(|(connection, _)| connection.authority.as_deref()).map(host_of);
    let with = host.map(|host| format!(" for {host}")).unwrap_or_default();
    let claim = match broken {
        [] => format!("{side}'s client refused the certificate that it was shown, and sent no request"),
        [(_, why)] => format!("{side}'s client broke off the TLS handshake with samewire{with} ({why})"),
        [(_, why), ..] => {
            format!("{side}'s client broke off {} TLS handshakes with samewire{with} ({why})", broken.len())
        }
    };
    let sure = if broken.iter().any(|(_, why)| is_about_trust(why)) || (told.is_some() && !broken.is_empty())
    {
        Confidence::Certain
    } else {
        Confidence::Likely
    };
    let mut finding = Finding::new(&RULE, Blame::Side(side), claim).confidence(sure);
    if let Some((_, why)) = broken.first() {
        finding = finding.detail("alert", why.as_str()).detail("handshakes", broken.len());
    }
    for (connection, why) in broken.iter().take(5) {
        finding = finding.primary(side, None, Locator::Tls(connection.number), why.clone());
    }
    if let Some(clue) = told {
        let at = Locator::Output(clue.stream, clue.line);
        finding = match broken {
            [] => finding.primary(side, None, at, shortened(&clue.text)),
            _ => finding.related(side, None, at, shortened(&clue.text)),
        };
    }
    finding
}

/// What to do, for the client that it was.
fn remedies(capture: &Capture, told: Option<&Clue>, finding: Finding) -> Finding {
    let about = |kind: &GapKind| {
        matches!(kind, GapKind::TrustReplaced(_) | GapKind::TrustUnreadable | GapKind::EnvironmentDropped(_))
    };
    let (mut finding, foreseen) = foreseen_remedies(capture, finding, about);
    let complains = told.and_then(who_complains);
    let clients: Vec<&Client> = complains.map_or_else(|| of_run(capture, &[]), |client| vec![client]);
    for client in &clients {
        finding = finding.remedy(client.trust_remedy);
    }
    if clients.is_empty() && !foreseen {
        finding = finding.remedy("let the client use the CA bundle that samewire sets: REQUESTS_CA_BUNDLE, SSL_CERT_FILE, NODE_EXTRA_CA_CERTS or the JVM's trust store; a bundle named in the code (verify=, certifi, a pinned certificate) wins over them");
    }
    finding
        .remedy("in a container, mount the CA that --ca-cert writes, and set the variables inside it (`samewire env --format docker`)")
        .remedy("or leave the host unopened with --ignore-host, if it cannot be made to trust another CA")
}
