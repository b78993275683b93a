//! One table a rule: what is changed in a good topology, and what is said of it.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use topology::{
    Autoscale, MailRoute, Memory, Problem, Queue, RedisEngine, Size, Smtp, SmtpTls, StoreVersion,
    Topology,
};

use super::{CODES, check};
use crate::fixture::{self, local, told, topology, value};
use crate::{Schema, deployment};

pub(super) type Rule = fn(&Topology) -> Vec<Problem>;
pub(super) type Case = (&'static str, fn(&mut Topology));

pub(super) fn table(rule: Rule, cases: &[Case], expected: &Expect) {
    let text = cases
        .iter()
        .fold(String::new(), |mut text, (name, change)| {
            let mut topology = topology();
            change(&mut topology);
            let problems = rule(&topology);
            let told = if problems.is_empty() {
                "well\n".to_owned()
            } else {
                told(&problems)
            };
            writeln!(text, "# {name}\n{told}").unwrap();
            text
        });
    expected.assert_eq(&text);
}

#[test]
fn a_good_topology_has_no_problems() {
    assert_eq!(told(&check(&topology())), "");
}

#[test]
fn every_queue_has_a_consumer() {
    table(
        super::queues::every_queue_has_a_consumer,
        &[
            ("all in one", |_| ()),
            ("all in two", |topology| {
                topology.sidekiq = vec![
                    fixture::sidekiq("clock", &Queue::ALL[5..], 5),
                    fixture::sidekiq("rest", &Queue::ALL[..5], 5),
                ];
            }),
            (
                "ingress and fasp left out, as in a list from before 4.0",
                |topology| {
                    let queues = [Queue::Default, Queue::Push, Queue::Mailers, Queue::Pull];
                    topology.sidekiq = vec![
                        fixture::sidekiq("clock", &[Queue::Scheduler], 5),
                        fixture::sidekiq("rest", &queues, 5),
                    ];
                },
            ),
            ("none", |topology| topology.sidekiq = Vec::new()),
        ],
        &expect![[r#"
            # all in one
            well

            # all in two
            well

            # ingress and fasp left out, as in a list from before 4.0
            error mastodon::queue-without-consumer at sidekiq: no Sidekiq process consumes `ingress`: messages from other servers never arrive, though they are accepted
              add `ingress` to the queues of `rest`
            error mastodon::queue-without-consumer at sidekiq: no Sidekiq process consumes `fasp`: Fediverse Auxiliary Service Providers get no answer
              add `fasp` to the queues of `rest`

            # none
            error mastodon::queue-without-consumer at sidekiq: no Sidekiq process consumes `default`: home feeds stay empty, notifications never come and videos stay in processing
              add a process with `queues: [default]`
            error mastodon::queue-without-consumer at sidekiq: no Sidekiq process consumes `push`: nothing leaves the server: posts, follows and their answers, web push
              add a process with `queues: [push]`
            error mastodon::queue-without-consumer at sidekiq: no Sidekiq process consumes `ingress`: messages from other servers never arrive, though they are accepted
              add a process with `queues: [ingress]`
            error mastodon::queue-without-consumer at sidekiq: no Sidekiq process consumes `mailers`: no mail is sent, not even the confirmation of a new account
              add a process with `queues: [mailers]`
            error mastodon::queue-without-consumer at sidekiq: no Sidekiq process consumes `pull`: remote avatars, link previews, imports, exports and deletions stop
              add a process with `queues: [pull]`
            error mastodon::queue-without-consumer at sidekiq: no Sidekiq process consumes `fasp`: Fediverse Auxiliary Service Providers get no answer
              add a process with `queues: [fasp]`
            error mastodon::queue-without-consumer at sidekiq: no Sidekiq process consumes `scheduler`: scheduled posts, trends, clean-ups and every other timed job stop
              add a process with `queues: [scheduler]`

        "#]],
    );
}

#[test]
fn scheduler_has_one_consumer() {
    table(
        super::queues::scheduler_has_one_consumer,
        &[
            ("one", |_| ()),
            ("other processes may be many", |topology| {
                topology
                    .sidekiq
                    .push(fixture::sidekiq("push", &[Queue::Push], 5));
                topology.sidekiq[1].replicas = 9;
            }),
            ("two processes", |topology| {
                let queues = [Queue::Pull, Queue::Scheduler];
                topology.sidekiq.push(fixture::sidekiq("more", &queues, 5));
            }),
            ("two replicas", |topology| topology.sidekiq[0].replicas = 2),
            ("none at all", |topology| topology.sidekiq[0].replicas = 0),
            ("scaled", |topology| {
                topology.sidekiq[0].autoscale = Some(Autoscale {
                    min: 1,
                    max: 2,
                    cpu: 70,
                });
            }),
        ],
        &expect![[r#"
            # one
            well

            # other processes may be many
            well

            # two processes
            error mastodon::scheduler-not-once at sidekiq[1].queues[1]: `scheduler` is consumed by `all` and by `more`: every timed job would run twice
              take `scheduler` out of the queues of `more`

            # two replicas
            error mastodon::scheduler-not-once at sidekiq[0].replicas: `all` consumes `scheduler` and can have one replica only, not 2: every timed job would run in each
              give `scheduler` to a process of its own, for example `{ name: scheduler, queues: [scheduler], threads: 5 }`

            # none at all
            error mastodon::scheduler-not-once at sidekiq[0].replicas: `all` consumes `scheduler` and needs its one replica
              write `1`

            # scaled
            error mastodon::scheduler-not-once at sidekiq[0].autoscale: `all` consumes `scheduler` and cannot be scaled: every timed job would run in each replica
              give `scheduler` to a process of its own, for example `{ name: scheduler, queues: [scheduler], threads: 5 }`

        "#]],
    );
}

#[test]
fn postgres_is_new_enough() {
    table(
        super::stores::postgres_is_new_enough,
        &[
            ("14 on 4.7", |topology| topology.postgres.version = 14),
            ("13 on 4.7", |topology| topology.postgres.version = 13),
            ("13 on 4.4", |topology| {
                topology.mastodon.version = value("v4.4.22");
                topology.postgres.version = 13;
            }),
            ("12 on 4.4", |topology| {
                topology.mastodon.version = value("v4.4.22");
                topology.postgres.version = 12;
            }),
        ],
        &expect![[r#"
            # 14 on 4.7
            well

            # 13 on 4.7
            error mastodon::postgres-too-old at postgres.version: Mastodon 4.7 needs PostgreSQL 14.4 or newer, not 13
              write `17`

            # 13 on 4.4
            well

            # 12 on 4.4
            error mastodon::postgres-too-old at postgres.version: Mastodon 4.4 needs PostgreSQL 13 or newer, not 12
              write `17`

        "#]],
    );
}

#[test]
fn redis_is_new_enough() {
    fn store(topology: &mut Topology, engine: RedisEngine, major: u8, minor: Option<u8>) {
        topology.redis.engine = engine;
        topology.redis.version = StoreVersion { major, minor };
    }
    table(
        super::stores::redis_is_new_enough,
        &[
            ("Redis 7", |topology| {
                store(topology, RedisEngine::Redis, 7, None);
            }),
            ("Redis 6 on 4.7", |topology| {
                store(topology, RedisEngine::Redis, 6, None);
            }),
            ("Redis 6 on 4.4 is 6.2", |topology| {
                topology.mastodon.version = value("v4.4.22");
                store(topology, RedisEngine::Redis, 6, None);
            }),
            ("Redis 6.0 on 4.4", |topology| {
                topology.mastodon.version = value("v4.4.22");
                store(topology, RedisEngine::Redis, 6, Some(0));
            }),
            ("Valkey 8", |topology| {
                store(topology, RedisEngine::Valkey, 8, None);
            }),
            ("Valkey 7 is 7.2", |topology| {
                store(topology, RedisEngine::Valkey, 7, None);
            }),
            ("Valkey 7.0", |topology| {
                store(topology, RedisEngine::Valkey, 7, Some(0));
            }),
        ],
        &expect![[r#"
            # Redis 7
            well

            # Redis 6 on 4.7
            error mastodon::redis-too-old at redis.version: Mastodon 4.7 needs Redis 7.0 or newer, not 6
              write `7`

            # Redis 6 on 4.4 is 6.2
            well

            # Redis 6.0 on 4.4
            error mastodon::redis-too-old at redis.version: Mastodon 4.4 needs Redis 6.2 or newer, not 6.0
              write `7`

            # Valkey 8
            well

            # Valkey 7 is 7.2
            well

            # Valkey 7.0
            error mastodon::redis-too-old at redis.version: Mastodon 4.7 needs Valkey 7.2 or newer, not 7.0
              write `8`

        "#]],
    );
}

#[test]
fn connections_fit() {
    table(
        super::sizes::connections_fit,
        &[
            ("a small server on micro", |_| ()),
            ("tight while rolling", |topology| topology.web.workers = 5),
            ("too many at rest", |topology| {
                topology
                    .sidekiq
                    .push(fixture::sidekiq("push", &[Queue::Push], 25));
                topology.sidekiq[1].replicas = 3;
            }),
            ("too many for any", |topology| {
                topology.postgres.size = Size::Xxlarge;
                topology.web.replicas = 400;
            }),
        ],
        &expect![[r#"
            # a small server on micro
            well

            # tight while rolling
            warning mastodon::connections at postgres.size: a micro database takes 77 connections, and a change of version or settings needs up to 86 while old and new processes run side by side (web 25, Sidekiq 10, streaming 10)
              write `small`, or take fewer threads or replicas

            # too many at rest
            error mastodon::connections at postgres.size: the processes need 111 connections (web 10, Sidekiq 85, streaming 10, one-off work), but a micro database takes 77: threads would wait for each other and give up after 5 s
              write `medium`, or take fewer threads or replicas

            # too many for any
            error mastodon::connections at postgres.size: the processes need 4026 connections (web 4000, Sidekiq 10, streaming 10, one-off work), but a 2xlarge database takes 3197: threads would wait for each other and give up after 5 s
              take fewer threads or replicas: no size takes that many

        "#]],
    );
}

#[test]
fn threads_are_sane() {
    table(
        super::sizes::threads_are_sane,
        &[
            ("fifty", |topology| topology.sidekiq[0].threads = 50),
            ("fifty-one", |topology| topology.sidekiq[0].threads = 51),
            ("none", |topology| {
                topology.sidekiq[0].threads = 0;
                topology.web.threads = 0;
            }),
        ],
        &expect![[r#"
            # fifty
            well

            # fifty-one
            warning mastodon::threads at sidekiq[0].threads: 51 threads in `all` wait for each other: Ruby runs one at a time, and Sidekiq is not stable beyond 50
              take more replicas of 25 threads

            # none
            error mastodon::threads at web.threads: web without threads answers nothing
              write `5`
            error mastodon::threads at sidekiq[0].threads: `all` without threads works on nothing
              write `10`

        "#]],
    );
}

#[test]
fn memory_is_enough() {
    table(
        super::sizes::memory_is_enough,
        &[
            ("two workers in 1 GiB", |_| ()),
            ("single mode in 512 MiB", |topology| {
                topology.web.workers = 0;
                topology.web.memory = Memory::from_mib(512);
            }),
            ("too little everywhere", |topology| {
                topology.web.workers = 4;
                topology.streaming.memory = Memory::from_mib(64);
                topology.sidekiq[0].memory = Memory::from_mib(256);
            }),
        ],
        &expect![[r#"
            # two workers in 1 GiB
            well

            # single mode in 512 MiB
            well

            # too little everywhere
            warning mastodon::memory at web.memory: web with workers: 4 needs 1200MiB or more, not 1GiB
              write `1280MiB`
            warning mastodon::memory at streaming.memory: streaming needs 128MiB or more, not 64MiB
              write `256MiB`
            warning mastodon::memory at sidekiq[0].memory: Sidekiq process `all` needs 512MiB or more, not 256MiB
              write `512MiB`

        "#]],
    );
}

#[test]
fn the_owners_name_is_free() {
    table(
        super::owner::username_is_free,
        &[
            ("owner is the default", |_| ()),
            ("alice", |topology| {
                topology.owner.username = "alice".to_owned();
            }),
            ("Admin, in any case of letters", |topology| {
                topology.owner.username = "Admin".to_owned();
            }),
        ],
        &expect![[r#"
            # owner is the default
            well

            # alice
            well

            # Admin, in any case of letters
            error mastodon::reserved-username at owner.username: `Admin` is a name that Mastodon keeps from people
              write `owner`, or the name you want to post under

        "#]],
    );
}

#[test]
fn the_sender_can_send() {
    fn from(topology: &mut Topology, from: &str) {
        topology.mail.from = from.to_owned();
    }
    table(
        super::mail::sender_can_send,
        &[
            ("an address", |_| ()),
            ("a name and an address", |topology| {
                from(topology, "Social <notifications@social.example.com>");
            }),
            ("a name alone", |topology| from(topology, "Social")),
            ("an open bracket", |topology| {
                from(topology, "notifications@social.example.com>");
            }),
            ("below the domain", |topology| {
                from(topology, "n@mail.social.example.com");
            }),
            ("another domain through SES", |topology| {
                from(topology, "n@example.org");
            }),
            ("the web domain through SES", |topology| {
                topology.web_domain = Some(value("web.example.com"));
                from(topology, "n@web.example.com");
            }),
            ("another domain through a server of one's own", |topology| {
                from(topology, "n@example.org");
                topology.mail.via = MailRoute::Smtp(Smtp {
                    server: "smtp.example.org".to_owned(),
                    port: 587,
                    login: None,
                    tls: SmtpTls::Starttls,
                });
            }),
        ],
        &expect![[r#"
            # an address
            well

            # a name and an address
            well

            # a name alone
            error mastodon::mail-sender at mail.from: `Social` is not a sender: it has no mail address
              write `notifications@social.example.com`

            # an open bracket
            error mastodon::mail-sender at mail.from: `notifications@social.example.com>` is not a sender: it has no mail address
              write `notifications@social.example.com`

            # below the domain
            well

            # another domain through SES
            error mastodon::mail-sender at mail.from: SES would refuse mail from `n@example.org`: the domain it sends for is `social.example.com`
              write `notifications@social.example.com`

            # the web domain through SES
            well

            # another domain through a server of one's own
            well

        "#]],
    );
}

proptest! {
    /// However the queues are split: what nobody consumes is named, two consumers of `scheduler`
    /// are too, and whatever the problems, a deployment can be drawn.
    #[test]
    fn any_split_of_queues_is_judged_as_it_is(
        split in proptest::collection::vec(
            (proptest::sample::subsequence(Queue::ALL.to_vec(), 1..=7), 0..4_u16, any::<u16>()),
            0..5,
        ),
        workers: u16,
    ) {
        let mut topology = topology();
        topology.web.workers = workers;
        topology.sidekiq = split
            .into_iter()
            .enumerate()
            .map(|(index, (queues, replicas, threads))| {
                let mut process = fixture::sidekiq(&format!("p{index}"), &queues, threads);
                process.replicas = replicas;
                process
            })
            .collect();
        let problems = check(&topology);
        let said = |text: &str| problems.iter().any(|problem| problem.message.contains(text));
        for queue in Queue::ALL {
            let consumed = topology
                .sidekiq
                .iter()
                .any(|process| process.replicas > 0 && process.queues.contains(&queue));
            prop_assert_ne!(consumed, said(&format!("no Sidekiq process consumes `{queue}`")));
        }
        let schedulers: Vec<_> = topology
            .sidekiq
            .iter()
            .filter(|process| process.queues.contains(&Queue::Scheduler))
            .collect();
        let once = matches!(schedulers[..], [process] if process.replicas == 1);
        prop_assert_eq!(
            once || schedulers.is_empty(),
            problems.iter().all(|problem| problem.code.as_str() != "mastodon::scheduler-not-once")
        );
        let deployment = deployment(&topology, &local(), &Schema::New);
        prop_assert_eq!(
            deployment.processes.iter().filter(|process| process.singleton).count(),
            schedulers.len()
        );
    }
}

#[test]
fn every_code_is_of_this_crate_and_stands_once() {
    let mut texts: Vec<_> = CODES.iter().map(|code| code.as_str()).collect();
    assert!(texts.iter().all(|text| text.starts_with("mastodon::")));
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), CODES.len());
}
