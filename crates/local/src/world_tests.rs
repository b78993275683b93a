use engine::Resource as _;

use super::*;
use crate::fixture::{self, SOCIAL};
use crate::id::{NetworkRole, StoreRole};

fn world(neighbours: &[&str], accident: impl FnOnce(&mut Observed<Resource>)) -> World {
    let mut things = fixture::world(&fixture::graph(SOCIAL));
    accident(&mut things);
    let neighbours = neighbours.iter().map(|&name| name.to_owned()).collect();
    World::new(&"social".parse().unwrap(), Snapshot { things, neighbours })
}

fn job(things: &mut Observed<Resource>, change: impl FnOnce(&mut LiveContainer)) {
    if let Some(Live::Container(live)) = things.get_mut(&Id::Job(JobId::Schema)) {
        change(live);
    }
}

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

#[test]
fn the_schema_is_what_its_job_recorded() {
    assert_eq!(
        world(&[], |_| {}).schema,
        Schema::Prepared(version("v4.7.5"))
    );
    let migrated = world(&[], |things| {
        job(things, |job| job.mode = Some(Mode::Migrate));
    });
    assert_eq!(migrated.schema, Schema::Migrated(version("v4.7.5")));
}

#[test]
fn a_migration_that_failed_goes_on_and_a_preparation_that_failed_begins_again() {
    let failed = |mode| {
        world(&[], |things| {
            things.retain(|id, _| !matches!(id, Id::Process(..)));
            job(things, |job| {
                job.mode = Some(mode);
                job.state = State::Exited(1);
            });
        })
    };
    assert_eq!(
        failed(Mode::Migrate).schema,
        Schema::Migrated(version("v4.7.5"))
    );
    assert_eq!(failed(Mode::Prepare).schema, Schema::New);
}

#[test]
fn without_a_record_the_oldest_running_process_tells_the_schema() {
    let lost = world(&[], |things| {
        things.remove(&Id::Job(JobId::Schema));
        if let Some(Live::Container(web)) = things.get_mut(&Id::Process(ProcessId::Web, 1)) {
            web.version = Some("v4.6.9".to_owned());
        }
    });
    assert_eq!(lost.schema, Schema::Prepared(version("v4.6.9")));
    let idle = world(&[], |things| {
        things.retain(|id, _| !matches!(id, Id::Process(..) | Id::Job(_)));
    });
    assert_eq!(idle.schema, Schema::New);
}

#[test]
fn an_ingress_that_others_use_is_not_seen_by_a_plan_that_does_not_want_it() {
    let has_ingress = |world: &World, desired: &Graph<Resource>| {
        let seen = world.observed_for(desired);
        (
            seen.contains_key(&Id::Ingress),
            seen.contains_key(&Id::Route),
        )
    };
    let empty = Graph::empty();
    assert_eq!(has_ingress(&world(&[], |_| {}), &empty), (true, true));
    let shared = world(&["other"], |_| {});
    assert_eq!(has_ingress(&shared, &empty), (false, true));
    assert_eq!(has_ingress(&shared, &fixture::graph(SOCIAL)), (true, true));
}

#[test]
fn data_is_the_database_and_a_strangers_volume_is_none_of_it() {
    let postgres = Id::Volume(VolumeRole::Postgres);
    assert!(world(&[], |_| {}).has_data());
    assert_eq!(
        world(&[], |_| {}).domain.as_deref(),
        Some("social.localhost")
    );
    let gone = world(&[], |things| {
        things.remove(&postgres);
    });
    assert!(!gone.has_data());
    let foreign = world(&[], |things| {
        if let Some(Live::Volume(volume)) = things.get_mut(&postgres) {
            volume.owner = Owner::Stranger;
        }
    });
    assert!(!foreign.has_data());
}

#[test]
fn lost_secrets_are_refused_only_where_there_is_data() {
    let folder = tempfile::tempdir().unwrap();
    let paths = crate::paths::Paths::new(folder.path());
    let store = SecretStore::new(&paths, &"social".parse().unwrap());
    let error = world(&[], |_| {}).check_secrets(&store).unwrap_err();
    assert!(matches!(error, Error::SecretsLost { .. }), "{error}");
    world(&[], Observed::<Resource>::clear)
        .check_secrets(&store)
        .unwrap();
}

#[test]
fn a_deployment_exists_when_there_is_more_of_it_than_the_shared_ingress() {
    assert!(world(&[], |_| {}).exists());
    let shared = Id::is_shared;
    assert!(!world(&[], |things| things.retain(|id, _| shared(id))).exists());
    let kept = |id: &Id| shared(id) || *id == Id::Volume(VolumeRole::Postgres);
    assert!(world(&[], |things| things.retain(|id, _| kept(id))).exists());
}

#[test]
fn containers_are_listed_in_the_order_of_what_they_are() {
    let world = world(&[], |_| {});
    let names: Vec<String> = world
        .containers()
        .iter()
        .map(|container| container.process.clone())
        .collect();
    let first = [
        StoreRole::Postgres,
        StoreRole::Redis,
        StoreRole::Minio,
        StoreRole::Mailpit,
    ];
    assert_eq!(names[..4], first.map(|role| role.as_str().to_owned()));
    assert_eq!(names.last().map(String::as_str), Some("ingress"));
    let graph = fixture::graph(SOCIAL);
    assert!(
        graph
            .iter()
            .any(|resource| resource.id() == Id::Network(NetworkRole::Stores))
    );
}
