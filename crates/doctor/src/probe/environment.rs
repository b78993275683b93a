//! The processes are configured alike, and as Mastodon needs it: the faults that nobody sees
//! until a post does not arrive.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::diagnosis::{Diagnosis, other_media_host, wrong_domain};
use crate::evidence::{Evidence, Variable};
use crate::examination::Examination;
use crate::problem::{Problem, Severity};
use crate::sidekiq::Snapshot;
use crate::subject::Subject;

/// Variables that break something when they are set to nothing instead of being left out.
const NEVER_BLANK: &[&str] = &[
    "WEB_DOMAIN",
    "STREAMING_API_BASE_URL",
    "S3_ENDPOINT",
    "S3_ALIAS_HOST",
    "S3_CLOUDFRONT_HOST",
    "S3_STORAGE_CLASS",
    "S3_KEY_PREFIX",
    "S3_HOSTNAME",
    "S3_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "REDIS_URL",
    "CACHE_REDIS_URL",
    "SIDEKIQ_REDIS_URL",
    "WEB_CONCURRENCY",
    "MAX_THREADS",
    "PERSISTENT_TIMEOUT",
    "SKIP_POST_DEPLOYMENT_MIGRATIONS",
];
/// Variables that web and every Sidekiq process must have alike.
const ALIKE_IN_RAILS: &[&str] = &[
    "LOCAL_DOMAIN",
    "WEB_DOMAIN",
    "ALTERNATE_DOMAINS",
    "LIMITED_FEDERATION_MODE",
    "ALLOWED_PRIVATE_ADDRESSES",
    "S3_ENABLED",
    "S3_BUCKET",
    "S3_ENDPOINT",
    "S3_ALIAS_HOST",
    "S3_PERMISSION",
];
/// Variables that streaming must have as web has them.
const ALIKE_EVERYWHERE: &[&str] = &[
    "DATABASE_URL",
    "REDIS_URL",
    "DB_HOST",
    "DB_PORT",
    "DB_NAME",
    "REDIS_HOST",
    "REDIS_PORT",
    "REDIS_DB",
];
/// Secrets without which Rails does not start, or must not.
const RAILS_SECRETS: &[&str] = &[
    "SECRET_KEY_BASE",
    "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY",
    "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY",
    "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT",
];

type Environments = BTreeMap<String, BTreeMap<String, Variable>>;

pub(crate) async fn probe<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    let mut known = Environments::new();
    let mut missing = None;
    for (name, environment) in examination.environments().await {
        match environment {
            Ok(environment) => {
                known.insert(name.clone(), environment.clone());
            }
            Err(error) => missing = missing.or(Some(error.clone())),
        }
    }
    if let (true, Some(error)) = (known.is_empty(), missing) {
        return Err(error.into());
    }
    let subject = examination.subject;
    let threads = match examination.snapshot().await {
        Ok(snapshot) => threads(subject, snapshot),
        Err(_) => BTreeMap::new(),
    };
    judge(subject, &known, &threads)
}

/// The threads of each Sidekiq process, which it is told on its command line. Processes are told
/// apart by their queues.
fn threads(subject: &Subject, snapshot: &Snapshot) -> BTreeMap<String, u64> {
    let mut queues: BTreeMap<&String, BTreeSet<String>> = BTreeMap::new();
    for (queue, processes) in &subject.queues {
        for process in processes {
            queues.entry(process).or_default().insert(queue.clone());
        }
    }
    queues
        .into_iter()
        .filter_map(|(process, queues)| {
            let live = snapshot
                .processes
                .iter()
                .find(|live| live.consumes() && live.queues == queues)?;
            Some((process.clone(), live.concurrency))
        })
        .collect()
}

fn judge(
    subject: &Subject,
    environments: &Environments,
    threads: &BTreeMap<String, u64>,
) -> Finding {
    let rules: &[fn(&Subject, &Environments) -> Option<Problem>] = &[
        namespace, domains, secrets, blank, media_host, alike, mail_tls, authority,
    ];
    let problems: Vec<Problem> = rules
        .iter()
        .filter_map(|rule| rule(subject, environments))
        .chain(pools(environments, threads))
        .collect();
    let others = problems.len().saturating_sub(1);
    let first_failure = problems
        .iter()
        .position(|problem| problem.severity == Severity::Fail)
        .unwrap_or(0);
    match problems.into_iter().nth(first_failure) {
        None => Ok(format!("{} processes", environments.len())),
        Some(mut problem) => {
            if others > 0 {
                problem.detail = format!("{} (and {others} more)", problem.detail);
            }
            Err(problem)
        }
    }
}

/// Web and Sidekiq: what runs Rails.
fn rails(
    environments: &Environments,
) -> impl Iterator<Item = (&String, &BTreeMap<String, Variable>)> {
    environments.iter().filter(|(name, _)| *name != "streaming")
}

fn value<'e>(environment: &'e BTreeMap<String, Variable>, name: &str) -> Option<&'e str> {
    environment.get(name).and_then(Variable::shown)
}

fn namespace(_: &Subject, environments: &Environments) -> Option<Problem> {
    let (process, _) = environments
        .iter()
        .find(|(_, environment)| environment.contains_key("REDIS_NAMESPACE"))?;
    Some(Problem::known(
        format!("{process} has REDIS_NAMESPACE"),
        Diagnosis::new(
            "`REDIS_NAMESPACE` is set, which Mastodon refuses since 4.4",
            "take `REDIS_NAMESPACE` out of the environment, then `masto up`",
        )
        .because(format!("it is in the environment of {process}")),
    ))
}

fn domains(subject: &Subject, environments: &Environments) -> Option<Problem> {
    rails(environments).find_map(|(process, environment)| {
        let web_host = subject.web_host();
        let wrong = wrong_domain(process, environment, &subject.local_domain, &web_host)?;
        Some(Problem::known(wrong.detail, wrong.diagnosis))
    })
}

fn secrets(_: &Subject, environments: &Environments) -> Option<Problem> {
    for (process, environment) in rails(environments) {
        let missing: Vec<&str> = RAILS_SECRETS
            .iter()
            .copied()
            .filter(|name| {
                environment
                    .get(*name)
                    .is_none_or(|variable| variable.shown() == Some(""))
            })
            .collect();
        if !missing.is_empty() {
            return Some(Problem::known(
                format!("{process} has no {}", missing.join(", ")),
                Diagnosis::new(
                    format!("`{process}` lacks secrets without which it does not start"),
                    "`masto up` gives it the secrets of this deployment; if they are lost, restore them from your backup and never make new ones",
                )
                .because(format!("not in the environment of {process}: {}", missing.join(", "))),
            ));
        }
    }
    None
}

fn blank(_: &Subject, environments: &Environments) -> Option<Problem> {
    for (process, environment) in environments {
        for name in NEVER_BLANK {
            if value(environment, name) == Some("") {
                return Some(Problem::known(
                    format!("{process} has an empty {name}"),
                    Diagnosis::new(
                        format!("`{name}` is set to nothing, which is not the same as not set"),
                        format!("take `{name}` out of the environment of `{process}`, or give it a value; then `masto up`"),
                    )
                    .because(format!("{process} has {name}=")),
                ));
            }
        }
    }
    None
}

fn alike(_: &Subject, environments: &Environments) -> Option<Problem> {
    let web = environments.get("web")?;
    for (process, environment) in environments {
        let names = if process == "streaming" {
            ALIKE_EVERYWHERE.iter().chain(&[])
        } else {
            ALIKE_IN_RAILS.iter().chain(ALIKE_EVERYWHERE)
        };
        for name in names {
            let (here, there) = (environment.get(*name), web.get(*name));
            // An address in one variable replaces the parts in others.
            let whole = if name.starts_with("DB_") {
                "DATABASE_URL"
            } else {
                "REDIS_URL"
            };
            let replaced = (name.starts_with("DB_") || name.starts_with("REDIS_"))
                && *name != whole
                && (environment.contains_key(whole) || web.contains_key(whole));
            if here == there || replaced {
                continue;
            }
            let show = |variable: Option<&Variable>| match variable {
                None => "not set".to_owned(),
                Some(Variable::Secret) => "a secret".to_owned(),
                Some(Variable::Shown(text)) => format!("`{text}`"),
            };
            return Some(Problem::known(
                format!(
                    "{name} is {} in web and {} in {process}",
                    show(there),
                    show(here)
                ),
                Diagnosis::new(
                    format!("web and `{process}` are configured differently ({name})"),
                    "`masto up` gives both the same",
                )
                .because(format!(
                    "{name} is {} in web and {} in {process}",
                    show(there),
                    show(here)
                )),
            ));
        }
    }
    None
}

fn media_host(subject: &Subject, environments: &Environments) -> Option<Problem> {
    let web = environments.get("web")?;
    let alias = value(web, "S3_ALIAS_HOST").or_else(|| value(web, "S3_CLOUDFRONT_HOST"))?;
    let host = alias.split('/').next().unwrap_or_default();
    (host != subject.media_host).then(|| {
        Problem::known(
            format!(
                "S3_ALIAS_HOST is `{alias}`, expected `{}`",
                subject.media_host
            ),
            other_media_host(&subject.media_host).because(format!("web has S3_ALIAS_HOST={alias}")),
        )
    })
}

fn pools(environments: &Environments, threads: &BTreeMap<String, u64>) -> Option<Problem> {
    for (process, environment) in rails(environments) {
        let number = |name| value(environment, name).and_then(|text| text.parse::<u64>().ok());
        let count = if process == "web" {
            number("MAX_THREADS")
        } else {
            threads
                .get(process)
                .copied()
                .or_else(|| number("SIDEKIQ_CONCURRENCY"))
        };
        if let (Some(pool), Some(count)) = (number("DB_POOL"), count)
            && pool < count
        {
            return Some(Problem::known(
                format!("{process} has {count} threads and DB_POOL={pool}"),
                Diagnosis::new(
                    format!("`{process}` has more threads than connections in its pool"),
                    "leave `DB_POOL` out, or set it to at least the number of threads; then `masto up`",
                )
                .because(format!("{process} has {count} threads and DB_POOL={pool}")),
            ));
        }
    }
    None
}

fn mail_tls(_: &Subject, environments: &Environments) -> Option<Problem> {
    for (process, environment) in rails(environments) {
        let implicit = ["SMTP_TLS", "SMTP_SSL"]
            .iter()
            .any(|name| value(environment, name) == Some("true"));
        if implicit && matches!(value(environment, "SMTP_PORT"), Some("25" | "587" | "2587")) {
            let port = value(environment, "SMTP_PORT").unwrap_or_default();
            return Some(Problem::known(
                format!("{process} speaks TLS at once on port {port}"),
                Diagnosis::new(
                    format!("port {port} wants STARTTLS, and `SMTP_TLS` makes Mastodon speak TLS at once"),
                    "leave `SMTP_TLS` out, or use port 465; then `masto up`",
                )
                .because(format!("{process} has SMTP_TLS=true and SMTP_PORT={port}")),
            )
            .into_warning());
        }
    }
    None
}

/// With certificates of a CA of our own, other servers of that CA are trusted only where it is
/// given.
fn authority(subject: &Subject, environments: &Environments) -> Option<Problem> {
    subject.ca_pem.as_ref()?;
    let (process, _) = rails(environments)
        .find(|(_, environment)| value(environment, "SSL_CERT_FILE").is_none_or(str::is_empty))?;
    Some(
        Problem::known(
            format!("{process} has no SSL_CERT_FILE"),
            Diagnosis::new(
                format!("`{process}` does not trust the CA that signed this server's certificate: it cannot speak to other servers of that CA"),
                "set `SSL_CERT_FILE` to the CA inside the container (`masto up` does)",
            )
            .because(format!("there is no SSL_CERT_FILE in the environment of {process}")),
        )
        .into_warning(),
    )
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::diagnosis::testing::{shown, snapshot, subject};

    fn environments() -> Environments {
        fn shown(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, Variable)> {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Variable::Shown((*value).to_owned())))
        }
        let stores = [("DB_HOST", "postgres"), ("REDIS_HOST", "redis")];
        let rails = || {
            let mut environment: BTreeMap<String, Variable> = shown(&stores)
                .chain(shown(&[
                    ("LOCAL_DOMAIN", "social.localhost"),
                    ("S3_ALIAS_HOST", "media.social.localhost"),
                    ("S3_PERMISSION", ""),
                ]))
                .collect();
            for name in RAILS_SECRETS {
                environment.insert((*name).to_owned(), Variable::Secret);
            }
            environment
        };
        [
            ("web".to_owned(), rails()),
            ("sidekiq-all".to_owned(), rails()),
            ("streaming".to_owned(), shown(&stores).collect()),
        ]
        .into()
    }

    fn check(process: &str, name: &str, value: Option<&str>, expected: &Expect) {
        let mut environments = environments();
        let environment = environments.get_mut(process).unwrap();
        match value {
            Some(value) => environment.insert(name.into(), Variable::Shown(value.into())),
            None => environment.remove(name),
        };
        expected.assert_eq(&shown(judge(&subject(), &environments, &BTreeMap::new())));
    }

    #[test]
    fn processes_configured_alike_are_right() {
        check(
            "web",
            "RAILS_LOG_LEVEL",
            Some("info"),
            &expect!["pass: 3 processes"],
        );
    }

    #[test]
    fn a_wrong_domain_in_sidekiq_is_seen() {
        check(
            "sidekiq-all",
            "LOCAL_DOMAIN",
            Some("example.com"),
            &expect![[r#"
            fail: sidekiq-all has `example.com` as LOCAL_DOMAIN, expected `social.localhost` (and 1 more)
              cause: `sidekiq-all` runs with a wrong `LOCAL_DOMAIN`: what it sends out is signed and linked for another server, and refused by others
              - sidekiq-all has `example.com` as LOCAL_DOMAIN; the server is social.localhost
              fix: `masto up` gives every process the domain of the topology"#]],
        );
        check(
            "sidekiq-all",
            "LOCAL_DOMAIN",
            None,
            &expect![[r#"
            fail: sidekiq-all has no LOCAL_DOMAIN, expected `social.localhost` (and 1 more)
              cause: `sidekiq-all` runs with a wrong `LOCAL_DOMAIN`: what it sends out is signed and linked for another server, and refused by others
              - sidekiq-all has no LOCAL_DOMAIN; the server is social.localhost
              fix: `masto up` gives every process the domain of the topology"#]],
        );
    }

    #[test]
    fn each_trap_of_the_environment_is_seen() {
        check(
            "web",
            "REDIS_NAMESPACE",
            Some("m"),
            &expect![[r#"
            fail: web has REDIS_NAMESPACE
              cause: `REDIS_NAMESPACE` is set, which Mastodon refuses since 4.4
              - it is in the environment of web
              fix: take `REDIS_NAMESPACE` out of the environment, then `masto up`"#]],
        );
        check(
            "web",
            "SECRET_KEY_BASE",
            None,
            &expect![[r#"
            fail: web has no SECRET_KEY_BASE
              cause: `web` lacks secrets without which it does not start
              - not in the environment of web: SECRET_KEY_BASE
              fix: `masto up` gives it the secrets of this deployment; if they are lost, restore them from your backup and never make new ones"#]],
        );
        check(
            "web",
            "STREAMING_API_BASE_URL",
            Some(""),
            &expect![[r#"
            fail: web has an empty STREAMING_API_BASE_URL
              cause: `STREAMING_API_BASE_URL` is set to nothing, which is not the same as not set
              - web has STREAMING_API_BASE_URL=
              fix: take `STREAMING_API_BASE_URL` out of the environment of `web`, or give it a value; then `masto up`"#]],
        );
        check(
            "streaming",
            "REDIS_HOST",
            Some("other"),
            &expect![[r#"
            fail: REDIS_HOST is `redis` in web and `other` in streaming
              cause: web and `streaming` are configured differently (REDIS_HOST)
              - REDIS_HOST is `redis` in web and `other` in streaming
              fix: `masto up` gives both the same"#]],
        );
        let mut urls = environments();
        for (process, url) in [("web", "redis://redis/0"), ("streaming", "redis://redis/3")] {
            let environment = urls.get_mut(process).unwrap();
            environment.insert("REDIS_URL".into(), Variable::Shown(url.into()));
        }
        urls.remove("sidekiq-all");
        expect![[r#"
            fail: REDIS_URL is `redis://redis/0` in web and `redis://redis/3` in streaming
              cause: web and `streaming` are configured differently (REDIS_URL)
              - REDIS_URL is `redis://redis/0` in web and `redis://redis/3` in streaming
              fix: `masto up` gives both the same"#]]
        .assert_eq(&shown(judge(&subject(), &urls, &BTreeMap::new())));
        check(
            "sidekiq-all",
            "S3_PERMISSION",
            None,
            &expect![[r#"
            fail: S3_PERMISSION is `` in web and not set in sidekiq-all
              cause: web and `sidekiq-all` are configured differently (S3_PERMISSION)
              - S3_PERMISSION is `` in web and not set in sidekiq-all
              fix: `masto up` gives both the same"#]],
        );
    }

    #[test]
    fn a_process_without_the_ca_is_a_warning_where_there_is_a_ca_of_our_own() {
        let mut subject = subject();
        subject.ca_pem = Some("PEM".into());
        expect![[r#"
            warn: sidekiq-all has no SSL_CERT_FILE
              cause: `sidekiq-all` does not trust the CA that signed this server's certificate: it cannot speak to other servers of that CA
              - there is no SSL_CERT_FILE in the environment of sidekiq-all
              fix: set `SSL_CERT_FILE` to the CA inside the container (`masto up` does)"#]]
        .assert_eq(&shown(judge(&subject, &environments(), &BTreeMap::new())));
    }

    #[test]
    fn a_pool_smaller_than_the_threads_is_seen() {
        let mut environments = environments();
        let sidekiq = environments.get_mut("sidekiq-all").unwrap();
        sidekiq.insert("DB_POOL".into(), Variable::Shown("5".into()));
        let snapshot = snapshot(&["default", "ingress", "scheduler"]);
        let threads = threads(&subject(), &snapshot);
        assert_eq!(threads, BTreeMap::from([("sidekiq-all".to_owned(), 10)]));
        expect![[r#"
            fail: sidekiq-all has 10 threads and DB_POOL=5
              cause: `sidekiq-all` has more threads than connections in its pool
              - sidekiq-all has 10 threads and DB_POOL=5
              fix: leave `DB_POOL` out, or set it to at least the number of threads; then `masto up`"#]]
        .assert_eq(&shown(judge(&subject(), &environments, &threads)));
    }
}
