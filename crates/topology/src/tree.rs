//! The file as a tree of values with their places, before anything is known of their meaning.

use crate::Span;

/// A value of the file.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// A single value as it is written: `text` is without quotes and escapes.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    /// Neither quoted nor a block: `1`, `true` and `null` are then no texts.
    pub(crate) plain: bool,
}

/// `key: value`. A key that stands twice is there twice; the first counts.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

impl Node {
    /// Nothing written, or one of YAML's words for nothing.
    pub(crate) fn is_null(&self) -> bool {
        match &self.kind {
            Kind::Scalar(scalar) => {
                scalar.plain && matches!(scalar.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            Kind::Sequence(_) | Kind::Mapping(_) => false,
        }
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            Kind::Mapping(entries) => entries.iter().find(|entry| entry.key == key),
            Kind::Sequence(_) | Kind::Scalar(_) => None,
        }
    }

    /// The value at `path`, `sidekiq[1].queues[0]`.
    pub(crate) fn at(&self, path: &str) -> Option<&Self> {
        steps(path).try_fold(self, |node, step| match (step, &node.kind) {
            (Step::Key(key), Kind::Mapping(_)) => node.entry(key).map(|entry| &entry.value),
            (Step::Index(index), Kind::Sequence(items)) => items.get(index),
            _ => None,
        })
    }

    /// The place to mark for this value, without its key.
    pub(crate) fn mark(&self, text: &str) -> Span {
        self.span.first_line(text)
    }

    /// What this is, for a person.
    pub(crate) fn description(&self) -> &'static str {
        match &self.kind {
            _ if self.is_null() => "nothing",
            Kind::Sequence(_) => "a list",
            Kind::Mapping(_) => "a mapping",
            Kind::Scalar(scalar) if !scalar.plain => "a text",
            Kind::Scalar(scalar) if scalar.text.parse::<f64>().is_ok() => "a number",
            Kind::Scalar(scalar) if matches!(scalar.text.as_str(), "true" | "false") => {
                "true or false"
            }
            Kind::Scalar(_) => "a text",
        }
    }

    /// Where the value at `path` is written: the value itself, the key where the value goes over
    /// several lines, or the nearest part around it where the file leaves it out. `None` where
    /// only the file as a whole is left.
    pub(crate) fn position(&self, path: &str, text: &str) -> Option<Span> {
        let mut node = self;
        let mut found = None;
        for step in steps(path) {
            let inner = match (step, &node.kind) {
                (Step::Key(key), Kind::Mapping(_)) => match node.entry(key) {
                    Some(entry) => {
                        found = Some(
                            if entry.value.span.line == entry.key_span.line
                                && entry.value.span.len > 0
                            {
                                entry.value.mark(text)
                            } else {
                                entry.key_span
                            },
                        );
                        Some(&entry.value)
                    }
                    None => None,
                },
                (Step::Index(index), Kind::Sequence(items)) => items
                    .get(index)
                    .inspect(|item| found = Some(item.mark(text))),
                _ => None,
            };
            match inner {
                Some(inner) => node = inner,
                None => break,
            }
        }
        found
    }
}

/// One part of `sidekiq[1].queues[0]`.
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

fn steps(path: &str) -> impl Iterator<Item = Step<'_>> {
    path.split(['.', '['])
        .filter(|part| !part.is_empty())
        .map(
            |part| match part.strip_suffix(']').and_then(|index| index.parse().ok()) {
                Some(index) => Step::Index(index),
                None => Step::Key(part),
            },
        )
}
