//! One command, recorded from start to end: what `record`, `compare` and `demo` share.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::capture::Writer;
use crate::connector;
use crate::launch::{self, Command, LaunchError, Trust};
use crate::model::{Capture, Completeness, Exit, Reference, Run, Side, Tool};
use crate::proxy::{Authority, Lane, Lanes, Listener, Proxy, Settings};
use crate::record::{self, Setup, Summary};
use crate::redact::{Key, Known, Redactor};

use super::options::Recording;

/// A command to record.
pub struct Plan {
    /// Its side.
    pub side: Side,
    /// Program and arguments.
    pub command: Vec<OsString>,
    /// Where the capture goes.
    pub path: PathBuf,
    /// Where the proxy listens; a free port of the loopback address where absent.
    pub listen: Option<SocketAddr>,
    /// The data path's settings.
    pub settings: Settings,
    /// The key of the tags.
    pub key: Key,
}

/// What came of it.
pub struct Recorded {
    /// How the command ended, or why it did not start.
    pub exit: Result<Exit, LaunchError>,
    /// What was recorded.
    pub summary: Summary,
}

/// The key of this machine.
pub fn machine_key() -> anyhow::Result<Key> {
    let path =
        Key::default_path().context("no home folder to keep the key in; set XDG_STATE_HOME or HOME")?;
    Key::load_or_create(&path).context("cannot use this machine's key")
}

/// A redactor that knows the secrets of the options.
pub fn redactor(key: Key, options: &Recording) -> anyhow::Result<Redactor> {
    let mut redactor = Redactor::new(key);
    for secret in &options.secrets {
        let value = secret.read()?;
        redactor.refer(Reference::Named(secret.name().to_owned()), &value, Known::Secret);
    }
    Ok(redactor)
}

/// The opening part of a capture: all that is known before the first exchange.
pub fn opening(side: Side, tool: Tool, command: &[OsString], redactor: &Redactor) -> Capture {
    Capture {
        side,
        run: Run {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            tool,
            command: redactor.command(command),
            started_at: Timestamp::now(),
            ended_at: None,
            exit: None,
        },
        inputs: crate::model::Inputs::default(),
        key_id: redactor.key_id().to_owned(),
        connections: Vec::new(),
        exchanges: Vec::new(),
        clues: Vec::new(),
        completeness: Completeness::default(),
    }
}

/// Records one command. What is already wrong fails before the command starts.
pub fn record(plan: Plan, options: &Recording) -> anyhow::Result<Recorded> {
    let mut redactor = redactor(plan.key, options)?;
    let folder = std::env::current_dir().context("the current folder cannot be told")?;
    let overrides =
        connector::Overrides { config: options.config.clone(), ..connector::Overrides::default() };
    let package = connector::find(&plan.command, &folder, &overrides);
    let inputs = record::inputs(&package, &mut redactor);
    let mut opening = opening(plan.side, Tool::Record, &plan.command, &redactor);
    opening.inputs = inputs;
    drop(package);
    let authority = Arc::new(Authority::new().context("cannot make the certificate authority")?);
    if let Some(path) = &options.ca_cert {
        write_certificate(path, &authority)?;
    }
    let temporary =
        launch::temporary_folder().context("cannot make a folder for the certificates; set TMPDIR")?;
    let trust = Trust::prepare(authority.certificate_pem(), temporary.path())?;
    let writer = Writer::create(&plan.path, options.force, &opening)?;

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let addr = plan.listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into());
        let listeners = vec![Listener::new(addr, Lane::only(plan.side))];
        let proxy = Proxy::bind(listeners, plan.settings, authority).await?;
        let address = proxy.addresses().first().copied().unwrap_or(addr);
        let environment =
            launch::environment(&format!("http://{address}"), &trust, |name| std::env::var_os(name));
        let (events, recorder) = record::start(Setup {
            writer,
            redactor,
            opening,
            clues: Some(Box::new(launch::clues::Reader::new())),
            body_limit: options.body_limit.0,
            observer: None,
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(proxy.serve(Lanes::one(plan.side, events.clone()), async move {
            let _ = stopped.await;
        }));
        let exit = launch::run(&Command::new(plan.command), &environment, events).await;
        let _ = stop.send(());
        let _ = serving.await;
        let summary = recorder.finish().await;
        Ok(Recorded { exit, summary })
    })
}

/// Writes the authority's certificate where the user wants it. It is no secret.
pub fn write_certificate(path: &std::path::Path, authority: &Authority) -> anyhow::Result<()> {
    std::fs::write(path, authority.certificate_pem())
        .with_context(|| format!("cannot write the certificate to {}", path.display()))
}
