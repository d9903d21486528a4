//! The tokens of Airbyte's Embedded and Agent Engine APIs: what kind one is, what kind an endpoint wants, how long it lives.
//!
//! By Airbyte's documentation: an application posts its id and secret to `/applications/token` and gets the token of its organization
//! (Embedded calls it operator token). With that it issues scoped tokens (one workspace) and widget tokens (for the widget in a page).

use crate::model::{Class, Content, Exchange, Json, Jwt, Secret};

/// A kind of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of the organization: operator token, application token.
    Organization,
    /// Of one workspace.
    Scoped,
    /// For the widget: an envelope with a scoped token and the widget's URL.
    Widget,
}

impl Kind {
    /// Its name in reports.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Scoped => "scoped",
            Self::Widget => "widget",
        }
    }

    /// In words, with the article.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Organization => "the organization's token (operator or application token)",
            Self::Scoped => "a scoped token (one workspace)",
            Self::Widget => "a widget token (base64 of `token` and `widgetUrl`)",
        }
    }

    /// How to get one.
    pub(super) fn issued_by(self) -> &'static str {
        match self {
            Self::Organization => {
                "send the organization's token: POST client_id and client_secret to `/api/v1/account/applications/token` (it lives 15 minutes)"
            }
            Self::Scoped => {
                "send a scoped token of this workspace: POST `/api/v1/embedded/scoped-token` with the organization's token (it lives 20 minutes)"
            }
            Self::Widget => "hand the widget token to the widget in the page",
        }
    }
}

/// Part of the name of the claim that scoped tokens have: `io.airbyte.auth.workspace_scope`.
const WORKSPACE_CLAIM: &str = "workspace_scope";

/// The kind of a token that was sent to one of these APIs.
pub(super) fn kind(secret: &Secret) -> Option<Kind> {
    if let Some(envelope) = &secret.shape.envelope {
        return if envelope.members.iter().any(|name| name == "widgetUrl") {
            Some(Kind::Widget)
        } else {
            envelope.token.as_ref().map(of_jwt)
        };
    }
    match &secret.shape.class {
        Class::Jwt(jwt) => Some(of_jwt(jwt)),
        _ => None,
    }
}

/// Two tokens of organizations. Whether one is Embedded's operator token and the other the Agent Engine's application token, no claim tells.
pub(super) fn are_of_organizations(tokens: [&Secret; 2]) -> bool {
    tokens.into_iter().all(|token| kind(token) == Some(Kind::Organization))
}

fn of_jwt(jwt: &Jwt) -> Kind {
    if jwt.claims.iter().any(|claim| claim.ends_with(WORKSPACE_CLAIM)) {
        Kind::Scoped
    } else {
        Kind::Organization
    }
}

/// Where these APIs are.
pub(in crate::diagnose) const HOSTS: [&str; 2] = ["api.airbyte.ai", "api.airbyte.com"];

/// A request to one of these APIs, by its path or host.
pub(super) fn is_airbyte(exchange: &Exchange) -> bool {
    let target = &exchange.request.target;
    let path = target.path.to_string();
    HOSTS.contains(&target.host.as_str()) || path.contains("/embedded/") || path.contains("/integrations/")
}

/// The kind that an endpoint wants, where it is known; others serve whom they serve.
pub(super) fn wanted(exchange: &Exchange) -> Option<Kind> {
    if !is_airbyte(exchange) {
        return None;
    }
    let path = exchange.request.target.path.to_string().replace('_', "-");
    let path = path.trim_end_matches('/');
    let issues = ["/embedded/scoped-token", "/embedded/widget-token"];
    if exchange.request.method == "POST" && issues.iter().any(|end| path.ends_with(end)) {
        return Some(Kind::Organization);
    }
    if path.ends_with("/scoped-token/info") {
        return Some(Kind::Scoped);
    }
    (exchange.request.method != "GET" && path.contains("/integrations/templates/"))
        .then_some(Kind::Organization)
}

/// Seconds that a token lives which this exchange issued.
pub(super) fn lifetime(issuing: &Exchange) -> Option<i64> {
    let path = issuing.request.target.path.to_string().replace('_', "-");
    let path = path.trim_end_matches('/');
    if path.ends_with("/applications/token") {
        return Some(15 * 60);
    }
    (path.ends_with("/embedded/scoped-token") || path.ends_with("/embedded/widget-token")).then_some(20 * 60)
}

/// What a refusal of these APIs means.
pub(super) fn meaning(status: u16) -> Option<&'static str> {
    match status {
        401 => Some("the token is missing, has expired, or is of the wrong kind"),
        403 => Some("the token is of another workspace or organization"),
        422 => Some("a field of the body is wrong"),
        _ => None,
    }
}

/// What is wrong with the origin in a request for a widget token, and the member that has it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::diagnose::rules) struct OriginFault {
    /// The member's name.
    pub(in crate::diagnose::rules) member: &'static str,
    /// After "`allowed_origin` of runtime ".
    pub(in crate::diagnose::rules) words: &'static str,
}

/// `api.airbyte.ai` names it with an underscore, `api.airbyte.com` (Embedded as it was before) without.
const ORIGIN: [&str; 2] = ["allowed_origin", "allowedOrigin"];

/// What is wrong with the origin of a request for a widget token: it wants scheme and host, nothing after it.
pub(in crate::diagnose::rules) fn origin_fault(exchange: &Exchange) -> Option<OriginFault> {
    let Content::Json(json) = &exchange.request.body.content else { return None };
    let (member, text) = ORIGIN.into_iter().find_map(|name| match json.at(&format!("/{name}")) {
        Some(Json::String(text)) => Some((name, text)),
        _ => None,
    })?;
    let shown = text.to_string();
    let rest = shown.strip_prefix("https://").or_else(|| shown.strip_prefix("http://"));
    let words = match rest {
        _ if shown.contains('*') => Some("has a wildcard; it must name one origin"),
        None => Some("has no scheme; it must be scheme and host"),
        Some(host) if host.ends_with('/') => Some("has a trailing slash; it must end with the host"),
        Some(host) if host.contains('/') => Some("has a path; it must end with the host"),
        Some(_) => None,
    };
    words.map(|words| OriginFault { member, words })
}
