//! From a name to a connection: it is asked for once, its addresses are judged, and those that may be connected to are
//! tried as RFC 8305 ("Happy Eyeballs") says: both families in turn, the next one soon after the one before it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use crate::model::{DialOutcome, FailureKind, Phase};
use crate::record::Event;
use crate::redact::{RawDial, RawFailure};

use super::failure::{Cause, upstream as failure};
use super::journal::Journal;
use super::{Shared, guard};

/// The time that one address has before the next is tried beside it (RFC 8305, section 5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Connects to one of the addresses in `near`, or, where that is empty, to one that the name has on this machine.
pub(super) async fn connect(
    shared: &Shared,
    journal: &Journal,
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
    let mut tried = Vec::new();
    let taken = race(&allowed, Instant::now() + patience, &mut tried).await;
    if tried.len() > 1 {
        let dial = RawDial { to: format!("{host}:{port}"), tried: outcomes(&tried, taken.is_some()) };
        journal.add(Event::Tried { connection: journal.connection, dial });
    }
    let Some((stream, address)) = taken else { return Err(not_connected(host, port, &tried)) };
    if stream.local_addr().is_ok_and(|local| guard::is_own(local, address, &shared.own)) {
        return Err(forbidden(host, port, "it is samewire's own listener"));
    }
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    Ok((stream, address))
}

/// An address that was tried, and what became of it.
struct Attempt {
    address: SocketAddr,
    end: End,
}

enum End {
    Connected,
    Failed(Cause),
    /// None, when the race was over.
    Waiting,
}

/// The first connection that succeeds. `tried` gets the addresses as they are tried.
async fn race(
    addresses: &[SocketAddr],
    deadline: Instant,
    tried: &mut Vec<Attempt>,
) -> Option<(TcpStream, SocketAddr)> {
    let mut next = addresses.iter().copied();
    let mut trying = FuturesUnordered::new();
    let attempt = |at: usize, address: SocketAddr| async move { (at, TcpStream::connect(address).await) };
    loop {
        if let Some(address) = next.next() {
            trying.push(attempt(tried.len(), address));
            tried.push(Attempt { address, end: End::Waiting });
        } else if trying.is_empty() {
            return None;
        }
        tokio::select! {
            biased;
            Some((at, result)) = trying.next() => {
                let attempt: &mut Attempt = tried.get_mut(at)?;
                match result {
                    Ok(stream) => {
                        attempt.end = End::Connected;
                        return Some((stream, attempt.address));
                    }
                    Err(error) => attempt.end = End::Failed(Cause::of(&error)),
                }
            }
            () = sleep(ATTEMPT_DELAY), if next.len() > 0 => {}
            () = sleep_until(deadline) => return None,
        }
    }
}

/// What became of each address, for the record.
fn outcomes(tried: &[Attempt], is_taken: bool) -> Vec<(SocketAddr, DialOutcome)> {
    let outcome = |end: &End| match end {
        End::Connected => DialOutcome::Connected,
        End::Waiting if is_taken => DialOutcome::Overtaken,
        End::Waiting => DialOutcome::Failed(FailureKind::TimedOut),
        End::Failed(cause) => DialOutcome::Failed(cause.kind()),
    };
    tried.iter().map(|tried| (tried.address, outcome(&tried.end))).collect()
}

/// No address took the connection.
fn not_connected(host: &str, port: u16, tried: &[Attempt]) -> RawFailure {
    let cause = |attempt: &Attempt| match &attempt.end {
        End::Failed(cause) => cause.clone(),
        End::Waiting | End::Connected => Cause::TimedOut,
    };
    let how: Vec<String> =
        tried.iter().map(|attempt| format!("({}) {}", attempt.address, cause(attempt).words())).collect();
    // What the name's first address does is what a client without a second one would meet.
    let kind = tried.first().map_or(FailureKind::TimedOut, |attempt| cause(attempt).kind());
    let message = format!("the connection to {host}:{port} {}", how.join(", and that to "));
    failure(Phase::Connect, kind, message)
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
        let mut tried = Vec::new();
        let deadline = begun + Duration::from_secs(60);
        let (_, address) = race(&[hole, open_at], deadline, &mut tried).await.unwrap();
        assert_eq!(address, open_at);
        let outcome = |tried: &[Attempt], taken, at: usize| outcomes(tried, taken)[at].1;
        assert_eq!(outcome(&tried, true, 0), DialOutcome::Overtaken);
        assert_eq!(outcome(&tried, true, 1), DialOutcome::Connected);
        assert!(begun.elapsed() >= ATTEMPT_DELAY && begun.elapsed() < Duration::from_secs(30));

        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let mut tried = Vec::new();
        let deadline = Instant::now() + Duration::from_millis(400);
        assert!(race(&[hole, closed], deadline, &mut tried).await.is_none());
        assert_eq!(outcome(&tried, false, 0), DialOutcome::Failed(FailureKind::TimedOut));
        assert_eq!(outcome(&tried, false, 1), DialOutcome::Failed(FailureKind::Refused));
        let failure = not_connected("api.example.com", 443, &tried);
        assert_eq!(failure.kind, FailureKind::TimedOut);
        let words = format!("api.example.com:443 ({hole}) took too long, and that to ({closed}) was refused");
        assert!(failure.message.ends_with(&words), "{}", failure.message);

        let mut tried = Vec::new();
        let deadline = Instant::now() + Duration::from_secs(60);
        race(&[closed, open_at, hole], deadline, &mut tried).await.unwrap();
        assert_eq!(tried.len(), 2, "what comes after the one that takes it is not tried");
        assert_eq!(outcome(&tried, true, 0), DialOutcome::Failed(FailureKind::Refused));
    }
}
