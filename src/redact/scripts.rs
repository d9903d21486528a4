//! What looks like a word outside of the letters of English: with accents, in Cyrillic, in other scripts.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Longest run of another script that is looked at, in letters.
const LONGEST: usize = 24;

/// Groups of three letters that occur in words of the languages that are written with them, one of them at least outside of ASCII; `_` is
/// a word's edge. Counted in the word lists that Debian has of Portuguese, Spanish, French, Italian, German, the Nordic languages, Polish,
/// Czech, Hungarian, Romanian, Turkish, Russian and Ukrainian; a group counts where it is in one of five thousand words.
static GROUPS: LazyLock<HashSet<[char; 3]>> = LazyLock::new(|| {
    let lines = [include_str!("accents.txt"), include_str!("cyrillic.txt")];
    lines.into_iter().flat_map(str::lines).flat_map(groups).collect()
});

/// Each line: two letters, then every letter that may follow them.
fn groups(line: &'static str) -> impl Iterator<Item = [char; 3]> {
    let mut letters = line.chars();
    let first = letters.next().unwrap_or('_');
    let second = letters.next().unwrap_or('_');
    letters.map(move |third| [first, second, third])
}

/// True for letters and digits whose neighbours tell a word: Latin ones and Cyrillic ones.
pub(super) fn is_alphabet(letter: char) -> bool {
    letter < '\u{250}' || ('\u{400}'..'\u{500}').contains(&letter)
}

/// True where the letters follow each other as in words. `ascii` judges groups without accents.
pub(super) fn follows_words(piece: &str, ascii: impl Fn([char; 3]) -> bool) -> bool {
    let edge = std::iter::once('_');
    let letters: Vec<char> =
        edge.clone().chain(piece.chars().flat_map(char::to_lowercase)).chain(edge).collect();
    letters.windows(3).all(|three| {
        let three = [three[0], three[1], three[2]];
        GROUPS.contains(&three) || (three.iter().all(char::is_ascii) && ascii(three))
    })
}

/// True for a run of another script that is made of known words.
pub(super) fn is_known(run: &str) -> bool {
    let ends: Vec<usize> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
    if ends.len() > LONGEST + 1 {
        return false;
    }
    // Whether all before an end falls into words.
    let mut whole = vec![true];
    for (to, end) in ends.iter().enumerate().skip(1) {
        let fits = (0..to).rev().any(|from| whole[from] && WORDS.contains(&run[ends[from]..*end]));
        whole.push(fits);
    }
    whole.pop() == Some(true)
}

static WORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("words-of-other-scripts.txt").split_whitespace().collect());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_fall_into_known_words() {
        for run in ["访问令牌无效", "用户名", "トークンが無効です", "접근토큰", "كلمةالمرور"]
        {
            assert!(is_known(run), "{run}");
        }
        for run in ["漢杉鷹竹", "用户鷹", "뷁", "ゆぽね"] {
            assert!(!is_known(run), "{run}");
        }
    }
}
