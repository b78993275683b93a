//! What the rules say of each fault: a symptom and the facts around it, and the cause.

use expect_test::{Expect, expect};

use super::testing::{healthy, process, snapshot, told};
use super::{Facts, diagnose};
use crate::evidence::{Health, Phase, ProcessState, Variable};
use crate::problem::{
    Answered, Asked, Certificate, CertificateFault, ConnectFailure, Symptom, Target, Unreachable,
};
use crate::sidekiq::{FailedJob, Waiting};

fn check(symptom: &Symptom, change: impl FnOnce(&mut Facts), expected: &Expect) {
    let mut facts = healthy();
    change(&mut facts);
    expected.assert_eq(&told(&diagnose(symptom, &facts)));
}

fn unchanged(_: &mut Facts) {}

fn replace(facts: &mut Facts, replica: ProcessState) {
    facts
        .processes
        .retain(|process| process.name != replica.name);
    facts.processes.push(replica);
}

fn log(facts: &mut Facts, process: &str, lines: &[&str]) {
    let lines = lines.iter().map(ToString::to_string).collect();
    facts.logs.insert(process.to_owned(), lines);
}

fn set(facts: &mut Facts, process: &str, name: &str, value: &str) {
    let environment = facts.environments.entry(process.to_owned()).or_default();
    environment.insert(name.to_owned(), Variable::Shown(value.to_owned()));
}

fn answer(target: Target, status: u16, server: &str) -> Answered {
    Answered {
        target,
        request: "GET https://social.localhost/x".into(),
        status,
        server: Some(server.into()),
        to_itself: false,
        body: String::new(),
    }
}

fn certificate(fault: CertificateFault) -> Symptom {
    Symptom::Certificate(Certificate {
        host: "social.localhost".into(),
        fault,
    })
}

fn unreachable(how: ConnectFailure) -> Symptom {
    Symptom::Unreachable(Unreachable {
        host: "social.localhost".into(),
        port: 443,
        how,
    })
}

fn failed(class: &str, queue: &str, error: &str, message: &str) -> FailedJob {
    FailedJob {
        class: class.into(),
        queue: queue.into(),
        error_class: error.into(),
        error_message: message.into(),
    }
}

mod connection {
    use super::*;

    #[test]
    fn a_certificate_says_by_itself_what_is_wrong() {
        check(
            &certificate(CertificateFault::UnknownIssuer),
            unchanged,
            &expect![[r#"
            cause: the server's certificate is not signed by this deployment's CA
            - social.localhost: the certificate is signed by an unknown CA
            fix: if another program answers on this port, stop it; otherwise `masto up` makes the certificate anew"#]],
        );
        check(
            &certificate(CertificateFault::UnknownIssuer),
            |facts| facts.private_ca = false,
            &expect![[r#"
                cause: the server's certificate is not signed by a CA that browsers know, or an intermediate certificate is missing
                - social.localhost: the certificate is signed by an unknown CA
                fix: serve the full chain; for a CA of your own, pass its certificate to `masto doctor`"#]],
        );
        check(
            &certificate(CertificateFault::Expired),
            unchanged,
            &expect![[r#"
            cause: the server's certificate has expired
            - social.localhost: the certificate has expired
            fix: renew it (`masto up` does for its own); if it is new, this machine's clock is wrong"#]],
        );
        check(
            &certificate(CertificateFault::OtherName),
            unchanged,
            &expect![[r#"
            cause: the certificate does not cover social.localhost
            - social.localhost: the certificate is for other names
            fix: `masto up` makes one for every name of the topology; elsewhere, add the name to the certificate"#]],
        );
        check(
            &certificate(CertificateFault::NotYetValid),
            unchanged,
            &expect![[r#"
            cause: the server's certificate is not valid yet: this machine's clock is behind, or the server's is ahead
            - social.localhost: the certificate is not valid yet
            fix: set the clocks (`timedatectl status`), then run `masto doctor` again"#]],
        );
    }

    #[test]
    fn no_connection_is_the_ingress_or_the_way_to_it() {
        check(
            &unreachable(ConnectFailure::Refused),
            |facts| {
                let mut ingress = process("ingress", Phase::Exited, Health::Unknown);
                ingress.exit_code = Some(1);
                replace(facts, ingress);
                log(
                    facts,
                    "ingress",
                    &["Error: listen tcp :443: bind: address already in use"],
                );
            },
            &expect![[r#"
                cause: `ingress` ends: the port that `ingress` wants is taken
                - ingress: Error: listen tcp :443: bind: address already in use
                - ingress is ended, exit status 1
                - social.localhost:443: connection refused
                fix: stop what holds it (`masto status`), then `masto up`"#]],
        );
        check(
            &unreachable(ConnectFailure::Refused),
            unchanged,
            &expect![[r#"
            cause: the ingress runs and nothing listens on its ports on this machine
            - social.localhost:443: connection refused
            fix: `masto up` publishes them; if the container engine runs elsewhere (`DOCKER_HOST`), so do they"#]],
        );
        check(
            &unreachable(ConnectFailure::Refused),
            |facts| facts.processes.clear(),
            &expect![[r#"
                cause: nothing listens where the server should be: it is not up
                - social.localhost:443: connection refused
                fix: `masto up`, then `masto status`"#]],
        );
        check(
            &unreachable(ConnectFailure::TimedOut),
            unchanged,
            &expect![[r#"
            cause: port 443 of social.localhost does not answer: a firewall or a security group drops the packets, or the address is wrong
            - social.localhost:443: no answer to the connection
            fix: open port 443 to this machine, and compare the address of social.localhost with `masto outputs`"#]],
        );
        check(
            &unreachable(ConnectFailure::NoName),
            unchanged,
            &expect![[r#"
            cause: the name social.localhost has no address
            - social.localhost:443: the name has no address
            fix: make the DNS record for social.localhost (`masto outputs` shows it), or wait until it is known"#]],
        );
    }
}

mod answers {
    use super::*;

    #[test]
    fn a_redirect_to_itself_lacks_the_scheme_header() {
        let redirect = Answered {
            to_itself: true,
            ..answer(Target::Web, 301, "Mastodon")
        };
        check(
            &Symptom::Answer(redirect),
            unchanged,
            &expect![[r#"
            cause: the proxy in front of web does not send `X-Forwarded-Proto: https`, so web redirects to HTTPS for ever
            - GET https://social.localhost/x answered 301 (server: Mastodon)
            - the redirect leads to the address it came from
            fix: let the proxy set `X-Forwarded-Proto: https` (masto's own ingress does: `masto up`)"#]],
        );
    }

    #[test]
    fn a_refused_host_is_a_dropped_header_or_a_wrong_domain() {
        let refused = || Symptom::Answer(answer(Target::Web, 403, "Mastodon"));
        check(
            &refused(),
            |facts| {
                set(facts, "web", "LOCAL_DOMAIN", "social.localhost");
                log(
                    facts,
                    "web",
                    &[
                        "[ActionDispatch::HostAuthorization::DefaultResponseApp] Blocked hosts: 172.18.0.5:3000",
                    ],
                );
            },
            &expect![[r#"
                cause: the proxy in front of web does not pass the `Host` header of the request
                - GET https://social.localhost/x answered 403 (server: Mastodon)
                - web saw the host name 172.18.0.5:3000
                fix: let the proxy pass `Host` unchanged (masto's own ingress does: `masto up`)"#]],
        );
        check(
            &refused(),
            |facts| set(facts, "web", "LOCAL_DOMAIN", "example.com"),
            &expect![[r#"
                cause: web does not know that it is social.localhost
                - web has LOCAL_DOMAIN=example.com
                - GET https://social.localhost/x answered 403 (server: Mastodon)
                fix: `masto up` gives it the domain of the topology; a domain can never change once the server has been used"#]],
        );
    }

    #[test]
    fn web_in_place_of_streaming_is_a_missing_route() {
        check(
            &Symptom::Answer(answer(Target::Streaming, 404, "Mastodon")),
            unchanged,
            &expect![[r#"
                cause: the ingress does not lead `/api/v1/streaming` to streaming
                - GET https://social.localhost/x answered 404 (server: Mastodon)
                - streaming runs and is healthy
                fix: route `/api/v1/streaming` and `/api/v1/streaming/*` to the streaming process before everything else (masto's own ingress does: `masto up`)"#]],
        );
    }

    #[test]
    fn a_websocket_needs_its_headers_and_a_known_token() {
        let websocket = |status| {
            Symptom::Answer(Answered {
                request: "GET wss://social.localhost/api/v1/streaming".into(),
                ..answer(Target::Streaming, status, "x")
            })
        };
        check(
            &websocket(400),
            unchanged,
            &expect![[r#"
            cause: the proxy in front of streaming does not pass `Upgrade` and `Connection`, so no WebSocket comes about
            - GET wss://social.localhost/api/v1/streaming answered 400 (server: x)
            fix: let the proxy speak HTTP/1.1 to streaming and pass `Upgrade` and `Connection` (masto's own ingress does: `masto up`)"#]],
        );
        check(
            &websocket(401),
            unchanged,
            &expect![[r#"
            cause: streaming does not know the token that web gave out: the two use different databases
            - GET wss://social.localhost/api/v1/streaming answered 401 (server: x)
            fix: compare `DB_HOST`, `DB_NAME` and `DATABASE_URL` of web and streaming (`masto exec web env`), then `masto up`"#]],
        );
    }

    #[test]
    fn a_gateway_error_is_the_process_behind_it() {
        let gateway = || Symptom::Answer(answer(Target::Web, 502, "Caddy"));
        check(
            &gateway(),
            |facts| {
                let mut web = process("web", Phase::Exited, Health::Unknown);
                web.oom_killed = true;
                web.exit_code = Some(137);
                web.memory_limit = Some(1 << 30);
                replace(facts, web);
            },
            &expect![[r#"
                cause: `web` ran out of memory
                - it may take 1024 MiB
                - web is ended, exit status 137, killed for want of memory
                fix: raise `memory` of `web` in the topology, then `masto up`"#]],
        );
        check(
            &gateway(),
            |facts| {
                replace(facts, process("postgres", Phase::Absent, Health::Unknown));
                replace(facts, process("web", Phase::Running, Health::Unhealthy));
            },
            &expect![[r#"
                cause: `postgres` does not exist
                - postgres is absent
                fix: `masto up` makes it"#]],
        );
        check(
            &gateway(),
            unchanged,
            &expect![[r#"
            cause: the ingress does not reach `web`
            - GET https://social.localhost/x answered 502
            fix: look at `masto logs web`"#]],
        );
    }

    #[test]
    fn an_error_of_web_is_what_its_log_says_last() {
        let error = || Symptom::Answer(answer(Target::Web, 500, "Mastodon"));
        let said = |line: &'static str, expected: &Expect| {
            check(
                &error(),
                |facts| {
                    log(
                        facts,
                        "web",
                        &["PG::ConnectionBad: earlier", line, "Completed 500"],
                    );
                },
                expected,
            );
        };
        said(
            "ActionDispatch::RemoteIp::IpSpoofAttackError (IP spoofing attack?!)",
            &expect![[r#"
            cause: web does not trust the address of the proxy in front of it
            - web: ActionDispatch::RemoteIp::IpSpoofAttackError (IP spoofing attack?!)
            fix: put the proxy's network into `TRUSTED_PROXY_IP` (it replaces the default), then `masto up`"#]],
        );
        said(
            "ActiveRecord::StatementInvalid (PG::UndefinedColumn: ERROR:  column accounts.x does not exist)",
            &expect![[r#"
            cause: the database's schema is older than the release
            - web: ActiveRecord::StatementInvalid (PG::UndefinedColumn: ERROR:  column accounts.x does not exist)
            fix: `masto up` runs the migrations; by hand: `masto run rails db:migrate`"#]],
        );
        said(
            "ActiveRecord::ConnectionTimeoutError (could not obtain a connection from the pool within 5.000 seconds)",
            &expect![[r#"
            cause: `web` has more threads than connections in its pool
            - web: ActiveRecord::ConnectionTimeoutError (could not obtain a connection from the pool within 5.000 seconds)
            fix: leave `DB_POOL` out, or set it to at least the number of threads; then `masto up`"#]],
        );
        said(
            "PG::DiskFull: ERROR:  could not extend file \"base/1\": No space left on device",
            &expect![[r#"
            cause: the disk that `web` writes to is full
            - web: PG::DiskFull: ERROR:  could not extend file "base/1": No space left on device
            fix: free space (`docker system df` shows what takes it), or enlarge `storage` in the topology, then `masto up`"#]],
        );
        said(
            "Redis::CommandError (OOM command not allowed when used memory > 'maxmemory'.)",
            &expect![[r#"
            cause: Redis is full and takes nothing more
            - web: Redis::CommandError (OOM command not allowed when used memory > 'maxmemory'.)
            fix: raise `redis.size` in the topology, then `masto up`"#]],
        );
        said(
            "PG::ConnectionBad: FATAL:  sorry, too many clients already",
            &expect![[r#"
            cause: PostgreSQL has no free connection: the pools together are larger than `max_connections`
            - web: PG::ConnectionBad: FATAL:  sorry, too many clients already
            fix: lower `threads` or `replicas`, or raise `postgres.size` in the topology, then `masto up`"#]],
        );
        said(
            "Aws::S3::Errors::AccessControlListNotSupported (The bucket does not allow ACLs)",
            &expect![[r#"
            cause: the bucket takes no ACLs, and Mastodon sends one
            - web: Aws::S3::Errors::AccessControlListNotSupported (The bucket does not allow ACLs)
            fix: set `S3_PERMISSION` to empty (not unset), then `masto up`"#]],
        );
        said(
            "Aws::S3::Errors::InvalidAccessKeyId (The Access Key Id you provided does not exist)",
            &expect![[r#"
            cause: the bucket's store refuses the access key of `web`
            - web: Aws::S3::Errors::InvalidAccessKeyId (The Access Key Id you provided does not exist)
            fix: `masto up` gives the store and the processes the same one"#]],
        );
    }

    #[test]
    fn a_line_about_a_store_that_is_down_leads_to_the_store() {
        check(
            &Symptom::Answer(answer(Target::Web, 503, "Mastodon")),
            |facts| {
                replace(facts, process("media", Phase::Absent, Health::Unknown));
                log(
                    facts,
                    "web",
                    &["Seahorse::Client::NetworkingError (dns error)"],
                );
            },
            &expect![[r#"
                cause: `media` does not exist
                - media is absent
                - web: Seahorse::Client::NetworkingError (dns error)
                fix: `masto up` makes it"#]],
        );
    }

    #[test]
    fn an_error_of_an_hour_ago_is_not_the_cause_of_one_of_now() {
        check(
            &Symptom::Answer(answer(Target::Web, 500, "Mastodon")),
            |facts| {
                log(
                    facts,
                    "web",
                    &["F, [2026-11-22T11:00:00.1 #8] FATAL -- : NOAUTH"],
                );
            },
            &expect![[r#"
                cause: an error inside `web`
                - GET https://social.localhost/x answered 500
                fix: look at `masto logs web`"#]],
        );
    }

    #[test]
    fn a_stranger_in_place_of_web_is_told_from_it() {
        check(
            &Symptom::Answer(answer(Target::Web, 404, "nginx")),
            unchanged,
            &expect![[r#"
                cause: the ingress does not know social.localhost, or another program answers in its place
                - GET https://social.localhost/x answered 404 (server: nginx)
                fix: `masto up`; if another program owns the port, `masto status` shows who"#]],
        );
    }

    #[test]
    fn a_bucket_that_keeps_its_objects_lacks_its_policy() {
        check(
            &Symptom::Answer(answer(Target::Media, 403, "MinIO")),
            unchanged,
            &expect![[r#"
                cause: the bucket does not let anyone read its objects
                - GET https://social.localhost/x answered 403 (server: MinIO)
                fix: `masto up` sets the bucket's policy (`s3:GetObject` on every object) again"#]],
        );
        check(
            &Symptom::Answer(answer(Target::Media, 404, "MinIO")),
            unchanged,
            &expect![[r#"
                cause: media.social.localhost leads to another place than the one web stores to
                - GET https://social.localhost/x answered 404 (server: MinIO)
                fix: compare `S3_BUCKET`, `S3_ENDPOINT` and `S3_ALIAS_HOST` of web (`masto exec web env`) with the bucket behind that name, then `masto up`"#]],
        );
        check(
            &Symptom::Answer(answer(Target::Media, 502, "Caddy")),
            |facts| replace(facts, process("media", Phase::Exited, Health::Unknown)),
            &expect![[r#"
                cause: `media` ends
                - media is ended
                fix: look at `masto logs media`, then `masto up`"#]],
        );
    }

    #[test]
    fn silence_is_a_process_that_hangs_unless_one_is_down() {
        let silent = || {
            Symptom::Silent(Asked {
                target: Target::Web,
                request: "GET https://social.localhost/health".into(),
            })
        };
        check(
            &silent(),
            unchanged,
            &expect![[r#"
            cause: `web` is too busy to answer, or hangs
            - GET https://social.localhost/health was not answered in time
            fix: look at `masto logs web`; if the machine is out of CPU or memory, `masto status` shows it"#]],
        );
        check(
            &silent(),
            |facts| replace(facts, process("web", Phase::Paused, Health::Unknown)),
            &expect![[r#"
                cause: `web` is paused
                - web is paused
                fix: resume it (`docker unpause`), or `masto up`"#]],
        );
    }
}

mod processes {
    use super::*;

    fn ended(code: i64, line: &'static str, expected: &Expect) {
        check(
            &Symptom::ProcessDown("sidekiq-all".into()),
            |facts| {
                let mut sidekiq = process("sidekiq-all", Phase::Restarting, Health::Unknown);
                sidekiq.exit_code = Some(code);
                sidekiq.restarts = 4;
                replace(facts, sidekiq);
                log(facts, "sidekiq-all", &["booting", line]);
            },
            expected,
        );
    }

    #[test]
    fn a_process_that_ends_says_why_in_its_log() {
        ended(
            1,
            "Mastodon now requires that these variables are set: ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY",
            &expect![[r#"
            cause: `sidekiq-all` lacks the keys that encrypt the database (`ACTIVE_RECORD_ENCRYPTION_*`), and ends again and again
            - sidekiq-all: Mastodon now requires that these variables are set: ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY
            - sidekiq-all is being restarted, exit status 1, restarted 4 times
            fix: `masto up` gives it the keys of this deployment; if they are lost, restore them from your backup and never make new ones"#]],
        );
        ended(
            1,
            "connection to server at \"10.0.0.2\", port 5432 failed: FATAL:  password authentication failed for user \"mastodon\"",
            &expect![[r#"
            cause: `sidekiq-all` ends again and again: PostgreSQL refuses the password of `sidekiq-all`
            - sidekiq-all: connection to server at "10.0.0.2", port 5432 failed: FATAL:  password authentication failed for user "mastodon"
            - sidekiq-all is being restarted, exit status 1, restarted 4 times
            fix: `masto up` gives it the right one; if nobody gets in, the volume was made with other secrets: restore those, or, if the data may go, `masto down --data` and `masto up`"#]],
        );
        ended(
            1,
            "NOAUTH Authentication required. (redis://redis:6379)",
            &expect![[r#"
            cause: `sidekiq-all` ends again and again: Redis refuses the password
            - sidekiq-all: NOAUTH Authentication required. (redis://redis:6379)
            - sidekiq-all is being restarted, exit status 1, restarted 4 times
            fix: `masto up` gives Redis and the processes the same one"#]],
        );
        ended(
            1,
            "could not translate host name \"postgres\" to address: Name or service not known",
            &expect![[r#"
            cause: `sidekiq-all` does not find the address of a name it needs, and ends again and again
            - sidekiq-all: could not translate host name "postgres" to address: Name or service not known
            - sidekiq-all is being restarted, exit status 1, restarted 4 times
            fix: `masto up` connects it to its networks again"#]],
        );
        ended(
            1,
            "something nobody has seen before",
            &expect![[r#"
            cause: `sidekiq-all` ends again and again with exit status 1
            - sidekiq-all: booting
            - sidekiq-all: something nobody has seen before
            - sidekiq-all is being restarted, exit status 1, restarted 4 times
            fix: look at `masto logs sidekiq-all`, then `masto up`"#]],
        );
    }

    #[test]
    fn a_process_killed_from_outside_is_not_blamed_for_old_lines() {
        check(
            &Symptom::ProcessDown("web".into()),
            |facts| {
                let mut web = process("web", Phase::Exited, Health::Unknown);
                web.exit_code = Some(137);
                replace(facts, web);
                log(facts, "web", &["PG::ConnectionBad: an hour ago"]);
            },
            &expect![[r#"
                cause: `web` was stopped or killed from outside
                - web is ended, exit status 137
                fix: `masto up` starts it"#]],
        );
    }

    #[test]
    fn a_process_falls_with_the_store_it_stands_on() {
        check(
            &Symptom::ProcessDown("web".into()),
            |facts| {
                replace(facts, process("web", Phase::Running, Health::Unhealthy));
                let mut redis = process("redis", Phase::Exited, Health::Unknown);
                redis.exit_code = Some(1);
                replace(facts, redis);
                log(
                    facts,
                    "redis",
                    &["Can't open or create append-only dir: No space left on device"],
                );
            },
            &expect![[r#"
                cause: `redis` ends: the disk that `redis` writes to is full
                - redis: Can't open or create append-only dir: No space left on device
                - redis is ended, exit status 1
                fix: free space (`docker system df` shows what takes it), or enlarge `storage` in the topology, then `masto up`"#]],
        );
    }

    #[test]
    fn a_process_that_has_not_answered_yet_is_the_last_to_be_blamed() {
        let starting = |facts: &mut Facts| {
            replace(facts, process("web", Phase::Running, Health::Starting));
            log(facts, "web", &["Puma starting"]);
        };
        let gateway = || Symptom::Answer(answer(Target::Web, 502, "Caddy"));
        check(
            &gateway(),
            starting,
            &expect![[r#"
            cause: `web` is still starting
            - web is running, not healthy yet
            - web: Puma starting
            fix: run `masto doctor` again in a minute; what it does is in `masto logs web`"#]],
        );
        check(
            &gateway(),
            |facts| {
                starting(facts);
                replace(facts, process("redis", Phase::Absent, Health::Unknown));
            },
            &expect![[r#"
                cause: `redis` does not exist
                - redis is absent
                fix: `masto up` makes it"#]],
        );
    }

    #[test]
    fn streaming_without_tls_to_a_database_that_demands_it_is_named() {
        check(
            &Symptom::ProcessDown("streaming".into()),
            |facts| {
                replace(
                    facts,
                    process("streaming", Phase::Running, Health::Unhealthy),
                );
                log(
                    facts,
                    "streaming",
                    &[
                        "error: no pg_hba.conf entry for host \"10.0.1.5\", user \"mastodon\", database \"mastodon_production\", no encryption",
                    ],
                );
            },
            &expect![[r#"
                cause: PostgreSQL demands TLS and `streaming` speaks without
                - streaming: error: no pg_hba.conf entry for host "10.0.1.5", user "mastodon", database "mastodon_production", no encryption
                - streaming is running, unhealthy
                fix: set `DB_SSLMODE` (`require`; streaming also needs the CA in `NODE_EXTRA_CA_CERTS`), then `masto up`"#]],
        );
    }

    #[test]
    fn explaining_a_process_lists_every_cause_once_and_none_for_one_that_works() {
        let mut facts = healthy();
        assert_eq!(facts.explain("web"), []);
        replace(&mut facts, process("web", Phase::Absent, Health::Unknown));
        log(&mut facts, "web", &["Blocked host: x", "NOAUTH"]);
        let causes: Vec<String> = facts
            .explain("web")
            .into_iter()
            .map(|diagnosis| diagnosis.cause)
            .collect();
        assert_eq!(
            causes,
            ["`web` does not exist", "Redis refuses the password"]
        );
    }
}

mod queues {
    use super::*;

    #[test]
    fn a_queue_without_consumer_names_what_stops_and_who_should_consume() {
        check(
            &Symptom::QueuesUnconsumed(vec!["ingress".into()]),
            |facts| facts.sidekiq = Some(snapshot(&["default", "scheduler"])),
            &expect![[r#"
                cause: no Sidekiq process consumes `ingress`: messages from other servers never arrive
                - live Sidekiq processes: host:1:a [default scheduler]
                fix: `masto up` starts `sidekiq-all` with its queues; what stopped it is in `masto logs sidekiq-all`"#]],
        );
        check(
            &Symptom::QueuesUnconsumed(vec!["pull".into()]),
            unchanged,
            &expect![[r#"
                cause: no Sidekiq process consumes `pull`: no remote pictures, link cards, imports or deletions
                - live Sidekiq processes: host:1:a [default ingress scheduler]
                fix: add `pull` to the `queues` of a Sidekiq process in the topology, then `masto up`"#]],
        );
    }

    #[test]
    fn a_quiet_process_takes_no_jobs() {
        check(
            &Symptom::JobNotTaken("ingress".into()),
            |facts| {
                let mut quiet = snapshot(&["default", "ingress", "scheduler"]);
                quiet.processes[0].quiet = true;
                facts.sidekiq = Some(quiet);
            },
            &expect![[r#"
                cause: Sidekiq takes no new jobs: it was told to be quiet
                - host:1:a is quiet
                fix: it is about to stop, or somebody sent it SIGTSTP: end it, and `masto up` starts it again"#]],
        );
        check(
            &Symptom::JobNotTaken("ingress".into()),
            |facts| {
                log(
                    facts,
                    "sidekiq-all",
                    &[
                        "Booted Rails 8.1",
                        "INFO: Terminating quiet threads for default capsule",
                    ],
                );
            },
            &expect![[r#"
                cause: Sidekiq takes no new jobs: it was told to be quiet
                - sidekiq-all: INFO: Terminating quiet threads for default capsule
                fix: it is about to stop, or somebody sent it SIGTSTP: end it, and `masto up` starts it again"#]],
        );
        check(
            &Symptom::JobNotTaken("ingress".into()),
            |facts| {
                log(
                    facts,
                    "sidekiq-all",
                    &["Terminating quiet threads", "Booted Rails 8.1"],
                );
            },
            &expect![[r#"
                cause: the consumers of `ingress` do not take its jobs: they are busy or hang
                fix: look at `masto logs sidekiq-all`"#]],
        );
    }

    #[test]
    fn nobody_at_work_is_one_cause_whatever_the_queue() {
        for symptom in [
            Symptom::NoEvent(None),
            Symptom::JobNotTaken("ingress".into()),
        ] {
            check(
                &symptom,
                |facts| {
                    facts.sidekiq.as_mut().unwrap().processes.clear();
                },
                &expect![[r#"
                    cause: no Sidekiq process is at work: nothing is received, delivered, mailed or done later
                    - Redis knows no live Sidekiq process
                    fix: `masto up` starts `sidekiq-all`; what stopped it is in `masto logs sidekiq-all`"#]],
            );
        }
    }

    #[test]
    fn a_process_without_a_sign_of_life_hangs() {
        check(
            &Symptom::JobNotTaken("ingress".into()),
            |facts| {
                let mut silent = snapshot(&["default", "ingress", "scheduler"]);
                silent.processes[0].silent_for = Some(41.0);
                facts.sidekiq = Some(silent);
            },
            &expect![[r#"
                cause: `sidekiq-all` hangs or was killed: it gives no sign of life
                - the last sign of life of host:1:a is 41 s old (there should be one every 10 s)
                - `ingress` holds 0 jobs, the oldest for 0 s
                fix: `masto up` replaces a dead one; otherwise look at `masto logs sidekiq-all`"#]],
        );
    }

    #[test]
    fn a_queue_with_too_much_work_needs_threads() {
        check(
            &Symptom::QueueSlow("ingress".into()),
            |facts| {
                let mut busy = snapshot(&["default", "ingress", "scheduler"]);
                busy.processes[0].busy = 10;
                let waiting = Waiting {
                    length: 900,
                    latency: 70.0,
                };
                busy.queues.insert("ingress".into(), waiting);
                facts.sidekiq = Some(busy);
            },
            &expect![[r#"
                cause: `ingress` has more jobs than its consumers get done
                - `ingress` holds 900 jobs, the oldest for 70 s
                - 10 of 10 threads that consume it are at work
                fix: if it does not shrink, raise `threads` or `replicas` of `sidekiq-all` in the topology, then `masto up`"#]],
        );
    }

    #[test]
    fn a_failed_test_job_brings_its_error() {
        check(
            &Symptom::JobFailed(
                "ActiveRecord::ConnectionTimeoutError: could not obtain a connection from the pool"
                    .into(),
            ),
            unchanged,
            &expect![[r#"
                cause: `Sidekiq` has more threads than connections in its pool
                - Sidekiq: ActiveRecord::ConnectionTimeoutError: could not obtain a connection from the pool
                fix: leave `DB_POOL` out, or set it to at least the number of threads; then `masto up`"#]],
        );
        check(
            &Symptom::JobFailed("NoMethodError: undefined method".into()),
            unchanged,
            &expect![[r#"
                cause: jobs fail in `sidekiq-all`: NoMethodError: undefined method
                - NoMethodError: undefined method
                fix: look at `masto logs sidekiq-all`"#]],
        );
    }
}

mod flows {
    use super::*;

    #[test]
    fn streaming_in_another_redis_is_named() {
        check(
            &Symptom::NoEvent(Some(false)),
            |facts| {
                set(facts, "web", "REDIS_HOST", "redis");
                set(facts, "streaming", "REDIS_HOST", "cache");
            },
            &expect![[r#"
                cause: streaming listens in another Redis, or another database of it, than the one the posts are published to
                - REDIS_HOST is redis in web and cache in streaming
                - a WebSocket is open, and no `subscribed:timeline:…` key appeared in Redis
                fix: give web, Sidekiq and streaming the same `REDIS_*` variables (`masto up` does)"#]],
        );
    }

    #[test]
    fn no_event_without_a_consumer_of_default_is_the_queue() {
        check(
            &Symptom::NoEvent(Some(true)),
            |facts| facts.sidekiq = Some(snapshot(&["ingress", "scheduler"])),
            &expect![[r#"
                cause: no Sidekiq process consumes `default`: home feeds are not filled, nobody is notified, nothing streams
                - live Sidekiq processes: host:1:a [ingress scheduler]
                fix: `masto up` starts `sidekiq-all` with its queues; what stopped it is in `masto logs sidekiq-all`"#]],
        );
        check(
            &Symptom::NoEvent(Some(true)),
            unchanged,
            &expect![[r#"
            cause: the post did not come out of the WebSocket within the bound
            fix: look at `masto logs streaming`, and at the Sidekiq process that consumes `default`"#]],
        );
    }

    #[test]
    fn a_mail_that_failed_says_why() {
        let failed_with = |error: &'static str, message: &'static str, expected: &Expect| {
            check(
                &Symptom::NoMail,
                |facts| {
                    facts
                        .queues
                        .insert("mailers".into(), ["sidekiq-all".to_owned()].into());
                    set(facts, "sidekiq-all", "SMTP_SERVER", "mail");
                    set(facts, "sidekiq-all", "SMTP_PORT", "587");
                    let mut sidekiq = snapshot(&["default", "ingress", "mailers", "scheduler"]);
                    sidekiq.failed.push(failed(
                        "ActionMailer::MailDeliveryJob",
                        "mailers",
                        error,
                        message,
                    ));
                    facts.sidekiq = Some(sidekiq);
                },
                expected,
            );
        };
        failed_with(
            "Errno::ECONNREFUSED",
            "Connection refused - connect(2) for \"mail\" port 587",
            &expect![[r#"
            cause: mail:587 refuses the connection: nothing takes mail there
            - ActionMailer::MailDeliveryJob failed in `mailers`: Errno::ECONNREFUSED: Connection refused - connect(2) for "mail" port 587
            fix: correct `mail` in the topology, or `masto up` to start the mail catcher again"#]],
        );
        failed_with(
            "Net::OpenTimeout",
            "execution expired",
            &expect![[r#"
            cause: mail:587 does not answer
            - ActionMailer::MailDeliveryJob failed in `mailers`: Net::OpenTimeout: execution expired
            fix: clouds block port 25: use 587; otherwise open the port, correct `mail` in the topology, `masto up`"#]],
        );
        failed_with(
            "Net::SMTPAuthenticationError",
            "535 Authentication Credentials Invalid",
            &expect![[r#"
            cause: mail refuses the user name or the password
            - ActionMailer::MailDeliveryJob failed in `mailers`: Net::SMTPAuthenticationError: 535 Authentication Credentials Invalid
            fix: correct `mail` and its password in the topology (for SES it is derived from the key, not the key itself), then `masto up`"#]],
        );
        failed_with(
            "OpenSSL::SSL::SSLError",
            "SSL_connect returned=1 errno=0 state=error: wrong version number",
            &expect![[r#"
            cause: mail:587 speaks STARTTLS, and Sidekiq was told to speak TLS at once (`SMTP_TLS`)
            - ActionMailer::MailDeliveryJob failed in `mailers`: OpenSSL::SSL::SSLError: SSL_connect returned=1 errno=0 state=error: wrong version number
            fix: use port 465, or leave `SMTP_TLS` out; then `masto up`"#]],
        );
        failed_with(
            "Net::SMTPFatalError",
            "554 Message rejected: Email address is not verified.",
            &expect![[r#"
            cause: mail refuses the sender or the recipient
            - ActionMailer::MailDeliveryJob failed in `mailers`: Net::SMTPFatalError: 554 Message rejected: Email address is not verified.
            fix: verify `mail.from` with the provider; an SES account in the sandbox sends only to verified addresses"#]],
        );
    }

    #[test]
    fn a_mail_that_leads_elsewhere_is_the_domain_of_its_sender() {
        check(
            &Symptom::MailElsewhere,
            |facts| {
                facts
                    .queues
                    .insert("mailers".into(), ["sidekiq-all".to_owned()].into());
                set(facts, "sidekiq-all", "LOCAL_DOMAIN", "wrong.example");
            },
            &expect![[r#"
                cause: `sidekiq-all` runs with a wrong `LOCAL_DOMAIN`: what it sends out is signed and linked for another server, and refused by others
                - sidekiq-all has `wrong.example` as LOCAL_DOMAIN; the server is social.localhost
                fix: `masto up` gives every process the domain of the topology"#]],
        );
    }

    #[test]
    fn a_private_address_that_is_blocked_is_named() {
        check(
            &Symptom::JobNotTaken("default".into()),
            |facts| {
                log(
                    facts,
                    "sidekiq-all",
                    &["Mastodon::PrivateNetworkAddressError: 172.18.0.9"],
                );
            },
            &expect![[r#"
                cause: `sidekiq-all` may not speak to another server because its address is private
                - sidekiq-all: Mastodon::PrivateNetworkAddressError: 172.18.0.9
                fix: put that network into `ALLOWED_PRIVATE_ADDRESSES` of web and Sidekiq, then `masto up`"#]],
        );
    }

    #[test]
    fn a_login_form_that_comes_back_is_the_password_whatever_the_log_says() {
        check(
            &Symptom::LoginRefused,
            |facts| log(facts, "web", &["NOAUTH long ago"]),
            &expect![[r#"
                cause: the owner's e-mail address or password is not the one that masto knows
                - the login form came back
                fix: if you changed it, that is fine: pass the new one to `masto doctor`; if you forgot it, `masto tootctl accounts modify <name> --reset-password`"#]],
        );
    }
}

#[test]
fn every_symptom_has_a_cause_and_a_fix_even_without_facts() {
    let symptoms = [
        Symptom::Known,
        unreachable(ConnectFailure::Other("x".into())),
        certificate(CertificateFault::Other("x".into())),
        Symptom::Silent(Asked {
            target: Target::Web,
            request: "x".into(),
        }),
        Symptom::Answer(answer(Target::Mail, 418, "x")),
        Symptom::ProcessDown("web".into()),
        Symptom::QueuesUnconsumed(vec!["default".into()]),
        Symptom::QueueSlow("default".into()),
        Symptom::JobNotTaken("ingress".into()),
        Symptom::JobFailed("x".into()),
        Symptom::LoginRefused,
        Symptom::NotProcessed,
        Symptom::NoEvent(None),
        Symptom::NoMail,
        Symptom::MailElsewhere,
        Symptom::SocketClosed,
    ];
    for symptom in symptoms {
        let diagnosis = diagnose(&symptom, &Facts::default());
        assert!(!diagnosis.cause.is_empty(), "{symptom:?}");
        assert!(
            diagnosis.fix.contains('`'),
            "{symptom:?}: {}",
            diagnosis.fix
        );
        assert!(!diagnosis.cause.contains('\n'), "{symptom:?}");
    }
}
