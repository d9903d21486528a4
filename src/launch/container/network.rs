//! How a container reaches the proxy: by network and engine, one table in the order of the rows below.
//!
//! | network | engine | the proxy listens on | the container is told |
//! |---|---|---|---|
//! | any | Docker Desktop | this machine's loopback address | `host.docker.internal` |
//! | `host` | with root; podman also without | the loopback address | the same |
//! | bridge, user-defined bridge | with root | the network's gateway | the same |
//! | bridge, user-defined bridge | whose gateway is made later (podman) | this machine's own address | the same |
//! | any other than `none` | without root | this machine's own address | the same; podman: `host.containers.internal` |
//! | `container:X` | any | as X's network asks | the same |

use std::net::{IpAddr, Ipv4Addr};

use serde_json::Value;

use super::ContainerError;
use super::dialect::Dialect;
use super::engine::{Engine, answer, is_own, own_address};
use crate::launch::Loopback;

/// How a container reaches the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    /// Where the proxy must listen.
    pub(super) address: IpAddr,
    /// What the container is told in place of the address.
    pub(super) alias: Option<&'static str>,
    /// Connections come from the container's own address.
    pub(super) by_own_address: bool,
}

/// The networks that a container is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Network {
    /// As it is named on the line, or the engine's default.
    pub(super) name: String,
    pub(super) reach: Reach,
    /// Names of other containers are known on it.
    pub(super) has_names: bool,
    /// The bridge's own interface on this machine, where it is known: what a firewall knows it by.
    pub(super) interface: Option<String>,
    /// Containers on it have IPv6 addresses.
    pub(super) has_v6: bool,
}

/// Drivers whose containers cannot reach this machine, or not by an address of the network.
const DRIVERS: &[(&str, &str)] = &[
    ("macvlan", "its containers do not reach this machine by design; use a bridge network"),
    ("ipvlan", "its containers do not reach this machine by design; use a bridge network"),
    ("overlay", "its gateway is on every node of the swarm; use a bridge network of this machine"),
    ("null", NOTHING),
];

const NOTHING: &str = "nothing can be sent, and nothing captured; take `--network none` out";

impl Reach {
    fn at(address: IpAddr) -> Self {
        Self { address, alias: None, by_own_address: true }
    }

    fn loopback() -> Self {
        Self { by_own_address: false, ..Self::at(Ipv4Addr::LOCALHOST.into()) }
    }
}

impl Network {
    /// Finds the network of a container from the names on its line.
    pub(super) async fn find(engine: &Engine, names: &[String]) -> Result<Self, ContainerError> {
        let default = engine.dialect.default_network();
        let mut name = names.first().map_or(default, String::as_str).to_owned();
        // A container may use the network of one that uses the network of one.
        for _ in 0..4 {
            let Some(other) = name.strip_prefix("container:") else { break };
            let found = engine.ask_json(&["container", "inspect", other]).await?;
            let mode = found[0]["HostConfig"]["NetworkMode"].as_str().unwrap_or_default();
            let networks = found[0]["NetworkSettings"]["Networks"].as_object();
            let first = networks.and_then(|networks| networks.keys().next());
            name = match mode {
                "host" | "none" => mode.to_owned(),
                mode if mode.starts_with("container:") => mode.to_owned(),
                _ => first.cloned().unwrap_or_else(|| default.to_owned()),
            };
        }
        let name = if matches!(name.as_str(), "default" | "private") { default.to_owned() } else { name };
        if name == "none" {
            return Err(ContainerError::Network { network: name, why: NOTHING });
        }
        if name.starts_with("ns:") {
            let why = "a namespace given by path is not looked into; use a network of the engine";
            return Err(ContainerError::Network { network: name, why });
        }
        let has_names = !matches!(name.as_str(), "host" | "bridge" | "podman");
        let reach = match (engine, name.as_str()) {
            (Engine { desktop: true, .. }, _) => {
                Reach { alias: Some("host.docker.internal"), ..Reach::loopback() }
            }
            (Engine { rootless: true, dialect: Dialect::Podman, .. }, "host") => Reach::loopback(),
            (Engine { rootless: true, .. }, _) => outside(engine)?,
            (_, "host") => Reach::loopback(),
            _ => {
                let network = described(engine, &name).await?;
                let has_v6 = network["EnableIPv6"] == true || network["ipv6_enabled"] == true;
                let (reach, interface) = of_bridge(engine, &name, &network)?;
                return Ok(Self { name, reach, has_names, interface, has_v6 });
            }
        };
        Ok(Self { name, reach, has_names, interface: None, has_v6: false })
    }
}

impl Network {
    /// What the loopback address is in its containers.
    pub(super) fn loopback(&self) -> Loopback {
        if self.name == "host" { Loopback::Shared } else { Loopback::OfItsOwn }
    }
}

/// This machine's own address, for engines whose networks are not this machine's.
fn outside(engine: &Engine) -> Result<Reach, ContainerError> {
    let address = own_address().ok_or_else(|| ContainerError::Network {
        network: "of an engine without root".to_owned(),
        why: "this machine has no address of its own to reach it by; say --listen ADDR:PORT",
    })?;
    let alias = (engine.rootless && engine.dialect == Dialect::Podman).then_some("host.containers.internal");
    Ok(Reach { address, alias, by_own_address: false })
}

/// A network as the engine tells of it.
async fn described(engine: &Engine, name: &str) -> Result<Value, ContainerError> {
    let mut found = engine.ask_json(&["network", "inspect", name]).await?;
    found.get_mut(0).map(Value::take).ok_or_else(|| answer("network inspect"))
}

fn of_bridge(
    engine: &Engine,
    name: &str,
    network: &Value,
) -> Result<(Reach, Option<String>), ContainerError> {
    let driver = network["Driver"].as_str().or_else(|| network["driver"].as_str()).unwrap_or("bridge");
    if let Some((_, why)) = DRIVERS.iter().find(|(known, _)| *known == driver) {
        return Err(ContainerError::Network { network: name.to_owned(), why });
    }
    let gateway = gateways(network).into_iter().find(|gateway| is_own(*gateway));
    match (gateway, engine.dialect) {
        (Some(gateway), _) => Ok((Reach::at(gateway), interface(network))),
        // The bridge is made with its first container.
        (None, Dialect::Podman | Dialect::Nerdctl) => {
            Ok((Reach { by_own_address: true, alias: None, ..outside(engine)? }, interface(network)))
        }
        (None, Dialect::Docker) => Err(ContainerError::Network {
            network: name.to_owned(),
            why: "its gateway is no address of this machine: the engine runs in another machine or network namespace; \
                  record there, or start `samewire proxy --listen ADDR:PORT` on an address that its containers reach and add \
                  what `samewire env --format docker` prints",
        }),
    }
}

/// The bridge's interface: as podman tells it, or Docker's option names it, or Docker makes its name where there is none.
fn interface(network: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let named = text(&network["network_interface"])
        .or_else(|| text(&network["Options"]["com.docker.network.bridge.name"]));
    named.or_else(|| Some(format!("br-{}", network["Id"].as_str()?.get(..12)?)))
}

/// The gateways of a network, IPv4 first: as told, else the first address of the subnet. Docker and nerdctl list them in
/// `IPAM.Config`, podman in `subnets`.
fn gateways(network: &Value) -> Vec<IpAddr> {
    let docker = network["IPAM"]["Config"].as_array();
    let podman = network["subnets"].as_array();
    let mut found: Vec<IpAddr> = docker
        .into_iter()
        .chain(podman)
        .flatten()
        .filter_map(|config| {
            let text = |names: [&str; 2]| names.iter().find_map(|name| config[*name].as_str());
            match text(["Gateway", "gateway"]).filter(|gateway| !gateway.is_empty()) {
                Some(gateway) => gateway.split('/').next()?.parse().ok(),
                None => first_of(text(["Subnet", "subnet"])?),
            }
        })
        .collect();
    found.sort_by_key(IpAddr::is_ipv6);
    found
}

/// The first address of a subnet.
fn first_of(subnet: &str) -> Option<IpAddr> {
    Some(match subnet.split('/').next()?.parse().ok()? {
        IpAddr::V4(base) => Ipv4Addr::from(u32::from(base).checked_add(1)?).into(),
        IpAddr::V6(base) => std::net::Ipv6Addr::from(u128::from(base).checked_add(1)?).into(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_bridges_interface_is_named_as_each_engine_names_it() {
        let docker =
            json!({"Id": "0123456789abcdef", "Options": {"com.docker.network.bridge.name": "docker0"}});
        assert_eq!(interface(&docker).as_deref(), Some("docker0"));
        assert_eq!(interface(&json!({"Id": "0123456789abcdef"})).as_deref(), Some("br-0123456789ab"));
        assert_eq!(interface(&json!({"network_interface": "podman0"})).as_deref(), Some("podman0"));
        assert_eq!(interface(&json!({"Id": "short"})), None);
    }

    #[test]
    fn gateways_are_read_as_each_engine_tells_them() {
        let docker = json!({"IPAM": {"Config": [{"Subnet": "172.17.0.0/16"}]}});
        assert_eq!(gateways(&docker), ["172.17.0.1".parse::<IpAddr>().unwrap()]);
        let both = json!({"IPAM": {"Config": [
            {"Subnet": "fd00:1::/64", "Gateway": "fd00:1::1/64"}, {"Subnet": "10.1.0.0/24", "Gateway": "10.1.0.9"}
        ]}});
        assert_eq!(gateways(&both), ["10.1.0.9", "fd00:1::1"].map(|text| text.parse::<IpAddr>().unwrap()));
        let podman = json!({"subnets": [{"subnet": "10.88.0.0/16", "gateway": "10.88.0.1"}]});
        assert_eq!(gateways(&podman), ["10.88.0.1".parse::<IpAddr>().unwrap()]);
        assert!(gateways(&json!({})).is_empty());
    }
}
