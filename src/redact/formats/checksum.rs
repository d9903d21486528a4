//! Whether a token fits together, where its form lets that be told. A token that does not may be made up; it may also be a real one that
//! was altered, so it counts all the same.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// GitHub's and npm's: the last six letters are the CRC-32 of what stands between them and the prefix, in base 62.
pub(super) fn base62(token: &str) -> bool {
    let Some((_, body)) = token.rsplit_once('_') else { return false };
    body.split_at_checked(body.len().saturating_sub(6))
        .is_some_and(|(random, sum)| in_base62(crc32fast::hash(random.as_bytes())) == sum)
}

fn in_base62(mut number: u32) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = [b'0'; 6];
    for digit in text.iter_mut().rev() {
        *digit = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    text.iter().map(|byte| char::from(*byte)).collect()
}

/// Grafana's: the last eight digits are the CRC-32 of what stands before them.
pub(super) fn grafana(token: &str) -> bool {
    token.rsplit_once('_').is_some_and(|(before, sum)| {
        format!("{:08x}", crc32fast::hash(before.as_bytes())) == sum.to_ascii_lowercase()
    })
}

/// The header of a JSON Web Token is JSON with an algorithm, its claims are JSON.
pub(super) fn jwt(token: &str) -> bool {
    let mut parts = token.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
        serde_json::from_slice::<serde_json::Value>(&bytes).ok()
    });
    let header = parts.next().flatten();
    let claims = parts.next().flatten();
    header.is_some_and(|header| header.get("alg").is_some())
        && claims.as_ref().is_some_and(serde_json::Value::is_object)
}

/// Those of the Python Package Index are macaroons in base64: version, and the place they are for.
pub(super) fn macaroon(token: &str) -> bool {
    let body = token.strip_prefix("pypi-").unwrap_or(token);
    let whole = &body[..body.len() / 4 * 4];
    URL_SAFE_NO_PAD.decode(whole).is_ok_and(|bytes| {
        bytes.first() == Some(&2) && bytes.windows(8).take(8).any(|w| w.ends_with(b"pypi.org"))
    })
}

/// Azure's keys of 64 bytes, in base64.
pub(super) fn azure_key(token: &str) -> bool {
    token.split_once('=').is_some_and(|(_, key)| STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_counted_right() {
        let random = "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ";
        let sum = in_base62(crc32fast::hash(random.as_bytes()));
        assert_eq!(sum.len(), 6);
        assert!(base62(&format!("ghp_{random}{sum}")));
        assert!(!base62(&format!("ghp_{random}000000")));
        assert!(!base62("é") && !base62("_é"));
        let before = "glsa_pjbJbUVFGPDpHfRNSPoFJBmKmLjzPZ1Y";
        assert!(grafana(&format!("{before}_{:08x}", crc32fast::hash(before.as_bytes()))));
        // RFC 7519, section 3.1.
        assert!(jwt(
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        ));
        assert!(!jwt("eyJhbGciOi.eyJpc3Mi.dBjf"));
    }
}
