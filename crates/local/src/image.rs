//! Which images a deployment runs, and which of them are on this Docker host.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use topology::{ImageRef, RedisEngine, Topology};

use crate::docker::Docker;
use crate::error::{Error, status};
use crate::resource::ImageUse;
use crate::settings::ImageSet;

/// What an image is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImageRole {
    /// Web, Sidekiq and one-off work.
    Mastodon,
    /// Streaming.
    Streaming,
    /// The database.
    Postgres,
    /// Redis or Valkey.
    Redis,
    /// The bucket.
    Minio,
    /// The ingress.
    Caddy,
    /// The mail catcher.
    Mailpit,
}

/// The reference of each image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRefs {
    references: BTreeMap<ImageRole, String>,
}

/// Images as they were found on the Docker host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    by_role: BTreeMap<ImageRole, ImageUse>,
}

// MinIO left Docker Hub in September 2026; this is the newest release with an image.
const MINIO: &str = "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z";
const CADDY: &str = "caddy:2.10";
const MAILPIT: &str = "axllent/mailpit:v1.27";

impl ImageRefs {
    /// The images for `topology`: those it names, else those of `set`.
    #[must_use]
    pub fn new(topology: &Topology, set: ImageSet) -> Self {
        let images = &topology.local.images;
        let from_file: [(ImageRole, &Option<ImageRef>); 7] = [
            (ImageRole::Mastodon, &images.mastodon),
            (ImageRole::Streaming, &images.streaming),
            (ImageRole::Postgres, &images.postgres),
            (ImageRole::Redis, &images.redis),
            (ImageRole::Minio, &images.minio),
            (ImageRole::Caddy, &images.caddy),
            (ImageRole::Mailpit, &images.mailpit),
        ];
        let references = from_file
            .into_iter()
            .map(|(role, image)| match image {
                Some(image) => (role, image.to_string()),
                None => (role, of_set(role, topology, set)),
            })
            .collect();
        Self { references }
    }

    /// The reference for `role`.
    #[must_use]
    pub fn get(&self, role: ImageRole) -> &str {
        self.references.get(&role).map_or("", String::as_str)
    }
}

fn of_set(role: ImageRole, topology: &Topology, set: ImageSet) -> String {
    let version = topology.mastodon.version;
    let redis = &topology.redis;
    let postgres = topology.postgres.version;
    match (set, role) {
        (ImageSet::Official, ImageRole::Mastodon) => format!("ghcr.io/mastodon/mastodon:{version}"),
        (ImageSet::Official, ImageRole::Streaming) => {
            format!("ghcr.io/mastodon/mastodon-streaming:{version}")
        }
        (ImageSet::Official, ImageRole::Postgres) => format!("postgres:{postgres}"),
        (ImageSet::Official, ImageRole::Redis) => match redis.engine {
            RedisEngine::Redis => format!("redis:{}", redis.version),
            RedisEngine::Valkey => format!("valkey/valkey:{}", redis.version),
        },
        (ImageSet::Official, ImageRole::Minio) => MINIO.to_owned(),
        (ImageSet::Official, ImageRole::Caddy) => CADDY.to_owned(),
        (ImageSet::Official, ImageRole::Mailpit) => MAILPIT.to_owned(),
        // The kit has one release of each series, and of each store the one in Debian.
        (ImageSet::Kit, ImageRole::Mastodon) => {
            format!(
                "masto-kit/mastodon:v{}.{}",
                version.major(),
                version.minor()
            )
        }
        (ImageSet::Kit, ImageRole::Streaming) => {
            format!(
                "masto-kit/mastodon-streaming:v{}.{}",
                version.major(),
                version.minor()
            )
        }
        (ImageSet::Kit, ImageRole::Postgres) => format!("masto-kit/postgres:{postgres}"),
        (ImageSet::Kit, ImageRole::Redis) => match redis.engine {
            RedisEngine::Redis => "masto-kit/redis:8".to_owned(),
            RedisEngine::Valkey => "masto-kit/valkey:8".to_owned(),
        },
        (ImageSet::Kit, ImageRole::Minio) => "masto-kit/minio:latest".to_owned(),
        (ImageSet::Kit, ImageRole::Caddy) => "masto-kit/caddy:2".to_owned(),
        (ImageSet::Kit, ImageRole::Mailpit) => "masto-kit/mailpit:latest".to_owned(),
    }
}

impl Images {
    /// As if every image were on the host under an id made of its name: for tests and for plans
    /// without an engine.
    #[must_use]
    pub fn assumed(refs: &ImageRefs) -> Self {
        let image = |reference: &String| ImageUse {
            reference: reference.clone(),
            id: Some(format!("sha256:{}", engine::hash::config_hash(reference))),
        };
        Self {
            by_role: refs
                .references
                .iter()
                .map(|(role, text)| (*role, image(text)))
                .collect(),
        }
    }

    /// References of those that are not on the host, sorted.
    #[must_use]
    pub fn missing(&self) -> Vec<&str> {
        let missing = self.by_role.values().filter(|image| image.id.is_none());
        let references: BTreeSet<&str> = missing.map(|image| image.reference.as_str()).collect();
        references.into_iter().collect()
    }

    /// The missing ones that only `scripts/kit` can make. They are never asked for at a registry,
    /// also where the file names one: under that name a registry could only have a stranger's.
    pub(crate) fn missing_of_kit(&self) -> Vec<String> {
        self.by_role
            .values()
            .filter(|image| image.id.is_none() && image.reference.starts_with("masto-kit/"))
            .map(|image| image.reference.clone())
            .collect()
    }

    /// The image for `role`.
    #[must_use]
    pub fn get(&self, role: ImageRole) -> ImageUse {
        let none = ImageUse {
            reference: String::new(),
            id: None,
        };
        self.by_role.get(&role).cloned().unwrap_or(none)
    }

    /// Fills in the id of every image called `reference`.
    pub(crate) fn found(&mut self, reference: &str, id: &str) {
        for image in self
            .by_role
            .values_mut()
            .filter(|image| image.reference == reference)
        {
            image.id = Some(id.to_owned());
        }
    }
}

/// Looks which of `refs` are on the host. Asks no registry.
///
/// # Errors
/// When the engine does not answer.
pub async fn find_images(docker: &Docker, refs: &ImageRefs) -> Result<Images, Error> {
    let found = refs.references.iter().map(|(role, reference)| async move {
        let id = image_id(docker, reference).await?;
        Ok::<_, Error>((
            *role,
            ImageUse {
                reference: reference.clone(),
                id,
            },
        ))
    });
    Ok(Images {
        by_role: try_join_all(found).await?.into_iter().collect(),
    })
}

/// Docker's id of the image `reference`; `None` when it is not on the host.
pub(crate) async fn image_id(docker: &Docker, reference: &str) -> Result<Option<String>, Error> {
    match docker.client.inspect_image(reference).await {
        Ok(image) => Ok(image.id),
        Err(error) if status(&error) == Some(404) => Ok(None),
        Err(error) => Err(Error::call("look at", format!("image `{reference}`"))(
            error,
        )),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::fixture::{SOCIAL, topology};

    fn check(lines: &str, set: ImageSet, expected: &Expect) {
        let refs = ImageRefs::new(&topology(&format!("{SOCIAL}{lines}\n")), set);
        let references: Vec<&str> = refs.references.values().map(String::as_str).collect();
        expected.assert_eq(&references.join("\n"));
    }

    #[test]
    fn the_official_images_are_pinned_by_version() {
        check(
            "",
            ImageSet::Official,
            &expect![[r#"
            ghcr.io/mastodon/mastodon:v4.7.5
            ghcr.io/mastodon/mastodon-streaming:v4.7.5
            postgres:17
            redis:7
            quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z
            caddy:2.10
            axllent/mailpit:v1.27"#]],
        );
        check(
            "redis: { engine: valkey, version: 8 }",
            ImageSet::Official,
            &expect![[r#"
                ghcr.io/mastodon/mastodon:v4.7.5
                ghcr.io/mastodon/mastodon-streaming:v4.7.5
                postgres:17
                valkey/valkey:8
                quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z
                caddy:2.10
                axllent/mailpit:v1.27"#]],
        );
    }

    #[test]
    fn the_kits_images_have_one_tag_a_series() {
        check(
            "mastodon: { version: v4.5.20 }",
            ImageSet::Kit,
            &expect![[r#"
                masto-kit/mastodon:v4.5
                masto-kit/mastodon-streaming:v4.5
                masto-kit/postgres:17
                masto-kit/redis:8
                masto-kit/minio:latest
                masto-kit/caddy:2
                masto-kit/mailpit:latest"#]],
        );
    }

    #[test]
    fn an_image_that_the_file_names_is_taken_in_every_set_and_is_not_the_kits_to_build() {
        let text =
            format!("{SOCIAL}local: {{ images: {{ caddy: \"registry.example/caddy:1\" }} }}\n");
        let refs = ImageRefs::new(&topology(&text), ImageSet::Kit);
        assert_eq!(refs.get(ImageRole::Caddy), "registry.example/caddy:1");
        let mut images = Images::assumed(&refs);
        assert_eq!(images.missing(), Vec::<&str>::new());
        for image in images.by_role.values_mut() {
            image.id = None;
        }
        assert_eq!(images.missing().len(), 7);
        assert!(
            !images
                .missing_of_kit()
                .contains(&"registry.example/caddy:1".to_owned())
        );
        images.found("masto-kit/redis:8", "sha256:1");
        assert!(
            !images
                .missing_of_kit()
                .contains(&"masto-kit/redis:8".to_owned())
        );
    }
}
