//! Differences to causes. Every rule is pure: it reads the case and states findings, or stays silent.

mod case;
mod finding;
mod rule;
mod verdict;

pub use case::Case;
pub use finding::{Blame, Confidence, Evidence, Finding, Findings, Remedy, Role, Severity};
pub use rule::{Family, Rule};
pub use verdict::{Diagnosis, Inconclusive, Verdict};
