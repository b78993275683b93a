//! Tree to typed values, one reader a type, with every problem collected.

use std::collections::BTreeMap;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::invalid::Invalid;
use crate::quote::quote;
use crate::suggestion::one_of;
use crate::tree::{Entry, Kind, Node};
use crate::unknown_key::unknown_key;
use crate::{Code, Problem};

/// A value that a [`Node`] can be.
pub(crate) trait Value: Sized {
    /// The value; `None`, with at least one problem, where the node is no such value.
    fn read(node: &Node, path: &str, context: &mut Context<'_>) -> Option<Self>;
}

/// What every reader needs.
pub(crate) struct Context<'a> {
    pub(crate) text: &'a str,
    pub(crate) problems: &'a mut Vec<Problem>,
}

impl Context<'_> {
    /// Reports a fault of the value at `node`.
    pub(crate) fn report(
        &mut self,
        code: Code,
        node: &Node,
        path: &str,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        let mut problem = Problem::new(code, path, message).at(node.mark(self.text));
        problem.hint = hint;
        self.problems.push(problem);
    }

    fn wrong_type(&mut self, node: &Node, path: &str, expected: &str, hint: impl Into<String>) {
        let message = match &node.kind {
            Kind::Scalar(scalar) if !node.is_null() => {
                format!(
                    "expected {expected}, found {} {}",
                    node.description(),
                    quote(&scalar.text)
                )
            }
            _ => format!("expected {expected}, found {}", node.description()),
        };
        self.report(Code::WRONG_TYPE, node, path, message, Some(hint.into()));
    }
}

/// A scalar that a text newtype or a keyword is made of.
pub(crate) fn read_text<T: FromStr<Err = Invalid>>(
    node: &Node,
    path: &str,
    context: &mut Context<'_>,
    code: Code,
    expected: &str,
) -> Option<T> {
    match &node.kind {
        Kind::Scalar(scalar) if !node.is_null() => match scalar.text.parse() {
            Ok(value) => Some(value),
            Err(Invalid { message, hint }) => {
                context.report(code, node, path, message, hint);
                None
            }
        },
        Kind::Sequence(items) if items.len() == 1 => {
            context.wrong_type(
                node,
                path,
                expected,
                "write it without the brackets or the `-`",
            );
            None
        }
        _ => {
            context.wrong_type(node, path, expected, format!("write {expected}"));
            None
        }
    }
}

/// Makes types that are read from text by `FromStr` into values.
macro_rules! text_values {
    ($($type:ty: $code:ident, $expected:literal;)+) => {
        $(impl $crate::reader::Value for $type {
            fn read(node: &$crate::tree::Node, path: &str, context: &mut $crate::reader::Context<'_>) -> Option<Self> {
                $crate::reader::read_text(node, path, context, $crate::Code::$code, $expected)
            }
        })+
    };
}

pub(crate) use text_values;

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole<const MIN: u16, const MAX: u16>(pub(crate) u16);

impl<const MIN: u16, const MAX: u16> Value for Whole<MIN, MAX> {
    fn read(node: &Node, path: &str, context: &mut Context<'_>) -> Option<Self> {
        let expected = format!("a whole number from {MIN} to {MAX}");
        let Kind::Scalar(scalar) = &node.kind else {
            context.wrong_type(node, path, &expected, format!("write {expected}"));
            return None;
        };
        let digits = scalar.text.strip_prefix(['-', '+']).unwrap_or(&scalar.text);
        if digits.is_empty()
            || !digits.bytes().all(|b| b.is_ascii_digit())
            || digits.starts_with('0') && digits.len() > 1
        {
            context.wrong_type(node, path, &expected, format!("write {expected}"));
            return None;
        }
        match scalar.text.parse::<u16>() {
            Ok(_) if !scalar.plain => {
                context.wrong_type(
                    node,
                    path,
                    &expected,
                    format!("write `{}` without quotes", scalar.text),
                );
                None
            }
            Ok(number) if (MIN..=MAX).contains(&number) => Some(Self(number)),
            _ => {
                let nearest = if scalar.text.starts_with('-')
                    || scalar.text.parse::<u16>().is_ok_and(|n| n < MIN)
                {
                    MIN
                } else {
                    MAX
                };
                context.report(
                    Code::OUT_OF_RANGE,
                    node,
                    path,
                    format!(
                        "{} is out of range: expected {expected}",
                        quote(&scalar.text)
                    ),
                    Some(format!("the nearest possible value is `{nearest}`")),
                );
                None
            }
        }
    }
}

impl<const MIN: u16, const MAX: u16> JsonSchema for Whole<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Whole{MIN}to{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

impl Value for bool {
    fn read(node: &Node, path: &str, context: &mut Context<'_>) -> Option<Self> {
        let expected = "`true` or `false`";
        let Kind::Scalar(scalar) = &node.kind else {
            context.wrong_type(node, path, expected, format!("write {expected}"));
            return None;
        };
        match (scalar.text.as_str(), scalar.plain) {
            ("true", true) => return Some(true),
            ("false", true) => return Some(false),
            _ => {}
        }
        let hint = match scalar.text.to_ascii_lowercase().as_str() {
            "yes" | "y" | "on" | "true" | "1" => "write `true`".to_owned(),
            "no" | "n" | "off" | "false" | "0" | "none" => "write `false`".to_owned(),
            _ => format!("write {expected}"),
        };
        context.wrong_type(node, path, expected, hint);
        None
    }
}

/// Items that are wrong are left out; `None` only where there is no list.
impl<T: Value> Value for Vec<T> {
    fn read(node: &Node, path: &str, context: &mut Context<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Sequence(items) => Some(
                items
                    .iter()
                    .enumerate()
                    .filter_map(|(index, item)| T::read(item, &format!("{path}[{index}]"), context))
                    .collect(),
            ),
            Kind::Scalar(scalar) if !node.is_null() => {
                let listed = scalar
                    .text
                    .split(',')
                    .map(str::trim)
                    .collect::<Vec<_>>()
                    .join(", ");
                context.wrong_type(
                    node,
                    path,
                    "a list",
                    format!("write {}", quote(&format!("[{listed}]"))),
                );
                None
            }
            _ => {
                context.wrong_type(node, path, "a list", "start each entry with `- `");
                None
            }
        }
    }
}

/// A part of the file with fixed keys. Implemented by `document!`.
pub(crate) trait Part: Default {
    /// Every key, in the order of the file format.
    const KEYS: &'static [&'static str];

    /// Reads the value of a known key.
    fn set(&mut self, key: &str, node: &Node, path: &str, context: &mut Context<'_>);
}

/// The path of `key` in the part at `path`.
pub(crate) fn inside(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// Reads a part; what is wrong in it is reported and left out.
pub(crate) fn read_part<T: Part>(node: &Node, path: &str, context: &mut Context<'_>) -> Option<T> {
    let Kind::Mapping(entries) = &node.kind else {
        let keys = one_of(T::KEYS.iter().copied());
        context.wrong_type(node, path, "a mapping", format!("its keys are {keys}"));
        return None;
    };
    let mut part = T::default();
    for entry in unique(entries, path, context) {
        let path = inside(path, &entry.key);
        if !T::KEYS.contains(&entry.key.as_str()) {
            context.problems.push(unknown_key(entry, &path, T::KEYS));
        } else if !entry.value.is_null() {
            part.set(&entry.key, &entry.value, &path, context);
        }
    }
    Some(part)
}

/// The first entry of each key; the others are reported.
pub(crate) fn unique<'a>(
    entries: &'a [Entry],
    path: &str,
    context: &mut Context<'_>,
) -> Vec<&'a Entry> {
    let mut first: BTreeMap<&str, &Entry> = BTreeMap::new();
    let mut unique = Vec::with_capacity(entries.len());
    for entry in entries {
        if let Some(first) = first.get(entry.key.as_str()) {
            let mut problem = Problem::new(
                Code::DUPLICATE_KEY,
                inside(path, &entry.key),
                format!("the key {} stands here twice", quote(&entry.key)),
            )
            .at(entry.key_span)
            .hint("remove one of the two: each key counts once");
            problem
                .related
                .push((first.key_span, "first here".to_owned()));
            context.problems.push(problem);
        } else {
            first.insert(&entry.key, entry);
            unique.push(entry);
        }
    }
    unique
}
