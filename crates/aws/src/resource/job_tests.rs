use super::*;

fn job() -> Job {
    Job {
        job: JobId::Schema,
        command: vec!["rails".to_owned(), "db:prepare".to_owned()],
        environment: Environment::default(),
        record: "v4.7.5 prepare image=1".parse().unwrap(),
        version: "v4.7.5".parse().unwrap(),
        after: BTreeSet::new(),
        tier: Tier::Public,
        bound: Duration::from_secs(900),
    }
}

fn told(job: &Job, record: &str) -> Option<String> {
    let live = LiveJob {
        record: record.parse().ok(),
    };
    let known = BTreeMap::from([(Id::Database, Attributes::of("db"))]);
    let change = job.diff(&live, &known)?;
    Some(format!("{:?}: {}", change.how, change.cause))
}

#[test]
fn work_that_is_done_is_not_done_again() {
    assert_eq!(told(&job(), "v4.7.5 prepare image=1"), None);
    assert_eq!(told(&job(), "v4.7.5 migrate image=1"), None);
}

#[test]
fn another_release_or_image_is_work() {
    assert_eq!(
        told(&job(), "v4.7.4 migrate image=1").unwrap(),
        "Update: it was done for v4.7.4 migrate image=1, and is wanted for v4.7.5 prepare image=1"
    );
    assert!(told(&job(), "v4.7.5 prepare image=2").is_some());
}

#[test]
fn a_release_that_mastodon_cannot_go_back_to_is_refused() {
    let told = told(&job(), "v4.7.6 prepare image=1").unwrap();
    assert!(told.starts_with("Refuse"), "{told}");
    assert!(told.contains("cannot take it back to v4.7.5"), "{told}");
}

#[test]
fn a_new_database_has_everything_to_be_done() {
    let live = LiveJob {
        record: "v4.7.5 prepare image=1".parse().ok(),
    };
    let change = job().diff(&live, &BTreeMap::new()).unwrap();
    assert_eq!(change.cause, "the database is new");
}

#[test]
fn the_same_work_is_found_again_by_who_started_it() {
    let (job, mut other) = (job(), job());
    assert_eq!(job.started_by("db"), other.started_by("db"));
    assert_ne!(job.started_by("db"), job.started_by("another db"));
    assert!(job.started_by("db").len() <= 36, "{}", job.started_by("db"));
    other.command.push("--trace".to_owned());
    assert_ne!(job.started_by("db"), other.started_by("db"));
    other.job = JobId::PostMigrate;
    assert!(other.started_by("db").len() <= 36);
}
