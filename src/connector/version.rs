//! Versions of frameworks, as far as they are compared.

use std::fmt;

/// Up to three numbers; what follows them is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub [u32; 3]);

impl Version {
    /// Reads `7.39.1`, `6.10`, `7.0.0rc1`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = [0; 3];
        let text = text.trim().trim_start_matches('v');
        for (at, part) in text.split('.').take(3).enumerate() {
            let digits = part.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(part.len());
            match part[..digits].parse() {
                Ok(number) => numbers[at] = number,
                Err(_) if at > 0 => break,
                Err(_) => return None,
            }
        }
        Some(Self(numbers))
    }

    /// The first version that `~=` or `^` no longer allows.
    fn next(self, at: usize) -> Self {
        let mut numbers = [0; 3];
        numbers[..=at].copy_from_slice(&self.0[..=at]);
        numbers[at] = numbers[at].saturating_add(1);
        Self(numbers)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// Which version of a framework a package runs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framework {
    /// As it is written: `7.39.1`, `>=6,<7`.
    pub text: String,
    /// The file that says so.
    pub file: String,
    /// Its line, from 1.
    pub line: Option<u32>,
    /// The version, where it is exact.
    pub exact: Option<Version>,
    /// The first version that is too new, where there is one.
    pub below: Option<Version>,
}

impl Framework {
    /// From a requirement: `==6.10.0`, `>=0,<1`, `(>=6,<7)`, `^6.0`, `~=6.5`.
    pub fn of(requirement: &str, file: &str, line: Option<u32>) -> Self {
        let text = requirement.trim().trim_matches(['(', ')', '"', '\'']).trim();
        let mut framework =
            Self { text: text.to_owned(), file: file.to_owned(), line, exact: None, below: None };
        for part in text.split(',').map(str::trim) {
            let (sign, version) =
                part.split_at(part.find(|c: char| c.is_ascii_digit()).unwrap_or(part.len()));
            let Some(number) = Version::parse(version.trim_end_matches(".*")) else { continue };
            let parts = version.trim_end_matches(".*").split('.').count();
            let any = version.ends_with('*');
            let below = match sign.trim() {
                "==" | "=" | "" | "===" if !any => {
                    framework.exact = Some(number);
                    number.next(2)
                }
                "==" | "=" | "" => number.next(parts.clamp(1, 3) - 1),
                "<" => number,
                "<=" => number.next(2),
                "~=" => number.next(parts.clamp(2, 3) - 2),
                "~" => number.next(usize::from(parts > 1)),
                "^" => number.next(number.0.iter().position(|part| *part > 0).unwrap_or(0)),
                _ => continue,
            };
            framework.below = Some(framework.below.map_or(below, |known| known.min(below)));
        }
        framework
    }

    /// Every version that it may be is older than the one after `version`.
    pub fn is_at_most(&self, version: Version) -> bool {
        match (self.exact, self.below) {
            (Some(exact), _) => exact <= version,
            (None, Some(below)) => below <= version,
            (None, None) => false,
        }
    }

    /// It is exact, and this version or newer.
    pub fn is_at_least(&self, version: Version) -> bool {
        self.exact.is_some_and(|exact| exact >= version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_have_bounds() {
        for (text, exact, below) in [
            ("==6.10.0", Some("6.10.0"), "6.10.1"),
            ("6.10.0", Some("6.10.0"), "6.10.1"),
            ("(>=0,<1)", None, "1.0.0"),
            ("^6", None, "7.0.0"),
            ("^0.90", None, "0.91.0"),
            ("~=6.5", None, "7.0.0"),
            ("~=6.5.1", None, "6.6.0"),
            ("~6.5", None, "6.6.0"),
            ("==6.*", None, "7.0.0"),
            ("<=6.1", None, "6.1.1"),
        ] {
            let framework = Framework::of(text, "f", None);
            assert_eq!(framework.exact.map(|version| version.to_string()).as_deref(), exact, "{text}");
            assert_eq!(framework.below.unwrap().to_string(), below, "{text}");
        }
        assert_eq!(Framework::of(">=6", "f", None).below, None);
        assert_eq!(Framework::of("*", "f", None).exact, None);
    }
}
