//! Keys and kinds of values.

use expect_test::expect;

use crate::check::{check, check_part};

#[test]
fn the_shortest_file_has_two_lines() {
    check("name: social\ndomain: social.example.com\n", expect![[""]]);
}

#[test]
fn name_and_domain_must_be_there() {
    check(
        "web: { replicas: 2 }\n",
        expect![[r#"
        1:1 error topology::missing-key `web`: the file has no `domain` / write `domain: social.example.com`
        1:1 error topology::missing-key `web`: the file has no `name` / write `name: social`
    "#]],
    );
    check(
        "name:\ndomain: ~\n",
        expect![[r#"
        1:1 error topology::missing-key `name`: `name` has no value / write `name: social`
        2:9 error topology::missing-key `~`: `domain` has no value / write `domain: social.example.com`
    "#]],
    );
}

#[test]
fn an_unknown_key_is_named_with_the_key_that_was_meant() {
    check_part(
        "strEaming: {}\nwebb:\n  replicas: 1\n",
        expect![[r#"
        3:1 error topology::unknown-key `strEaming`: unknown key `strEaming` / did you mean `streaming`?
        4:1 error topology::unknown-key `webb`: unknown key `webb` / did you mean `web`?
    "#]],
    );
    check_part(
        "web:\n  replica: 2\n  thread: 3\n  port: 3000\n",
        expect![[r#"
            4:3 error topology::unknown-key `replica`: unknown key `replica` in `web` / did you mean `replicas`?
            5:3 error topology::unknown-key `thread`: unknown key `thread` in `web` / did you mean `threads`?
            6:3 error topology::unknown-key `port`: unknown key `port` in `web` / the keys here are `replicas`, `workers`, `threads`, `cpu`, `memory` or `autoscale`
        "#]],
    );
    check(
        "name: social\ndomian: social.example.com\n",
        expect![[r#"
            2:1 error topology::unknown-key `domian`: unknown key `domian` / did you mean `domain`?
        "#]],
    );
}

#[test]
fn a_key_of_another_tool_or_another_part_is_led_to_its_place() {
    check_part(
        "database: {}\nregion: eu-central-1\nversion: v4.7.5\nsmtp: {}\nhostname: x\n",
        expect![[r#"
            3:1 error topology::unknown-key `database`: unknown key `database` / did you mean `postgres`?
            4:1 error topology::unknown-key `region`: unknown key `region` / it is `aws.region` in a topology
            5:1 error topology::unknown-key `version`: unknown key `version` / it is `mastodon.version` in a topology
            6:1 error topology::unknown-key `smtp`: unknown key `smtp` / it is `mail.via` in a topology
            7:1 error topology::unknown-key `hostname`: unknown key `hostname` / did you mean `domain`?
        "#]],
    );
    check_part(
        "web: { concurrency: 5, count: 2, env: {}, mem_limit: 1g }\n",
        expect![[r#"
            3:8 error topology::unknown-key `concurrency`: unknown key `concurrency` in `web` / did you mean `threads`?
            3:24 error topology::unknown-key `count`: unknown key `count` in `web` / did you mean `replicas`?
            3:34 error topology::unknown-key `env`: unknown key `env` in `web` / it is `mastodon.env` in a topology
            3:43 error topology::unknown-key `mem_limit`: unknown key `mem_limit` in `web` / did you mean `memory`?
        "#]],
    );
    check_part(
        "mail: { via: { smtp: { host: smtp.example.net, user: me } } }\n",
        expect![[r#"
            3:24 error topology::unknown-key `host`: unknown key `host` in `mail.via.smtp` / did you mean `server`?
            3:48 error topology::unknown-key `user`: unknown key `user` in `mail.via.smtp` / did you mean `login`?
        "#]],
    );
}

#[test]
fn a_key_that_stands_twice_is_refused_with_both_places() {
    check(
        "name: social\ndomain: social.example.com\nname: other\n",
        expect![[r#"
            3:1 error topology::duplicate-key `name`: the key `name` stands here twice / remove one of the two: each key counts once
                1:1 `name`: first here
        "#]],
    );
    check_part(
        "web:\n  replicas: 1\n  replicas: 2\n",
        expect![[r#"
        5:3 error topology::duplicate-key `replicas`: the key `replicas` stands here twice / remove one of the two: each key counts once
            4:3 `replicas`: first here
    "#]],
    );
    check_part(
        "mastodon: { env: { A: 1, A: 2 } }\n",
        expect![[r#"
        3:26 error topology::duplicate-key `A`: the key `A` stands here twice / remove one of the two: each key counts once
            3:20 `A`: first here
    "#]],
    );
    check_part(
        "\"web\": {}\nweb: {}\n",
        expect![[r#"
        4:1 error topology::duplicate-key `web`: the key `web` stands here twice / remove one of the two: each key counts once
            3:1 `\"web\"`: first here
    "#]],
    );
}

#[test]
fn a_secret_never_stands_in_the_file() {
    check_part(
        "mail:\n  via:\n    smtp: { server: smtp.example.net, login: me, password: hunter2 }\n",
        expect![[r#"
            5:50 error topology::secret-in-file `password`: `password` is a secret, which never stands in a topology / remove the line and set the environment variable MASTO_SMTP_PASSWORD
        "#]],
    );
    check_part(
        "postgres: { password: hunter2 }\nmastodon: { SECRET_KEY_BASE: abc }\n",
        expect![[r#"
            3:13 error topology::secret-in-file `password`: `password` is a secret, which never stands in a topology / remove the line: masto generates what Mastodon needs and keeps it outside of this file
            4:13 error topology::secret-in-file `SECRET_KEY_BASE`: `SECRET_KEY_BASE` is a secret, which never stands in a topology / remove the line: masto generates what Mastodon needs and keeps it outside of this file
        "#]],
    );
}

#[test]
fn a_value_of_another_kind_is_refused_with_what_to_write() {
    check_part(
        "web: 2\nstreaming: [1]\nmastodon: v4.7.5\n",
        expect![[r#"
            3:6 error topology::wrong-type `2`: expected a mapping, found a number `2` / its keys are `replicas`, `workers`, `threads`, `cpu`, `memory` or `autoscale`
            4:12 error topology::wrong-type `[1]`: expected a mapping, found a list / its keys are `replicas`, `cpu` or `memory`
            5:11 error topology::wrong-type `v4.7.5`: expected a mapping, found a text `v4.7.5` / its keys are `version` or `env`
        "#]],
    );
    check_part(
        "sidekiq: { name: all, queues: [default] }\n",
        expect![[r#"
            3:10 error topology::wrong-type `{ name: all, queues: [default] }`: expected a list, found a mapping / start each entry with `- `
        "#]],
    );
    check_part(
        "sidekiq: [all]\n",
        expect![[r#"
            3:11 error topology::wrong-type `all`: expected a mapping, found a text `all` / its keys are `name`, `queues`, `threads`, `replicas`, `cpu`, `memory` or `autoscale`
        "#]],
    );
    check_part(
        "sidekiq:\n  - name: all\n    queues: default, push\n",
        expect![[r#"
            5:13 error topology::wrong-type `default, push`: expected a list, found a text `default, push` / write `[default, push]`
        "#]],
    );
    check_part(
        "web: { replicas: two, threads: 2.5, workers: \"2\", memory: [1GiB], cpu: {} }\n",
        expect![[r#"
            3:18 error topology::wrong-type `two`: expected a whole number from 1 to 100, found a text `two` / write a whole number from 1 to 100
            3:32 error topology::wrong-type `2.5`: expected a whole number from 1 to 100, found a number `2.5` / write a whole number from 1 to 100
            3:46 error topology::wrong-type `\"2\"`: expected a whole number from 0 to 64, found a text `2` / write `2` without quotes
            3:59 error topology::wrong-type `[1GiB]`: expected a size, found a list / write it without the brackets or the `-`
            3:72 error topology::wrong-type `{}`: expected a number of processors, found a mapping / write a number of processors
        "#]],
    );
    check_part(
        "media: { cdn: yes }\naws: { region: eu-central-1, spot: \"true\" }\n",
        expect![[r#"
            2:9 warning topology::domain-not-public `social.example.com`: `social.example.com` is an example: on AWS it has to be a domain of yours / put your own domain here before the first `masto up --aws`
            3:15 error topology::wrong-type `yes`: expected `true` or `false`, found a text `yes` / write `true`
            4:36 error topology::wrong-type `\"true\"`: expected `true` or `false`, found a text `true` / write `true`
        "#]],
    );
    check_part(
        "search: true\nredis: [redis]\n",
        expect![[r#"
            3:9 error topology::unknown-value `true`: `true` is not a kind of search / write `none`
            4:8 error topology::wrong-type `[redis]`: expected a mapping, found a list / its keys are `engine`, `version` or `size`
        "#]],
    );
    check_part(
        "mastodon: { env: [A=1] }\n",
        expect![[r#"
        3:18 error topology::wrong-type `[A=1]`: expected a mapping, found a list / write one `NAME: value` a line, without `- `
    "#]],
    );
}

#[test]
fn an_unknown_word_is_named_with_the_word_that_was_meant() {
    check_part(
        "sidekiq:\n  - name: all\n    queues: [default, ingres, mail, critical]\n",
        expect![[r#"
            5:23 error topology::unknown-value `ingres`: `ingres` is not a queue of Mastodon / did you mean `ingress`?
            5:31 error topology::unknown-value `mail`: `mail` is not a queue of Mastodon / did you mean `mailers`?
            5:37 error topology::unknown-value `critical`: `critical` is not a queue of Mastodon / write `default`, `push`, `ingress`, `mailers`, `pull`, `fasp` or `scheduler`
        "#]],
    );
    check_part(
        "postgres: { size: mirco }\nredis: { engine: valky, size: nano }\nsearch: opensearch\n",
        expect![[r#"
            3:19 error topology::unknown-value `mirco`: `mirco` is not a size / did you mean `micro`?
            4:18 error topology::unknown-value `valky`: `valky` is not a key-value store that masto runs / did you mean `valkey`?
            4:31 error topology::unknown-value `nano`: `nano` is not a size / write `micro`, `small`, `medium`, `large`, `xlarge` or `2xlarge`
            5:9 error topology::unknown-value `opensearch`: masto does not run `opensearch`, so there is no full-text search / write `none`, and for a cluster of your own set ES_ENABLED, ES_HOST and ES_PORT in `mastodon.env`, then run `masto tootctl search deploy`
        "#]],
    );
    check_part(
        "aws: { region: eu-central-1, network: vpc, architecture: x86_64, dns: route53 }\n",
        expect![[r#"
            2:9 warning topology::domain-not-public `social.example.com`: `social.example.com` is an example: on AWS it has to be a domain of yours / put your own domain here before the first `masto up --aws`
            3:39 error topology::unknown-value `vpc`: `vpc` is not a network profile / write `public`, `private` or `ha`
            3:58 error topology::unknown-value `x86_64`: `x86_64` is not an architecture / did you mean `amd64`?
            3:71 error topology::wrong-type `route53`: a zone of Route 53 is given by its name / write `dns: { zone: example.com }`
        "#]],
    );
    check_part(
        "mail: { via: smtp }\n",
        expect![[r#"
        3:14 error topology::wrong-type `smtp`: `smtp` needs its settings / write `via: { smtp: { server: smtp.example.com, login: … } }`
    "#]],
    );
    check_part(
        "mail: { via: sendgrid }\n",
        expect![[r#"
            3:14 error topology::unknown-value `sendgrid`: `sendgrid` is not a way to deliver mail / write `ses`, `catcher` or `smtp: { server: … }`
        "#]],
    );
    check_part(
        "mail: { via: { smtp: { server: smtp.example.net, tls: start_tls } } }\n",
        expect![[r#"
            3:55 error topology::unknown-value `start_tls`: `start_tls` is not a kind of TLS / did you mean `starttls`?
        "#]],
    );
}

#[test]
fn keys_that_a_part_needs_are_missed() {
    check_part(
        "sidekiq:\n  - {}\n  - name: b\n  - queues: [default]\n",
        expect![[r#"
            4:5 error topology::missing-key `{}`: `sidekiq[0]` has no `name` / write `name: all`
            4:5 error topology::missing-key `{}`: `sidekiq[0]` has no `queues` / write `queues: [default, push]`
            5:5 error topology::missing-key `name: b`: `sidekiq[1]` has no `queues` / write `queues: [default, push]`
            6:5 error topology::missing-key `queues: [default]`: `sidekiq[2]` has no `name` / write `name: all`
        "#]],
    );
    check_part(
        "aws: {}\n",
        expect![[r#"
        2:9 warning topology::domain-not-public `social.example.com`: `social.example.com` is an example: on AWS it has to be a domain of yours / put your own domain here before the first `masto up --aws`
        3:6 error topology::missing-key `{}`: `aws` has no `region` / write `region: eu-central-1`
    "#]],
    );
    check_part(
        "aws: { region: eu-central-1, dns: {} }\n",
        expect![[r#"
        2:9 warning topology::domain-not-public `social.example.com`: `social.example.com` is an example: on AWS it has to be a domain of yours / put your own domain here before the first `masto up --aws`
        3:35 error topology::missing-key `{}`: `aws.dns` has no `zone` / write `zone: example.com`
    "#]],
    );
    check_part(
        "web: { autoscale: { min: 2 } }\n",
        expect![[r#"
        3:19 error topology::missing-key `{ min: 2 }`: `web.autoscale` has no `max` / write `max: 4`
    "#]],
    );
    check_part(
        "mail: { via: { smtp: {} } }\n",
        expect![[r#"
        3:22 error topology::missing-key `{}`: `mail.via.smtp` has no `server` / write `server: smtp.example.com`
    "#]],
    );
    check_part(
        "mail: { via: { smtp: } }\n",
        expect![[r#"
        3:16 error topology::missing-key `smtp`: `smtp` has no value / write `smtp: { server: smtp.example.com }`
    "#]],
    );
}

#[test]
fn a_part_without_a_value_is_left_to_its_defaults() {
    check_part(
        "web:\nsidekiq:\nlocal: {}\nmastodon:\n  env:\n",
        expect![[""]],
    );
}

#[test]
fn every_problem_of_a_file_is_found_in_one_pass() {
    check(
        "\
name: My_Social
domain: localhost
mastodon: { version: 4.7.5 }
web:
  replicas: 0
  replica: 2
  memory: 1GB
sidekiq:
  - name: a
    queues: [defualt, push]
    cpu: 256
  - name: a
    queues: []
postgres: { version: 18, storage: 20GB }
mail: { from: nobody, via: ses }
aws:
  network: public
",
        expect![[r#"
            1:7 error topology::name `My_Social`: `My_Social` has `M` in it, a name has only a-z, 0-9 and - / write `my-social`
            2:9 error topology::domain `localhost`: `localhost` alone cannot be a server's identity: it has no dot / write `social.localhost`
            3:22 error topology::mastodon-version `4.7.5`: `4.7.5` is not the tag of an image: those start with `v` / write `v4.7.5`
            5:13 error topology::out-of-range `0`: `0` is out of range: expected a whole number from 1 to 100 / the nearest possible value is `1`
            6:3 error topology::unknown-key `replica`: unknown key `replica` in `web` / did you mean `replicas`?
            7:11 error topology::size `1GB`: `1GB` is not a size: the units are MiB, GiB and TiB / write `1GiB`
            10:14 error topology::unknown-value `defualt`: `defualt` is not a queue of Mastodon / did you mean `default`?
            11:10 error topology::cpu `256`: `256` is out of range: cpu is 0.05 to 128 processors / write `0.25`: cpu counts processors, not ECS units
            12:11 error topology::duplicate-name `a`: two Sidekiq processes are called `a` / give each its own name
                9:11 `a`: the first
            13:13 error topology::empty-list `[]`: `a` consumes no queue / list at least one queue, or remove the process
            14:22 error topology::store-version `18`: `18` is too new: Mastodon is tested with PostgreSQL 14 to 17 / write `17`
            14:35 error topology::size `20GB`: `20GB` is not a size: the units are MiB, GiB and TiB / write `20GiB`
            15:15 error topology::email `nobody`: `nobody` is not a mail address: it has no `@` / write an address such as `owner@example.com`
            16:1 error topology::missing-key `aws`: `aws` has no `region` / write `region: eu-central-1`
        "#]],
    );
}
