//! DOT, for Graphviz.

use std::fmt::Write as _;

use super::{Drawing, Kind};

/// A DOT digraph.
pub(crate) fn dot(drawing: &Drawing) -> String {
    let mut text = format!(
        "digraph masto {{\n  label=\"{}\";\n  labelloc=t;\n  rankdir=LR;\n  \
         node [fontname=\"Helvetica\", fontsize=11, style=\"filled,rounded\", shape=box];\n  \
         edge [fontname=\"Helvetica\", fontsize=9, color=\"#57606a\"];\n",
        escape(&drawing.title)
    );
    for node in &drawing.nodes {
        let (fill, frame) = node.kind.colors();
        let label: Vec<String> = node.lines.iter().map(|line| escape(line)).collect();
        let shape = match node.kind {
            Kind::Store => ", shape=cylinder, style=filled",
            Kind::Ingress => ", shape=hexagon, style=filled",
            Kind::Outside => ", shape=oval, style=filled",
            Kind::Process | Kind::Job | Kind::Ground => "",
        };
        let _ = writeln!(
            text,
            "  {} [label=\"{}\", fillcolor=\"{fill}\", color=\"{frame}\"{shape}];",
            node.id,
            label.join("\\n")
        );
    }
    for edge in &drawing.edges {
        let mut attributes = Vec::new();
        if !edge.label.is_empty() {
            attributes.push(format!("label=\"{}\"", escape(&edge.label)));
        }
        if edge.dashed {
            attributes.push("style=dashed".to_owned());
        }
        let attributes = if attributes.is_empty() {
            String::new()
        } else {
            format!(" [{}]", attributes.join(", "))
        };
        let _ = writeln!(
            text,
            "  {} -> {}{attributes};",
            drawing.nodes[edge.from].id, drawing.nodes[edge.to].id
        );
    }
    text.push_str("}\n");
    text
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
