//! samewire: do your sandbox and your runtime put the same request on the wire, and if not, why?
//!
//! The house, in two halves that meet only in [`model`] and the capture file:
//!
//! | room | what happens there |
//! |---|---|
//! | [`model`] | what was seen: capture, connection, exchange, field, credentials, target, body. Pure data |
//! | [`redact`] | raw bytes to model values, the only door |
//! | [`capture`] | model to disk and back: HAR 1.2 with `_samewire` members |
//! | [`import`] | what other programs recorded, to raw exchanges: HAR, the Airbyte Builder's answers, curl command lines |
//! | [`record`] | events of the data path to exchanges |
//! | [`proxy`] | the data path |
//! | [`launch`] | runs a command under the proxy |
//! | [`connector`] | what a connector is made of: config, spec, manifest |
//! | [`compare`] | two captures to differences. Pure |
//! | [`diagnose`] | differences to causes: one file a rule |
//! | [`expect`] | what people have reviewed: the project's `samewire.toml` |
//! | [`inspect`] | a connector's files to findings, before it runs. Pure |
//! | [`scan`] | any bytes to the places of secrets in them. Pure |
//! | [`report`] | findings to text. Pure |
//! | [`export`] | exchanges to command lines and code. Pure |
//! | [`bundle`] | captures and report as one file for a bug report, and back |
//! | [`ui`] | the local page, served to the browser of whoever looks on |
//! | [`cli`] | the commands, one file each |

pub mod bundle;
pub mod capture;
pub mod cli;
pub mod compare;
pub mod connector;
pub mod diagnose;
pub mod expect;
pub mod export;
pub mod import;
pub mod inspect;
pub mod launch;
pub mod model;
pub mod proxy;
pub mod record;
pub mod redact;
pub mod report;
pub mod scan;
mod threads;
pub mod ui;
