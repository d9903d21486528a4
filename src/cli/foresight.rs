//! What is said before a run: which requests will be missed, and what to do about it.

use std::net::SocketAddr;
use std::path::Path;

use crate::connector::{TRANSPARENT, gap_in_words, gap_remedy};
use crate::launch::container::{Container, Tried};
use crate::launch::preflight::{self, Preflight};
use crate::launch::{Command, Trust};
use crate::model::{ClientVersion, Coverage, Gap, GapKind, Inputs, Reached};
use crate::proxy::Proxy;

use super::{listening, output};

/// Looks at the command before it runs.
pub(super) fn look(command: &Command, folder: &Path) -> Preflight {
    preflight::preflight(&command.words(), folder, |name| std::env::var_os(name))
}

/// Looks at what a container starts: its image tells, nothing of it runs for that.
pub(super) fn look_inside(container: &Container) -> Preflight {
    let variables = container.variables();
    let value = |name: &str| {
        variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    preflight::preflight_image(&container.started(), |name| {
        Some(value(name)).filter(|value| !value.is_empty())
    })
}

/// Where the command has a network of its own, no client goes past the proxy; what holds for trust holds there too.
pub(super) fn forget_proxy(found: &mut Preflight) {
    found.gaps.retain(|gap| {
        !matches!(
            gap.kind,
            GapKind::ProxyIgnored | GapKind::ProxyOptional | GapKind::LoopbackDirect | GapKind::Excepted(_)
        )
    });
}

/// What only shows once the proxy listens and the trust files are there.
pub(super) fn complete(found: &mut Preflight, proxy: SocketAddr, trust: &Trust) {
    let readable = preflight::readable_by_others(&trust.files().bundle());
    found.gaps.retain(|gap| gap.kind != GapKind::TrustUnreadable || !readable);
    if !preflight::answers(proxy) {
        let kind = GapKind::Unreachable;
        found.gaps.insert(0, Gap { client: "command".to_owned(), version: None, kind, certain: true });
    }
}

/// Tries from inside the container's network whether the proxy answers at `address`. An error where it does not.
pub(super) async fn try_inside(
    container: &Container,
    proxy: &Proxy,
    address: &str,
    trust: &Trust,
) -> anyhow::Result<Tried> {
    let word = listening::password()?;
    tokio::select! {
        tried = container.try_inside(address, word.expose(), trust) => Ok(tried?),
        never = proxy.greet(word.expose()) => match never {},
    }
}

/// What was tried from inside, for the capture. What could not be tried is said: silence would claim it.
pub(super) fn note(tried: &Tried, coverage: &mut Coverage) {
    match tried {
        Tried::Answered { reads_certificates } => {
            coverage.reached = Some(Reached::Inside);
            if !reads_certificates {
                let kind = GapKind::TrustUnreadable;
                coverage.foreseen.push(Gap {
                    client: "command".to_owned(),
                    version: None,
                    kind,
                    certain: true,
                });
            }
        }
        Tried::Not(why) => {
            coverage.reached = Some(Reached::Outside);
            output::note(&format!(
                "samewire: not checked from inside the container's network whether the proxy answers there: {why}"
            ));
        }
    }
}

/// Adds the clients that were found to those of the connector's own files.
pub(super) fn name_clients(found: &Preflight, inputs: &mut Inputs) {
    for client in &found.clients {
        if inputs.clients.iter().all(|known| known.name != client.name) {
            inputs.clients.push(client.clone());
        }
    }
}

/// Says what will be missed, a line each. What depends on code that nobody has read is said only when more is asked for.
pub(super) fn say(foreseen: &[Gap], clients: &[ClientVersion], may_be_apart: bool) {
    for gap in foreseen {
        let (text, remedy) = (gap_in_words(gap), gap_remedy(gap));
        let ignores = matches!(gap.kind, GapKind::ProxyIgnored | GapKind::LoopbackDirect);
        if gap.certain && ignores && may_be_apart && cfg!(target_os = "linux") {
            output::note(&format!("samewire: {text}; {remedy}, {TRANSPARENT}"));
        } else if gap.certain {
            output::note(&format!("samewire: {text}; {remedy}"));
        } else {
            tracing::info!("{text}; {remedy}");
        }
    }
    for client in clients {
        tracing::info!("found {} {}", client.name, client.version);
    }
}
