//! What was seen. Pure data: no I/O, no secret in plain text, nothing of hyper or tokio.
//!
//! Every string in here is safe to write to disk and to show; only `redact` makes these values from raw bytes.

mod body;
mod capture;
mod clue;
mod connection;
mod coverage;
mod credentials;
mod exchange;
mod field;
mod imported;
mod inputs;
mod json;
mod json_content;
mod known_json;
mod relation;
mod secret;
mod tag;
mod target;
mod text;
mod told;

pub use body::{Body, Coding, Content, Framing, OpaqueReason, Part};
pub use capture::{Capture, Completeness, Exit, Interception, Repeat, Run, Side, Tear, Tool};
pub use clue::{Clue, ClueKind, Stream};
pub use connection::{ClientHello, Connection, ConnectionKind, Dial, DialOutcome, Handshake, Refused, Tried};
pub use coverage::{Coverage, Direct, FoundAt, Gap, GapKind, Reached, Sampled, Sampling, Setting, Transport};
pub use credentials::{Credentials, Token};
pub use exchange::{
    Exchange, Failure, FailureKind, Fidelity, Leg, Messages, Outcome, Phase, Request, Response, Timings,
    WebSocket,
};
pub use field::{Field, FieldLine, FieldName, FieldValue, Parameter, Spacing};
pub use imported::{Imported, Lack, Source, SourceFormat};
pub use inputs::{
    ClientVersion, ConfigFacts, ConfigValue, DefinedCredentials, ImageFacts, Inputs, JsonType, ManifestFacts,
    ManifestState, Repair, RepairKind, SpecFacts, SpecProperty, TemplateReference, Variable,
};
pub use json::Json;
pub use json_content::JsonContent;
pub use known_json::{KnownJson, Reader};
pub use relation::{Reference, Relation, Step};
pub use secret::{Blank, Class, Envelope, Fingerprint, Form, Jwt, Length, Secret, Shape};
pub use tag::Tag;
pub use target::{Target, TargetForm, UserInfo};
pub use text::{Piece, Text};
pub use told::Told;
