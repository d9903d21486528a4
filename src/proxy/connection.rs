//! The life of one connection from a client.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::watch;

use super::{Lanes, Listener, Shared, Stage};

/// Serves a connection until it ends.
pub(super) async fn serve(
    _stream: TcpStream,
    _listener: Arc<Listener>,
    _shared: Arc<Shared>,
    _lanes: Lanes,
    _stages: watch::Receiver<Stage>,
) {
}
