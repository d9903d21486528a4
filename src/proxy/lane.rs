//! Which side a connection belongs to, and who may use a listener.

use std::fmt;
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::Side;
use crate::record::EventSender;

/// An address to listen on.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Address and port; port 0 takes a free one.
    pub addr: SocketAddr,
    /// Where its exchanges go.
    pub lane: Lane,
    /// The password that every client must show. Needed beyond loopback. In reverse mode it is the first segment of every path.
    pub credential: Option<Credential>,
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
    /// 128 random bits in letters that a URL can hold.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The password, for the proxy URL that is given to clients.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares in a time that does not depend on where they differ.
    pub(super) fn is(&self, password: &str) -> bool {
        let (own, other) = (self.0.as_bytes(), password.as_bytes());
        own.len() == other.len() && own.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b)) == 0
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential")
    }
}

/// The client may not use this listener.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotAllowed;

/// Decides the side from the value of `Proxy-Authorization`, when the listener lets it.
pub(super) fn side(listener: &Listener, authorization: Option<&[u8]>) -> Result<Side, NotAllowed> {
    let login = authorization.and_then(login);
    if let Some(credential) = &listener.credential {
        let shown = login.as_ref().is_some_and(|(_, password)| credential.is(password));
        if !shown {
            return Err(NotAllowed);
        }
    }
    let named = login.filter(|_| listener.lane.by_user).and_then(|(user, _)| match user.as_str() {
        "sandbox" => Some(Side::Sandbox),
        "runtime" => Some(Side::Runtime),
        _ => None,
    });
    Ok(named.unwrap_or(listener.lane.side))
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
    use super::*;

    fn listener(by_user: bool, credential: Option<Credential>) -> Listener {
        let lane = Lane { side: Side::Runtime, by_user };
        Listener { addr: ([127, 0, 0, 1], 0).into(), lane, credential }
    }

    fn basic(login: &str) -> Vec<u8> {
        format!("Basic {}", STANDARD.encode(login)).into_bytes()
    }

    #[test]
    fn a_user_name_decides_only_where_it_may() {
        let value = basic("sandbox:x");
        assert_eq!(side(&listener(true, None), Some(&value)), Ok(Side::Sandbox));
        assert_eq!(side(&listener(false, None), Some(&value)), Ok(Side::Runtime));
        assert_eq!(side(&listener(true, None), Some(&basic("me:x"))), Ok(Side::Runtime));
        assert_eq!(side(&listener(true, None), None), Ok(Side::Runtime));
    }

    #[test]
    fn a_side_name_alone_is_no_credential() {
        let credential = Credential::random().unwrap();
        let listener = listener(true, Some(credential.clone()));
        assert_eq!(side(&listener, None), Err(NotAllowed));
        assert_eq!(side(&listener, Some(&basic("sandbox:x"))), Err(NotAllowed));
        let shown = basic(&format!("sandbox:{}", credential.expose()));
        assert_eq!(side(&listener, Some(&shown)), Ok(Side::Sandbox));
        assert_eq!(format!("{credential:?}"), "Credential");
    }
}
