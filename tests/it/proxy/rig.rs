//! A proxy on a free port, origins made of closures, and what the recorder was told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use samewire::model::{Fidelity, Side};
use samewire::proxy::{Admission, Authority, Lane, Lanes, Listener, Proxy, Settings, Timeouts};
use samewire::record::{Event, Events, ExchangeId, Whole, queue};
use samewire::redact::RawFailure;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

pub(super) struct Rig {
    pub(super) address: SocketAddr,
    pub(super) authority: Arc<Authority>,
    pub(super) events: Events,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

pub(super) fn settings() -> Settings {
    let timeouts = Timeouts {
        connect: Duration::from_secs(5),
        grace: Duration::from_millis(500),
        proceed: Duration::from_millis(300),
        // So that connections rest wherever a test lets them.
        rest: Duration::from_millis(1),
        ..Timeouts::default()
    };
    Settings { timeouts, ..Settings::default() }
}

pub(super) fn listener() -> Listener {
    let lane = Lane { side: Side::Runtime, by_user: false };
    Listener { addr: ([127, 0, 0, 1], 0).into(), lane, admission: Admission::Anyone }
}

pub(super) async fn start() -> Rig {
    start_with(settings(), 1024).await
}

pub(super) async fn start_with(settings: Settings, room: usize) -> Rig {
    start_keeping(usize::MAX, settings, room).await
}

/// Of each body as many bytes are told.
pub(super) async fn start_keeping(body_limit: usize, settings: Settings, room: usize) -> Rig {
    let authority = Arc::new(Authority::new().unwrap());
    let proxy = Proxy::bind(vec![listener()], settings, Arc::clone(&authority)).unwrap();
    let address = proxy.addresses()[0];
    let (sender, events) = queue(room, body_limit);
    let (stop, stopped) = oneshot::channel::<()>();
    let lanes = Lanes::one(Side::Runtime, sender);
    let served = tokio::spawn(proxy.serve(lanes, async {
        let _ = stopped.await;
    }));
    Rig { address, authority, events, stop, served }
}

impl Rig {
    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes, reads to the connection's end.
    pub(super) async fn send(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        answer
    }

    /// Asks for a tunnel; gives the stream in it.
    pub(super) async fn tunnel(&self, authority: &str) -> TcpStream {
        let mut stream = self.connect().await;
        let ask = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
        stream.write_all(ask.as_bytes()).await.unwrap();
        let answer = read_head(&mut stream).await;
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        stream
    }

    /// Stops the proxy and gives all that was told.
    pub(super) async fn finish(mut self) -> Vec<Event> {
        let _ = self.stop.send(());
        let mut events = Vec::new();
        let all = async {
            while let Some(event) = self.events.recv().await {
                events.push(event);
            }
        };
        tokio::time::timeout(Duration::from_secs(10), all).await.expect("senders are dropped when it ends");
        self.served.await.unwrap();
        events
    }

    pub(super) async fn exchanges(self) -> Vec<Told> {
        told(&self.finish().await)
    }
}

/// One exchange as the recorder could put it together.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) head: String,
    pub(super) scheme: &'static str,
    pub(super) authority: Option<String>,
    pub(super) desync: Option<String>,
    pub(super) body: Vec<u8>,
    pub(super) request_ended: bool,
    pub(super) request_trailers: String,
    pub(super) interim: Vec<u16>,
    pub(super) answer: Option<String>,
    pub(super) content: Vec<u8>,
    /// Of the request and of the answer, where they go beyond the limit.
    pub(super) wholes: [Option<Whole>; 2],
    pub(super) trailers: String,
    pub(super) ended: bool,
    pub(super) failure: Option<RawFailure>,
}

pub(super) fn told(events: &[Event]) -> Vec<Told> {
    let mut ids: Vec<ExchangeId> = Vec::new();
    let mut all: Vec<Told> = Vec::new();
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    for event in events {
        if let Event::Request { exchange, head, scheme, authority, fidelity, .. } = event {
            ids.push(*exchange);
            let desync = if let Fidelity::Desync(how) = fidelity { Some(how.clone()) } else { None };
            let (head, authority) = (text(head), authority.clone());
            all.push(Told { head, scheme, authority, desync, ..Told::default() });
            continue;
        }
        let id = match event {
            Event::RequestData { exchange, .. }
            | Event::RequestRest { exchange, .. }
            | Event::ResponseRest { exchange, .. }
            | Event::RequestEnd { exchange, .. }
            | Event::Interim { exchange, .. }
            | Event::Response { exchange, .. }
            | Event::ResponseData { exchange, .. }
            | Event::ResponseEnd { exchange, .. }
            | Event::Failed { exchange, .. } => *exchange,
            _ => continue,
        };
        let told = &mut all[ids.iter().position(|own| *own == id).expect("a request comes first")];
        // Over HTTP/2 a request may go on after its answer.
        let of_request =
            matches!(event, Event::RequestData { .. } | Event::RequestRest { .. } | Event::RequestEnd { .. });
        assert!(told.failure.is_none() && (!told.ended || of_request), "nothing follows the end");
        match event {
            Event::RequestData { data, .. } => told.body.extend_from_slice(data),
            Event::RequestEnd { trailers, .. } => {
                told.request_ended = true;
                told.request_trailers = text(trailers);
            }
            Event::RequestRest { whole, .. } => told.wholes[0] = Some(whole.clone()),
            Event::ResponseRest { whole, .. } => told.wholes[1] = Some(whole.clone()),
            Event::Interim { status, .. } => told.interim.push(*status),
            Event::Response { head, .. } => told.answer = Some(text(head)),
            Event::ResponseData { data, .. } => told.content.extend_from_slice(data),
            Event::ResponseEnd { trailers, .. } => {
                told.ended = true;
                told.trailers = text(trailers);
            }
            Event::Failed { failure, .. } => told.failure = Some(failure.clone()),
            _ => {}
        }
    }
    all
}

/// Reads a head, byte by byte.
pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
        let mut byte = [0];
        match stream.read(&mut byte).await {
            Ok(1) => head.push(byte[0]),
            _ => break,
        }
    }
    head
}

pub(super) async fn read_exactly(stream: &mut (impl AsyncRead + Unpin), length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await.unwrap();
    bytes
}

/// An origin: every connection is given to the closure.
pub(crate) async fn start_origin<F, R>(serve: F) -> SocketAddr
where
    F: Fn(TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    // Many may come at once.
    let socket = socket.listen(4096).unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = socket.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// An origin that tells the heads it got and answers each with these bytes.
pub(super) async fn answering(answer: &'static [u8]) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let (sender, heads) = mpsc::unbounded_channel();
    let address = start_origin(move |mut stream| {
        let sender = sender.clone();
        async move {
            loop {
                let head = read_head(&mut stream).await;
                if head.is_empty() {
                    return;
                }
                let _ = sender.send(String::from_utf8_lossy(&head).into_owned());
                if stream.write_all(answer).await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    (address, heads)
}

pub(crate) const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
