//! From a name to a connection: it is asked for once, its addresses are judged, and those that may be connected to are
//! tried as RFC 8305 ("Happy Eyeballs") says: both families in turn, the next one soon after the one before it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use crate::model::{FailureKind, Phase};
use crate::redact::RawFailure;

use super::failure::{Cause, upstream as failure};
use super::{Shared, guard};

/// The time that one address has before the next is tried beside it (RFC 8305, section 5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Connects to one of the addresses in `near`, or, where that is empty, to one that the name has on this machine.
pub(super) async fn connect(
    shared: &Shared,
    host: &str,
    port: u16,
    near: Vec<IpAddr>,
) -> Result<(TcpStream, SocketAddr), RawFailure> {
    let patience = shared.settings.timeouts.connect;
    let addresses = if near.is_empty() {
        resolve(host, port, Instant::now() + patience).await?
    } else {
        near.into_iter().map(|address| SocketAddr::new(address, port)).collect()
    };
    let mut refused = None;
    let allowed = addresses.into_iter().filter(|address| {
        let why = guard::forbidden(*address, &shared.own);
        refused = refused.or(why);
        why.is_none()
    });
    let allowed = in_turn(allowed.collect());
    if allowed.is_empty() {
        return Err(match refused {
            Some(why) => forbidden(host, port, why),
            None => not_resolved(host, "it has no address"),
        });
    }
    let (stream, address) = race(&allowed, Instant::now() + patience).await.map_err(|tried| {
        let how: Vec<String> =
            tried.iter().map(|(address, cause)| format!("({address}) {}", cause.words())).collect();
        // What the name's first address does is what a client without a second one would meet.
        let kind = tried.first().map_or(FailureKind::TimedOut, |(_, cause)| cause.kind());
        let message = format!("the connection to {host}:{port} {}", how.join(", and that to "));
        failure(Phase::Connect, kind, message)
    })?;
    if stream.local_addr().is_ok_and(|local| guard::is_own(local, address, &shared.own)) {
        return Err(forbidden(host, port, "it is samewire's own listener"));
    }
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    Ok((stream, address))
}

/// The first connection that succeeds, or what became of each address, in their order.
async fn race(
    addresses: &[SocketAddr],
    deadline: Instant,
) -> Result<(TcpStream, SocketAddr), Vec<(SocketAddr, Cause)>> {
    let mut failed: Vec<(usize, Cause)> = Vec::new();
    let mut next = addresses.iter().copied().enumerate();
    let mut trying = FuturesUnordered::new();
    let attempt = |(at, address): (usize, SocketAddr)| async move {
        (at, TcpStream::connect(address).await.map(|stream| (stream, address)))
    };
    trying.extend(next.next().map(attempt));
    while !trying.is_empty() {
        tokio::select! {
            biased;
            Some((at, result)) = trying.next() => match result {
                Ok(connected) => return Ok(connected),
                Err(error) => {
                    failed.push((at, Cause::of(&error)));
                    trying.extend(next.next().map(attempt));
                }
            },
            () = sleep(ATTEMPT_DELAY), if next.len() > 0 => trying.extend(next.next().map(attempt)),
            () = sleep_until(deadline) => break,
        }
    }
    let outcome = |at: usize| {
        let known = failed.iter().find(|(failed, _)| *failed == at);
        known.map_or(Cause::TimedOut, |(_, cause)| cause.clone())
    };
    Err(addresses.iter().enumerate().map(|(at, address)| (*address, outcome(at))).collect())
}

/// Both families alternately, beginning with the one that the system puts first (RFC 8305, section 4).
fn in_turn(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut all = Vec::new();
    loop {
        let (one, other) = (first.next(), second.next());
        if one.is_none() && other.is_none() {
            return all;
        }
        all.extend(one.into_iter().chain(other));
    }
}

async fn resolve(host: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>, RawFailure> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    match timeout_at(deadline, lookup_host((host, port))).await {
        Ok(Ok(addresses)) => Ok(addresses.collect()),
        Ok(Err(error)) => Err(not_resolved(host, &error.to_string())),
        Err(_) => {
            let message = format!("the name {host} is not resolved in time");
            Err(failure(Phase::Resolve, FailureKind::TimedOut, message))
        }
    }
}

fn not_resolved(host: &str, why: &str) -> RawFailure {
    failure(Phase::Resolve, FailureKind::NameNotResolved, format!("the name {host} is not resolved: {why}"))
}

pub(super) fn forbidden(host: &str, port: u16, why: &str) -> RawFailure {
    failure(Phase::Connect, FailureKind::Forbidden, format!("{host}:{port} is no target: {why}"))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn families_alternate() {
        let sorted = ["[::1]:1", "[::2]:1", "[::3]:1", "127.0.0.1:1", "127.0.0.2:1"];
        let turns = ["[::1]:1", "127.0.0.1:1", "[::2]:1", "127.0.0.2:1", "[::3]:1"];
        assert_eq!(in_turn(addresses(&sorted)), addresses(&turns));
        assert_eq!(in_turn(addresses(&["127.0.0.1:1"])), addresses(&["127.0.0.1:1"]));
    }

    /// A listener that takes no more connections: what is sent to it is dropped, as in a black hole.
    async fn black_hole() -> (SocketAddr, Vec<TcpStream>, rustix::fd::OwnedFd) {
        use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&socket, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        listen(&socket, 0).unwrap();
        let address: SocketAddr = getsockname(&socket).unwrap().try_into().unwrap();
        let mut filling = Vec::new();
        while let Ok(Ok(stream)) =
            tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await
        {
            filling.push(stream);
        }
        (address, filling, socket)
    }

    #[tokio::test]
    async fn an_address_that_does_not_answer_holds_nobody_up() {
        let (hole, _filling, _socket) = black_hole().await;
        let open = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open_at = open.local_addr().unwrap();
        let begun = Instant::now();
        let (_, address) = race(&[hole, open_at], begun + Duration::from_secs(60)).await.unwrap();
        assert_eq!(address, open_at);
        assert!(begun.elapsed() >= ATTEMPT_DELAY && begun.elapsed() < Duration::from_secs(30));

        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let tried = race(&[hole, closed], Instant::now() + Duration::from_millis(400)).await.unwrap_err();
        assert_eq!(tried, [(hole, Cause::TimedOut), (closed, Cause::Refused)]);
    }
}
