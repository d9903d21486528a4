//! `samewire explain RULE`

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::bail;

use crate::diagnose::{self, Family};
use crate::inspect;
use crate::redact::repeatable;

use super::output;

/// Show the page of a rule: what, why, on the wire, how to fix, when it is wrong.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The rule, as a report names it; without it, all rules are listed.
    rule: Option<String>,
}

/// Prints the page, or the list.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Some(name) = &args.rule else {
        output::report(&list(), None)?;
        return Ok(ExitCode::SUCCESS);
    };
    if let Some(check) = inspect::check(name) {
        output::report(check.docs, None)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(rule) = diagnose::rule(name) else {
        let near = nearest(name);
        let name = repeatable(name);
        match near {
            Some(near) => {
                bail!("no rule is called {name:?}; did you mean {near}? `samewire explain` lists them all")
            }
            None => bail!("no rule is called {name:?}; `samewire explain` lists them all"),
        }
    };
    output::report(rule.docs, None)?;
    Ok(ExitCode::SUCCESS)
}

fn list() -> String {
    let mut text = String::new();
    let width = diagnose::RULES.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    for family in [Family::Auth, Family::Setup, Family::Network, Family::Request] {
        let _ = writeln!(text, "{}{}", if text.is_empty() { "" } else { "\n" }, family.as_str());
        for rule in diagnose::RULES.iter().filter(|rule| rule.family == family) {
            let _ = writeln!(text, "  {:width$}  {}", rule.name, rule.summary);
        }
        for check in inspect::CHECKS.iter().filter(|check| check.family == family) {
            let _ = writeln!(text, "  {:width$}  {}", check.name, check.summary);
        }
    }
    text
}

/// The rule whose name shares the most words with what was asked for.
fn nearest(name: &str) -> Option<&'static str> {
    let asked: Vec<&str> = name.split(['-', '_', ' ']).filter(|word| !word.is_empty()).collect();
    diagnose::RULES
        .iter()
        .map(|rule| (rule.name.split('-').filter(|word| asked.contains(word)).count(), rule.name))
        .filter(|(shared, _)| *shared > 0)
        .max_by_key(|(shared, _)| *shared)
        .map(|(_, name)| name)
}
