//! The JSON Schema, compared with the file next to the ready-made topologies and with the reader.

use expect_test::expect_file;
use serde_json::{Value, json};
use topology::{Code, read, schema};

use crate::check::COMPLETE;

#[test]
fn the_schema_that_is_checked_in_is_the_schema() {
    let text = serde_json::to_string_pretty(&schema()).expect("a schema is JSON") + "\n";
    expect_file!["../../../../topologies/schema.json"].assert_eq(&text);
}

/// A part of the schema without `$ref`s, `null`s and alternatives: what a key may hold.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|path| path.strip_prefix("#/$defs/"))
    {
        return resolved(root, &root["$defs"][name]);
    }
    match schema["anyOf"].as_array() {
        Some(choices) => choices
            .iter()
            .flat_map(|choice| resolved(root, choice))
            .collect(),
        None => vec![schema],
    }
}

/// Every key of the file by its path, with its schema: `sidekiq[0].queues`.
fn keys() -> Vec<(String, Value)> {
    fn walk(root: &Value, schema: &Value, path: &str, keys: &mut Vec<(String, Value)>) {
        for schema in resolved(root, schema) {
            for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                keys.push((path.clone(), inner.clone()));
                walk(root, inner, &path, keys);
            }
            if schema["items"].is_object() {
                walk(root, &schema["items"], &format!("{path}[0]"), keys);
            }
        }
    }
    let root = schema();
    let mut keys = Vec::new();
    walk(&root, &root, "", &mut keys);
    keys
}

/// `a.b[0].c: value` as nested flow mappings.
fn nested(path: &str, value: &str) -> String {
    path.rsplit('.').fold(value.to_owned(), |inner, key| {
        match key.strip_suffix("[0]") {
            Some(key) => format!("{{ {key}: [{inner}] }}"),
            None => format!("{{ {key}: {inner} }}"),
        }
    })
}

#[test]
fn the_reader_knows_every_key_of_the_schema_and_no_other() {
    let keys = keys();
    assert!(keys.len() > 60, "the walk over the schema finds its keys");
    for (path, _) in &keys {
        let problems = read(&nested(path, "~")).problems;
        assert!(
            problems
                .iter()
                .all(|problem| problem.code != Code::UNKNOWN_KEY),
            "{path}: {problems:?}"
        );
        let (part, _) = path.rsplit_once('.').unwrap_or(("", path));
        let other = if part.is_empty() {
            "zzzzzz".to_owned()
        } else {
            format!("{part}.zzzzzz")
        };
        let problems = read(&nested(&other, "1")).problems;
        let unknown = problems
            .iter()
            .find(|problem| problem.code == Code::UNKNOWN_KEY);
        assert!(
            unknown.is_some_and(|problem| problem.path == other),
            "{other}: {problems:?}"
        );
    }
}

/// `value` at `path` of a file that is JSON.
fn set(file: &mut Value, path: &str, value: Value) {
    let place = path
        .split('.')
        .fold(file, |part, key| match key.strip_suffix("[0]") {
            Some(key) => &mut part[key][0],
            None => &mut part[key],
        });
    *place = value;
}

#[test]
fn every_default_of_the_schema_is_what_the_reader_fills_in() {
    let queues = [
        "default",
        "push",
        "ingress",
        "mailers",
        "pull",
        "fasp",
        "scheduler",
    ];
    let shortest = json!({ "name": "social", "domain": "social.example.com" });
    let mut with_every_part = shortest.clone();
    set(
        &mut with_every_part,
        "web",
        json!({ "autoscale": { "max": 4 } }),
    );
    set(
        &mut with_every_part,
        "sidekiq",
        json!([{ "name": "all", "queues": queues, "autoscale": { "max": 4 } }]),
    );
    set(
        &mut with_every_part,
        "mail",
        json!({ "via": { "smtp": { "server": "smtp.example.net" } } }),
    );
    set(
        &mut with_every_part,
        "aws",
        json!({ "region": "eu-central-1" }),
    );
    let topology = |file: &Value| {
        let parsed = read(&file.to_string());
        parsed
            .topology
            .unwrap_or_else(|| panic!("{file}: {:?}", parsed.problems))
    };
    let mut defaults = 0;
    for (path, schema) in keys() {
        let Some(default) = schema.get("default") else {
            continue;
        };
        let base = if path == "mail.via" {
            &shortest
        } else {
            &with_every_part
        };
        let mut file = base.clone();
        set(&mut file, &path, default.clone());
        assert_eq!(topology(&file), topology(base), "{path}: {default}");
        defaults += 1;
    }
    assert!(
        defaults > 25,
        "the walk over the schema finds its defaults: {defaults}"
    );
}

#[test]
fn one_sidekiq_process_for_all_queues_is_the_default() {
    let queues = "[default, push, ingress, mailers, pull, fasp, scheduler]";
    let written = read(&format!(
        "{COMPLETE}sidekiq: [{{ name: all, queues: {queues} }}]\n"
    ))
    .topology;
    assert_eq!(read(COMPLETE).topology, written);
}
