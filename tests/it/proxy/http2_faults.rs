//! HTTP/2 that breaks off on either leg: what the other leg sees, and how it is recorded.

use bytes::Bytes;
use h2::Reason;
use http::Response;
use samewire::model::{FailureKind, Leg, Phase};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{mpsc, oneshot};

use super::http2::{Call, Origin, client, piece, request, send};
use super::rig::{Told, start_with};

fn ok() -> Response<()> {
    Response::new(())
}

fn failed(told: &Told) -> (Leg, Phase, FailureKind) {
    let failure = told.failure.as_ref().expect("it failed");
    (failure.leg, failure.phase, failure.kind)
}

#[tokio::test]
async fn a_reset_before_the_answer_passes_with_its_code() {
    for reason in [Reason::REFUSED_STREAM, Reason::ENHANCE_YOUR_CALM, Reason::NO_ERROR] {
        let origin = Origin::start(move |(_, mut respond): Call| async move {
            respond.send_reset(reason);
        })
        .await;
        let rig = origin.rig().await;
        let mut client = client(&rig, origin.address).await;
        let (answer, _) = client.send_request(request("GET", "/"), true).unwrap();
        let expected = if reason == Reason::NO_ERROR { Reason::INTERNAL_ERROR } else { reason };
        assert_eq!(answer.await.unwrap_err().reason(), Some(expected));
        let told = rig.exchanges().await;
        assert_eq!(failed(&told[0]), (Leg::Upstream, Phase::Wait, FailureKind::Reset));
        assert!(told[0].failure.as_ref().unwrap().message.contains(&format!("{reason:?}")));
    }
}

#[tokio::test]
async fn a_reset_in_the_answer_comes_after_what_was_sent() {
    let (go, gone) = oneshot::channel::<()>();
    let gone = std::sync::Mutex::new(Some(gone));
    let origin = Origin::start(move |(_, mut respond): Call| {
        let gone = gone.lock().unwrap().take().unwrap();
        async move {
            let mut body = respond.send_response(ok(), false).unwrap();
            send(&mut body, b"half", false);
            gone.await.unwrap();
            body.send_reset(Reason::INTERNAL_ERROR);
        }
    })
    .await;
    let rig = origin.rig().await;
    let mut client = client(&rig, origin.address).await;
    let (answer, _) = client.send_request(request("GET", "/"), true).unwrap();
    let mut body = answer.await.unwrap().into_body();
    assert_eq!(piece(&mut body).await.unwrap().unwrap(), "half");
    go.send(()).unwrap();
    let error = piece(&mut body).await.unwrap().unwrap_err();
    assert_eq!(error.reason(), Some(Reason::INTERNAL_ERROR));
    let told = rig.exchanges().await;
    assert_eq!(failed(&told[0]), (Leg::Upstream, Phase::Receive, FailureKind::Reset));
    assert_eq!(told[0].content, b"half");
}

#[tokio::test]
async fn content_that_does_not_go_on_is_given_up() {
    let origin = Origin::start(|(_, mut respond): Call| async move {
        let mut body = respond.send_response(ok(), false).unwrap();
        send(&mut body, b"half", false);
        std::future::pending::<()>().await;
    })
    .await;
    let mut settings = origin.settings();
    settings.timeouts.idle = Some(std::time::Duration::from_millis(50));
    let rig = start_with(settings, 4096).await;
    let mut client = client(&rig, origin.address).await;
    let (answer, _) = client.send_request(request("GET", "/"), true).unwrap();
    let mut body = answer.await.unwrap().into_body();
    assert_eq!(piece(&mut body).await.unwrap().unwrap(), "half");
    let error = piece(&mut body).await.expect("no end that looks good").unwrap_err();
    assert_eq!(error.reason(), Some(Reason::INTERNAL_ERROR));
    let told = rig.exchanges().await;
    assert_eq!(failed(&told[0]), (Leg::Upstream, Phase::Receive, FailureKind::TimedOut));
    assert_eq!(told[0].content, b"half");
}

#[tokio::test]
async fn an_origin_that_closes_never_looks_like_success() {
    for answered in [false, true] {
        let origin = Origin::raw(&["h2"], move |stream| async move {
            let mut connection = h2::server::handshake(stream).await.unwrap();
            let (_, mut respond) = connection.accept().await.unwrap().unwrap();
            let mut body = None;
            if answered {
                let mut stream = respond.send_response(ok(), false).unwrap();
                send(&mut stream, b"half", false);
                body = Some(stream);
                // Written when the connection has been looked after once more.
                let more = connection.accept();
                assert!(tokio::time::timeout(std::time::Duration::from_millis(100), more).await.is_err());
            }
            drop((connection, respond, body));
        })
        .await;
        let rig = origin.rig().await;
        let mut client = client(&rig, origin.address).await;
        let (answer, _) = client.send_request(request("GET", "/"), true).unwrap();
        let answer = answer.await;
        let phase = if answered {
            let mut body = answer.unwrap().into_body();
            let mut last = piece(&mut body).await.unwrap();
            if last.is_ok() {
                last = piece(&mut body).await.expect("no end that looks good");
            }
            assert_eq!(last.unwrap_err().reason(), Some(Reason::INTERNAL_ERROR));
            Phase::Receive
        } else {
            assert!(answer.unwrap_err().is_reset());
            Phase::Wait
        };
        let told = rig.exchanges().await;
        let (leg, at, kind) = failed(&told[0]);
        assert_eq!((leg, at), (Leg::Upstream, phase));
        assert!(matches!(kind, FailureKind::Closed | FailureKind::Reset), "{kind:?}");
    }
}

#[tokio::test]
async fn a_goaway_refuses_what_was_not_looked_at() {
    let origin = Origin::raw(&["h2"], |mut stream| async move {
        // SETTINGS, then GOAWAY: no stream was taken.
        let frames = [&[0, 0, 0, 4, 0, 0, 0, 0, 0][..], &[0, 0, 8, 7, 0, 0, 0, 0, 0], &[0; 8]].concat();
        stream.write_all(&frames).await.unwrap();
        stream.flush().await.unwrap();
        let mut rest = Vec::new();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest).await;
    })
    .await;
    let rig = origin.rig().await;
    let mut client = client(&rig, origin.address).await;
    let (answer, _) = client.send_request(request("GET", "/"), true).unwrap();
    assert!(answer.await.is_err());
    let told = rig.exchanges().await;
    assert_eq!(failed(&told[0]).0, Leg::Upstream);
}

#[tokio::test]
async fn an_origin_that_does_not_speak_http2_is_a_502() {
    let origin = Origin::raw(&["h2"], |mut stream| async move {
        let page = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
        let _ = stream.write_all(page).await;
        let mut rest = Vec::new();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest).await;
    })
    .await;
    let rig = origin.rig().await;
    let mut client = client(&rig, origin.address).await;
    let (answer, _) = client.send_request(request("GET", "/"), true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 502);
    let told = rig.exchanges().await;
    assert_eq!(failed(&told[0]), (Leg::Upstream, Phase::Wait, FailureKind::Malformed));
}

#[tokio::test]
async fn a_client_that_cancels_is_told_to_the_origin_and_recorded() {
    let (seen, mut saw) = mpsc::unbounded_channel();
    let origin = Origin::start(move |(request, mut respond): Call| {
        let seen = seen.clone();
        async move {
            let mut body = None;
            if request.uri().path() == "/body" {
                let mut stream = respond.send_response(ok(), false).unwrap();
                send(&mut stream, b"first", false);
                body = Some(stream);
            }
            let _ = seen.send(None);
            let reason = match &mut body {
                Some(body) => std::future::poll_fn(|cx| body.poll_reset(cx)).await,
                None => std::future::poll_fn(|cx| respond.poll_reset(cx)).await,
            };
            let _ = seen.send(Some(reason.unwrap()));
        }
    })
    .await;
    let rig = origin.rig().await;
    let mut client = client(&rig, origin.address).await;
    for path in ["/head", "/body"] {
        let (answer, mut sending) = client.send_request(request("GET", path), true).unwrap();
        assert_eq!(saw.recv().await.unwrap(), None);
        if path == "/body" {
            let mut body = answer.await.unwrap().into_body();
            assert_eq!(piece(&mut body).await.unwrap().unwrap(), "first");
            sending.send_reset(Reason::CANCEL);
        } else {
            sending.send_reset(Reason::CANCEL);
            drop(answer);
        }
        assert_eq!(saw.recv().await.unwrap(), Some(Reason::CANCEL));
    }
    let told = rig.exchanges().await;
    assert_eq!(failed(&told[0]), (Leg::Client, Phase::Wait, FailureKind::Reset));
    assert_eq!(failed(&told[1]), (Leg::Client, Phase::Receive, FailureKind::Reset));
    assert!(told[1].failure.as_ref().unwrap().message.contains("CANCEL"));
}

#[tokio::test]
async fn a_client_that_goes_away_ends_its_exchanges() {
    let (seen, mut saw) = mpsc::unbounded_channel();
    let origin = Origin::start(move |(mut request, respond): Call| {
        let seen = seen.clone();
        async move {
            let _ = seen.send(());
            while let Some(Ok(_)) = piece(request.body_mut()).await {}
            drop(respond);
            let _ = seen.send(());
        }
    })
    .await;
    let rig = origin.rig().await;
    let stream = super::http2::secured(&rig, origin.address, &["h2"]).await;
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    let driving = tokio::spawn(connection);
    let (_answer, mut sending) = client.send_request(request("POST", "/"), false).unwrap();
    sending.send_data(Bytes::from_static(b"begun"), false).unwrap();
    saw.recv().await.unwrap();
    driving.abort();
    saw.recv().await.expect("the origin sees the end");
    let told = rig.exchanges().await;
    assert_eq!(failed(&told[0]).0, Leg::Client);
    assert_eq!(told[0].body, b"begun");
}
