//! A value to its facts: shape, fingerprint, relation.

use std::cell::Cell;
use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{Class, Fingerprint, Form, Secret, Shape, Tag, Text};

use super::clock::Clock;
use super::fingerprint::{Domain, Tagger};
use super::withheld::is_withheld;
use super::{Redactor, blank, forms, shape, words, wrapping};

/// Bytes of a block of prefix or suffix tags.
const BLOCK: usize = 16;
/// Most blocks that are tagged.
const MOST_BLOCKS: usize = 32;
/// Longest value whose normal forms are worked out; a longer one has its tag alone.
const LONGEST: usize = 16 << 10;

/// One exchange's view of the redactor: its clock, and how many words of text it may still tag one by one.
pub(super) struct Scope<'a> {
    pub(super) redactor: &'a Redactor,
    clock: Clock,
    words: Cell<u32>,
    /// Another program told of it, and may have hidden values.
    imported: bool,
}

impl<'a> Scope<'a> {
    pub(super) fn new(redactor: &'a Redactor, now: Option<Timestamp>, words: u32) -> Self {
        Self { redactor, clock: Clock::at(now), words: Cell::new(words), imported: false }
    }

    /// The same for what another program told.
    pub(super) fn of_import(self, imported: bool) -> Self {
        Self { imported, ..self }
    }

    fn tagger(&self) -> &Tagger {
        &self.redactor.tagger
    }

    /// True when what was redacted by now depends on the time.
    pub(super) fn depends_on_time(&self) -> bool {
        self.clock.was_asked()
    }

    /// Takes one from the allowance of words; false when it is used up.
    pub(super) fn take_word(&self) -> bool {
        let left = self.words.get();
        self.words.set(left.saturating_sub(1));
        left > 0
    }

    /// All facts of a value. `credential`: it stands where credentials stand.
    pub(super) fn secret(&self, raw: &[u8], credential: bool) -> Secret {
        self.describe(raw, credential, credential)
    }

    /// All facts of a value whose place is sensitive without proving anything.
    pub(super) fn sensitive(&self, raw: &[u8]) -> Secret {
        self.describe(raw, false, true)
    }

    fn describe(&self, raw: &[u8], credential: bool, sensitive: bool) -> Secret {
        let tagger = self.tagger();
        let exact = tagger.value(raw);
        if raw.len() > LONGEST {
            return Secret { shape: long_shape(raw), fingerprint: only(exact), relation: None, credential };
        }
        let text = forms::text_of(raw);
        if self.imported && is_withheld(&text) {
            let shape = plain_shape(raw.len(), Class::Withheld);
            return Secret { shape, fingerprint: only(exact), relation: None, credential };
        }
        let mut shape = shape::shape(raw, &text, sensitive, &self.clock, tagger);
        // A template is shown, unless a known secret stands in it.
        if matches!(shape.class, Class::Template(_)) && !self.redactor.places(&text).is_empty() {
            shape.class = Class::Opaque;
        }
        let found =
            self.redactor.references.relate(tagger, &self.redactor.patterns, &text, exact, credential);
        let placeholder =
            matches!(shape.class, Class::Empty | Class::Null(_) | Class::Template(_) | Class::Mask(_));
        let credential = credential || found.as_ref().is_some_and(|found| found.secret && !placeholder);
        let fingerprint = if shape.class == Class::Binary {
            only(exact)
        } else {
            fingerprint(tagger, exact, &text, &shape)
        };
        Secret { fingerprint, shape, relation: found.map(|found| found.relation), credential }
    }

    /// The facts of one word among others: its kind, its tag, and whether it is a named value.
    pub(super) fn word(&self, text: &str) -> Secret {
        let tagger = self.tagger();
        let exact = tagger.value(text.as_bytes());
        let found = self.redactor.references.equal(exact, false);
        let class = if self.imported && is_withheld(text) {
            Class::Withheld
        } else if words::is_word(text) {
            Class::Words
        } else {
            Class::Opaque
        };
        Secret {
            shape: plain_shape(text.len(), class),
            fingerprint: only(exact),
            credential: found.as_ref().is_some_and(|found| found.secret),
            relation: found.map(|found| found.relation),
        }
    }

    /// A value that is hidden as a whole; nothing where it is empty and no credential is due.
    pub(super) fn hidden(&self, raw: &[u8], credential: bool) -> Text {
        if raw.is_empty() && !credential {
            Text::default()
        } else {
            Text::hidden(self.secret(raw, credential))
        }
    }
}

fn only(exact: Tag) -> Fingerprint {
    Fingerprint { exact, forms: BTreeMap::new(), prefixes: Vec::new(), suffixes: Vec::new() }
}

fn long_shape(raw: &[u8]) -> Shape {
    plain_shape(raw.len(), if std::str::from_utf8(raw).is_ok() { Class::Opaque } else { Class::Binary })
}

fn plain_shape(length: usize, class: Class) -> Shape {
    Shape::new(shape::length(length), class)
}

/// The tags of a value and of its normal forms.
fn fingerprint(tagger: &Tagger, exact: Tag, text: &str, shape: &Shape) -> Fingerprint {
    let mut tags = BTreeMap::new();
    let mut add = |form: Form, value: Option<&str>| {
        if let Some(tag) = value.filter(|value| !value.is_empty()).map(|value| tagger.value(value.as_bytes()))
            && tag != exact
        {
            tags.insert(form, tag);
        }
    };
    let (_, inner, _) = blank::split(text);
    add(Form::Trimmed, (inner.len() < text.len()).then_some(inner));
    add(Form::Unquoted, forms::unquoted(inner).map(|(_, rest)| rest));
    add(Form::Unschemed, forms::unschemed(inner).map(|(_, _, rest)| rest));
    add(Form::Unwrapped, wrapping::unwrapped(inner).as_deref());
    add(Form::PercentDecoded, forms::percent_decoded(text, true).as_deref());
    add(Form::Base64Decoded, forms::base64_decoded(inner).as_deref());
    add(Form::HexDecoded, forms::hex_decoded(inner).as_deref());
    add(Form::JsonUnescaped, forms::json_unescaped(inner).as_deref());
    add(Form::Lowercase, Some(text.to_lowercase()).filter(|lower| lower != text).as_deref());
    add(Form::Core, Some(forms::core(text)).as_deref());
    add(Form::Cast, forms::cast(text).as_deref());
    let block = blocks(inner, shape);
    let ends = (1..=block.len() / BLOCK).take(MOST_BLOCKS).map(|count| count * BLOCK);
    Fingerprint {
        exact,
        forms: tags,
        prefixes: ends.clone().map(|end| tagger.tag(Domain::Prefix, &block.as_bytes()[..end])).collect(),
        suffixes: ends
            .map(|end| tagger.tag(Domain::Suffix, &block.as_bytes()[block.len() - end..]))
            .collect(),
    }
}

/// The part of a value whose blocks tell it from others: all of an opaque value but a vendor's prefix, the signature of a JWT.
fn blocks<'a>(inner: &'a str, shape: &Shape) -> &'a str {
    match shape.class {
        Class::Jwt(_) => inner.rsplit('.').next().unwrap_or_default(),
        Class::Opaque | Class::Hex | Class::Integer | Class::Number | Class::Uuid { .. } => {
            let inner = forms::unabridged(inner).unwrap_or(inner);
            inner.strip_prefix(shape.public_prefix.as_deref().unwrap_or_default()).unwrap_or(inner)
        }
        _ => "",
    }
}

/// A name that is not shown: `‹name 44 chars kQqB.HJfT.mKxd›`.
pub(super) fn name_tag(name: &str, tagger: &Tagger) -> String {
    format!("‹name {} {}›", shape::length(name.len()), tagger.value(name.as_bytes()))
}
