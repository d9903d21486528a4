//! Is everything there, and does it reach the package: spec, manifest, the connector's own classes.

use super::Finding;
use super::look::Look;
use crate::connector::{Checked, Form, Packaged};
use crate::diagnose::Role;
use crate::model::ManifestState;

pub(super) fn check(look: &mut Look<'_>) {
    if look.project.lakeflow.is_some() {
        return;
    }
    manifest(look);
    spec(look);
    classes(look);
}

fn manifest(look: &mut Look<'_>) {
    let project = look.project;
    if let Some(missing) = &project.missing_manifest {
        let path = look.path(&missing.path);
        let mut finding =
            Finding::of("manifest-missing", format!("the code reads {path}, which is not there"))
                .detail("path", path.clone())
                .at(look.spot(Role::Primary, &missing.by, missing.line, "names it"));
        if let Some(other) = &project.manifest {
            finding = finding.at(look.spot(Role::Related, &other.path, None, "a manifest lies here"));
        }
        look.push(finding.remedy(if project.form == Form::Directory {
            format!("put the manifest at {path}")
        } else {
            "list the manifest in the package data (package_data, MANIFEST.in, pyproject.toml) and build the package anew".to_owned()
        }));
    }
    let (Packaged::No { why, file, line }, Some(manifest)) = (&project.manifest_packaged, &project.manifest)
    else {
        return;
    };
    let path = look.path(&manifest.path);
    let finding = Finding::of("manifest-missing", format!("{path} does not reach the package that is built: {}", look.prose(why)))
        .detail("path", path)
        .at(look.spot(Role::Primary, file, *line, "decides what is packaged"))
        .remedy("let the package data have it: `package_data={\"\": [\"*.yaml\"]}` in setup.py, or the same of your build backend");
    look.push(finding);
}

fn spec(look: &mut Look<'_>) {
    let project = look.project;
    let Some(file) = &project.spec else {
        // A manifest that cannot be read, or is not there, may have one.
        let unread = |manifest: &Checked| manifest.manifest.state != ManifestState::Read;
        let unknown = project.missing_manifest.is_some() || project.manifest.as_ref().is_some_and(unread);
        if !project.spec_in_code && !unknown {
            missing_spec(look);
        }
        return;
    };
    let path = look.path(&file.path);
    if file.spec.is_none() {
        let finding = Finding::of(
            "spec-missing",
            format!("{path} is no spec: it has no `connectionSpecification` that can be read"),
        )
        .at(look.spot(Role::Primary, &file.path, Some(1), "the spec"))
        .remedy("give it a `connectionSpecification` with the JSON schema of the config");
        look.push(finding);
    }
    let other = file.path.replace(".yaml", ".json");
    if !file.in_manifest && other != file.path && look.has_file(&other) {
        let finding = Finding::of(
            "spec-missing",
            format!("both {path} and {} are there, and the framework refuses to choose", look.path(&other)),
        )
        .at(look.spot(Role::Primary, &other, None, "the second one"))
        .remedy("keep one of them");
        look.push(finding);
    }
    if let Packaged::No { why, file: by, line } = &project.spec_packaged {
        let finding = Finding::of("spec-missing", format!("{path} does not reach the package that is built: {}", look.prose(why)))
            .detail("path", path)
            .at(look.spot(Role::Primary, by, *line, "decides what is packaged"))
            .remedy("let the package data have it: `package_data={\"\": [\"*.yaml\", \"*.json\"]}` in setup.py, or the same of your build backend")
            .remedy("or move the spec into the manifest: `spec` with a `connection_specification`");
        look.push(finding);
    }
}

fn missing_spec(look: &mut Look<'_>) {
    let project = look.project;
    let whose = match (&project.package, &project.manifest) {
        (Some(package), Some(_)) => format!("neither the manifest nor {} has a spec", look.path(package)),
        (Some(package), None) => format!("{} has no spec.yaml or spec.json", look.path(package)),
        (None, _) => "the manifest has no `spec`".to_owned(),
    };
    let mut finding =
        Finding::of("spec-missing", format!("{whose}, so the connector ends before its first request"));
    if let Some(manifest) = &project.manifest {
        finding = finding.at(look.spot(Role::Primary, &manifest.path, None, "no `spec` in it"));
    }
    for stray in &project.stray_specs {
        finding = finding.at(look.spot(
            Role::Related,
            stray,
            None,
            "a spec lies where the framework does not look",
        ));
    }
    let alone = look.file_count() == 1;
    if alone {
        // The rest of the package was not seen.
        finding = finding.likely();
    }
    if let Some(manifest) = &project.manifest {
        let patch = look.patch(manifest.add_spec());
        finding = finding.remedy_with(
            "add a `spec` to the manifest: `type: Spec` with a `connection_specification` that lists the config's keys",
            patch,
        );
    }
    if let Some(package) = &project.package {
        finding = finding.remedy(format!(
            "or put spec.yaml into {}, beside its source.py, and let the package data have it",
            look.path(package)
        ));
    }
    look.push(finding);
}

fn classes(look: &mut Look<'_>) {
    let Some(manifest) = look.manifest() else { return };
    for (class, file) in &look.project.missing_classes {
        let file = look.path(file);
        let name = class.name.split('.').map(|part| look.name(part)).collect::<Vec<_>>().join(".");
        let mut finding =
            Finding::of("custom-code-refused", format!("the manifest uses {name}, and there is no {file}"))
                .at(look.spot(Role::Primary, &manifest.path, class.line, "names the class"))
                .remedy(format!("put {file} into the package"));
        if look.file_count() == 1 {
            finding = finding.likely().warning();
        }
        look.push(finding);
    }
}
