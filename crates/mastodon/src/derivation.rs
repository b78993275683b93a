//! From a topology to everything that has to run.

use topology::Topology;

use crate::env::{self, Scene};
use crate::{
    Deployment, Mail, Media, Owner, Postgres, Redis, Schema, Stores, Surroundings, capacity,
    ingress, job, media, process,
};

/// Derives what has to run for `topology` in `surroundings`, where the database is at `schema`.
///
/// Expects a topology without problems. Pure and deterministic: equal arguments give an equal
/// deployment.
#[must_use]
pub fn deployment(topology: &Topology, surroundings: &Surroundings, schema: &Schema) -> Deployment {
    let scene = Scene {
        topology,
        surroundings,
    };
    Deployment {
        name: topology.name.clone(),
        domain: surroundings.domain.clone(),
        web_domain: surroundings
            .web_domain
            .clone()
            .unwrap_or_else(|| surroundings.domain.clone()),
        version: topology.mastodon.version,
        processes: process::all(scene),
        jobs: job::all(scene, schema),
        stores: stores(scene),
        ingress: ingress::ingress(scene),
        owner: Owner {
            username: topology.owner.username.clone(),
            email: topology.owner.email.clone(),
        },
        secrets: env::secrets(scene),
    }
}

fn stores(scene: Scene<'_>) -> Stores {
    let topology = scene.topology;
    let bucket = media::bucket(&topology.name);
    Stores {
        postgres: Postgres {
            version: topology.postgres.version,
            database: env::DATABASE.to_owned(),
            user: env::USER.to_owned(),
            memory: capacity::memory(topology.postgres.size),
            max_connections: capacity::max_connections(topology.postgres.size),
            storage: topology.postgres.storage,
            backups: topology.postgres.backups,
        },
        redis: Redis {
            engine: topology.redis.engine,
            version: topology.redis.version,
            memory: capacity::memory(topology.redis.size),
        },
        media: Media {
            policy: media::policy(&bucket),
            bucket,
            cdn: topology.media.cdn,
        },
        mail: Mail {
            from: topology.mail.from.clone(),
            via: env::delivery(scene),
        },
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use topology::Size;

    use super::*;
    use crate::fixture::{aws, topology};

    #[test]
    fn each_store_has_its_own_size() {
        let mut topology = topology();
        topology.redis.size = Size::Small;
        topology.postgres.size = Size::Large;
        let deployment = deployment(&topology, &aws(), &Schema::New);
        let Stores {
            postgres,
            redis,
            media,
            mail,
        } = deployment.stores;
        expect![[r#"
            Postgres { version: 17, database: "mastodon_production", user: "mastodon", memory: Memory { mib: 8192 }, max_connections: 800, storage: Memory { mib: 20480 }, backups: 604800s }
            Redis { engine: Redis, version: StoreVersion { major: 7, minor: None }, memory: Memory { mib: 2048 } }
            social-media
            Mail { from: "notifications@social.example.com", via: Ses }"#]].assert_eq(&format!(
            "{postgres:?}\n{redis:?}\n{}\n{mail:?}",
            media.bucket
        ));
    }
}
