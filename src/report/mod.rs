//! Findings to text. Pure: a [`Report`] is made once from the captures, and every format is a function of it.
//!
//! All that a report shows of a capture was redacted before it reached the disk; [`inert`] then makes sure that none of it can
//! steer a terminal or hide in a line.

mod advice;
mod alerts;
mod archive;
mod build;
mod config_to_wire;
mod contract;
mod escape;
mod evidence;
mod excerpt;
mod expected;
mod github;
mod html;
mod json;
mod junit;
mod markdown;
mod message;
mod page;
mod reasons;
mod run;
mod sarif;
mod secret;
mod terminal;
mod verification;

pub use archive::{Judged, Listed, exchange, exchanges, list, list_json};
pub use config_to_wire::{ConfigToWire, ConfigTrace, ManifestRead, SentPlace};
pub use contract::{
    Change, Difference, Evidence, Excerpt, Expectation, ExpectationState, Finding, LearnedPlace, Remedy,
    Report, SCHEMA, Significance,
};
pub use escape::inert;
pub use github::{github, inspection_github};
pub use html::{Live, LivePage, LiveSide, Part, Progress, html, live};
pub use json::{inspection_json, json, verification_json};
pub use junit::{inspection_junit, junit};
pub use markdown::markdown;
pub use page::{Differing, Kind, Page, Pair, Remark, Row, Said, Section, Span, State, Stop};
pub use run::{Answers, RunCoverage, RunSummary, WebSockets};
pub use sarif::{inspection_sarif, sarif};
pub use terminal::{SIDE_BY_SIDE, Style, inspection, terminal, terminal_side_by_side, verification};
pub use verification::{VERIFY_SCHEMA, Verification};
