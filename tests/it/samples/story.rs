//! A run as a sample tells it: what it was given, what it put on the wire, what it said.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use samewire::model::{FailureKind, Fidelity, Handshake, Leg, Phase, Side, Stream, Timings};
use samewire::redact::{
    RawBody, RawConnection, RawExchange, RawFailure, RawHello, RawKind, RawMessage, RawOutcome,
};

/// The API that every sample calls.
pub(super) const HOST: &str = "api.example.com";

/// One run.
#[derive(Clone, Default)]
pub(super) struct Story {
    pub(super) command: Vec<String>,
    pub(super) files: Vec<(&'static str, String)>,
    pub(super) output: Vec<(Stream, String)>,
    pub(super) exit: i32,
    sent: Vec<Sent>,
    broken: Vec<(RawKind, Option<RawFailure>)>,
}

impl Story {
    /// A run of this command, its words separated by blanks.
    pub(super) fn of(command: &str) -> Self {
        Self { command: command.split(' ').map(str::to_owned).collect(), ..Self::default() }
    }

    /// A file in its working folder.
    pub(super) fn file(mut self, path: &'static str, text: impl Into<String>) -> Self {
        self.files.push((path, text.into()));
        self
    }

    /// It sends a request.
    pub(super) fn sends(mut self, sent: Sent) -> Self {
        self.sent.push(sent);
        self
    }

    /// It sends a request again and again.
    pub(super) fn sends_times(mut self, times: usize, sent: &Sent) -> Self {
        self.sent.extend(std::iter::repeat_n(sent.clone(), times));
        self
    }

    /// It prints a line.
    pub(super) fn says(mut self, line: &str) -> Self {
        self.output.push((Stream::Stdout, line.to_owned()));
        self
    }

    /// It prints lines on standard error.
    pub(super) fn complains(mut self, lines: &str) -> Self {
        self.output.extend(lines.lines().map(|line| (Stream::Stderr, line.to_owned())));
        self
    }

    /// It ends with this code.
    pub(super) fn exits(mut self, code: i32) -> Self {
        self.exit = code;
        self
    }

    /// A connection breaks off in the handshake with samewire.
    pub(super) fn breaks_off(mut self, handshake: Handshake) -> Self {
        self.broken.push((tls(HOST, handshake), None));
        self
    }

    /// The upstream of a CONNECT cannot be had.
    pub(super) fn cannot_reach(mut self, phase: Phase, kind: FailureKind) -> Self {
        self.broken.push((RawKind::Unused, Some(failure(Leg::Upstream, phase, kind))));
        self
    }

    /// What the data path would have told of it.
    pub(super) fn wire(&self, side: Side) -> (Vec<RawConnection>, Vec<RawExchange>) {
        let start = start(side);
        let mut connections: Vec<RawConnection> = Vec::new();
        let mut exchanges = Vec::new();
        for (number, sent) in (1..).zip(&self.sent) {
            let at = start + SignedDuration::from_millis(200 * i64::from(number));
            let place = connections
                .iter()
                .position(|known| known.authority.as_deref() == Some(&sent.authority))
                .unwrap_or_else(|| {
                    connections.push(connection(count(&connections), at, &sent.authority, sent.kind(), None));
                    connections.len() - 1
                });
            let connection = connections[place].number;
            let index =
                1 + count(exchanges.iter().filter(|known: &&RawExchange| known.connection == connection)) - 1;
            exchanges.push(sent.raw(number, connection, index, at));
        }
        for (kind, failure) in &self.broken {
            let number = count(&connections);
            connections.push(connection(
                number,
                start,
                &format!("{HOST}:443"),
                kind.clone(),
                failure.clone(),
            ));
        }
        (connections, exchanges)
    }
}

/// When a side's run begins: always the same, so that the samples never change by themselves.
pub(super) fn start(side: Side) -> Timestamp {
    let minute = match side {
        Side::Sandbox => "2026-01-15T10:00:00Z",
        Side::Runtime => "2026-01-15T10:05:00Z",
    };
    minute.parse().expect("a timestamp")
}

fn count(things: impl IntoIterator) -> u32 {
    u32::try_from(things.into_iter().count()).expect("few") + 1
}

fn connection(
    number: u32,
    at: Timestamp,
    authority: &str,
    kind: RawKind,
    failure: Option<RawFailure>,
) -> RawConnection {
    let upstream = failure.is_none().then(|| "192.0.2.7:443".to_owned());
    let authority = Some(authority.to_owned());
    RawConnection {
        number,
        opened_at: at,
        authority,
        kind,
        upstream,
        dials: Vec::new(),
        refused: Vec::new(),
        failure,
    }
}

fn tls(host: &str, handshake: Handshake) -> RawKind {
    let version = (handshake == Handshake::Completed).then(|| "TLSv1.3".to_owned());
    let (server_name, alpn) = (Some(host.to_owned()), vec![b"http/1.1".to_vec()]);
    let hello = Box::new(RawHello { server_name, alpn, ..RawHello::default() });
    RawKind::Tls { hello, version, protocol: None, handshake }
}

fn failure(leg: Leg, phase: Phase, kind: FailureKind) -> RawFailure {
    RawFailure { leg, phase, kind, message: format!("{HOST}: {kind}") }
}

/// One request and what came of it.
#[derive(Clone)]
pub(super) struct Sent {
    method: &'static str,
    scheme: &'static str,
    authority: String,
    target: String,
    version: &'static str,
    fields: Vec<(String, String)>,
    body: String,
    outcome: Came,
}

#[derive(Clone)]
enum Came {
    Answer { status: u16, fields: Vec<(String, String)>, body: String },
    Failure(Leg, Phase, FailureKind),
}

/// `GET` as the Airbyte CDK sends it, answered with a record.
pub(super) fn get(target: &str) -> Sent {
    request("GET", target)
}

/// `POST` with a JSON body.
pub(super) fn post(target: &str, body: &str) -> Sent {
    request("POST", target).body("application/json", body)
}

/// Any method.
pub(super) fn request(method: &'static str, target: &str) -> Sent {
    let fields = [
        ("User-Agent", "python-requests/2.34.0"),
        ("Accept-Encoding", "gzip, deflate"),
        ("Accept", "application/json"),
        ("Connection", "keep-alive"),
    ];
    Sent {
        method,
        scheme: "https",
        authority: format!("{HOST}:443"),
        target: target.to_owned(),
        version: "HTTP/1.1",
        fields: owned(&fields),
        body: String::new(),
        outcome: Came::Answer {
            status: 200,
            fields: owned(&[("Content-Type", "application/json")]),
            body: "{\"data\":[{\"id\":1}]}".to_owned(),
        },
    }
}

fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

impl Sent {
    /// With one field more, or another value of a field that it has.
    pub(super) fn field(mut self, name: &str, value: &str) -> Self {
        match self.fields.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some(field) => *field = (name.to_owned(), value.to_owned()),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// With a field line more, whether or not there is one of that name.
    pub(super) fn also(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a Bearer token.
    pub(super) fn bearer(self, token: &str) -> Self {
        self.field("Authorization", &format!("Bearer {token}"))
    }

    /// With this content.
    pub(super) fn body(mut self, media_type: &str, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self.field("Content-Type", media_type).field("Content-Length", &body.len().to_string())
    }

    /// To another host.
    pub(super) fn to(mut self, scheme: &'static str, host: &str, port: u16) -> Self {
        self.scheme = scheme;
        self.authority = format!("{host}:{port}");
        self
    }

    /// In another version of HTTP.
    pub(super) fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// Answered with this status and JSON.
    pub(super) fn answered(self, status: u16, body: &str) -> Self {
        self.answered_with(status, &[("Content-Type", "application/json")], body)
    }

    /// Answered with these fields.
    pub(super) fn answered_with(mut self, status: u16, fields: &[(&str, &str)], body: &str) -> Self {
        self.outcome = Came::Answer { status, fields: owned(fields), body: body.to_owned() };
        self
    }

    /// Answered 403.
    pub(super) fn refused(self) -> Self {
        self.answered(403, "{\"message\":\"Forbidden\"}")
    }

    /// Answered 401.
    pub(super) fn unauthorized(self) -> Self {
        self.answered(401, "{\"message\":\"Unauthorized\"}")
    }

    /// Sent elsewhere.
    pub(super) fn redirected(self, status: u16, location: &str) -> Self {
        self.answered_with(status, &[("Location", location)], "")
    }

    /// Not answered.
    pub(super) fn fails(mut self, leg: Leg, phase: Phase, kind: FailureKind) -> Self {
        self.outcome = Came::Failure(leg, phase, kind);
        self
    }

    fn host(&self) -> &str {
        self.authority.rsplit_once(':').map_or(self.authority.as_str(), |(host, _)| host)
    }

    fn kind(&self) -> RawKind {
        if self.scheme == "https" { tls(self.host(), Handshake::Completed) } else { RawKind::Plain }
    }

    fn raw(&self, number: u32, connection: u32, index: u32, started_at: Timestamp) -> RawExchange {
        let (target, host, tunnel) = if self.scheme == "https" {
            (self.target.clone(), self.host().to_owned(), Some(self.authority.clone()))
        } else {
            (format!("http://{}{}", self.authority, self.target), self.authority.clone(), None)
        };
        let start_line = format!("{} {target} {}", self.method, self.version);
        let mut fields = owned(&[("Host", &host)]);
        fields.extend(self.fields.iter().cloned());
        let (outcome, answered) = match &self.outcome {
            Came::Answer { status, fields, body } => {
                let mut fields = fields.clone();
                fields.push(("Content-Length".to_owned(), body.len().to_string()));
                (
                    RawOutcome::Answered(message(
                        &format!("HTTP/1.1 {status} {}", reason(*status)),
                        &fields,
                        body,
                    )),
                    Some(90.0),
                )
            }
            Came::Failure(leg, phase, kind) => (RawOutcome::Failed(failure(*leg, *phase, *kind), None), None),
        };
        RawExchange {
            number,
            connection,
            index,
            started_at,
            timings: Timings { sent: Some(1.0), answered, ended: Some(100.0) },
            scheme: self.scheme,
            authority: tunnel,
            fidelity: Fidelity::Wire,
            request: message(&start_line, &fields, &self.body),
            interim: Vec::new(),
            websocket: None,
            outcome,
        }
    }
}

fn message(start_line: &str, fields: &[(String, String)], body: &str) -> RawMessage {
    let mut head = format!("{start_line}\r\n");
    for (name, value) in fields {
        head.extend([name.as_str(), ": ", value.as_str(), "\r\n"]);
    }
    head.push_str("\r\n");
    let body = RawBody {
        bytes: Bytes::from(body.to_owned()),
        length: body.len() as u64,
        digest: None,
        complete: true,
        trailers: Bytes::new(),
        ..RawBody::default()
    };
    RawMessage { head: Bytes::from(head), body }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        302 => "Found",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        415 => "Unsupported Media Type",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        _ => "Status",
    }
}
