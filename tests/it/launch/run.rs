//! Output passes untouched, the end is told, and nothing makes it hang.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use samewire::launch::{Command, LaunchError, Sink, Sinks};
use samewire::model::Exit;

use super::{Collected, command, ran, recorded, sh};

#[tokio::test]
async fn output_passes_byte_for_byte_and_the_exit_code_is_told() {
    let ran = ran(&sh(r"printf '\000\377\r\n\033[1mno end'; printf 'oh\r\n' >&2; exit 3")).await;
    assert_eq!(ran.exit.unwrap(), Exit::Code(3));
    assert_eq!(ran.ended, Some(Exit::Code(3)));
    assert_eq!(ran.stdout, b"\0\xff\r\n\x1b[1mno end");
    assert_eq!(ran.stderr, b"oh\r\n");
    assert_eq!(ran.recorded, [ran.stdout, ran.stderr]);
}

#[tokio::test]
async fn huge_output_passes_whole() {
    let ran = ran(&sh("head -c 20000000 /dev/zero; echo end >&2")).await;
    assert_eq!((ran.stdout.len(), ran.recorded[0].len()), (20_000_000, 20_000_000));
    assert_eq!(ran.stderr, b"end\n");
}

#[tokio::test]
async fn output_comes_while_the_command_runs() {
    let folder = tempfile::tempdir().unwrap();
    let go = folder.path().join("go");
    let script = format!("echo ready; while [ ! -e {} ]; do sleep 0.01; done; echo went on", go.display());
    let ((_out, stdout), (_err, stderr)) = (Collected::pipe(), Collected::pipe());
    let (_, recorded, _) = recorded(&sh(&script), Sinks { stdout, stderr }, |seen| {
        if seen == b"ready\n" {
            std::fs::write(&go, "").unwrap();
        }
    })
    .await;
    assert_eq!(recorded[0], b"ready\nwent on\n");
}

#[tokio::test]
async fn a_signal_that_ended_it_is_told() {
    assert_eq!(ran(&sh("kill -TERM $$")).await.exit.unwrap(), Exit::Signal(15));
}

#[tokio::test]
async fn when_nobody_reads_our_output_the_command_is_recorded_to_its_end() {
    let (reading, writing) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
    drop(reading);
    let (_err, stderr) = Collected::pipe();
    let sinks = Sinks { stdout: Sink::new(writing), stderr };
    let (exit, recorded, _) = recorded(&sh("echo one; sleep 0.05; echo two; exit 4"), sinks, |_| {}).await;
    assert_eq!(exit.unwrap(), Exit::Code(4));
    assert_eq!(recorded[0], b"one\ntwo\n");
}

#[tokio::test]
async fn a_child_left_behind_does_not_hold_us() {
    let started = Instant::now();
    let ran = ran(&sh("sleep 20 & echo $!; exit 0")).await;
    let left: i32 = String::from_utf8(ran.stdout).unwrap().trim().parse().unwrap();
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(left).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
    assert_eq!(ran.exit.unwrap(), Exit::Code(0));
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn what_cannot_be_run_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str, mode: u32| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let plain = file("plain", "#!/bin/sh\n", 0o644);
    let orphan = file("orphan", "#!/nowhere/interpreter\n", 0o755);
    for (name, expected) in
        [("no-such-command-here", 127), (orphan.as_str(), 127), (plain.as_str(), 126), ("/", 126)]
    {
        let error = ran(&command(&[name, "planted-secret"])).await.exit.unwrap_err();
        assert_eq!(error.exit_code(), Some(expected), "{error}");
        assert!(error.to_string().starts_with(name), "{error}");
        assert!(!format!("{error:?}").contains("planted-secret"));
    }
    let error = ran(&command(&[&orphan])).await.exit.unwrap_err();
    assert!(matches!(error, LaunchError::NoInterpreter { .. }));
}

#[tokio::test]
async fn arguments_that_are_not_utf_8_arrive() {
    let odd = OsString::from_vec(b"a\xff b".to_vec());
    let command = Command::new(["printf".into(), "%s".into(), odd.clone()]).unwrap();
    assert_eq!(ran(&command).await.stdout, odd.as_bytes());
}

#[tokio::test]
async fn where_both_streams_go_to_one_place_lines_stay_whole() {
    let (out, sink) = Collected::pipe();
    let script = "(printf 'one '; sleep 0.1; echo two) & sleep 0.03; echo three >&2; wait";
    let sinks = Sinks { stdout: sink.clone(), stderr: sink };
    let (_, _, _) = recorded(&sh(script), sinks, |_| {}).await;
    assert_eq!(out.content(), b"one two\nthree\n");
}

#[tokio::test]
async fn a_line_that_is_left_open_is_ended_once_where_more_is_said() {
    let (one_place, sink) = Collected::pipe();
    let sinks = Sinks { stdout: sink.clone(), stderr: sink };
    let (_, _, _) = recorded(&sh("printf one"), sinks.clone(), |_| {}).await;
    sinks.end_line().unwrap();
    sinks.end_line().unwrap();
    drop(sinks);
    assert_eq!(one_place.content(), b"one\n");

    let ((out, stdout), (error, stderr)) = (Collected::pipe(), Collected::pipe());
    let sinks = Sinks { stdout, stderr };
    let (_, _, _) = recorded(&sh("printf one"), sinks.clone(), |_| {}).await;
    sinks.end_line().unwrap();
    drop(sinks);
    assert_eq!((out.content().as_slice(), error.content().as_slice()), (&b"one"[..], &b""[..]));
}
