//! The strings and numbers of JSON content, one after the other, without the value being built.

use std::fmt;

use serde::Deserializer;
use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::json::spelled;
use super::{Class, Json, Piece, Secret, Tag, Text};

/// A piece of a string or number in JSON content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told<'t> {
    /// Text as it was sent.
    Shown(&'t str),
    /// Text that is replaced by comparable facts.
    Hidden {
        /// What it looks like.
        class: &'t Class,
        /// Its keyed tag.
        tag: Tag,
    },
}

type Tell<'t> = dyn FnMut(Told<'_>) + 't;

impl Json {
    /// Tells every string and number in it, piece by piece.
    pub fn tell(&self, tell: &mut dyn FnMut(Told<'_>)) {
        match self {
            Self::Number(text) | Self::String(text) => text.tell(tell),
            Self::Embedded(inner) => inner.tell(tell),
            Self::Array(items) => items.iter().for_each(|item| item.tell(tell)),
            Self::Object(members) => members.iter().for_each(|(_, member)| member.tell(tell)),
            Self::Null | Self::Bool(_) => {}
        }
    }
}

impl Text {
    /// Tells its pieces.
    pub fn tell(&self, tell: &mut dyn FnMut(Told<'_>)) {
        for piece in &self.pieces {
            tell(match piece {
                Piece::Shown(shown) => Told::Shown(shown),
                Piece::Hidden(secret) => Told::of(secret),
            });
        }
    }
}

impl<'t> Told<'t> {
    /// A secret's facts.
    pub fn of(secret: &'t Secret) -> Self {
        Self::Hidden { class: &secret.shape.class, tag: secret.fingerprint.exact }
    }
}

/// Tells the pieces of a value that is still text, up to where it is not as samewire writes it.
pub(super) fn text(text: &str, tell: &mut Tell<'_>) {
    // What is unreadable has no pieces.
    let _ = Values(tell).deserialize(&mut serde_json::Deserializer::from_str(text));
}

/// A value, in the form that [`Json`] has in a file.
struct Values<'a, 't>(&'a mut Tell<'t>);

impl<'de> DeserializeSeed<'de> for Values<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("redacted JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        (self.0)(Told::Shown(&value.to_string()));
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        (self.0)(Told::Shown(&value.to_string()));
        Ok(())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        (self.0)(Told::Shown(&spelled(value)));
        Ok(())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        if !text.is_empty() {
            (self.0)(Told::Shown(text));
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Values(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut first = true;
        while let Some(name) = map.next_key()? {
            match name {
                Name::Pieces if first => return map.next_value_seed(Pieces(self.0)),
                Name::Embedded if first => return map.next_value_seed(self),
                _ => map.next_value_seed(Values(&mut *self.0))?,
            }
            first = false;
        }
        Ok(())
    }
}

/// What a member's name says of its value.
#[derive(serde::Deserialize)]
#[serde(field_identifier)]
enum Name {
    #[serde(rename = "$text", alias = "$number")]
    Pieces,
    #[serde(rename = "$json")]
    Embedded,
    /// A member of the content itself.
    #[serde(other)]
    Member,
}

/// The pieces of a text, or one of them.
struct Pieces<'a, 't>(&'a mut Tell<'t>);

impl<'de> DeserializeSeed<'de> for Pieces<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Pieces<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("shown text or a secret's facts")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        (self.0)(Told::Shown(text));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Pieces(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut class, mut tag) = (None, None);
        while let Some(name) = map.next_key()? {
            match name {
                Fact::Shape => class = Some(map.next_value::<Looks>()?.class),
                Fact::Fingerprint => tag = Some(map.next_value::<Marks>()?.exact),
                Fact::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if let (Some(class), Some(tag)) = (&class, tag) {
            (self.0)(Told::Hidden { class, tag });
        }
        Ok(())
    }
}

/// The members of a secret's facts that are read here.
#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Fact {
    Shape,
    Fingerprint,
    #[serde(other)]
    Other,
}

/// Of its shape.
#[derive(serde::Deserialize)]
struct Looks {
    class: Class,
}

/// Of its fingerprint.
#[derive(serde::Deserialize)]
struct Marks {
    exact: Tag,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Fingerprint, Length, Shape};

    fn told(tell: impl FnOnce(&mut Tell<'_>)) -> Vec<String> {
        let mut all = Vec::new();
        tell(&mut |piece| all.push(format!("{piece:?}")));
        all
    }

    fn hidden(class: Class, tag: u64) -> Secret {
        let shape = Shape::new(Length::Exact(20), class);
        let exact = Tag(tag);
        let fingerprint = Fingerprint {
            exact,
            forms: [(crate::model::Form::Core, Tag(9))].into(),
            prefixes: vec![Tag(8)],
            suffixes: vec![Tag(7)],
        };
        Secret { shape, fingerprint, relation: None, credential: true }
    }

    #[test]
    fn text_tells_what_the_value_in_it_tells() {
        let mut mixed = Text::shown("Bearer ");
        mixed.push_hidden(hidden(Class::Template("{{ x }}".to_owned()), 5));
        let members = [
            ("a", Json::Array(vec![Json::Null, Json::Bool(true), Json::Number(Text::shown("-7"))])),
            ("$text", Json::String(Text::shown("x\n\"y\""))),
            ("b", Json::Number(Text::shown("1.10"))),
            ("c", Json::Embedded(Box::new(Json::String(Text::hidden(hidden(Class::Opaque, 3)))))),
            ("d", Json::String(mixed)),
            ("e", Json::String(Text::default())),
        ];
        let json = Json::Object(members.map(|(name, member)| (name.to_owned(), member)).into());
        let written = serde_json::to_string(&json).unwrap();
        let of_value = told(|tell| json.tell(tell));
        assert_eq!(of_value.len(), 6, "{of_value:?}");
        assert_eq!(told(|tell| text(&written, tell)), of_value);
    }

    #[test]
    fn what_is_not_as_samewire_writes_it_ends_the_telling() {
        assert_eq!(told(|tell| text(r#"["x",{"$text":7},"y"]"#, tell)).len(), 1);
        assert_eq!(told(|tell| text("[", tell)).len(), 0);
    }
}
