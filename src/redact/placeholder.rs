//! Values that stand where a secret should: a language's nothing, a template, a mask, a reference to a secret store.
//!
//! They are the diagnosis, so their text is shown; hence nothing may count as one that could be a secret.

use crate::model::Class;

use super::template::template;

const NULLS: &[&str] = &[
    "None",
    "none",
    "null",
    "NULL",
    "Null",
    "undefined",
    "nil",
    "NaN",
    "nan",
    "[object Object]",
    "(null)",
    "<null>",
    "<nil>",
    "<none>",
    "<undefined>",
    "%!s(<nil>)",
    "%!s(MISSING)",
];
const MASKS: &[char] = &['*', '•', '●', '∙', '·', '▪', '■', '█', '✱', '＊', '×'];
/// Characters that may be a mask as well as a value: a longer run is asked for.
const WEAK_MASKS: &[char] = &['x', 'X', '#', '.', '-', '_', '?'];
const REDACTED: &[&str] = &[
    "redacted",
    "masked",
    "hidden",
    "filtered",
    "removed",
    "secret",
    "sensitive",
    "obfuscated",
    "censored",
    "protected",
    "scrubbed",
    "concealed",
    "confidential",
    "omitted",
];

/// The placeholder that a value is, blanks around it not counted.
pub(super) fn placeholder(text: &str) -> Option<Class> {
    if text.len() > 512 {
        return None;
    }
    if text.is_empty() {
        return Some(Class::Empty);
    }
    if NULLS.contains(&text) {
        return Some(Class::Null(text.to_owned()));
    }
    store(text).or_else(|| mask(text)).or_else(|| template(text))
}

/// True for a value that stands where a secret should: nothing, a template, a mask, a reference to a store.
pub fn is_placeholder(text: &str) -> bool {
    placeholder(text).is_some()
}

/// The store that a reference to a secret points to.
fn store(text: &str) -> Option<Class> {
    let kind = if (text.starts_with("airbyte_") && text.contains("_secret_"))
        || ["{'_secret':", "{\"_secret\":", "{_secret:"].iter().any(|start| text.starts_with(start))
    {
        "airbyte"
    } else if ["ssm:/", "secretsmanager:", "ref+awsssm://", "ref+awssecrets://"]
        .iter()
        .any(|start| text.starts_with(start))
        || text.starts_with("arn:aws:secretsmanager:")
        || text.starts_with("arn:aws:ssm:")
        || text.starts_with("{{resolve:secretsmanager:")
        || text.starts_with("{{resolve:ssm")
    {
        "aws"
    } else if text.starts_with("sm://")
        || text.starts_with("ref+gcpsecrets://")
        || (text.starts_with("projects/") && text.contains("/secrets/"))
    {
        "gcp"
    } else if text.starts_with("@Microsoft.KeyVault(")
        || text.starts_with("ref+azurekeyvault://")
        || (text.starts_with("https://") && text.contains(".vault.azure.net/secrets/"))
    {
        "azure"
    } else if text.starts_with("vault:")
        || text.starts_with("ref+vault://")
        || text.starts_with("secret/data/")
    {
        "vault"
    } else if text.starts_with("op://") {
        "1password"
    } else if (text.starts_with("{{secrets/") && text.ends_with("}}")) || text.starts_with("dbutils.secrets.")
    {
        "databricks"
    } else if text.starts_with("ENC[AES256_GCM,") {
        "sops"
    } else if names_store(text) {
        "secret store"
    } else if is_reference_object(text) {
        "object"
    } else {
        return None;
    };
    Some(Class::SecretReference(kind.to_owned()))
}

/// `secretref:api-key` and the like: a scheme that fetches secrets, and a path.
fn names_store(text: &str) -> bool {
    const SCHEMES: [&str; 10] = [
        "secretref",
        "secret-ref",
        "secretkeyref",
        "keyvault",
        "keyvaultref",
        "doppler",
        "infisical",
        "akeyless",
        "conjur",
        "keyring",
    ];
    let path = |rest: &str| {
        !rest.is_empty()
            && rest.chars().all(|letter| letter.is_ascii_alphanumeric() || "/-_.#:".contains(letter))
    };
    text.strip_prefix("ref+").is_some_and(|rest| rest.contains("://"))
        || text.split_once(':').is_some_and(|(scheme, rest)| {
            SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) && path(rest)
        })
}

/// An object that names a secret, written out as text: `{'secretKeyRef': {...}}`.
fn is_reference_object(text: &str) -> bool {
    const MEMBERS: [&str; 7] = [
        "secretkeyref",
        "secretref",
        "secret_ref",
        "secret_id",
        "secret_coordinate",
        "valuefrom",
        "fn::getatt",
    ];
    let Some(rest) = text.strip_prefix('{').filter(|_| text.ends_with('}')) else { return false };
    let rest = rest.trim_start().trim_start_matches(['\'', '"']).to_ascii_lowercase();
    MEMBERS.iter().any(|member| {
        rest.strip_prefix(member)
            .is_some_and(|rest| rest.trim_start_matches(['\'', '"']).trim_start().starts_with(':'))
    })
}

fn mask(text: &str) -> Option<Class> {
    let first = text.chars().next()?;
    let count = text.chars().count();
    let uniform = text.chars().all(|letter| letter == first);
    if uniform && ((MASKS.contains(&first) && count >= 3) || (WEAK_MASKS.contains(&first) && count >= 4)) {
        return Some(Class::Mask(text.to_owned()));
    }
    let inner = text.trim_matches(|letter: char| !letter.is_ascii_alphabetic());
    let around = text.len() - inner.len();
    if REDACTED.contains(&inner.to_ascii_lowercase().as_str())
        && (around >= 2 || (around == 0 && inner.eq_ignore_ascii_case("redacted")))
        && text.chars().all(|letter| letter.is_ascii_alphabetic() || "<>[](){}*-_#".contains(letter))
    {
        return Some(Class::Mask(text.to_owned()));
    }
    partly_masked(text).or_else(|| abridged(text))
}

/// `abc****xyz`: the mask is shown, what is around it is not.
fn partly_masked(text: &str) -> Option<Class> {
    let is_mask = |letter: char| MASKS[..6].contains(&letter);
    let start = text.find(is_mask)?;
    let end = text.rfind(is_mask).map(|at| at + text[at..].chars().next().map_or(1, char::len_utf8))?;
    let run = &text[start..end];
    if run.chars().count() < 3 || !run.chars().all(is_mask) || text.contains(char::is_whitespace) {
        return None;
    }
    let before = if start > 0 { "…" } else { "" };
    let after = if end < text.len() { "…" } else { "" };
    Some(Class::Mask(format!("{before}{run}{after}")))
}

/// `abc...xyz`, `abc…`, `XXXXXXXXXXXX1234`: a secret as lists and messages show it. A longer beginning than they show is a secret that was
/// cut, and no mask.
fn abridged(text: &str) -> Option<Class> {
    const SHOWN: usize = 12;
    const CROSSES: usize = 8;
    let token = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let shown = |before: &str, run: &str, after: &str| {
        let [before, after] = [before, after].map(|part| if part.is_empty() { "" } else { "…" });
        Class::Mask(format!("{before}{run}{after}"))
    };
    for run in ["...", "\u{2026}"] {
        if let Some((before, after)) = text.split_once(run) {
            let sound = token(before) && token(after) && before.len() + after.len() >= 2;
            return (sound && before.len() <= SHOWN && after.len() <= SHOWN)
                .then(|| shown(before, run, after));
        }
    }
    let crosses = |letter: &char| matches!(letter, 'x' | 'X' | '#');
    let first = text.chars().next().filter(crosses)?;
    let rest = text.trim_start_matches(first);
    let run = &text[..text.len() - rest.len()];
    (run.len() >= CROSSES && !rest.is_empty() && rest.len() <= SHOWN && token(rest))
        .then(|| shown("", run, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        match placeholder(text)? {
            Class::Template(text) | Class::Mask(text) | Class::Null(text) => Some(text),
            other => Some(format!("{other:?}")),
        }
    }

    #[test]
    fn placeholders_are_shown() {
        for text in [
            "None",
            "[object Object]",
            "{{ config['api_key'] }}",
            "{{ config.get('api_key') }}",
            "{{ config[\"api_key\"] }}",
            "{ config['api_key'] }",
            "${API_KEY}",
            "$API_KEY",
            "%API_KEY%",
            "%(api_key)s",
            "$token",
            "<your_token>",
            "**********",
            "••••",
            "<redacted>",
            "[REDACTED]",
            "***REDACTED***",
            "xxxxxxxx",
            "YOUR_API_KEY",
            "your-token-here",
            "{{ secrets.API_TOKEN }}",
            "${env:API_KEY}",
            "<YOUR API KEY>",
            "{{api_key}}",
            "{api_key}",
            "${{ secrets.TOKEN }}",
            "env:API_TOKEN",
            "!env API_TOKEN",
            "process.env.API_TOKEN",
            "os.environ/API_TOKEN",
        ] {
            assert_eq!(shown(text).as_deref(), Some(text), "{text}");
        }
        assert_eq!(shown("abc****xyz").as_deref(), Some("…****…"));
        assert_eq!(shown("sk-k9Q...eM6u").as_deref(), Some("…...…"));
        assert_eq!(shown("k9QxT2vL\u{2026}").as_deref(), Some("…\u{2026}"));
        assert_eq!(shown("XXXXXXXXXXXXeM6u").as_deref(), Some("XXXXXXXXXXXX…"));
        assert!(
            matches!(placeholder("airbyte_workspace_8a1f2c34_secret_6b0e_v1"), Some(Class::SecretReference(kind)) if kind == "airbyte")
        );
        assert!(
            matches!(placeholder("arn:aws:secretsmanager:us-east-1:123456789012:secret:acme/api-AbCdEf"), Some(Class::SecretReference(kind)) if kind == "aws")
        );
        for text in [
            "projects/p/secrets/s/versions/1",
            "secretref:acme-api-key",
            "keyvault:acme/api-key",
            "ref+sops://secrets.yaml#/api_key",
            "ENC[AES256_GCM,data:Zm9v,iv:YmFy,tag:YmF6,type:str]",
            "{'secretKeyRef': {'name': 'acme', 'key': 'token'}}",
            "{\"secret_id\": \"acme\"}",
        ] {
            assert!(matches!(placeholder(text), Some(Class::SecretReference(_))), "{text}");
        }
    }

    #[test]
    fn secrets_are_none() {
        for text in [
            "test",
            "hunter2",
            "changeme",
            "correct horse",
            "Corr3ct-Ab3dE9x#1",
            "$ecretPass",
            "k9QxT2vLpR7aWzY3bN8c...",
            "wait... what",
            "...",
            "xxxxk9QxT2vLpR7a",
            "$2b$10$N9qo8uLOickgx2ZMRZoMye",
            "00000",
            "1.10",
            "k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u",
            "{\"a\":1}",
            "<k9QxT2vLpR7aWz>",
            "abc",
            "%41%42",
            "xxx",
            "env:k9QxT2vLpR7aWzY3bN8c",
            "doppler:k9Qx T2vL",
            "{\"secret\":\"k9QxT2vLpR7aWzY3\"}",
        ] {
            assert_eq!(placeholder(text), None, "{text}");
        }
    }
}
