//! Sentences about what keeps a connector from asking at all.

use super::Said;
use super::text::{Sentence, quoted};
use crate::model::ClueKind;

/// Reads one sentence.
pub(super) fn read(sentence: &Sentence<'_>) -> Vec<Said> {
    let readers = [package, custom_code, manifest, config, template, authenticator, url, missing];
    let kinds = readers.into_iter().map(|read| read(sentence)).find(|kinds| !kinds.is_empty());
    kinds.unwrap_or_default()
}

/// Facts of one sentence, told for certain.
fn sure(sentence: &Sentence<'_>, kinds: impl IntoIterator<Item = ClueKind>) -> Vec<Said> {
    kinds.into_iter().map(|kind| Said::sure(kind, sentence.text)).collect()
}

/// What the framework's own image says of a manifest without spec: its generic spec, which asks for a manifest in the config, stands
/// in the place of the connector's.
const GENERIC_SPEC: &str = "'__injected_declarative_manifest' is a required property";

/// The spec, and the files of a package.
fn package(sentence: &Sentence<'_>) -> Vec<Said> {
    if sentence.has_any(&["Unable to find spec.yaml or spec.json", GENERIC_SPEC]) {
        return sure(sentence, [ClueKind::SpecMissing]);
    }
    if !sentence.has_any(&["No such file or directory", "FileNotFoundError", "ENOENT", "NoSuchFileException"])
    {
        return Vec::new();
    }
    let name = |part: &str| sentence.text.rsplit(['\'', '"', ' ', ':']).find(|word| word.contains(part));
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_lowercase();
    let ends = [".yaml", ".yml", ".json"].map(name);
    let Some(path) = ends.into_iter().flatten().next() else { return Vec::new() };
    let file = last(path);
    if file.starts_with("spec.") {
        return sure(sentence, [ClueKind::SpecMissing]);
    }
    if file.contains("manifest") {
        return sure(sentence, [ClueKind::ManifestMissing(sentence.redactor.prose(path))]);
    }
    if file.contains("config") || file.contains("secret") || file.contains("credential") {
        return sure(sentence, [ClueKind::ConfigInvalid(sentence.redactor.prose(sentence.telling()))]);
    }
    Vec::new()
}

fn custom_code(sentence: &Sentence<'_>) -> Vec<Said> {
    let module =
        sentence.quoted_after("No module named ").or_else(|| sentence.quoted_after("Could not load module "));
    let components =
        module.is_some_and(|name| name.rsplit('.').next().is_some_and(|last| last.contains("components")));
    let refused = sentence.has("Custom connector code is not permitted")
        || sentence.has_any(&["Could not load class", "Could not load module"])
        || components;
    sure(sentence, refused.then_some(ClueKind::CustomCodeRefused))
}

fn manifest(sentence: &Sentence<'_>) -> Vec<Said> {
    let rejected = [
        "declarative_component_schema.yaml schema failed",
        "Validation against json schema",
        "is greater than the airbyte-cdk package version",
        "incompatible with the airbyte-cdk package version",
        "Manifest version is not defined",
        "Expected manifest component of type",
        "is not a valid component type",
        "ManifestValidationException",
        "UndefinedReferenceException",
        "CircularReferenceException",
    ];
    if !sentence.has_any(&rejected) {
        return Vec::new();
    }
    // The lines before tell where: On instance['paginator']:
    let place =
        sentence.before.iter().rev().find_map(|line| line.strip_prefix("On instance")?.strip_suffix(':'));
    let reason = match place.filter(|place| !place.is_empty()) {
        Some(place) => format!("{} (at {place})", sentence.telling()),
        None => sentence.telling().to_owned(),
    };
    sure(sentence, [ClueKind::ManifestRejected(sentence.redactor.prose(&reason))])
}

fn config(sentence: &Sentence<'_>) -> Vec<Said> {
    let redactor = sentence.redactor;
    let invalid = || ClueKind::ConfigInvalid(redactor.prose(sentence.telling()));
    let missing = |key: &str| ClueKind::ConfigKeyMissing(redactor.name(key));
    let required =
        sentence.text.split_once(" is a required property").and_then(|(before, _)| last_quoted(before));
    if sentence.has("onfig validation error") {
        return sure(sentence, [required.map_or_else(invalid, missing)]);
    }
    // jsonschema says the same of a manifest; the CDK then goes on to say that it rejects it.
    if let Some(key) = required {
        return vec![Said::doubtful(missing(key), sentence.text)];
    }
    if sentence.has("jsonschema")
        && sentence.has("ValidationError: ")
        && sentence.has(" is not ")
        && refused_authenticator(sentence.text).is_none()
    {
        return vec![Said::doubtful(invalid(), sentence.text)];
    }
    if sentence.has_any(&["Could not read json file", "Unexpected UTF-8 BOM"]) {
        return sure(sentence, [invalid()]);
    }
    if sentence.has("JSONDecodeError") && sentence.follows(&["config", "secrets"]) {
        return sure(sentence, [invalid()]);
    }
    // airbyte-agent packages: Missing 'token' in secrets
    let words = [
        "Missing required option",
        "Missing required config",
        "Missing required key",
        "Missing required parameter",
    ];
    let key = words.iter().find_map(|words| sentence.text.split_once(words).map(|(_, rest)| rest));
    let key = key.and_then(|rest| quoted(rest.trim_start_matches([':', ' ', 's'])));
    let in_secrets = sentence
        .has_any(&["in secrets", "in config", "in the config"])
        .then(|| sentence.quoted_after("Missing "));
    if let Some(key) = key.or(in_secrets.flatten()) {
        return sure(sentence, [missing(key)]);
    }
    // A script that reads its config: the code that raised it stands right before.
    if let Some(key) = sentence.text.strip_prefix("KeyError: ").and_then(quoted) {
        let reads = |line: &String| {
            line.contains(key)
                && ["onfig", "secret", "option", "credential", "settings", "environ", "params"]
                    .iter()
                    .any(|word| line.contains(word))
        };
        if sentence.before.iter().any(reads) {
            return sure(sentence, [missing(key)]);
        }
    }
    Vec::new()
}

/// What stands in the last pair of quotes of a text.
fn last_quoted(text: &str) -> Option<&str> {
    let text = text.trim_end_matches('\\');
    let quote = text.chars().next_back().filter(|letter| matches!(letter, '\'' | '"' | '`'))?;
    let inner = text.strip_suffix(quote)?.trim_end_matches('\\');
    let start = inner.rfind(quote)?;
    Some(&inner[start + 1..])
}

fn template(sentence: &Sentence<'_>) -> Vec<Said> {
    let redactor = sentence.redactor;
    if let Some((_, rest)) = sentence.text.split_once("undeclared variables: {") {
        let names = rest.split('}').next().unwrap_or_default().split(',').filter_map(quoted);
        return sure(sentence, names.map(|name| ClueKind::TemplateUndeclared(redactor.name(name))));
    }
    // Jinja: 'dict object' has no attribute 'x'. Python itself puts the quotes elsewhere.
    if let Some((before, rest)) = sentence.text.split_once(" has no attribute ") {
        let before = before.trim_end_matches('\\');
        let jinja =
            before.ends_with(" object'") || before.ends_with("'None'") || before.ends_with(" object\"");
        if let Some(name) = quoted(rest).filter(|_| jinja) {
            return sure(sentence, [ClueKind::ConfigPathUndefined(redactor.name(name))]);
        }
    }
    if let Some((before, _)) = sentence.text.split_once(" is undefined")
        && let Some(name) = last_quoted(before)
    {
        return sure(sentence, [ClueKind::TemplateUndeclared(redactor.name(name))]);
    }
    // Jinja's parser.
    let after = sentence.text.rsplit_once("Error: ").map_or(sentence.text, |(_, rest)| rest);
    let parser = [
        "unexpected '",
        "unexpected char ",
        "unexpected end of ",
        "expected token ",
        "Encountered unknown tag",
        "Unexpected end of template",
        "No filter named",
        "No test named",
        "Missing end of ",
        "tag name expected",
        "Expected an expression",
    ];
    let broken = sentence.has_any(&["TemplateSyntaxError", "TemplateAssertionError"])
        || (sentence.has("Error: ") && parser.iter().any(|words| after.starts_with(words)));
    sure(sentence, broken.then(|| ClueKind::TemplateSyntax(redactor.prose(sentence.telling()))))
}

/// What airbyte-cdk's OAuth and JWT authenticators say of members that they lack, or that are theirs alone. The first is said where there is
/// neither `token_refresh_endpoint` nor `access_token_value`.
const UNSET: [&str; 5] = [
    "access_token is not set",
    "profile_assertion is not set",
    "Invalid token expiry date format",
    "are reserved headers and should not be set",
    "are reserved properties and should not be set",
];

fn authenticator(sentence: &Sentence<'_>) -> Vec<Said> {
    let redactor = sentence.redactor;
    // CDK 7: ... at key path: Authorization. CDK 6: Duplicate keys found: {'Authorization'}
    if let Some((_, rest)) = sentence.text.split_once("duplicate keys detected at key path: ") {
        let end = rest.find(". ").unwrap_or(rest.len());
        let place = rest[..end].trim_end_matches(['.', '\'', '"']);
        return sure(sentence, [ClueKind::CredentialsConflict(redactor.name(place))]);
    }
    if let Some((_, rest)) = sentence.text.split_once("Duplicate keys found: {") {
        let names = rest.split('}').next().unwrap_or_default().split(',').filter_map(quoted);
        return sure(sentence, names.map(|name| ClueKind::CredentialsConflict(redactor.name(name))));
    }
    let known = sentence.has("authenticator_selection_path")
        || (sentence.has("he authenticator `") && sentence.has("is not found"))
        || sentence.has("to be set for ApiKeyAuthenticator")
        || sentence.has("cannot be set both for ApiKeyAuthenticator")
        || (sentence.has("was unable to evaluate") && !sentence.has("hence it"))
        || sentence.has("If token_provider is set, api_token is ignored")
        || sentence.has_any(&UNSET);
    // pydantic, dataclasses, and the authenticators' own complaints name the class.
    let complaint = [
        "configuration error",
        "validation error",
        "unexpected keyword argument",
        "missing required",
        "requires at least",
        "cannot be set",
        "must be set",
        "field required",
    ];
    if let Some(name) = refused_authenticator(sentence.text) {
        let reason = redactor.prose(&format!("the members of {name} do not fit its schema"));
        return sure(sentence, [ClueKind::AuthenticatorMisconfigured(reason)]);
    }
    let misconfigured = known || (sentence.has("Authenticator") && sentence.has_any(&complaint));
    sure(
        sentence,
        misconfigured.then(|| ClueKind::AuthenticatorMisconfigured(redactor.prose(sentence.telling()))),
    )
}

/// The authenticator whose members the framework's schema refuses, of those that every version knows:
/// `ValidationError: {'type': 'BearerAuthenticator', ...} is not valid under any of the given schemas`.
fn refused_authenticator(text: &str) -> Option<&'static str> {
    let (_, instance) = text.split_once("ValidationError: {")?;
    let (before, rest) = instance.split_once("'type': ")?;
    let name = quoted(rest).filter(|_| !before.contains('{') && text.contains(" is not valid under any"))?;
    let names = [
        "ApiKeyAuthenticator",
        "BasicHttpAuthenticator",
        "BearerAuthenticator",
        "JwtAuthenticator",
        "OAuthAuthenticator",
        "SelectiveAuthenticator",
        "SessionTokenAuthenticator",
    ];
    names.into_iter().find(|known| *known == name)
}

fn url(sentence: &Sentence<'_>) -> Vec<Said> {
    let invalid = sentence.has_any(&[
        "No scheme supplied",
        "No host supplied",
        "MissingSchema",
        "InvalidSchema",
        "No connection adapters were found",
        "Request URL is missing an 'http://'",
        "UnsupportedProtocol",
        "ERR_INVALID_URL",
        "Failed to parse URL",
        "URI with undefined scheme",
        "unsupported protocol scheme",
        "no protocol: ",
        "unknown url type",
        "InvalidURL",
        "InvalidUrlClientError",
        "curl: (3)",
    ]);
    // The CDK's guard against plain HTTP names the exception too.
    let guard = sentence.has("Invalid Protocol Schem");
    sure(sentence, (invalid && !guard).then_some(ClueKind::UrlInvalid))
}

/// Modules and commands.
fn missing(sentence: &Sentence<'_>) -> Vec<Said> {
    let redactor = sentence.redactor;
    let module = ["No module named ", "Cannot find module ", "Cannot find package "];
    if let Some(name) = module.iter().find_map(|words| sentence.quoted_after(words)) {
        return sure(sentence, [ClueKind::ModuleMissing(redactor.name(name))]);
    }
    let class = ["Could not find or load main class ", "ClassNotFoundException: "];
    let bare = class.iter().chain(&["No module named "]).find_map(|words| sentence.text.split_once(words));
    if let Some(name) = bare.and_then(|(_, rest)| rest.split_whitespace().next()) {
        return sure(sentence, [ClueKind::ModuleMissing(redactor.name(name))]);
    }
    command(sentence.text)
        .map_or_else(Vec::new, |name| sure(sentence, [ClueKind::CommandMissing(redactor.name(name))]))
}

/// A container engine that cannot get an image: docker and Compose name the registry that their daemon asked, podman the image.
pub(super) fn no_image(sentence: &Sentence<'_>) -> bool {
    if let Some((_, why)) = sentence.text.split_once("Error response from daemon: ") {
        let asks_registry =
            ["Get \"", "Head \""].iter().any(|verb| why.starts_with(verb)) && why.contains("/v2/");
        let refused = ["pull access denied for ", "manifest for ", "manifest unknown", "No such image"];
        return asks_registry
            || refused.iter().any(|words| why.starts_with(words))
            || why.starts_with("failed to resolve reference");
    }
    let podman = sentence.text.starts_with("Error: ");
    podman && sentence.has_any(&[" source docker://", "Error: short-name ", ": image not known"])
}

/// The command that a shell, `env` or a container engine does not find.
fn command(text: &str) -> Option<&str> {
    // zsh: command not found: x
    if let Some((_, name)) = text.split_once("command not found: ") {
        return name.split_whitespace().next();
    }
    // docker: exec: "x": executable file not found in $PATH
    if let Some((before, _)) = text.split_once(": executable file not found") {
        return last_quoted(before);
    }
    // timeout: failed to run command 'x': No such file or directory
    if let Some((_, rest)) = text.split_once("failed to run command ") {
        return text
            .contains("No such file")
            .then(|| rest.split([':', ' ']).next())
            .flatten()
            .map(|name| name.trim_matches(['\'', '"', '‘', '’']));
    }
    // env: 'x': No such file or directory
    if let Some(rest) = text.strip_prefix("env: ").or_else(|| text.strip_prefix("/usr/bin/env: ")) {
        return rest.split_once(": No such file").map(|(name, _)| name.trim_matches(['\'', '"', '‘', '’']));
    }
    // sh: 1: x: not found    bash: line 1: x: command not found
    let before = text.strip_suffix(": command not found").or_else(|| text.strip_suffix(": not found"))?;
    let shell = before.split(':').next().unwrap_or_default();
    let is_shell = ["sh", "bash", "dash", "ash", "ksh", "busybox"]
        .contains(&shell.rsplit('/').next().unwrap_or_default().trim_start_matches('-'))
        || before.contains(": line ")
        || before.contains(": exec");
    let name = before.rsplit(": ").next()?;
    (is_shell && !name.contains(' ')).then_some(name)
}
