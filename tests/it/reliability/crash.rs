//! `kill -9` at any moment under load: every file opens, and no exchange is missing that was completed.

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::running::Running;
use super::table::{row, scaled};
use crate::clients::bench::Bench;

/// An answer this old is on disk.
const SETTLED: Duration = Duration::from_millis(50);
/// The latest moment, in exchanges.
const LATEST: u64 = 150;
const CLIENTS: usize = 4;

/// One request over a connection of its own; when its answer was whole.
fn call(proxy: &str, origin: &str, id: u32) -> Option<Instant> {
    let mut stream = TcpStream::connect(proxy).ok()?;
    let body = "x".repeat(200 + usize::try_from(id % 7).unwrap() * 300);
    let request = format!(
        "POST http://{origin}/v1/lots?id={id} HTTP/1.1\r\nHost: {origin}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    answer.ends_with(b"}").then(Instant::now)
}

#[test]
fn a_killed_proxy_leaves_every_completed_exchange() {
    let bench = Bench::new();
    let origin = bench.api.http.to_string();
    let mut recorded = 0;
    let moments = scaled(30, 500);
    let (mut files, mut due) = (0, 0);
    for moment in 0..moments {
        let file = format!("{moment}.har");
        let running = Running::start(&bench, &file, &[]);
        let proxy = running.address.clone();
        let (sender, receiver) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (proxy, origin, sender, stop) =
                    (proxy.clone(), origin.clone(), sender.clone(), Arc::clone(&stop));
                thread::spawn(move || {
                    let mut id = u32::try_from(client).unwrap() * 10_000;
                    while !stop.load(Ordering::Relaxed) {
                        if let Some(at) = call(&proxy, &origin, id) {
                            let _ = sender.send((id, at));
                        }
                        id += 1;
                    }
                })
            })
            .collect();
        let random = RandomState::new().build_hasher().finish();
        let enough = usize::try_from(1 + random % LATEST).unwrap();
        let mut done = Vec::new();
        let mut held_up = Duration::ZERO;
        while done.len() < enough {
            let (id, at) = receiver.recv_timeout(Duration::from_secs(20)).expect("exchanges are answered");
            // What a busy machine holds up this thread, it holds up the recorder too.
            held_up = held_up.max(at.elapsed());
            done.push((id, at));
        }
        let killed = Instant::now();
        running.kill();
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().unwrap();
        }

        let capture = samewire::capture::read(&bench.path(&file)).unwrap();
        let found: BTreeSet<u32> = capture
            .exchanges
            .iter()
            .filter(|exchange| exchange.succeeded() || exchange.status().is_some())
            .filter_map(|exchange| {
                let value = exchange.request.target.query.as_ref()?.first()?.value.as_ref()?;
                value.as_shown()?.parse().ok()
            })
            .collect();
        for (id, at) in &done {
            if killed.saturating_duration_since(*at) > SETTLED + 2 * held_up {
                assert!(found.contains(id), "moment {moment}: exchange {id} is missing");
                due += 1;
            }
        }
        if capture.completeness.torn.is_none() {
            let text = std::fs::read(bench.path(&file)).unwrap();
            let _: Value = serde_json::from_slice(&text).expect("an untorn capture is JSON");
        }
        recorded += found.len();
        files += 1;
        std::fs::remove_file(bench.path(&file)).unwrap();
    }
    assert!(recorded > 0);
    row(
        "kill -9",
        &format!(
            "{moments} random moments under load: {files} files open, {due} answers older than 50 ms, 0 missing"
        ),
    );
}
