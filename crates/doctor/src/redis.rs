//! An answer of Redis, and how to read it from `redis-cli --json`.

use serde_json::Value;

/// An answer of Redis.
#[derive(Clone, Debug, PartialEq)]
pub enum RedisValue {
    /// Nothing there.
    Nil,
    /// A number.
    Integer(i64),
    /// Text; bytes that are not UTF-8 are replaced.
    Text(String),
    /// Several; a map is its keys and values in turn.
    List(Vec<Self>),
    /// Redis refused: `ERR unknown command …`, `NOAUTH …`.
    Error(String),
}

impl RedisValue {
    /// Reads what `redis-cli --json` (or `valkey-cli --json`) prints for one command. Text that
    /// is not JSON is an error answer: the client prints those as they are.
    #[must_use]
    pub fn from_cli_json(printed: &str) -> Self {
        let printed = printed.trim();
        match serde_json::from_str(printed) {
            Ok(value) => Self::from_json(value),
            Err(_) => {
                let error = printed.strip_prefix("(error) ").unwrap_or(printed);
                let quoted = error
                    .strip_prefix("error:")
                    .and_then(|quoted| serde_json::from_str(quoted).ok());
                Self::Error(quoted.unwrap_or_else(|| error.to_owned()))
            }
        }
    }

    pub(crate) fn from_json(value: Value) -> Self {
        match value {
            Value::Null => Self::Nil,
            Value::Bool(truth) => Self::Integer(i64::from(truth)),
            Value::Number(number) => match number.as_i64() {
                Some(integer) => Self::Integer(integer),
                None => Self::Text(number.to_string()),
            },
            Value::String(text) => Self::Text(text),
            Value::Array(items) => Self::List(items.into_iter().map(Self::from_json).collect()),
            Value::Object(entries) => Self::List(
                entries
                    .into_iter()
                    .flat_map(|(key, value)| [Self::Text(key), Self::from_json(value)])
                    .collect(),
            ),
        }
    }

    /// The text, or the number as text.
    #[must_use]
    pub fn as_text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Integer(integer) => Some(integer.to_string()),
            Self::Nil | Self::List(_) | Self::Error(_) => None,
        }
    }

    /// The number, also when Redis gave it as text.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(integer) => Some(*integer),
            Self::Text(text) => text.parse().ok(),
            Self::Nil | Self::List(_) | Self::Error(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(printed: &str, expected: RedisValue) {
        assert_eq!(RedisValue::from_cli_json(printed), expected, "{printed}");
    }

    #[test]
    fn json_of_the_client_becomes_values() {
        check("null\n", RedisValue::Nil);
        check("42\n", RedisValue::Integer(42));
        check("\"PONG\"\n", RedisValue::Text("PONG".into()));
        check("true", RedisValue::Integer(1));
        check(
            r#"{"a":"1","b":["x"]}"#,
            RedisValue::List(vec![
                RedisValue::Text("a".into()),
                RedisValue::Text("1".into()),
                RedisValue::Text("b".into()),
                RedisValue::List(vec![RedisValue::Text("x".into())]),
            ]),
        );
    }

    #[test]
    fn what_is_not_json_is_an_error_of_redis() {
        check(
            "NOAUTH Authentication required.\n",
            RedisValue::Error("NOAUTH Authentication required.".into()),
        );
        check(
            "error:\"ERR unknown command 'FOO'\"\n",
            RedisValue::Error("ERR unknown command 'FOO'".into()),
        );
        check(
            "(error) ERR unknown command",
            RedisValue::Error("ERR unknown command".into()),
        );
    }
}
