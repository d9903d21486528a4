//! Names of what has to be filled in.

use crate::model::{Reference, Secret, Step, Tag, Text};

use super::call::Part;

/// A variable: a value that the capture does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    /// Letters, digits and `_`, not beginning with a digit.
    pub(super) name: String,
    /// What it is.
    pub(super) what: String,
}

/// The variables of an export. Equal values have one name.
#[derive(Default)]
pub(super) struct Names {
    known: Vec<(Key, Variable)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Reference(Reference),
    Value(Tag),
    Words(Vec<Tag>),
}

impl Names {
    pub(super) fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.known.iter().map(|(_, variable)| variable)
    }

    /// A secret as variables and the text around them. `place` names it where nothing else does.
    pub(super) fn parts(&mut self, secret: &Secret, place: &str) -> Vec<Part> {
        let tag = secret.fingerprint.exact;
        // In a bundle each value has a name already, and the same on both sides.
        if tag.is_ordinal() {
            return vec![self.variable(Key::Value(tag), &tag.to_string(), &secret.to_string())];
        }
        let Some(relation) = &secret.relation else {
            return vec![self.variable(Key::Value(tag), place, &secret.to_string())];
        };
        // What was put around a named value may be shown, and is written out.
        let mut around = (String::new(), String::new());
        for step in &relation.steps {
            match step {
                Step::Prepended(text) => around.0.insert_str(0, text),
                Step::Appended(text) => around.1.push_str(text),
                _ => {
                    return vec![self.variable(Key::Value(tag), place, &relation.to_string())];
                }
            }
        }
        let key = Key::Reference(relation.reference.clone());
        let variable = self.variable(key, &own_name(&relation.reference), &relation.reference.to_string());
        let text = |text: String| (!text.is_empty()).then_some(Part::Text(text));
        [text(around.0), Some(variable), text(around.1)].into_iter().flatten().collect()
    }

    /// Running text, of which each word is hidden, as one variable.
    pub(super) fn words(&mut self, text: &Text, place: &str) -> Part {
        let tags: Vec<Tag> = text.secrets().map(|secret| secret.fingerprint.exact).collect();
        let what = format!("a text of {} words", tags.len());
        self.variable(Key::Words(tags), place, &what)
    }

    fn variable(&mut self, key: Key, name: &str, what: &str) -> Part {
        if let Some((_, known)) = self.known.iter().find(|(known, _)| *known == key) {
            return Part::Variable(known.name.clone());
        }
        let base = identifier(name);
        let mut name = base.clone();
        let mut again = 2;
        while self.known.iter().any(|(_, known)| known.name == name) {
            name = format!("{base}_{again}");
            again += 1;
        }
        self.known.push((key, Variable { name: name.clone(), what: what.to_owned() }));
        Part::Variable(name)
    }
}

fn own_name(reference: &Reference) -> String {
    match reference {
        Reference::Config(pointer) | Reference::Manifest(pointer) => {
            pointer.rsplit('/').next().unwrap_or_default().to_owned()
        }
        Reference::Named(name) | Reference::Environment(name) => name.clone(),
        Reference::Issued { exchange, at } => {
            format!("{}_of_{exchange}", at.rsplit('/').next().unwrap_or_default())
        }
    }
}

/// `API_KEY` for `api-key`. Names that mean something to a shell get a word before them.
fn identifier(name: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' };
    let name: String = name.chars().map(plain).collect();
    let name = name.trim_matches('_');
    let taken = matches!(
        name,
        "PATH"
            | "HOME"
            | "USER"
            | "IFS"
            | "PS1"
            | "PS4"
            | "ENV"
            | "PWD"
            | "SHELL"
            | "LANG"
            | "TERM"
            | "BASH_ENV"
    );
    if name.is_empty() {
        "VALUE".to_owned()
    } else if taken || name.starts_with(|letter: char| letter.is_ascii_digit()) {
        format!("API_{name}")
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_shell_can_have() {
        for (name, variable) in [
            ("api-key", "API_KEY"),
            ("", "VALUE"),
            ("user", "API_USER"),
            ("2fa", "API_2FA"),
            ("é", "VALUE"),
            ("path", "API_PATH"),
        ] {
            assert_eq!(identifier(name), variable);
        }
    }
}
