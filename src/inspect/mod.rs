//! What a connector's files tell before it runs: the same rules as a comparison's where they fit, with file and line. Pure: it reads a
//! [`Project`], and redacts all that it says.

mod checks;
mod config;
mod keys;
mod lakeflow;
mod look;
mod manifest;
mod repairs;
mod setup;
mod templates;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::connector::{Files, Project};
use crate::diagnose::{Confidence, Role, Severity};
use crate::model::ConfigFacts;
use crate::redact::Redactor;

pub use checks::{CHECKS, Check, check};
pub use repairs::repairs;

use look::Look;

/// The name of the form in which an inspection is written as JSON.
pub const SCHEMA: &str = "samewire.inspect/1";

/// What was found in a package.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inspection {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The version of samewire that made it.
    pub version: &'static str,
    /// What was inspected, as the user named it.
    pub target: String,
    /// `directory`, `wheel`, `sdist` or `image`.
    pub form: &'static str,
    /// `airbyte-low-code`, `airbyte-python`, `lakeflow`.
    pub connector: &'static str,
    /// The version of the framework, or what is asked of it; null where it cannot be told.
    pub framework: Option<String>,
    /// The files that were judged.
    pub files: Vec<JudgedFile>,
    /// What was found, worst first.
    pub findings: Vec<Finding>,
    /// Things to know about the inspection itself.
    pub notes: Vec<String>,
}

/// A file and what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JudgedFile {
    /// `manifest`, `spec`, `config`.
    pub role: &'static str,
    /// Its path in the package.
    pub path: String,
}

/// What a check concludes. The members are those of a report's finding, but for the evidence, which lies in files.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// Its family.
    pub family: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// One sentence.
    pub claim: String,
    /// The rule's own typed facts.
    pub detail: Map<String, Value>,
    /// Where, the fault first.
    pub evidence: Vec<Spot>,
    /// What to do, best first.
    pub remedies: Vec<Remedy>,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Spot {
    /// Whether the fault is here, or what it is compared with.
    pub role: Role,
    /// The file, by its path in the package.
    pub file: String,
    /// The line, from 1.
    pub line: Option<u32>,
    /// A few words.
    pub label: String,
    /// The line as text, redacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// One sentence.
    pub text: String,
    /// A unified diff; null where none can be given.
    pub patch: Option<String>,
}

impl Inspection {
    /// The worst severity.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}

/// Judges a project. `config`: the facts of its config, where there is one; the redactor knows its values.
///
/// `None` where there is nothing of a connector in it.
pub fn inspect(
    target: &str,
    files: &Files,
    project: &Project,
    config: Option<&ConfigFacts>,
    redactor: &Redactor,
) -> Option<Inspection> {
    let mut look = Look::new(files, project, config, redactor);
    let connector = if project.lakeflow.is_some() {
        lakeflow::check(&mut look);
        "lakeflow"
    } else if project.package.is_some() {
        "airbyte-python"
    } else if project.manifest.is_some() {
        "airbyte-low-code"
    } else {
        return None;
    };
    setup::check(&mut look);
    manifest::check(&mut look);
    templates::check(&mut look);
    keys::check(&mut look);
    config::check(&mut look);
    let mut judged = Vec::new();
    let mut add =
        |role, path: Option<&str>| judged.extend(path.map(|path| JudgedFile { role, path: look.path(path) }));
    add(
        "spec",
        project
            .lakeflow
            .as_ref()
            .and_then(|lakeflow| lakeflow.spec.as_ref().map(|_| lakeflow.spec_path.as_str())),
    );
    add("manifest", project.manifest.as_ref().map(|manifest| manifest.path.as_str()));
    add("spec", project.spec.as_ref().filter(|spec| !spec.in_manifest).map(|spec| spec.path.as_str()));
    let config = config.map(|config| config.path.to_string());
    judged.extend(config.map(|path| JudgedFile { role: "config", path }));
    Some(Inspection {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        target: shown_target(target, redactor),
        form: project.form.as_str(),
        connector,
        framework: project.framework.as_ref().map(|framework| look.requirement(&framework.text)),
        files: judged,
        notes: files.remarks.iter().map(|remark| look.prose(remark)).collect(),
        findings: look.findings(),
    })
}
/// What was inspected, as it may be shown.
fn shown_target(target: &str, redactor: &Redactor) -> String {
    let folder = target.rfind('/').map_or(0, |slash| slash + 1);
    let (folder, name) = target.split_at(folder);
    if look::is_archive(name) {
        return format!("{}{name}", redactor.prose(folder));
    }
    redactor.prose(target).to_string()
}
