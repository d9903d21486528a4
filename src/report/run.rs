//! The summary of a run.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::diagnose::{Unseen, unseen};
use crate::model::{
    Capture, ClientVersion, Coverage, Direct, Exit, Gap, Outcome, Reached, Sampling, Side, Source, Target,
    Tear, Tool, WebSocket,
};

use super::advice::count;

/// What a report says of a run besides its exchanges.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunSummary {
    /// The side that the capture was recorded as.
    pub recorded_as: Side,
    /// What made the recording.
    pub tool: Tool,
    /// Of an import, where it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The base URL in whose place samewire stood, in reverse mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reverse_of: Option<String>,
    /// The samewire that recorded it.
    pub samewire: String,
    /// The command and its arguments, redacted; empty for a stand-alone proxy.
    pub command: Vec<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; null where the recording did not end in order.
    pub ended_at: Option<Timestamp>,
    /// How the command ended.
    pub exit: Option<Exit>,
    /// How many exchanges were recorded.
    pub exchanges: usize,
    /// What came of them.
    pub answers: Answers,
    /// Connections that clients opened, with or without requests on them.
    pub connections: usize,
    /// What went over connections that changed to WebSocket; absent where none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub websockets: Option<WebSockets>,
    /// Connections that were passed through unopened, by host.
    pub ignored: BTreeMap<String, u32>,
    /// Entries that the self-check refused.
    pub withheld: u32,
    /// Why recording stopped before the run did.
    pub stopped: Option<String>,
    /// Where the capture file breaks off.
    pub torn: Option<Tear>,
    /// Names the key of the tags without telling it.
    pub key_id: String,
    /// The manifest's path, as the command named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// Clients and frameworks found.
    pub clients: Vec<ClientVersion>,
    /// What is known of traffic that did not come through.
    pub coverage: RunCoverage,
}

/// What is known of traffic that did not come through.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunCoverage {
    /// What is not in the capture, in words.
    pub unseen: Vec<Unseen>,
    /// From where the proxy was seen to answer before a container started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<Reached>,
    /// What was foreseen before the run.
    pub foreseen: Vec<Gap>,
    /// How the command's connections were sampled; null where they were not.
    pub sampling: Option<Sampling>,
    /// The connections past the proxy that were sampled.
    pub direct: Vec<Direct>,
    /// Connections on a container's own loopback address, which are not recorded; absent where there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loopback: Option<u32>,
    /// Datagrams that were refused in a transparent run, by the port they were for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub refused: BTreeMap<u16, u32>,
}

/// What came of the exchanges of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Answers {
    /// A whole answer below 400.
    pub succeeded: usize,
    /// A whole answer from 400 on.
    pub refused: usize,
    /// No answer, or not a whole one.
    pub failed: usize,
    /// The recording ended first.
    pub unfinished: usize,
}

/// What went over a run's connections that changed to WebSocket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WebSockets {
    /// How many there were.
    pub connections: usize,
    /// The messages of all of them.
    #[serde(flatten)]
    pub messages: WebSocket,
}

impl RunSummary {
    pub(super) fn new(capture: &Capture) -> Self {
        Self {
            recorded_as: capture.side,
            tool: capture.run.tool,
            source: capture.run.source.clone(),
            reverse_of: capture.run.interception.upstream().map(Target::url),
            samewire: capture.run.version.clone(),
            command: capture.run.command.iter().map(ToString::to_string).collect(),
            started_at: capture.run.started_at,
            ended_at: capture.run.ended_at,
            exit: capture.run.exit,
            exchanges: capture.exchanges.len(),
            answers: Answers::of(capture),
            connections: capture.connections.len(),
            websockets: WebSockets::of(capture),
            ignored: capture.completeness.ignored.clone(),
            withheld: capture.completeness.withheld,
            stopped: capture.completeness.stopped.clone(),
            torn: capture.completeness.torn.clone(),
            key_id: capture.key_id.clone(),
            manifest: capture.inputs.manifest.as_ref().map(|manifest| manifest.path.to_string()),
            clients: capture.inputs.clients.clone(),
            coverage: RunCoverage::of(capture),
        }
    }
}

impl RunSummary {
    /// How many exchanges there were, and what came of them: `3 exchanges`, `2 succeeded`, `1 refused`.
    pub(super) fn outcomes(&self) -> Vec<String> {
        let Answers { succeeded, refused, failed, unfinished } = self.answers;
        let outcomes =
            [(succeeded, "succeeded"), (refused, "refused"), (failed, "failed"), (unfinished, "unfinished")];
        let outcomes = outcomes.into_iter().filter(|(number, _)| *number > 0);
        let outcomes = outcomes.map(|(number, word)| format!("{number} {word}"));
        std::iter::once(count(self.exchanges, "exchange")).chain(outcomes).collect()
    }
}

impl RunCoverage {
    fn of(capture: &Capture) -> Self {
        let Coverage { reached, foreseen, sampling, direct, loopback, refused } =
            capture.completeness.coverage.clone();
        let loopback = (loopback > 0).then_some(loopback);
        Self { unseen: unseen(capture), reached, foreseen, sampling, direct, loopback, refused }
    }
}

impl WebSockets {
    fn of(capture: &Capture) -> Option<Self> {
        let answers = capture.exchanges.iter().filter_map(|exchange| match &exchange.outcome {
            Outcome::Answered(response) => response.websocket.as_deref(),
            Outcome::Failed { response, .. } => response.as_ref()?.websocket.as_deref(),
            Outcome::Unfinished => None,
        });
        let mut all = Self::default();
        for WebSocket { sent, received } in answers {
            all.connections += 1;
            for (sum, one) in [(&mut all.messages.sent, sent), (&mut all.messages.received, received)] {
                sum.messages += one.messages;
                sum.bytes += one.bytes;
                sum.control += one.control;
            }
        }
        (all.connections > 0).then_some(all)
    }
}

impl Answers {
    fn of(capture: &Capture) -> Self {
        let mut answers = Self::default();
        for exchange in &capture.exchanges {
            match &exchange.outcome {
                Outcome::Answered(_) if exchange.succeeded() => answers.succeeded += 1,
                Outcome::Answered(_) => answers.refused += 1,
                Outcome::Failed { .. } => answers.failed += 1,
                Outcome::Unfinished => answers.unfinished += 1,
            }
        }
        answers
    }
}
