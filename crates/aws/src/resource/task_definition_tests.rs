use crate::environment::Value;

use super::*;

fn definition() -> TaskDefinition {
    let environment = Environment {
        plain: BTreeMap::from([
            ("RAILS_ENV".to_owned(), Value::Text("production".to_owned())),
            (
                "DB_HOST".to_owned(),
                Value::Of(Id::Database, Attribute::Host),
            ),
        ]),
        secrets: BTreeMap::from([("DB_PASS".to_owned(), "POSTGRES_PASSWORD".to_owned())]),
    };
    TaskDefinition {
        family: TaskFamily::Process(ProcessId::Web),
        architecture: Architecture::Arm64,
        cpu_millis: 250,
        memory: 1024,
        image: "example.org/mastodon:v4.7.5".to_owned(),
        command: vec!["puma".to_owned()],
        environment,
        secret_values: "1f".to_owned(),
        port: Some(3000),
        health: Vec::new(),
        stop_seconds: 60,
        scope: crate::fixture::scope(),
    }
}

fn known() -> Known<Resource> {
    let plain = [
        (Id::Role(RoleKind::Task), "arn:task"),
        (Id::Role(RoleKind::Execution), "arn:execution"),
        (Id::LogGroup, "/masto/social"),
        (Id::Secret, "arn:secret"),
    ];
    let mut known: Known<Resource> = plain
        .map(|(id, identity)| (id, Attributes::of(identity)))
        .into();
    let database = Attributes::of("masto-social").with(Attribute::Host, "db.example");
    known.insert(Id::Database, database);
    known
}

fn live(definition: &TaskDefinition, known: &Known<Resource>) -> LiveTaskDefinition {
    LiveTaskDefinition {
        definition: definition.render(|id| known.get(id)).unwrap(),
        revision: 7,
    }
}

#[test]
fn a_definition_that_says_the_same_is_left_alone() {
    let (definition, known) = (definition(), known());
    let live = live(&definition, &known);
    assert_eq!(definition.diff(&live, &known), None);
    assert_eq!(live.definition.cpu, "256");
    assert_eq!(
        live.definition.secrets["DB_PASS"],
        "arn:secret:POSTGRES_PASSWORD::"
    );
}

#[test]
fn whatever_differs_is_a_new_revision_and_told_by_name() {
    let (mut definition, mut known) = (definition(), known());
    let live = live(&definition, &known);
    definition.image = "example.org/mastodon:v4.7.6".to_owned();
    let moved = Attributes::of("masto-social").with(Attribute::Host, "other.example");
    known.insert(Id::Database, moved);
    let change = definition.diff(&live, &known).unwrap();
    assert_eq!(change.how, How::Update);
    assert_eq!(change.cause, "image, DB_HOST changed");
    assert_eq!(change.attributes[1].new.as_deref(), Some("other.example"));
}

#[test]
fn a_dependency_that_is_made_anew_is_the_cause() {
    let (definition, mut known) = (definition(), known());
    let live = live(&definition, &known);
    known.remove(&Id::Database);
    let change = definition.diff(&live, &known).unwrap();
    assert_eq!(change.cause, "database is made anew");
}

#[test]
fn services_notice_what_would_be_a_new_revision() {
    let (mut definition, mut known) = (definition(), known());
    assert!(definition.new_revision(&known), "nothing is registered");
    let registered = live(&definition, &known).definition.fingerprint();
    let latest = Attributes::of("arn:7").with(Attribute::Fingerprint, registered);
    known.insert(definition.id(), latest);
    assert!(!definition.new_revision(&known));
    definition.memory = 2048;
    assert!(definition.new_revision(&known));
}

#[test]
fn families_are_found_by_their_names() {
    let told = |name| parse(name).map(|family| family.to_string());
    for name in ["web", "streaming", "sidekiq-all", "one-off"] {
        assert_eq!(told(name).as_deref(), Some(name));
    }
    assert_eq!(told("2-web"), None);
    assert_eq!(told("sidekiq-"), None);
}
