//! The members of a HAR that are read (<http://www.softwareishard.com/blog/har-12-spec/>), and what browsers add. All others are
//! passed over without being kept.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// `log.creator`, `log.browser`.
#[derive(Debug, Default, Deserialize)]
#[serde(expecting = "an object with `name` and `version`")]
pub(super) struct Program {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) version: String,
}

/// An entry.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with `request`")]
pub(super) struct Entry {
    pub(super) started_date_time: String,
    #[serde(default)]
    pub(super) time: Option<f64>,
    pub(super) request: Request,
    #[serde(default)]
    pub(super) response: Option<Response>,
    #[serde(default)]
    pub(super) timings: Option<Timings>,
    #[serde(default)]
    pub(super) connection: Option<String>,
    /// Chrome: the answer came from `memory` or `disk`.
    #[serde(rename = "_fromCache", default)]
    pub(super) from_cache: Option<IgnoredAny>,
    /// Chrome.
    #[serde(rename = "_webSocketMessages", default)]
    pub(super) websocket: Option<Vec<WebSocketMessage>>,
    /// Ours.
    #[serde(rename = "_samewire", default)]
    pub(super) samewire: Option<IgnoredAny>,
}

/// `request`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with `method` and `url`")]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) url: String,
    #[serde(default)]
    pub(super) http_version: Option<String>,
    #[serde(default)]
    pub(super) headers: Option<Vec<Named>>,
    #[serde(default)]
    pub(super) cookies: Option<Vec<Named>>,
    #[serde(default)]
    pub(super) post_data: Option<PostData>,
    #[serde(default)]
    pub(super) body_size: Option<f64>,
}

/// `headers`, `cookies`, `params`.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with `name` and `value`")]
pub(super) struct Named {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: Option<String>,
}

/// `postData`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with `mimeType`")]
pub(super) struct PostData {
    #[serde(default)]
    pub(super) mime_type: Option<String>,
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) params: Option<Vec<Named>>,
    /// Some proxies write it here too.
    #[serde(default)]
    pub(super) encoding: Option<String>,
}

/// `response`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with `status`")]
pub(super) struct Response {
    #[serde(default)]
    pub(super) status: Option<f64>,
    #[serde(default)]
    pub(super) status_text: Option<String>,
    #[serde(default)]
    pub(super) http_version: Option<String>,
    #[serde(default)]
    pub(super) headers: Option<Vec<Named>>,
    #[serde(default)]
    pub(super) content: Option<Content>,
    /// Chrome: `net::ERR_CONNECTION_REFUSED` and the like.
    #[serde(rename = "_error", default)]
    pub(super) error: Option<String>,
}

/// `content`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with `size` and `mimeType`")]
pub(super) struct Content {
    #[serde(default)]
    pub(super) size: Option<f64>,
    #[serde(default)]
    pub(super) mime_type: Option<String>,
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) encoding: Option<String>,
}

/// `timings`, in milliseconds; -1 or absent for what is not known.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with `send`, `wait` and `receive`")]
pub(super) struct Timings {
    #[serde(default)]
    pub(super) blocked: Option<f64>,
    #[serde(default)]
    pub(super) dns: Option<f64>,
    #[serde(default)]
    pub(super) connect: Option<f64>,
    #[serde(default)]
    pub(super) send: Option<f64>,
    #[serde(default)]
    pub(super) wait: Option<f64>,
    #[serde(default)]
    pub(super) receive: Option<f64>,
}

/// `_webSocketMessages`.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with `type` and `data`")]
pub(super) struct WebSocketMessage {
    #[serde(rename = "type", default)]
    pub(super) direction: Option<String>,
    #[serde(default)]
    pub(super) opcode: Option<f64>,
    #[serde(default)]
    pub(super) data: Option<String>,
}
