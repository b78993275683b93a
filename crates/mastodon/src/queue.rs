//! Sidekiq's queues: how much of a process each gets, and what stops when nobody listens.
//!
//! Source: `config/sidekiq.yml` and `app/workers` of Mastodon 4.4 to 4.7, whose lists are equal.

use topology::Queue;

/// How often Sidekiq looks into `queue`, relative to the others of its process.
#[must_use]
pub fn weight(queue: Queue) -> u8 {
    match queue {
        Queue::Default => 8,
        Queue::Push => 6,
        Queue::Ingress => 4,
        Queue::Mailers => 2,
        Queue::Pull | Queue::Scheduler | Queue::Fasp => 1,
    }
}

/// What people notice when no process consumes `queue`; reads after "without a consumer".
#[must_use]
pub fn stops_without(queue: Queue) -> &'static str {
    match queue {
        Queue::Default => {
            "home feeds stay empty, notifications never come and videos stay in processing"
        }
        Queue::Push => "nothing leaves the server: posts, follows and their answers, web push",
        Queue::Ingress => "messages from other servers never arrive, though they are accepted",
        Queue::Mailers => "no mail is sent, not even the confirmation of a new account",
        Queue::Pull => "remote avatars, link previews, imports, exports and deletions stop",
        Queue::Scheduler => "scheduled posts, trends, clean-ups and every other timed job stop",
        Queue::Fasp => "Fediverse Auxiliary Service Providers get no answer",
    }
}

/// The arguments by which Sidekiq is told its queues.
///
/// Every weight is written, also 1: a list without any weight is a strict order to Sidekiq, and a
/// full `pull` would then starve the `scheduler` behind it.
#[must_use]
pub(crate) fn arguments(queues: &[Queue]) -> Vec<String> {
    queues
        .iter()
        .flat_map(|&queue| {
            [
                "-q".to_owned(),
                format!("{},{}", queue.as_str(), weight(queue)),
            ]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use expect_test::expect;

    use super::*;

    #[test]
    fn weights_are_those_of_mastodons_own_list() {
        let weights: Vec<_> = Queue::ALL
            .iter()
            .map(|&queue| format!("{} {}", queue.as_str(), weight(queue)))
            .collect();
        expect!["default 8, push 6, ingress 4, mailers 2, pull 1, fasp 1, scheduler 1"]
            .assert_eq(&weights.join(", "));
    }

    #[test]
    fn no_list_is_a_strict_order() {
        let arguments = arguments(&[Queue::Pull, Queue::Scheduler]);
        assert_eq!(arguments, ["-q", "pull,1", "-q", "scheduler,1"]);
    }

    #[test]
    fn each_queue_says_what_stops_without_it() {
        let said: BTreeSet<_> = Queue::ALL
            .iter()
            .map(|&queue| stops_without(queue))
            .collect();
        assert_eq!(said.len(), Queue::ALL.len());
        assert!(stops_without(Queue::Ingress).contains("messages from other servers never arrive"));
    }
}
