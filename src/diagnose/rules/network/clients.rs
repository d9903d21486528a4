//! Which client it was: what a remedy for the network must be exact about.

use std::path::Path;

use crate::connector::{Client, client, client_of_program, gap_remedy};
use crate::diagnose::Finding;
use crate::model::{Capture, Clue, Direct, Gap, GapKind};

/// What clients say when they refuse a certificate, and who says so.
const COMPLAINTS: [(&str, &str); 9] = [
    ("PKIX path", "java"),
    ("SunCertPathBuilder", "java"),
    ("x509:", "go"),
    ("curl:", "curl"),
    ("UNABLE_TO_", "node"),
    ("SELF_SIGNED_CERT", "node"),
    ("ClientConnectorCertificate", "aiohttp"),
    ("httpx.", "httpx"),
    ("SSLError(", "requests"),
];

/// The clients of a run, the surest first: those that were seen to connect, those that the command names, those that were found.
pub(super) fn of_run(capture: &Capture, direct: &[&Direct]) -> Vec<&'static Client> {
    let mut found: Vec<&'static Client> = Vec::new();
    let mut add = |known: Option<&'static Client>| {
        if let Some(known) = known.filter(|known| found.iter().all(|one| one.name != known.name)) {
            found.push(known);
        }
    };
    for seen in direct {
        add(seen.client.as_deref().and_then(client));
    }
    if direct.is_empty() {
        for text in &capture.run.command {
            let text = text.to_string();
            text.split_ascii_whitespace().for_each(|word| add(program(word)));
        }
        capture.inputs.clients.iter().for_each(|known| {
            add(client(&known.name).filter(|client| ["node", "java", "go", "python"].contains(&client.name)));
        });
    }
    found
}

fn program(word: &str) -> Option<&'static Client> {
    client_of_program(Path::new(word).file_name()?.to_str()?)
}

/// Who says such a thing of a certificate.
pub(super) fn who_complains(clue: &Clue) -> Option<&'static Client> {
    let text = clue.text.to_string();
    COMPLAINTS.iter().find(|(word, _)| text.contains(word)).and_then(|(_, name)| client(name))
}

/// Adds what is to be done about the gaps that were foreseen; true where there were some.
pub(super) fn foreseen_remedies(
    capture: &Capture,
    mut finding: Finding,
    about: impl Fn(&GapKind) -> bool,
) -> (Finding, bool) {
    let gaps = capture.completeness.coverage.foreseen.iter().filter(|gap| gap.certain && about(&gap.kind));
    let mut any = false;
    for gap in gaps {
        finding = finding.remedy(gap_remedy(gap));
        any = true;
    }
    (finding, any)
}

/// A Python that has aiohttp may have called with it.
pub(super) fn aiohttp(capture: &Capture) -> Option<&'static Client> {
    let named = |gap: &Gap| gap.client == "aiohttp";
    let installed = capture.inputs.clients.iter().any(|known| known.name == "aiohttp")
        || capture.completeness.coverage.foreseen.iter().any(named);
    client("aiohttp").filter(|_| installed)
}
