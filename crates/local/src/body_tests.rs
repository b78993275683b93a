use expect_test::expect;
use mastodon::ProcessId;

use super::*;
use crate::fixture::{self, SOCIAL};
use crate::id::StoreRole;

fn made(id: &Id, subnet: &str) -> ContainerCreateBody {
    let graph = fixture::graph(SOCIAL);
    let deployment = fixture::deployment(SOCIAL, &mastodon::Schema::New);
    let container = fixture::container(&graph, id);
    let name = "social".parse().unwrap();
    let ground = Ground {
        deployment: &name,
        secrets: &fixture::secrets(&deployment),
        depends_on: BTreeSet::from([Id::Network(NetworkRole::Stores)]),
        holds: BTreeMap::from([(Id::Network(NetworkRole::Stores), "n1".to_owned())]),
        subnet: Some(subnet),
        is_job: matches!(id, Id::Job(_)),
    };
    body(&container, &ground).unwrap()
}

fn all() -> Vec<(Id, ContainerCreateBody)> {
    let graph = fixture::graph(SOCIAL);
    let ids = graph.iter().map(engine::Resource::id);
    ids.filter(|id| {
        matches!(
            id,
            Id::Store(_) | Id::Process(..) | Id::Job(_) | Id::Ingress
        )
    })
    .map(|id| (id.clone(), made(&id, "172.18.0.0/16")))
    .collect()
}

#[test]
fn secrets_are_in_the_environment_of_who_needs_them_and_in_no_label_or_argument() {
    for (id, body) in all() {
        let hidden = serde_json::to_string(&(
            &body.labels,
            &body.cmd,
            &body.entrypoint,
            &body.healthcheck,
            &body.hostname,
            &body.host_config,
        ))
        .unwrap();
        assert!(!hidden.contains("canary"), "{id}: {hidden}");
    }
    let holders = |canary: &str| {
        let has = |body: &ContainerCreateBody| {
            body.env
                .iter()
                .flatten()
                .any(|variable| variable.contains(canary))
        };
        let found = all().into_iter().filter(|(_, body)| has(body));
        found
            .map(|(id, _)| id.short())
            .collect::<Vec<_>>()
            .join(" ")
    };
    expect!["postgres schema web-1 streaming-1 sidekiq-all-1 owner"]
        .assert_eq(&holders("canary-postgres-password"));
    expect!["schema web-1 sidekiq-all-1 owner"].assert_eq(&holders("canary-secret-key-base"));
    expect!["owner"].assert_eq(&holders("canary-owner-password"));
    expect!["minio bucket schema web-1 sidekiq-all-1 owner"]
        .assert_eq(&holders("canary-media-secret-key"));
}

#[test]
fn the_request_for_redis_is_this() {
    let body = made(&Id::Store(StoreRole::Redis), "172.18.0.0/16");
    let mut json = serde_json::to_value(&body).unwrap();
    // Digests are tested where they are made.
    if let Some(labels) = json
        .get_mut("Labels")
        .and_then(serde_json::Value::as_object_mut)
    {
        labels.remove(labels::CONFIG);
        labels.remove(labels::CONFIG_HASH);
    }
    json.sort_all_objects();
    expect![[r#"
        {
          "Cmd": [
            "redis-server",
            "/etc/masto/redis.conf"
          ],
          "Env": [
            "REDISCLI_AUTH=canary-redis-password",
            "VALKEYCLI_AUTH=canary-redis-password"
          ],
          "Healthcheck": {
            "Interval": 30000000000,
            "Retries": 3,
            "StartPeriod": 60000000000,
            "Test": [
              "CMD-SHELL",
              "redis-cli ping | grep -q PONG"
            ],
            "Timeout": 10000000000
          },
          "HostConfig": {
            "LogConfig": {
              "Config": {
                "max-file": "3",
                "max-size": "10m"
              },
              "Type": "json-file"
            },
            "Memory": 1073741824,
            "Mounts": [
              {
                "Source": "masto-social-redis",
                "Target": "/data",
                "Type": "volume"
              }
            ],
            "NetworkMode": "masto-social-stores",
            "RestartPolicy": {
              "Name": "unless-stopped"
            },
            "SecurityOpt": [
              "no-new-privileges:true"
            ]
          },
          "Hostname": "redis",
          "Image": "redis:7",
          "Labels": {
            "masto.depends-on": "network/stores",
            "masto.deployment": "social",
            "masto.holds": "{\"network/stores\":\"n1\"}",
            "masto.image": "redis:7",
            "masto.resource": "store/redis"
          },
          "NetworkingConfig": {
            "EndpointsConfig": {
              "masto-social-stores": {
                "Aliases": [
                  "redis"
                ]
              }
            }
          },
          "StopTimeout": 30
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&json).unwrap());
}

#[test]
fn jobs_are_not_started_again_and_everything_else_is() {
    for (id, body) in all() {
        let policy = body
            .host_config
            .unwrap()
            .restart_policy
            .unwrap()
            .name
            .unwrap();
        let expected = if matches!(id, Id::Job(_)) {
            "no"
        } else {
            "unless-stopped"
        };
        assert_eq!(policy.to_string(), expected, "{id}");
    }
}

#[test]
fn only_the_ingress_is_published_and_only_on_loopback() {
    for (id, body) in all() {
        let bindings = body.host_config.unwrap().port_bindings;
        assert_eq!(bindings.is_some(), id == Id::Ingress, "{id}");
        let addresses = bindings
            .into_iter()
            .flatten()
            .flat_map(|(_, hosts)| hosts.unwrap());
        assert!(
            addresses
                .into_iter()
                .all(|host| host.host_ip.as_deref() == Some("127.0.0.1"))
        );
    }
}

#[test]
fn proxies_outside_the_private_ranges_are_trusted_by_name() {
    let trusted = |subnet: &str| {
        let body = made(&Id::Process(ProcessId::Web, 1), subnet);
        body.env
            .unwrap()
            .into_iter()
            .find(|variable| variable.starts_with("TRUSTED_PROXY_IP"))
    };
    assert_eq!(trusted("172.18.0.0/16"), None);
    assert_eq!(
        trusted("100.64.3.0/24").as_deref(),
        Some("TRUSTED_PROXY_IP=127.0.0.0/8,::1/128,100.64.3.0/24")
    );
}

#[test]
fn peers_behind_the_ingress_are_allowed_by_the_subnet_that_the_engine_chose() {
    let body = made(&Id::Process(ProcessId::Web, 1), "172.18.0.0/16");
    let env = body.env.unwrap();
    assert!(
        env.contains(&"ALLOWED_PRIVATE_ADDRESSES=172.18.0.0/16".to_owned()),
        "{env:?}"
    );
}
