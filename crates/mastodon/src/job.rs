//! One-off work: the bucket, the schema, the owner.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::env::{self, Scene};
use crate::{
    Env, EnvValue, Image, Job, JobId, JobImage, Part, Schema, SecretName, Store, Transition, media,
};

/// What makes the bucket and its policy. `mc` is MinIO's client; it takes its server from
/// `MC_HOST_local`, which is put together here so that the keys are in no argument.
const BUCKET_SCRIPT: &str = r#"export MC_HOST_local="${MINIO_ENDPOINT%%://*}://$MINIO_ACCESS_KEY:$MINIO_SECRET_KEY@${MINIO_ENDPOINT#*://}"
mc mb --ignore-existing "local/$BUCKET"
policy="${TMPDIR:-/tmp}/policy.json"
printf '%s' "$BUCKET_POLICY" > "$policy"
mc anonymous set-json "$policy" "local/$BUCKET""#;

/// What makes the owner's account. `tootctl accounts create` could not: it chooses the password
/// itself and prints it, so it would stand in a log.
const OWNER_SCRIPT: &str = include_str!("owner.rb");

impl Job {
    /// What tells whether the job has been done: equal for equal outcomes, whatever the command.
    /// A new database that `db:prepare` set up needs no `db:migrate` of the same release.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("{}: {}", self.id, self.outcome)
    }
}

impl JobId {
    /// Whether processes may only start when it has ended well.
    #[must_use]
    pub fn before_processes(self) -> bool {
        match self {
            Self::Bucket | Self::Schema => true,
            Self::PostMigrate | Self::Owner => false,
        }
    }
}

/// All jobs of `scene` where the database is at `schema`, in the order they run.
pub(crate) fn all(scene: Scene<'_>, schema: &Schema) -> Vec<Job> {
    let two_phase = two_phase(scene, schema);
    let mut jobs = Vec::new();
    if scene.surroundings.media_endpoint {
        jobs.push(bucket(scene));
    }
    jobs.push(if two_phase {
        migrate(scene)
    } else {
        prepare(scene)
    });
    jobs.push(owner(scene));
    if two_phase {
        jobs.push(post_migrate(scene));
    }
    jobs
}

/// Whether the release's migrations run, or ran, in two phases. They stay in the deployment after
/// that, as work that is recorded and not run again.
fn two_phase(scene: Scene<'_>, schema: &Schema) -> bool {
    match (schema, schema.transition(scene.topology.mastodon.version)) {
        (Schema::New, _) => false,
        (Schema::Prepared(_), Transition::UpToDate) => false,
        (Schema::Prepared(_) | Schema::Migrated(_), _) => true,
    }
}

fn bucket(scene: Scene<'_>) -> Job {
    let bucket = media::bucket(&scene.topology.name);
    let policy = media::policy(&bucket);
    let env: Env = [
        (
            "MINIO_ENDPOINT",
            EnvValue::Endpoint {
                store: Store::Media,
                part: Part::Url,
            },
        ),
        (
            "MINIO_ACCESS_KEY",
            EnvValue::Secret(SecretName::MediaAccessKey),
        ),
        (
            "MINIO_SECRET_KEY",
            EnvValue::Secret(SecretName::MediaSecretKey),
        ),
        (
            "BUCKET",
            EnvValue::Endpoint {
                store: Store::Media,
                part: Part::Bucket,
            },
        ),
        ("BUCKET_POLICY", EnvValue::Literal(policy.clone())),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    Job {
        id: JobId::Bucket,
        image: JobImage::Store(Store::Media),
        command: ["sh", "-ec", BUCKET_SCRIPT].map(str::to_owned).into(),
        env,
        stores: BTreeSet::from([Store::Media]),
        after_jobs: BTreeSet::new(),
        after_processes: false,
        bound: Duration::from_secs(120),
        outcome: format!("{bucket} {policy}"),
    }
}

/// A new or idle database: `db:prepare` makes, fills and seeds it. `db:migrate` would refuse one
/// that is empty.
fn prepare(scene: Scene<'_>) -> Job {
    schema(
        scene,
        "db:prepare",
        env::one_off(scene),
        Duration::from_secs(15 * 60),
    )
}

/// A database that older processes still use: everything they can live with. Any value of the
/// variable counts, `false` and the empty one too, so nothing else ever sets it.
fn migrate(scene: Scene<'_>) -> Job {
    let mut env = env::one_off(scene);
    env.insert(
        "SKIP_POST_DEPLOYMENT_MIGRATIONS".to_owned(),
        EnvValue::Literal("true".to_owned()),
    );
    schema(scene, "db:migrate", env, Duration::from_secs(2 * 60 * 60))
}

fn schema(scene: Scene<'_>, task: &str, env: Env, bound: Duration) -> Job {
    Job {
        id: JobId::Schema,
        image: JobImage::Mastodon(Image::Mastodon),
        command: ["bundle", "exec", "rails", task].map(str::to_owned).into(),
        env,
        stores: BTreeSet::from([Store::Postgres, Store::Redis]),
        after_jobs: BTreeSet::new(),
        after_processes: false,
        bound,
        outcome: scene.topology.mastodon.version.to_string(),
    }
}

/// The rest of the migrations, once no older process is left. Those of 4.7 take hours on a large
/// server.
fn post_migrate(scene: Scene<'_>) -> Job {
    Job {
        id: JobId::PostMigrate,
        after_jobs: BTreeSet::from([JobId::Schema]),
        after_processes: true,
        ..schema(
            scene,
            "db:migrate",
            env::one_off(scene),
            Duration::from_secs(12 * 60 * 60),
        )
    }
}

fn owner(scene: Scene<'_>) -> Job {
    let owner = &scene.topology.owner;
    let mut env = env::one_off(scene);
    env.extend(
        [
            ("OWNER_USERNAME", EnvValue::Literal(owner.username.clone())),
            ("OWNER_EMAIL", EnvValue::Literal(owner.email.to_string())),
            (
                "OWNER_PASSWORD",
                EnvValue::Secret(SecretName::OwnerPassword),
            ),
            // Of this job alone: the domain need not have a mail server yet. For a process it
            // would close sign-ups to everyone else.
            (
                "EMAIL_DOMAIN_ALLOWLIST",
                EnvValue::Literal(owner.email.domain().to_owned()),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    Job {
        id: JobId::Owner,
        image: JobImage::Mastodon(Image::Mastodon),
        command: ["bundle", "exec", "rails", "runner", OWNER_SCRIPT]
            .map(str::to_owned)
            .into(),
        env,
        stores: BTreeSet::from([Store::Postgres, Store::Redis]),
        after_jobs: BTreeSet::from([JobId::Schema]),
        after_processes: false,
        bound: Duration::from_secs(10 * 60),
        outcome: owner.username.clone(),
    }
}

#[cfg(test)]
mod tests;
