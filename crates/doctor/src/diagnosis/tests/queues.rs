use expect_test::expect;

use super::*;

#[test]
fn a_queue_without_consumer_names_what_stops_and_who_should_consume() {
    check(
        &Symptom::QueuesUnconsumed(vec!["ingress".into()]),
        |facts| facts.sidekiq = Some(snapshot(&["default", "scheduler"])),
        &expect![[r#"
            cause: no Sidekiq process consumes `ingress`: messages from other servers never arrive
            - live Sidekiq processes: host:1:a [default scheduler]
            fix: `masto up` starts `sidekiq-all` with its queues; what stopped it is in `masto logs sidekiq-all`"#]],
    );
    check(
        &Symptom::QueuesUnconsumed(vec!["pull".into()]),
        unchanged,
        &expect![[r#"
            cause: no Sidekiq process consumes `pull`: no remote pictures, link cards, imports or deletions
            - live Sidekiq processes: host:1:a [default ingress scheduler]
            fix: add `pull` to the `queues` of a Sidekiq process in the topology, then `masto up`"#]],
    );
}

#[test]
fn a_quiet_process_takes_no_jobs() {
    check(
        &Symptom::JobNotTaken("ingress".into()),
        |facts| {
            let mut quiet = snapshot(&["default", "ingress", "scheduler"]);
            quiet.processes[0].quiet = true;
            facts.sidekiq = Some(quiet);
        },
        &expect![[r#"
            cause: Sidekiq takes no new jobs: it was told to be quiet
            - host:1:a is quiet
            fix: it is about to stop, or somebody sent it SIGTSTP: end it, and `masto up` starts it again"#]],
    );
    check(
        &Symptom::JobNotTaken("ingress".into()),
        |facts| {
            log(
                facts,
                "sidekiq-all",
                &[
                    "Booted Rails 8.1",
                    "INFO: Terminating quiet threads for default capsule",
                ],
            );
        },
        &expect![[r#"
            cause: Sidekiq takes no new jobs: it was told to be quiet
            - sidekiq-all: INFO: Terminating quiet threads for default capsule
            fix: it is about to stop, or somebody sent it SIGTSTP: end it, and `masto up` starts it again"#]],
    );
    check(
        &Symptom::JobNotTaken("ingress".into()),
        |facts| {
            log(
                facts,
                "sidekiq-all",
                &["Terminating quiet threads", "Booted Rails 8.1"],
            );
        },
        &expect![[r#"
            cause: the consumers of `ingress` do not take its jobs: they are busy or hang
            fix: look at `masto logs sidekiq-all`"#]],
    );
}

#[test]
fn nobody_at_work_is_one_cause_whatever_the_queue() {
    for symptom in [
        Symptom::NoEvent(None),
        Symptom::JobNotTaken("ingress".into()),
    ] {
        check(
            &symptom,
            |facts| {
                facts.sidekiq.as_mut().unwrap().processes.clear();
            },
            &expect![[r#"
                cause: no Sidekiq process is at work: nothing is received, delivered, mailed or done later
                - Redis knows no live Sidekiq process
                fix: `masto up` starts `sidekiq-all`; what stopped it is in `masto logs sidekiq-all`"#]],
        );
    }
}

#[test]
fn a_process_without_a_sign_of_life_hangs() {
    check(
        &Symptom::JobNotTaken("ingress".into()),
        |facts| {
            let mut silent = snapshot(&["default", "ingress", "scheduler"]);
            silent.processes[0].silent_for = Some(41.0);
            facts.sidekiq = Some(silent);
        },
        &expect![[r#"
            cause: `sidekiq-all` hangs or was killed: it gives no sign of life
            - the last sign of life of host:1:a is 41 s old (there should be one every 10 s)
            - `ingress` holds 0 jobs, the oldest for 0 s
            fix: `masto up` replaces a dead one; otherwise look at `masto logs sidekiq-all`"#]],
    );
}

#[test]
fn a_queue_with_too_much_work_needs_threads() {
    check(
        &Symptom::QueueSlow("ingress".into()),
        |facts| {
            let mut busy = snapshot(&["default", "ingress", "scheduler"]);
            busy.processes[0].busy = 10;
            let waiting = Waiting {
                length: 900,
                latency: 70.0,
            };
            busy.queues.insert("ingress".into(), waiting);
            facts.sidekiq = Some(busy);
        },
        &expect![[r#"
            cause: `ingress` has more jobs than its consumers get done
            - `ingress` holds 900 jobs, the oldest for 70 s
            - 10 of 10 threads that consume it are at work
            fix: if it does not shrink, raise `threads` or `replicas` of `sidekiq-all` in the topology, then `masto up`"#]],
    );
}

#[test]
fn a_failed_test_job_brings_its_error() {
    check(
        &Symptom::JobFailed(
            "ActiveRecord::ConnectionTimeoutError: could not obtain a connection from the pool"
                .into(),
        ),
        unchanged,
        &expect![[r#"
            cause: `Sidekiq` has more threads than connections in its pool
            - Sidekiq: ActiveRecord::ConnectionTimeoutError: could not obtain a connection from the pool
            fix: leave `DB_POOL` out, or set it to at least the number of threads; then `masto up`"#]],
    );
    check(
        &Symptom::JobFailed("NoMethodError: undefined method".into()),
        unchanged,
        &expect![[r#"
            cause: jobs fail in `sidekiq-all`: NoMethodError: undefined method
            - NoMethodError: undefined method
            fix: look at `masto logs sidekiq-all`"#]],
    );
}
