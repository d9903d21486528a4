//! One recorder, whole.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;
use samewire::capture;
use samewire::model::{Clue, ClueKind, Coverage, Exit, Outcome, Reference, Stream, Text};
use samewire::record::{ClueReader, ConnectionId, Event, Seen, Summary, start};
use samewire::redact::{Known, Output, Redactor};

use super::{begin, exchange, open, send, setup};
use crate::scratch::Scratch;

#[tokio::test]
async fn exchanges_connections_clues_and_the_end_are_in_the_capture() {
    struct OneClue;
    impl ClueReader for OneClue {
        fn read(&mut self, output: &Output, _: &Redactor) -> Vec<Clue> {
            vec![clue(output.data.len() as u64, ClueKind::Records)]
        }
        fn finish(&mut self, _: &Redactor) -> Vec<Clue> {
            vec![clue(9, ClueKind::TimedOut), clue(9, ClueKind::LastWords)]
        }
    }
    fn clue(line: u64, kind: ClueKind) -> Clue {
        Clue { stream: Stream::Stdout, line, text: Text::default(), kind }
    }

    let folder = Scratch::new();
    let path = folder.path().join("a.har");
    let (seen, observed) = std::sync::mpsc::channel();
    let mut setup = setup(&path);
    setup.clues = Some(Box::new(OneClue));
    setup.observer = Some(Box::new(move |exchange: &Seen<'_>| seen.send(exchange.number).unwrap()));
    let (events, recorder) = start(setup).unwrap();

    open(&events, 1).await;
    exchange(&events, 1, 1, b"{}").await;
    begin(&events, 1, 2, b"").await;
    send(&events, Event::Ignored { host: "telemetry.example".into() }).await;
    send(&events, Event::Output(Output { stream: Stream::Stdout, data: Bytes::from_static(b"abc") })).await;
    open(&events, 2).await;
    send(&events, Event::Tunnelled { connection: ConnectionId(2), reason: "not TLS", sent: 1, received: 2 })
        .await;
    send(&events, Event::Exited(Exit::Code(3))).await;
    drop(events);
    let summary = recorder.finish().await;

    let expected = Summary {
        path: path.clone(),
        exchanges: 2,
        withheld: 0,
        rejected: 0,
        coverage: Coverage::default(),
        stopped: None,
    };
    assert_eq!(summary, expected);
    assert_eq!(observed.try_iter().collect::<Vec<_>>(), [1, 2]);
    let read = capture::read(&path).unwrap();
    assert!(read.exchanges[0].succeeded());
    assert_eq!(read.exchanges[1].outcome, Outcome::Unfinished);
    assert_eq!(read.connections.iter().map(|connection| connection.number).collect::<Vec<_>>(), [1, 2]);
    let clues: Vec<_> = read.clues.iter().map(|clue| (clue.line, &clue.kind)).collect();
    let expected = [(3, &ClueKind::Records), (9, &ClueKind::TimedOut)];
    assert_eq!(clues, expected, "last words are kept only of a run without any exchange");
    assert_eq!(read.run.exit, Some(Exit::Code(3)));
    assert!(read.run.ended_at.is_some());
    assert_eq!(read.completeness.ignored.values().sum::<u32>(), 1);
}

/// The bar: a completed exchange is on disk 50 ms after its answer was delivered.
#[tokio::test]
async fn a_completed_exchange_is_on_disk_soon() {
    let folder = Scratch::new();
    let path = folder.path().join("a.har");
    let (events, recorder) = start(setup(&path)).unwrap();
    open(&events, 1).await;
    let mut slowest = Duration::ZERO;
    for id in 1..=20 {
        exchange(&events, 1, id, b"{\"a\":1}").await;
        let delivered = Instant::now();
        while capture::read(&path).unwrap().exchanges.len() < usize::try_from(id).unwrap() {
            assert!(delivered.elapsed() < Duration::from_secs(10), "exchange {id} is not written");
            tokio::task::yield_now().await;
        }
        slowest = slowest.max(delivered.elapsed());
    }
    println!("slowest: {slowest:?}");
    drop(events);
    assert_eq!(recorder.finish().await.exchanges, 20);
}

const FILLING: &str = "SAMEWIRE_TEST_RECORD_FULL";

/// Run by [`a_full_disk_does_not_stop_the_events`] under a file size limit; alone it does nothing.
#[tokio::test]
async fn record_on_a_full_disk() {
    let Some(path) = std::env::var_os(FILLING) else { return };
    let path = Path::new(&path);
    let (events, recorder) = start(setup(path)).unwrap();
    open(&events, 1).await;
    for id in 1..=400 {
        exchange(&events, 1, id, b"{}").await;
    }
    send(&events, Event::Exited(Exit::Code(0))).await;
    drop(events);
    let summary = recorder.finish().await;
    assert!(summary.stopped.unwrap().contains("free some space"));
    let read = capture::read(path).unwrap();
    assert_eq!(read.exchanges.len(), usize::try_from(summary.exchanges).unwrap());
    assert!((2..400).contains(&summary.exchanges), "{}", summary.exchanges);
    assert!(read.completeness.stopped.is_some());
    assert_eq!(read.completeness.torn, None);
}

#[test]
fn a_full_disk_does_not_stop_the_events() {
    let folder = Scratch::new();
    // The limit's signal is ignored across exec, so that the write fails as on a full disk.
    let output = Command::new("sh")
        .args([
            "-c",
            r#"trap '' XFSZ; ulimit -f 80; exec "$0" --exact record::recording::record_on_a_full_disk"#,
        ])
        .arg(std::env::current_exe().unwrap())
        .env(FILLING, folder.path().join("a.har"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Whatever the redactor lets through by mistake, the self-check keeps from the disk.
#[tokio::test]
async fn a_clue_with_a_known_secret_is_withheld() {
    const SECRET: &str = "Zq8-plum_Kettle77-vogue";
    struct Careless;
    impl ClueReader for Careless {
        fn read(&mut self, _: &Output, _: &Redactor) -> Vec<Clue> {
            let text = Text::shown(format!("the token is {SECRET}"));
            vec![Clue { stream: Stream::Stderr, line: 1, text, kind: ClueKind::LastWords }]
        }
        fn finish(&mut self, _: &Redactor) -> Vec<Clue> {
            Vec::new()
        }
    }

    let folder = Scratch::new();
    let path = folder.path().join("a.har");
    let mut setup = setup(&path);
    setup.redactor.refer(Reference::Named("TOKEN".into()), SECRET, Known::Secret);
    setup.clues = Some(Box::new(Careless));
    let (events, recorder) = start(setup).unwrap();
    open(&events, 1).await;
    exchange(&events, 1, 1, b"{}").await;
    send(&events, Event::Output(Output { stream: Stream::Stderr, data: Bytes::from_static(b"x") })).await;
    drop(events);
    let summary = recorder.finish().await;
    assert_eq!((summary.exchanges, summary.withheld), (1, 1));
    let read = capture::read(&path).unwrap();
    assert_eq!((read.exchanges.len(), read.clues.len(), read.completeness.withheld), (1, 0, 1));
    assert!(!std::fs::read_to_string(&path).unwrap().contains(SECRET));
}
