use engine::{Plan, PlanOptions};
use expect_test::{Expect, expect};
use mastodon::Schema;

use super::*;
use crate::desired::desired;
use crate::fixture::{self, SOCIAL};
use crate::id::VolumeRole;
use crate::resource::Live;

const NEXT: &str = "name: social\ndomain: social.example.com\nmastodon: { version: v4.7.5 }\n";
const PREVIOUS: &str = "name: social\ndomain: social.example.com\nmastodon: { version: v4.6.9 }\n";

/// Plans `text`, with the database at `schema`, against the world of `there`.
#[track_caller]
fn check(
    (text, schema): (&str, &Schema),
    there: &str,
    accident: impl FnOnce(&mut engine::Observed<Resource>),
    expected: &Expect,
) {
    let deployment = fixture::deployment(text, schema);
    let graph = desired(&deployment, &fixture::spec(text, &deployment)).unwrap();
    let mut world = fixture::world(&fixture::graph(there));
    accident(&mut world);
    let plan: Plan<Resource> = engine::plan(&graph, &world, &PlanOptions::default());
    expected.assert_eq(&plan.to_string());
}

fn set(world: &mut engine::Observed<Resource>, job: JobId, state: State) {
    if let Some(Live::Container(live)) = world.get_mut(&Id::Job(job)) {
        live.state = state;
    }
}

fn prepared(version: &str) -> Schema {
    Schema::Prepared(version.parse().unwrap())
}

#[test]
fn a_job_that_ended_well_is_not_run_again_for_a_changed_environment() {
    let text = format!("{SOCIAL}mastodon: {{ env: {{ FOO: bar }} }}\n");
    check(
        (&text, &prepared("v4.7.5")),
        SOCIAL,
        |_| {},
        &expect![[r#"
            -/+ replace container `web-1`  (environment (FOO) changed) [restart]
                env.FOO: (none) -> set
            -/+ replace container `sidekiq-all-1`  (environment (FOO) changed) [restart]
                env.FOO: (none) -> set
            2 to replace; 17 unchanged
        "#]],
    );
}

#[test]
fn a_job_goes_on_or_is_run_again_as_it_was_left() {
    check(
        (SOCIAL, &Schema::New),
        SOCIAL,
        |world| {
            set(world, JobId::Schema, State::Exited(1));
            set(world, JobId::Bucket, State::Running);
            set(world, JobId::Owner, State::Created);
        },
        &expect![[r#"
            ~ update job `bucket`  (still runs)
            -/+ replace job `schema`  (failed last time (exit code 1))
            -/+ replace job `owner`  (was never started)
            1 to update, 2 to replace; 16 unchanged
        "#]],
    );
}

#[test]
fn an_upgrade_migrates_in_two_phases_around_the_processes() {
    check(
        (NEXT, &prepared("v4.6.9")),
        PREVIOUS,
        |_| {},
        &expect![[r#"
            -/+ replace job `schema`  (image and outcome changed)
                image: ghcr.io/mastodon/mastodon:v4.6.9 (9dd4a913892d) -> ghcr.io/mastodon/mastodon:v4.7.5 (106d9c4657c6)
                outcome: schema: v4.6.9 -> schema: v4.7.5
            -/+ replace container `web-1`  (image changed) [restart]
                image: ghcr.io/mastodon/mastodon:v4.6.9 (9dd4a913892d) -> ghcr.io/mastodon/mastodon:v4.7.5 (106d9c4657c6)
            -/+ replace container `streaming-1`  (image changed) [restart]
                image: ghcr.io/mastodon/mastodon-streaming:v4.6.9 (17fadbe9f980) -> ghcr.io/mastodon/mastodon-streaming:v4.7.5 (7424eaa9c4ad)
            -/+ replace container `sidekiq-all-1`  (image changed) [restart]
                image: ghcr.io/mastodon/mastodon:v4.6.9 (9dd4a913892d) -> ghcr.io/mastodon/mastodon:v4.7.5 (106d9c4657c6)
            + create job `post-migrate`  (not there)
            1 to create, 4 to replace; 15 unchanged
        "#]],
    );
}

#[test]
fn a_database_that_is_too_new_is_refused() {
    check(
        (PREVIOUS, &prepared("v4.7.5")),
        NEXT,
        |_| {},
        &expect![[r#"
            -/+ replace container `web-1`  (image changed) [restart]
                image: ghcr.io/mastodon/mastodon:v4.7.5 (106d9c4657c6) -> ghcr.io/mastodon/mastodon:v4.6.9 (9dd4a913892d)
            -/+ replace container `streaming-1`  (image changed) [restart]
                image: ghcr.io/mastodon/mastodon-streaming:v4.7.5 (7424eaa9c4ad) -> ghcr.io/mastodon/mastodon-streaming:v4.6.9 (17fadbe9f980)
            -/+ replace container `sidekiq-all-1`  (image changed) [restart]
                image: ghcr.io/mastodon/mastodon:v4.7.5 (106d9c4657c6) -> ghcr.io/mastodon/mastodon:v4.6.9 (9dd4a913892d)
            + create job `post-migrate`  (not there)
            ! refuse volume `postgres`  (the database was made by v4.7.5, and v4.6.9 cannot use it)
                set `mastodon.version` to v4.7.5 or newer, or restore a backup from before the upgrade
            ! refuse job `schema`  (the database was migrated to v4.7.5, and Mastodon cannot take it back to v4.6.9)
                set `mastodon.version` to v4.7.5 or newer, or restore a backup from before the upgrade
            1 to create, 3 to replace; 2 refused, 14 unchanged
        "#]],
    );
}

#[test]
fn a_volume_that_was_made_anew_needs_its_jobs_again() {
    check(
        (SOCIAL, &prepared("v4.7.5")),
        SOCIAL,
        |world| {
            if let Some(Live::Volume(volume)) = world.get_mut(&Id::Volume(VolumeRole::Postgres)) {
                volume.incarnation = "another".to_owned();
            }
        },
        &expect![[r#"
            -/+ replace container `postgres`  (volume `postgres` is new) [restart]
            -/+ replace job `schema`  (volume `postgres` is new)
            -/+ replace job `owner`  (volume `postgres` is new)
            3 to replace; 16 unchanged
        "#]],
    );
}
