use std::fmt::Write as _;
use std::process::Command;

use expect_test::expect;

use super::*;
use crate::Surroundings;
use crate::fixture::{aws, local, only, scene, topology, value};

fn jobs(surroundings: &Surroundings, schema: &Schema) -> Vec<Job> {
    let topology = topology();
    all(scene(&topology, surroundings), schema)
}

fn told(surroundings: &Surroundings, schema: &Schema) -> String {
    jobs(surroundings, schema).iter().fold(String::new(), |mut text, job| {
        let Job { id, image, command, env, stores, after_jobs, after_processes, bound, outcome: _ } = job;
        let first = |word: &String| word.lines().next().unwrap_or_default().chars().take(30).collect::<String>();
        let command: Vec<_> = command.iter().map(first).collect();
        let skip = only(env, &["SKIP_POST_DEPLOYMENT_MIGRATIONS"]);
        writeln!(text, "{id}: {} {}", command.join(" "), skip.trim()).unwrap();
        writeln!(text, "  {image:?}, {stores:?}, after {after_jobs:?}, after processes {after_processes}, {bound:?}").unwrap();
        text
    })
}

fn job(surroundings: &Surroundings, schema: &Schema, id: JobId) -> Job {
    jobs(surroundings, schema)
        .into_iter()
        .find(|job| job.id == id)
        .unwrap()
}

#[test]
fn a_new_server_is_prepared_in_one_go() {
    expect![[r#"
        bucket: sh -ec export MC_HOST_local="${MINIO_ 
          Store(Media), {Media}, after {}, after processes false, 120s
        schema: bundle exec rails db:prepare 
          Mastodon(Mastodon), {Postgres, Redis}, after {}, after processes false, 900s
        owner: bundle exec rails runner # masto: owner account 
          Mastodon(Mastodon), {Postgres, Redis}, after {Schema}, after processes false, 600s
    "#]]
    .assert_eq(&told(&local(), &Schema::New));
}

#[test]
fn an_upgrade_is_migrated_around_the_change_of_processes() {
    expect![[r#"
        schema: bundle exec rails db:migrate SKIP_POST_DEPLOYMENT_MIGRATIONS=true
          Mastodon(Mastodon), {Postgres, Redis}, after {}, after processes false, 7200s
        owner: bundle exec rails runner # masto: owner account 
          Mastodon(Mastodon), {Postgres, Redis}, after {Schema}, after processes false, 600s
        post-migrate: bundle exec rails db:migrate 
          Mastodon(Mastodon), {Postgres, Redis}, after {Schema}, after processes true, 43200s
    "#]]
    .assert_eq(&told(&aws(), &Schema::Migrated(value("v4.6.9"))));
}

#[test]
fn an_empty_database_is_never_migrated() {
    for job in jobs(&local(), &Schema::New) {
        assert!(
            !job.command.contains(&"db:migrate".to_owned()),
            "{}",
            job.id
        );
        assert!(
            !job.env.contains_key("SKIP_POST_DEPLOYMENT_MIGRATIONS"),
            "{}",
            job.id
        );
    }
}

#[test]
fn post_deployment_migrations_are_skipped_by_the_first_phase_alone() {
    let skipping: Vec<_> = jobs(&local(), &Schema::Prepared(value("v4.6.9")))
        .into_iter()
        .filter(|job| job.env.contains_key("SKIP_POST_DEPLOYMENT_MIGRATIONS"))
        .map(|job| job.id)
        .collect();
    assert_eq!(skipping, [JobId::Schema]);
}

#[test]
fn an_upgraded_server_keeps_both_phases_and_a_prepared_one_has_one() {
    let version = value("v4.7.5");
    let ids = |schema| {
        jobs(&aws(), &schema)
            .iter()
            .map(|job| job.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        ids(Schema::Prepared(version)),
        [JobId::Schema, JobId::Owner]
    );
    assert_eq!(
        ids(Schema::Migrated(version)),
        [JobId::Schema, JobId::Owner, JobId::PostMigrate]
    );
    assert_eq!(
        told(&aws(), &Schema::Prepared(version)),
        told(&aws(), &Schema::New)
    );
}

#[test]
fn a_fingerprint_is_of_the_outcome_and_not_of_the_way() {
    let fingerprint = |schema: &Schema, id| job(&local(), schema, id).fingerprint();
    let version = value("v4.7.5");
    let new = fingerprint(&Schema::New, JobId::Schema);
    assert_eq!(new, "schema: v4.7.5");
    assert_eq!(fingerprint(&Schema::Prepared(version), JobId::Schema), new);
    assert_eq!(fingerprint(&Schema::Migrated(version), JobId::Schema), new);
    assert_eq!(
        fingerprint(&Schema::Migrated(version), JobId::PostMigrate),
        "post-migrate: v4.7.5"
    );
    assert_eq!(fingerprint(&Schema::New, JobId::Owner), "owner: owner");
    assert_eq!(
        fingerprint(&Schema::New, JobId::Bucket),
        format!("bucket: social-media {}", media::policy("social-media"))
    );
}

#[test]
fn the_owner_is_made_with_a_known_password_and_without_a_mail_server() {
    let owner = job(&local(), &Schema::New, JobId::Owner);
    expect![[r#"
        EMAIL_DOMAIN_ALLOWLIST=social.example.com
        OWNER_EMAIL=owner@social.example.com
        OWNER_PASSWORD=<OWNER_PASSWORD>
        OWNER_USERNAME=owner
    "#]]
    .assert_eq(&only(
        &owner.env,
        &[
            "OWNER_USERNAME",
            "OWNER_EMAIL",
            "OWNER_PASSWORD",
            "EMAIL_DOMAIN_ALLOWLIST",
        ],
    ));
    assert_eq!(owner.command[..4], ["bundle", "exec", "rails", "runner"]);
    assert!(
        owner.command[4].starts_with("# masto: owner account\n"),
        "what a stand-in looks for"
    );
    for job in jobs(&local(), &Schema::New) {
        let has = job.env.contains_key("EMAIL_DOMAIN_ALLOWLIST");
        assert_eq!(
            has,
            job.id == JobId::Owner,
            "it would close sign-ups: {}",
            job.id
        );
    }
}

#[test]
fn the_owners_password_is_read_once_and_printed_never() {
    let uses: Vec<_> = OWNER_SCRIPT
        .lines()
        .filter(|line| line.contains("PASSWORD") && !line.starts_with('#'))
        .map(str::trim)
        .collect();
    assert_eq!(uses, ["password: ENV.fetch('OWNER_PASSWORD'),"]);
}

#[test]
fn no_command_goes_through_a_shell_but_the_buckets() {
    let shells: Vec<_> = jobs(&local(), &Schema::Migrated(value("v4.6.9")))
        .into_iter()
        .filter(|job| job.command[0] == "sh")
        .map(|job| (job.id, job.image))
        .collect();
    assert_eq!(shells, [(JobId::Bucket, JobImage::Store(Store::Media))]);
}

#[test]
fn the_platform_makes_the_bucket_where_it_can() {
    assert!(
        jobs(&aws(), &Schema::New)
            .iter()
            .all(|job| job.id != JobId::Bucket)
    );
}

/// Runs the bucket's script with the shell of this machine and a stand-in for `mc`.
#[test]
fn the_bucket_script_keeps_its_keys_out_of_arguments() {
    let bucket = job(&local(), &Schema::New, JobId::Bucket);
    let EnvValue::Literal(policy) = &bucket.env["BUCKET_POLICY"] else {
        panic!("a literal")
    };
    let folder = tempfile::tempdir().unwrap();
    let said = folder.path().join("policy.json");
    let mc = r#"mc() { printf 'mc %s\n' "$*"; printenv MC_HOST_local; }"#;
    let output = Command::new(&bucket.command[0])
        .args([&bucket.command[1], &format!("{mc}\n{}", bucket.command[2])])
        .env("TMPDIR", folder.path())
        .env("MINIO_ENDPOINT", "http://minio:9000")
        .env("MINIO_ACCESS_KEY", "access")
        .env("MINIO_SECRET_KEY", "secret")
        .env("BUCKET", "social-media")
        .env("BUCKET_POLICY", policy)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout)
        .unwrap()
        .replace(said.to_str().unwrap(), "POLICY");
    expect![[r#"
        mc mb --ignore-existing local/social-media
        http://access:secret@minio:9000
        mc anonymous set-json POLICY local/social-media
        http://access:secret@minio:9000
    "#]]
    .assert_eq(&text);
    assert_eq!(std::fs::read_to_string(said).unwrap(), *policy);
}

#[test]
fn objects_can_be_fetched_and_never_listed() {
    expect![[r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::social-media/*"]}]}"#]]
        .assert_eq(&media::policy("social-media"));
}
