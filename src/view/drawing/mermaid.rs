//! Mermaid, as GitHub and GitLab render it in Markdown.

use std::fmt::Write as _;

use super::{Drawing, Kind, Node};

/// A Mermaid flowchart.
pub(crate) fn mermaid(drawing: &Drawing) -> String {
    let mut text = format!("---\ntitle: {}\n---\nflowchart LR\n", drawing.title);
    for node in &drawing.nodes {
        let (open, close) = match node.kind {
            Kind::Outside => ("([", "])"),
            Kind::Ingress => ("{{", "}}"),
            Kind::Process => ("[", "]"),
            Kind::Job => ("[/", "/]"),
            Kind::Store => ("[(", ")]"),
            Kind::Ground => ("(", ")"),
        };
        let _ = writeln!(
            text,
            "  {}{open}\"{}\"{close}:::{}",
            node.id,
            label(node),
            node.kind.name()
        );
    }
    for edge in &drawing.edges {
        let arrow = if edge.dashed { "-.->" } else { "-->" };
        let said = if edge.label.is_empty() {
            String::new()
        } else {
            format!("|\"{}\"|", escape(&edge.label))
        };
        let _ = writeln!(
            text,
            "  {} {arrow}{said} {}",
            drawing.nodes[edge.from].id, drawing.nodes[edge.to].id
        );
    }
    for kind in Kind::ALL {
        if drawing.nodes.iter().any(|node| node.kind == kind) {
            let (fill, frame) = kind.colors();
            let _ = writeln!(
                text,
                "  classDef {} fill:{fill},stroke:{frame},color:#1f2328",
                kind.name()
            );
        }
    }
    text
}

fn label(node: &Node) -> String {
    node.lines
        .iter()
        .map(|line| escape(line))
        .collect::<Vec<_>>()
        .join("<br>")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
