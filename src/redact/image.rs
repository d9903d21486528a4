//! What is told of a container's image.

use crate::model::{ImageFacts, Text};

use super::raw::RawImage;
use super::redactor::{PROSE_WORDS, Redactor};
use super::secret::Scope;

impl Redactor {
    /// Redacts what an engine says of an image. Of variables only the names are kept.
    pub fn image(&self, raw: &RawImage) -> ImageFacts {
        ImageFacts {
            reference: self.reference(&raw.reference),
            id: self.shown_digest(&raw.id),
            digest: raw.digest.as_ref().map(|digest| self.shown_digest(digest)),
            architecture: self.name(&raw.architecture),
            user: (!raw.user.is_empty()).then(|| self.reference(&raw.user)),
            entrypoint: self.command(&raw.entrypoint),
            base: raw.base.as_ref().map(|base| self.reference(base)),
            variables: raw.variables.iter().map(|name| self.name(name)).collect(),
        }
    }

    /// The name of an image or a user is no secret, however long it is; known secrets in it are.
    fn reference(&self, text: &str) -> Text {
        let is_reference = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/:@".contains(&byte));
        if !is_reference {
            return self.prose(text);
        }
        self.masked(&Scope::new(self, None, PROSE_WORDS), Text::shown(text))
    }

    /// A digest is shown as it is; what only stands in its place is treated as a name.
    fn shown_digest(&self, text: &str) -> String {
        let hash = text.strip_prefix("sha256:").unwrap_or(text);
        let is_digest = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_digest { text.to_owned() } else { self.name(text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Reference;
    use crate::redact::{Key, Known};

    #[test]
    fn an_image_is_told_without_values_and_secrets() {
        let mut redactor = Redactor::new(Key::from_bytes([7; 32]));
        let secret = "live_7Qm2vXz9LtRk4WbN8sYc3HdJ6pFgA1eU";
        redactor.refer(Reference::Named("token".into()), secret, Known::Secret);
        let digest = format!("sha256:{}", "ab12".repeat(16));
        let raw = RawImage {
            reference: "registry.example.com/acme/source:1".into(),
            id: digest.clone(),
            digest: Some(secret.into()),
            user: "airbyte".into(),
            entrypoint: vec!["/run".into(), format!("--token={secret}").into()],
            base: Some(format!("python:{secret}")),
            variables: vec!["HTTP_PROXY".into(), "API_KEY".into()],
            ..RawImage::default()
        };
        let facts = redactor.image(&raw);
        assert_eq!((facts.reference.to_string().as_str(), &facts.id), (raw.reference.as_str(), &digest));
        assert_eq!(facts.variables, ["HTTP_PROXY", "API_KEY"]);
        let written = serde_json::to_string(&facts).unwrap();
        assert!(!written.contains(secret) && !written.contains(&secret[..16]), "{written}");
    }
}
