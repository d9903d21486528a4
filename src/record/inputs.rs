//! What goes into a run besides the wire, redacted. The config's values become references on the way.

use crate::connector::{ConfigFile, Leaf, Manifest, Package, Setter, Spec};
use crate::model::{
    ConfigFacts, ConfigValue, DefinedCredentials, Inputs, JsonType, ManifestFacts, Reference, SpecFacts,
    SpecProperty, TemplateReference,
};
use crate::redact::{Known, Redactor, is_sensitive_name};

/// Strings from this length on are kept secret although neither spec nor name says that they are.
const LONG: usize = 8;

/// Makes the package's values known to the redactor, then tells the package's facts.
pub fn inputs(package: &Package, redactor: &mut Redactor) -> Inputs {
    let spec = package.spec.as_ref();
    for leaf in package.config.iter().flat_map(|config| &config.leaves) {
        if let Some(value) = leaf.value.as_ref().filter(|value| !value.is_empty()) {
            let reference = Reference::Config(shown(&leaf.pointer, redactor));
            redactor.refer(reference, value, known(leaf, value, spec));
        }
    }
    for literal in package.manifest.iter().flat_map(|manifest| &manifest.literals) {
        let pointer = shown(&literal.at, redactor);
        redactor.show_literal(&pointer, &literal.value);
    }
    Inputs {
        config: package.config.as_ref().map(|config| config_facts(config, spec, redactor)),
        spec: spec.map(|spec| spec_facts(spec, redactor)),
        manifest: package.manifest.as_ref().map(|manifest| manifest_facts(manifest, spec, redactor)),
        clients: package.clients.clone(),
        environment: None,
        secrets: None,
        image: None,
    }
}

fn config_facts(config: &ConfigFile, spec: Option<&Spec>, redactor: &Redactor) -> ConfigFacts {
    let value = |leaf: &Leaf| ConfigValue {
        pointer: shown(&leaf.pointer, redactor),
        kind: leaf.kind,
        value: leaf.value.as_ref().map(|value| redactor.named(&name(&leaf.pointer), value)),
        secret: is_marked(&leaf.pointer, spec),
    };
    let readable = config.unreadable.is_none();
    ConfigFacts {
        path: redactor.prose(&config.path.to_string_lossy()),
        unreadable: config.unreadable.clone(),
        values: config.leaves.iter().filter(|_| readable).map(value).collect(),
    }
}

fn spec_facts(spec: &Spec, redactor: &Redactor) -> SpecFacts {
    let properties = spec.properties.iter().map(|property| SpecProperty {
        pointer: shown(&property.pointer, redactor),
        types: property.types.clone(),
        required: property.required,
        secret: property.secret,
        default: property.default,
        line: property.line,
    });
    SpecFacts { source: redactor.prose(&spec.source), properties: properties.collect() }
}

fn manifest_facts(manifest: &Manifest, spec: Option<&Spec>, redactor: &Redactor) -> ManifestFacts {
    let references = manifest.references.iter().map(|reference| TemplateReference {
        at: shown(&reference.at, redactor),
        line: reference.line,
        config: shown(&reference.config, redactor),
        bare: reference.bare,
    });
    let sets_credentials = |setter: &&Setter| {
        setter.authenticator
            || setter.place.as_ref().is_some_and(|place| is_sensitive_name(&place.name))
            || setter.reads.iter().any(|pointer| is_marked(pointer, spec))
    };
    let credentials = manifest.setters.iter().filter(sets_credentials).map(|setter| DefinedCredentials {
        at: shown(&setter.at, redactor),
        line: setter.line,
        component: redactor.name(&setter.component),
        place: setter.place.as_ref().map(|place| format!("{} {}", place.kind, redactor.name(&place.name))),
        reads: setter.reads.iter().map(|pointer| shown(pointer, redactor)).collect(),
    });
    ManifestFacts {
        path: redactor.prose(&manifest.path.to_string_lossy()),
        state: manifest.state.clone(),
        version: manifest.version.clone(),
        has_spec: manifest.has_spec,
        references: references.collect(),
        credentials: credentials.collect(),
        repairs: Vec::new(),
    }
}

/// How well a value must be kept.
fn known(leaf: &Leaf, value: &str, spec: Option<&Spec>) -> Known {
    let listed = || {
        let property = spec.and_then(|spec| spec.property(&leaf.pointer));
        property.is_some_and(|property| property.words.iter().any(|word| word == value))
    };
    let secret = match leaf.kind {
        JsonType::Boolean => false,
        _ if is_marked(&leaf.pointer, spec) => true,
        JsonType::String => {
            value.len() >= LONG && !(listed() || is_url(value) || is_date(value) || is_words(value))
        }
        _ => false,
    };
    if secret { Known::Secret } else { Known::Value }
}

/// The spec or the name says that it is a secret.
fn is_marked(pointer: &str, spec: Option<&Spec>) -> bool {
    let property = spec.and_then(|spec| spec.property(pointer));
    let choice = property.is_some_and(|property| !property.words.is_empty());
    property.is_some_and(|property| property.secret) || (!choice && is_sensitive_name(&name(pointer)))
}

/// The last name in a JSON pointer: an array's elements have the array's name.
fn name(pointer: &str) -> String {
    let index = |segment: &&str| {
        !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit() || byte == b'*')
    };
    let last = pointer.rsplit('/').find(|segment| !index(segment)).unwrap_or_default();
    unescaped(last)
}

fn unescaped(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

/// A pointer whose names may be shown.
fn shown(pointer: &str, redactor: &Redactor) -> String {
    let segment = |segment: &str| {
        let place =
            segment.len() <= 6 && segment.bytes().all(|byte| byte.is_ascii_digit() || b"*-".contains(&byte));
        if place {
            return segment.to_owned();
        }
        redactor.name(&unescaped(segment)).replace('~', "~0").replace('/', "~1")
    };
    pointer.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// An absolute URL that carries no user information and no query.
fn is_url(value: &str) -> bool {
    value.parse::<http::Uri>().is_ok_and(|uri| {
        uri.scheme().is_some()
            && uri.query().is_none()
            && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
    })
}

fn is_date(value: &str) -> bool {
    let parts: Vec<_> = value.split(['-', '/', '.']).collect();
    let numeric = parts.len() == 3
        && parts
            .iter()
            .all(|part| matches!(part.len(), 1 | 2 | 4) && part.bytes().all(|byte| byte.is_ascii_digit()));
    numeric
        || value.parse::<jiff::Timestamp>().is_ok()
        || value.parse::<jiff::civil::DateTime>().is_ok()
        || value.parse::<jiff::civil::Date>().is_ok()
}

/// Ordinary words or a media type: masking them everywhere would hide what every request has, and no secret.
fn is_words(value: &str) -> bool {
    value.split(['-', '_', '.', '/', ' ', ',', '+']).all(|word| {
        let tail = word.get(1..).unwrap_or_default();
        word.len() <= 14
            && word.bytes().all(|byte| byte.is_ascii_alphabetic())
            && (tail.bytes().all(|byte| byte.is_ascii_lowercase())
                || word.bytes().all(|byte| byte.is_ascii_uppercase()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_dates_and_urls_are_no_secrets() {
        for value in [
            "application/json",
            "incremental",
            "2024-01-01",
            "2024-01-01T00:00:00Z",
            "01/02/2024",
            "Sao Paulo",
        ] {
            assert!(is_words(value) || is_date(value), "{value}");
        }
        assert!(is_url("https://api.example.com/v1"));
        for value in ["https://me:hunter2@example.com/", "https://example.com/hook?key=abc"] {
            assert!(!is_url(value), "{value}");
        }
        for value in
            ["a8Kd93kLq0", "JhFkAlqPzXwV", "qwhfkdlsjfhalskdjfhals", "90071992547409913207", "5551-123-4567"]
        {
            assert!(!is_words(value) && !is_date(value), "{value}");
        }
    }

    #[test]
    fn names_come_from_pointers() {
        assert_eq!(name("/credentials/api_key"), "api_key");
        assert_eq!(name("/tokens/0"), "tokens");
        assert_eq!(name("/a~1b"), "a/b");
    }
}
