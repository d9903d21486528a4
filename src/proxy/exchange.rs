//! One request and what becomes of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONNECTION, EXPECT, HeaderMap, HeaderValue, TRANSFER_ENCODING};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode, Uri, Version};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::model::{FailureKind, Fidelity, Phase};
use crate::record::{Event, ExchangeId};
use crate::redact::RawFailure;

use super::alarm::{Alarm, Patience};
use super::answer;
use super::body::{Gate, Outgoing, ToClient, Told};
use super::failure::{self, Cause};
use super::forward::{self, Refusal, Route};
use super::head::{Framing, Head, Kind};
use super::http::Session;
use super::journal::Journal;
use super::link::Link;
use super::switch::{Ending, Switched};
use super::tap::TapHandle;
use super::upstream::{self, Way};
use super::writer::Replacement;

/// The exchange is over and the client's connection with it; recorded already.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the exchange was broken off")]
pub(super) struct Aborted;

/// An exchange under way.
struct Exchange<'a> {
    id: ExchangeId,
    session: &'a Session,
    journal: Arc<Journal>,
    head: Head,
}

/// Forwards a request and gives back what the origin, or else samewire, answers.
pub(super) async fn serve(
    session: &Session,
    mut request: Request<Incoming>,
) -> Result<Response<Outgoing>, Aborted> {
    let (sent, raw, at, fidelity) = if let Some((head, at)) = session.tap.next_head() {
        let raw = head.raw.clone();
        match forward::fidelity(&head, &request) {
            Fidelity::Wire => (head, raw, at, Fidelity::Wire),
            // Two readings of one request: what hyper acts by is what goes on.
            desync => {
                session.tap.doubt();
                (forward::rendered(&request), raw, at, desync)
            }
        }
    } else {
        let head = forward::rendered(&request);
        let raw = head.raw.clone();
        let desync = Fidelity::Desync("the tap has lost its place before this request".to_owned());
        (head, raw, jiff::Timestamp::now(), desync)
    };
    let tunnel = session.tunnel.as_ref();
    let reverse = session.reverse.as_ref();
    let route = forward::route(&sent, tunnel.map(|tunnel| &tunnel.to), reverse);
    let ignored = route.as_ref().is_ok_and(|route| session.shared.ignores(&route.to.host));
    let journal = if ignored && tunnel.is_none() {
        Arc::new(Journal::silent(session.journal.connection, session.journal.side))
    } else {
        Arc::clone(&session.journal)
    };
    // What is not recorded leaves no gap in the numbers of what is.
    let id =
        if ignored && tunnel.is_none() { ExchangeId(0) } else { session.shared.exchange_id(journal.side) };
    let scheme = match &route {
        Ok(route) if tunnel.is_none() && route.to.https => "https",
        _ => session.scheme(),
    };
    let (connection, authority) = (journal.connection, session.authority());
    let head = match &route {
        Ok(route) if reverse.is_some() && fidelity == Fidelity::Wire => forward::recorded(&sent, route),
        _ => raw,
    };
    let event = Event::Request { exchange: id, connection, at, head, scheme, authority, fidelity };
    journal.begin(id, event);
    let exchange = Exchange { id, session, journal, head: sent };
    let upgrade = forward::upgrades(&exchange.head).then(|| hyper::upgrade::on(&mut request));
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        // Whole, whatever becomes of it.
        exchange.journal.note(id, Event::RequestEnd { exchange: id, at, trailers: Bytes::new() });
        exchange.journal.reach(id, Phase::Wait);
    }
    match route {
        Err(refusal) => Ok(exchange.refuse(refusal, body).await),
        Ok(route) => exchange.forward(route, parts, body, upgrade, ignored).await,
    }
}

impl Exchange<'_> {
    async fn forward(
        &self,
        route: Route,
        mut parts: Parts,
        body: Incoming,
        upgrade: Option<hyper::upgrade::OnUpgrade>,
        ignored: bool,
    ) -> Result<Response<Outgoing>, Aborted> {
        let session = self.session;
        let tls_name = session.tunnel.as_ref().and_then(|tunnel| tunnel.tls_name.as_deref());
        let mut link = match session.links.take(&session.shared, &self.journal, &route.to, tls_name).await {
            Ok(link) => link,
            Err(failure) => return Ok(self.fail(failure).await),
        };
        if ignored && !link.reused {
            session.journal.tell(Event::Ignored { host: route.to.host.clone() }).await;
        }
        let (gate, open) = self.gate(&parts, &body);
        let mut request = self.request(&mut parts, body, gate, link.tap.clone());
        if let Some(open) = open {
            let open = Mutex::new(Some(open));
            hyper::ext::on_informational(&mut request, move |interim| {
                if interim.status() == StatusCode::CONTINUE {
                    let open = open.lock().unwrap_or_else(PoisonError::into_inner).take();
                    let _ = open.map(|open| open.send(()));
                }
            });
        }
        let answered = loop {
            link.tap.expect(parts.method == hyper::Method::HEAD);
            link.tap.replace(self.replacement(&route, &link));
            let sent = link.sender.try_send_request(request);
            match session.alarm.limit(session.shared.settings.timeouts.answer, sent).await {
                Some(Ok(response)) => break response,
                Some(Err(mut error)) => match error.take_message() {
                    // Nothing of it was sent: the origin had closed the kept connection.
                    Some(unsent) if link.reused => {
                        request = unsent;
                        link = match session
                            .links
                            .open(&session.shared, &self.journal, &route.to, tls_name)
                            .await
                        {
                            Ok(link) => link,
                            Err(failure) => return Ok(self.fail(failure).await),
                        };
                        request.body_mut().redirect(link.tap.clone());
                    }
                    _ => return self.unanswered(&link, &route, error.error()).await,
                },
                None => {
                    let message = format!("{} does not answer", route.to.to_text());
                    let failure = failure::upstream(Phase::Wait, FailureKind::TimedOut, message);
                    return Ok(self.fail(failure).await);
                }
            }
        };
        self.answer(answered, link, upgrade, parts.version == Version::HTTP_10).await
    }

    /// The request for hyper to send. Its head is what frames the body, nothing else: the writer below puts
    /// the recorded one in its place. A length is known to hyper from the body.
    fn request(
        &self,
        parts: &mut Parts,
        body: Incoming,
        gate: Option<Gate>,
        out: TapHandle,
    ) -> Request<Outgoing> {
        let told = self.told(&self.session.tap, &self.session.silence.client);
        let body = Outgoing::request(body, told, gate, out);
        let mut request = Request::new(body);
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = Uri::from_static("/");
        *request.headers_mut() = emptied(&mut parts.headers);
        if self.head.framing == Ok(Framing::Chunked) {
            request.headers_mut().insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
        request
    }

    /// To whom a body is told that comes from this leg.
    fn told(&self, from: &TapHandle, silence: &Arc<Alarm>) -> Told {
        let patience = Patience::new(silence, self.session.shared.settings.timeouts.idle);
        let (journal, exchange, tap) = (Arc::clone(&self.journal), self.id, from.clone());
        Told { journal, exchange, tap, patience, _underway: Arc::clone(&self.session.underway) }
    }

    fn replacement(&self, route: &Route, link: &Link) -> Replacement {
        let lines = forward::request_lines(&self.head, route, &link.way);
        Replacement { lines, framing: self.head.framing.ok(), kind: Kind::Request }
    }

    /// Holds back the body of a client that waits to be asked for it, until the origin asks or a while has
    /// passed (RFC 9110, section 10.1.1). The sender opens the gate.
    fn gate(&self, parts: &Parts, body: &Incoming) -> (Option<Gate>, Option<oneshot::Sender<()>>) {
        let expects = parts.headers.get(EXPECT).is_some_and(|value| {
            value.as_bytes().eq_ignore_ascii_case(b"100-continue") && parts.version == Version::HTTP_11
        });
        if !expects || body.is_end_stream() {
            return (None, None);
        }
        let (open, opened) = oneshot::channel();
        let patience: Duration = self.session.shared.settings.timeouts.proceed;
        // A sender that is gone means a final answer: nobody waits for the body any more.
        let wait = async move { timeout(patience, opened).await.map_or(true, |opened| opened.is_ok()) };
        (Some(Box::pin(wait)), Some(open))
    }

    /// Gives the origin's answer to the client.
    async fn answer(
        &self,
        mut answered: Response<Incoming>,
        link: Link,
        upgrade: Option<hyper::upgrade::OnUpgrade>,
        http10: bool,
    ) -> Result<Response<Outgoing>, Aborted> {
        let Self { id: exchange, session, journal, .. } = self;
        let exchange = *exchange;
        let back = session.reverse.as_ref().map(|reverse| reverse.back(&self.head));
        let mut lines = BytesMut::with_capacity(1024);
        let (head, at) = loop {
            let Some((head, at)) = link.tap.next_head() else {
                let message = "the tap has lost its place before this answer";
                return Ok(self.fail(failure::upstream(Phase::Wait, FailureKind::Internal, message)).await);
            };
            if head.raw.len() > session.shared.settings.limits.head {
                let message = "the answer's head is too large";
                return Ok(self.fail(failure::upstream(Phase::Wait, FailureKind::TooLarge, message)).await);
            }
            let status = head.status();
            if !matches!(status, 100 | 102..=199) {
                break (head, at);
            }
            journal.note(exchange, Event::Interim { exchange, status });
            // hyper itself says 100 to a client that waits for it.
            if status != 100 && !http10 {
                forward::response_lines(&head, http10, back.as_ref(), &mut lines);
                lines.extend_from_slice(b"\r\n");
            }
        };
        let Ok(framing) = head.framing else {
            let message = "the answer's framing can be read in two ways";
            return Ok(self.fail(failure::upstream(Phase::Wait, FailureKind::Malformed, message)).await);
        };
        if answered.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED && matches!(link.way, Way::Proxy(_))
        {
            return Ok(self.fail(upstream::proxy_refused("", 407)).await);
        }
        // A connection that is still to send a request takes no other.
        let unsent = journal.phase(exchange) == Some(Phase::Send);
        journal.reach(exchange, Phase::Receive);
        journal.note(exchange, Event::Response { exchange, at, head: head.raw.clone() });
        forward::response_lines(&head, http10, back.as_ref(), &mut lines);
        let framing = if framing == Framing::Chunked && http10 { Framing::UntilClose } else { framing };
        let closes = head.lists("connection", "close")
            || (head.is_http10 && !head.lists("connection", "keep-alive"))
            || framing == Framing::UntilClose;
        if head.status() == 101 {
            session.tap.stop();
            link.tap.stop();
        }
        let switched = upgrade.filter(|_| head.status() == 101).map(|client| Switched {
            client,
            origin: hyper::upgrade::on(&mut answered),
            ending: Ending::new(journal, exchange, head.lists("upgrade", "websocket")),
        });
        let (mut parts, body) = answered.into_parts();
        let body = if let Some(switched) = switched {
            // The exchange ends with what follows.
            *session.upgrade.lock().unwrap_or_else(PoisonError::into_inner) = Some(switched);
            Outgoing::own(Bytes::new())
        } else {
            let out = ToClient { tap: session.tap.clone(), reset: session.reset.clone(), framing };
            Outgoing::response(body, self.told(&link.tap, &session.silence.origin), out)
        };
        if journal.is_due() {
            journal.flush().await;
        }
        let mut response = Response::new(body);
        *response.status_mut() = parts.status;
        *response.headers_mut() = emptied(&mut parts.headers);
        match framing {
            // A length is known to hyper from the body.
            Framing::Empty | Framing::Length(_) => {}
            Framing::Chunked => {
                response.headers_mut().insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
            }
            Framing::UntilClose => *response.version_mut() = Version::HTTP_10,
        }
        if closes && head.status() != 101 {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let framing = (framing != Framing::Empty).then_some(framing);
        let kind = Kind::Response { to_head: false };
        session.tap.replace(Replacement { lines, framing, kind });
        if !closes && !unsent {
            session.links.keep(link);
        }
        Ok(response)
    }

    /// The origin's connection ended before an answer: so does the client's, as without samewire. An answer
    /// that is not HTTP gets one that says so.
    async fn unanswered(
        &self,
        link: &Link,
        route: &Route,
        error: &hyper::Error,
    ) -> Result<Response<Outgoing>, Aborted> {
        let phase = self.journal.phase(self.id).unwrap_or(Phase::Wait);
        let name = route.to.to_text();
        if error.is_parse() {
            let kind =
                if error.is_parse_too_large() { FailureKind::TooLarge } else { FailureKind::Malformed };
            let message = format!("the answer of {name} is not HTTP: {error}");
            return Ok(self.fail(failure::upstream(Phase::Wait, kind, message)).await);
        }
        let cause = link.tap.cause().or_else(|| Cause::within(error)).unwrap_or(Cause::Closed);
        let message = format!("the connection to {name} {}", cause.words());
        self.journal.fail(self.id, failure::upstream(phase, cause.kind(), message));
        self.journal.flush().await;
        if cause == Cause::Reset {
            self.session.reset.set();
        }
        Err(Aborted)
    }

    /// Answers in the origin's place, because it could not be had.
    async fn fail(&self, failure: RawFailure) -> Response<Outgoing> {
        let response = answer::response(answer::status_of(&failure), &failure.message);
        self.journal.fail(self.id, failure);
        self.journal.flush().await;
        response
    }

    /// Answers a request that samewire does not forward. Its body is not read.
    async fn refuse(&self, refusal: Refusal, body: Incoming) -> Response<Outgoing> {
        drop(body);
        let kind = match refusal {
            Refusal::NotProxied | Refusal::NoProxy | Refusal::SecretPath => FailureKind::Forbidden,
            _ => FailureKind::Malformed,
        };
        let message = refusal.to_string();
        let response = answer::response(refusal.status(), &message);
        self.journal.fail(self.id, failure::client(Phase::Head, kind, message));
        self.journal.flush().await;
        response
    }
}

/// The fields' map without the fields: hyper reads the next message of the connection that it is written to into it, so
/// that one map goes round and none is made for each message.
fn emptied(fields: &mut HeaderMap) -> HeaderMap {
    let mut fields = std::mem::take(fields);
    fields.clear();
    fields
}
