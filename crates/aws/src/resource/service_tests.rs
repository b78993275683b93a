use topology::Architecture;

use crate::attributes::Attribute;
use crate::environment::Environment;
use crate::id::{GroupRole, RoleKind, TaskFamily, Tier, Zone};

use super::*;

fn service() -> Service {
    Service {
        process: ProcessId::Web,
        definition: TaskDefinition {
            family: TaskFamily::Process(ProcessId::Web),
            architecture: Architecture::Arm64,
            cpu_millis: 500,
            memory: 1024,
            image: "example.org/mastodon:v4.7.5".to_owned(),
            command: Vec::new(),
            environment: Environment::default(),
            secret_values: String::new(),
            port: Some(3000),
            health: Vec::new(),
            stop_seconds: 60,
            scope: crate::fixture::scope(),
        },
        replicas: 2,
        autoscaled: false,
        singleton: false,
        spot: false,
        network: TaskNetwork {
            tier: Tier::Public,
            group: GroupRole::Web,
        },
        target: Some(Target {
            role: TargetRole::Web,
            port: 3000,
            grace_seconds: 300,
        }),
        after: BTreeSet::new(),
    }
}

fn known(service: &Service) -> Known<Resource> {
    let mut known: Known<Resource> = [
        (Id::Role(RoleKind::Task), "arn:task"),
        (Id::Role(RoleKind::Execution), "arn:execution"),
        (Id::Subnet(Tier::Public, Zone::A), "subnet-a"),
        (Id::Subnet(Tier::Public, Zone::B), "subnet-b"),
        (Id::SecurityGroup(GroupRole::Web), "sg-web"),
        (Id::TargetGroup(TargetRole::Web), "arn:targets/web"),
    ]
    .map(|(id, identity)| (id, Attributes::of(identity)))
    .into();
    let registered = service.definition.render(|id| known.get(id)).unwrap();
    let latest = Attributes::of("arn:task-definition/masto-social-web:7")
        .with(Attribute::Fingerprint, registered.fingerprint());
    known.insert(service.definition.id(), latest);
    known
}

fn live() -> LiveService {
    LiveService {
        definition: "arn:task-definition/masto-social-web:7".to_owned(),
        replicas: 2,
        percent: Some((100, 200)),
        breaker: Some(true),
        exec: true,
        capacity: "FARGATE".to_owned(),
        subnets: vec!["subnet-a".to_owned(), "subnet-b".to_owned()],
        groups: vec!["sg-web".to_owned()],
        public_address: true,
        target: Some(("arn:targets/web".to_owned(), 3000)),
        grace_seconds: Some(300),
        unsteady: None,
    }
}

/// How, cause and impact of what follows when `change` happened to the live service.
fn told(service: &Service, change: impl FnOnce(&mut LiveService)) -> Option<String> {
    let mut live = live();
    change(&mut live);
    let change = service.diff(&live, &known(service))?;
    Some(format!(
        "{:?}, {}: {}",
        change.how, change.impact, change.cause
    ))
}

#[test]
fn a_service_that_is_as_it_should_be_is_left_alone() {
    assert_eq!(told(&service(), |_| ()), None);
    // Not every emulator tells everything.
    assert_eq!(
        told(&service(), |live| {
            live.percent = None;
            live.breaker = None;
            live.capacity = String::new();
            live.grace_seconds = None;
        }),
        None
    );
}

#[test]
fn each_field_is_mended_in_place() {
    type Touch = fn(&mut LiveService);
    let changes: [(&str, Touch); 10] = [
        ("task definition", |live| {
            live.definition = "masto-social-web:6".to_owned();
        }),
        ("replicas", |live| live.replicas = 3),
        ("percent", |live| live.percent = Some((0, 200))),
        ("circuit breaker", |live| live.breaker = Some(false)),
        ("exec", |live| live.exec = false),
        ("capacity", |live| live.capacity = "FARGATE_SPOT".to_owned()),
        ("network", |live| live.public_address = false),
        ("network", |live| drop(live.groups.pop())),
        ("target", |live| live.target = None),
        ("grace seconds", |live| live.grace_seconds = Some(0)),
    ];
    for (name, change) in changes {
        assert_eq!(
            told(&service(), change).unwrap(),
            format!("Update, no interruption: {name} changed")
        );
    }
    let failed =
        |live: &mut LiveService| live.unsteady = Some("its latest deployment failed".to_owned());
    assert_eq!(
        told(&service(), failed).unwrap(),
        "Update, no interruption: its latest deployment failed"
    );
}

#[test]
fn what_would_register_a_new_revision_moves_the_service() {
    let before = service();
    let known = known(&before);
    let mut after = service();
    after.definition.image = "example.org/mastodon:v4.7.6".to_owned();
    let change = after.diff(&live(), &known).unwrap();
    assert_eq!(
        change.attributes[0].old.as_deref(),
        Some("masto-social-web:7")
    );
    assert_eq!(change.attributes[0].new.as_deref(), Some("a new revision"));
}

#[test]
fn the_scheduler_is_stopped_before_it_is_started() {
    let scheduler = Service {
        singleton: true,
        ..service()
    };
    assert_eq!(scheduler.percent(), (0, 100));
    let told = told(&scheduler, |live| {
        live.percent = Some((0, 100));
        live.definition = "masto-social-web:6".to_owned();
    });
    assert_eq!(told.unwrap(), "Update, restart: task definition changed");
}

#[test]
fn replicas_that_follow_the_load_are_no_drift() {
    let scaled = Service {
        autoscaled: true,
        ..service()
    };
    assert_eq!(told(&scaled, |live| live.replicas = 7), None);
}

#[test]
fn a_service_on_its_way_out_is_none() {
    let service = aws_sdk_ecs::types::Service::builder()
        .service_name("web")
        .status("DRAINING")
        .build();
    assert!(found(&service, &crate::fixture::scope()).is_none());
}
