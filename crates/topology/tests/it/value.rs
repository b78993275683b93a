//! Values of one kind, each by its rule.

use expect_test::expect;

use crate::check::{check, check_part};

#[test]
fn names() {
    check(
        "name: Social\ndomain: social.example.com\n",
        expect![[r#"
        1:7 error topology::name `Social`: `Social` has `S` in it, a name has only a-z, 0-9 and - / write `social`
    "#]],
    );
    check(
        "name: \"social\"\ndomain: social.example.com\n",
        expect![[""]],
    );
    check(
        "name: 2\ndomain: social.example.com\n",
        expect![[r#"
        1:7 error topology::name `2`: `2` does not start with a letter / write 1 to 16 of a-z, 0-9 and -, a letter first, for example `social`
    "#]],
    );
    check_part(
        "sidekiq:\n  - { name: All Queues, queues: [default] }\n",
        expect![[r#"
            4:13 error topology::name `All Queues`: `All Queues` has `A` in it, a name has only a-z, 0-9 and - / write `all-queues`
        "#]],
    );
}

#[test]
fn domains() {
    check(
        "name: social\ndomain: https://social.example.com/\n",
        expect![[r#"
            2:9 error topology::domain `https://social.example.com/`: `https://social.example.com/` is a URL, not a host name / write `social.example.com`
        "#]],
    );
    check(
        "name: social\ndomain: localhost\nweb_domain: web_domain\n",
        expect![[r#"
            2:9 error topology::domain `localhost`: `localhost` alone cannot be a server's identity: it has no dot / write `social.localhost`
            3:13 error topology::domain `web_domain`: `web_domain` has `_` in it, a host name has only a-z, 0-9, `-` and `.` / write a host name such as `social.example.com`
        "#]],
    );
    check_part(
        "local: { domain: social.localhost:8443 }\n",
        expect![[r#"
        3:18 error topology::domain `social.localhost:8443`: `social.localhost:8443` has a port in it / write `social.localhost`
    "#]],
    );
}

#[test]
fn owners() {
    check_part(
        "owner: { username: me-myself, email: me }\n",
        expect![[r#"
        3:20 error topology::username `me-myself`: `me-myself` is not a user name: those have 1 to 30 letters, digits and _ / write `me_myself`
        3:38 error topology::email `me`: `me` is not a mail address: it has no `@` / write an address such as `owner@example.com`
    "#]],
    );
    check_part(
        "owner: { username: \"@me@social.example.com\" }\n",
        expect![[r#"
            3:20 error topology::username `\"@me@social.example.com\"`: `@me@social.example.com` is not a user name: those have 1 to 30 letters, digits and _ / write `me`
        "#]],
    );
    check_part(
        "owner: { username: me, email: me@example.net }\n",
        expect![[""]],
    );
}

#[test]
fn releases() {
    check_part(
        "mastodon: { version: latest }\n",
        expect![[r#"
        3:22 error topology::mastodon-version `latest`: `latest` moves: what runs would depend on the day it is pulled / write `v4.7.5`
    "#]],
    );
    check_part(
        "mastodon: { version: 4.7 }\n",
        expect![[r#"
        3:22 error topology::mastodon-version `4.7`: `4.7` is a series, not a release / write `v4.7.5`
    "#]],
    );
    check_part(
        "mastodon: { version: v4.2.10 }\n",
        expect![[r#"
        3:22 error topology::mastodon-version `v4.2.10`: `v4.2.10` is too old: masto supports 4.4 to 4.7, and Mastodon no longer mends what came before / write `v4.7.5`
    "#]],
    );
}

#[test]
fn environment_variables() {
    check_part(
        "mastodon:\n  env:\n    A: 1\n    B: true\n    C: \"\"\n    D: text\n",
        expect![[""]],
    );
    check_part(
        "mastodon:\n  env:\n    A:\n    1B: x\n    C-D: x\n    E: [1]\n    F: \"a\\0b\"\n",
        expect![[r#"
            5:5 error topology::env `A`: `A` has no value / give it one, or remove the line; to Mastodon blank is not the same as unset, `""` makes it blank
            6:5 error topology::env `1B`: `1B` is not the name of an environment variable / names have letters, digits and _, and start with no digit
            7:5 error topology::env `C-D`: `C-D` is not the name of an environment variable / names have letters, digits and _, and start with no digit
            8:8 error topology::wrong-type `[1]`: expected a text, found a list / put it between quotes
            9:8 error topology::env `\"a\\0b\"`: a variable cannot hold a NUL character / remove `\0`
        "#]],
    );
}

#[test]
fn counts() {
    check_part(
        "web: { replicas: 0, workers: 65, threads: -1 }\nstreaming: { replicas: 99999999999999999999 }\n",
        expect![[r#"
            3:18 error topology::out-of-range `0`: `0` is out of range: expected a whole number from 1 to 100 / the nearest possible value is `1`
            3:30 error topology::out-of-range `65`: `65` is out of range: expected a whole number from 0 to 64 / the nearest possible value is `64`
            3:43 error topology::out-of-range `-1`: `-1` is out of range: expected a whole number from 1 to 100 / the nearest possible value is `1`
            4:24 error topology::out-of-range `99999999999999999999`: `99999999999999999999` is out of range: expected a whole number from 1 to 100 / the nearest possible value is `100`
        "#]],
    );
    check_part(
        "web: { replicas: 1e1, workers: 0x2, threads: 05 }\n",
        expect![[r#"
            3:18 error topology::wrong-type `1e1`: expected a whole number from 1 to 100, found a number `1e1` / write a whole number from 1 to 100
            3:32 error topology::wrong-type `0x2`: expected a whole number from 0 to 64, found a text `0x2` / write a whole number from 0 to 64
            3:46 error topology::wrong-type `05`: expected a whole number from 1 to 100, found a number `05` / write a whole number from 1 to 100
        "#]],
    );
}

#[test]
fn sizes() {
    check_part(
        "web: { cpu: 500m, memory: 512 }\nstreaming: { cpu: 0.33333, memory: 1G }\n",
        expect![[r#"
            3:13 error topology::cpu `500m`: `500m` is a Kubernetes unit, cpu counts whole processors / write `0.5`
            3:27 error topology::size `512`: `512` has no unit / write `512MiB`
            4:19 error topology::cpu `0.33333`: `0.33333` is not a number of processors with at most three decimals / write virtual processors, for example `0.25`, `0.5` or `2`
            4:36 error topology::size `1G`: `1G` is not a size: the units are MiB, GiB and TiB / write `1GiB`
        "#]],
    );
    check_part(
        "web: { memory: 1MiB }\npostgres: { storage: lots }\n",
        expect![[r#"
            3:16 error topology::out-of-range `1MiB`: `1MiB` is out of range: a process has 64MiB to 1TiB / the nearest possible value is `64MiB`
            4:22 error topology::size `lots`: `lots` is not a size: the units are MiB, GiB and TiB / write a number and a unit, for example `512MiB` or `1GiB`
        "#]],
    );
}

#[test]
fn stores() {
    check_part(
        "postgres: { version: 13 }\n",
        expect![[r#"
        3:22 error topology::store-version `13`: `13` is too old: masto runs PostgreSQL 14 to 17 / write `17`; an older database has to be dumped and restored
    "#]],
    );
    check_part(
        "postgres: { version: 17.2, backups: 7 }\n",
        expect![[r#"
        3:22 error topology::store-version `17.2`: `17.2` is more than a major version / write `17`: minor releases are taken as they come
        3:37 error topology::retention `7`: `7` is not a number of days / write `7d`
    "#]],
    );
    check_part(
        "postgres: { version: \"17\", backups: 90d }\n",
        expect![[r#"
            3:37 error topology::retention `90d`: `90d` is too long: automatic backups are kept 35 days at most / write `35d`
        "#]],
    );
    check_part(
        "redis: { version: 7.2.4 }\n",
        expect![[r#"
        3:19 error topology::store-version `7.2.4`: `7.2.4` is not a version / write `7.2`: patch releases are taken as they come
    "#]],
    );
    check_part(
        "redis: { engine: valkey, version: 7.0 }\n",
        expect![[r#"
        3:35 error topology::store-version `7.0`: there is no valkey 7.0 that masto knows / write `8`
            3:18 `valkey`: of this server
    "#]],
    );
    check_part("redis: { engine: valkey, version: 7 }\n", expect![[""]]);
    check_part(
        "redis: { version: 99 }\n",
        expect![[r#"
        3:19 error topology::store-version `99`: there is no redis 99 that masto knows / write `7`
    "#]],
    );
}

#[test]
fn mail() {
    check_part(
        "mail: { from: My server }\n",
        expect![[r#"
        3:15 error topology::email `My server`: `My server` is not a mail address: it has no `@` / write an address such as `owner@example.com`
    "#]],
    );
    check_part(
        "mail: { via: { smtp: { server: \"smtp.example.net:587\" } } }\n",
        expect![[r#"
            3:32 error topology::domain `\"smtp.example.net:587\"`: `smtp.example.net:587` is not a host name / write `server: smtp.example.net` and `port: 587`
        "#]],
    );
    check_part(
        "mail: { via: { smtp: { server: smtp.example.net, port: 70000, login: \"\" } } }\n",
        expect![[r#"
            3:56 error topology::out-of-range `70000`: `70000` is out of range: expected a whole number from 1 to 65535 / the nearest possible value is `65535`
            3:70 error topology::wrong-type `\"\"`: a login cannot be empty / remove the line: without a login mail is sent without authentication
        "#]],
    );
}

#[test]
fn images_and_ports() {
    check_part(
        "local: { images: { mastodon: mastodon, postgres: \"postgres:17\" }, ports: { https: 0 } }\n",
        expect![[r#"
            3:30 error topology::image `mastodon`: `mastodon` is not an image: it has neither tag nor digest, so what runs would depend on the day / write it with its tag, for example `docker.io/library/postgres:17`
            3:83 error topology::out-of-range `0`: `0` is out of range: expected a whole number from 1 to 65535 / the nearest possible value is `1`
        "#]],
    );
}

#[test]
fn regions() {
    check_part(
        "aws: { region: eu-cental-1 }\n",
        expect![[r#"
        2:9 warning topology::domain-not-public `social.example.com`: `social.example.com` is an example: on AWS it has to be a domain of yours / put your own domain here before the first `masto up --aws`
        3:16 error topology::region `eu-cental-1`: `eu-cental-1` is not a region of AWS / did you mean `eu-central-1`?
    "#]],
    );
    check_part(
        "aws: { region: eu-central-1, dns: example.com }\n",
        expect![[r#"
            2:9 warning topology::domain-not-public `social.example.com`: `social.example.com` is an example: on AWS it has to be a domain of yours / put your own domain here before the first `masto up --aws`
            3:35 error topology::wrong-type `example.com`: a zone of Route 53 is given by its name / write `dns: { zone: example.com }`
        "#]],
    );
}
