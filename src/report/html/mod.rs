//! The report as one HTML file: nothing is loaded, nothing runs but the script that is in it, and all of it is there without the script too.
//! The same page is drawn while a recording runs, in parts.

mod findings;
mod live;
mod sink;
mod timeline;
mod view;

use askama::Template;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use super::Report;
use super::page::Page;

pub use live::{Live, LivePage, LiveSide, Part, Progress};
pub(crate) use sink::Sink;

use live::Standing;
use view::{Frame, View};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
const LIVE_SCRIPT: &str = concat!(include_str!("script.js"), include_str!("live.js"));

/// The report and its exchanges as one page.
pub fn html(report: &Report, page: &Page) -> String {
    let standing = Standing::of(report, None);
    let frame = Frame { policy: policy(SCRIPT), script: SCRIPT, standing: &standing, live: None };
    let mut text = rendered(&View::new(report, page, frame));
    text.push('\n');
    text
}

/// The same while the sides are being recorded.
pub fn live(report: &Report, page: &Page, live: &Live) -> LivePage {
    let standing = Standing::of(report, Some(live));
    let policy = format!("{}; connect-src 'self'; img-src data:", policy(LIVE_SCRIPT));
    let frame = Frame { policy: policy.clone(), script: LIVE_SCRIPT, standing: &standing, live: Some(live) };
    let view = View::new(report, page, frame);
    let parts = [
        ("parts", rendered(&view.as_parts())),
        ("answer", rendered(&view.as_answer())),
        ("findings", rendered(&view.as_findings())),
        ("timeline", rendered(&view.as_timeline())),
        ("tally", rendered(&view.as_tally())),
        ("by-finding", rendered(&view.as_by_finding())),
        ("config", rendered(&view.as_config())),
        ("output", rendered(&view.as_output())),
        ("aside", rendered(&view.as_aside())),
        ("runs", rendered(&view.as_runs())),
    ];
    let parts = parts.into_iter().map(|(id, html)| Part { id: id.to_owned(), html });
    LivePage {
        version: live.version,
        policy,
        title: rendered(&view.as_title()),
        html: rendered(&view),
        pairs: view.pairs.len(),
        parts: parts
            .chain(
                (1..)
                    .zip(&view.pairs)
                    .map(|(at, html)| Part { id: format!("pair-{at}"), html: html.clone() }),
            )
            .collect(),
    }
}

/// Writing to a string cannot fail, and a template of ours does nothing else.
fn rendered(template: &impl Template) -> String {
    template.render().unwrap_or_default()
}

/// The content security policy: this style and this script by their digests, and nothing else at all.
fn policy(script: &str) -> String {
    let digest = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        digest(STYLE),
        digest(script)
    )
}
