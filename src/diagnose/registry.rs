//! The catalogue of rules.

use super::Rule;
use super::rules::{auth, network, request, setup};

/// Every rule. Within a family the order is that of the catalogue: of two findings that are equally bad and equally sure, the
/// one whose rule stands first is named first.
pub static RULES: &[&Rule] = &[
    // setup
    &setup::config_invalid::RULE,
    &setup::config_key_missing::RULE,
    &setup::manifest_missing::RULE,
    &setup::spec_missing::RULE,
    &setup::manifest_rejected::RULE,
    &setup::custom_code_refused::RULE,
    &setup::authenticator_misconfigured::RULE,
    &setup::config_path_undefined::RULE,
    &setup::template_error::RULE,
    &setup::credentials_conflict::RULE,
    &setup::field_refused::RULE,
    &setup::default_not_applied::RULE,
    &setup::start_failed::RULE,
    // network
    &network::proxy_bypassed::RULE,
    &network::ca_rejected::RULE,
    &network::egress_blocked::RULE,
    &network::upstream_unreachable::RULE,
    &network::upstream_tls_failed::RULE,
    &network::blocked_by_edge::RULE,
    &network::rate_limited::RULE,
    &network::retry_storm::RULE,
    // auth
    &auth::token_missing::RULE,
    &auth::token_empty::RULE,
    &auth::token_null::RULE,
    &auth::template_unrendered::RULE,
    &auth::token_masked::RULE,
    &auth::secret_unresolved::RULE,
    &auth::scheme_doubled::RULE,
    &auth::scheme_missing::RULE,
    &auth::scheme_differs::RULE,
    &auth::token_altered::RULE,
    &auth::token_cast::RULE,
    &auth::token_swapped::RULE,
    &auth::token_differs::RULE,
    &auth::token_expired::RULE,
    &auth::token_kind_wrong::RULE,
    &auth::credentials_moved::RULE,
    &auth::credentials_overridden::RULE,
    &auth::credentials_duplicated::RULE,
    &auth::credentials_lost_on_redirect::RULE,
    &auth::credentials_leaked_on_redirect::RULE,
    &auth::token_refresh_failed::RULE,
    // request
    &request::redirect_differs::RULE,
    &request::request_missing::RULE,
    &request::request_unexpected::RULE,
    &request::host_differs::RULE,
    &request::method_differs::RULE,
    &request::path_differs::RULE,
    &request::query_differs::RULE,
    &request::media_type_differs::RULE,
    &request::body_differs::RULE,
    &request::user_agent_differs::RULE,
    &request::field_missing::RULE,
    &request::field_differs::RULE,
    &request::protocol_differs::RULE,
    &request::response_differs::RULE,
];

/// The rule of a name.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.name == name)
}

/// The place of a rule in the catalogue.
pub(super) fn place(rule: &Rule) -> usize {
    RULES.iter().position(|known| known.name == rule.name).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const HEADINGS: [&str; 5] =
        ["## What it means", "## On the wire", "## Why it happens", "## How to fix", "## When it is wrong"];

    #[test]
    fn names_are_unique_and_lower_case_words() {
        let mut seen = BTreeSet::new();
        for rule in RULES {
            assert!(seen.insert(rule.name), "{} is listed twice", rule.name);
            assert!(rule.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", rule.name);
            assert!(!rule.summary.is_empty() && !rule.summary.ends_with('.'), "{}: summary", rule.name);
        }
    }

    #[test]
    fn every_page_has_its_title_and_headings_in_order() {
        for rule in RULES {
            assert!(rule.docs.starts_with(&format!("# {}\n", rule.name)), "{}: title", rule.name);
            let headings: Vec<_> = rule.docs.lines().filter(|line| line.starts_with("## ")).collect();
            assert_eq!(headings, HEADINGS, "{}", rule.name);
        }
    }

    #[test]
    fn consequences_are_rules_and_lead_nowhere_back() {
        for rule in RULES {
            for name in rule.leads_to {
                assert!(super::rule(name).is_some(), "{} leads to the unknown {name}", rule.name);
            }
            assert!(!leads(rule, rule.name, 0), "{} leads to itself", rule.name);
        }
    }

    fn leads(from: &Rule, to: &str, depth: usize) -> bool {
        assert!(depth <= RULES.len(), "a cycle below {}", from.name);
        from.leads_to
            .iter()
            .any(|name| *name == to || super::rule(name).is_some_and(|next| leads(next, to, depth + 1)))
    }
}
