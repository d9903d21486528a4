//! Patterns of paths, as build tools have them.

/// Whether a pattern of a `.gitignore` kind fits a path, or a folder above it.
pub(super) fn matches(pattern: &str, path: &str) -> bool {
    let anchored = pattern.trim_end_matches('/').contains('/');
    let pattern = pattern.trim_start_matches("./").trim_matches('/');
    let ends = std::iter::once(path.len()).chain(path.match_indices('/').map(|(at, _)| at));
    for end in ends {
        let part = &path[..end];
        if glob(pattern, part) || (!anchored && glob(pattern, part.rsplit('/').next().unwrap_or(part))) {
            return true;
        }
    }
    false
}

/// Whether a pattern of package data fits a path within the package.
pub(super) fn matches_whole(pattern: &str, path: &str) -> bool {
    glob(pattern.trim_start_matches("./"), path)
}

/// `*` and `?` stay within a name, `**` crosses folders.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    // Simple patterns only: what is this long is no pattern of files.
    if pattern.len() > 200 || text.len() > 1000 {
        return false;
    }
    let mut fits = vec![false; text.len() + 1];
    fits[0] = true;
    let mut at = 0;
    while at < pattern.len() {
        let mut next = vec![false; text.len() + 1];
        if pattern[at..].starts_with(b"**") {
            let mut open = false;
            for (place, fit) in fits.iter().enumerate() {
                open |= *fit;
                next[place] = open;
            }
            // `**/x` fits `x` too.
            let slash = pattern.get(at + 2) == Some(&b'/');
            at += 2;
            if slash {
                let before = std::mem::replace(&mut next, vec![false; text.len() + 1]);
                for (place, fit) in fits.iter().enumerate() {
                    next[place] |= *fit;
                }
                for place in 0..text.len() {
                    next[place + 1] |= before[place] && text[place] == b'/';
                }
                at += 1;
            }
        } else {
            let star = pattern[at] == b'*';
            let mut open = false;
            for (place, fit) in fits.iter().enumerate() {
                if star {
                    open |= *fit;
                    next[place] |= open;
                    open &= text.get(place) != Some(&b'/');
                } else if *fit
                    && text
                        .get(place)
                        .is_some_and(|byte| *byte == pattern[at] || (pattern[at] == b'?' && *byte != b'/'))
                {
                    next[place + 1] = true;
                }
            }
            at += 1;
        }
        fits = next;
    }
    fits.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, path, fits) in [
            ("*.yaml", "spec.yaml", true),
            ("*.yaml", "a/spec.yaml", false),
            ("**/*.yaml", "spec.yaml", true),
            ("**/*.yaml", "a/b/spec.yaml", true),
            ("source_a/**", "source_a/b/c", true),
            ("s?ec.yaml", "spec.yaml", true),
            ("schemas/*.json", "schemas/a.json", true),
        ] {
            assert_eq!(glob(pattern, path), fits, "{pattern} {path}");
        }
        assert!(matches("*.yaml", "source_a/spec.yaml") && matches("source_a", "source_a/spec.yaml"));
        assert!(!matches("/spec.yaml", "source_a/spec.yaml"));
    }
}
