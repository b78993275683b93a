//! Parameters of a request: query, form, multipart or JSON, as Rails merges them.

use std::collections::BTreeMap;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;
use bytes::Bytes;
use serde_json::Value;
use url::form_urlencoded;

use crate::web::failure::Failure;

/// As `client_max_body_size` of Mastodon's own proxy configuration.
pub(crate) const MAX_BODY: usize = 99 * 1024 * 1024;

/// An uploaded file; what the client calls it does not matter.
pub(crate) struct File {
    /// What is in it.
    pub(crate) bytes: Bytes,
}

/// Parameters by name; `ids[]` and JSON arrays are lists under `ids`.
#[derive(Default)]
pub(crate) struct Parameters {
    values: BTreeMap<String, Vec<String>>,
    files: BTreeMap<String, File>,
}

impl Parameters {
    /// The last value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values
            .get(name)
            .and_then(|values| values.last())
            .map(String::as_str)
    }

    /// The last value of a name, unless it is blank.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.trim().is_empty())
    }

    /// All values of a name.
    pub(crate) fn list(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether a value means yes.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "1" | "on"))
    }

    /// A number.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(|value| value.parse().ok())
    }

    /// A file.
    pub(crate) fn file(&self, name: &str) -> Option<&File> {
        self.files.get(name)
    }

    fn add(&mut self, name: &str, value: String) {
        self.values
            .entry(name.trim_end_matches("[]").to_owned())
            .or_default()
            .push(value);
    }

    fn add_pairs(&mut self, text: &[u8]) {
        for (name, value) in form_urlencoded::parse(text) {
            self.add(&name, value.into_owned());
        }
    }

    fn add_json(&mut self, value: &Value) {
        for (name, value) in value.as_object().into_iter().flatten() {
            match value {
                Value::Array(items) => items
                    .iter()
                    .filter_map(plain)
                    .for_each(|item| self.add(name, item)),
                value => plain(value)
                    .into_iter()
                    .for_each(|item| self.add(name, item)),
            }
        }
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// One value of a query string.
pub(crate) fn query_value(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

impl<S: Send + Sync> FromRequest<S> for Parameters {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bad = |text: &str| Failure::new(StatusCode::BAD_REQUEST, text);
        let mut parameters = Self::default();
        parameters.add_pairs(request.uri().query().unwrap_or_default().as_bytes());
        let kind = request
            .headers()
            .get("content-type")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        if kind.starts_with("multipart/form-data") {
            let mut multipart = Multipart::from_request(request, state)
                .await
                .map_err(|_| bad("Error occurred while parsing request parameters"))?;
            while let Some(field) = multipart
                .next_field()
                .await
                .map_err(|_| bad("Error occurred while parsing request parameters"))?
            {
                let name = field.name().unwrap_or_default().to_owned();
                let is_file = field.file_name().is_some();
                let bytes = field.bytes().await.map_err(|_| {
                    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
                })?;
                if is_file {
                    parameters.files.insert(name, File { bytes });
                } else {
                    parameters.add(&name, String::from_utf8_lossy(&bytes).into_owned());
                }
            }
            return Ok(parameters);
        }
        let body = to_bytes(request.into_body(), MAX_BODY)
            .await
            .map_err(|_| Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"))?;
        if kind.starts_with("application/json") {
            if !body.is_empty() {
                parameters.add_json(
                    &serde_json::from_slice(&body)
                        .map_err(|_| bad("Error occurred while parsing request parameters"))?,
                );
            }
        } else {
            parameters.add_pairs(&body);
        }
        Ok(parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_from_brackets_and_from_json() {
        let mut parameters = Parameters::default();
        parameters.add_pairs(b"media_ids[]=1&media_ids%5B%5D=2&status=hello+there&sensitive=true");
        assert_eq!(parameters.list("media_ids"), ["1", "2"]);
        assert_eq!(parameters.get("status"), Some("hello there"));
        assert!(parameters.is_true("sensitive"));
        let mut parameters = Parameters::default();
        parameters.add_json(
            &serde_json::json!({ "media_ids": ["1", 2], "sensitive": true, "spoiler_text": null }),
        );
        assert_eq!(parameters.list("media_ids"), ["1", "2"]);
        assert!(parameters.is_true("sensitive") && parameters.get("spoiler_text").is_none());
    }

    #[test]
    fn brackets_within_a_name_stay() {
        let mut parameters = Parameters::default();
        parameters.add_pairs(b"user[email]=a%40b.test");
        assert_eq!(parameters.get("user[email]"), Some("a@b.test"));
    }
}
