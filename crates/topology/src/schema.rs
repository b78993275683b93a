//! The JSON Schema of the file.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use crate::dns::{DnsChoice, DnsWord};
use crate::document::{Document, ZonePart};
use crate::env::{self, Env};
use crate::postgres_version::{self, PostgresVersion};
use crate::region::{self, Region};
use crate::retention::{self, Retention};
use crate::sender::Sender;
use crate::server::{self, Login, Server};
use crate::username::{self, Username};
use crate::via::{Via, ViaPart, ViaWord};
use crate::{
    Domain, Email, ImageRef, Memory, Name, ProcessName, StoreVersion, Vcpu, Version, domain, email,
    image, memory, name, store_version, vcpu, version,
};

/// The JSON Schema (draft 2020-12) of a topology file, for editors and other tools.
#[must_use]
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut generated = generator.into_root_schema_for::<Document>().to_value();
    unwrap_descriptions(&mut generated);
    let mut schema = Map::new();
    let Value::Object(mut generated) = generated else {
        return generated;
    };
    // What a reader of the file looks for first.
    for key in ["$schema", "title", "description"] {
        if let Some(value) = generated.remove(key) {
            schema.insert(key.to_owned(), value);
        }
    }
    schema.insert("title".to_owned(), "masto topology".into());
    schema.extend(generated);
    Value::Object(schema)
}

/// Lines of doc comments end where the source wraps, which means nothing to an editor.
fn unwrap_descriptions(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) if key == "description" => *text = text.replace('\n', " "),
                    value => unwrap_descriptions(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(unwrap_descriptions),
        _ => {}
    }
}

/// Gives types their part of the schema.
macro_rules! schemas {
    ($($type:ident: $schema:tt)+) => {
        $(impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        })+
    };
}

schemas! {
    Name: { "type": "string", "minLength": name::LENGTH.0, "maxLength": name::LENGTH.1, "pattern": name::PATTERN }
    ProcessName: { "type": "string", "minLength": name::LENGTH.0, "maxLength": name::LENGTH.1, "pattern": name::PATTERN }
    Domain: { "type": "string", "maxLength": domain::LONGEST, "pattern": domain::PATTERN }
    Email: { "type": "string", "pattern": email::PATTERN }
    Username: { "type": "string", "maxLength": username::LONGEST, "pattern": username::PATTERN }
    ImageRef: { "type": "string", "maxLength": image::LONGEST, "pattern": image::PATTERN }
    Memory: { "type": "string", "pattern": memory::PATTERN, "examples": ["512MiB", "1GiB"] }
    Vcpu: {
        "type": "number",
        "minimum": f64::from(vcpu::RANGE.0) / 1000.0,
        "maximum": f64::from(vcpu::RANGE.1) / 1000.0,
        "examples": [0.25, 0.5, 1, 2, 4]
    }
    Version: { "type": "string", "pattern": version::PATTERN, "examples": [Version::DEFAULT] }
    StoreVersion: { "type": ["number", "string"], "pattern": store_version::PATTERN, "examples": [7, 7.2, 8] }
    PostgresVersion: { "type": ["integer", "string"], "enum": postgres_version::choices() }
    Retention: { "type": "string", "pattern": retention::PATTERN, "examples": ["7d", "2w", "0d"] }
    Region: { "type": "string", "pattern": region::PATTERN, "examples": ["eu-central-1", "us-east-1"] }
    Sender: { "type": "string", "examples": ["notifications@example.com", "My server <notifications@example.com>"] }
    Server: { "type": "string", "pattern": server::PATTERN }
    Login: { "type": ["string", "number"], "minLength": 1 }
    Env: {
        "type": "object",
        "propertyNames": { "pattern": env::PATTERN },
        "additionalProperties": { "type": ["string", "number", "boolean"] }
    }
}

/// A word, or a mapping.
macro_rules! choices {
    ($($type:ident: $word:ident | $part:ident)+) => {
        $(impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                json_schema!({ "anyOf": [generator.subschema_for::<$word>(), generator.subschema_for::<$part>()] })
            }
        })+
    };
}

choices! {
    Via: ViaWord | ViaPart
    DnsChoice: DnsWord | ZonePart
}
