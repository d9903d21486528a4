//! Why requests do not come through, in words, with the remedy for that client.

use crate::model::{Gap, GapKind};

use super::clients::client;

/// What helps for every client that does not come to the proxy by itself.
pub const TRANSPARENT: &str = "or record it whatever it reads, where the kernel allows that: `samewire record --transparent SIDE -- COMMAND`";

/// What is missed, and why: half a sentence with the client in front, and no full stop.
pub fn gap_in_words(gap: &Gap) -> String {
    let who = match &gap.version {
        Some(version) => format!("{} {version}", gap.client),
        None => gap.client.clone(),
    };
    match &gap.kind {
        GapKind::ProxyIgnored => format!("{who} reads no proxy variables: requests of its own clients will be missed"),
        GapKind::ProxyOptional => format!("{who} reads the proxy variables only where its code says so"),
        GapKind::LoopbackDirect if gap.certain => {
            format!("{who} goes around the proxy for loopback targets: its requests to there will be missed")
        }
        GapKind::LoopbackDirect => format!("{who} goes around the proxy for loopback targets"),
        GapKind::Excepted(setting) => {
            format!("{} {}: requests to the hosts that it names will be missed", setting.name, setting.at)
        }
        GapKind::ProxyReplaced(setting) => {
            format!("{} {} takes the place of samewire's proxy: requests will be missed", setting.name, setting.at)
        }
        GapKind::TrustReplaced(setting) => {
            format!("{} {} takes the place of samewire's certificates: {who} will refuse HTTPS", setting.name, setting.at)
        }
        GapKind::EnvironmentDropped(setting) => {
            format!("{} {} drops the variables that samewire sets: requests will be missed", setting.name, setting.at)
        }
        GapKind::Elsewhere(setting) => format!(
            "{} {} runs its command elsewhere, which samewire's variables do not reach: requests will be missed",
            setting.name, setting.at
        ),
        GapKind::TrustUnreadable => {
            "the user that the command runs as cannot read samewire's certificates: HTTPS will be refused".to_owned()
        }
        GapKind::Unreachable => {
            "the proxy does not answer on the address that the command is given: requests will fail or be missed".to_owned()
        }
    }
}

/// What to do about it.
pub fn gap_remedy(gap: &Gap) -> String {
    let own = |pick: fn(&'static super::Client) -> &'static str| client(&gap.client).map(pick);
    let text = match &gap.kind {
        GapKind::ProxyIgnored | GapKind::ProxyOptional | GapKind::LoopbackDirect => {
            own(|client| client.proxy_remedy).map(str::to_owned)
        }
        GapKind::Excepted(setting) | GapKind::ProxyReplaced(setting) | GapKind::TrustReplaced(setting) => {
            Some(format!("take {} out for the recording", setting.name))
        }
        GapKind::EnvironmentDropped(setting) => Some(match setting.name.as_str() {
            "sudo" => "keep them with `sudo -E`, or run samewire itself under sudo".to_owned(),
            "doas" => "run samewire itself under doas".to_owned(),
            name => format!("let {name} keep the environment, or run samewire within it"),
        }),
        GapKind::Elsewhere(_) => Some(
            "start `samewire proxy` and give that place its variables: `samewire env SIDE --format shell|docker|kubernetes`"
                .to_owned(),
        ),
        GapKind::TrustUnreadable => Some("run samewire as that user".to_owned()),
        GapKind::Unreachable => Some("let the firewall pass connections to that address, or name another with --listen".to_owned()),
    };
    text.unwrap_or_else(|| "make the client use the proxy that HTTP_PROXY and HTTPS_PROXY name".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FoundAt, Setting};

    #[test]
    fn each_gap_names_its_client_or_setting_and_has_a_remedy() {
        let gap = |kind| Gap { client: "node".into(), version: Some("20.1.0".into()), kind, certain: true };
        let text = gap_in_words(&gap(GapKind::ProxyIgnored));
        assert!(text.starts_with("node 20.1.0 reads no proxy variables"), "{text}");
        assert!(gap_remedy(&gap(GapKind::ProxyIgnored)).starts_with("use Node 24"));
        let excepted = gap(GapKind::Excepted(Setting { name: "NO_PROXY".into(), at: FoundAt::Script(3) }));
        assert!(gap_in_words(&excepted).starts_with("NO_PROXY in line 3 of the script"));
        assert_eq!(gap_remedy(&excepted), "take NO_PROXY out for the recording");
    }
}
