//! The resources of a deployment, in the order in which they come about.

use std::collections::BTreeMap;

use engine::Graph;

use super::{Drawing, Kind};

/// An arrow from each resource to those that need it; what is needed anyway through another is
/// left out.
pub(crate) fn resources<R: engine::Resource>(
    graph: &Graph<R>,
    title: String,
    kind: impl Fn(&str) -> Kind,
) -> Drawing {
    let mut drawing = Drawing {
        title,
        ..Drawing::default()
    };
    let mut places = BTreeMap::new();
    for resource in graph.iter() {
        let name = resource.id().to_string().replace('`', "");
        places.insert(resource.id(), drawing.node(&name, kind(&name), []));
    }
    for resource in graph.iter() {
        for needed in resource.depends_on() {
            if let (Some(from), Some(to)) = (places.get(&needed), places.get(&resource.id())) {
                drawing.edge(*from, *to, "", false);
            }
        }
    }
    reduce(&mut drawing);
    drawing
}

/// What a resource on Docker looks like.
pub(crate) fn on_docker(name: &str) -> Kind {
    match name.split(' ').next() {
        Some("container") => Kind::Process,
        Some("job") => Kind::Job,
        Some("volume") => Kind::Store,
        Some("ingress" | "route" | "site") => Kind::Ingress,
        _ => Kind::Ground,
    }
}

/// Takes out arrows whose end is reached on a longer way as well.
fn reduce(drawing: &mut Drawing) {
    let count = drawing.nodes.len();
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); count];
    for edge in &drawing.edges {
        next[edge.from].push(edge.to);
    }
    drawing.edges.retain(|edge| {
        let mut seen = vec![false; count];
        let mut open: Vec<usize> = next[edge.from]
            .iter()
            .copied()
            .filter(|&to| to != edge.to)
            .collect();
        while let Some(place) = open.pop() {
            if place == edge.to {
                return false;
            }
            if !std::mem::replace(&mut seen[place], true) {
                open.extend(&next[place]);
            }
        }
        true
    });
}
