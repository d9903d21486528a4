//! Which side a connection belongs to, and who may use a listener.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::Side;
use crate::record::EventSender;

use super::surroundings::SharedSurroundings;

/// An address to listen on.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Address and port; port 0 takes a free one.
    pub addr: SocketAddr,
    /// Where its exchanges go.
    pub lane: Lane,
    /// Who may use it. In reverse mode the password is the first segment of every path.
    pub admission: Admission,
}

/// Who may use a listener.
#[derive(Clone, Debug, Default)]
pub enum Admission {
    /// Whoever reaches it. Only for the loopback address.
    #[default]
    Anyone,
    /// Who shows the password.
    Credential(Credential),
    /// Who shows the password; and who shows none, as a JVM does, but lives at an address of this run.
    CredentialOrAddress(Credential, SharedSurroundings),
}

impl Admission {
    /// The password of its proxy URL.
    pub fn credential(&self) -> Option<&Credential> {
        match self {
            Self::Anyone => None,
            Self::Credential(credential) | Self::CredentialOrAddress(credential, _) => Some(credential),
        }
    }
}

/// Which side the connections of a listener belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The side.
    pub side: Side,
    /// A user name `sandbox` or `runtime` in the proxy URL decides instead.
    pub by_user: bool,
}

/// Where the events of each side go; a side without a sender is not recorded.
#[derive(Clone, Default)]
pub struct Lanes {
    /// Of the sandbox.
    pub sandbox: Option<EventSender>,
    /// Of the runtime.
    pub runtime: Option<EventSender>,
}

impl Lanes {
    /// One side only.
    pub fn one(side: Side, sender: EventSender) -> Self {
        match side {
            Side::Sandbox => Self { sandbox: Some(sender), runtime: None },
            Side::Runtime => Self { sandbox: None, runtime: Some(sender) },
        }
    }

    /// The way to a side's recorder.
    pub fn of(&self, side: Side) -> Option<&EventSender> {
        match side {
            Side::Sandbox => self.sandbox.as_ref(),
            Side::Runtime => self.runtime.as_ref(),
        }
    }
}

/// A random password for a listener that others can reach. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential(String);

impl Credential {
    /// A random UUID (RFC 9562, version 4: 122 random bits). A URL can hold it, and scanners know that form for no key of anybody's.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let digits = format!("{:032x}", u128::from_be_bytes(bytes));
        let groups = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
        Ok(Self(groups.join("-")))
    }

    /// The password, for the proxy URL that is given to clients.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares in a time that does not depend on where they differ.
    pub fn is(&self, password: &str) -> bool {
        let (own, other) = (self.0.as_bytes(), password.as_bytes());
        own.len() == other.len() && own.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b)) == 0
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential")
    }
}

/// Why a client may not use this listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotAllowed {
    /// It shows no password, and its address is not one of this run's.
    #[error(
        "this proxy wants the user and the password of its URL; `samewire record` gives it to the command, \
         `samewire env` prints that of `samewire proxy`"
    )]
    NothingShown,
    /// It shows another password.
    #[error(
        "the password in the proxy's URL is not the one of this run: each run has a new one; take the URL out of \
         where it was written down, or write down what `samewire env` prints now"
    )]
    WrongCredential,
}

/// Decides the side from the value of `Proxy-Authorization` and the client's address, when the listener lets it in.
pub(super) async fn side(
    listener: &Listener,
    authorization: Option<&[u8]>,
    peer: Option<IpAddr>,
) -> Result<Side, NotAllowed> {
    let login = authorization.and_then(login);
    if let Some(credential) = listener.admission.credential() {
        match &login {
            Some((_, password)) if credential.is(password) => {}
            Some(_) => return Err(NotAllowed::WrongCredential),
            None if lives_here(&listener.admission, peer).await => {}
            None => return Err(NotAllowed::NothingShown),
        }
    }
    let named = login.filter(|_| listener.lane.by_user).and_then(|(user, _)| match user.as_str() {
        "sandbox" => Some(Side::Sandbox),
        "runtime" => Some(Side::Runtime),
        _ => None,
    });
    Ok(named.unwrap_or(listener.lane.side))
}

async fn lives_here(admission: &Admission, peer: Option<IpAddr>) -> bool {
    match (admission, peer) {
        (Admission::CredentialOrAddress(_, surroundings), Some(peer)) => {
            surroundings.0.admits(peer.to_canonical()).await
        }
        _ => false,
    }
}

/// User and password of `Basic` credentials (RFC 7617).
fn login(value: &[u8]) -> Option<(String, String)> {
    let value = std::str::from_utf8(value).ok()?.trim();
    let (scheme, token) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(token.trim()).ok()?).ok()?;
    decoded.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::proxy::{Answer, Surroundings};

    fn listener(by_user: bool, admission: Admission) -> Listener {
        let lane = Lane { side: Side::Runtime, by_user };
        Listener { addr: ([127, 0, 0, 1], 0).into(), lane, admission }
    }

    fn basic(login: &str) -> Vec<u8> {
        format!("Basic {}", STANDARD.encode(login)).into_bytes()
    }

    /// A network with one container in it.
    struct Network(IpAddr);

    impl Surroundings for Network {
        fn admits(&self, peer: IpAddr) -> Answer<'_, bool> {
            Box::pin(std::future::ready(peer == self.0))
        }

        fn addresses<'a>(&'a self, _: &'a str) -> Answer<'a, Vec<IpAddr>> {
            Box::pin(std::future::ready(Vec::new()))
        }
    }

    #[tokio::test]
    async fn a_user_name_decides_only_where_it_may() {
        let value = basic("sandbox:x");
        let (by_user, fixed) = (listener(true, Admission::Anyone), listener(false, Admission::Anyone));
        assert_eq!(side(&by_user, Some(&value), None).await, Ok(Side::Sandbox));
        assert_eq!(side(&fixed, Some(&value), None).await, Ok(Side::Runtime));
        assert_eq!(side(&by_user, Some(&basic("me:x")), None).await, Ok(Side::Runtime));
        assert_eq!(side(&by_user, None, None).await, Ok(Side::Runtime));
    }

    #[tokio::test]
    async fn a_side_name_alone_is_no_credential() {
        let credential = Credential::random().unwrap();
        let listener = listener(true, Admission::Credential(credential.clone()));
        assert_eq!(side(&listener, None, None).await, Err(NotAllowed::NothingShown));
        assert_eq!(side(&listener, Some(&basic("sandbox:x")), None).await, Err(NotAllowed::WrongCredential));
        let shown = basic(&format!("sandbox:{}", credential.expose()));
        assert_eq!(side(&listener, Some(&shown), None).await, Ok(Side::Sandbox));
        assert_eq!(format!("{credential:?}"), "Credential");
    }

    #[tokio::test]
    async fn an_address_of_the_run_needs_no_credential_but_must_not_show_a_wrong_one() {
        let home = IpAddr::from([172, 17, 0, 2]);
        let network = SharedSurroundings(Arc::new(Network(home)));
        let credential = Credential::random().unwrap();
        let listener = listener(false, Admission::CredentialOrAddress(credential, network));
        assert_eq!(side(&listener, None, Some(home)).await, Ok(Side::Runtime));
        let mapped = "::ffff:172.17.0.2".parse().unwrap();
        assert_eq!(side(&listener, None, Some(mapped)).await, Ok(Side::Runtime));
        let stranger = IpAddr::from([172, 17, 0, 3]);
        assert_eq!(side(&listener, None, Some(stranger)).await, Err(NotAllowed::NothingShown));
        let wrong = basic("runtime:of-yesterday");
        assert_eq!(side(&listener, Some(&wrong), Some(home)).await, Err(NotAllowed::WrongCredential));
    }
}
