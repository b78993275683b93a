//! YAML text to tree.
//!
//! The events come from the parser of `serde_yaml`; serde's own way is not taken, because it stops
//! at the first error and forgets where keys stood.

use std::collections::BTreeMap;

use serde_yaml::granit_parser::{self, Event, Parser, ScalarStyle, StrInput, StructureStyle};

use crate::quote::quote;
use crate::syntax::syntax;
use crate::tree::{Entry, Kind, Node, Scalar};
use crate::{Code, Problem, Span};

/// How deep a file may be nested. A topology needs five levels.
const DEPTH: usize = 32;

/// What a file may unfold to once its aliases are replaced by what they stand for.
const NODES: usize = 10_000;

/// Text in all scalars together, aliases unfolded.
const BYTES: usize = 1 << 20;

/// Reads the one document of `text`. `None`, with at least one problem, where there is no tree.
pub(crate) fn read(text: &str, problems: &mut Vec<Problem>) -> Option<Node> {
    let options = granit_parser::options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        flow_nesting_limit: DEPTH,
        block_nesting_limit: DEPTH,
    };
    let mut reader = Reader {
        text,
        events: Parser::new_from_str_with_options(text, options),
        anchors: BTreeMap::new(),
        nodes: 0,
        bytes: 0,
        open: Vec::new(),
        problems,
    };
    match reader.stream() {
        Ok(root) => root,
        Err(problem) => {
            // What is reported of the part before the error stays true.
            problems.push(*problem);
            None
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    events: Parser<'a, StrInput<'a>>,
    /// Completed anchored nodes, with what they cost.
    anchors: BTreeMap<usize, (Node, Cost)>,
    nodes: usize,
    bytes: usize,
    /// The brackets that are open.
    open: Vec<Span>,
    problems: &'a mut Vec<Problem>,
}

/// What a node and all below it take.
#[derive(Clone, Copy)]
struct Cost {
    nodes: usize,
    bytes: usize,
}

/// Ends the reading; boxed, as it is rare and large.
type Stop = Box<Problem>;

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Option<(Event<'a>, granit_parser::Span)>, Stop> {
        match self.events.next_event() {
            Some(Ok(event)) => Ok(Some(event)),
            Some(Err(error)) => Err(Box::new(syntax(
                self.text,
                &error,
                self.open.last().copied(),
            ))),
            None => Ok(None),
        }
    }

    fn stream(&mut self) -> Result<Option<Node>, Stop> {
        let mut root = None;
        while let Some((event, place)) = self.next()? {
            match event {
                Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
                Event::DocumentStart(..) if root.is_some() => {
                    let span = self.span(&place);
                    return Err(Box::new(
                        Problem::new(
                            Code::SEVERAL_DOCUMENTS,
                            "",
                            "the file has more than one document, a topology is one",
                        )
                        .at(span)
                        .hint("put each server into its own file"),
                    ));
                }
                Event::DocumentStart(..) => {}
                event => root = Some(self.node(event, &place, 0)?),
            }
        }
        Ok(root)
    }

    fn node(
        &mut self,
        event: Event<'a>,
        place: &granit_parser::Span,
        depth: usize,
    ) -> Result<Node, Stop> {
        let span = self.span(place);
        if depth > DEPTH {
            return Err(Box::new(too_complex(span, "the file is nested too deep")));
        }
        let before = Cost {
            nodes: self.nodes,
            bytes: self.bytes,
        };
        self.pay(Cost { nodes: 1, bytes: 0 }, span)?;
        if let (Some(tag), Some(tag_place)) = (event.tag(), place.tag_span())
            && !tag.is_yaml_core_schema()
        {
            let span = self.span(&tag_place);
            let shown = quote(&tag.original());
            self.problems.push(
                Problem::new(
                    Code::TAG,
                    "",
                    format!("the tag {shown} has no meaning in a topology"),
                )
                .at(span)
                .hint("remove it, or put the value between quotes if the `!` belongs to it"),
            );
        }
        let anchor = event.anchor_id();
        let node = match event {
            Event::Scalar(value, style, _, tag) => {
                self.pay(
                    Cost {
                        nodes: 0,
                        bytes: value.len(),
                    },
                    span,
                )?;
                let forced = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let plain = style == ScalarStyle::Plain && !forced;
                Node {
                    span,
                    kind: Kind::Scalar(Scalar {
                        text: value.into_owned(),
                        plain,
                    }),
                }
            }
            Event::SequenceStart(style, ..) => {
                self.collection(style, span, |reader| reader.sequence(span, depth))?
            }
            Event::MappingStart(style, ..) => {
                self.collection(style, span, |reader| reader.mapping(span, depth))?
            }
            Event::Alias(id) => return self.alias(id, span),
            _ => {
                self.unresolved(span, "has no anchor before it");
                Node {
                    span,
                    kind: nothing(),
                }
            }
        };
        if let Some(id) = anchor {
            let cost = Cost {
                nodes: self.nodes - before.nodes,
                bytes: self.bytes - before.bytes,
            };
            // What is kept for aliases costs as much as what is used: anchors may nest.
            self.pay(cost, span)?;
            self.anchors.insert(id, (node.clone(), cost));
        }
        Ok(node)
    }

    fn collection(
        &mut self,
        style: StructureStyle,
        span: Span,
        read: impl FnOnce(&mut Self) -> Result<Node, Stop>,
    ) -> Result<Node, Stop> {
        if style == StructureStyle::Block {
            return read(self);
        }
        self.open.push(span);
        let node = read(self)?;
        self.open.pop();
        Ok(node)
    }

    fn sequence(&mut self, start: Span, depth: usize) -> Result<Node, Stop> {
        let mut items = Vec::new();
        let mut span = start;
        while let Some((event, place)) = self.next()? {
            if event == Event::SequenceEnd {
                span = self.closed(span, &place);
                break;
            }
            let item = self.node(event, &place, depth + 1)?;
            span = span.to(item.span);
            items.push(item);
        }
        Ok(Node {
            span,
            kind: Kind::Sequence(items),
        })
    }

    fn mapping(&mut self, start: Span, depth: usize) -> Result<Node, Stop> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut merged = Vec::new();
        let mut span = start;
        while let Some((event, place)) = self.next()? {
            if event == Event::MappingEnd {
                span = self.closed(span, &place);
                break;
            }
            let key = self.node(event, &place, depth + 1)?;
            let Some((event, place)) = self.next()? else {
                break;
            };
            let value = self.node(event, &place, depth + 1)?;
            span = span.to(key.span).to(value.span);
            let key_span = key.mark(self.text);
            match key.kind {
                Kind::Scalar(scalar) if scalar.plain && scalar.text == "<<" => merged.push(value),
                Kind::Scalar(scalar) => entries.push(Entry {
                    key: scalar.text,
                    key_span,
                    value,
                }),
                Kind::Sequence(_) | Kind::Mapping(_) => self.problems.push(
                    Problem::new(Code::WRONG_TYPE, "", "a key must be a word")
                        .at(key_span)
                        .hint("put text that starts with `{` or `[` between quotes"),
                ),
            }
        }
        for source in merged {
            self.merge(&mut entries, source);
        }
        Ok(Node {
            span,
            kind: Kind::Mapping(entries),
        })
    }

    /// `<<: *name`: what the mapping does not say itself.
    fn merge(&mut self, entries: &mut Vec<Entry>, source: Node) {
        match source.kind {
            Kind::Mapping(inherited) => {
                for entry in inherited {
                    if !entries.iter().any(|own| own.key == entry.key) {
                        entries.push(entry);
                    }
                }
            }
            Kind::Sequence(sources) => {
                for source in sources {
                    if matches!(source.kind, Kind::Mapping(_)) {
                        self.merge(entries, source);
                    } else {
                        self.not_mergeable(&source);
                    }
                }
            }
            Kind::Scalar(_) => self.not_mergeable(&source),
        }
    }

    fn not_mergeable(&mut self, source: &Node) {
        let span = source.mark(self.text);
        self.problems.push(
            Problem::new(
                Code::ALIAS,
                "",
                format!(
                    "`<<` takes over a mapping, this is {}",
                    source.description()
                ),
            )
            .at(span)
            .hint("write `<<: *name`, where `&name` stands before a mapping"),
        );
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<Node, Stop> {
        let Some(cost) = self.anchors.get(&id).map(|(_, cost)| *cost) else {
            self.unresolved(span, "stands inside of its own anchor");
            return Ok(Node {
                span,
                kind: nothing(),
            });
        };
        // Pay before the copy is made: aliases of aliases double with each line of the file.
        if !pay(&mut self.nodes, &mut self.bytes, cost) {
            return Err(Box::new(too_complex(
                span,
                "the aliases of the file unfold to too much",
            )));
        }
        // What is wrong inside is reported where it is written.
        let kind = self
            .anchors
            .get(&id)
            .map_or_else(nothing, |(node, _)| node.kind.clone());
        Ok(Node { span, kind })
    }

    fn unresolved(&mut self, span: Span, why: &str) {
        let name = quote(self.text.get(span.start..span.end()).unwrap_or_default());
        self.problems.push(
            Problem::new(Code::ALIAS, "", format!("the alias {name} {why}"))
                .at(span)
                .hint("write `&name` before the value meant, or put text that starts with `*` between quotes"),
        );
    }

    fn pay(&mut self, cost: Cost, span: Span) -> Result<(), Stop> {
        if pay(&mut self.nodes, &mut self.bytes, cost) {
            Ok(())
        } else {
            Err(Box::new(too_complex(span, "the file has too many values")))
        }
    }

    /// A flow collection ends at its bracket; a block ends with its last value, and its end event
    /// stands somewhere behind.
    fn closed(&self, span: Span, end: &granit_parser::Span) -> Span {
        let end = self.span(end);
        if matches!(self.text.get(end.start..end.end()), Some("]" | "}")) {
            span.to(end)
        } else {
            span
        }
    }

    fn span(&self, place: &granit_parser::Span) -> Span {
        match (place.start.byte_offset(), place.end.byte_offset()) {
            (Some(start), Some(end)) if start <= end && end <= self.text.len() => Span {
                start,
                len: end - start,
                line: place.start.line(),
                column: place.start.col() + 1,
            },
            _ => Span::of(self.text, self.text.len(), self.text.len()),
        }
    }
}

fn pay(nodes: &mut usize, bytes: &mut usize, cost: Cost) -> bool {
    *nodes += cost.nodes;
    *bytes += cost.bytes;
    *nodes <= NODES && *bytes <= BYTES
}

fn nothing() -> Kind {
    Kind::Scalar(Scalar {
        text: String::new(),
        plain: true,
    })
}

fn too_complex(span: Span, message: &str) -> Problem {
    Problem::new(Code::TOO_COMPLEX, "", message)
        .at(span)
        .hint("a topology has about a hundred lines; is this the right file?")
}
