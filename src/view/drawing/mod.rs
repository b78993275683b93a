//! A directed graph to look at, and the formats it is written in.

mod architecture;
mod dot;
mod layout;
mod mermaid;
#[cfg(feature = "local")]
mod resources;
mod svg;

use serde_json::{Value, json};

pub(crate) use architecture::architecture;
pub(crate) use dot::dot;
pub(crate) use mermaid::mermaid;
#[cfg(feature = "local")]
pub(crate) use resources::{on_docker, resources};
pub(crate) use svg::svg;

use crate::view::SCHEMA_VERSION;

/// Boxes and arrows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Drawing {
    /// What it shows.
    pub(crate) title: String,
    /// The boxes; ids are unique.
    pub(crate) nodes: Vec<Node>,
    /// The arrows; both ends are places in `nodes`.
    pub(crate) edges: Vec<Edge>,
}

/// A box.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// Letters, digits and underscores.
    pub(crate) id: String,
    /// The name, then what else is said in the box.
    pub(crate) lines: Vec<String>,
    /// What it looks like.
    pub(crate) kind: Kind,
    /// Counted from the left; `None` leaves it to the arrows.
    pub(crate) column: Option<usize>,
}

/// What a box looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Not ours: people, other servers.
    Outside,
    /// What lets requests in.
    Ingress,
    /// What runs all the time.
    Process,
    /// What runs once.
    Job,
    /// What keeps data.
    Store,
    /// What the others need: networks, volumes, images.
    Ground,
}

impl Kind {
    /// Every kind.
    const ALL: [Self; 6] = [
        Self::Outside,
        Self::Ingress,
        Self::Process,
        Self::Job,
        Self::Store,
        Self::Ground,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Outside => "outside",
            Self::Ingress => "ingress",
            Self::Process => "process",
            Self::Job => "job",
            Self::Store => "store",
            Self::Ground => "ground",
        }
    }

    /// Fill and frame, for light backgrounds.
    fn colors(self) -> (&'static str, &'static str) {
        match self {
            Self::Outside => ("#f6f8fa", "#8c959f"),
            Self::Ingress => ("#fff8c5", "#bf8700"),
            Self::Process => ("#ddf4ff", "#0969da"),
            Self::Job => ("#fbefff", "#8250df"),
            Self::Store => ("#dafbe1", "#1a7f37"),
            Self::Ground => ("#f6f8fa", "#57606a"),
        }
    }
}

/// An arrow.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Edge {
    /// Where it starts.
    pub(crate) from: usize,
    /// Where it ends.
    pub(crate) to: usize,
    /// What is said on it; may be empty.
    pub(crate) label: String,
    /// An order in time and not a connection.
    pub(crate) dashed: bool,
}

impl Drawing {
    /// Adds a box, and gives its place. A second box of the same id is the first.
    pub(crate) fn node(
        &mut self,
        name: &str,
        kind: Kind,
        more: impl IntoIterator<Item = String>,
    ) -> usize {
        let id = identifier(name);
        if let Some(place) = self.nodes.iter().position(|node| node.id == id) {
            return place;
        }
        let lines = std::iter::once(name.to_owned()).chain(more).collect();
        self.nodes.push(Node {
            id,
            lines,
            kind,
            column: None,
        });
        self.nodes.len() - 1
    }

    /// Puts a box into a column.
    pub(crate) fn put(&mut self, node: usize, column: usize) {
        self.nodes[node].column = Some(column);
    }

    /// Adds an arrow, once.
    pub(crate) fn edge(&mut self, from: usize, to: usize, label: impl Into<String>, dashed: bool) {
        let edge = Edge {
            from,
            to,
            label: label.into(),
            dashed,
        };
        if !self.edges.contains(&edge) {
            self.edges.push(edge);
        }
    }
}

/// One JSON document.
pub(crate) fn json(drawing: &Drawing) -> Value {
    let id = |place: usize| &drawing.nodes[place].id;
    json!({
        "schema_version": SCHEMA_VERSION,
        "title": drawing.title,
        "nodes": drawing.nodes.iter().map(|node| json!({
            "id": node.id, "kind": node.kind.name(), "lines": node.lines,
        })).collect::<Vec<_>>(),
        "edges": drawing.edges.iter().map(|edge| json!({
            "from": id(edge.from), "to": id(edge.to), "label": edge.label, "dashed": edge.dashed,
        })).collect::<Vec<_>>(),
    })
}

/// `name` with everything but letters and digits as underscores; the formats have words of
/// their own (`end`, `graph`), which an underscore at the end keeps away from.
fn identifier(name: &str) -> String {
    let mut id: String = name
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '_'
            }
        })
        .collect();
    id.push('_');
    id
}
