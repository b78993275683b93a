//! How steps start, end and are skipped.

use std::fmt::Write;
use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;

use super::{graph, world};
use crate::backend::{Backend, Failure};
use crate::cancel::Cancel;
use crate::event::{Event, EventKind, FailureReport, Progress};
use crate::execute::execute;
use crate::plan::{PlanOptions, Step, Verb};
use crate::resource::{How, Known, Observed};
use crate::summary::Summary;
use crate::testing::{
    Fault, Faults, MemoryBackend, MemoryError, Run, Thing, ThingAttributes, World, collector,
};
use expect_test::{Expect, expect};

fn delay(ms: u64) -> Fault {
    Fault::Delay(Duration::from_millis(ms))
}

/// Each event as a line, with its time.
fn text(events: &[Event]) -> String {
    let mut text = String::new();
    for Event { elapsed_ms, kind } in events {
        let line = match kind {
            EventKind::Started {
                resource,
                verb,
                cause,
            } => format!("{verb} {resource} ({cause})"),
            EventKind::Finished {
                resource,
                verb,
                took_ms,
            } => {
                format!("{verb} {resource} done after {took_ms}")
            }
            EventKind::Failed {
                resource,
                verb,
                took_ms,
                error,
            } => {
                format!(
                    "{verb} {resource} FAILED after {took_ms}: {}",
                    error.message
                )
            }
            EventKind::Skipped {
                resource,
                verb,
                needs,
            } => {
                format!("{verb} {resource} skipped, needs [{}]", needs.join(", "))
            }
            EventKind::Stopping { running } => {
                format!("stopping, running [{}]", running.join(", "))
            }
            EventKind::Waiting { .. } | EventKind::Advanced { .. } => unreachable!(),
        };
        writeln!(text, "{elapsed_ms:03} {line}").unwrap();
    }
    text
}

/// Runs `desired` to its end and compares events; gives the summary.
async fn check(backend: MemoryBackend, desired: &[Thing], expected: &Expect) -> Summary {
    let (run, events) = backend.up(&graph(desired), &PlanOptions::default()).await;
    expected.assert_eq(&text(&events));
    match run {
        Run::Ended(summary) => summary,
        Run::Crashed => panic!("crashed"),
    }
}

/// Calls `interrupt` after `ms`.
async fn check_interrupted(
    backend: &MemoryBackend,
    desired: &[Thing],
    ms: u64,
    interrupt: impl Fn(&Cancel),
    expected: &Expect,
) -> Summary {
    let (sink, events) = collector();
    let cancel = Cancel::new();
    let plan = backend.plan(&graph(desired), &PlanOptions::default());
    let later = async {
        crate::wait::pause(Duration::from_millis(ms)).await;
        interrupt(&cancel);
    };
    let (summary, ()) = tokio::join!(execute(backend, &plan, sink, &cancel), later);
    expected.assert_eq(&text(&events.lock().unwrap()));
    summary
}

#[tokio::test(start_paused = true)]
async fn a_step_starts_as_soon_as_its_own_needs_are_met() {
    let fast = Thing::new("container", "fast");
    let slow = Thing::new("container", "slow");
    let above_fast = Thing::new("container", "above-fast").needs(&fast);
    let above_both = Thing::new("container", "above-both")
        .needs(&above_fast)
        .needs(&slow);
    let world = World::new();
    let backend = MemoryBackend::new(&world).faults(
        Faults::none()
            .on(&fast.id, Verb::Create, delay(10))
            .on(&above_fast.id, Verb::Create, delay(20))
            .on(&slow.id, Verb::Create, delay(100))
            .on(&above_both.id, Verb::Create, delay(30)),
    );
    let things = [fast, slow, above_fast, above_both];
    let summary = check(
        backend,
        &things,
        &expect![[r#"
            000 create container `fast` (not there)
            000 create container `slow` (not there)
            010 create container `fast` done after 10
            010 create container `above-fast` (not there)
            030 create container `above-fast` done after 20
            100 create container `slow` done after 100
            100 create container `above-both` (not there)
            130 create container `above-both` done after 30
        "#]],
    )
    .await;
    assert!(summary.is_success());
    assert_eq!((summary.took_ms, summary.critical_path_ms), (130, 130));
}

#[tokio::test(start_paused = true)]
async fn no_more_run_at_once_than_the_backend_allows() {
    let things = ["a", "b", "c"].map(|name| Thing::new("container", name));
    let world = World::new();
    let faults = Faults::none()
        .at(0, delay(10))
        .at(1, delay(20))
        .at(2, delay(30));
    let backend = MemoryBackend::new(&world).faults(faults).concurrency(2);
    let summary = check(
        backend,
        &things,
        &expect![[r#"
            000 create container `a` (not there)
            000 create container `b` (not there)
            010 create container `a` done after 10
            010 create container `c` (not there)
            020 create container `b` done after 20
            040 create container `c` done after 30
        "#]],
    )
    .await;
    assert_eq!((summary.took_ms, summary.critical_path_ms), (40, 30));
}

#[tokio::test(start_paused = true)]
async fn no_places_count_as_one() {
    let things = ["a", "b"].map(|name| Thing::new("container", name));
    let world = World::new();
    let backend = MemoryBackend::new(&world).concurrency(0);
    assert!(
        check(
            backend,
            &things,
            &expect![[r#"
                000 create container `a` (not there)
                000 create container `a` done after 0
                000 create container `b` (not there)
                000 create container `b` done after 0
            "#]]
        )
        .await
        .is_success()
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_skips_what_comes_after_it_and_nothing_else() {
    let database = Thing::new("container", "db");
    let job = Thing::new("job", "migrate").needs(&database);
    let web = Thing::new("container", "web").needs(&job).needs(&database);
    let mail = Thing::new("container", "mail");
    let queue = Thing::new("container", "queue").needs(&mail);
    let world = World::new();
    let faults = Faults::none()
        .on(&database.id, Verb::Create, delay(5))
        .on(&job.id, Verb::Create, Fault::Fail)
        .on(&mail.id, Verb::Create, delay(50));
    let backend = MemoryBackend::new(&world).faults(faults);
    let things = [database, job, web, mail, queue];
    let summary = check(
        backend,
        &things,
        &expect![[r#"
            000 create container `db` (not there)
            000 create container `mail` (not there)
            005 create container `db` done after 5
            005 create job `migrate` (not there)
            005 create job `migrate` FAILED after 0: injected failure
            005 create container `web` skipped, needs [job `migrate`]
            050 create container `mail` done after 50
            050 create container `queue` (not there)
            050 create container `queue` done after 0
        "#]],
    )
    .await;
    expect![[r#"
        {
          "done": [
            "container `db`",
            "container `mail`",
            "container `queue`"
          ],
          "failed": [
            [
              "job `migrate`",
              {
                "message": "injected failure",
                "causes": [],
                "hint": "run it again",
                "log_tail": []
              }
            ]
          ],
          "skipped": [
            [
              "container `web`",
              [
                "job `migrate`"
              ]
            ]
          ],
          "unfinished": [],
          "refusals": [],
          "cancelled": false,
          "took_ms": 50,
          "critical_path_ms": 50
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&summary).unwrap());
    assert!(!summary.is_success());
}

#[tokio::test(start_paused = true)]
async fn half_a_replacement_is_skipped_for_the_needs_of_the_other() {
    let job = Thing::new("job", "migrate").on_change(How::DeleteThenCreate);
    let web = Thing::new("container", "web")
        .needs(&job)
        .on_change(How::DeleteThenCreate);
    let world = world(&[job.clone(), web.clone()]);
    let faults = Faults::none().on(&job.id, Verb::Create, Fault::Fail);
    let backend = MemoryBackend::new(&world).faults(faults);
    let things = [job.version(2), web.version(2)];
    let summary = check(
        backend,
        &things,
        &expect![[r#"
            000 delete job `migrate` (version changed)
            000 delete job `migrate` done after 0
            000 create job `migrate` (version changed)
            000 create job `migrate` FAILED after 0: injected failure
            000 delete container `web` skipped, needs [job `migrate`]
            000 create container `web` skipped, needs [job `migrate`]
        "#]],
    )
    .await;
    // The old process was never touched.
    assert_eq!(world.text(), "container `web` v1\n");
    assert_eq!(
        summary.skipped,
        [(
            "container `web`".to_owned(),
            vec!["job `migrate`".to_owned()]
        )]
    );
}

#[tokio::test(start_paused = true)]
async fn a_stop_finishes_what_runs_and_starts_nothing() {
    let database = Thing::new("container", "db");
    let web = Thing::new("container", "web").needs(&database);
    let world = World::new();
    let backend = MemoryBackend::new(&world).faults(Faults::none().on(
        &database.id,
        Verb::Create,
        delay(100),
    ));
    let summary = check_interrupted(
        &backend,
        &[database, web],
        30,
        Cancel::stop,
        &expect![[r#"
            000 create container `db` (not there)
            030 stopping, running [container `db`]
            030 create container `web` skipped, needs []
            100 create container `db` done after 100
        "#]],
    )
    .await;
    assert_eq!(world.text(), "container `db` v1\n");
    expect![[r#"{"done":["container `db`"],"failed":[],"skipped":[["container `web`",[]]],"unfinished":[],"refusals":[],"cancelled":true,"took_ms":100,"critical_path_ms":100}"#]].assert_eq(&serde_json::to_string(&summary).unwrap());
}

#[tokio::test(start_paused = true)]
async fn an_abort_leaves_what_runs_and_names_it() {
    let database = Thing::new("container", "db");
    let web = Thing::new("container", "web").needs(&database);
    let world = World::new();
    let backend = MemoryBackend::new(&world).faults(Faults::none().on(
        &database.id,
        Verb::Create,
        delay(100),
    ));
    let summary = check_interrupted(
        &backend,
        &[database, web],
        30,
        Cancel::abort,
        &expect![[r#"
            000 create container `db` (not there)
            030 stopping, running [container `db`]
            030 create container `web` skipped, needs []
        "#]],
    )
    .await;
    assert_eq!(world.text(), "");
    expect![[r#"{"done":[],"failed":[],"skipped":[["container `web`",[]]],"unfinished":["container `db`"],"refusals":[],"cancelled":true,"took_ms":30,"critical_path_ms":30}"#]].assert_eq(&serde_json::to_string(&summary).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_comes_too_late_cuts_nothing_short() {
    let database = Thing::new("container", "db");
    let world = World::new();
    let backend = MemoryBackend::new(&world).faults(Faults::none().at(0, delay(100)));
    let summary = check_interrupted(
        &backend,
        &[database],
        30,
        Cancel::stop,
        &expect![[r#"
            000 create container `db` (not there)
            030 stopping, running [container `db`]
            100 create container `db` done after 100
        "#]],
    )
    .await;
    assert!(summary.is_success());
    assert!(!summary.cancelled);
}

#[tokio::test(start_paused = true)]
async fn an_abort_after_a_stop_does_not_wait() {
    let world = World::new();
    let backend = MemoryBackend::new(&world).faults(Faults::none().at(0, delay(100)));
    let both = |cancel: &Cancel| {
        cancel.stop();
        cancel.abort();
    };
    let things = [Thing::new("container", "db")];
    let summary = check_interrupted(
        &backend,
        &things,
        30,
        both,
        &expect![[r#"
            000 create container `db` (not there)
            030 stopping, running [container `db`]
        "#]],
    )
    .await;
    assert_eq!(summary.unfinished, ["container `db`"]);
    assert_eq!(summary.took_ms, 30);
}

#[tokio::test(start_paused = true)]
async fn what_was_cancelled_before_it_began_does_nothing() {
    let world = World::new();
    let backend = MemoryBackend::new(&world);
    let (sink, events) = collector();
    let cancel = Cancel::new();
    cancel.stop();
    let plan = backend.plan(
        &graph(&[Thing::new("container", "db")]),
        &PlanOptions::default(),
    );
    let summary = execute(&backend, &plan, sink, &cancel).await;
    expect![[r#"
        000 stopping, running []
        000 create container `db` skipped, needs []
    "#]]
    .assert_eq(&text(&events.lock().unwrap()));
    assert!(summary.cancelled);
    assert_eq!(world.history(), []);
}

#[tokio::test(start_paused = true)]
async fn a_refused_plan_is_not_begun() {
    let volume = Thing::new("volume", "db").refuse_create("its key is gone", "restore the key");
    let web = Thing::new("container", "web");
    let world = World::new();
    let backend = MemoryBackend::new(&world);
    let summary = check(
        backend,
        &[volume, web],
        &expect![[r#"
            000 create container `web` skipped, needs [volume `db`]
        "#]],
    )
    .await;
    assert!(!summary.is_success());
    assert_eq!(summary.refusals.len(), 1);
    assert_eq!(world.history(), []);
}

#[tokio::test(start_paused = true)]
async fn an_empty_plan_succeeds_without_an_event() {
    let world = World::new();
    let backend = MemoryBackend::new(&world);
    let summary = check(backend, &[], &expect![[""]]).await;
    assert_eq!(summary, Summary::default());
    assert!(summary.is_success());
}

/// Remembers what each step is told.
struct Told {
    inner: MemoryBackend,
    told: Mutex<Vec<String>>,
}

impl Backend for Told {
    type Resource = Thing;
    type Error = MemoryError;

    async fn observe(&self) -> Result<Observed<Thing>, MemoryError> {
        self.inner.observe().await
    }

    async fn apply(
        &self,
        step: &Step<Thing>,
        inputs: &Known<Thing>,
        progress: &Progress,
    ) -> Result<Option<ThingAttributes>, MemoryError> {
        let inputs_text: Vec<_> = inputs
            .iter()
            .map(|(id, known)| format!("{id} #{}", known.identity))
            .collect();
        let line = format!("{} {}: {}", step.verb(), step.id, inputs_text.join(", "));
        self.told.lock().unwrap().push(line);
        self.inner.apply(step, inputs, progress).await
    }

    fn concurrency(&self) -> usize {
        1
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_is_told_of_its_direct_dependencies_only() {
    let network = Thing::new("network", "net");
    let database = Thing::new("container", "db")
        .holds(&network)
        .on_change(How::DeleteThenCreate);
    let web = Thing::new("container", "web").holds(&database);
    let gone = Thing::new("container", "gone").holds(&network);
    let world = world(&[network.clone(), database.clone(), web.clone(), gone]);
    let told = Told {
        inner: MemoryBackend::new(&world),
        told: Mutex::default(),
    };
    let plan = told.inner.plan(
        &graph(&[network, database.version(2), web]),
        &PlanOptions::default(),
    );
    let summary = execute(&told, &plan, collector().0, &Cancel::new()).await;
    assert!(summary.is_success());
    expect![[r#"
        delete container `web`: 
        delete container `db`: network `net` #1
        create container `db`: network `net` #1
        create container `web`: container `db` #5
        delete container `gone`: network `net` #1"#]]
    .assert_eq(&told.told.lock().unwrap().join("\n"));
}

#[derive(Debug, thiserror::Error)]
#[error("could not start `web`")]
struct Exited(#[source] std::num::ParseIntError);

impl Failure for Exited {
    fn hint(&self) -> Option<String> {
        Some("look at the log".to_owned())
    }

    fn log_tail(&self) -> Vec<String> {
        (1..=30).map(|line| line.to_string()).collect()
    }
}

#[test]
fn a_failure_is_reported_with_its_causes_its_hint_and_its_last_twenty_lines() {
    let report = FailureReport::new(&Exited("x".parse::<u8>().unwrap_err()));
    assert_eq!(report.message, "could not start `web`");
    assert_eq!(report.causes, ["invalid digit found in string"]);
    assert_eq!(report.hint.as_deref(), Some("look at the log"));
    assert_eq!(
        report.log_tail,
        (11..=30).map(|line| line.to_string()).collect::<Vec<_>>()
    );
}

/// A run may be a task of its own where its caller wants that.
#[test]
fn a_run_can_move_between_threads() {
    fn sendable(_: impl Future + Send) {}
    let world = World::new();
    let backend = MemoryBackend::new(&world);
    let plan = backend.plan(&graph(&[]), &PlanOptions::default());
    let (sink, cancel) = (collector().0, Cancel::new());
    sendable(execute(&backend, &plan, sink, &cancel));
}
