//! YAML itself: syntax, anchors, what else may stand in a file.

use expect_test::expect;

use crate::check::{check, check_part};

#[test]
fn a_syntax_error_has_its_place_and_says_what_to_write() {
    check(
        "name: social\n\tdomain: x\n",
        expect![[r#"
            2:1 error topology::syntax `\t`: a tab stands where YAML wants spaces / indent with spaces
        "#]],
    );
    check(
        "name: social\n  domain: social.example.com\n",
        expect![[r#"
            2:9 error topology::syntax `:`: a `:` where no key can be / put a value with `: ` in it between quotes, write `:` behind every key, and start the keys of one part in the same column
        "#]],
    );
    check(
        "name: a: b\n",
        expect![[r#"
            1:8 error topology::syntax `:`: a `:` where no key can be / put a value with `: ` in it between quotes, write `:` behind every key, and start the keys of one part in the same column
        "#]],
    );
    check(
        "web: { replicas: 1\n",
        expect![[r#"
        1:6 error topology::syntax `{`: a `{` is not closed / write `}` behind the last value, and `,` between values
    "#]],
    );
    check(
        "queues: [default, push\nname: social\n",
        expect![[r#"
            1:9 error topology::syntax `[`: a `[` is not closed / write `]` behind the last value, and `,` between values
        "#]],
    );
    check(
        "name: \"social\ndomain: x\n",
        expect![[r#"
            2:1 error topology::syntax `d`: a quote is not closed / write the same quote at the end of the text
        "#]],
    );
    check(
        "name: @social\n",
        expect![[r#"
        1:7 error topology::syntax `@`: a value cannot start with this character / put the value between quotes
    "#]],
    );
    check(
        "name: 'a' b\n",
        expect![[r#"
        1:11 error topology::syntax `b`: text stands behind a closing quote / put the whole value between quotes; inside of '…' a quote is written twice
    "#]],
    );
    check(
        "name: \"\\q\"\n",
        expect![[r#"
        1:7 error topology::syntax `\"`: a `\` inside of "…" starts an escape that YAML does not know / write `\\`, or put the text between '…'
    "#]],
    );
    check(
        "name\ndomain: x\n",
        expect![[r#"
            2:7 error topology::syntax `:`: a `:` where no key can be / put a value with `: ` in it between quotes, write `:` behind every key, and start the keys of one part in the same column
        "#]],
    );
    check(
        "name: social\n}\n",
        expect![[r#"
        2:1 error topology::syntax `}`: a closing bracket without its opening one / remove it, or put text with brackets between quotes
    "#]],
    );
    check(
        "name: %x\n",
        expect![[r#"
        1:7 error topology::syntax `%`: a value cannot start with this character / put the value between quotes
    "#]],
    );
}

#[test]
fn a_file_that_is_no_mapping_is_no_topology() {
    check(
        "",
        expect![[r#"
        1:1 error topology::empty ``: the file is empty / write at least `name: social` and `domain: social.example.com`, or let `masto init` make a file
    "#]],
    );
    check(
        "# nothing yet\n",
        expect![[r#"
        1:1 error topology::empty ``: the file is empty / write at least `name: social` and `domain: social.example.com`, or let `masto init` make a file
    "#]],
    );
    check(
        "---\n",
        expect![[r#"
        1:1 error topology::empty ``: the file is empty / write at least `name: social` and `domain: social.example.com`, or let `masto init` make a file
    "#]],
    );
    check(
        "null\n",
        expect![[r#"
        1:1 error topology::empty ``: the file is empty / write at least `name: social` and `domain: social.example.com`, or let `masto init` make a file
    "#]],
    );
    check(
        "hello\n",
        expect![[r#"
            1:1 error topology::wrong-type `hello`: expected a mapping, found a text `hello` / its keys are `name`, `domain`, `web_domain`, `owner`, `mastodon`, `web`, `streaming`, `sidekiq`, `postgres`, `redis`, `media`, `mail`, `search`, `local` or `aws`
        "#]],
    );
    check(
        "- name: social\n",
        expect![[r#"
            1:1 error topology::wrong-type `- name: social`: expected a mapping, found a list / its keys are `name`, `domain`, `web_domain`, `owner`, `mastodon`, `web`, `streaming`, `sidekiq`, `postgres`, `redis`, `media`, `mail`, `search`, `local` or `aws`
        "#]],
    );
    check(
        "name: social\ndomain: social.example.com\n---\nname: other\n",
        expect![[r#"
            3:1 error topology::several-documents `---`: the file has more than one document, a topology is one / put each server into its own file
        "#]],
    );
}

#[test]
fn comments_quotes_json_and_explicit_documents_are_fine() {
    check(
        "%YAML 1.2\n--- # one\nname: 'social' # two\n? domain\n: \"social.example.com\"\n...\n",
        expect![[""]],
    );
    check(
        "{\"name\": \"social\", \"domain\": \"social.example.com\", \"web\": {\"replicas\": 2}}",
        expect![[""]],
    );
}

#[test]
fn crlf_a_bom_and_a_missing_last_line_end_are_fine() {
    check(
        "\u{feff}name: social\r\ndomain: social.example.com\r\nweb:\r\n  replicas: 2",
        expect![[""]],
    );
    check(
        "\u{feff}name: Social\r\ndomain: social.example.com\r\nweb:\r\n  replica: 2\r\n",
        expect![[r#"
            1:7 error topology::name `Social`: `Social` has `S` in it, a name has only a-z, 0-9 and - / write `social`
            4:3 error topology::unknown-key `replica`: unknown key `replica` in `web` / did you mean `replicas`?
        "#]],
    );
}

#[test]
fn aliases_and_merges_are_unfolded() {
    check_part(
        "sidekiq:\n  - &worker { name: a, queues: [default], threads: 20 }\n  - { <<: *worker, name: b, queues: [push] }\n  - { <<: [*worker], name: c }\n",
        expect![[""]],
    );
    check_part(
        "web: { memory: &m 1GB }\nstreaming: { memory: *m }\n",
        expect![[r#"
            3:19 error topology::size `1GB`: `1GB` is not a size: the units are MiB, GiB and TiB / write `1GiB`
            4:22 error topology::size `*m`: `1GB` is not a size: the units are MiB, GiB and TiB / write `1GiB`
        "#]],
    );
    check_part(
        "sidekiq:\n  - &worker { name: a, queues: [default], thread: 20 }\n  - { <<: *worker, name: b }\n",
        expect![[r#"
            4:43 error topology::unknown-key `thread`: unknown key `thread` in `sidekiq[0]` / did you mean `threads`?
        "#]],
    );
}

#[test]
fn an_alias_without_anchor_is_refused() {
    check_part(
        "web: *nothing\n",
        expect![[r#"
        3:6 error topology::alias `*nothing`: the alias `*nothing` has no anchor before it / write `&name` before the value meant, or put text that starts with `*` between quotes
    "#]],
    );
    check_part(
        "web: &web { replicas: *web }\n",
        expect![[r#"
        3:23 error topology::alias `*web`: the alias `*web` stands inside of its own anchor / write `&name` before the value meant, or put text that starts with `*` between quotes
    "#]],
    );
    check_part(
        "web: { <<: 1 }\n",
        expect![[r#"
        3:12 error topology::alias `1`: `<<` takes over a mapping, this is a number / write `<<: *name`, where `&name` stands before a mapping
    "#]],
    );
}

#[test]
fn tags_have_no_meaning() {
    check_part(
        "web: !include web.yaml\n",
        expect![[r#"
            3:6 error topology::tag `!include`: the tag `!include` has no meaning in a topology / remove it, or put the value between quotes if the `!` belongs to it
            3:15 error topology::wrong-type `web.yaml`: expected a mapping, found a text `web.yaml` / its keys are `replicas`, `workers`, `threads`, `cpu`, `memory` or `autoscale`
        "#]],
    );
    check(
        "name: !!str social\ndomain: !!str social.example.com\n",
        expect![[""]],
    );
}

#[test]
fn keys_are_words() {
    check_part(
        "{a: 1}: 2\n",
        expect![[r#"
        3:1 error topology::wrong-type `{a: 1}`: a key must be a word / put text that starts with `{` or `[` between quotes
    "#]],
    );
    check_part(
        "? [a, b]\n: 2\n",
        expect![[r#"
        3:3 error topology::wrong-type `[a, b]`: a key must be a word / put text that starts with `{` or `[` between quotes
    "#]],
    );
    check_part(
        "1: 2\n\"\": 2\n",
        expect![[r#"
        3:1 error topology::unknown-key `1`: unknown key `1` / the keys here are `name`, `domain`, `web_domain`, `owner`, `mastodon`, `web`, `streaming`, `sidekiq`, `postgres`, `redis`, `media`, `mail`, `search`, `local` or `aws`
        4:1 error topology::unknown-key `\"\"`: unknown key `` / the keys here are `name`, `domain`, `web_domain`, `owner`, `mastodon`, `web`, `streaming`, `sidekiq`, `postgres`, `redis`, `media`, `mail`, `search`, `local` or `aws`
    "#]],
    );
}
