//! What comes again and again in captures, held once: two runs of a connector mostly get the same answers, and their records the same words.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Json, Secret, Tag};

/// What was read so far, by the hash of its text.
#[derive(Debug, Default)]
pub struct KnownJson(Mutex<HashMap<blake3::Hash, Arc<Json>>>);

/// What a thread that reads looks things up in.
struct Reading {
    known: Arc<KnownJson>,
    /// Words of a few kinds stand in most records.
    secrets: HashMap<Tag, Arc<Secret>>,
}

thread_local! {
    /// Serde has no place for it.
    static CURRENT: RefCell<Option<Reading>> = const { RefCell::new(None) };
}

impl KnownJson {
    /// Runs `read`. Contents that it reads on this thread, by `serde_json::from_slice` or `from_str`, are shared with those read before.
    pub fn sharing<T>(self: &Arc<Self>, read: impl FnOnce() -> T) -> T {
        let reading = Reading { known: Arc::clone(self), secrets: HashMap::new() };
        let before = CURRENT.replace(Some(reading));
        let read = read();
        CURRENT.set(before);
        read
    }

    fn read(&self, text: &str) -> serde_json::Result<Arc<Json>> {
        let hash = blake3::hash(text.as_bytes());
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(json) = known().get(&hash) {
            return Ok(Arc::clone(json));
        }
        let json: Arc<Json> = Arc::new(serde_json::from_str(text)?);
        Ok(Arc::clone(known().entry(hash).or_insert(json)))
    }
}

/// The same secret as one read before, where there is one.
pub(super) fn shared(secret: Secret) -> Arc<Secret> {
    CURRENT.with_borrow_mut(|current| {
        let Some(reading) = current else { return Arc::new(secret) };
        match reading.secrets.get(&secret.fingerprint.exact) {
            Some(known) if **known == secret => Arc::clone(known),
            _ => {
                let tag = secret.fingerprint.exact;
                let secret = Arc::new(secret);
                reading.secrets.insert(tag, Arc::clone(&secret));
                secret
            }
        }
    })
}

/// A list in no more memory than it needs: most lists of a capture have one item.
pub(super) fn exact<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let mut list = Vec::deserialize(deserializer)?;
    list.shrink_to_fit();
    Ok(list)
}

pub(super) fn serialize<S: Serializer>(
    shared: &Arc<impl Serialize>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    (**shared).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Json>, D::Error> {
    match CURRENT.with_borrow(|current| current.as_ref().map(|reading| Arc::clone(&reading.known))) {
        None => Json::deserialize(deserializer).map(Arc::new),
        Some(known) => {
            let text = <&RawValue>::deserialize(deserializer)?;
            known.read(text.get()).map_err(D::Error::custom)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Content;

    fn json(content: Content) -> Arc<Json> {
        let Content::Json(json) = content else { panic!("not JSON") };
        json
    }

    #[test]
    fn equal_text_is_held_once_and_other_text_is_not_taken_for_it() {
        let known = Arc::<KnownJson>::default();
        let read = |text: &str| json(known.sharing(|| serde_json::from_str(text)).unwrap());
        let first = read(r#"{"json":{"a":[1,"x"]}}"#);
        assert!(Arc::ptr_eq(&first, &read(r#"{"json":{"a":[1,"x"]}}"#)));
        let spaced = read(r#"{"json":{"a": [1,"x"]}}"#);
        assert!(!Arc::ptr_eq(&first, &spaced));
        assert_eq!(first, spaced);
        assert_ne!(first, read(r#"{"json":{"a":[1,"y"]}}"#));
        // Without it, each is read for itself.
        let alone = json(serde_json::from_str(r#"{"json":{"a":[1,"x"]}}"#).unwrap());
        assert!(!Arc::ptr_eq(&first, &alone));
        assert_eq!(first, alone);
    }

    #[test]
    fn what_is_no_content_is_refused_also_where_it_is_shared() {
        let known = Arc::<KnownJson>::default();
        for wrong in [r#"{"json":{"$other":1}}"#, r#"{"json":{"$text":7}}"#, r#"{"json":[1,}"#] {
            assert!(serde_json::from_str::<Content>(wrong).is_err());
            assert!(known.sharing(|| serde_json::from_str::<Content>(wrong)).is_err(), "{wrong}");
        }
    }
}
