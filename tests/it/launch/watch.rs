//! The watch on a command's connections: real processes, real sockets.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use samewire::launch::{Environment, Sinks, Watch, run_on};
use samewire::model::{Exit, Sampled};
use samewire::record::{Event, queue};
use samewire::redact::RawCoverage;

use super::{Collected, command};
use crate::clients::bench::program;

/// Runs bash with an open connection to `to` until `enough` says so of what is known, or for half a second where nothing is to be seen.
async fn watched(to: &TcpListener, proxies: Vec<SocketAddr>, nested: bool) -> RawCoverage {
    let port = to.local_addr().unwrap().port();
    let line = format!("exec 3<>/dev/tcp/127.0.0.1/{port}; read -r -n 1 <&3");
    // A child of a child: `; true` keeps the shell from becoming it.
    let nested_line = format!("bash -c '{line}'; true");
    let command = command(&["bash", "-c", if nested { &nested_line } else { &line }]);
    let (_out, stdout) = Collected::pipe();
    let (_err, stderr) = Collected::pipe();
    let (events, mut arrived) = queue(16, usize::MAX);
    let watch = Watch { of: Sampled::Processes, proxies };
    let environment = Environment::default();
    let run = run_on(&command, &environment, events, Sinks { stdout, stderr }, Some(&watch));
    let listen = async {
        let (mut held, _) = to.accept().unwrap();
        let mut last = RawCoverage::default();
        while let Some(event) = arrived.recv().await {
            if let Event::Covered(coverage) = event {
                last = coverage;
                // It is let go as soon as it was seen.
                let _ = held.write_all(b"\n");
            }
        }
        last
    };
    let (exit, coverage) = tokio::join!(run, listen);
    assert_eq!(exit.unwrap(), Exit::Code(0));
    coverage
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_past_the_proxy_is_seen_with_its_program() {
    let Some(_) = program("bash") else { return };
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    for nested in [false, true] {
        let coverage = watched(&server, vec!["127.0.0.1:1".parse().unwrap()], nested).await;
        let [seen] = coverage.direct.as_slice() else { panic!("{coverage:?}") };
        assert_eq!(seen.remote, server.local_addr().unwrap());
        assert_eq!((seen.program.as_deref(), seen.connections, seen.opened), (Some("bash"), 1, true));
        let sampling = coverage.sampling.unwrap();
        assert!(sampling.samples > 0 && sampling.unreadable == 0, "{sampling:?}");
    }
}
