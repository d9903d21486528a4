//! Checks that only files can answer. Everything else that an inspection finds has the name of a rule.

use crate::diagnose::Family;

/// A check that no comparison makes.
pub struct Check {
    /// Its name, part of the contract of reports.
    pub name: &'static str,
    /// Its family.
    pub family: Family,
    /// One line: when it fires.
    pub summary: &'static str,
    /// Its page.
    pub docs: &'static str,
}

/// All of them.
pub static CHECKS: &[Check] = &[SECRET_UNMARKED];

/// A secret that nothing masks.
pub(super) const SECRET_UNMARKED: Check = Check {
    name: "secret-unmarked",
    family: Family::Setup,
    summary: "the spec does not mark a secret as one, so platforms show and log it (found by inspect)",
    docs: include_str!("../../docs/rules/secret-unmarked.md"),
};

/// The check of a name.
pub fn check(name: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_its_page() {
        for check in CHECKS {
            assert!(crate::diagnose::rule(check.name).is_none(), "{} is a rule", check.name);
            assert!(check.docs.starts_with(&format!("# {}\n", check.name)));
            let headings: Vec<_> = check.docs.lines().filter(|line| line.starts_with("## ")).collect();
            assert_eq!(
                headings,
                [
                    "## What it means",
                    "## On the wire",
                    "## Why it happens",
                    "## How to fix",
                    "## When it is wrong"
                ]
            );
        }
    }
}
