//! `samewire ui [SANDBOX RUNTIME]`

mod draw;
mod follow;

use std::io::{self, IsTerminal as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::ui::{Board, Server};

use super::ending::Ending;
use super::reviewed::Expect;
use super::{listening, output, paths};

use draw::Drawing;
use follow::{Followed, Sight};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_millis(250);
/// After a drawing there is a pause of so many times what it took: large captures take some, and the runs need the machine more.
const PAUSE: u32 = 4;

/// Show both sides on a local page while they are being recorded.
///
/// The page fills as exchanges arrive: both sides' timelines, each pair of requests as it is compared, what is found. It is what `samewire diff
/// --format html` writes, drawn again at every change, and says of all that may change yet that it may. It follows the newest capture of each side,
/// also of recordings that begin later. It is served to this machine only, at an address with a random path. Ctrl-C ends it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// SANDBOX and RUNTIME, which need not be there yet, or one bundle [default: the newest capture of each side in captures/].
    #[arg(value_name = "CAPTURE", num_args = 0..=2)]
    captures: Vec<PathBuf>,

    /// Address to listen on, of this machine only [default: a free port of 127.0.0.1].
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,

    /// Open the page in a browser [default: on a desktop, when started from a terminal].
    #[arg(long, conflicts_with = "no_open")]
    open: bool,

    /// Only print the page's address.
    #[arg(long)]
    no_open: bool,

    #[command(flatten)]
    expect: Expect,
}

/// Serves the page until it is told to end.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut followed = match args.captures.as_slice() {
        [] => Followed::newest(PathBuf::from(paths::FOLDER)),
        named => Followed::named(paths::pair(named)?),
    };
    let mut drawing = Drawing::new(args.expect.read()?);
    let sight = followed.look();
    let board = Arc::new(Board::new(drawing.draw(&sight)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let addr = args.listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into());
        let mut server = Server::bind(addr, listening::password()?).await?;
        let mut ending = Ending::watch()?;
        let (end, ended) = channel();
        let drawn = Arc::clone(&board);
        thread::Builder::new()
            .name("follow".to_owned())
            .spawn(move || follow(&mut followed, &mut drawing, sight, &drawn, &ended))
            .context("cannot start the thread that follows the captures")?;
        greet(args, &mut server)?;
        server.serve(&board, async move { _ = ending.told().await }).await;
        drop(end);
        Ok(ExitCode::SUCCESS)
    })
}

/// Draws the page again whenever there is something new.
fn follow(
    followed: &mut Followed,
    drawing: &mut Drawing,
    mut shown: Sight,
    board: &Board,
    ended: &Receiver<()>,
) {
    let mut pause = LOOK;
    while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        pause = LOOK;
        let sight = followed.look();
        if sight != shown {
            let began = Instant::now();
            board.show(drawing.draw(&sight));
            let took = began.elapsed();
            tracing::debug!(?took, "the page was drawn");
            pause = pause.max(took * PAUSE);
            shown = sight;
        }
    }
}

/// Says where the page is, and opens it where somebody sits.
fn greet(args: &Args, server: &mut Server) -> anyhow::Result<()> {
    output::line(&format!("samewire: {}", server.url()));
    let over_ssh = std::env::var_os("SSH_CONNECTION").is_some();
    if over_ssh {
        let port = server.address().port();
        output::note(&format!(
            "samewire: for a browser on the machine you sit at: ssh -L {port}:{} HOST, then open the same address there",
            server.address()
        ));
    }
    output::note("samewire: the page fills while you record in another terminal; Ctrl-C ends it");
    let on_desktop = || {
        let graphical = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
        (graphical || cfg!(target_os = "macos")) && !over_ssh && io::stderr().is_terminal()
    };
    if (args.open || (!args.no_open && on_desktop()))
        && let Err(error) = open::that_detached(server.url_for_once(listening::password()?))
    {
        output::line(&format!("samewire: no browser could be started ({error}): open the address yourself"));
    }
    Ok(())
}
