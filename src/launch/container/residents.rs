//! Who lives on a container's network: asked when somebody knocks or a name is wanted, so that nothing is polled.
//!
//! Who knocks has started already, and an engine gives a container its address before its first process runs: one question at
//! that moment is enough.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

use serde_json::Value;
use tokio::sync::Mutex;

use super::ContainerError;
use super::engine::Engine;

/// Which containers belong to the run.
#[derive(Clone, Debug)]
pub(super) enum Which {
    /// The one whose id the engine's client has written there.
    Cidfile(PathBuf),
    /// The one of this name or id.
    Named(String),
    /// Those with this label.
    Label(String),
}

/// Who lives on a container's network.
#[derive(Debug)]
pub struct Residents {
    engine: Engine,
    which: Which,
    /// The network whose names are known to the container.
    network: Option<String>,
    /// Names of the container's own hosts file.
    hosts: Vec<(String, IpAddr)>,
    /// The container's loopback addresses are tried inside before anybody else is asked.
    own_loopback: bool,
    /// Addresses of the run, as far as they were asked for. Held while the engine is asked: one question at a time.
    known: Mutex<BTreeSet<IpAddr>>,
}

impl Residents {
    pub(super) fn new(
        engine: Engine,
        which: Which,
        network: Option<String>,
        hosts: Vec<(String, IpAddr)>,
        own_loopback: bool,
    ) -> Self {
        Self { engine, which, network, hosts, own_loopback, known: Mutex::default() }
    }

    /// Whether nobody answers at an address that is the container's own.
    pub fn is_deserted(&self, address: IpAddr) -> bool {
        self.own_loopback && address.is_loopback()
    }

    /// Whether an address is one of the run's containers.
    pub async fn admits(&self, peer: IpAddr) -> bool {
        let mut known = self.known.lock().await;
        if known.contains(&peer) {
            return true;
        }
        match self.own_addresses().await {
            Ok(addresses) => known.extend(addresses),
            Err(error) => tracing::debug!(%error, "the container's address is not known"),
        }
        known.contains(&peer)
    }

    /// The addresses of a name on the container's network; empty where it has none there.
    ///
    /// A name with a dot is looked for in the container's hosts file alone: it is a name of the world outside.
    pub async fn addresses(&self, name: &str) -> Vec<IpAddr> {
        let of_hosts: Vec<_> = self
            .hosts
            .iter()
            .filter(|(host, _)| host.eq_ignore_ascii_case(name))
            .map(|(_, address)| *address)
            .collect();
        if !of_hosts.is_empty() || name.contains('.') {
            return of_hosts;
        }
        match self.named(name).await {
            Ok(addresses) => addresses,
            Err(error) => {
                tracing::debug!(%error, "the names of the container's network are not known");
                Vec::new()
            }
        }
    }

    async fn own_addresses(&self) -> Result<Vec<IpAddr>, ContainerError> {
        let mut name = match &self.which {
            Which::Named(name) => name.clone(),
            Which::Cidfile(path) => tokio::fs::read_to_string(path).await.map_err(|source| {
                ContainerError::Prepare { what: "the file with the container's id", source }
            })?,
            Which::Label(label) => {
                let found = self.all(&format!("label={label}")).await?;
                return Ok(found.iter().flat_map(|container| addresses(container, None)).collect());
            }
        };
        // A container may use the network of one that uses the network of one.
        for _ in 0..4 {
            let found = self.engine.ask_json(&["container", "inspect", name.trim()]).await?;
            let mode = found[0]["HostConfig"]["NetworkMode"].as_str().unwrap_or_default();
            match mode.strip_prefix("container:") {
                Some(other) => other.clone_into(&mut name),
                None => return Ok(addresses(&found[0], None)),
            }
        }
        Ok(Vec::new())
    }

    /// The networks whose names are known to the run's containers.
    async fn networks(&self) -> Result<Vec<String>, ContainerError> {
        let Which::Label(label) = &self.which else { return Ok(self.network.iter().cloned().collect()) };
        let found = self.all(&format!("label={label}")).await?;
        let of = |container: &Value| {
            let networks = container["NetworkSettings"]["Networks"].as_object();
            networks.into_iter().flat_map(|networks| networks.keys().cloned()).collect::<Vec<_>>()
        };
        let networks: BTreeSet<_> = found.iter().flat_map(of).filter(|network| network != "bridge").collect();
        Ok(networks.into_iter().collect())
    }

    async fn named(&self, name: &str) -> Result<Vec<IpAddr>, ContainerError> {
        for network in self.networks().await? {
            let found = self.all(&format!("network={network}")).await?;
            let named = found.iter().filter(|container| is_named(container, &network, name));
            let addresses: Vec<_> =
                named.flat_map(|container| addresses(container, Some(&network))).collect();
            if !addresses.is_empty() {
                return Ok(addresses);
            }
        }
        Ok(Vec::new())
    }

    /// The running containers that a filter lets through.
    async fn all(&self, filter: &str) -> Result<Vec<Value>, ContainerError> {
        let told = self.engine.ask(&["ps", "--quiet", "--no-trunc", "--filter", filter]).await?;
        let told = String::from_utf8_lossy(&told);
        let mut question = vec!["container", "inspect"];
        question.extend(told.split_whitespace());
        if question.len() == 2 {
            return Ok(Vec::new());
        }
        Ok(self.engine.ask_json(&question).await?.as_array().cloned().unwrap_or_default())
    }
}

/// The addresses of a container, on one network or on all.
fn addresses(container: &Value, network: Option<&str>) -> Vec<IpAddr> {
    let settings = &container["NetworkSettings"];
    let of = |place: &Value| {
        ["IPAddress", "GlobalIPv6Address"]
            .into_iter()
            .filter_map(|name| place[name].as_str()?.parse().ok())
            .collect::<Vec<_>>()
    };
    let networks = settings["Networks"].as_object().into_iter().flatten();
    let mut found: Vec<_> = networks
        .filter(|(name, _)| network.is_none_or(|network| network == *name))
        .flat_map(|(_, place)| of(place))
        .collect();
    if found.is_empty() && network.is_none() {
        found = of(settings);
    }
    found
}

/// Whether a container has a name on a network: its own, an alias, its short id.
fn is_named(container: &Value, network: &str, name: &str) -> bool {
    let own = container["Name"].as_str().unwrap_or_default().trim_start_matches('/');
    let place = &container["NetworkSettings"]["Networks"][network];
    let listed = ["Aliases", "DNSNames"].into_iter().filter_map(|list| place[list].as_array()).flatten();
    own.eq_ignore_ascii_case(name)
        || listed.filter_map(Value::as_str).any(|alias| alias.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_and_names_are_read_of_one_network_or_of_all() {
        let container = json!({
            "Name": "/api-1",
            "NetworkSettings": {
                "IPAddress": "", "Networks": {
                    "shop": {"IPAddress": "172.18.0.2", "GlobalIPv6Address": "fd00::2", "Aliases": ["api", "0123456789ab"]},
                    "other": {"IPAddress": "172.19.0.2", "Aliases": null}
                }
            }
        });
        assert_eq!(addresses(&container, None).len(), 3);
        assert_eq!(addresses(&container, Some("other")), ["172.19.0.2".parse::<IpAddr>().unwrap()]);
        assert!(is_named(&container, "shop", "api") && is_named(&container, "shop", "API-1"));
        assert!(!is_named(&container, "other", "api"));
        let old = json!({"NetworkSettings": {"IPAddress": "172.17.0.2"}});
        assert_eq!(addresses(&old, None), ["172.17.0.2".parse::<IpAddr>().unwrap()]);
    }
}
