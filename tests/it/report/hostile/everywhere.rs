//! A capture with something in every place that holds captured text.

use samewire::model::Capture;
use serde::Deserialize as _;
use serde_json::{Map, Value};

/// A capture and the places in it whose strings may hold anything: methods, names, values, bodies, output, inputs, addresses.
/// What the model reads as one of a few words (a side, a kind) is none of them.
pub(crate) struct Mould {
    whole: Value,
    places: Vec<Vec<Key>>,
}

impl Mould {
    pub(crate) fn of(capture: &Capture) -> Self {
        let mut whole = serde_json::to_value(capture).unwrap();
        let mut places = Vec::new();
        strings(&whole, &mut Vec::new(), &mut places);
        places.retain(|place| {
            let before = text_at(&mut whole, place).take();
            *text_at(&mut whole, place) = "anything at all".into();
            let free = Capture::deserialize(&whole).is_ok();
            *text_at(&mut whole, place) = before;
            free
        });
        Self { whole, places }
    }

    /// How many there are.
    pub(crate) fn places(&self) -> usize {
        self.places.len()
    }

    /// The capture with `poison` before and after each of these strings, and after the names in bodies.
    pub(crate) fn poisoned(&self, poison: &str) -> Capture {
        let mut whole = self.whole.clone();
        for place in &self.places {
            let text = text_at(&mut whole, place);
            *text = Value::String(format!("{poison}{}{poison}", text.as_str().unwrap()));
        }
        poison_names(&mut whole, poison);
        serde_json::from_value(whole).unwrap()
    }
}

/// A step on the way into a JSON value.
#[derive(Clone)]
enum Key {
    Member(String),
    Item(usize),
}

fn strings(value: &Value, way: &mut Vec<Key>, found: &mut Vec<Vec<Key>>) {
    match value {
        Value::String(_) => found.push(way.clone()),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                way.push(Key::Item(at));
                strings(item, way, found);
                way.pop();
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                way.push(Key::Member(name.clone()));
                strings(member, way, found);
                way.pop();
            }
        }
        _ => {}
    }
}

fn text_at<'a>(value: &'a mut Value, way: &[Key]) -> &'a mut Value {
    let mut place = value;
    for key in way {
        place = match key {
            Key::Member(name) => &mut place[name.as_str()],
            Key::Item(at) => &mut place[*at],
        };
    }
    place
}

/// Names of JSON members in bodies; there are no others in a capture that anybody but samewire chooses.
fn poison_names(value: &mut Value, poison: &str) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| poison_names(item, poison)),
        Value::Object(members) => {
            if members.len() == 1 {
                members.get_mut("json").into_iter().for_each(|json| rename(json, poison));
            }
            members.values_mut().for_each(|member| poison_names(member, poison));
        }
        _ => {}
    }
}

fn rename(json: &mut Value, poison: &str) {
    match json {
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, poison)),
        Value::Object(members) if !members.keys().any(|name| name.starts_with('$')) => {
            let old = std::mem::take(members);
            *members = old
                .into_iter()
                .map(|(name, mut member)| {
                    rename(&mut member, poison);
                    // A name that begins with `$` would mean something else.
                    (format!("{name}{poison}"), member)
                })
                .collect::<Map<String, Value>>();
        }
        _ => {}
    }
}
