//! Config keys: whether one is there, and which one was probably meant.

use crate::diagnose::Case;
use crate::model::{ConfigFacts, JsonType, Side, SpecProperty, TemplateReference};

/// `credentials.api_key` for `/credentials/api_key`, as people write it.
pub(in crate::diagnose::rules) fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".").replace("~1", "/").replace("~0", "~")
}

/// The last name of a pointer, or of a key as a framework says it.
pub(super) fn leaf(pointer: &str) -> &str {
    pointer.rsplit('/').next().unwrap_or(pointer)
}

/// True where the config has a value at the pointer or below it, null included.
pub(in crate::diagnose::rules) fn has(config: &ConfigFacts, pointer: &str) -> bool {
    config.values.iter().any(|value| covers(pointer, &value.pointer))
}

/// True where `pointer` is `of` or stands above it.
pub(super) fn covers(pointer: &str, of: &str) -> bool {
    of.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The key that was probably meant: the same name in another spelling, or in another place.
pub(in crate::diagnose::rules) fn near<'a>(config: &'a ConfigFacts, pointer: &str) -> Option<&'a str> {
    let wanted = plain(leaf(pointer));
    let found = |close: &dyn Fn(&str) -> bool| {
        config
            .values
            .iter()
            .filter(|value| value.kind != JsonType::Object && value.pointer != pointer)
            .map(|value| value.pointer.as_str())
            .find(|known| close(&plain(leaf(known))))
    };
    found(&|known| known == wanted)
        .or_else(|| found(&|known| known.len() > 2 && (wanted.ends_with(known) || known.ends_with(&wanted))))
        .or_else(|| found(&|known| one_slip(known, &wanted)))
}

/// What the config has instead: the key that was probably meant, or its first keys; nothing where the config is not known.
pub(in crate::diagnose::rules) fn instead(case: &Case<'_>, side: Side, pointer: &str) -> String {
    let Some(config) = &case.capture(side).inputs.config else { return String::new() };
    if let Some(near) = near(config, pointer) {
        return format!(" (it has `{}`)", dotted(near));
    }
    let keys: Vec<String> =
        config.values.iter().take(6).map(|value| format!("`{}`", dotted(&value.pointer))).collect();
    match keys.as_slice() {
        [] => " (it is empty)".to_owned(),
        keys => format!(" (it has {})", keys.join(", ")),
    }
}

/// The spec's property that a framework's word names: a pointer, or a bare key.
pub(super) fn property<'a>(case: &Case<'a>, side: Side, key: &str) -> Option<&'a SpecProperty> {
    let spec = case.capture(side).inputs.spec.as_ref()?;
    let named = |property: &&SpecProperty| property.pointer == key || leaf(&property.pointer) == key;
    spec.properties.iter().filter(named).max_by_key(|property| property.required)
}

/// The manifest's templates that read a config value the config does not have, and what they read.
pub(super) fn dangling<'a>(case: &Case<'a>, side: Side) -> impl Iterator<Item = &'a TemplateReference> {
    let inputs = &case.capture(side).inputs;
    let config = inputs.config.as_ref().filter(|config| config.unreadable.is_none());
    let references = inputs.manifest.iter().flat_map(|manifest| &manifest.references);
    references.filter(move |reference| config.is_some_and(|config| !has(config, &reference.config)))
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// True for names that one wrong, missing, additional or swapped letter tells apart.
fn one_slip(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len().min(right.len()) < 4 {
        return false;
    }
    let same = left.iter().zip(right).take_while(|(left, right)| left == right).count();
    let (left, right) = (&left[same..], &right[same..]);
    match (left, right) {
        ([first, second, left @ ..], [third, fourth, right @ ..])
            if first == fourth && second == third && left == right =>
        {
            true
        }
        ([_, rest @ ..], [_, other @ ..]) if rest == other => true,
        ([_, rest @ ..], other) if rest == other => true,
        (other, [_, rest @ ..]) if rest == other => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{ConfigValue, Text};

    use super::*;

    fn config(pointers: &[&str]) -> ConfigFacts {
        let value = |pointer: &&str| ConfigValue {
            pointer: (*pointer).to_owned(),
            kind: JsonType::String,
            value: Some(Text::shown("x")),
            secret: false,
        };
        ConfigFacts { values: pointers.iter().map(value).collect(), ..ConfigFacts::default() }
    }

    #[test]
    fn a_key_in_another_spelling_or_place_is_near() {
        assert_eq!(near(&config(&["/store", "/apiKey"]), "/api_key"), Some("/apiKey"));
        assert_eq!(near(&config(&["/credentials/api_key"]), "/api_key"), Some("/credentials/api_key"));
        assert_eq!(
            near(&config(&["/credentials/token"]), "/credentials/api_token"),
            Some("/credentials/token")
        );
        assert_eq!(near(&config(&["/api_kye"]), "/api_key"), Some("/api_kye"));
        assert_eq!(near(&config(&["/store", "/start_date"]), "/api_key"), None);
    }

    #[test]
    fn a_pointer_covers_what_is_below_it_only() {
        let config = config(&["/credentials/api_key"]);
        assert!(has(&config, "/credentials"));
        assert!(!has(&config, "/cred"));
    }
}
