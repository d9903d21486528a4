//! Sentences that say that a URL was called, and what came of it.

use super::Said;
use super::text::{Sentence, quoted};
use crate::model::{ClueKind, Text};
use crate::redact::Redactor;

/// Reads one sentence.
pub(super) fn read(sentence: &Sentence<'_>) -> Option<Said> {
    let (url, status) =
        from_client(sentence.text).or_else(|| printed(sentence.text).map(|status| ("", status)))?;
    let kind = called(url, Some(status), sentence.redactor);
    Some(Said::sure(kind, sentence.text))
}

/// The fact that `url` was called. Its query is left out.
pub(super) fn called(url: &str, status: Option<u16>, redactor: &Redactor) -> ClueKind {
    let url = without_query(url);
    let url = if url.is_empty() { Text::default() } else { redactor.prose(url) };
    ClueKind::Called { host: host(&url.to_string()), url, status }
}

/// The host of a redacted URL, as the host of an exchange is written.
fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split('/').next()?.rsplit('@').next()?;
    let port = authority.rfind(':').filter(|at| !authority[*at..].contains(']'));
    let host = authority[..port.unwrap_or(authority.len())].to_ascii_lowercase();
    (!host.is_empty()).then_some(host)
}

/// A URL without query and fragment.
pub(super) fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

/// The words of HTTP clients and frameworks.
fn from_client(text: &str) -> Option<(&str, u16)> {
    let after = |words: &str| text.split_once(words).map(|(_, rest)| rest);
    // Airbyte CDK: 'GET' request to 'URL' failed with status code '403'
    if let Some(rest) = after("request to ")
        && let Some(status) = rest.split_once("status code ").and_then(|(_, rest)| status(rest))
    {
        return Some((quoted(rest)?, status));
    }
    // requests: 401 Client Error: Unauthorized for url: URL
    for words in [" Client Error: ", " Server Error: "] {
        if let Some((before, rest)) = text.split_once(words)
            && let Some(status) = before.rsplit([' ', '(']).next().and_then(status)
        {
            return Some((rest.split_once("for url: ").map_or("", |(_, url)| word(url)), status));
        }
    }
    // httpx: Client error '401 Unauthorized' for url 'URL'
    for words in ["Client error ", "Server error ", "Redirect response "] {
        if let Some(rest) = after(words)
            && let Some(status) = status(rest)
        {
            return Some((
                rest.split_once("for url ").and_then(|(_, url)| quoted(url)).unwrap_or_default(),
                status,
            ));
        }
    }
    // httpx's log: HTTP Request: GET URL "HTTP/1.1 200 OK"
    if let Some(rest) = after("HTTP Request: ") {
        let status = rest.split_once("\"HTTP/").and_then(|(_, rest)| status(rest.split_once(' ')?.1))?;
        return Some((rest.split(' ').nth(1).unwrap_or_default(), status));
    }
    // urllib3's log: https://host:443 "GET /path HTTP/1.1" 200 58
    if let Some((before, rest)) = text.split_once(" HTTP/1.1\" ").or_else(|| text.split_once(" HTTP/2\" "))
        && let Some(origin) = before.split(' ').find_map(|word| word.find("http").map(|at| &word[at..]))
    {
        return Some((origin, status(rest)?));
    }
    // aiohttp: ClientResponseError: 401, message='Unauthorized', url='URL'
    if let Some(rest) = after("ClientResponseError: ") {
        let url = rest.split_once("url=").map(|(_, url)| url.trim_start_matches("URL(")).and_then(quoted);
        return Some((url.unwrap_or_default(), status(rest)?));
    }
    // HttpURLConnection: Server returned HTTP response code: 401 for URL: URL
    if let Some(rest) = after("HTTP response code: ") {
        return Some((rest.split_once("for URL: ").map_or("", |(_, url)| word(url)), status(rest)?));
    }
    // urllib, curl --fail, axios, the CDK without its URL.
    let words = ["HTTP Error ", "returned error: ", "failed with status code ", "HTTP Status Code: "];
    words.iter().find_map(|words| after(words).and_then(status)).map(|status| ("", status))
}

/// What hand-written scripts and curl print: `200 {...}`, `<Response [403]>`, `Status: 401`, `HTTP/1.1 200 OK`.
fn printed(text: &str) -> Option<u16> {
    if let Some(rest) = text.split_once("<Response [").map(|(_, rest)| rest) {
        return status(rest);
    }
    let line = text.trim_start_matches(['<', '>', ' ']);
    if let Some(rest) = line.strip_prefix("HTTP/") {
        return rest.split_once(' ').and_then(|(_, rest)| status(rest));
    }
    let lower = text.get(..40.min(text.len())).unwrap_or_default().to_ascii_lowercase();
    for words in ["status code", "status_code", "statuscode", "http status", "status", "http"] {
        if let Some(at) = lower.find(words) {
            let rest = text[at + words.len()..].trim_start_matches([':', '=', ' ', '"', '\'']);
            let ends =
                rest.get(3..).is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_alphanumeric()));
            let direct = text[at + words.len()..].len() - rest.len() <= 4;
            return status(rest).filter(|_| ends && direct);
        }
    }
    let (first, rest) = text.split_at_checked(3)?;
    let body = rest.is_empty()
        || rest.strip_prefix([' ', ':', ',', '\t']).is_some_and(|rest| {
            let rest = rest.trim_start();
            rest.is_empty()
                || rest.starts_with(['{', '[', '<', '"'])
                || REASONS.iter().any(|reason| rest.starts_with(reason))
        });
    status(first).filter(|_| body)
}

/// Reason phrases that are printed beside a status (RFC 9110, section 15).
const REASONS: [&str; 14] = [
    "OK",
    "Created",
    "Accepted",
    "No Content",
    "Moved",
    "Found",
    "Bad Request",
    "Unauthorized",
    "Forbidden",
    "Not Found",
    "Too Many",
    "Internal Server",
    "Bad Gateway",
    "Service Unavailable",
];

/// A status code at the start of a text, quotes before it allowed.
fn status(text: &str) -> Option<u16> {
    let digits = text.trim_start_matches(['\'', '"', '\\', ' ']).get(..3)?;
    let digits = digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)?;
    digits.parse().ok().filter(|status| (100..600).contains(status))
}

/// The first word, without the punctuation that ends a sentence.
fn word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default().trim_end_matches(['\'', '"', '\\', ')', ',', ';'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_say_what_they_called() {
        for (text, url, status) in [
            (
                "'GET' request to 'http://a.test/v1/lots?k=v' failed with status code '403' and error message: 'no'.",
                "http://a.test/v1/lots?k=v",
                403,
            ),
            (
                "requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://a.test/x",
                "https://a.test/x",
                401,
            ),
            (
                "httpx.HTTPStatusError: Client error '401 Unauthorized' for url 'https://a.test/x'",
                "https://a.test/x",
                401,
            ),
            ("INFO:httpx:HTTP Request: GET https://a.test/x \"HTTP/1.1 200 OK\"", "https://a.test/x", 200),
            (
                "DEBUG:urllib3.connectionpool:https://a.test:443 \"GET /x HTTP/1.1\" 200 58",
                "https://a.test:443",
                200,
            ),
            (
                "aiohttp.client_exceptions.ClientResponseError: 401, message='Unauthorized', url=URL('https://a.test/x')",
                "https://a.test/x",
                401,
            ),
            (
                "java.io.IOException: Server returned HTTP response code: 401 for URL: https://a.test/x",
                "https://a.test/x",
                401,
            ),
            ("urllib.error.HTTPError: HTTP Error 404: Not Found", "", 404),
            ("curl: (22) The requested URL returned error: 401", "", 401),
            ("AxiosError: Request failed with status code 403", "", 403),
            ("Stream lots is not available: HTTP Status Code: 403. Error: Forbidden.", "", 403),
        ] {
            assert_eq!(from_client(text), Some((url, status)), "{text}");
        }
    }

    #[test]
    fn the_host_stands_without_port_and_user() {
        for (url, expected) in [
            ("https://API.example.com:8443/v1", Some("api.example.com")),
            ("http://‹x›@127.0.0.1/", Some("127.0.0.1")),
            ("http://[::1]:80/", Some("[::1]")),
            ("http://[::1]/", Some("[::1]")),
            ("/v1/lots", None),
        ] {
            assert_eq!(host(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn a_printed_status_is_one_and_a_number_is_not() {
        for (text, status) in [
            ("200 {\"data\": []}", Some(200)),
            ("502 ", Some(502)),
            ("401 Unauthorized", Some(401)),
            ("<Response [403]>", Some(403)),
            ("<Response [403 Forbidden]>", Some(403)),
            ("Status: 401", Some(401)),
            ("status code = 200", Some(200)),
            ("< HTTP/1.1 401 Unauthorized", Some(401)),
            ("HTTP/2 200", Some(200)),
            ("200 records read", None),
            ("2024-01-01 ok", None),
            ("999 {}", None),
            ("status: 2000", None),
            ("https://a.test 443", None),
        ] {
            assert_eq!(printed(text), status, "{text}");
        }
    }
}
