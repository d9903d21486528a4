//! JSON content, redacted.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Text;

/// A JSON value, redacted: names, structure, small numbers and booleans stay.
///
/// It is stored as the JSON that it stands for, one level for one level, so that deep content stays readable within the
/// nesting that JSON parsers allow. What plain JSON cannot say is an object with one member: `{"$text": ...}` a string
/// with hidden pieces, `{"$number": ...}` a number whose spelling would not come back, `{"$json": ...}` a string that is itself
/// JSON. Names that begin with `$` get one more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number in its own spelling, hidden when it is long or its name is sensitive.
    Number(Text),
    /// A string.
    String(Text),
    /// A string that is itself JSON.
    Embedded(Box<Json>),
    /// An array.
    Array(Vec<Json>),
    /// An object's members in the order sent.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// What a JSON pointer leads to (RFC 6901).
    pub fn at(&self, pointer: &str) -> Option<&Self> {
        let mut json = self;
        for key in pointer.split('/').skip(1) {
            json = match json {
                Self::Array(items) => items.get(key.parse::<usize>().ok()?)?,
                Self::Object(members) => {
                    let key = key.replace("~1", "/").replace("~0", "~");
                    members.iter().find(|(name, _)| *name == key).map(|(_, member)| member)?
                }
                _ => return None,
            };
        }
        Some(json)
    }

    /// An object's members; of anything else none.
    pub fn members(&self) -> &[(String, Json)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// True for `null` and for an empty string.
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Null => true,
            Self::String(text) => {
                text.is_empty()
                    || text.as_secret().is_some_and(|secret| {
                        matches!(secret.shape.class, super::Class::Empty | super::Class::Null(_))
                    })
            }
            _ => false,
        }
    }

    /// True where it is nested deeper than `limit` levels.
    pub fn is_deeper_than(&self, limit: usize) -> bool {
        let Some(below) = limit.checked_sub(1) else { return true };
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => false,
            Self::Embedded(value) => value.is_deeper_than(below),
            Self::Array(values) => values.iter().any(|value| value.is_deeper_than(below)),
            Self::Object(members) => members.iter().any(|(_, value)| value.is_deeper_than(below)),
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(text) => match Plain::of(text) {
                Some(Plain::Integer(integer)) => serializer.serialize_i64(integer),
                Some(Plain::Decimal(decimal)) => serializer.serialize_f64(decimal),
                None => wrapped(serializer, "$number", text),
            },
            Self::String(text) => match text.as_shown() {
                Some(shown) => serializer.serialize_str(shown),
                None => wrapped(serializer, "$text", text),
            },
            Self::Embedded(value) => wrapped(serializer, "$json", value),
            Self::Array(values) => {
                let mut seq = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    seq.serialize_element(value)?;
                }
                seq.end()
            }
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    if name.starts_with('$') {
                        map.serialize_entry(&format!("${name}"), value)?;
                    } else {
                        map.serialize_entry(name, value)?;
                    }
                }
                map.end()
            }
        }
    }
}

/// A number that a text spells as it is spelled again when it is read.
enum Plain {
    Integer(i64),
    Decimal(f64),
}

impl Plain {
    fn of(text: &Text) -> Option<Self> {
        let shown = text.as_shown()?;
        if let Ok(integer) = shown.parse::<i64>() {
            return (integer.to_string() == shown).then_some(Self::Integer(integer));
        }
        let decimal = serde_json::from_str::<f64>(shown).ok()?;
        (spelled(decimal) == shown).then_some(Self::Decimal(decimal))
    }
}

/// A number with a fraction or an exponent, as JSON has it here.
pub(super) fn spelled(decimal: f64) -> String {
    serde_json::Number::from_f64(decimal).map(|number| number.to_string()).unwrap_or_default()
}

fn wrapped<S: Serializer>(serializer: S, name: &str, value: &impl Serialize) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(name, value)?;
    map.end()
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("redacted JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(Text::shown(value.to_string())))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(Text::shown(value.to_string())))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(Text::shown(spelled(value))))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::String(Text::shown(text)))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Json, E> {
        Ok(Json::String(Text::shown(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        values.shrink_to_fit();
        Ok(Json::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            match &*name {
                "$text" if members.is_empty() => return Ok(Json::String(map.next_value()?)),
                "$number" if members.is_empty() => return Ok(Json::Number(map.next_value()?)),
                "$json" if members.is_empty() => return Ok(Json::Embedded(map.next_value()?)),
                _ => {}
            }
            let name = match name.strip_prefix('$') {
                None => name.into_owned(),
                Some(escaped) if escaped.starts_with('$') => escaped.to_owned(),
                Some(_) => return Err(de::Error::custom("unknown member that begins with $")),
            };
            members.push((name, map.next_value()?));
        }
        members.shrink_to_fit();
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(value: &Json) -> String {
        let text = serde_json::to_string(value).unwrap();
        assert_eq!(&serde_json::from_str::<Json>(&text).unwrap(), value);
        text
    }

    #[test]
    fn plain_values_are_stored_as_the_json_that_they_are() {
        let value = Json::Object(vec![
            ("a".into(), Json::Array(vec![Json::Null, Json::Bool(true), Json::String(Text::shown("x"))])),
            ("a".into(), Json::Number(Text::shown("-7"))),
            ("b".into(), Json::Number(Text::shown("0.25"))),
        ]);
        assert_eq!(written(&value), r#"{"a":[null,true,"x"],"a":-7,"b":0.25}"#);
    }

    #[test]
    fn what_plain_json_cannot_say_is_wrapped() {
        assert_eq!(written(&Json::Number(Text::shown("1.10"))), r#"{"$number":["1.10"]}"#);
        for spelling in
            ["-0", "1e5", "1E+2", "0.10", "1.0e1", "18446744073709551616", "0.1000000000000000055", "1e400"]
        {
            let number = Json::Number(Text::shown(spelling));
            assert_eq!(written(&number), format!(r#"{{"$number":["{spelling}"]}}"#));
        }
        assert_eq!(written(&Json::Embedded(Box::new(Json::Array(vec![])))), r#"{"$json":[]}"#);
        let members = ["$text", "$ref", "$$", "plain"].map(|name| (name.to_owned(), Json::Null));
        assert_eq!(
            written(&Json::Object(members.to_vec())),
            r#"{"$$text":null,"$$ref":null,"$$$":null,"plain":null}"#
        );
    }

    proptest! {
        #[test]
        fn numbers_keep_their_spelling(
            number in prop_oneof![
                any::<f64>().prop_filter("JSON has no other", |number| number.is_finite()).prop_map(|number| number.to_string()),
                any::<i128>().prop_map(|number| number.to_string()),
                "-?(0|[1-9][0-9]{0,20})([.][0-9]{1,20})?([eE][-+]?[0-9]{1,3})?",
            ],
        ) {
            written(&Json::Number(Text::shown(number)));
        }
    }

    #[test]
    fn depth_counts_every_level() {
        let nested = |levels| (1..levels).fold(Json::Null, |inner, _| Json::Array(vec![inner]));
        assert!(!nested(3).is_deeper_than(3));
        assert!(nested(4).is_deeper_than(3));
    }
}
