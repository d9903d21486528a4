//! The corpus over real sockets: an origin that answers with it, clients that send it, and samewire between them.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::plants::{Plant, plants};
use super::search::Search;
use super::{As, answer, messages};

/// What a message may take; nothing in it waits for anybody.
const PATIENCE: Duration = Duration::from_secs(10);

/// How far an answer gets before its connection ends.
#[derive(Clone, Copy)]
pub(super) enum Breaks {
    Never,
    InHead,
    InBody,
}

/// Requests and answers, each with another plant in it.
pub(super) struct Corpus {
    requests: Vec<Vec<u8>>,
    answers: Vec<Vec<u8>>,
    plants: Vec<Plant>,
}

impl Corpus {
    pub(super) fn new(seed: u64) -> Self {
        // A key of several lines is no field's value, and words without a name are no secret for anybody.
        let plants: Vec<Plant> =
            plants(seed).into_iter().filter(|plant| !plant.value.contains('\n')).collect();
        let (mut requests, mut answers) = (Vec::new(), Vec::new());
        for (at, plant) in plants.iter().enumerate() {
            // Each place has two of the plants, and each plant has its share of the places.
            let share = |number: usize| (number + at) % plants.len() < 2;
            for (_, (_, tried, raw, named)) in
                messages(&plant.value).into_iter().enumerate().filter(|(number, _)| share(*number))
            {
                if plant.words && !named {
                    continue;
                }
                if tried != As::Answer {
                    requests.push(sent(&raw.head, &raw.body.bytes));
                }
                if tried != As::Request {
                    let raw = answer(&raw).unwrap();
                    answers.push(sent(&raw.head, &raw.body.bytes));
                }
            }
        }
        Self { requests, answers, plants }
    }

    /// Sends it until the proxy is gone, or until so many answers came.
    pub(super) fn drive(&self, proxy: &str, enough: usize) -> usize {
        let next = AtomicUsize::new(0);
        let came = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while came.load(Ordering::Relaxed) < enough {
                        let Some(request) = self.requests.get(next.fetch_add(1, Ordering::Relaxed)) else {
                            return;
                        };
                        let Ok(bytes) = call(proxy, request) else { return };
                        came.fetch_add(usize::from(bytes > 0), Ordering::Relaxed);
                    }
                });
            }
        });
        came.into_inner()
    }

    /// The first finds in these files.
    pub(super) fn leaks(&self, files: &[PathBuf]) -> Vec<String> {
        let mut search = Search::default();
        for (number, plant) in self.plants.iter().enumerate() {
            search.add(number, plant, false);
        }
        let in_file = |path: &PathBuf| {
            let bytes = fs::read(path).unwrap();
            let (number, encoding, at) = search.find_in_file(&bytes)?;
            let around = bytes.get(at.saturating_sub(80)..(at + 80).min(bytes.len())).unwrap_or_default();
            let around = String::from_utf8_lossy(around);
            let Plant { kind, value, .. } = &self.plants[number];
            Some(format!("{}: {kind}, {encoding}: {around}\n    of {value:?}", path.display()))
        };
        files.iter().filter_map(in_file).collect()
    }
}

/// A message as it goes over the wire, with its length.
fn sent(head: &[u8], body: &[u8]) -> Vec<u8> {
    let head = String::from_utf8_lossy(head).replace("Transfer-Encoding: chunked\r\n", "");
    let head = head.trim_end_matches("\r\n").replacen(" /", " http://api.example.com/", 1);
    let head =
        if head.starts_with("HTTP/") { head.replacen(" http://api.example.com/", " /", 1) } else { head };
    // Without a host a request gets no further than the proxy.
    let hosted = head.starts_with("HTTP/") || head.to_ascii_lowercase().contains("\r\nhost:");
    let host = if hosted { "" } else { "\r\nHost: api.example.com" };
    let head = format!("{head}{host}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// A folder of its own, with samewire's state, captures and temporary files in it.
pub(super) struct Field {
    folder: TempDir,
    origin: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl Field {
    /// Starts an origin that answers with the corpus, one answer after the other, whatever it is asked.
    pub(super) fn new(corpus: &Corpus, breaks: Breaks) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["state", "tmp", "printed", "work"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = listener.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let (answers, count) = (corpus.answers.clone(), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let number = count.fetch_add(1, Ordering::Relaxed);
                let answer = answers[number % answers.len()].clone();
                thread::spawn(move || serve(stream, &answer, breaks));
            }
        });
        Self { folder, origin, asked }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command whose errors and output go into files here.
    pub(super) fn command(&self, program: &str, printed: &str) -> Command {
        let mut command = Command::new(program);
        let file = |end: &str| File::create(self.path(&format!("printed/{printed}.{end}"))).unwrap();
        command
            .current_dir(self.path("work"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("XDG_STATE_HOME", self.path("state"))
            .env("TMPDIR", self.path("tmp"))
            .env("RUST_BACKTRACE", "full")
            .stdin(Stdio::null())
            .stdout(file("out"))
            .stderr(file("err"));
        command
    }

    /// samewire as it says most.
    pub(super) fn samewire(&self, printed: &str, words: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_samewire"), printed);
        command.arg("-vvv").args(words);
        command
    }

    /// The options of a proxy that leads every request to the origin.
    pub(super) fn proxy_options(&self, file: &str) -> Vec<String> {
        let to = format!("::127.0.0.1:{}", self.origin.port());
        [
            "proxy",
            "--force",
            "--listen",
            "127.0.0.1:0",
            "--body-limit",
            "4096",
            "--connect-to",
            &to,
            "-o",
            file,
        ]
        .map(str::to_owned)
        .to_vec()
    }

    /// Starts a proxy by this command, and waits until it listens. `None` where it has ended instead.
    pub(super) fn listening(&self, command: &mut Command, printed: &str) -> Option<(Child, String)> {
        let mut child = command.spawn().unwrap();
        let errors = self.path(&format!("printed/{printed}.err"));
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE * 3 {
            let text = fs::read_to_string(&errors).unwrap();
            let address = text.split("http://").nth(1).and_then(|rest| rest.split_once([',', '\n']));
            if let Some((address, _)) = address {
                return Some((child, address.trim().to_owned()));
            }
            if child.try_wait().unwrap().is_some() {
                return None;
            }
            thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("no proxy listens: {}", fs::read_to_string(&errors).unwrap());
    }

    /// How many connections the origin has had.
    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// Every file that is left.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        walk(self.folder.path(), &mut files);
        files
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => walk(&entry.path(), files),
            kind if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
}

/// Sends a request and returns how much came back.
fn call(proxy: &str, request: &[u8]) -> std::io::Result<usize> {
    let mut stream = TcpStream::connect(proxy)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // A proxy that refuses a request need not read it to its end.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    Ok(answer.len())
}

fn serve(mut stream: TcpStream, answer: &[u8], breaks: Breaks) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (mut request, mut buffer) = (Vec::new(), [0; 8192]);
    while !is_whole(&request) {
        match stream.read(&mut buffer) {
            Ok(count) if count > 0 => request.extend_from_slice(&buffer[..count]),
            _ => return,
        }
    }
    let head = memchr::memmem::find(answer, b"\r\n\r\n").map_or(answer.len(), |at| at + 4);
    let end = match breaks {
        Breaks::Never => answer.len(),
        Breaks::InHead => head - 12,
        Breaks::InBody => head + (answer.len() - head) / 2,
    };
    // Who asked may be gone: it is killed.
    let _ = stream.write_all(&answer[..end]);
    if !matches!(breaks, Breaks::Never) {
        // A connection that is closed with no time to linger is reset.
        rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    }
}

fn is_whole(request: &[u8]) -> bool {
    let Some(head) = memchr::memmem::find(request, b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
    let length =
        text.rsplit("content-length: ").next().and_then(|rest| rest.lines().next()?.trim().parse().ok());
    request.len() >= head + 4 + length.unwrap_or(0_usize)
}
