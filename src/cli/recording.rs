//! One command, recorded from start to end: what `record`, `compare` and `demo` share.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::capture::Writer;
use crate::connector::{self, Overrides};
use crate::inspect;
use crate::launch::container::Container;
use crate::launch::preflight::Preflight;
use crate::launch::{self, Command, LaunchError, Place, Sinks, Staged, Trust, Watch};
use crate::model::{
    Capture, Completeness, Exit, Inputs, Interception, Reference, Repeat, Run, Sampled, Side, Tool, Variable,
};
use crate::proxy::{Admission, Authority, Lane, Lanes, Listener, Proxy, Settings};
use crate::record::{self, EventSender, Observer, Setup, Summary};
use crate::redact::{Key, Known, Redactor};

use super::ending::Ending;
use super::options::{Recording, Unread};
use super::progress::Progress;
use super::{foresight, listening, output, reviewed};

/// A command to record.
pub(super) struct Plan {
    /// Its side.
    pub side: Side,
    /// Program and arguments.
    pub command: Command,
    /// Where the capture goes.
    pub path: PathBuf,
    /// Which recording of a capture set it is.
    pub repeat: Option<Repeat>,
    /// Where the proxy listens; a free port of the loopback address where absent.
    pub listen: Option<SocketAddr>,
    /// It runs in a network of its own whose only way out is samewire.
    pub transparent: bool,
    /// The data path's settings.
    pub settings: Settings,
    /// The key of the tags.
    pub key: Key,
    /// Where the command's output goes.
    pub sinks: Sinks,
    /// Whether to say before the run what will be missed.
    pub preflight: bool,
}

/// What came of it.
pub(super) struct Recorded {
    /// How the command ended, or why it did not start.
    pub exit: Result<Exit, LaunchError>,
    /// What its exit status means where that is not plain, and what became of a container that it left, a line each.
    pub remarks: Vec<String>,
    /// What was recorded.
    pub summary: Summary,
}

/// The key of this machine.
pub(super) fn machine_key() -> anyhow::Result<Key> {
    let path =
        Key::default_path().context("no home folder to keep the key in; set XDG_STATE_HOME or HOME")?;
    Ok(Key::load_or_create(&path)?)
}

/// A redactor that knows the secrets of the options, and the names that the project's file opens; and what those secrets are, for `inputs`.
pub(super) fn redactor(key: Key, secrets: &[Unread]) -> anyhow::Result<(Redactor, Option<Vec<Variable>>)> {
    let mut redactor = Redactor::new(key);
    for name in reviewed::of_project()?.shown {
        redactor.open_name(&name);
    }
    let mut named = Vec::new();
    for secret in secrets {
        let secret = secret.secret()?;
        // Once: it may be a pipe.
        let value = secret.read()?;
        redactor.refer(Reference::Named(secret.name().to_owned()), &value, Known::Secret);
        let fact = redactor.named(secret.name(), &value);
        named.push(Variable { name: redactor.name(secret.name()), value: fact });
    }
    Ok((redactor, Some(named).filter(|named| !named.is_empty())))
}

/// What went into the run besides the wire, `secrets` of the options among it. A config that the user named must be there; one that only the command names
/// may be missing: that is a fact of the run.
pub(super) fn inputs(
    command: &[OsString],
    container: Option<&Container>,
    config: Option<&Path>,
    secrets: Option<Vec<Variable>>,
    redactor: &mut Redactor,
) -> anyhow::Result<Inputs> {
    if let Some(path) = config {
        std::fs::File::open(path).with_context(|| format!("--config: cannot read {}", path.display()))?;
    }
    let folder = current_folder()?;
    let overrides = Overrides { config: config.map(Path::to_owned), ..Overrides::default() };
    let package = match container {
        None => connector::find(command, &folder, &overrides),
        Some(container) => connector::find_inside(container.inside(), &folder, &overrides),
    };
    let mut inputs = record::inputs(&package, redactor);
    if let (Some(texts), Some(manifest)) = (&package.texts, &mut inputs.manifest) {
        let framework = package.clients.iter().find(|client| client.name == "airbyte-cdk");
        let framework = framework.map(|framework| framework.version.as_str());
        manifest.repairs = inspect::repairs(texts, inputs.config.as_ref(), framework, redactor);
    }
    let image = container.and_then(Container::image).map(|image| redactor.image(image));
    Ok(Inputs { secrets, image, ..inputs })
}

fn current_folder() -> anyhow::Result<PathBuf> {
    std::env::current_dir().context("the current folder cannot be told")
}

/// What the command's environment holds; `None` for a command that runs elsewhere, where the environment is another one.
fn environment(command: &[OsString], redactor: &mut Redactor) -> Option<Vec<Variable>> {
    const ELSEWHERE: [&str; 6] = ["docker", "kubectl", "nerdctl", "podman", "ssh", "sudo"];
    // A shell's whole script is one word.
    let words = command.iter().filter_map(|word| word.to_str()).flat_map(str::split_whitespace);
    let programs = words.map(|word| word.rsplit('/').next().unwrap_or(word));
    if programs.into_iter().any(|program| ELSEWHERE.contains(&program)) {
        return None;
    }
    let readable = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Some(record::environment(readable, redactor))
}

/// The opening part of a capture: all that is known before the first exchange.
pub(super) fn opening(
    side: Side,
    tool: Tool,
    command: &[OsString],
    inputs: Inputs,
    redactor: &Redactor,
) -> Capture {
    Capture {
        side,
        run: Run {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            tool,
            source: None,
            interception: Interception::default(),
            repeat: None,
            command: redactor.command(command),
            started_at: Timestamp::now(),
            ended_at: None,
            exit: None,
        },
        inputs,
        key_id: redactor.key_id().to_owned(),
        connections: Vec::new(),
        exchanges: Vec::new(),
        clues: Vec::new(),
        completeness: Completeness::default(),
    }
}

/// Records one command. What is already wrong fails before the command starts.
pub(super) fn record(plan: Plan, options: &Recording) -> anyhow::Result<Recorded> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(recorded(plan, options))
}

async fn recorded(plan: Plan, options: &Recording) -> anyhow::Result<Recorded> {
    let inherited = |name: &str| std::env::var_os(name);
    let folder = current_folder()?;
    let mut ending = Ending::watch()?;
    let place = ending.or(Place::of(&plan.command, &folder, inherited)).await??;
    let place = if plan.transparent { place.in_own_network()? } else { place };
    let (mut redactor, secrets) = redactor(plan.key, &options.secrets)?;
    let words = plan.command.words();
    let container = place.container();
    let mut inputs = inputs(&words, container, options.config.as_deref(), secrets, &mut redactor)?;
    inputs.environment = match container {
        Some(container) => Some(record::environment(container.variables(), &mut redactor)),
        None => environment(&words, &mut redactor),
    };
    let mut foreseen = match container {
        _ if !plan.preflight => Preflight::default(),
        Some(container) => foresight::look_inside(container),
        None => foresight::look(&plan.command, &folder),
    };
    if plan.transparent {
        foresight::forget_proxy(&mut foreseen);
    }
    foresight::name_clients(&foreseen, &mut inputs);
    let mut opening = opening(plan.side, Tool::Record, &words, inputs, &redactor);
    opening.run.repeat = plan.repeat;
    if plan.transparent {
        opening.run.interception = Interception::Transparent;
    }
    let authority = authority(options)?;
    if let Some(path) = &options.ca_cert {
        write_certificate(path, &authority)?;
    }
    let trust = Trust::prepare(authority.certificate_pem(), &std::env::temp_dir(), inherited)?;
    let addr = place.listen(plan.listen)?;
    let surroundings = place.container().map(listening::surroundings);
    let admission = if plan.transparent {
        // Only samewire itself is to use it: a client of another run would be recorded as one of this command's.
        Admission::Credential(listening::password()?)
    } else {
        listening::admission(addr, surroundings.clone())?
    };
    let led = led_elsewhere(&plan.settings);
    let lane = Lane { side: plan.side, by_user: false };
    let listener = Listener { addr, lane, admission: admission.clone() };
    let settings = Settings { surroundings, ..plan.settings };

    let proxy = Proxy::bind(vec![listener], settings, authority)?;
    let bound = proxy.addresses().first().copied().unwrap_or(addr);
    let reached_at = place.reached_at(bound);
    let url = listening::url(plan.side, &reached_at, admission.credential());
    let staged = place.stage(&plan.command, &url, &trust, inherited)?;
    if plan.preflight {
        foresight::complete(&mut foreseen, bound, &trust);
        opening.completeness.coverage.foreseen.clone_from(&foreseen.gaps);
        // In a network of its own it is samewire that comes to the proxy.
        if let Some(container) = place.container().filter(|container| !container.is_apart()) {
            let trying = foresight::try_inside(container, &proxy, &reached_at, &trust);
            foresight::note(&ending.or(trying).await??, &mut opening.completeness.coverage);
        }
    }
    let writer = Writer::create(&plan.path, options.force, &opening)?;
    let progress = Progress::of_recording(&[plan.side]);
    let (events, recorder) = record::start(Setup {
        writer,
        redactor,
        clues: Some(Box::new(launch::clues::Reader::new())),
        body_limit: options.body_limit.0,
        observer: progress.observer(plan.side).map(|counter| Box::new(counter) as Box<dyn Observer>),
    })?;
    foresight::say(
        &opening.completeness.coverage.foreseen,
        &foreseen.clients,
        place.container().is_none_or(Container::may_be_apart),
    );
    for note in &staged.notes {
        output::note(&format!("samewire: {note}"));
    }
    ending.or(async {}).await?;
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(proxy.serve(Lanes::one(plan.side, events.clone()), async move {
        let _ = stopped.await;
    }));
    let proxies = vec![bound];
    let sinks = plan.sinks.clone();
    let exit = match place.container() {
        container if plan.transparent => {
            run_transparent(container, &staged, events, plan.sinks, bound, &admission, led).await
        }
        None => {
            let watch = Watch { of: Sampled::Processes, proxies };
            launch::run_on(&staged.command, &staged.environment, events, plan.sinks, Some(&watch)).await
        }
        // An engine's client speaks to its engine, not to an API: it is the container that is looked at.
        Some(container) => {
            let (end, ended) = oneshot::channel();
            let watch = Watch { of: Sampled::Container, proxies };
            let watch = watch.follow(container.process(), events.clone(), ended);
            let run = async {
                let exit =
                    launch::run_on(&staged.command, &staged.environment, events, plan.sinks, None).await;
                let _ = end.send(());
                exit
            };
            tokio::join!(run, watch).0
        }
    };
    // Where it cannot be written to, nothing can be said there either.
    let _ = sinks.end_line();
    let mut remarks = Vec::new();
    if let (Ok(exit), Some(container)) = (&exit, place.container()) {
        // What it sends on its way out is recorded, too.
        remarks = container.end_what_is_left(*exit).await;
        remarks.extend(container.explain_exit(*exit).map(str::to_owned));
    }
    let _ = stop.send(());
    let _ = serving.await;
    let summary = recorder.finish().await;
    drop(progress);
    Ok(Recorded { exit, remarks, summary })
}

/// Names that the proxy reaches although this machine's resolver may not know them.
fn led_elsewhere(settings: &Settings) -> Box<dyn Fn(&str) -> bool + Send + Sync> {
    let (rules, by_proxy) = (settings.connect_to.clone(), settings.upstream_proxy.is_some());
    Box::new(move |host| by_proxy || rules.iter().any(|rule| rule.covers(host)))
}

/// Runs the command in a network of its own.
#[cfg(target_os = "linux")]
async fn run_transparent(
    container: Option<&Container>,
    staged: &Staged,
    events: EventSender,
    sinks: Sinks,
    address: SocketAddr,
    admission: &Admission,
    is_led_elsewhere: launch::IsLedElsewhere,
) -> Result<Exit, LaunchError> {
    let password = admission.credential().map(|credential| credential.expose().to_owned());
    let transparent = launch::Transparent { proxy: launch::Proxy { address, password }, is_led_elsewhere };
    let (command, environment) = (&staged.command, &staged.environment);
    match container {
        Some(container) => {
            launch::run_apart(container, command, environment, events, sinks, transparent).await
        }
        None => launch::run_transparent(command, environment, events, sinks, transparent).await,
    }
}

/// There is no such thing elsewhere.
#[cfg(not(target_os = "linux"))]
async fn run_transparent(
    _: Option<&Container>,
    _: &Staged,
    _: EventSender,
    _: Sinks,
    _: SocketAddr,
    _: &Admission,
    _: Box<dyn Fn(&str) -> bool + Send + Sync>,
) -> Result<Exit, LaunchError> {
    let source = std::io::ErrorKind::Unsupported.into();
    Err(LaunchError::Prepare { what: "a network of its own (Linux only; leave --transparent out)", source })
}

/// The certificate authority: the one that the user keeps, else a new one for this run.
pub(super) fn authority(options: &Recording) -> anyhow::Result<Arc<Authority>> {
    let authority = match (&options.ca, &options.ca_key) {
        (Some(certificate), Some(key)) => super::ca::read(certificate, key)?,
        _ => Authority::new().context("cannot make the certificate authority")?,
    };
    Ok(Arc::new(authority))
}

/// Writes the authority's certificate where the user wants it. It is no secret.
pub(super) fn write_certificate(path: &Path, authority: &Authority) -> anyhow::Result<()> {
    std::fs::write(path, authority.certificate_pem())
        .with_context(|| format!("cannot write the certificate to {}", path.display()))
}
