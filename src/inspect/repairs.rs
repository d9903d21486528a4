//! What could be repaired in a manifest that a run used: diffs that a diagnosis may choose from later, when the text is no longer at hand.

use super::look::Look;
use crate::connector::{
    Checked, FaultKind, FlawKind, Patch, Reference, Setter, Texts, Version, read_project,
};
use crate::model::{ConfigFacts, JsonType, Repair, RepairKind};
use crate::redact::Redactor;

/// Most repairs that are kept of one manifest.
const MOST: usize = 48;
/// Other config values that one template might read instead.
const MOST_KEYS: usize = 4;
/// Schemes that a token may be missing.
const SCHEMES: [&str; 2] = ["Bearer", "Token"];

/// All repairs that can be shown: proved by parsing, and without a line that may hold a secret. `config`: the facts of the run's config;
/// `framework`: the version of airbyte-cdk that it runs with, where it is known.
pub fn repairs(
    texts: &Texts,
    config: Option<&ConfigFacts>,
    framework: Option<&str>,
    redactor: &Redactor,
) -> Vec<Repair> {
    let project = read_project(&texts.files, None);
    let look = Look::new(&texts.files, &project, config, redactor);
    let Some(manifest) = look.manifest() else { return Vec::new() };
    let mut kept = Kept { look: &look, repairs: Vec::new() };
    if look.spec().is_none() {
        kept.add(RepairKind::AddSpec, None, manifest.add_spec());
    }
    if let Some(framework) = framework.filter(|known| is_older(known, manifest)) {
        let patch = manifest.set_version(framework);
        kept.add_for(RepairKind::SetVersion, None, (None, Some(framework)), patch);
    }
    for fault in &manifest.faults {
        if matches!(fault.kind, FaultKind::Unknown { meant: Some(_), .. }) {
            let of_component: Vec<_> =
                manifest.faults.iter().filter(|other| other.start == fault.start).collect();
            kept.add(RepairKind::RenameMembers, fault.line, manifest.rename_members(&of_component));
        }
    }
    flaws(&mut kept, manifest);
    for conflict in &manifest.conflicts {
        let patch = conflict.at.as_deref().and_then(|at| manifest.remove(at));
        kept.add(RepairKind::DropEntry, conflict.entry_line, patch);
    }
    for setter in &manifest.manifest.setters {
        if !setter.authenticator && setter.place.is_some() {
            kept.add(RepairKind::DropEntry, setter.line, manifest.remove(&setter.at));
        }
    }
    for reference in &manifest.manifest.references {
        of_reference(&mut kept, manifest, reference, config);
    }
    let mut repairs = kept.repairs;
    for repair in &mut repairs {
        for (name, path) in &texts.paths {
            let path = redactor.prose(path.trim_start_matches('/')).to_string();
            repair.patch = with_path(&repair.patch, name, &path);
        }
    }
    repairs
}

/// The framework is older than the manifest says of itself.
fn is_older(framework: &str, manifest: &Checked) -> bool {
    let declared = manifest.manifest.version.as_deref().and_then(Version::parse);
    Version::parse(framework).zip(declared).is_some_and(|(framework, declared)| framework < declared)
}

/// The same diff of a file by another name.
fn with_path(diff: &str, name: &str, path: &str) -> String {
    let head = format!("--- a/{name}\n+++ b/{name}\n");
    match diff.strip_prefix(&head) {
        Some(rest) => format!("--- a/{path}\n+++ b/{path}\n{rest}"),
        None => diff.to_owned(),
    }
}

struct Kept<'l> {
    look: &'l Look<'l>,
    repairs: Vec<Repair>,
}

impl Kept<'_> {
    fn add(&mut self, kind: RepairKind, line: Option<u32>, patch: Option<Patch>) {
        self.add_for(kind, line, (None, None), patch);
    }

    /// Keeps a repair for a config value, with a further word that tells it from others of its kind.
    fn add_for(
        &mut self,
        kind: RepairKind,
        line: Option<u32>,
        (config, word): (Option<&str>, Option<&str>),
        patch: Option<Patch>,
    ) {
        if self.repairs.len() >= MOST {
            return;
        }
        let Some(patch) = self.look.patch(patch) else { return };
        let repair =
            Repair { kind, line, config: config.map(str::to_owned), word: word.map(str::to_owned), patch };
        if !self.repairs.contains(&repair) {
            self.repairs.push(repair);
        }
    }
}

fn flaws(kept: &mut Kept<'_>, manifest: &Checked) {
    for flaw in &manifest.flaws {
        let at = flaw.at.as_str();
        match &flaw.kind {
            FlawKind::Unclosed => {
                kept.add(RepairKind::CloseTemplate, flaw.line, manifest.close_template(at));
            }
            FlawKind::SingleBrace => {
                kept.add(RepairKind::DoubleBraces, flaw.line, manifest.double_braces(at));
            }
            FlawKind::Undeclared(name) => {
                let patch = manifest.replace(at, name, &format!("config['{name}']"));
                kept.add_for(RepairKind::ReadConfig, flaw.line, (None, Some(name)), patch);
            }
            FlawKind::Scheme { scheme, .. } => {
                let config = manifest.manifest.references.iter().find(|read| read.at == flaw.at);
                let config = config.map(|read| read.config.as_str());
                let patch = manifest.replace(at, &format!("{scheme} "), "");
                kept.add_for(RepairKind::DropScheme, flaw.line, (config, Some(scheme)), patch);
            }
            FlawKind::ShellReference => {}
        }
    }
}

fn of_reference(
    kept: &mut Kept<'_>,
    manifest: &Checked,
    reference: &Reference,
    config: Option<&ConfigFacts>,
) {
    let (at, pointer) = (reference.at.as_str(), reference.config.as_str());
    if kept.look.property(pointer).is_some_and(|property| !property.required) {
        let patch = kept.look.require_patch(pointer);
        kept.add_for(RepairKind::RequireKey, reference.line, (Some(pointer), None), patch);
    }
    for other in others(kept.look, pointer, config) {
        let patch = manifest.redirect(at, pointer, &other);
        kept.add_for(RepairKind::ReadKey, reference.line, (Some(pointer), Some(&other)), patch);
    }
    let Some(setter) = setter(manifest, at) else { return };
    if reference.bare {
        let patch = manifest.quote(at);
        kept.add_for(RepairKind::Quote, reference.line, (Some(pointer), None), patch);
    }
    let in_authorization =
        setter.place.as_ref().is_some_and(|place| place.name.eq_ignore_ascii_case("authorization"));
    if reference.bare && in_authorization && setter.component != "BearerAuthenticator" {
        for scheme in SCHEMES {
            let patch = manifest.prefix(at, &format!("{scheme} "));
            kept.add_for(RepairKind::AddScheme, reference.line, (Some(pointer), Some(scheme)), patch);
        }
    }
}

/// What a template belongs to that sets a value in requests.
fn setter<'a>(manifest: &'a Checked, at: &str) -> Option<&'a Setter> {
    let of = |setter: &&Setter| {
        at == setter.at || at.strip_prefix(&setter.at).is_some_and(|rest| rest.starts_with('/'))
    };
    manifest.manifest.setters.iter().filter(of).max_by_key(|setter| setter.at.len())
}

/// Other values that a template may have been meant to read: keys of the config, then secrets of the spec.
fn others(look: &Look<'_>, pointer: &str, config: Option<&ConfigFacts>) -> Vec<String> {
    let there = config.is_some_and(|config| config.at(pointer).is_some());
    let keys = config.iter().flat_map(|config| &config.values).filter(|value| {
        !there && value.secret && value.kind == JsonType::String && !value.pointer.contains('‹')
    });
    let secrets =
        look.spec().into_iter().flat_map(|spec| &spec.properties).filter(|property| property.secret);
    let mut others: Vec<String> = Vec::new();
    for other in keys.map(|value| &value.pointer).chain(secrets.map(|property| &property.pointer)) {
        if other != pointer && !others.contains(other) && others.len() < MOST_KEYS {
            others.push(other.clone());
        }
    }
    others
}
