use super::*;

fn desired() -> Database {
    Database {
        version: 17,
        class: "db.t4g.micro".to_owned(),
        storage: 20,
        max_storage: 100,
        backups: 7,
        multi_az: false,
        database: "mastodon_production".to_owned(),
        user: "mastodon".to_owned(),
    }
}

fn live() -> LiveDatabase {
    LiveDatabase {
        status: "available".to_owned(),
        version: "17.4".to_owned(),
        class: "db.t4g.micro".to_owned(),
        storage: 20,
        max_storage: 100,
        backups: 7,
        multi_az: false,
        is_encrypted: true,
        is_protected: true,
        is_public: false,
        groups: "sg-1".to_owned(),
        parameters: "pg".to_owned(),
    }
}

fn change(desired: &Database, live: &LiveDatabase) -> Option<String> {
    let known = Known::<Resource>::from([
        (
            Id::SecurityGroup(GroupRole::Postgres),
            Attributes::of("sg-1"),
        ),
        (Id::DatabaseParameters, Attributes::of("pg")),
    ]);
    desired.diff(live, &known).map(|change| {
        let how = format!("{:?}", change.how);
        let how = how.split(' ').next().unwrap_or_default();
        format!("{how}: {} ({})", change.cause, change.impact)
    })
}

#[test]
fn a_fresh_database_and_one_that_grew_by_itself_are_as_they_should_be() {
    assert_eq!(change(&desired(), &live()), None);
    assert_eq!(
        change(
            &desired(),
            &LiveDatabase {
                storage: 40,
                ..live()
            }
        ),
        None
    );
}

#[test]
fn most_changes_in_place() {
    let table = [
        (
            LiveDatabase {
                class: "db.t4g.small".to_owned(),
                ..live()
            },
            "Update: class changed (restart)",
        ),
        (
            LiveDatabase {
                version: "16.8".to_owned(),
                ..live()
            },
            "Update: version changed (restart)",
        ),
        (
            LiveDatabase {
                backups: 1,
                ..live()
            },
            "Update: backups changed (no interruption)",
        ),
        (
            LiveDatabase {
                backups: 0,
                ..live()
            },
            "Update: backups changed (restart)",
        ),
        (
            LiveDatabase {
                multi_az: true,
                ..live()
            },
            "Update: multi-AZ changed (no interruption)",
        ),
        (
            LiveDatabase {
                is_protected: false,
                ..live()
            },
            "Update: deletion protection changed (no interruption)",
        ),
        (
            LiveDatabase {
                is_public: true,
                ..live()
            },
            "Update: public access changed (no interruption)",
        ),
        (
            LiveDatabase {
                groups: "sg-9".to_owned(),
                ..live()
            },
            "Update: security group changed (no interruption)",
        ),
        (
            LiveDatabase {
                parameters: "default.postgres17".to_owned(),
                ..live()
            },
            "Update: parameter group changed (no interruption)",
        ),
    ];
    for (live, expected) in table {
        assert_eq!(change(&desired(), &live).as_deref(), Some(expected));
    }
    let larger = Database {
        storage: 40,
        ..desired()
    };
    assert_eq!(
        change(&larger, &live()).unwrap(),
        "Update: storage changed (no interruption)"
    );
}

#[test]
fn what_would_lose_data_is_refused() {
    let refused = |desired: &Database, live: &LiveDatabase| {
        let change = change(desired, live).unwrap();
        assert!(change.starts_with("Refuse"), "{change}");
    };
    refused(
        &desired(),
        &LiveDatabase {
            version: "18.1".to_owned(),
            ..live()
        },
    );
    refused(
        &desired(),
        &LiveDatabase {
            status: "failed".to_owned(),
            ..live()
        },
    );
    refused(
        &desired(),
        &LiveDatabase {
            is_encrypted: false,
            ..live()
        },
    );
    refused(
        &Database {
            storage: 21,
            ..desired()
        },
        &live(),
    );
}

#[test]
fn one_that_is_going_is_waited_for_and_made_anew() {
    let going = LiveDatabase {
        status: "deleting".to_owned(),
        ..live()
    };
    assert_eq!(
        change(&desired(), &going).unwrap(),
        "DeleteThenCreate: status changed (no interruption)"
    );
}
