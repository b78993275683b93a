//! Rules that look at more than one value.
//!
//! Each rule is a function of the topology; it names the values it looked at by their paths, so
//! that it is left out where one of them is wrong anyway.

mod aws;
mod domain;
mod fargate;
mod mail;
mod scale;
mod sidekiq;
mod store;

use crate::tree::Node;
use crate::{Problem, Topology};

/// What a rule sees.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) topology: &'a Topology,
    root: &'a Node,
}

impl Facts<'_> {
    /// Whether the file says it, rather than a default.
    fn says(&self, path: &str) -> bool {
        self.root.at(path).is_some_and(|node| !node.is_null())
    }

    /// The first of `paths` that the file says; the first of all where it says none.
    fn said<'p>(&self, paths: [&'p str; 2]) -> &'p str {
        paths
            .into_iter()
            .find(|path| self.says(path))
            .unwrap_or(paths[0])
    }
}

/// Every problem that only shows where values meet.
pub(crate) fn check(topology: &Topology, root: &Node) -> Vec<Problem> {
    let facts = Facts { topology, root };
    let rules: [fn(Facts<'_>, &mut Vec<Problem>); 7] = [
        sidekiq::check,
        scale::check,
        store::check,
        mail::check,
        domain::check,
        fargate::check,
        aws::check,
    ];
    let mut problems = Vec::new();
    for rule in rules {
        rule(facts, &mut problems);
    }
    problems
}
