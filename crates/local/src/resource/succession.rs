//! Processes next to the old ones that they follow.

use engine::Succession;
use mastodon::ProcessId;

use super::{Container, LiveContainer};
use crate::id::Id;
use crate::labels;

impl Container {
    /// Replicas are replaced one after another, so that one of them always answers.
    pub(super) fn replaced_after(&self) -> Option<Id> {
        match &self.id {
            Id::Process(process, replica) if *replica > 1 => {
                Some(Id::Process(process.clone(), replica - 1))
            }
            _ => None,
        }
    }

    /// A process that goes stays until those that take its work over are ready, but for the
    /// scheduler: two of them would do everything twice.
    pub(super) fn succession(&self, old: &LiveContainer) -> Option<Succession> {
        let (Id::Process(new, _), Id::Process(gone, _)) = (&self.id, &old.id) else {
            return None;
        };
        if old.singleton && self.labels.contains_key(labels::SINGLETON) {
            return Some(Succession::OldFirst);
        }
        let takes_over = match (new, gone) {
            (ProcessId::Sidekiq(_), ProcessId::Sidekiq(_)) => true,
            (new, gone) => new == gone,
        };
        takes_over.then_some(Succession::NewFirst)
    }
}

#[cfg(test)]
mod tests {
    use engine::{PlanOptions, plan};
    use expect_test::{Expect, expect};

    use crate::fixture;

    fn check(before: &str, after: &str, expected: &Expect) {
        let social = |rest: &str| fixture::graph(&format!("{}{rest}", fixture::SOCIAL));
        let world = fixture::world(&social(before));
        let plan = plan(&social(after), &world, &PlanOptions::default());
        expected.assert_eq(&format!("{plan:#}"));
    }

    #[test]
    fn replicas_of_web_are_replaced_one_after_another_and_a_surplus_one_goes_last() {
        check(
            "web: { replicas: 3 }\n",
            "web: { replicas: 2, threads: 4 }\n",
            &expect![[r#"
                0 delete container `web-1`
                1 create container `web-1` after 0
                2 delete container `web-2` after 1
                3 create container `web-2` after 2
                4 update route
                5 delete container `web-3` after 1 3
            "#]],
        );
    }

    #[test]
    fn a_sidekiq_that_is_split_hands_over_and_its_scheduler_is_never_there_twice() {
        check(
            "",
            "sidekiq:
  - { name: scheduler, queues: [scheduler, mailers], threads: 2 }
  - { name: rest, queues: [default, push, ingress, pull, fasp], threads: 5, replicas: 2 }
",
            &expect![[r#"
                0 create container `sidekiq-rest-1`
                1 create container `sidekiq-rest-2`
                2 delete container `sidekiq-all-1` after 0 1
                3 create container `sidekiq-scheduler-1` after 2
            "#]],
        );
    }

    #[test]
    fn a_scheduler_that_moves_leaves_its_old_place_first() {
        check(
            "sidekiq:
  - { name: one, queues: [scheduler, mailers], threads: 2 }
  - { name: two, queues: [default, push, ingress, pull, fasp], threads: 5 }
",
            "sidekiq:
  - { name: one, queues: [mailers], threads: 2 }
  - { name: two, queues: [default, push, ingress, pull, fasp, scheduler], threads: 5 }
",
            &expect![[r#"
                0 delete container `sidekiq-one-1`
                1 create container `sidekiq-one-1` after 0
                2 delete container `sidekiq-two-1`
                3 create container `sidekiq-two-1` after 0 2
            "#]],
        );
    }
}
