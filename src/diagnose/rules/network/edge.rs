//! Answers that a firewall or bot guard gave in the API's place.

use crate::model::{Content, Exchange, FieldValue, Response};

/// The edge that answered in the API's place, by name; `None` for an answer of the API's own.
///
/// An API behind such an edge carries its marks in every answer. So a general mark (`Server: cloudflare`, `CF-RAY`) counts only
/// with a page for people where an API would answer in JSON; the marks that only a block carries count by themselves.
pub(in crate::diagnose::rules) fn edge(exchange: &Exchange) -> Option<&'static str> {
    let response = exchange.response()?;
    if !matches!(response.status, 401 | 403 | 405 | 406 | 503) {
        return None;
    }
    let blocks = BLOCKS.iter().find(|(field, _)| value(response, field).is_some());
    if let Some((_, name)) = blocks {
        return Some(name);
    }
    if !is_page(response) {
        return None;
    }
    let passes = PASSES.iter().find(|(field, _)| value(response, field).is_some()).map(|(_, name)| *name);
    passes.or_else(|| {
        let server = value(response, "server")?.to_ascii_lowercase();
        SERVERS.iter().find(|(word, _)| server.contains(word)).map(|(_, name)| *name)
    })
}

/// Fields that only a block or a challenge carries, by the vendors' documentation.
const BLOCKS: [(&str, &str); 6] = [
    ("cf-mitigated", "Cloudflare"),
    ("x-amzn-waf-action", "AWS WAF"),
    ("x-sucuri-block", "Sucuri"),
    ("x-datadome", "DataDome"),
    ("x-px-block", "HUMAN"),
    ("x-denied-reason", "an edge"),
];

/// Fields that every answer through an edge carries.
const PASSES: [(&str, &str); 8] = [
    ("cf-ray", "Cloudflare"),
    ("akamai-grn", "Akamai"),
    ("x-akamai-request-id", "Akamai"),
    ("x-sucuri-id", "Sucuri"),
    ("x-iinfo", "Imperva"),
    ("x-amz-cf-id", "CloudFront"),
    ("x-azure-ref", "Azure Front Door"),
    ("x-datadome-cid", "DataDome"),
];

/// Words of `Server`.
const SERVERS: [(&str, &str); 11] = [
    ("cloudflare", "Cloudflare"),
    ("akamai", "Akamai"),
    ("sucuri", "Sucuri"),
    ("imperva", "Imperva"),
    ("incapsula", "Imperva"),
    ("cloudfront", "CloudFront"),
    ("awselb", "AWS WAF"),
    ("ddos-guard", "DDoS-Guard"),
    ("datadome", "DataDome"),
    ("bigip", "F5"),
    ("barracuda", "Barracuda"),
];

/// The value of a field as far as it may be shown; empty where it is hidden.
fn value(response: &Response, name: &str) -> Option<String> {
    response.fields.iter().find(|field| field.name.key == name).map(|field| match &field.value {
        FieldValue::Text(text) => text.to_string(),
        FieldValue::Credentials(_) | FieldValue::Cookies(_) => String::new(),
    })
}

/// A page for people: HTML, or at least nothing that a program would read.
fn is_page(response: &Response) -> bool {
    match value(response, "content-type") {
        Some(media_type) => media_type.to_ascii_lowercase().starts_with("text/html"),
        None => matches!(response.body.content, Content::Text(_)),
    }
}
