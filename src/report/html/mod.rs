//! The report as one HTML file: nothing is loaded, nothing runs but the script that is in it, and all of it is there without the script too.

mod findings;
mod sink;
mod timeline;
mod view;

use askama::Template as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use super::Report;
use super::page::Page;

pub(crate) use sink::Sink;
use view::View;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The report and its exchanges as one page.
pub fn html(report: &Report, page: &Page) -> String {
    let view = View::new(report, page, policy());
    // Writing to a string cannot fail, and a template of ours does nothing else.
    let mut text = view.render().unwrap_or_default();
    text.push('\n');
    text
}

/// The content security policy: this style and this script by their digests, and nothing else at all.
fn policy() -> String {
    let digest = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        digest(STYLE),
        digest(SCRIPT)
    )
}
