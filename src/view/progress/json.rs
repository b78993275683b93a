//! One JSON object a line.

use engine::Event;
use serde_json::{Value, json};

use crate::view::SCHEMA_VERSION;

/// The line for `event`, with its end.
pub(crate) fn line(event: &Event) -> String {
    let mut object = json!({ "schema_version": SCHEMA_VERSION });
    if let (Value::Object(object), Ok(Value::Object(fields))) =
        (&mut object, serde_json::to_value(event))
    {
        object.extend(fields);
    }
    format!("{object}\n")
}
