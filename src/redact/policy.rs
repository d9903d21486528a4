//! What may be shown under which name. Everything that is not listed here is hidden.

use std::cell::RefCell;
use std::collections::HashMap;

use foldhash::quality::RandomState;

use super::words::camel_pieces;

/// True where a name says that its value is a secret (`api_key`, `clientSecret`, `X-Auth-Token`, `senha`).
///
/// Such a value keeps nothing, not even a small number. Names that only speak about a secret (`token_type`, `password_policy`) are not meant.
pub fn is_sensitive_name(name: &str) -> bool {
    judged(name).sensitive
}

/// True where a name says that its value proves who is asking. Cursors, nonces and idempotency keys are sensitive, but prove nothing.
pub fn is_credential_name(name: &str) -> bool {
    judged(name).credential
}

/// What a name says of its value.
#[derive(Clone, Copy)]
struct Judged {
    sensitive: bool,
    credential: bool,
}

/// Longest name that is remembered, in bytes.
const LONGEST_NAME: usize = 64;
/// Names that are remembered at one time.
const MOST_NAMES: usize = 4_096;

thread_local! {
    /// Messages hold the same names again and again, and to take one apart costs more than all else that is done with its value.
    static NAMES: RefCell<HashMap<Box<str>, Judged, RandomState>> = RefCell::default();
}

fn judged(name: &str) -> Judged {
    if name.len() > LONGEST_NAME {
        return judge(name);
    }
    NAMES.with_borrow_mut(|known| {
        if let Some(judged) = known.get(name) {
            return *judged;
        }
        let judged = judge(name);
        if known.len() == MOST_NAMES {
            known.clear();
        }
        known.insert(name.into(), judged);
        judged
    })
}

fn judge(name: &str) -> Judged {
    let words = words_of(name);
    let sensitive = is_sensitive(&words);
    Judged { sensitive, credential: sensitive && is_credential(&words) }
}

fn is_sensitive(words: &[String]) -> bool {
    if words.last().is_some_and(|last| ABOUT.contains(&last.as_str())) {
        return false;
    }
    words.iter().any(|word| is_secret_word(word)) || {
        let joined = words.concat();
        JOINED.iter().any(|word| joined.contains(word))
            || OTHER_SCRIPTS.iter().any(|word| joined.contains(word))
    }
}

fn is_credential(words: &[String]) -> bool {
    let only_code = words.iter().all(|word| !is_secret_word(word) || word == "code" || word == "codes");
    let grant = words.iter().any(|word| matches!(word.as_str(), "auth" | "authorization"));
    !words.iter().any(|word| NO_PROOF.contains(&word.as_str()))
        && (!only_code || grant || !words.iter().any(|word| word == "code"))
}

/// True where a name speaks of a secret that people choose: it may have blanks in it.
pub fn is_password_name(name: &str) -> bool {
    is_sensitive_name(name)
        && words_of(name).iter().any(|word| word.contains("pass") || PASSWORD.contains(&word.as_str()))
}

/// Words that name a secret.
fn is_secret_word(word: &str) -> bool {
    SECRET.binary_search(&word).is_ok()
}

/// The words of a name, in lower case: `X-Auth-Token`, `clientSecret`, `auth[token]`.
fn words_of(name: &str) -> Vec<String> {
    name.split(|letter: char| !letter.is_alphanumeric())
        .flat_map(camel_pieces)
        .map(|piece| piece.trim_end_matches(|letter: char| letter.is_ascii_digit()).to_lowercase())
        .filter(|piece| !piece.is_empty())
        .collect()
}

/// Sorted. Words that name a secret, alone or among others; English, Portuguese, Spanish, French, Italian, German, Dutch, the
/// Nordic languages, Polish, Czech, Turkish.
#[rustfmt::skip]
const SECRET: &[&str] = &[
    "apikey", "apikeys", "appkey", "assertion", "auth", "authentication", "authkey", "authorization",
    "authtoken", "bearer", "chave", "clau", "clave", "clef", "code", "codes", "contrasena", "contrasenha",
    "contraseña", "cookie", "cookies", "cred", "credenciais", "credencial", "credential", "credentials",
    "creds", "csrf", "cvc", "cvv", "geheim", "geheimnis", "haslo", "hasło", "heslo", "hmac", "jeton", "jwt",
    "kennwort", "key", "keypass", "keys", "klucz", "losenord", "lozinka", "lösenord", "mac", "mdp", "mfa", "mnemonic",
    "motdepasse", "nonce", "nyckel", "otp", "parola", "pass", "passcode", "passin", "passkey", "passord", "passout",
    "passphrase", "passwd", "password", "passwords", "passwort", "pat", "pin", "privatekey", "pw", "pwd",
    "salt", "saml", "schluessel", "schlüssel", "secret", "secreto", "secrets", "segredo", "senha", "sess",
    "session", "sessionid", "sid", "sifre", "sig", "sign", "signature", "sleutel", "storepass", "ticket", "tkn", "tok",
    "token", "tokens", "totp", "verifier", "wachtwoord", "xsrf", "şifre",
];

/// Those of them that name a password.
#[rustfmt::skip]
const PASSWORD: &[&str] = &[
    "clave", "contrasena", "contrasenha", "contraseña", "geheim", "geheimnis", "haslo", "hasło", "heslo",
    "kennwort", "losenord", "lozinka", "lösenord", "mdp", "mnemonic", "parola", "pw", "pwd", "secret",
    "secreto", "segredo", "senha", "sifre", "wachtwoord", "şifre",
];

/// Words that name a secret within a longer one (`accesstoken`, `motDePasse`).
#[rustfmt::skip]
const JOINED: &[&str] = &[
    "apikey", "accesskey", "accesstoken", "authtoken", "authkey", "appsecret", "clientsecret", "idtoken",
    "licensekey", "motdepasse", "passphrase", "password", "passwort", "privatekey", "refreshtoken",
    "secretkey", "sessionid", "sessionkey", "sessiontoken", "sharedkey", "signingkey", "subscriptionkey",
    "usertoken", "motpasse", "contraseña", "kennwort",
];

/// The same in other scripts, as parts of words.
#[rustfmt::skip]
const OTHER_SCRIPTS: &[&str] = &[
    "пароль", "ключ", "токен", "секрет", "密码", "密碼", "密钥", "密鑰", "令牌", "口令", "パスワード", "トークン", "秘密", "비밀번호",
    "토큰", "كلمةالمرور", "סיסמה", "κωδικός", "पासवर्ड",
];

/// Last words of names that speak about a secret.
#[rustfmt::skip]
const ABOUT: &[&str] = &[
    "type", "types", "url", "uri", "endpoint", "expires", "expire", "expiry", "expiration", "expired",
    "lifetime", "ttl", "in", "count", "limit", "length", "size", "policy", "method", "methods", "mode",
    "name", "names", "required", "enabled", "disabled", "format", "version", "path", "location", "header",
    "hint", "scheme", "schemes", "date", "time", "at", "status", "algorithm", "alg", "duration", "timeout",
    "description", "message", "error", "reason", "provider", "server", "supported", "level", "options",
    "option",
];

/// Words of names whose values are made anew or handed back by the server, and prove nothing.
#[rustfmt::skip]
const NO_PROOF: &[&str] = &[
    "page", "pagination", "next", "prev", "previous", "continuation", "continue", "sync", "cursor",
    "idempotency", "nonce", "csrf", "xsrf", "cache", "sort", "partition", "primary", "foreign", "public",
    "object", "row", "order", "socket", "trace", "request", "correlation", "deduplication", "dedup",
    "cancellation", "challenge", "verifier", "country", "currency", "zip", "postal", "error", "status",
    "language", "lang", "locale", "product", "item", "group", "salt", "state", "resume", "skip", "delta",
    "change", "offset",
];

/// How a field's value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `Authorization` and `Proxy-Authorization`.
    Authorization,
    /// A field that carries a token alone.
    Token,
    /// `Cookie`.
    Cookie,
    /// `Set-Cookie`.
    SetCookie,
    /// `WWW-Authenticate`: schemes and parameters.
    Challenge,
    /// A URL.
    Url,
    /// `host:port`.
    Host,
    /// Words, numbers and products by the field's grammar.
    Listed,
    /// A date as HTTP writes it.
    Date,
    /// Anything else: hidden.
    Hidden,
}

/// How the field of this name (in lower case) is read.
pub(super) fn field_kind(key: &str) -> Kind {
    match key {
        "authorization" | "proxy-authorization" => Kind::Authorization,
        "cookie" => Kind::Cookie,
        "set-cookie" => Kind::SetCookie,
        "www-authenticate" | "proxy-authenticate" => Kind::Challenge,
        "location" | "content-location" | "referer" | "origin" | "access-control-allow-origin" => Kind::Url,
        "host" | "x-forwarded-host" => Kind::Host,
        "date" | "expires" | "last-modified" | "if-modified-since" | "if-unmodified-since" => Kind::Date,
        _ if LISTED.contains(&key) || key.starts_with("sec-fetch-") || is_rate_limit(key) => Kind::Listed,
        _ if is_credential_name(key) => Kind::Token,
        _ => Kind::Hidden,
    }
}

fn is_rate_limit(key: &str) -> bool {
    let key = key.strip_prefix("x-").unwrap_or(key);
    key.starts_with("ratelimit") || key.starts_with("rate-limit")
}

#[rustfmt::skip]
const LISTED: &[&str] = &[
    "accept", "accept-charset", "accept-encoding", "accept-language", "accept-ranges",
    "access-control-allow-headers", "access-control-allow-methods", "access-control-allow-credentials",
    "access-control-expose-headers", "access-control-max-age", "access-control-request-headers",
    "access-control-request-method", "age", "allow", "cache-control", "cf-cache-status", "connection", "content-disposition",
    "content-encoding", "content-language", "content-length", "content-range", "content-type", "dnt",
    "expect", "grpc-accept-encoding", "grpc-encoding", "grpc-status", "grpc-timeout", "keep-alive", "max-forwards", "pragma", "prefer", "preference-applied", "proxy-connection",
    "range", "retry-after", "server", "strict-transport-security", "te", "trailer", "transfer-encoding",
    "upgrade", "upgrade-insecure-requests", "user-agent", "vary", "via", "x-cache", "x-cache-hits", "x-content-type-options",
    "x-forwarded-proto", "x-frame-options", "x-powered-by", "x-requested-with",
];

/// True for a field name of a public vendor's documentation that does not look like words (`x-amzn-requestid`).
pub(super) fn is_vendors_field(name: &str) -> bool {
    VENDORS.iter().any(|known| name.eq_ignore_ascii_case(known))
}

#[rustfmt::skip]
const VENDORS: &[&str] = &[
    "akamai-grn", "cf-mitigated", "cf-ray", "x-akamai-request-id", "x-amz-apigw-id", "x-amz-cf-id", "x-amz-cf-pop",
    "x-amz-request-id", "x-amzn-errortype", "x-amzn-requestid", "x-amzn-trace-id", "x-amzn-waf-action", "x-b3-traceid",
    "x-datadome", "x-datadome-cid", "x-iinfo", "x-ms-request-id", "x-px-block", "x-sucuri-block", "x-sucuri-id",
    "x-vercel-id",
];

/// Parameters and keys whose values are words of a protocol (`grant_type=refresh_token`).
pub(super) fn is_protocol_word(name: &str) -> bool {
    matches!(
        name,
        "grant_type"
            | "response_type"
            | "token_type"
            | "scope"
            | "code_challenge_method"
            | "subject_token_type"
            | "requested_token_type"
            | "client_assertion_type"
            | "algorithm"
            | "qop"
            | "oauth_signature_method"
            | "oauth_version"
            | "SignedHeaders"
            | "X-Amz-Algorithm"
            | "X-Amz-SignedHeaders"
    )
}

/// Keys of an answer under which servers say in words what went wrong.
pub(super) fn is_explanation(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(
        name.as_str(),
        "error"
            | "errors"
            | "error_description"
            | "errordescription"
            | "message"
            | "messages"
            | "detail"
            | "details"
            | "title"
            | "reason"
            | "msg"
            | "error_message"
            | "errormessage"
            | "fault"
            | "faultstring"
            | "description"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        let mut sorted = SECRET.to_vec();
        sorted.sort_unstable();
        assert_eq!(SECRET, sorted);
    }

    #[test]
    fn secrets_by_name() {
        for name in [
            "api_key",
            "apiKey",
            "X-Api-Key",
            "clientSecret",
            "client_secret",
            "password",
            "senha",
            "chave",
            "X-Auth-Token",
            "PRIVATE-TOKEN",
            "auth[token]",
            "DD-APPLICATION-KEY",
            "X-Amz-Signature",
            "sig",
            "code",
            "accesstoken",
            "ACCESSTOKEN",
            "w:Password",
            "sessionid",
            "пароль",
            "X-Shopify-Access-Token",
            "motDePasse",
            "private_key",
            "token2",
            "key",
        ] {
            assert!(is_sensitive_name(name), "{name}");
        }
        for name in [
            "token_type",
            "expires_in",
            "page",
            "auth_url",
            "keyword",
            "monkey",
            "author",
            "passenger",
            "company",
            "start_date",
            "Loja",
        ] {
            assert!(!is_sensitive_name(name), "{name}");
        }
    }

    #[test]
    fn credentials_by_name() {
        for name in [
            "X-Api-Key",
            "token",
            "access_token",
            "key",
            "session",
            "X-Hub-Signature-256",
            "authorization_code",
            "api_token",
            "passcode",
        ] {
            assert!(is_credential_name(name), "{name}");
        }
        for name in [
            "page_token",
            "nextPageToken",
            "Idempotency-Key",
            "X-Nonce",
            "sort_key",
            "code",
            "country_code",
            "Sec-WebSocket-Key",
        ] {
            assert!(!is_credential_name(name), "{name}");
        }
    }
}
