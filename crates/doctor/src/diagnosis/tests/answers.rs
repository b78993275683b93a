use expect_test::{Expect, expect};

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
