//! Auth-schemes: IANA's registry and what vendors made up.

/// In lower case, sorted.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "api-key", "apikey", "apitoken", "auth", "authtoken", "aws", "aws4-hmac-sha256", "basic", "bearer",
    "bot", "concealed", "digest", "dpop", "eg1-hmac-sha256", "geniekey", "gnap", "googlelogin", "hawk",
    "hmac", "hoba", "jwt", "key", "klaviyo-api-key", "mac", "mutual", "negotiate", "ntlm", "oauth",
    "oauth2", "privatekey", "privatetoken", "scram-sha-1", "scram-sha-256", "session", "sessiontoken",
    "sharedkey", "sharedkeylite", "signature", "splunk", "ssws", "token", "usernametoken", "vapid", "wsse",
    "zoho-oauthtoken",
];

/// Schemes whose credentials are named parameters.
#[rustfmt::skip]
const WITH_PARAMETERS: &[&str] = &[
    "aws4-hmac-sha256", "digest", "eg1-hmac-sha256", "gnap", "hawk", "hoba", "mac", "mutual", "oauth",
    "signature", "usernametoken", "vapid",
];

/// True for the name of an auth-scheme, in any case.
pub(super) fn is_known(scheme: &str) -> bool {
    scheme.len() <= 20 && KNOWN.binary_search(&scheme.to_ascii_lowercase().as_str()).is_ok()
}

/// True for a scheme followed by `name=value` pairs.
pub(super) fn has_parameters(scheme: &str) -> bool {
    WITH_PARAMETERS.contains(&scheme.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(KNOWN.is_sorted());
        assert!(is_known("Bearer") && is_known("TOKEN") && !is_known("hunter"));
    }
}
