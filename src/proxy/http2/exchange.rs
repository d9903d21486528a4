//! One request on a stream, and what becomes of it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::uri::Scheme;
use http::{Request, Response, StatusCode, Version, request};
use jiff::Timestamp;
use tokio::time::timeout;

use crate::model::{FailureKind, Fidelity, Phase};
use crate::record::{Event, ExchangeId};
use crate::redact::RawFailure;

use super::copy::{Listener, Side, Silence, copy};
use super::fault::Fault;
use super::head::{self, Refused};
use super::{Ended, Session};
use crate::proxy::answer;
use crate::proxy::failure::{client, upstream};
use crate::proxy::forward::Refusal;

/// An exchange under way.
struct Exchange {
    id: ExchangeId,
    session: Arc<Session>,
    /// The request's end was told.
    sent: AtomicBool,
    /// The answer's head has gone to the client.
    answering: AtomicBool,
    /// Of both legs.
    silence: Silence,
}

/// Why an exchange has no good end.
enum Broken {
    Client(Fault),
    Origin(Fault),
    /// The origin does not answer in time.
    Silent,
}

/// What comes before content.
enum Next {
    Interim(Response<()>),
    Answer(Response<RecvStream>),
}

/// Forwards a request and passes on what the origin, or else samewire, answers.
pub(super) async fn serve(
    session: Arc<Session>,
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
) -> Ended {
    let at = Timestamp::now();
    let (parts, body) = request.into_parts();
    let id = session.shared.exchange_id(session.journal.side);
    let connection = session.journal.connection;
    let (scheme, authority) = (session.scheme(), Some(session.tunnel.to.to_text()));
    let recorded = head::recorded_request(&parts);
    let (head, fidelity) = (recorded.clone(), Fidelity::Decoded);
    session
        .journal
        .begin(id, Event::Request { exchange: id, connection, at, head, scheme, authority, fidelity });
    let silence = Silence::new(session.shared.settings.timeouts.idle);
    let (sent, answering) = (AtomicBool::new(false), AtomicBool::new(false));
    let exchange = Exchange { id, session, sent, answering, silence };
    if body.is_end_stream() {
        exchange.end_request(Bytes::new());
    }
    match head::check(&parts, &recorded, &exchange.session.shared.settings.limits) {
        Ok(()) => exchange.forward(&parts, body, respond).await,
        Err(refused) => exchange.refuse(&refused, respond).await,
    }
    exchange.session.journal.flush().await;
    Ended::Exchange
}

impl Exchange {
    async fn forward(&self, parts: &request::Parts, body: RecvStream, mut respond: SendResponse<Bytes>) {
        let session = &self.session;
        let scheme = if session.tunnel.to.https { Scheme::HTTPS } else { Scheme::HTTP };
        let Some(request) = head::to_origin(parts, scheme) else {
            return self.refuse(&Refused::By(Refusal::Target), respond).await;
        };
        let waiting = timeout(session.shared.settings.timeouts.answer, session.origin.sender(session));
        let waited = tokio::select! {
            waited = waiting => waited,
            fault = reset(&mut respond) => return self.broken(Broken::Client(fault), respond).await,
        };
        let mut sender = match waited {
            Ok(Ok(sender)) => sender,
            Ok(Err(unavailable)) if unavailable.speaks_http1 => {
                session.journal.fail(self.id, unavailable.failure);
                return respond.send_reset(Reason::HTTP_1_1_REQUIRED);
            }
            Ok(Err(unavailable)) => return self.fail(unavailable.failure, respond).await,
            Err(_) => return self.broken(Broken::Silent, respond).await,
        };
        let whole = body.is_end_stream();
        let (answer, sending) = match sender.send_request(request, whole) {
            Ok(sent) => sent,
            Err(error) => return self.broken(Broken::Origin(Fault::of(&error)), respond).await,
        };
        let broken = self.both(body, sending, whole, answer, &mut respond).await.err();
        if let Some(broken) = broken {
            return self.broken(broken, respond).await;
        }
        if !self.sent.load(Ordering::Relaxed) {
            // Answered, and the rest of the request is not wanted: it has no end. The library says so to the
            // client (NO_ERROR) when the answer is written.
            let message = "the origin has answered and takes no more of the request";
            session.journal.fail(self.id, upstream(Phase::Send, FailureKind::Closed, message));
        }
        session.journal.close(self.id);
    }

    /// Both directions, until both are over or one is broken.
    async fn both(
        &self,
        body: RecvStream,
        sending: SendStream<Bytes>,
        whole: bool,
        answer: ResponseFuture,
        respond: &mut SendResponse<Bytes>,
    ) -> Result<(), Broken> {
        let (mut sent, mut answered) = (whole, false);
        let mut up = std::pin::pin!(self.send(body, sending, whole));
        let mut down = std::pin::pin!(self.answer(answer, respond));
        while !(sent && answered) {
            tokio::select! {
                biased;
                done = &mut down, if !answered => {
                    done?;
                    answered = true;
                }
                done = &mut up, if !sent => {
                    done?;
                    sent = true;
                }
            }
        }
        Ok(())
    }

    /// Sends the request's content. What the origin does to it shows in its answer.
    async fn send(
        &self,
        body: RecvStream,
        mut sending: SendStream<Bytes>,
        whole: bool,
    ) -> Result<(), Broken> {
        if whole {
            return Ok(());
        }
        match copy(body, &mut sending, &Sent(self), &self.silence).await {
            Err(Side::From(fault)) => {
                sending.send_reset(fault.reason);
                Err(Broken::Client(fault))
            }
            Ok(()) | Err(Side::To(_)) => Ok(()),
        }
    }

    /// Gives the origin's answer to the client.
    async fn answer(
        &self,
        mut answer: ResponseFuture,
        respond: &mut SendResponse<Bytes>,
    ) -> Result<(), Broken> {
        let Session { shared, journal, .. } = &*self.session;
        let exchange = self.id;
        let head = async {
            loop {
                match poll_fn(|cx| poll_answer(cx, &mut answer, respond)).await? {
                    Next::Answer(answer) => return Ok(answer),
                    Next::Interim(interim) => {
                        let status = interim.status().as_u16();
                        journal.note(exchange, Event::Interim { exchange, status });
                        let (parts, ()) = interim.into_parts();
                        // A client that is gone shows in the final answer.
                        let _ = respond.send_informational(head::to_client(&parts));
                    }
                }
            }
        };
        let answered = timeout(shared.settings.timeouts.answer, head).await;
        let (parts, body) = answered.map_err(|_| Broken::Silent)??.into_parts();
        journal.reach(exchange, Phase::Receive);
        let head = head::recorded_response(&parts);
        journal.note(exchange, Event::Response { exchange, at: Timestamp::now(), head });
        let ended = body.is_end_stream();
        if ended {
            self.end_response(Bytes::new());
        }
        self.flush_due().await;
        self.answering.store(true, Ordering::Relaxed);
        let gone = |error| Broken::Client(Fault::of(&error));
        let mut stream = respond.send_response(head::to_client(&parts), ended).map_err(gone)?;
        if ended {
            return Ok(());
        }
        copy(body, &mut stream, &Answered(self), &self.silence).await.map_err(|side| match side {
            Side::From(fault) => Broken::Origin(fault),
            Side::To(fault) => Broken::Client(fault),
        })
    }

    /// The exchange has no good end: the client sees the same as without samewire, and it is recorded.
    async fn broken(&self, broken: Broken, mut respond: SendResponse<Bytes>) {
        let journal = &self.session.journal;
        let phase = journal.phase(self.id).unwrap_or(Phase::Wait);
        let origin = self.session.tunnel.to.to_text();
        match broken {
            Broken::Client(fault) => {
                journal.fail(self.id, client(phase, fault.kind, format!("the client {}", fault.words)));
                respond.send_reset(fault.reason);
            }
            Broken::Silent => {
                let message = format!("{origin} does not answer");
                self.fail(upstream(Phase::Wait, FailureKind::TimedOut, message), respond).await;
            }
            Broken::Origin(fault) => {
                let failure = upstream(phase, fault.kind, format!("{origin} {}", fault.words));
                let answering = self.answering.load(Ordering::Relaxed);
                if !answering && fault.kind == FailureKind::Malformed {
                    return self.fail(failure, respond).await;
                }
                journal.fail(self.id, failure);
                if answering {
                    // A reset overtakes what is queued: the connection gets its turn to write that first.
                    tokio::task::yield_now().await;
                    tokio::task::yield_now().await;
                }
                respond.send_reset(fault.reason);
            }
        }
    }

    /// Answers in the origin's place, because it could not be had.
    async fn fail(&self, failure: RawFailure, respond: SendResponse<Bytes>) {
        let (status, message) = (answer::status_of(&failure), failure.message.clone());
        self.session.journal.fail(self.id, failure);
        self.session.journal.flush().await;
        reply(status, &message, respond);
    }

    /// Answers a request that samewire does not forward.
    async fn refuse(&self, refused: &Refused, respond: SendResponse<Bytes>) {
        let (status, kind, message) = match refused {
            Refused::By(refusal) => (StatusCode::BAD_REQUEST, FailureKind::Malformed, refusal.to_string()),
            Refused::TooLarge => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                FailureKind::TooLarge,
                "the head is too large".to_owned(),
            ),
        };
        self.session.journal.fail(self.id, client(Phase::Head, kind, &*message));
        self.session.journal.flush().await;
        reply(status, &message, respond);
    }

    fn end_request(&self, trailers: Bytes) {
        let (exchange, journal) = (self.id, &self.session.journal);
        journal.end_request(exchange, trailers);
        journal.reach(exchange, Phase::Wait);
        self.sent.store(true, Ordering::Relaxed);
    }

    /// The exchange itself ends when the request has ended, too.
    fn end_response(&self, trailers: Bytes) {
        let (exchange, journal) = (self.id, &self.session.journal);
        journal.end_response(exchange, trailers);
        if self.sent.load(Ordering::Relaxed) {
            journal.close(exchange);
        }
    }

    async fn flush_due(&self) {
        if self.session.journal.is_due() {
            self.session.journal.flush().await;
        }
    }
}

/// Tells a request's content.
struct Sent<'a>(&'a Exchange);

impl Listener for Sent<'_> {
    async fn data(&self, data: Bytes) {
        let exchange = self.0.id;
        self.0.session.journal.request_data(exchange, data, None);
        self.0.flush_due().await;
    }

    async fn end(&self, trailers: Bytes) {
        self.0.end_request(trailers);
        self.0.flush_due().await;
    }
}

/// Tells an answer's content.
struct Answered<'a>(&'a Exchange);

impl Listener for Answered<'_> {
    async fn data(&self, data: Bytes) {
        let exchange = self.0.id;
        self.0.session.journal.response_data(exchange, data, None);
        self.0.flush_due().await;
    }

    async fn end(&self, trailers: Bytes) {
        self.0.end_response(trailers);
        self.0.flush_due().await;
    }
}

/// The next head from the origin, unless the client resets the stream first.
fn poll_answer(
    cx: &mut Context<'_>,
    answer: &mut ResponseFuture,
    respond: &mut SendResponse<Bytes>,
) -> Poll<Result<Next, Broken>> {
    if let Poll::Ready(fault) = poll_reset(cx, respond) {
        return Poll::Ready(Err(Broken::Client(fault)));
    }
    let lost = |error| Broken::Origin(Fault::of(&error));
    if let Poll::Ready(Some(interim)) = answer.poll_informational(cx) {
        return Poll::Ready(interim.map(Next::Interim).map_err(lost));
    }
    Pin::new(answer).poll(cx).map(|answered| answered.map(Next::Answer).map_err(lost))
}

fn poll_reset(cx: &mut Context<'_>, respond: &mut SendResponse<Bytes>) -> Poll<Fault> {
    respond.poll_reset(cx).map(|reset| match reset {
        Ok(reason) => Fault::reset(reason),
        Err(error) => Fault::of(&error),
    })
}

/// Waits for the client to reset the stream.
async fn reset(respond: &mut SendResponse<Bytes>) -> Fault {
    poll_fn(|cx| poll_reset(cx, respond)).await
}

/// An answer of samewire's own.
fn reply(status: StatusCode, message: &str, mut respond: SendResponse<Bytes>) {
    let text = answer::text(message);
    let mut response = Response::new(());
    *response.status_mut() = status;
    *response.version_mut() = Version::HTTP_2;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(CONTENT_LENGTH, text.len().into());
    let sent = respond.send_response(response, false).and_then(|mut body| body.send_data(text.into(), true));
    if let Err(error) = sent {
        tracing::debug!(%error, "a client is gone before its answer");
    }
}
