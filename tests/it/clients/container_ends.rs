//! A run that ends otherwise than by itself: its container, the engine's client, the engine or samewire is told to end, or just goes.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use samewire::model::{Exchange, Exit};

use super::bench::Bench;
use super::container_run::Rig;
use super::engine::{docker, told};

/// A recording whose container has called the API and waits.
struct Waiting<'a> {
    rig: &'a Rig,
    samewire: Child,
}

/// How it ended: the exit status, and what samewire and the engine said.
struct Ended {
    code: Option<i32>,
    said: String,
}

impl<'a> Waiting<'a> {
    /// `on_signal` is what the container's shell does when it is told to end.
    fn start(rig: &'a Rig, docker: &[&str], on_signal: &str) -> Self {
        let call: Vec<String> = rig.call().iter().map(|word| format!("'{word}'")).collect();
        let script = format!("trap '{on_signal}' TERM INT; {}; echo up; sleep 600 & wait", call.join(" "));
        let mut line = docker.to_vec();
        let shell = rig.shell.to_str().unwrap();
        line.extend(["run", "--rm", &rig.image.0, shell, "-c", &script]);
        let mut command = rig.bench.recording("runtime", "r.har", &[], &line);
        let mut samewire = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(samewire.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
        assert_eq!(first, "up\n");
        Self { rig, samewire }
    }

    fn containers(&self) -> String {
        told(&["ps", "--all", "--quiet", "--filter", &format!("ancestor={}", self.rig.image.0)])
    }

    fn id(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.samewire.id()).unwrap()).unwrap()
    }

    /// Waits for the end. What was recorded until then is there, whole.
    fn ended(&mut self) -> Ended {
        let mut said = String::new();
        self.samewire.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let code = self.samewire.wait().unwrap().code();
        let capture = self.rig.capture();
        assert_eq!(capture.exchanges.len(), 1, "{said}");
        assert!(capture.exchanges.iter().all(Exchange::succeeded), "{said}");
        assert!(capture.completeness.torn.is_none() && capture.run.ended_at.is_some(), "{said}");
        let exit = match capture.run.exit.expect("how it ended is in the capture") {
            Exit::Code(code) => code,
            Exit::Signal(signal) => 128 + signal,
        };
        assert_eq!(Some(exit), code, "{said}");
        Ended { code, said }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let _ = self.samewire.kill();
        for id in self.containers().split_whitespace() {
            docker(&["rm", "--force", id]);
        }
    }
}

#[test]
fn a_signal_to_samewire_reaches_the_container_and_its_status_is_kept() {
    let Some(rig) = Rig::new(&[]) else { return };
    for signal in [Signal::TERM, Signal::INT] {
        let mut waiting = Waiting::start(&rig, &["docker"], "exit 7");
        kill_process(waiting.id(), signal).unwrap();
        let ended = waiting.ended();
        assert_eq!(ended.code, Some(7), "{}", ended.said);
        assert_eq!(waiting.containers(), "", "nothing is left behind");
    }
}

#[test]
fn a_container_that_is_killed_ends_the_recording() {
    let Some(rig) = Rig::new(&[]) else { return };
    let mut waiting = Waiting::start(&rig, &["docker"], "exit 7");
    told(&["kill", &waiting.containers()]);
    let ended = waiting.ended();
    assert_eq!(ended.code, Some(137), "{}", ended.said);
    assert_eq!(waiting.containers(), "", "nothing is left behind");
}

fn is_running(process: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).unwrap_or_default();
    // What has ended stays listed until its parent has asked for its status.
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

/// The processes that a process has started.
fn children(of: Pid) -> Vec<Pid> {
    let parent = |stat: &str| stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse::<i32>().ok();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_child = |number: &i32| {
        let stat = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        parent(&stat) == Some(of.as_raw_nonzero().get())
    };
    numbers.filter(is_child).filter_map(Pid::from_raw).collect()
}

#[test]
fn a_container_whose_client_is_killed_does_not_outlive_the_recording() {
    let Some(rig) = Rig::new(&[]) else { return };
    let mut waiting = Waiting::start(&rig, &["docker"], "exit 7");
    let id = waiting.containers();
    let clients = children(waiting.id());
    assert_eq!(clients.len(), 1, "the engine's client alone");
    kill_process(clients[0], Signal::KILL).unwrap();
    let ended = waiting.ended();
    assert_eq!(ended.code, Some(128 + 9), "{}", ended.said);
    let expected = format!("the engine's client ended before the container {}: it was stopped", &id[..12]);
    assert!(ended.said.contains(&expected), "{}", ended.said);
    // The engine removes it on its own time.
    while !waiting.containers().is_empty() {
        thread::yield_now();
    }
}

/// A way to the engine that can be closed.
struct Relay {
    path: PathBuf,
    open: Arc<Mutex<Vec<UnixStream>>>,
}

impl Relay {
    fn open(path: PathBuf, engine: &'static str) -> Self {
        let listener = UnixListener::bind(&path).unwrap();
        let open = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&open);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let engine = UnixStream::connect(engine).unwrap();
                for (from, to) in [(&client, &engine), (&engine, &client)] {
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Write);
                    });
                }
                all.lock().unwrap().extend([client, engine]);
            }
        });
        Self { path, open }
    }

    /// Nothing passes any more, and nobody gets in.
    fn close(&self) {
        fs::remove_file(&self.path).unwrap();
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

#[test]
fn an_engine_that_goes_away_ends_the_recording_and_it_is_said_what_may_still_run() {
    const ENGINE: &str = "/var/run/docker.sock";
    let Some(rig) = Rig::new(&[]) else { return };
    if !Path::new(ENGINE).exists() {
        eprintln!("skipped: the engine has no socket at {ENGINE}");
        return;
    }
    let relay = Relay::open(rig.bench.path("relay.sock"), ENGINE);
    let endpoint = format!("unix://{}", relay.path.display());
    let mut waiting = Waiting::start(&rig, &["docker", "-H", &endpoint], "exit 7");
    let id = told(&["ps", "--quiet", "--no-trunc", "--filter", &format!("ancestor={}", rig.image.0)]);
    relay.close();
    let ended = waiting.ended();
    assert_eq!(ended.code, Some(125), "{}", ended.said);
    assert!(ended.said.contains("the container engine does not answer any more"), "{}", ended.said);
    assert!(ended.said.contains(&format!("docker ps --filter id={id}")), "{}", ended.said);
    assert!(ended.said.contains("the exit status 125 is the engine's"), "{}", ended.said);
}

#[test]
fn a_signal_before_the_start_leaves_nothing_behind() {
    let bench = Bench::new();
    let engine = bench.write("bin/docker", "#!/bin/sh\n: > \"$HOME/asked\"\nexec sleep 600\n");
    fs::set_permissions(&engine, fs::Permissions::from_mode(0o755)).unwrap();
    let folder = bench.path("tmp");
    fs::create_dir(&folder).unwrap();
    let line = [engine.to_str().unwrap(), "run", "image"];
    let mut command = bench.recording("runtime", "r.har", &[], &line);
    let mut samewire = command.env("TMPDIR", &folder).stderr(Stdio::piped()).spawn().unwrap();
    while !bench.path("asked").exists() {
        assert!(samewire.try_wait().unwrap().is_none(), "it waits for the engine's answer");
        thread::yield_now();
    }
    let id = Pid::from_raw(i32::try_from(samewire.id()).unwrap()).unwrap();
    let asked = children(id);
    kill_process(id, Signal::TERM).unwrap();
    let mut said = String::new();
    samewire.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(samewire.wait().unwrap().code(), Some(125), "{said}");
    assert!(said.contains("told to end by SIGTERM before the command was started"), "{said}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "no folder is left");
    assert!(!bench.path("r.har").exists());
    for process in asked {
        while is_running(process) {
            thread::yield_now();
        }
    }
}
