//! `samewire proxy`

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;

use crate::capture::{self, Writer};
use crate::launch::{self, Loopback, Place, Trust, Way};
use crate::model::{Interception, Reference, Side, Target, Tool};
use crate::proxy::{Authority, BaseUrl, Credential, Lane, Lanes, Listener, Proxy};
use crate::record::{self, Observer, Recorder, Seen, Setup, Summary};
use crate::redact::{Key, Known};
use crate::{report, threads};

use super::ending::Ending;
use super::options::{self, Listen, Recording, Unread};
use super::progress::{Counter, Progress, came_in_words};
use super::state::{self, Listening, Running};
use super::{EXIT_FAILED, descriptors, listening, output, paths, recording};

/// Stand-alone proxy with a port for each side.
///
/// Point `HTTP_PROXY` and `HTTPS_PROXY` of the working run at the first port and those of the failing run at the second;
/// `samewire env SIDE` prints all the variables that clients need. A proxy URL with user and password
/// (`http://runtime:x@127.0.0.1:8877`) names the side as well. Ctrl-C ends it.
///
/// With --reverse it is no proxy: give each run's client the address of its port as the API's base URL.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Record one side only.
    #[arg(long, value_enum, value_name = "SIDE")]
    side: Option<options::Side>,

    /// Stand in the place of this base URL, for clients in which only that can be changed.
    #[arg(long, value_name = "URL")]
    reverse: Option<Unread>,

    /// The capture to write; one side only [default: captures/SIDE-TIME.har for each side].
    #[arg(short, value_name = "FILE", help_heading = "Recording")]
    output: Option<PathBuf>,

    #[command(flatten)]
    recording: Recording,

    /// Address of the first port; the second side gets the port after it [default: 127.0.0.1:8877].
    #[command(flatten)]
    listen: Listen,
}

/// Serves until it is told to stop.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    descriptors::raise();
    let addr = args.listen.listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 8877).into());
    let lanes = lanes(args, addr);
    let key = recording::machine_key()?;
    let mut settings = args.recording.settings()?;
    settings.reverse = args.reverse.as_ref().map(Unread::base_url).transpose()?;
    let reverse = settings.reverse.clone();
    let authority: Arc<Authority> = recording::authority(&args.recording)?;
    if let Some(path) = &args.recording.ca_cert {
        recording::write_certificate(path, &authority)?;
    }
    let folder = state::folder()?;
    state::prepare(&folder)?;
    recording::write_certificate(&folder.join("ca.pem"), &authority)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let single = lanes.len() == 1;
        let admission = listening::admission(addr, None)?;
        let listeners = lanes.iter().map(|(side, addr)| {
            let lane = Lane { side: *side, by_user: !single };
            Listener { addr: *addr, lane, admission: admission.clone() }
        });
        let proxy = Proxy::bind(listeners.collect(), settings, Arc::clone(&authority))?;
        // Reading all of the system's certificates takes longer than all the rest: clients can connect meanwhile.
        let parent = folder.clone();
        let preparing = tokio::task::spawn_blocking(move || {
            let inherited = |name: &str| std::env::var_os(name);
            threads::apart(|| Trust::prepare(authority.certificate_pem(), &parent, inherited))
        });
        let sides: Vec<Side> = lanes.iter().map(|(side, _)| *side).collect();
        let progress = Progress::of_recording(&sides);
        let mut senders = Lanes::default();
        let mut recordings = Vec::new();
        for (side, _) in &lanes {
            let (sender, opened) = open(
                *side,
                args,
                key.clone(),
                reverse.as_ref().map(|base| (base, admission.credential())),
                &progress,
            )?;
            match side {
                Side::Sandbox => senders.sandbox = Some(sender),
                Side::Runtime => senders.runtime = Some(sender),
            }
            recordings.push(opened);
        }
        let trust = preparing.await??;
        let files = trust.files().folder().to_owned();
        // Containers read the certificates as another user.
        trust.share().with_context(|| format!("cannot open the folder {} to others", files.display()))?;
        let running = Running {
            pid: i32::try_from(std::process::id()).unwrap_or_default(),
            folder: files,
            listeners: lanes
                .iter()
                .zip(proxy.addresses())
                .map(|((side, _), address)| match &reverse {
                    Some(_) => in_place(*side, address, admission.credential()),
                    None => listener(*side, address, admission.credential(), &trust),
                })
                .collect(),
        };
        running.write(&folder)?;
        for (listening, opened) in running.listeners.iter().zip(&recordings) {
            output::note(&greeting(listening, opened));
        }
        output::note(if reverse.is_some() {
            "samewire: give each run's client its base URL; Ctrl-C ends the recording"
        } else {
            "samewire: `samewire env SIDE` prints what a client needs; Ctrl-C ends the recording"
        });
        let mut ending = Ending::watch()?;
        proxy.serve(senders, async move { _ = ending.told().await }).await;
        running.remove(&folder);
        let mut failed = false;
        for opened in recordings {
            failed |= opened.close().await;
        }
        Ok(if failed { ExitCode::from(EXIT_FAILED) } else { ExitCode::SUCCESS })
    })
}

/// A listener and the variables that lead a client to it.
fn listener(side: Side, address: SocketAddr, credential: Option<&Credential>, trust: &Trust) -> Listening {
    let url = listening::url(side, &Place::Host.reached_at(address), credential);
    let way = Way { proxy: &url, loopback: Loopback::Shared };
    let environment = launch::environment(&way, trust.files(), |_| None);
    Listening { side, address, base_url: None, variables: listening::as_text(&environment) }
}

/// A listener of reverse mode.
fn in_place(side: Side, address: SocketAddr, credential: Option<&Credential>) -> Listening {
    let base_url = Some(listening::base_url(&Place::Host.reached_at(address), credential));
    Listening { side, address, base_url, variables: Vec::new() }
}

/// What a user needs to know of a listener.
fn greeting(listening: &Listening, opened: &Opened) -> String {
    let Listening { side, address, base_url, .. } = listening;
    let path = opened.path.display();
    match (base_url, &opened.upstream) {
        (Some(base_url), Some(upstream)) => {
            format!("samewire: {side}: base URL {base_url} in place of {upstream}, recorded in {path}")
        }
        _ => format!("samewire: {side} on http://{address}, recorded in {path}"),
    }
}

/// The sides to record and the address of each.
fn lanes(args: &Args, first: SocketAddr) -> Vec<(Side, SocketAddr)> {
    if let Some(side) = args.side {
        return vec![(side.into(), first)];
    }
    if args.output.is_some() {
        return vec![(Side::Runtime, first)];
    }
    let mut second = first;
    second.set_port(if first.port() == 0 { 0 } else { first.port().saturating_add(1) });
    vec![(Side::Sandbox, first), (Side::Runtime, second)]
}

/// A side's capture while it is being recorded.
struct Opened {
    side: Side,
    path: PathBuf,
    /// The user named the file: it is kept even when nothing came.
    named: bool,
    recorder: Recorder,
    /// In reverse mode, what it stands in the place of, redacted.
    upstream: Option<String>,
}

/// Starts a side's recording; `reverse` is what it stands in the place of, and the first segment of every path there.
fn open(
    side: Side,
    args: &Args,
    key: Key,
    reverse: Option<(&BaseUrl, Option<&Credential>)>,
    progress: &Progress,
) -> anyhow::Result<(record::EventSender, Opened)> {
    let path = paths::capture(args.output.as_deref(), side)?;
    let (mut redactor, secrets) = recording::redactor(key, &args.recording.secrets)?;
    let inputs = recording::inputs(&[], None, args.recording.config.as_deref(), secrets, &mut redactor)?;
    let mut opening = recording::opening(side, Tool::Proxy, &[], inputs, &redactor);
    if let Some((base, secret_path)) = reverse {
        if let Some(secret) = secret_path {
            redactor.refer(Reference::Named("reverse_path".to_owned()), secret.expose(), Known::Secret);
        }
        let upstream = Box::new(redactor.base_url(base.scheme(), &base.authority(), base.path()));
        opening.run.interception = Interception::Reverse { upstream };
    }
    let upstream = opening.run.interception.upstream().map(Target::url);
    let writer = Writer::create(&path, args.recording.force, &opening)?;
    let (events, recorder) = record::start(Setup {
        writer,
        redactor,
        clues: None,
        body_limit: args.recording.body_limit.0,
        observer: Some(Box::new(Live {
            side,
            lines: String::new(),
            last: <_>::default(),
            counter: progress.observer(side),
        })),
    })?;
    Ok((events, Opened { side, path, named: args.output.is_some(), recorder, upstream }))
}

impl Opened {
    /// Ends the recording; true when it failed.
    async fn close(self) -> bool {
        let summary: Summary = self.recorder.finish().await;
        if let Some(why) = &summary.stopped {
            output::line(&format!("samewire: recording the {} stopped early: {why}", self.side));
        }
        if summary.rejected > 0 {
            output::note(&match &self.upstream {
                Some(_) => not_whole(summary.rejected),
                None => super::record::rejected(summary.rejected),
            });
        }
        if !self.named && is_empty(&self.path) && fs::remove_file(&self.path).is_ok() {
            output::note(&format!("samewire: nothing came for the {}", self.side));
        } else {
            output::note(&super::record::closing_line(self.side, &self.path, summary.exchanges));
        }
        summary.stopped.is_some() || summary.withheld > 0
    }
}

/// Says that clients of a base URL were turned away, and what to do.
fn not_whole(number: u32) -> String {
    format!(
        "samewire: {} turned away with 403: the client does not know the whole base URL; give it the one printed above, its random path \
         included",
        super::record::count(number, "connection")
    )
}

/// Nobody so much as connected.
fn is_empty(path: &Path) -> bool {
    capture::read(path).is_ok_and(|capture| capture.exchanges.is_empty() && capture.connections.is_empty())
}

/// Prints a line for each exchange, once it is on disk.
struct Live {
    side: Side,
    lines: String,
    /// Method and URL of the last one, and both escaped: the next one is often the same.
    last: [String; 3],
    counter: Option<Counter>,
}

impl Observer for Live {
    /// `runtime #3  GET https://api.example.com/v1/lots -> 200  12 ms`, every captured byte escaped.
    fn see(&mut self, seen: &Seen<'_>) {
        if let Some(counter) = &mut self.counter {
            counter.see(seen);
        }
        if self.last[0] != seen.method || self.last[1] != seen.url {
            let request = report::inert(&format!("{} {}", seen.method, seen.url));
            self.last = [seen.method.to_owned(), seen.url.to_owned(), request];
        }
        let (side, number, [.., request]) = (self.side, seen.number, &self.last);
        if !self.lines.is_empty() {
            self.lines.push('\n');
        }
        // Writing to a String cannot fail.
        let _ = write!(self.lines, "{side} #{number}  {request} -> {}", came_in_words(&seen.came));
        if let Some(ms) = seen.timings.ended {
            let _ = write!(self.lines, "  {ms:.0} ms");
        }
    }

    fn rest(&mut self) {
        output::note(&self.lines);
        self.lines.clear();
        if let Some(counter) = &mut self.counter {
            counter.rest();
        }
    }
}
