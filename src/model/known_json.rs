//! What comes again and again in captures, held once: two runs of a connector mostly get the same answers, send the same fields, and
//! their records hold the same words.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::quality::RandomState;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::field::FieldLine;
use super::{Field, Json, JsonContent, Secret, Tag};

/// Fields, and secrets, that are remembered at one time. Most of those beyond are made anew for each message.
const MOST: usize = 4_096;

/// Fields that were seen once lately. Those that never come again are not remembered.
const SEEN: usize = 4_096;

/// What was read so far, by a hash of its text. Of two texts with one hash the first is held.
#[derive(Debug, Default)]
pub struct KnownJson {
    by_text: RandomState,
    held: Mutex<HashMap<u64, JsonContent, RandomState>>,
}

/// Reads parts of captures, one after the other, and shares what they have in common.
#[derive(Default)]
pub struct Reader {
    known: Arc<KnownJson>,
    /// Words of a few kinds stand in most records.
    secrets: HashMap<Tag, Arc<Secret>, RandomState>,
    /// Clients and servers send most of their fields again with each message.
    fields: HashMap<Box<str>, Field, RandomState>,
    /// Hashes of the fields that were seen once, each at its own place.
    seen: Vec<u64>,
}

thread_local! {
    /// Serde has no place for it.
    static CURRENT: RefCell<Option<Reader>> = const { RefCell::new(None) };
}

impl Reader {
    /// A reader that shares JSON with all others of `known`, and fields and secrets with itself.
    pub fn new(known: &Arc<KnownJson>) -> Self {
        Self { known: Arc::clone(known), ..Self::default() }
    }

    /// Runs `read`. What it reads on this thread, by `serde_json::from_slice` or `from_str`, is shared with what was read before.
    pub fn sharing<T>(&mut self, read: impl FnOnce() -> T) -> T {
        let outer = CURRENT.replace(Some(std::mem::take(self)));
        let read = read();
        *self = CURRENT.replace(outer).unwrap_or_default();
        read
    }

    /// True for a field that was seen lately; notes it where not.
    fn seen_before(&mut self, text: &str) -> bool {
        self.seen.resize(SEEN, 0);
        let hash = self.fields.hasher().hash_one(text);
        let place = usize::try_from(hash % SEEN as u64).unwrap_or_default();
        std::mem::replace(&mut self.seen[place], hash) == hash
    }
}

impl KnownJson {
    fn read(&self, text: &str) -> serde_json::Result<JsonContent> {
        // Texts are hashed and compared while others look things up.
        let held = || self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = self.by_text.hash_one(text);
        let known = held().get(&hash).cloned();
        if let Some(known) = known.filter(|known| known.text() == text) {
            return Ok(known);
        }
        if !is_plausible(text) {
            serde_json::from_str::<Json>(text)?;
        }
        let content = JsonContent::unread(text);
        let first = held().entry(hash).or_insert_with(|| content.clone()).clone();
        Ok(if first.text() == text { first } else { content })
    }
}

/// True where all that looks like a member of samewire's own is one, as far as a look at the text tells. The text is JSON.
fn is_plausible(text: &str) -> bool {
    memchr::memmem::find_iter(text.as_bytes(), b"\"$").all(|at| {
        let rest = text.get(at + 2..).unwrap_or_default();
        ["text\":[", "number\":[", "json\":", "$"].iter().any(|own| rest.starts_with(own))
    })
}

/// The same field as one read before, where there is one.
pub(super) fn field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Field, D::Error> {
    if CURRENT.with_borrow(Option::is_none) {
        return FieldLine::deserialize(deserializer).map(Field::from);
    }
    let text = <&RawValue>::deserialize(deserializer)?.get();
    let known =
        CURRENT.with_borrow(|current| current.as_ref().and_then(|reader| reader.fields.get(text).cloned()));
    if let Some(known) = known {
        return Ok(known);
    }
    let field: FieldLine = serde_json::from_str(text).map_err(D::Error::custom)?;
    let field = Field::from(field);
    CURRENT.with_borrow_mut(|current| {
        if let Some(reader) = current
            && reader.seen_before(text)
        {
            make_room(&mut reader.fields);
            reader.fields.insert(text.into(), field.clone());
        }
    });
    Ok(field)
}

/// The same secret as one read before, where there is one.
pub(super) fn shared(secret: Secret) -> Arc<Secret> {
    CURRENT.with_borrow_mut(|current| {
        let Some(reader) = current else { return Arc::new(secret) };
        match reader.secrets.get(&secret.fingerprint.exact) {
            Some(known) if **known == secret => Arc::clone(known),
            _ => {
                let tag = secret.fingerprint.exact;
                let secret = Arc::new(secret);
                make_room(&mut reader.secrets);
                reader.secrets.insert(tag, Arc::clone(&secret));
                secret
            }
        }
    })
}

/// What comes again and again soon comes again.
fn make_room<K, V>(remembered: &mut HashMap<K, V, RandomState>) {
    if remembered.len() == MOST {
        remembered.clear();
    }
}

/// A list in no more memory than it needs: most lists of a capture have one item.
pub(super) fn exact<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let mut list = Vec::deserialize(deserializer)?;
    list.shrink_to_fit();
    Ok(list)
}

/// A secret that may be held for several.
pub(super) fn serialize<S: Serializer>(
    shared: &Arc<impl Serialize>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    (**shared).serialize(serializer)
}

impl Serialize for JsonContent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JsonContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match CURRENT.with_borrow(|current| current.as_ref().map(|reader| Arc::clone(&reader.known))) {
            None => Json::deserialize(deserializer).map(Self::from),
            Some(known) => {
                let text = <&RawValue>::deserialize(deserializer)?;
                known.read(text.get()).map_err(D::Error::custom)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Content;

    fn json(content: Content) -> JsonContent {
        let Content::Json(json) = content else { panic!("not JSON") };
        json
    }

    #[test]
    fn equal_text_is_held_once_and_other_text_is_not_taken_for_it() {
        let known = Arc::<KnownJson>::default();
        let read = |text: &str| json(Reader::new(&known).sharing(|| serde_json::from_str(text)).unwrap());
        let first = read(r#"{"json":{"a":[1,"x"]}}"#);
        assert!(first.is_shared_with(&read(r#"{"json":{"a":[1,"x"]}}"#)));
        let spaced = read(r#"{"json":{"a": [1,"x"]}}"#);
        assert!(!first.is_shared_with(&spaced));
        assert_eq!(first, spaced);
        assert_ne!(first, read(r#"{"json":{"a":[1,"y"]}}"#));
        // Without it, each is read for itself.
        let alone = json(serde_json::from_str(r#"{"json":{"a":[1,"x"]}}"#).unwrap());
        assert!(!first.is_shared_with(&alone));
        assert_eq!(first, alone);
    }

    #[test]
    fn what_is_no_content_is_refused_also_where_it_is_shared() {
        let mut reader = Reader::default();
        for wrong in [r#"{"json":{"$other":1}}"#, r#"{"json":{"$text":7}}"#, r#"{"json":[1,}"#] {
            assert!(serde_json::from_str::<Content>(wrong).is_err());
            assert!(reader.sharing(|| serde_json::from_str::<Content>(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_only_a_look_inside_shows_to_be_no_content_says_so() {
        let known = Arc::<KnownJson>::default();
        let read = |text: &str| json(Reader::new(&known).sharing(|| serde_json::from_str(text)).unwrap());
        let wrong = read(r#"{"json":{"a":{"$text":[7]}}}"#);
        assert!(format!("{wrong:?}").contains("unreadable"), "{wrong:?}");
        // Words that begin with a dollar sign are words.
        let price = read(r#"{"json":{"price":"$5"}}"#);
        assert_eq!(price.at("/price"), Some(&Json::String(crate::model::Text::shown("$5"))));
    }

    #[test]
    fn fields_that_come_again_are_held_once() {
        let text = r#"[{"name":{"sent":"A","key":"a"},"value":{"text":["x"]}},{"name":{"sent":"A","key":"a"},"value":{"text":["x"]}},
            {"name":{"sent":"A","key":"a"},"value":{"text":["x"]}},{"name":{"sent":"A","key":"a"},"value":{"text":["y"]}}]"#;
        let fields: Vec<Field> = Reader::default().sharing(|| serde_json::from_str(text)).unwrap();
        assert!(fields[1].is_shared_with(&fields[2]) && !fields[2].is_shared_with(&fields[3]));
        assert_eq!(fields, serde_json::from_str::<Vec<Field>>(text).unwrap());
    }
}
