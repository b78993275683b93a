//! Which queues a process fetches from, and in which order.

use rand::seq::SliceRandom;
use serde_json::{Map, Value};

/// The queues of `config/sidekiq.yml` since 4.4, with their weights.
const CONFIGURED: [(&str, u32); 7] = [
    ("default", 8),
    ("push", 6),
    ("ingress", 4),
    ("mailers", 2),
    ("pull", 1),
    ("scheduler", 1),
    ("fasp", 1),
];

/// Queues of one process; never empty, no name twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Queues(Vec<(String, u32)>);

impl Queues {
    /// Those of the configuration file, or only those of `-q` when there is any.
    pub(crate) fn of(options: &[(String, u32)]) -> Self {
        if options.is_empty() {
            return Self(
                CONFIGURED
                    .into_iter()
                    .map(|(name, weight)| (name.to_owned(), weight))
                    .collect(),
            );
        }
        let mut queues: Vec<(String, u32)> = Vec::new();
        for (name, weight) in options {
            match queues.iter_mut().find(|(known, _)| known == name) {
                Some((_, sum)) => *sum += weight,
                None => queues.push((name.clone(), *weight)),
            }
        }
        Self(queues)
    }

    /// Names, in the order they were given.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Whether it fetches from this one.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }

    /// Without any weight the order given is a strict priority.
    pub(crate) fn is_strict(&self) -> bool {
        self.0.iter().all(|(_, weight)| *weight == 0)
    }

    /// Name and weight, as the process tells about itself.
    pub(crate) fn weights(&self) -> Map<String, Value> {
        self.0
            .iter()
            .map(|(name, weight)| (name.clone(), (*weight).into()))
            .collect()
    }

    /// The order of the next fetch: strict, or drawn by weight.
    pub(crate) fn order(&self, rng: &mut impl rand::Rng) -> Vec<String> {
        if self.is_strict() {
            return self.names().map(str::to_owned).collect();
        }
        let mut tickets: Vec<&str> = self
            .0
            .iter()
            .flat_map(|(name, weight)| {
                std::iter::repeat_n(name.as_str(), (*weight).max(1) as usize)
            })
            .collect();
        tickets.shuffle(rng);
        let mut order: Vec<String> = Vec::with_capacity(self.0.len());
        for ticket in tickets {
            if !order.iter().any(|name| name == ticket) {
                order.push(ticket.to_owned());
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn queues(options: &[(&str, u32)]) -> Queues {
        Queues::of(
            &options
                .iter()
                .map(|(name, weight)| ((*name).to_owned(), *weight))
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn without_options_the_file_speaks() {
        assert_eq!(
            queues(&[]).names().collect::<Vec<_>>(),
            [
                "default",
                "push",
                "ingress",
                "mailers",
                "pull",
                "scheduler",
                "fasp"
            ]
        );
    }

    #[test]
    fn any_option_replaces_the_file() {
        let queues = queues(&[("mailers", 0)]);
        assert_eq!(queues.names().collect::<Vec<_>>(), ["mailers"]);
        assert!(!queues.contains("default"));
    }

    #[test]
    fn without_weights_the_order_is_strict() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let queues = queues(&[("push", 0), ("default", 0)]);
        for _ in 0..20 {
            assert_eq!(queues.order(&mut rng), ["push", "default"]);
        }
    }

    #[test]
    fn heavier_queues_come_first_more_often() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let queues = queues(&[("default", 8), ("pull", 1)]);
        let first = (0..900)
            .filter(|_| queues.order(&mut rng)[0] == "default")
            .count();
        assert!((740..860).contains(&first), "{first}");
    }

    #[test]
    fn every_order_names_every_queue_once() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(2);
        let mut order = queues(&[("a", 3), ("b", 0), ("c", 2), ("a", 1)]).order(&mut rng);
        order.sort();
        assert_eq!(order, ["a", "b", "c"]);
    }
}
