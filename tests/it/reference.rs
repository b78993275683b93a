//! `docs/topology.md` has every key of the file, as the schema has it.

use std::fmt::Write as _;
use std::fs;

use expect_test::expect_file;
use serde_json::{Map, Value};

use crate::environment::repository;

/// What stands before this line is written by hand.
const GENERATED: &str = "<!-- From here on";

#[test]
fn the_reference_says_what_the_schema_says() {
    let page = fs::read_to_string(repository("docs/topology.md")).unwrap();
    let (intro, rest) = page.split_once(GENERATED).unwrap();
    let marker = rest.lines().next().unwrap();
    let schema = topology::schema();
    let keys = Reference { schema: &schema }.text();
    expect_file!["../../docs/topology.md"]
        .assert_eq(&format!("{intro}{GENERATED}{marker}\n\n{keys}"));
}

/// The keys in Markdown.
struct Reference<'a> {
    schema: &'a Value,
}

/// One line of a table.
struct Row {
    key: String,
    kind: String,
    default: String,
    says: String,
}

impl Reference<'_> {
    /// What is no section of its own first, then the sections in the order of the schema.
    fn text(&self) -> String {
        let mut top = Vec::new();
        let mut sections = String::new();
        for (key, shown) in properties(self.schema) {
            let rows = self.below("", self.resolved(shown));
            if rows.is_empty() {
                top.push(self.row(key, shown, is_required(self.schema, key)));
            } else {
                let says = description(shown);
                let list = match kind_names(shown).as_slice() {
                    ["array"] => " A list; each of it has these keys:",
                    _ => "",
                };
                let table = table(&rows);
                let _ = write!(sections, "\n## `{key}`\n\n{says}{list}\n\n{table}");
            }
        }
        format!("## The server\n\n{}{sections}", table(&top))
    }

    /// The rows of a mapping, or of the mappings in a list; nothing for any other value.
    fn below(&self, prefix: &str, schema: &Value) -> Vec<Row> {
        let mut rows = Vec::new();
        for alternative in self.alternatives(schema) {
            for (key, shown) in properties(alternative) {
                let key_here = format!("{prefix}{key}");
                rows.push(self.row(&key_here, shown, is_required(alternative, key)));
                rows.extend(self.below(&format!("{key_here}."), self.resolved(shown)));
            }
        }
        rows
    }

    fn row(&self, key: &str, shown: &Value, required: bool) -> Row {
        Row {
            key: format!("`{key}`"),
            kind: self.kind(shown),
            default: match (required, &shown["default"]) {
                (true, _) => "required".to_owned(),
                (false, Value::Null) => String::new(),
                (false, default) => literal(default),
            },
            says: description(shown),
        }
    }

    /// What may be written, without the nothing that stands for a default.
    fn kind(&self, schema: &Value) -> String {
        let schema = self.resolved(schema);
        match self.definition(schema) {
            Some("Domain") => return "host name".to_owned(),
            Some("Email") => return "mail address".to_owned(),
            Some("ImageRef") => return "image with a tag or digest".to_owned(),
            Some("Memory") => return "size".to_owned(),
            _ => {}
        }
        if let Some(choices) = schema["anyOf"].as_array() {
            let kinds: Vec<_> = choices
                .iter()
                .filter(|choice| choice["type"] != "null")
                .map(|choice| self.kind(choice))
                .collect();
            return kinds.join(", or ");
        }
        if let Some(words) = schema["enum"].as_array() {
            // A version may be a number or a text, which reads the same.
            let mut once = Vec::new();
            for word in words.iter().map(literal) {
                if !once.contains(&word) {
                    once.push(word);
                }
            }
            return once.join(", ");
        }
        if let (Some(least), Some(most)) = (schema["minimum"].as_f64(), schema["maximum"].as_f64())
        {
            return format!("{least} to {most}");
        }
        let examples = schema["examples"].as_array();
        match kind_names(schema).as_slice() {
            ["boolean"] => "`true`, `false`".to_owned(),
            ["array"] => format!("list of {}", self.kind(&schema["items"])),
            ["object"] if schema["additionalProperties"].is_object() => {
                "names and their values".to_owned()
            }
            ["object"] => "mapping".to_owned(),
            names if names.contains(&"string") => match examples {
                Some(examples) => {
                    let examples: Vec<_> = examples.iter().map(literal).collect();
                    format!("like {}", examples.join(", "))
                }
                None => "text".to_owned(),
            },
            names => panic!("no words for {names:?} in {schema:#}"),
        }
    }

    /// The name of the definition with the same pattern: one that also has words of its own is not
    /// referred to but copied.
    fn definition(&self, schema: &Value) -> Option<&str> {
        let pattern = schema["pattern"].as_str()?;
        let mut definitions = self.schema["$defs"].as_object()?.iter();
        definitions
            .find(|(_, definition)| definition["pattern"] == pattern)
            .map(|(name, _)| name.as_str())
    }

    /// What `$ref` points to; where only nothing stands beside it, that alone.
    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        if let Some(pointer) = schema["$ref"].as_str() {
            let target = self.schema.pointer(pointer.trim_start_matches('#'));
            return self.resolved(target.unwrap_or_else(|| panic!("{pointer} is not there")));
        }
        match self.alternatives_of(schema).as_slice() {
            [only] => self.resolved(only),
            _ => schema,
        }
    }

    fn alternatives_of<'s>(&self, schema: &'s Value) -> Vec<&'s Value> {
        let choices = schema["anyOf"].as_array().into_iter().flatten();
        choices.filter(|choice| choice["type"] != "null").collect()
    }

    /// Where keys may stand: the value itself, each of its alternatives, or the items of a list.
    fn alternatives<'s>(&'s self, schema: &'s Value) -> Vec<&'s Value> {
        let several = self.alternatives_of(schema);
        if !several.is_empty() {
            return several.iter().map(|one| self.resolved(one)).collect();
        }
        match kind_names(schema).as_slice() {
            ["array"] => vec![self.resolved(&schema["items"])],
            _ => vec![schema],
        }
    }
}

fn table(rows: &[Row]) -> String {
    let mut text = "| Key | Value | Default | What it says |\n|---|---|---|---|\n".to_owned();
    for row in rows {
        let cells = [&row.key, &row.kind, &row.default, &row.says];
        let cells = cells.map(|cell| cell.replace('|', "\\|"));
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"]
        .as_object()
        .into_iter()
        .flat_map(Map::iter)
}

fn is_required(schema: &Value, key: &str) -> bool {
    let mut required = schema["required"].as_array().into_iter().flatten();
    required.any(|name| name == key)
}

fn description(schema: &Value) -> String {
    let description = schema["description"].as_str();
    description
        .unwrap_or_else(|| panic!("nothing is said about {schema:#}"))
        .to_owned()
}

/// The types that a value may have, without the nothing that stands for a default.
fn kind_names(schema: &Value) -> Vec<&str> {
    let names = match &schema["type"] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        name => Vec::from_iter(name.as_str()),
    };
    names.into_iter().filter(|name| *name != "null").collect()
}

/// As it is typed in the file.
fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        value => format!("`{value}`"),
    }
}
