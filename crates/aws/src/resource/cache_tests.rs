use super::*;

fn desired() -> Cache {
    Cache {
        engine: RedisEngine::Redis,
        version: "7".parse().unwrap(),
        node_type: "cache.t4g.micro".to_owned(),
        nodes: 1,
    }
}

fn live() -> LiveCache {
    LiveCache {
        status: "available".to_owned(),
        engine: "redis".to_owned(),
        version: "7.1.0".to_owned(),
        node_type: "cache.t4g.micro".to_owned(),
        nodes: 1,
        has_failover: false,
        is_safe: true,
        groups: "sg-1".to_owned(),
        parameters: "pg".to_owned(),
        url_is_stored: true,
    }
}

fn change(desired: &Cache, live: &LiveCache) -> Option<String> {
    let known = Known::<Resource>::from([
        (Id::SecurityGroup(GroupRole::Redis), Attributes::of("sg-1")),
        (Id::CacheParameters, Attributes::of("pg")),
    ]);
    desired.diff(live, &known).map(|change| {
        let how = format!("{:?}", change.how);
        let how = how.split(' ').next().unwrap_or_default();
        format!("{how}: {}", change.cause)
    })
}

#[test]
fn a_fresh_cache_is_as_it_should_be_with_a_minor_version_named_or_not() {
    assert_eq!(change(&desired(), &live()), None);
    let named = Cache {
        version: "7.1".parse().unwrap(),
        ..desired()
    };
    assert_eq!(change(&named, &live()), None);
}

#[test]
fn most_changes_in_place() {
    let valkey = Cache {
        engine: RedisEngine::Valkey,
        version: "8".parse().unwrap(),
        ..desired()
    };
    assert_eq!(change(&valkey, &live()).unwrap(), "Update: engine changed");
    let two = Cache {
        nodes: 2,
        ..desired()
    };
    assert_eq!(
        change(&two, &live()).unwrap(),
        "Update: nodes, failover changed"
    );
    let table = [
        (
            LiveCache {
                version: "6.2.6".to_owned(),
                ..live()
            },
            "Update: version changed",
        ),
        (
            LiveCache {
                node_type: "cache.t4g.small".to_owned(),
                ..live()
            },
            "Update: node type changed",
        ),
        (
            LiveCache {
                groups: "sg-9".to_owned(),
                ..live()
            },
            "Update: security group changed",
        ),
        (
            LiveCache {
                parameters: "default.redis7".to_owned(),
                ..live()
            },
            "Update: parameter group changed",
        ),
        (
            LiveCache {
                url_is_stored: false,
                ..live()
            },
            "Update: address in the secret changed",
        ),
        (
            LiveCache {
                status: "create-failed".to_owned(),
                ..live()
            },
            "DeleteThenCreate: status changed",
        ),
    ];
    for (live, expected) in table {
        assert_eq!(change(&desired(), &live).as_deref(), Some(expected));
    }
}

#[test]
fn there_is_no_way_back_and_none_without_tls() {
    let refused = |live: LiveCache| {
        let change = change(&desired(), &live).unwrap();
        assert!(change.starts_with("Refuse"), "{change}");
    };
    refused(LiveCache {
        engine: "valkey".to_owned(),
        ..live()
    });
    refused(LiveCache {
        version: "8.0.1".to_owned(),
        ..live()
    });
    refused(LiveCache {
        is_safe: false,
        ..live()
    });
}

#[test]
fn versions_and_families_are_those_on_sale() {
    let shown: Vec<String> = [
        (RedisEngine::Redis, "7"),
        (RedisEngine::Redis, "6.2"),
        (RedisEngine::Valkey, "8"),
        (RedisEngine::Valkey, "7.2"),
    ]
    .map(|(engine, version)| Cache {
        engine,
        version: version.parse().unwrap(),
        ..desired()
    })
    .iter()
    .map(|cache| format!("{} {}", cache.engine_version(), cache.family()))
    .collect();
    assert_eq!(
        shown,
        ["7.1 redis7", "6.2 redis6.x", "8.1 valkey8", "7.2 valkey7"]
    );
}
