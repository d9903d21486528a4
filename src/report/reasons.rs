//! Differences that do not count, by the reason why.

use std::collections::BTreeMap;

use super::Difference;

/// Pairs that are named of one place.
const PAIRS: usize = 8;

/// Places and their pairs, under each reason.
pub(super) fn by_reason<'a>(
    all: impl IntoIterator<Item = &'a Difference>,
) -> BTreeMap<&'a str, BTreeMap<&'a str, Vec<usize>>> {
    let mut reasons: BTreeMap<&str, BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
    for one in all {
        let places = reasons.entry(one.why.as_deref().unwrap_or_default()).or_default();
        places.entry(&one.at).or_default().push(one.pair);
    }
    reasons
}

/// `pair 1`, `pairs 1, 2 and 7 more`.
pub(super) fn numbered(pairs: &[usize]) -> String {
    let shown: Vec<String> = pairs.iter().take(PAIRS).map(ToString::to_string).collect();
    let word = if pairs.len() == 1 { "pair" } else { "pairs" };
    match pairs.len().saturating_sub(PAIRS) {
        0 => format!("{word} {}", shown.join(", ")),
        more => format!("{word} {} and {more} more", shown.join(", ")),
    }
}
