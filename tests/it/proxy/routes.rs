//! Where requests go: `--connect-to`, `--upstream-proxy`, lanes, credentials, ignored hosts.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use samewire::model::{DialOutcome, FailureKind, Phase, Side};
use samewire::proxy::{
    Admission, Answer, Authority, BindError, Credential, Lane, Lanes, Listener, Proxy, Settings,
    SharedSurroundings, Surroundings,
};
use samewire::record::{Event, Events, queue};
use samewire::redact::RawDial;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::rig::{
    OK, answering, listener, read_exactly, read_head, settings, start_origin, start_with, told,
};

#[tokio::test]
async fn connect_to_leads_elsewhere_and_changes_nothing_else() {
    let (origin, mut heads) = answering(OK).await;
    let mut settings = settings();
    settings.connect_to = vec![format!("api.example.com:80:127.0.0.1:{}", origin.port()).parse().unwrap()];
    let rig = start_with(settings, 64).await;
    let sent = b"GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n";
    assert!(rig.send(sent).await.ends_with(b"ok"));
    assert_eq!(heads.recv().await.unwrap(), "GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n");
}

/// Every name has two addresses here.
struct TwoAddresses;

impl Surroundings for TwoAddresses {
    fn admits(&self, _peer: IpAddr) -> Answer<'_, bool> {
        Box::pin(std::future::ready(true))
    }

    fn addresses<'a>(&'a self, _name: &'a str) -> Answer<'a, Vec<IpAddr>> {
        // The first is this machine's, too, and nobody listens there.
        Box::pin(std::future::ready(vec![[127, 9, 9, 9].into(), [127, 0, 0, 1].into()]))
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn every_address_tried_is_told_also_where_a_later_one_takes_the_connection() {
    let (origin, mut heads) = answering(OK).await;
    let settings = || {
        let surroundings = Some(SharedSurroundings(Arc::new(TwoAddresses)));
        Settings { surroundings, ..settings() }
    };
    let to = format!("api.example.com:{}", origin.port());
    let refused = DialOutcome::Failed(FailureKind::Refused);
    let dial = |port: u16, outcomes: [DialOutcome; 2]| RawDial {
        to: format!("api.example.com:{port}"),
        tried: ["127.9.9.9", "127.0.0.1"]
            .into_iter()
            .zip(outcomes)
            .map(|(address, outcome)| (format!("{address}:{port}").parse().unwrap(), outcome))
            .collect(),
    };
    let dials = |events: &[Event]| -> Vec<RawDial> {
        let dial = |event: &Event| match event {
            Event::Tried { dial, .. } => Some(dial.clone()),
            _ => None,
        };
        events.iter().filter_map(dial).collect()
    };

    // In a tunnel, and for a request to the proxy itself.
    let rig = start_with(settings(), 64).await;
    let mut tunnel = rig.tunnel(&to).await;
    tunnel.write_all(format!("GET /in HTTP/1.1\r\nHost: {to}\r\n\r\n").as_bytes()).await.unwrap();
    read_head(&mut tunnel).await;
    drop(tunnel);
    let plain = format!("GET http://{to}/ HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n\r\n");
    assert!(rig.send(plain.as_bytes()).await.ends_with(b"ok"));
    assert!(heads.recv().await.is_some() && heads.recv().await.is_some());
    let connected = dial(origin.port(), [refused, DialOutcome::Connected]);
    let events = rig.finish().await;
    assert_eq!(dials(&events), [connected.clone(), connected]);
    assert_eq!(told(&events).iter().filter(|told| told.ended).count(), 2);

    // Where none takes it, the record says the same in its own terms as in its message.
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let rig = start_with(settings(), 64).await;
    let sent = format!("CONNECT api.example.com:{closed} HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(rig.send(sent.as_bytes()).await.starts_with(b"HTTP/1.1 502 "));
    assert_eq!(dials(&rig.finish().await), [dial(closed, [refused; 2])]);

    // Of a host that is passed through unread nothing is told.
    let ignored_hosts = vec!["api.example.com".parse().unwrap()];
    let rig = start_with(Settings { ignored_hosts, ..settings() }, 64).await;
    assert!(rig.send(plain.as_bytes()).await.ends_with(b"ok"));
    drop(rig.tunnel(&to).await);
    assert!(dials(&rig.finish().await).is_empty());
}

#[tokio::test]
async fn an_upstream_proxy_gets_absolute_targets_and_its_credentials() {
    let (proxy, mut heads) = answering(OK).await;
    let mut settings = settings();
    settings.upstream_proxy = Some(format!("http://me:pw@{proxy}").parse().unwrap());
    let rig = start_with(settings, 64).await;
    let sent = b"GET http://api.example.com:8080/a HTTP/1.1\r\nHost: api.example.com:8080\r\nConnection: close\r\n\r\n";
    assert!(rig.send(sent).await.ends_with(b"ok"));
    assert_eq!(
        heads.recv().await.unwrap(),
        "GET http://api.example.com:8080/a HTTP/1.1\r\nHost: api.example.com:8080\r\n\
         Proxy-Authorization: Basic bWU6cHc=\r\n\r\n"
    );
}

#[tokio::test]
async fn an_upstream_proxy_is_asked_for_tunnels() {
    let proxy = start_origin(|mut stream| async move {
        let head = String::from_utf8(read_head(&mut stream).await).unwrap();
        assert!(
            head.starts_with("CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\n"),
            "{head}"
        );
        assert!(head.contains("Proxy-Authorization: Basic bWU6cHc=\r\n"), "{head}");
        stream.write_all(b"HTTP/1.1 200 Fine\r\n\r\nhello").await.unwrap();
        let _ = stream.read(&mut [0]).await;
    })
    .await;
    let mut settings = settings();
    settings.upstream_proxy = Some(format!("http://me:pw@{proxy}").parse().unwrap());
    let rig = start_with(settings, 64).await;
    let mut stream = rig.tunnel("api.example.com:443").await;
    assert_eq!(read_exactly(&mut stream, 5).await, b"hello");
}

#[tokio::test]
async fn an_upstream_proxy_that_is_silent_times_out() {
    let proxy = start_origin(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.read(&mut [0]).await;
    })
    .await;
    let mut settings = settings();
    settings.timeouts.connect = Duration::from_millis(200);
    settings.upstream_proxy = Some(format!("http://{proxy}").parse().unwrap());
    let rig = start_with(settings, 64).await;
    let sent = b"CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\n\r\n";
    let answer = String::from_utf8(rig.send(sent).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 504") && answer.contains("does not answer to CONNECT"), "{answer}");
    let timed_out = rig.finish().await.into_iter().any(|event| match event {
        Event::ConnectFailed { failure, .. } => {
            (failure.phase, failure.kind) == (Phase::Proxy, FailureKind::TimedOut)
        }
        _ => false,
    });
    assert!(timed_out);
}

#[tokio::test]
async fn an_upstream_proxy_that_says_no_is_named() {
    let proxy = start_origin(|mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    })
    .await;
    for sent in [
        &b"CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\n\r\n"[..],
        b"GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
    ] {
        let mut settings = settings();
        settings.upstream_proxy = Some(format!("http://{proxy}").parse().unwrap());
        let rig = start_with(settings, 64).await;
        let answer = String::from_utf8(rig.send(sent).await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 502") && answer.contains("upstream proxy"), "{answer}");
        let refused = rig.finish().await.into_iter().any(|event| match event {
            Event::ConnectFailed { failure, .. } | Event::Failed { failure, .. } => {
                failure.kind == FailureKind::ProxyRefused
            }
            _ => false,
        });
        assert!(refused);
    }
}

#[tokio::test]
async fn ignored_hosts_are_counted_and_not_recorded() {
    let (origin, mut heads) = answering(OK).await;
    let mut settings = settings();
    settings.ignored_hosts = vec!["127.0.0.1".parse().unwrap()];
    let rig = start_with(settings, 64).await;
    let sent = format!("GET http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\nConnection: close\r\n\r\n");
    assert!(rig.send(sent.as_bytes()).await.ends_with(b"ok"));
    let mut tunnel = rig.tunnel(&origin.to_string()).await;
    tunnel.write_all(b"GET /in HTTP/1.1\r\n\r\n").await.unwrap();
    read_head(&mut tunnel).await;
    drop(tunnel);
    assert!(heads.recv().await.is_some() && heads.recv().await.is_some());
    let events = rig.finish().await;
    let ignored =
        events.iter().filter(|event| matches!(event, Event::Ignored { host } if host == "127.0.0.1"));
    assert_eq!(ignored.count(), 2);
    assert!(told(&events).is_empty());
}

#[tokio::test]
async fn a_user_name_chooses_the_side_where_it_may() {
    let (origin, _heads) = answering(OK).await;
    let lane = Lane { side: Side::Runtime, by_user: true };
    let authority = Arc::new(Authority::new().unwrap());
    let proxy = Proxy::bind(vec![Listener { lane, ..listener() }], settings(), authority).unwrap();
    let address = proxy.addresses()[0];
    let (sandbox, mut of_sandbox) = queue(64, usize::MAX);
    let (runtime, mut of_runtime) = queue(64, usize::MAX);
    let lanes = Lanes { sandbox: Some(sandbox), runtime: Some(runtime) };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(proxy.serve(lanes, async {
        let _ = stopped.await;
    }));
    // sandbox:x
    for login in ["Proxy-Authorization: Basic c2FuZGJveDp4\r\n", ""] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let sent =
            format!("GET http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\n{login}Connection: close\r\n\r\n");
        stream.write_all(sent.as_bytes()).await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.unwrap();
    }
    drop(stop);
    served.await.unwrap();
    let count = |events: &mut Events| {
        std::iter::from_fn(|| events.try_recv())
            .filter(|event| matches!(event, Event::Request { .. }))
            .count()
    };
    assert_eq!((count(&mut of_sandbox), count(&mut of_runtime)), (1, 1));
}

#[tokio::test]
async fn beyond_loopback_a_credential_is_needed() {
    let authority = Arc::new(Authority::new().unwrap());
    let open = Listener { addr: ([0, 0, 0, 0], 0).into(), ..listener() };
    let refused = Proxy::bind(vec![open.clone()], settings(), Arc::clone(&authority));
    assert!(matches!(refused, Err(BindError::CredentialMissing(_))));
    let admission = Admission::Credential(Credential::random().unwrap());
    let proxy = Proxy::bind(vec![Listener { admission, ..open }], settings(), authority).unwrap();
    let port = proxy.addresses()[0].port();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(proxy.serve(Lanes::default(), async {
        let _ = stopped.await;
    }));
    for login in ["", "Proxy-Authorization: Basic cnVudGltZTp4\r\n"] {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let ask = format!("CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\n{login}\r\n");
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 407 ") && answer.contains("Proxy-Authenticate: Basic"),
            "{answer}"
        );
    }
    drop(stop);
    served.await.unwrap();
}

/// The usual room is for 128; whoever comes beyond it is reset a second later.
#[tokio::test]
async fn a_burst_of_connections_waits_to_be_taken() {
    let authority = Arc::new(Authority::new().unwrap());
    let proxy = Proxy::bind(vec![listener()], settings(), authority).unwrap();
    let mut waiting = Vec::new();
    for nth in 0..300 {
        let connecting = TcpStream::connect(proxy.addresses()[0]);
        let connected = tokio::time::timeout(Duration::from_secs(10), connecting).await;
        waiting.push(connected.unwrap_or_else(|_| panic!("connection {nth} waits for others")).unwrap());
    }
}
