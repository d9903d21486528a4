//! Values that have a name, and how a value on the wire is made of one of them.

use std::collections::HashMap;

use zeroize::Zeroizing;

use crate::model::{Reference, Relation, Step, Tag};

use super::fingerprint::Tagger;
use super::forms;
use super::patterns::{Encoding, Patterns};

/// Below this length a part of a secret is not told from chance.
const SHORTEST_PART: usize = 8;
/// Below this length an equal value under a name that does not speak of credentials is taken for chance.
const SHORTEST_VALUE: usize = 3;

/// Everything that has a name.
#[derive(Default)]
pub(super) struct References {
    entries: Vec<Entry>,
    made: HashMap<Tag, Made>,
    folded: HashMap<Tag, u32>,
}

/// A named value.
pub(super) struct Entry {
    pub(super) reference: Reference,
    value: Zeroizing<String>,
    pub(super) rank: Rank,
}

/// How much a named value matters; of two that are equal, the first is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Secret,
    Value,
    Literal,
}

/// What can be made of a named value by taking things away.
struct Made {
    entry: u32,
    steps: Vec<Step>,
    /// Short enough to occur by chance.
    weak: bool,
}

/// A relation that was found.
pub(super) struct Found {
    pub(super) relation: Relation,
    pub(super) secret: bool,
}

impl References {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn entry(&self, at: u32) -> Option<&Entry> {
        self.entries.get(at as usize)
    }

    /// True where the very value is known already, with this rank or a higher one.
    pub(super) fn knows(&self, tag: Tag, rank: Rank) -> bool {
        self.made.get(&tag).is_some_and(|made| made.steps.is_empty() && self.rank(made.entry) <= rank)
    }

    /// Forgets those that `keep` does not want.
    pub(super) fn retain(
        &mut self,
        tagger: &Tagger,
        mut keep: impl FnMut(usize, &Reference) -> bool,
    ) -> Vec<(u32, Zeroizing<String>)> {
        let entries = std::mem::take(self).entries;
        let mut secrets = Vec::new();
        for (at, entry) in entries.into_iter().enumerate() {
            if keep(at, &entry.reference) {
                let number = self.learn(tagger, entry.reference, &entry.value, entry.rank);
                if entry.rank == Rank::Secret {
                    secrets.push((number, entry.value));
                }
            }
        }
        secrets
    }

    /// Makes a value known; returns its number.
    pub(super) fn learn(&mut self, tagger: &Tagger, reference: Reference, value: &str, rank: Rank) -> u32 {
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.entries.push(Entry { reference, value: Zeroizing::new(value.to_owned()), rank });
        self.enter(tagger.value(value.as_bytes()), number, Vec::new(), value.len() < SHORTEST_VALUE);
        if let Some(latin) = latin1(value) {
            self.enter(tagger.value(&latin), number, Vec::new(), false);
        }
        if rank == Rank::Literal {
            return number;
        }
        if value.len() >= SHORTEST_PART {
            self.folded.entry(tagger.value(value.to_lowercase().as_bytes())).or_insert(number);
        }
        for (made, steps) in lessened(value) {
            let weak = made.len() < SHORTEST_PART - 2;
            self.enter(tagger.value(made.as_bytes()), number, steps, weak);
        }
        number
    }

    fn enter(&mut self, tag: Tag, entry: u32, steps: Vec<Step>, weak: bool) {
        let better = match self.made.get(&tag) {
            None => true,
            Some(known) => (self.rank(entry), steps.len()) < (self.rank(known.entry), known.steps.len()),
        };
        if better {
            self.made.insert(tag, Made { entry, steps, weak });
        }
    }

    fn rank(&self, entry: u32) -> Rank {
        self.entry(entry).map_or(Rank::Literal, |entry| entry.rank)
    }

    /// The value itself, or what can be made of it by taking things away. `sure`: it stands where credentials stand.
    pub(super) fn equal(&self, tag: Tag, sure: bool) -> Option<Found> {
        let made = self.made.get(&tag).filter(|made| sure || !made.weak)?;
        self.found(made.entry, made.steps.clone(), Vec::new())
    }

    /// How a value is made of a named one: equal, wrapped, encoded, cut or extended.
    pub(super) fn relate(
        &self,
        tagger: &Tagger,
        patterns: &Patterns,
        text: &str,
        exact: Tag,
        sure: bool,
    ) -> Option<Found> {
        if self.is_empty() || text.is_empty() {
            return None;
        }
        if let Some(found) = self.equal(exact, sure) {
            return Some(found);
        }
        let mut layers: Vec<(String, Vec<Step>)> = vec![(text.to_owned(), Vec::new())];
        let mut at = 0;
        // Breadth first: the fewest steps win.
        while at < layers.len() && layers.len() < 24 {
            let (text, steps) = layers[at].clone();
            for (inner, mut inner_steps) in unwrapped(&text) {
                inner_steps.extend(steps.iter().cloned());
                if let Some(found) =
                    self.made.get(&tagger.value(inner.as_bytes())).filter(|made| sure || !made.weak)
                {
                    return self.found(found.entry, found.steps.clone(), inner_steps);
                }
                if inner_steps.len() <= 6 && !layers.iter().any(|(known, _)| *known == inner) {
                    layers.push((inner, inner_steps));
                }
            }
            at += 1;
        }
        let every = |find: &dyn Fn(&str, &[Step]) -> Option<Found>| {
            layers.iter().find_map(|(text, steps)| find(text, steps))
        };
        every(&|text, steps| self.other_case(tagger, text, steps))
            .or_else(|| every(&|text, steps| self.part(text, steps)))
            .or_else(|| every(&|text, steps| self.extended(patterns, text, steps, true)))
            .or_else(|| every(&|text, steps| self.extended(patterns, text, steps, false)))
    }

    fn other_case(&self, tagger: &Tagger, text: &str, after: &[Step]) -> Option<Found> {
        let lower = text.to_lowercase();
        let entry = *self.folded.get(&tagger.value(lower.as_bytes()))?;
        let step = if text == lower {
            Step::Lower
        } else if text == text.to_uppercase() {
            Step::Upper
        } else {
            Step::CaseChanged
        };
        self.found(entry, vec![step], after.to_vec())
    }

    fn part(&self, text: &str, after: &[Step]) -> Option<Found> {
        if text.len() < SHORTEST_PART {
            return None;
        }
        self.entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.rank == Rank::Secret && entry.value.len() > text.len())
            .find_map(|(number, entry)| {
                let start = entry.value.find(text)?;
                let number_of = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
                let step = Step::Slice {
                    start: number_of(start),
                    end: number_of(start + text.len()),
                    of: number_of(entry.value.len()),
                };
                self.found(number_of(number), vec![step], after.to_vec())
            })
    }

    fn extended(&self, patterns: &Patterns, text: &str, after: &[Step], plain: bool) -> Option<Found> {
        let fits = |encoding| if plain { encoding == Encoding::Plain } else { encoding != Encoding::Other };
        let hit = patterns.find(text.as_bytes()).find(|hit| fits(hit.encoding))?;
        let around = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let mut steps: Vec<Step> = hit.encoding.step().into_iter().collect();
        if hit.range != (0..text.len()) {
            steps.push(Step::Extended {
                before: around(hit.range.start),
                after: around(text.len() - hit.range.end),
            });
        }
        self.found(hit.secret, steps, after.to_vec())
    }

    fn found(&self, entry: u32, mut steps: Vec<Step>, after: Vec<Step>) -> Option<Found> {
        let entry = self.entry(entry)?;
        steps.extend(after);
        Some(Found {
            relation: Relation { reference: entry.reference.clone(), steps },
            secret: entry.rank == Rank::Secret,
        })
    }
}

/// As single bytes, where they are other bytes than UTF-8's and possible.
fn latin1(value: &str) -> Option<Vec<u8>> {
    if value.is_ascii() {
        return None;
    }
    value.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect()
}

/// What remains of a named value when something is taken from it, in up to three steps.
fn lessened(value: &str) -> Vec<(String, Vec<Step>)> {
    let mut found: Vec<(String, Vec<Step>)> = vec![(value.to_owned(), Vec::new())];
    let mut at = 0;
    while at < found.len() {
        let (text, steps) = found[at].clone();
        at += 1;
        if steps.len() >= 3 {
            continue;
        }
        let candidates = [
            (forms::trimmed(&text).map(str::to_owned), Step::Trimmed),
            (forms::unquoted(&text).map(|(_, rest)| rest.to_owned()), Step::Unquoted),
            (forms::unschemed(&text).map(|(_, _, rest)| rest.to_owned()), Step::Unschemed),
            (forms::percent_decoded(&text, true), Step::PercentDecoded),
            (forms::base64_decoded(&text), Step::Base64Decoded),
            (forms::cast(&text), Step::Cast),
        ];
        for (next, step) in candidates {
            if let Some(next) =
                next.filter(|next| !next.is_empty() && !found.iter().any(|(known, _)| known == next))
            {
                let mut steps = steps.clone();
                steps.push(step);
                found.push((next, steps));
            }
        }
    }
    found.remove(0);
    found
}

/// What is inside a value, each with the steps that wrapped it.
fn unwrapped(text: &str) -> Vec<(String, Vec<Step>)> {
    let mut found = Vec::new();
    let (before, rest, after) = super::blank::split(text);
    if before.len() + after.len() > 0 && !rest.is_empty() {
        let mut steps = Vec::new();
        if !before.is_empty() {
            steps.push(Step::Prepended(before.to_owned()));
        }
        if !after.is_empty() {
            steps.push(Step::Appended(after.to_owned()));
        }
        found.push((rest.to_owned(), steps));
    }
    let inside: String = rest.chars().filter(|letter| super::blank::kind(*letter).is_some()).collect();
    if !inside.is_empty() && found.is_empty() {
        let whole = text.chars().filter(|letter| super::blank::kind(*letter).is_none()).collect();
        found.push((whole, vec![Step::Inserted(inside)]));
    }
    if let Some((quote, rest)) = forms::unquoted(text) {
        let closing = text.chars().next_back().unwrap_or(quote);
        found.push((
            rest.to_owned(),
            vec![Step::Prepended(quote.to_string()), Step::Appended(closing.to_string())],
        ));
    }
    if let Some(rest) = forms::unabridged(text) {
        found.push((rest.to_owned(), vec![Step::Appended(text[rest.len()..].to_owned())]));
    }
    if let Some((scheme, separator, rest)) = forms::unschemed(text) {
        found.push((rest.to_owned(), vec![Step::Prepended(format!("{scheme}{separator}"))]));
    }
    let decoded = [
        (forms::base64_decoded(text), Step::Base64),
        (forms::percent_decoded(text, false), Step::Percent),
        (forms::json_unescaped(text), Step::JsonEscaped),
        (forms::hex_decoded(text), Step::Hex),
    ];
    found.extend(decoded.into_iter().filter_map(|(inner, step)| Some((inner?, vec![step]))));
    found.retain(|(inner, _)| !inner.is_empty() && inner != text);
    found
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn told(secret: &str, wire: &str) -> Option<String> {
        let tagger = Tagger::new(&[3; 32]);
        let mut references = References::default();
        let mut patterns = Patterns::new();
        let number = references.learn(&tagger, Reference::Config("/api_key".into()), secret, Rank::Secret);
        patterns.add(number, secret, false);
        let found = references.relate(&tagger, &patterns, wire, tagger.value(wire.as_bytes()), true)?;
        Some(found.relation.to_string())
    }

    fn hexadecimal(before: &str) -> String {
        TOKEN.bytes().flat_map(|byte| [before.to_owned(), format!("{byte:02x}")]).collect()
    }

    const TOKEN: &str = "k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u";

    #[test]
    fn a_value_is_told_as_an_expression() {
        let base64 = STANDARD.encode(TOKEN);
        for (wire, expression) in [
            (TOKEN.to_owned(), "config.api_key"),
            (format!("{TOKEN}\n"), "config.api_key + \"\\n\""),
            (format!("\"{TOKEN}\""), "\"\\\"\" + config.api_key + \"\\\"\""),
            (format!("Bearer {TOKEN}"), "\"Bearer \" + config.api_key"),
            (base64.clone(), "base64(config.api_key)"),
            (STANDARD.encode(format!("{TOKEN}\n")), "base64(config.api_key + \"\\n\")"),
            (STANDARD.encode(&base64), "base64(base64(config.api_key))"),
            (TOKEN.to_lowercase(), "lower(config.api_key)"),
            (TOKEN.to_uppercase(), "upper(config.api_key)"),
            (TOKEN[..20].to_owned(), "config.api_key[0:20] of 32"),
            (TOKEN[4..].to_owned(), "config.api_key[4:32] of 32"),
            (format!("{TOKEN}%"), "config.api_key + 1 more"),
            (hexadecimal("%"), "percent(config.api_key)"),
            (hexadecimal(""), "hex(config.api_key)"),
            (STANDARD.encode(format!("x{TOKEN}yy")), "base64(1 more + config.api_key + 2 more)"),
        ] {
            assert_eq!(told(TOKEN, &wire).as_deref(), Some(expression), "{wire}");
        }
        assert_eq!(told(TOKEN, "A7dK2mPqX9sVbT4yW8zR1cE5fG3hJ6nL"), None);
    }

    #[test]
    fn what_was_lost_is_told_too() {
        assert_eq!(
            told("Bearer k9QxT2vLpR7a", "k9QxT2vLpR7a").as_deref(),
            Some("without-scheme(config.api_key)")
        );
        assert_eq!(told("  k9QxT2vLpR7a\n", "k9QxT2vLpR7a").as_deref(), Some("trimmed(config.api_key)"));
        assert_eq!(told("1.10", "1.1").as_deref(), Some("cast(config.api_key)"));
        assert_eq!(told("a+b/c9QxT2vL", "a b/c9QxT2vL").as_deref(), Some("percent-decoded(config.api_key)"));
    }
}
