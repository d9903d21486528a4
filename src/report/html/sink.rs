//! The sink of the HTML page: whatever a template shows goes through it, unless the template says `safe`, which only samewire's own style,
//! script and policy do, and markup that went through it already.

use std::fmt::{self, Write};

use crate::report::escape;

/// Makes text inert in two ways: for a reader's eye (control characters and the like are spelled out) and for a browser.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sink;

impl askama::filters::Escaper for Sink {
    fn write_escaped_str<W: Write>(&self, mut out: W, text: &str) -> fmt::Result {
        for character in escape::inert(text).chars() {
            match character {
                '<' => out.write_str("&lt;")?,
                '>' => out.write_str("&gt;")?,
                '&' => out.write_str("&amp;")?,
                '"' => out.write_str("&quot;")?,
                '\'' => out.write_str("&#39;")?,
                other => out.write_char(other)?,
            }
        }
        Ok(())
    }
}
