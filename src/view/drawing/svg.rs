//! SVG, for a browser or a README, on light and dark backgrounds.

use std::fmt::Write as _;

use super::layout::{Extent, Point, layout};
use super::{Drawing, Kind, Node};
use crate::view::text;

const MARGIN: f64 = 24.0;
const TITLE: f64 = 36.0;
/// Of a line of text in a box.
const LINE: f64 = 17.0;
/// Of a letter of the name and of the lines below it, in pixels; wide enough for any sans-serif.
const LETTER: (f64, f64) = (8.1, 6.7);

/// An SVG document.
pub(crate) fn svg(drawing: &Drawing) -> String {
    let extents: Vec<Extent> = drawing.nodes.iter().map(extent).collect();
    let placed = layout(drawing, &extents);
    let width = (placed.size.width + 2.0 * MARGIN).max(320.0);
    let height = placed.size.height + 2.0 * MARGIN + TITLE;
    let title = escape(&drawing.title);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" aria-label=\"{title}\">\n\
         <title>{title}</title>\n{}\n",
        style()
    );
    text.push_str(
        "<defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" \
         markerHeight=\"7\" orient=\"auto-start-reverse\"><path class=\"head\" d=\"M0 0 8 4 0 8z\"/></marker></defs>\n",
    );
    let _ = writeln!(
        text,
        "<rect class=\"page\" width=\"100%\" height=\"100%\"/>"
    );
    let _ = writeln!(
        text,
        "<text class=\"title\" x=\"{MARGIN}\" y=\"30\">{title}</text>"
    );
    let _ = writeln!(
        text,
        "<g transform=\"translate({MARGIN} {})\">",
        MARGIN + TITLE
    );
    for (edge, route) in drawing.edges.iter().zip(&placed.routes) {
        let class = if edge.dashed { "edge order" } else { "edge" };
        let _ = writeln!(
            text,
            "<path class=\"{class}\" d=\"{}\" marker-end=\"url(#head)\"/>",
            path(route)
        );
    }
    for (node, (corner, extent)) in drawing
        .nodes
        .iter()
        .zip(placed.corners.iter().zip(&extents))
    {
        draw_box(&mut text, node, *corner, *extent);
    }
    // Last, so that no arrow crosses what is said on another.
    for (edge, route) in drawing.edges.iter().zip(&placed.routes) {
        if let (false, [.., before, end]) = (edge.label.is_empty(), route.as_slice()) {
            let (x, y) = (
                f64::midpoint(before.x, end.x),
                f64::midpoint(before.y, end.y) - 4.0,
            );
            let _ = writeln!(
                text,
                "<text class=\"said\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
                escape(&edge.label)
            );
        }
    }
    text.push_str("</g>\n</svg>\n");
    text
}

fn extent(node: &Node) -> Extent {
    let widest = node
        .lines
        .iter()
        .enumerate()
        .map(|(order, line)| {
            let letters = u32::try_from(text::width(line)).unwrap_or(u32::MAX);
            f64::from(letters) * if order == 0 { LETTER.0 } else { LETTER.1 }
        })
        .fold(56.0, f64::max);
    let lines = u32::try_from(node.lines.len()).unwrap_or(1);
    Extent {
        width: widest + 24.0,
        height: f64::from(lines) * LINE + 14.0,
    }
}

/// A curve through the points that leaves and reaches each of them horizontally.
fn path(route: &[Point]) -> String {
    let mut text = String::new();
    let Some(first) = route.first() else {
        return text;
    };
    let _ = write!(text, "M{:.1} {:.1}", first.x, first.y);
    for pair in route.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let middle = f64::midpoint(from.x, to.x);
        let _ = write!(
            text,
            "C{middle:.1} {:.1} {middle:.1} {:.1} {:.1} {:.1}",
            from.y, to.y, to.x, to.y
        );
    }
    text
}

fn draw_box(text: &mut String, node: &Node, corner: Point, extent: Extent) {
    let radius = if node.kind == Kind::Outside {
        extent.height / 2.0
    } else {
        7.0
    };
    let _ = writeln!(
        text,
        "<g class=\"{}\"><rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{radius:.1}\"/>",
        node.kind.name(),
        corner.x,
        corner.y,
        extent.width,
        extent.height
    );
    let middle = corner.x + extent.width / 2.0;
    let mut y = corner.y + 7.0 + LINE * 0.75;
    for (order, line) in node.lines.iter().enumerate() {
        let class = if order == 0 { "name" } else { "more" };
        let _ = writeln!(
            text,
            "<text class=\"{class}\" x=\"{middle:.1}\" y=\"{y:.1}\">{}</text>",
            escape(line)
        );
        y += LINE;
    }
    text.push_str("</g>\n");
}

fn style() -> String {
    let mut css = String::from(
        "<style>\ntext{font-family:system-ui,-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif;fill:#1f2328}\n\
         .page{fill:#fff}.title{font-size:16px;font-weight:600}\n\
         .name{font-size:13px;font-weight:600;text-anchor:middle}.more{font-size:11px;text-anchor:middle;fill:#57606a}\n\
         .said{font-size:10px;text-anchor:middle;fill:#57606a;paint-order:stroke;stroke:#fff;stroke-width:4px}\n\
         .edge{fill:none;stroke:#8c959f;stroke-width:1.2}.order{stroke-dasharray:4 3}.head{fill:#8c959f}\n",
    );
    for kind in Kind::ALL {
        let (fill, frame) = kind.colors();
        let _ = writeln!(
            css,
            ".{} rect{{fill:{fill};stroke:{frame};stroke-width:1.2}}",
            kind.name()
        );
    }
    css.push_str(
        "@media (prefers-color-scheme:dark){.page{fill:#0d1117}text{fill:#e6edf3}.more,.said{fill:#9198a1}\
         .said{stroke:#0d1117}g>rect{fill-opacity:.12}}\n</style>",
    );
    css
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
