//! The page's server over real sockets: who gets in, what every answer says of itself, and readers that do not read.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use samewire::proxy::Credential;
use samewire::report::{LivePage, Part};
use samewire::ui::{Board, Server};
use tokio::sync::oneshot;

/// As many pages may be open at a time.
const CONNECTIONS: usize = 32;

/// A page that is served.
struct Served {
    addr: SocketAddr,
    /// `/TOKEN/`.
    path: String,
    /// `/CODE`, which leads there once.
    opening: String,
    board: Arc<Board>,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
}

fn page(version: u64, part: &str) -> LivePage {
    LivePage {
        version,
        policy: "default-src 'none'".to_owned(),
        title: format!("<title>{version}</title>"),
        html: format!("page {version} {part}"),
        parts: vec![Part { id: "part".to_owned(), html: part.to_owned() }],
        pairs: 0,
    }
}

impl Served {
    fn start(first: LivePage) -> Self {
        let board = Arc::new(Board::new(first));
        let shown = Arc::clone(&board);
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let serving = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let addr = (Ipv4Addr::LOCALHOST, 0).into();
                let mut server = Server::bind(addr, Credential::random().unwrap()).await.unwrap();
                let opening = server.url_for_once(Credential::random().unwrap());
                tell.send((server.address(), server.url(), opening)).unwrap();
                server.serve(&shown, async { drop(stopped.await) }).await;
            });
        });
        let (addr, url, opening): (SocketAddr, String, String) = told.recv().unwrap();
        let [path, opening] =
            [url, opening].map(|url| url.strip_prefix(&format!("http://{addr}")).unwrap().to_owned());
        Self { addr, path, opening, board, stop: Some(stop), serving: Some(serving) }
    }

    /// Sends a request head, as far as it is taken. Whoever waits longer than a minute for an answer fails.
    fn sent(&self, method: &str, target: &str, fields: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.addr).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let _ = write!(stream, "{method} {target} HTTP/1.1\r\n{fields}\r\n");
        stream
    }

    /// The whole answer to a request of the page itself.
    fn answer(&self, target: &str) -> String {
        self.asked("GET", target, &format!("Host: {}\r\n", self.addr))
    }

    fn asked(&self, method: &str, target: &str, fields: &str) -> String {
        let mut answer = String::new();
        self.sent(method, target, fields).read_to_string(&mut answer).unwrap();
        answer
    }

    /// The events' lines, from the first one on.
    fn events(&self) -> BufReader<TcpStream> {
        let stream = self.sent("GET", &format!("{}events", self.path), &format!("Host: {}\r\n", self.addr));
        let mut reader = BufReader::new(stream);
        assert_eq!(line(&mut reader), "HTTP/1.1 200 OK");
        reader
    }

    fn end(&mut self) {
        drop(self.stop.take());
        self.serving.take().unwrap().join().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if self.serving.is_some() {
            self.end();
        }
    }
}

fn line(reader: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    assert!(reader.read_line(&mut line).unwrap() > 0, "it ended");
    line.trim_end().to_owned()
}

/// Reads until an event of this version has come; says how many came before it.
fn heard(reader: &mut BufReader<TcpStream>, version: u64) -> usize {
    let data = |line: String| line.strip_prefix("data: ").map(|version| version.parse::<u64>().unwrap());
    std::iter::from_fn(|| Some(line(reader))).filter_map(data).take_while(|told| *told < version).count()
}

#[test]
fn only_the_page_s_own_requests_are_answered() {
    let served = Served::start(page(1, "secret"));
    let own = format!("Host: {}\r\n", served.addr);
    let port = served.addr.port();
    let path = served.path.as_str();
    for (method, target, fields, status) in [
        ("GET", path, own.clone(), 200),
        ("GET", path, format!("Host: localhost:{port}\r\n"), 200),
        // A name of somebody else's that leads here.
        ("GET", path, format!("Host: rebound.example:{port}\r\n"), 421),
        ("GET", path, format!("Host: localhost.rebound.example:{port}\r\n"), 421),
        ("GET", path, format!("{own}Host: rebound.example\r\n"), 421),
        ("GET", path, format!("{own}Origin: http://rebound.example\r\n"), 403),
        ("GET", path, format!("{own}Origin: null\r\n"), 403),
        ("GET", path, format!("{own}Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n"), 403),
        ("GET", path, format!("{own}Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\n"), 403),
        ("POST", path, format!("{own}Content-Length: 0\r\n"), 405),
        ("OPTIONS", path, own.clone(), 405),
        ("HEAD", path, own.clone(), 405),
        ("GET", "/", own.clone(), 404),
        ("GET", "/events", own.clone(), 404),
        ("GET", "/AAAAAAAAAAAAAAAAAAAAAA/", own.clone(), 404),
        ("GET", &path[..path.len() - 1], own.clone(), 404),
        ("GET", &format!("{path}captures/"), own.clone(), 404),
        ("GET", &format!("{path}../"), own.clone(), 404),
    ] {
        let answer = served.asked(method, target, &fields);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{method} {target} {fields}: {answer}");
        assert_eq!(answer.contains("secret"), status == 200, "{answer}");
        let head = answer.split("\r\n\r\n").next().unwrap();
        for field in [
            "cache-control: no-store",
            "referrer-policy: no-referrer",
            "x-content-type-options: nosniff",
            "x-frame-options: DENY",
            "cross-origin-opener-policy: same-origin",
            "cross-origin-resource-policy: same-origin",
            "cross-origin-embedder-policy: require-corp",
            "frame-ancestors 'none'",
        ] {
            assert!(head.contains(field), "{status} has no {field}: {head}");
        }
        assert!(!head.contains("access-control-"), "{head}");
    }
}

#[test]
fn a_code_leads_to_the_page_once() {
    let served = Served::start(page(1, "one"));
    assert!(served.answer("/AAAAAAAAAAAAAAAAAAAAAA").starts_with("HTTP/1.1 404 "));
    let led = served.answer(&served.opening);
    assert!(
        led.starts_with("HTTP/1.1 303 ") && led.contains(&format!("location: {}\r\n", served.path)),
        "{led}"
    );
    assert!(served.answer(&served.opening).starts_with("HTTP/1.1 404 "));
}

#[test]
fn it_listens_on_loopback_only() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let addr = "0.0.0.0:0".parse().unwrap();
    let refused = runtime.block_on(Server::bind(addr, Credential::random().unwrap())).err().unwrap();
    assert!(refused.to_string().contains("ssh -L"), "{refused}");
}

#[test]
fn changes_are_told_and_asked_for() {
    let mut served = Served::start(page(1, "<p>one"));
    let mut events = served.events();
    assert_eq!(heard(&mut events, 1), 0);
    served.board.show(page(2, "<p>two"));
    assert_eq!(heard(&mut events, 2), 0);
    let changes = served.answer(&format!("{}changes?since=1", served.path));
    assert!(changes.contains("data-version=\"2\"") && changes.ends_with("<p>two\n"), "{changes}");
    let none = served.answer(&format!("{}changes?since=2", served.path));
    assert!(!none.contains("<p>"), "{none}");
    served.end();
    let mut rest = String::new();
    events.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("event: end"), "{rest}");
}

/// Who does not read holds up neither the drawing nor others, and hears of the newest page only.
#[test]
fn a_slow_reader_hears_of_the_newest() {
    const VERSIONS: u64 = 200_000;
    let served = Served::start(page(1, "one"));
    let mut slow = served.events();
    assert_eq!(heard(&mut slow, 1), 0);
    for version in 2..=VERSIONS {
        served.board.show(page(version, &version.to_string()));
    }
    let mut other = served.events();
    assert_eq!(heard(&mut other, VERSIONS), 0, "a new page begins with the newest");
    assert!(served.answer(&served.path).contains(&format!("page {VERSIONS} ")));
    assert!(heard(&mut slow, VERSIONS) < 100_000, "what nobody reads is not kept");
}

#[test]
fn pages_beyond_the_bound_are_turned_away_until_one_goes() {
    let served = Served::start(page(1, "one"));
    let mut open: Vec<_> = (0..CONNECTIONS).map(|_| served.events()).collect();
    let mut refused = served.sent("GET", &served.path, &format!("Host: {}\r\n", served.addr));
    let mut answer = Vec::new();
    // Closed without an answer; with the request unread that may be a reset.
    let _ = refused.read_to_end(&mut answer);
    assert!(answer.is_empty());
    drop(open.pop());
    // That one has gone is known when it has been told something.
    for version in 2.. {
        served.board.show(page(version, &version.to_string()));
        heard(&mut open[0], version);
        let mut stream = served.sent("GET", &served.path, &format!("Host: {}\r\n", served.addr));
        let mut answer = String::new();
        if stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200 ") {
            break;
        }
        assert!(version < 1_000, "its place stays taken");
    }
}
