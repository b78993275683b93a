//! A short fingerprint of a specification, for labels and tags.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The first 16 hex digits of the SHA-256 of `spec` as JSON without spaces and with sorted keys.
/// It depends on names and values of fields only, not on their order, and is the same in every
/// release: a change of this function would replace every resource of every deployment once.
///
/// Leave out of `spec` what needs no change of the resource, and every secret.
///
/// # Panics
///
/// When `spec` has no JSON form, as a map whose keys are not text. That is a mistake in the type,
/// which its first use shows.
#[must_use]
pub fn config_hash<T: Serialize + ?Sized>(spec: &T) -> String {
    let value = serde_json::to_value(spec).expect("a specification has a JSON form");
    let mut text = String::new();
    write_sorted(&value, &mut text);
    let digest = Sha256::digest(text.as_bytes());
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn write_sorted(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<_, _> = fields.iter().collect();
            write_list(text, ('{', '}'), sorted, |(name, value), text| {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_sorted(value, text);
            });
        }
        Value::Array(values) => write_list(text, ('[', ']'), values, write_sorted),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}

fn write_list<T>(
    text: &mut String,
    (open, close): (char, char),
    items: impl IntoIterator<Item = T>,
    write_item: impl Fn(T, &mut String),
) {
    text.push(open);
    for (position, item) in items.into_iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        write_item(item, text);
    }
    text.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_hash_is_the_same_in_every_release() {
        assert_eq!(config_hash(&json!({})), "44136fa355b3678a");
        let spec = json!({"image": "web:1", "env": {"B": "2", "A": "1"}, "ports": [80, 443], "cpu": 0.5, "tty": null});
        // sha256 of {"cpu":0.5,"env":{"A":"1","B":"2"},"image":"web:1","ports":[80,443],"tty":null}
        assert_eq!(config_hash(&spec), "2dde70e3c5fb1af1");
    }

    #[test]
    fn the_order_of_fields_changes_nothing() {
        assert_eq!(
            config_hash(&json!({"a": 1, "b": {"c": 2, "d": 3}})),
            config_hash(&json!({"b": {"d": 3, "c": 2}, "a": 1})),
        );
    }

    #[test]
    fn the_order_of_a_list_counts() {
        assert_ne!(
            config_hash(&json!(["a", "b"])),
            config_hash(&json!(["b", "a"]))
        );
    }

    #[test]
    fn absent_empty_and_null_are_three_things() {
        let hashes =
            [json!({}), json!({"a": ""}), json!({"a": null})].map(|spec| config_hash(&spec));
        assert_ne!(hashes[0], hashes[1]);
        assert_ne!(hashes[1], hashes[2]);
        assert_ne!(hashes[0], hashes[2]);
    }
}
