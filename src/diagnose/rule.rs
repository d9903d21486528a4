//! What a rule is.

use std::fmt;

use super::{Case, Findings, Severity};

/// A rule: a named defect and the check that finds it.
pub struct Rule {
    /// Its name, part of the report's contract.
    pub name: &'static str,
    /// Its family.
    pub family: Family,
    /// One line: when it fires.
    pub summary: &'static str,
    /// Its severity where one side succeeds and the other does not.
    pub severity: Severity,
    /// The version of samewire that brought it.
    pub since: &'static str,
    /// Its page, `docs/rules/<name>.md`.
    pub docs: &'static str,
    /// Rules whose findings are consequences of this one, where both fire. Acyclic.
    pub leads_to: &'static [&'static str],
    /// The check.
    pub check: fn(&Case<'_>, &mut Findings),
}

/// What a rule is about, in the order in which causes come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// What keeps a connector from asking at all.
    Setup,
    /// What lies between.
    Network,
    /// The credentials on the wire.
    Auth,
    /// Everything else that was sent.
    Request,
}

impl Family {
    /// Its name, part of the report's contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Setup => "setup",
            Self::Network => "network",
            Self::Request => "request",
        }
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
