//! What people do to the proxy in front.

use super::surgery::printed;
use super::{Fault, Undo};
use crate::support::Scenario;

/// The container that all deployments share.
const INGRESS: &str = "masto-ingress";

pub(super) const TABLE: &[Fault] = &[
    Fault {
        name: "X-Forwarded-Proto missing",
        seed: |scenario| to_web(scenario, "header_up -X-Forwarded-Proto"),
        cause: "does not send `X-Forwarded-Proto: https`",
    },
    Fault {
        name: "Host dropped",
        seed: |scenario| to_web(scenario, "header_up Host web:3000"),
        cause: "does not pass the `Host` header",
    },
    Fault {
        name: "no route to streaming",
        seed: |scenario| {
            site(scenario, |text| {
                text.replace("/api/v1/streaming", "/api/v9/streaming")
            })
        },
        cause: "does not lead `/api/v1/streaming` to streaming",
    },
    Fault {
        name: "media host leads to another bucket",
        seed: |scenario| {
            let bucket = format!("/{}-media{{path}}", scenario.name);
            site(scenario, move |text| {
                text.replace(&bucket, "/elsewhere{path}")
            })
        },
        cause: "media",
    },
    Fault {
        name: "ingress stopped",
        seed: |scenario| {
            scenario.engine.stop(INGRESS);
            // `masto up` starts it.
            Box::new(|_| {})
        },
        cause: "`ingress` was stopped",
    },
];

/// One more line in the way to web.
fn to_web(scenario: &Scenario, line: &str) -> Undo {
    let way = format!("reverse_proxy {}:3000 {{", scenario.container("web-1"));
    site(scenario, |text| {
        text.replace(&way, &format!("{way}\n{line}"))
    })
}

/// Edits the deployment's site in the ingress, and has it read again.
fn site(scenario: &Scenario, edit: impl FnOnce(&str) -> String) -> Undo {
    let path = format!("/data/masto/sites/{}.caddyfile", scenario.name);
    let before = printed(scenario, INGRESS, &["cat", &path]);
    let after = edit(&before);
    assert_ne!(after, before);
    put(scenario, &path, &after);
    Box::new(move |scenario| put(scenario, &path, &before))
}

fn put(scenario: &Scenario, path: &str, text: &str) {
    let line =
        "printf '%s' \"$1\" > \"$0\" && exec caddy reload --config /etc/caddy/Caddyfile --force";
    scenario
        .engine
        .execute(INGRESS, &["sh", "-c", line, path, text]);
}
