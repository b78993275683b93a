//! Values that are wrong together.

use expect_test::expect;

use crate::check::{check, check_part};

#[test]
fn two_sidekiq_processes_never_share_a_name() {
    check_part(
        "sidekiq:\n  - { name: a, queues: [default] }\n  - { name: a, queues: [push] }\n",
        expect![[r#"
            5:13 error topology::duplicate-name `a`: two Sidekiq processes are called `a` / give each its own name
                4:13 `a`: the first
        "#]],
    );
}

#[test]
fn a_process_lists_each_queue_once_and_at_least_one() {
    check_part(
        "sidekiq:\n  - { name: a, queues: [default, push, default] }\n  - { name: b, queues: [] }\n",
        expect![[r#"
            4:40 error topology::duplicate-queue `default`: `a` lists the queue `default` twice / remove one of the two
                4:25 `default`: the first
            5:24 error topology::empty-list `[]`: `b` consumes no queue / list at least one queue, or remove the process
        "#]],
    );
    check_part(
        "sidekiq: []\n",
        expect![[r#"
        3:10 error topology::empty-list `[]`: no Sidekiq process: nothing would leave, arrive or be mailed / remove `sidekiq: []`, and one process consumes all queues
    "#]],
    );
}

#[test]
fn bounds_of_scaling_hold_the_replicas() {
    check_part(
        "web:\n  replicas: 5\n  autoscale: { min: 2, max: 4 }\n",
        expect![[r#"
            4:13 error topology::autoscale `5`: 5 replicas are outside of the bounds 2 to 4 / write `replicas: 4`, or move the bounds
                5:21 `2`: at least
                5:29 `4`: at most
        "#]],
    );
    check_part(
        "web:\n  autoscale: { min: 4, max: 2 }\n",
        expect![[r#"
        4:29 error topology::autoscale `2`: at most 2 replicas, but at least 4 / write `max: 4` or more
            4:21 `4`: at least
    "#]],
    );
    check_part("web:\n  autoscale: { min: 2, max: 4 }\n", expect![[""]]);
    check_part(
        "web:\n  replicas: 3\n  autoscale: { max: 4, cpu: 101 }\n",
        expect![[r#"
            5:29 error topology::out-of-range `101`: `101` is out of range: expected a whole number from 10 to 95 / the nearest possible value is `95`
        "#]],
    );
}

#[test]
fn the_ingress_needs_two_ports() {
    check_part(
        "local: { ports: { https: 80 } }\n",
        expect![[r#"
        3:26 error topology::same-port `80`: HTTPS and HTTP cannot share port 80 / give each its own, for example `ports: { https: 8443, http: 8080 }`
    "#]],
    );
    check_part(
        "local: { ports: { https: 8080, http: 8080 } }\n",
        expect![[r#"
            3:38 error topology::same-port `8080`: HTTPS and HTTP cannot share port 8080 / give each its own, for example `ports: { https: 8443, http: 8080 }`
                3:26 `8080`: the same port
        "#]],
    );
}

#[test]
fn tls_fits_the_port_of_the_mail_server() {
    check_part(
        "mail: { via: { smtp: { server: s.example.net, port: 587, tls: implicit } } }\n",
        expect![[r#"
            3:53 error topology::mail-tls `587`: port 587 starts without TLS, `tls: implicit` starts with it / write `port: 465`, or `tls: starttls` with port 587
                3:63 `implicit`: TLS from the first byte
        "#]],
    );
    check_part(
        "mail: { via: { smtp: { server: s.example.net, port: 465 } } }\n",
        expect![[r#"
            3:53 error topology::mail-tls `465`: port 465 starts with TLS, `tls: starttls` starts without / write `tls: implicit`, or `port: 587`
        "#]],
    );
    check_part(
        "mail: { via: { smtp: { server: s.example.net, tls: implicit } } }\n",
        expect![[""]],
    );
    check_part(
        "mail: { via: { smtp: { server: s.example.net, login: me, tls: off } } }\n",
        expect![[r#"
            3:63 warning topology::mail-tls `off`: the password would cross the network to `s.example.net` in clear text / write `tls: starttls`
                3:54 `me`: with this login
        "#]],
    );
    check_part(
        "mail: { via: { smtp: { server: mailpit, login: me, tls: off } } }\n",
        expect![[""]],
    );
}

const AWS: &str = "aws: { region: eu-central-1 }\n";

/// A file for AWS, of a domain that somebody owns.
fn on_aws(part: &str) -> String {
    format!("name: social\ndomain: social.masto.host\n{AWS}{part}")
}

#[test]
fn a_file_for_aws_needs_no_more_than_a_region() {
    check(&on_aws(""), expect![[""]]);
}

#[test]
fn aws_delivers_mail_and_shows_none() {
    check(
        &on_aws("mail: { via: catcher }\n"),
        expect![[r#"
        4:14 error topology::mail-on-aws `catcher`: on AWS there is no mail catcher: nobody could confirm an account or reset a password / write `via: ses`, or `via: { smtp: { server: … } }`; on Docker mail goes to the catcher with `ses` too
    "#]],
    );
    check(
        &on_aws("mail: { via: { smtp: { server: s.example.net, port: 25 } } }\n"),
        expect![[r#"
            4:53 warning topology::mail-on-aws `25`: AWS throttles port 25 of Fargate tasks: mail would be late or lost / write `port: 587`
        "#]],
    );
}

#[test]
fn aws_issues_certificates_for_public_domains_only() {
    check(
        &format!("name: social\ndomain: social.test\nweb_domain: social.local\n{AWS}"),
        expect![[r#"
            2:9 error topology::domain-not-public `social.test`: nobody can own `social.test`, so AWS issues no certificate for it: `.test` is not a public domain / write a domain of yours; `local.domain` is the name on this machine
            3:13 error topology::domain-not-public `social.local`: nobody can own `social.local`, so AWS issues no certificate for it: `.local` is not a public domain / write a domain of yours; `local.domain` is the name on this machine
        "#]],
    );
    check(
        &format!("name: social\ndomain: social.example.com\n{AWS}"),
        expect![[r#"
            2:9 warning topology::domain-not-public `social.example.com`: `social.example.com` is an example: on AWS it has to be a domain of yours / put your own domain here before the first `masto up --aws`
        "#]],
    );
}

#[test]
fn the_zone_holds_the_domains() {
    let zone = "aws: { region: eu-central-1, dns: { zone: masto.host } }\n";
    check(
        &format!("name: social\ndomain: social.masto.host\nweb_domain: masto.host\n{zone}"),
        expect![[""]],
    );
    check(
        &format!("name: social\ndomain: mymasto.host\n{zone}"),
        expect![[r#"
            3:43 error topology::domain-outside-zone `masto.host`: the zone `masto.host` cannot answer for `mymasto.host` / write `zone: mymasto.host`, or `dns: manual` to set the records yourself
                2:9 `mymasto.host`: not in that zone
        "#]],
    );
    check(
        &format!(
            "name: social\ndomain: social.masto.host\nweb_domain: social.mymasto.host\n{zone}"
        ),
        expect![[r#"
            4:43 error topology::domain-outside-zone `masto.host`: the zone `masto.host` cannot answer for `social.mymasto.host` / write `zone: mymasto.host`, or `dns: manual` to set the records yourself
                3:13 `social.mymasto.host`: not in that zone
        "#]],
    );
}

#[test]
fn fargate_sells_fixed_pairs_of_cpu_and_memory() {
    check(
        &on_aws("web: { cpu: 0.5, memory: 512MiB }\n"),
        expect![[r#"
            4:26 error topology::fargate-size `512MiB`: Fargate has no task with 0.5 processors and 512MiB: that size has 1GiB to 4GiB / write `memory: 1GiB`
                4:13 `0.5`: together with this
        "#]],
    );
    check(
        &on_aws("streaming: { cpu: 0.3 }\n"),
        expect![[r#"
        4:19 error topology::fargate-size `0.3`: Fargate has no task with 0.3 processors and 512MiB / write `cpu: 0.5` and `memory: 1GiB`
    "#]],
    );
    check(
        &on_aws("sidekiq:\n  - { name: a, queues: [default], memory: 3GiB }\n"),
        expect![[r#"
            5:43 error topology::fargate-size `3GiB`: Fargate has no task with 0.25 processors and 3GiB: that size has 512MiB to 2GiB / write `cpu: 0.5`
        "#]],
    );
    check(
        &on_aws("web: { cpu: 32, memory: 256GiB }\n"),
        expect![[r#"
        4:25 error topology::fargate-size `256GiB`: Fargate has no task with 32 processors and 256GiB / write `cpu: 16` and `memory: 120GiB`
            4:13 `32`: together with this
    "#]],
    );
    // Docker takes any pair.
    check_part("web: { cpu: 0.5, memory: 512MiB }\n", expect![[""]]);
}

#[test]
fn rds_and_elasticache_sell_fixed_shapes() {
    check(
        &on_aws("postgres: { storage: 10GiB }\n"),
        expect![[r#"
        4:22 error topology::rds `10GiB`: RDS has no database with 10GiB: its disks have 20GiB to 64TiB, in whole GiB / write `storage: 20GiB`
    "#]],
    );
    check(
        &on_aws("postgres: { storage: 20.5GiB }\n"),
        expect![[r#"
        4:22 error topology::rds `20.5GiB`: RDS has no database with 20992MiB: its disks have 20GiB to 64TiB, in whole GiB / write `storage: 21GiB`
    "#]],
    );
    check(
        &on_aws("redis: { version: 7.2 }\n"),
        expect![[r#"
        4:19 error topology::elasticache `7.2`: ElastiCache has no Redis 7.2: after 7.1 it went on with Valkey / write `redis: { engine: valkey, version: 8 }`, or `version: 7`
    "#]],
    );
    check(
        &on_aws("redis: { engine: valkey, version: 8 }\n"),
        expect![[""]],
    );
}

#[test]
fn a_local_domain_leads_to_this_machine() {
    check_part(
        "local: { domain: social.test }\n",
        expect![[r#"
        3:18 warning topology::local-domain `social.test`: `social.test` does not lead to this machine by itself / write `social.localhost`, or put `127.0.0.1 social.test media.social.test mail.social.test` into /etc/hosts
    "#]],
    );
    check_part("local: { domain: mastodon.localhost }\n", expect![[""]]);
}

#[test]
fn a_split_domain_is_split_on_this_machine_too() {
    let split = |local: &str| format!("web_domain: web.example.com\nlocal: {{ {local} }}\n");
    check_part(&split("domain: social.localhost"), expect![[""]]);
    check_part(&split("web_domain: here.localhost"), expect![[""]]);
    check_part(
        "local: { web_domain: web.localhost }\n",
        expect![[r#"
        3:22 error topology::split-domain `web.localhost`: the domain is split on this machine and not in production / write `web_domain` as well, the name that the server answers on in production; or remove this one
    "#]],
    );
    check_part(
        &split("web_domain: social.localhost"),
        expect![[r#"
        4:22 error topology::split-domain `social.localhost`: `local.web_domain` is where the handles are, too: nothing is split / write `web.social.localhost`, or leave it out: that is what it is then
    "#]],
    );
    check_part(
        &split("web_domain: mail.social.localhost"),
        expect![[r#"
        4:22 error topology::split-domain `mail.social.localhost`: `mail.social.localhost` is where the mail catcher may answer / write `web.social.localhost`
    "#]],
    );
    check_part(
        &split("web_domain: web.test"),
        expect![[r#"
        4:22 warning topology::local-domain `web.test`: `web.test` does not lead to this machine by itself / write a name below `localhost`, or put `127.0.0.1 web.test media.web.test` into /etc/hosts
    "#]],
    );
    check_part(
        &split("domain: social.test"),
        expect![[r#"
        4:18 warning topology::local-domain `social.test`: `social.test` does not lead to this machine by itself / write `social.localhost`, or put `127.0.0.1 social.test web.social.test media.web.social.test mail.social.test` into /etc/hosts
    "#]],
    );
}

#[test]
fn a_web_domain_differs_from_the_domain() {
    check_part(
        "web_domain: social.example.com\n",
        expect![[r#"
        3:13 warning topology::redundant `social.example.com`: `web_domain` only repeats `domain` / remove `web_domain`: the server answers on `domain` anyway
            2:9 `social.example.com`: the same
    "#]],
    );
}
