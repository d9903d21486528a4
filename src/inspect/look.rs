//! A look at a project: what checks ask, and the findings they state. Everything that is said passes the redactor here.

use std::cmp::Reverse;

use serde_json::{Map, Value};

use super::{Finding, Remedy, Spot};
use crate::connector::{self, Checked, Files, Patch, Project, Property, Spec};
use crate::diagnose::{self, Confidence, Role, Severity};
use crate::model::ConfigFacts;
use crate::redact::Redactor;

/// Longer lines are not shown, in bytes.
const LONGEST: usize = 240;

pub(super) struct Look<'a> {
    pub(super) project: &'a Project,
    /// Of a config that can be read.
    pub(super) config: Option<&'a ConfigFacts>,
    files: &'a Files,
    redactor: &'a Redactor,
    found: Vec<Finding>,
}

impl<'a> Look<'a> {
    pub(super) fn new(
        files: &'a Files,
        project: &'a Project,
        config: Option<&'a ConfigFacts>,
        redactor: &'a Redactor,
    ) -> Self {
        Self { project, config, files, redactor, found: Vec::new() }
    }

    /// The findings, worst first, each once.
    pub(super) fn findings(mut self) -> Vec<Finding> {
        let place = |finding: &Finding| diagnose::RULES.iter().position(|rule| rule.name == finding.rule);
        let line = |finding: &Finding| finding.evidence.first().and_then(|spot| spot.line);
        self.found.sort_by_key(|finding| {
            (Reverse(finding.severity), place(finding).unwrap_or(usize::MAX), line(finding))
        });
        self.found.dedup();
        self.found
    }

    pub(super) fn push(&mut self, finding: Finding) {
        let key = finding.detail.get("key");
        let of_key = |known: &Finding| key.is_some() && known.detail.get("key") == key;
        let same = |known: &&mut Finding| {
            known.rule == finding.rule && (known.claim == finding.claim || of_key(known))
        };
        let Some(known) = self.found.iter_mut().find(same) else {
            self.found.push(finding);
            return;
        };
        // The worse one speaks; the places of both are kept.
        let mut other = finding;
        if other.severity > known.severity {
            std::mem::swap(known, &mut other);
        }
        for spot in other.evidence {
            if !known.evidence.contains(&spot) {
                known.evidence.push(spot);
            }
        }
    }

    /// Whether a finding of this rule was stated.
    pub(super) fn has(&self, rule: &str) -> bool {
        self.found.iter().any(|finding| finding.rule == rule)
    }

    pub(super) fn has_file(&self, path: &str) -> bool {
        self.files.has(path)
    }

    pub(super) fn file_count(&self) -> usize {
        self.files.paths().count()
    }

    pub(super) fn manifest(&self) -> Option<&'a Checked> {
        self.project.manifest.as_ref()
    }

    pub(super) fn spec(&self) -> Option<&'a Spec> {
        self.project.spec.as_ref().and_then(|file| file.spec.as_ref())
    }

    pub(super) fn property(&self, pointer: &str) -> Option<&'a Property> {
        self.spec().and_then(|spec| spec.property(pointer))
    }

    /// The file that the spec is in.
    pub(super) fn spec_path(&self) -> &'a str {
        self.project.spec.as_ref().map_or("", |file| file.path.as_str())
    }

    /// A name from a file, as far as it may be shown.
    pub(super) fn name(&self, name: &str) -> String {
        self.redactor.name(name)
    }

    /// What is asked of a framework: signs and numbers.
    pub(super) fn requirement(&self, text: &str) -> String {
        let plain = text.len() <= 80
            && text
                .chars()
                .all(|c| c.is_ascii_digit() || "<>=!~^,.* ()".contains(c) || c.is_ascii_lowercase());
        if plain { text.to_owned() } else { self.prose(text) }
    }

    /// Running text from a file.
    pub(super) fn prose(&self, text: &str) -> String {
        self.redactor.prose(text).to_string()
    }

    /// A path in the package.
    pub(super) fn path(&self, path: &str) -> String {
        let part = |part: &str| match part {
            part if is_package(part) => part.to_owned(),
            part if part.contains(['.', '-']) => self.prose(part),
            part => self.name(part),
        };
        path.split('/').map(part).collect::<Vec<_>>().join("/")
    }

    /// `credentials.api_key` for `/credentials/api_key`.
    pub(super) fn key(&self, pointer: &str) -> String {
        let segment = |segment: &str| self.name(&segment.replace("~1", "/").replace("~0", "~"));
        pointer.split('/').skip(1).map(segment).collect::<Vec<_>>().join(".")
    }

    /// A place in a file, with its line as far as that may be shown.
    pub(super) fn spot(&self, role: Role, file: &str, line: Option<u32>, label: impl Into<String>) -> Spot {
        let text = line.and_then(|line| self.files.text(file)?.lines().nth(line.checked_sub(1)? as usize));
        let text = text.map(str::trim).filter(|text| !text.is_empty() && text.len() <= LONGEST);
        // A config's lines hold values.
        let is_config = self.config.is_some_and(|config| config.path.to_string().ends_with(file));
        Spot {
            role,
            file: self.path(file),
            line,
            label: label.into(),
            text: text.filter(|_| !is_config).map(|text| self.redactor.source(text).to_string()),
        }
    }

    /// A unified diff, where every line of it may be shown; context that may not is left out.
    pub(super) fn patch(&self, patch: Option<Patch>) -> Option<String> {
        let patch = patch?;
        let shown = |line: &str| {
            let head = ["@@", "---", "+++"].iter().any(|sign| line.starts_with(sign));
            head || self.is_shown(line.get(1..).unwrap_or_default())
        };
        [2, 1, 0].into_iter().map(|context| patch.unified(context)).find(|diff| diff.lines().all(shown))
    }

    /// A unified diff that puts a key on the spec's list of required ones.
    pub(super) fn require(&self, pointer: &str) -> Option<String> {
        self.patch(self.require_patch(pointer))
    }

    /// The same, as it is.
    pub(super) fn require_patch(&self, pointer: &str) -> Option<Patch> {
        connector::require_key(self.files, self.project, pointer)
    }

    /// A unified diff that marks a property of the spec as a secret.
    pub(super) fn mark_secret(&self, pointer: &str) -> Option<String> {
        self.patch(connector::mark_secret(self.files, self.project, pointer))
    }

    /// The first line of a file that begins with `word`.
    pub(super) fn line_of(&self, file: &str, word: &str) -> Option<u32> {
        let at = self.files.text(file)?.lines().position(|line| line.trim_start().starts_with(word))?;
        u32::try_from(at + 1).ok()
    }

    /// Whether a line of a file holds nothing that is to be hidden.
    fn is_shown(&self, line: &str) -> bool {
        self.redactor.source(line).as_shown().is_some_and(|shown| shown == line)
    }
}

impl Finding {
    /// A finding of a rule of the catalogue, as an error.
    pub(super) fn of(rule: &str, claim: impl Into<String>) -> Self {
        let known = diagnose::rule(rule);
        let check = super::check(rule);
        let family = known.map(|rule| rule.family).or_else(|| check.map(|check| check.family));
        Self {
            rule: known.map(|rule| rule.name).or_else(|| check.map(|check| check.name)).unwrap_or_default(),
            family: family.map_or("setup", diagnose::Family::as_str),
            severity: Severity::Error,
            confidence: Confidence::Certain,
            claim: claim.into(),
            detail: Map::new(),
            evidence: Vec::new(),
            remedies: Vec::new(),
        }
    }

    pub(super) fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    pub(super) fn note(mut self) -> Self {
        self.severity = Severity::Note;
        self
    }

    pub(super) fn likely(mut self) -> Self {
        self.confidence = Confidence::Likely;
        self
    }

    pub(super) fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn at(mut self, spot: Spot) -> Self {
        self.evidence.push(spot);
        self
    }

    pub(super) fn remedy(self, text: impl Into<String>) -> Self {
        self.remedy_with(text, None)
    }

    pub(super) fn remedy_with(mut self, text: impl Into<String>, patch: Option<String>) -> Self {
        self.remedies.push(Remedy { text: text.into(), patch });
        self
    }
}

/// The name of a connector's Python package, which anybody may know: `source_bamboo_hr`, `source_auth0`.
fn is_package(name: &str) -> bool {
    let rest = name.strip_prefix("source_").or_else(|| name.strip_prefix("destination_"));
    let is_word = |word: &str| {
        let letters = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
        letters.len() <= 20
            && word.len() <= letters.len() + 2
            && letters.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    rest.is_some_and(|rest| rest.len() <= 40 && rest.split('_').all(is_word))
}

/// The name of a wheel or an sdist: distribution, version, tags (PEP 427 and 625).
pub(super) fn is_archive(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".whl").or_else(|| name.strip_suffix(".tar.gz")) else { return false };
    let mut parts = stem.split('-');
    let distribution = parts.next().unwrap_or_default();
    let is_version =
        |part: &str| part.len() <= 20 && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_package(distribution.strip_prefix("airbyte_").unwrap_or(distribution))
        && parts.next().is_some_and(is_version)
        && parts.all(|tag| ["py3", "py2.py3", "none", "any"].contains(&tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_packages_and_archives_are_shown_and_nothing_else() {
        for name in ["source_acme", "source_bamboo_hr", "source_auth0", "source_s3", "destination_acme"] {
            assert!(is_package(name), "{name}");
        }
        for name in ["acme", "source_k9QxT2vL", "source_a1b2c3", "source_acme.d", "source_0123456789"] {
            assert!(!is_package(name), "{name}");
        }
        for name in ["airbyte_source_bamboo_hr-0.4.14-py3-none-any.whl", "source_acme-0.1.0.tar.gz"] {
            assert!(is_archive(name), "{name}");
        }
        for name in [
            "source_acme.whl",
            "source_acme-k9QxT2vL-py3-none-any.whl",
            "source_acme-1.0-k9QxT2vL.whl",
            "x.tar",
        ] {
            assert!(!is_archive(name), "{name}");
        }
    }
}
