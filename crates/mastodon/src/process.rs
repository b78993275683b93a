//! The long-running processes: what is started, how it listens, how it stops.

use std::collections::BTreeSet;
use std::time::Duration;

use topology::{Queue, Sidekiq};

use crate::env::{self, Scene};
use crate::{Health, Image, Process, ProcessId, Store, queue};

/// Where Puma listens.
pub const WEB_PORT: u16 = 3000;
/// Where Node listens.
pub const STREAMING_PORT: u16 = 4000;
/// What Puma answers to any host name and over plain HTTP; `/` would be 403 or 301.
pub const WEB_HEALTH: &str = "/health";
/// What Node answers.
pub const STREAMING_HEALTH: &str = "/api/v1/streaming/health";
/// Made when Sidekiq has started and removed when it stops. Independent of the process title,
/// which carries Sidekiq's major version.
pub const SIDEKIQ_READY_FILE: &str =
    "/opt/mastodon/tmp/sidekiq_process_has_started_and_will_begin_processing_jobs";

impl Health {
    /// What a container engine runs in the container, in the form that Docker and ECS share. The
    /// image has `curl`; a proxy of the container's environment must not be asked.
    #[must_use]
    pub fn check(&self, port: Option<u16>) -> Vec<String> {
        match self {
            Self::Http { path } => {
                let port = port.unwrap_or_default();
                words(&format!(
                    "CMD curl --silent --fail --max-time 5 --noproxy * --output /dev/null \
                     http://127.0.0.1:{port}{path}"
                ))
            }
            Self::File { path } => words(&format!("CMD test -f {path}")),
        }
    }
}

/// All processes of `scene`: web, streaming, then Sidekiq in the file's order.
pub(crate) fn all(scene: Scene<'_>) -> Vec<Process> {
    let mut processes = vec![web(scene), streaming(scene)];
    processes.extend(
        scene
            .topology
            .sidekiq
            .iter()
            .map(|sidekiq| self::sidekiq(scene, sidekiq)),
    );
    processes
}

fn web(scene: Scene<'_>) -> Process {
    let web = &scene.topology.web;
    Process {
        id: ProcessId::Web,
        image: Image::Mastodon,
        command: words("bundle exec puma -C config/puma.rb"),
        port: Some(WEB_PORT),
        health: Health::Http {
            path: WEB_HEALTH.to_owned(),
        },
        // Puma gives its workers 30 s to end what they do.
        stop_grace: Duration::from_secs(60),
        env: env::web(scene),
        replicas: web.replicas,
        singleton: false,
        cpu: web.cpu,
        memory: web.memory,
        stores: BTreeSet::from([Store::Postgres, Store::Redis, Store::Media]),
    }
}

fn streaming(scene: Scene<'_>) -> Process {
    let streaming = &scene.topology.streaming;
    Process {
        id: ProcessId::Streaming,
        image: Image::Streaming,
        command: words("node ./streaming"),
        port: Some(STREAMING_PORT),
        health: Health::Http {
            path: STREAMING_HEALTH.to_owned(),
        },
        // It leaves at once; clients connect again by themselves.
        stop_grace: Duration::from_secs(10),
        env: env::streaming(scene),
        replicas: streaming.replicas,
        singleton: false,
        cpu: streaming.cpu,
        memory: streaming.memory,
        stores: BTreeSet::from([Store::Postgres, Store::Redis]),
    }
}

fn sidekiq(scene: Scene<'_>, sidekiq: &Sidekiq) -> Process {
    let mut command = words("bundle exec sidekiq -c");
    command.push(sidekiq.threads.to_string());
    command.extend(queue::arguments(&sidekiq.queues));
    let mut stores = BTreeSet::from([Store::Postgres, Store::Redis, Store::Media]);
    if sidekiq.queues.contains(&Queue::Mailers) {
        stores.insert(Store::Mail);
    }
    Process {
        id: ProcessId::Sidekiq(sidekiq.name.clone()),
        image: Image::Mastodon,
        command,
        port: None,
        health: Health::File {
            path: SIDEKIQ_READY_FILE.to_owned(),
        },
        // Sidekiq gives its jobs 25 s and then puts them back into Redis; killed before that,
        // they are lost.
        stop_grace: Duration::from_secs(40),
        env: env::sidekiq(scene, sidekiq),
        replicas: sidekiq.replicas,
        singleton: sidekiq.queues.contains(&Queue::Scheduler),
        cpu: sidekiq.cpu,
        memory: sidekiq.memory,
        stores,
    }
}

fn words(command: &str) -> Vec<String> {
    command.split(' ').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use expect_test::expect;

    use super::*;
    use crate::fixture::{self, aws, local, scene, topology};

    #[test]
    fn processes_are_started_found_healthy_and_stopped_as_mastodon_wants() {
        let mut topology = topology();
        topology.sidekiq = vec![
            fixture::sidekiq("mail", &[Queue::Scheduler, Queue::Mailers], 5),
            fixture::sidekiq("rest", &[Queue::Default, Queue::Ingress, Queue::Push], 25),
        ];
        topology.sidekiq[1].replicas = 3;
        let surroundings = aws();
        let text =
            all(scene(&topology, &surroundings))
                .iter()
                .fold(String::new(), |mut text, process| {
                    let Process {
                        id,
                        image,
                        command,
                        port,
                        health,
                        stop_grace,
                        env: _,
                        replicas,
                        singleton,
                        cpu,
                        memory,
                        stores,
                    } = process;
                    writeln!(
                        text,
                        "{id}: {replicas} × {cpu} vCPU {memory}, {image:?} {}",
                        command.join(" ")
                    )
                    .unwrap();
                    writeln!(
                    text,
                    "  port {port:?}, {health:?}, {stop_grace:?}, singleton {singleton}, {stores:?}"
                )
                .unwrap();
                    text
                });
        expect![[r#"
            web: 1 × 0.5 vCPU 1GiB, Mastodon bundle exec puma -C config/puma.rb
              port Some(3000), Http { path: "/health" }, 60s, singleton false, {Postgres, Redis, Media}
            streaming: 1 × 0.25 vCPU 512MiB, Streaming node ./streaming
              port Some(4000), Http { path: "/api/v1/streaming/health" }, 10s, singleton false, {Postgres, Redis}
            sidekiq-mail: 1 × 0.25 vCPU 2GiB, Mastodon bundle exec sidekiq -c 5 -q scheduler,1 -q mailers,2
              port None, File { path: "/opt/mastodon/tmp/sidekiq_process_has_started_and_will_begin_processing_jobs" }, 40s, singleton true, {Postgres, Redis, Media, Mail}
            sidekiq-rest: 3 × 0.25 vCPU 2GiB, Mastodon bundle exec sidekiq -c 25 -q default,8 -q ingress,4 -q push,6
              port None, File { path: "/opt/mastodon/tmp/sidekiq_process_has_started_and_will_begin_processing_jobs" }, 40s, singleton false, {Postgres, Redis, Media}
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn everything_has_time_to_end_what_it_does() {
        let (topology, surroundings) = (topology(), local());
        for process in all(scene(&topology, &surroundings)) {
            // Puma's worker_shutdown_timeout is 30 s, Sidekiq's timeout 25 s.
            let own = match process.id {
                ProcessId::Web => 30,
                ProcessId::Streaming => 0,
                ProcessId::Sidekiq(_) => 25,
            };
            assert!(
                process.stop_grace >= Duration::from_secs(own + 5),
                "{}",
                process.id
            );
        }
    }
}
