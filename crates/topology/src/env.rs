//! `mastodon.env`.

use std::collections::BTreeMap;

use crate::quote::quote;
use crate::reader::{Context, Value, inside, unique};
use crate::tree::{Kind, Node};
use crate::{Code, Problem};

/// Environment variables that the operator adds. Which of them masto sets itself is not known here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Env(pub(crate) BTreeMap<String, String>);

/// The pattern of a name, as JSON Schema writes it.
pub(crate) const PATTERN: &str = "^[A-Za-z_][A-Za-z0-9_]*$";

impl Value for Env {
    fn read(node: &Node, path: &str, context: &mut Context<'_>) -> Option<Self> {
        let Kind::Mapping(entries) = &node.kind else {
            // Compose takes `- NAME=value` too, so people write it.
            context.report(
                Code::WRONG_TYPE,
                node,
                path,
                format!("expected a mapping, found {}", node.description()),
                Some("write one `NAME: value` a line, without `- `".to_owned()),
            );
            return None;
        };
        let mut env = BTreeMap::new();
        for entry in unique(entries, path, context) {
            let path = inside(path, &entry.key);
            if !is_name(&entry.key) {
                context.problems.push(
                    Problem::new(
                        Code::ENV,
                        &path,
                        format!(
                            "{} is not the name of an environment variable",
                            quote(&entry.key)
                        ),
                    )
                    .at(entry.key_span)
                    .hint("names have letters, digits and _, and start with no digit"),
                );
                continue;
            }
            match &entry.value.kind {
                Kind::Scalar(_) if entry.value.is_null() => context.problems.push(
                    Problem::new(Code::ENV, &path, format!("{} has no value", quote(&entry.key)))
                        .at(entry.key_span)
                        .hint("give it one, or remove the line; to Mastodon blank is not the same as unset, `\"\"` makes it blank"),
                ),
                Kind::Scalar(scalar) if scalar.text.contains('\0') => {
                    context.report(Code::ENV, &entry.value, &path, "a variable cannot hold a NUL character", Some("remove `\\0`".to_owned()));
                }
                Kind::Scalar(scalar) => {
                    env.insert(entry.key.clone(), scalar.text.clone());
                }
                Kind::Sequence(_) | Kind::Mapping(_) => context.report(
                    Code::WRONG_TYPE,
                    &entry.value,
                    &path,
                    format!("expected a text, found {}", entry.value.description()),
                    Some("put it between quotes".to_owned()),
                ),
            }
        }
        Some(Self(env))
    }
}

fn is_name(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.is_empty() && text.chars().all(word) && !text.starts_with(|c: char| c.is_ascii_digit())
}
