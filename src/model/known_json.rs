//! JSON that comes again and again, read once and held once: two runs of a connector mostly get the same answers.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
use serde_json::value::RawValue;

use super::Json;

/// What was read so far, by the hash of its text.
#[derive(Debug, Default)]
pub struct KnownJson(Mutex<HashMap<blake3::Hash, Arc<Json>>>);

thread_local! {
    /// Serde has no place for it.
    static CURRENT: RefCell<Option<Arc<KnownJson>>> = const { RefCell::new(None) };
}

impl KnownJson {
    /// Runs `read`. Contents that it reads on this thread, by `serde_json::from_slice` or `from_str`, are shared with those read before.
    pub fn sharing<T>(self: &Arc<Self>, read: impl FnOnce() -> T) -> T {
        let before = CURRENT.replace(Some(Arc::clone(self)));
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

pub(super) fn serialize<S: Serializer>(json: &Arc<Json>, serializer: S) -> Result<S::Ok, S::Error> {
    (**json).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Json>, D::Error> {
    match CURRENT.with_borrow(Clone::clone) {
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
