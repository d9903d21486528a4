//! What a search for secrets found, as a report.

use serde::Serialize;

use crate::scan::{Hit, Scan, Unread};

/// The JSON contract's name.
pub const VERIFY_SCHEMA: &str = "samewire.verify/1";

/// A search for secrets, told. Holds nothing of them.
#[derive(Clone, Debug, Serialize)]
pub struct Verification {
    /// Name and number of the contract: `samewire.verify/1`.
    pub schema: &'static str,
    /// True where all was looked into and nothing was found but what is allowed.
    pub clean: bool,
    /// Files that were looked into, those in archives counted one by one.
    pub files: u64,
    /// Bytes that were looked at, after archives were opened.
    pub bytes: u64,
    /// The secrets.
    pub hits: Vec<Hit>,
    /// What could not be looked into.
    pub unread: Vec<Unread>,
    /// How many were found where they are allowed.
    pub allowed: usize,
    /// What is no file and no folder, or is kept by git in its own form.
    pub left_out: Vec<String>,
    /// Secrets that were given and could not be searched for.
    pub not_searched: Vec<String>,
}

impl Verification {
    /// A report of a search, in which `allowed` says what does not count.
    pub fn new(
        scan: Scan,
        left_out: Vec<String>,
        not_searched: Vec<String>,
        allowed: impl Fn(&Hit) -> bool,
    ) -> Self {
        let (let_pass, hits): (Vec<_>, Vec<_>) = scan.hits.into_iter().partition(allowed);
        Self {
            schema: VERIFY_SCHEMA,
            clean: hits.is_empty() && scan.unread.is_empty(),
            files: scan.files,
            bytes: scan.bytes,
            hits,
            unread: scan.unread,
            allowed: let_pass.len(),
            left_out,
            not_searched,
        }
    }
}
