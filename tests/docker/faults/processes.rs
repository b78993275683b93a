//! Processes that do not run, or not as they should.

use std::path::Path;

use super::surgery::remake;
use super::{Fault, Undo};
use crate::support::Scenario;

pub(super) const TABLE: &[Fault] = &[
    Fault {
        name: "Sidekiq stopped",
        seed: |scenario| stopped(scenario, "sidekiq-all-1"),
        cause: "`sidekiq-all` was stopped",
    },
    Fault {
        name: "Sidekiq frozen",
        seed: frozen_sidekiq,
        cause: "`sidekiq-all` is paused",
    },
    Fault {
        name: "a queue without consumer",
        seed: without_ingress,
        cause: "`ingress`",
    },
    Fault {
        name: "streaming stopped",
        seed: |scenario| stopped(scenario, "streaming-1"),
        cause: "`streaming` was stopped",
    },
    Fault {
        name: "web stopped",
        seed: |scenario| stopped(scenario, "web-1"),
        cause: "`web` was stopped",
    },
    Fault {
        name: "PostgreSQL stopped",
        seed: |scenario| stopped(scenario, "postgres"),
        cause: "`postgres` was stopped",
    },
    Fault {
        name: "Redis stopped",
        seed: |scenario| stopped(scenario, "redis"),
        cause: "`redis` was stopped",
    },
    Fault {
        name: "object storage stopped",
        seed: |scenario| stopped(scenario, "minio"),
        cause: "`media` was stopped",
    },
    Fault {
        name: "mail catcher stopped",
        seed: |scenario| stopped(scenario, "mailpit"),
        cause: "`mail` was stopped",
    },
    Fault {
        name: "clock of Sidekiq off by two hours",
        seed: two_hours_ahead,
        cause: "the clock of `sidekiq-all` is wrong",
    },
];

/// Where Debian's package libfaketime has it.
const FAKETIME: &str = "/usr/lib/ARCH-linux-gnu/faketime/libfaketimeMT.so.1";

/// Something in the container's environment shifts its time: a container has no clock of its own.
fn two_hours_ahead(scenario: &Scenario) -> Undo {
    let outside = FAKETIME.replace("ARCH", std::env::consts::ARCH);
    assert!(Path::new(&outside).exists(), "install libfaketime");
    remake(scenario, "sidekiq-all-1", |body| {
        let env = body.env.get_or_insert_default();
        env.extend(
            [
                "LD_PRELOAD=/libfaketime.so",
                "FAKETIME=+2h",
                // How long something takes is not shifted.
                "FAKETIME_DONT_FAKE_MONOTONIC=1",
            ]
            .map(str::to_owned),
        );
        let host = body.host_config.get_or_insert_default();
        let binds = host.binds.get_or_insert_default();
        binds.push(format!("{outside}:/libfaketime.so:ro"));
    })
}

fn stopped(scenario: &Scenario, process: &str) -> Undo {
    scenario.engine.stop(&scenario.container(process));
    // `masto up` starts it.
    Box::new(|_| {})
}

fn frozen_sidekiq(scenario: &Scenario) -> Undo {
    let name = scenario.container("sidekiq-all-1");
    scenario
        .engine
        .run(async |docker| docker.pause_container(&name).await.unwrap());
    // `masto up` thaws it.
    Box::new(|_| {})
}

/// Somebody gave Sidekiq a list of queues, and forgot one.
fn without_ingress(scenario: &Scenario) -> Undo {
    remake(scenario, "sidekiq-all-1", |body| {
        let command = body.cmd.take().unwrap();
        let mut kept: Vec<String> = Vec::new();
        for word in command {
            if word.starts_with("ingress") {
                // Its `-q` goes as well.
                kept.pop();
            } else {
                kept.push(word);
            }
        }
        body.cmd = Some(kept);
    })
}
