//! Differences to causes. Every rule is pure: it reads the case and states findings, or stays silent.

mod case;
mod engine;
mod finding;
mod notes;
mod registry;
mod reviewed;
mod rule;
mod rules;
mod standing;
mod told;
mod unseen;
mod verdict;

pub use case::Case;
pub use engine::diagnose;
pub use finding::{Blame, Confidence, Evidence, Finding, Findings, Remedy, Role, Severity};
pub use registry::{RULES, rule};
pub use reviewed::ExpectedFinding;
pub use rule::{Family, Rule};
pub use standing::{Standing, standing};
pub use unseen::{Unseen, UnseenKind, direct_in_words, refused_in_words, unseen};
pub use verdict::{Diagnosis, Inconclusive, Verdict};

/// True for a host that a rule knows by name: of a vendor whose API it judges, of telemetry. Such a name tells nothing of a user.
pub fn knows_host(host: &str) -> bool {
    rules::auth::airbyte::HOSTS.contains(&host) || rules::request::NOISE.contains(&host)
}

/// The host of `host:port`.
fn host_of(authority: &str) -> &str {
    authority.rsplit_once(':').map_or(authority, |(host, _)| host)
}
