//! A story to a capture, through the real rooms.

use std::ffi::OsString;
use std::fs;

use bytes::Bytes;
use jiff::SignedDuration;
use samewire::connector::{Overrides, find};
use samewire::launch::clues::Reader;
use samewire::model::{Capture, Clue, Completeness, Exit, Run, Side, Tool};
use samewire::record::{ClueReader as _, inputs};
use samewire::redact::{Key, Output, Redactor};

use super::story::{Story, start};

/// What recording this story would have kept.
pub(super) fn capture(story: &Story, side: Side) -> Capture {
    capture_under([7; 32], story, side)
}

/// The same under another key, as on another machine.
pub(super) fn capture_under(key: [u8; 32], story: &Story, side: Side) -> Capture {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in &story.files {
        fs::write(folder.path().join(path), text).expect("a file");
    }
    let argv: Vec<OsString> = story.command.iter().map(OsString::from).collect();
    let mut redactor = Redactor::new(Key::from_bytes(key));
    let package = find(&argv, folder.path(), &Overrides::default());
    let inputs = inputs(&package, &mut redactor);
    let (connections, exchanges) = story.wire(side);
    let exchanges: Vec<_> = exchanges.iter().map(|raw| redactor.exchange(raw)).collect();
    Capture {
        side,
        run: Run {
            version: "0.1.0".to_owned(),
            platform: "linux x86_64".to_owned(),
            tool: Tool::Record,
            source: None,
            interception: samewire::model::Interception::default(),
            repeat: None,
            command: redactor.command(&argv),
            started_at: start(side),
            ended_at: Some(start(side) + SignedDuration::from_secs(10)),
            exit: Some(Exit::Code(story.exit)),
        },
        inputs,
        key_id: redactor.key_id().to_owned(),
        connections: connections.iter().map(|raw| redactor.connection(raw)).collect(),
        exchanges,
        clues: clues(story, &redactor),
        completeness: Completeness::default(),
    }
}

fn clues(story: &Story, redactor: &Redactor) -> Vec<Clue> {
    let mut reader = Reader::default();
    let mut clues = Vec::new();
    for (stream, line) in &story.output {
        let data = Bytes::from(format!("{line}\n"));
        clues.extend(reader.read(&Output { stream: *stream, data }, redactor));
    }
    clues.extend(reader.finish(redactor));
    clues
}
