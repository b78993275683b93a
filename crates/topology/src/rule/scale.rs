//! Memory of the processes, bounds of scaling, published ports.

use super::Facts;
use crate::{Autoscale, Code, Memory, Problem};

/// Less starts no process of Mastodon, more is a slip of the unit.
const MEMORY: (Memory, Memory) = (Memory::from_mib(64), Memory::from_gib(1024));

pub(super) fn check(facts: Facts<'_>, problems: &mut Vec<Problem>) {
    let topology = facts.topology;
    memory("web", topology.web.memory, problems);
    memory("streaming", topology.streaming.memory, problems);
    autoscale(
        "web",
        topology.web.replicas,
        topology.web.autoscale,
        problems,
    );
    for (index, process) in topology.sidekiq.iter().enumerate() {
        let path = format!("sidekiq[{index}]");
        memory(&path, process.memory, problems);
        autoscale(&path, process.replicas, process.autoscale, problems);
    }
    let ports = topology.local.ports;
    if ports.https == ports.http {
        let (path, other) = match facts.said(["local.ports.http", "local.ports.https"]) {
            path @ "local.ports.http" => (path, "local.ports.https"),
            path => (path, "local.ports.http"),
        };
        problems.push(
            Problem::new(
                Code::SAME_PORT,
                path,
                format!("HTTPS and HTTP cannot share port {}", ports.http),
            )
            .see(other, "the same port")
            .hint("give each its own, for example `ports: { https: 8443, http: 8080 }`"),
        );
    }
}

fn memory(path: &str, memory: Memory, problems: &mut Vec<Problem>) {
    let (least, most) = MEMORY;
    if !(least..=most).contains(&memory) {
        problems.push(
            Problem::new(
                Code::OUT_OF_RANGE,
                format!("{path}.memory"),
                format!("`{memory}` is out of range: a process has {least} to {most}"),
            )
            .hint(format!(
                "the nearest possible value is `{}`",
                memory.clamp(least, most)
            )),
        );
    }
}

fn autoscale(path: &str, replicas: u16, autoscale: Option<Autoscale>, problems: &mut Vec<Problem>) {
    let Some(Autoscale { min, max, cpu: _ }) = autoscale else {
        return;
    };
    let (min_path, max_path) = (
        format!("{path}.autoscale.min"),
        format!("{path}.autoscale.max"),
    );
    if max < min {
        problems.push(
            Problem::new(
                Code::AUTOSCALE,
                &max_path,
                format!("at most {max} replicas, but at least {min}"),
            )
            .see(&min_path, "at least")
            .see(format!("{path}.replicas"), "replicas to begin with")
            .hint(format!("write `max: {min}` or more")),
        );
    } else if !(min..=max).contains(&replicas) {
        problems.push(
            Problem::new(
                Code::AUTOSCALE,
                format!("{path}.replicas"),
                format!("{replicas} replicas are outside of the bounds {min} to {max}"),
            )
            .see(&min_path, "at least")
            .see(&max_path, "at most")
            .hint(format!(
                "write `replicas: {}`, or move the bounds",
                replicas.clamp(min, max)
            )),
        );
    }
}
