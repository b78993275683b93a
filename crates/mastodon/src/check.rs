//! The problems of a topology that only Mastodon's own rules show.
//!
//! One function a rule; each gives every problem it finds. Whether the file is well formed, and
//! what Fargate or RDS sell, is the business of the topology crate.

mod code;
mod mail;
mod owner;
mod queues;
mod sizes;
mod stores;
#[cfg(test)]
mod tests;
mod variables;

use topology::{Problem, Topology};

pub use code::CODES;

/// Names every problem of `topology`, rule by rule.
///
/// Their `path` says which value is meant (`sidekiq[1].queues[0]`); `topology::Parsed::locate`
/// finds the place in the file.
#[must_use]
pub fn check(topology: &Topology) -> Vec<Problem> {
    let rules: [fn(&Topology) -> Vec<Problem>; 11] = [
        queues::every_queue_has_a_consumer,
        queues::scheduler_has_one_consumer,
        stores::postgres_is_new_enough,
        stores::redis_is_new_enough,
        sizes::connections_fit,
        sizes::threads_are_sane,
        sizes::memory_is_enough,
        owner::username_is_free,
        mail::sender_can_send,
        variables::names_are_the_operators,
        variables::values_mean_what_they_say,
    ];
    rules.iter().flat_map(|rule| rule(topology)).collect()
}
