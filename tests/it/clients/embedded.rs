//! Airbyte's Embedded API as the clients' API plays it: three kinds of tokens, each taken only where it belongs.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The secret of the application that it knows.
pub(super) const SECRET: &str = "app_secret_Wq7Lk2Zx9Rt4Vb8Nm3Hs6Jd1Pf5Gc0Ye";

const SCOPED: &str = "io.airbyte.auth.workspace_scope";

/// Status and content for a request; `None` for a path that is none of its own.
pub(super) fn answer(path: &str, authorization: &str, content: &str) -> Option<(u16, String)> {
    let asked: Value = serde_json::from_str(content).unwrap_or_default();
    let (status, content) = match path {
        "/api/v1/account/applications/token" if asked["client_secret"] != SECRET => {
            (401, json!({"message": "no such application"}))
        }
        "/api/v1/account/applications/token" => {
            let token = jwt(900, json!({"sub": "application"}));
            (200, json!({"access_token": token, "token_type": "Bearer", "expires_in": 900}))
        }
        "/api/v1/embedded/scoped-token" | "/api/v1/embedded/widget-token"
            if claims(authorization).is_none_or(|claims| claims[SCOPED].is_object()) =>
        {
            unauthorized()
        }
        "/api/v1/embedded/scoped-token" => (200, json!({"token": scoped(&asked)})),
        "/api/v1/embedded/widget-token" => {
            let origin = asked["allowed_origin"].as_str().unwrap_or_default();
            if origin.split_once("://").is_none_or(|(_, host)| host.contains(['/', '*'])) {
                (422, json!({"detail": [{"loc": ["body", "allowed_origin"], "msg": "not an origin"}]}))
            } else {
                let envelope =
                    json!({"token": scoped(&asked), "widgetUrl": "https://cloud.example.com/widget"});
                (200, json!({"token": STANDARD.encode(envelope.to_string())}))
            }
        }
        "/api/v1/embedded/scoped-token/info" => match claims(authorization) {
            Some(claims) if claims[SCOPED].is_object() => (200, claims[SCOPED].clone()),
            _ => unauthorized(),
        },
        _ => return None,
    };
    Some((status, content.to_string()))
}

fn unauthorized() -> (u16, Value) {
    (401, json!({"message": "Unauthorized"}))
}

fn scoped(asked: &Value) -> String {
    jwt(1200, json!({"sub": "embedded", SCOPED: {"workspace": asked["workspace_name"]}}))
}

fn jwt(lifetime: u64, mut claims: Value) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    claims["iat"] = now.into();
    claims["exp"] = (now + lifetime).into();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signature = URL_SAFE_NO_PAD.encode(Sha256::digest(claims.to_string()));
    format!("{}.{}.{signature}", part(&json!({"alg": "HS256", "typ": "JWT"})), part(&claims))
}

fn claims(authorization: &str) -> Option<Value> {
    let claims = authorization.strip_prefix("Bearer ")?.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}
