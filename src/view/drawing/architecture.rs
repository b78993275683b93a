//! A deployment as its operator thinks of it: who talks to whom.

use std::collections::BTreeMap;

use mastodon::{Deployment, JobId, Process, ProcessId, Store, Target};

use super::{Drawing, Kind};

/// People, ingress, processes, jobs and stores of `deployment`.
pub(crate) fn architecture(deployment: &Deployment) -> Drawing {
    let mut drawing = Drawing {
        title: format!("{}: Mastodon {}", deployment.name, deployment.version),
        ..Drawing::default()
    };
    let people = drawing.node("people and servers", Kind::Outside, []);
    let ingress = drawing.node(
        "ingress",
        Kind::Ingress,
        [deployment.web_domain.to_string()],
    );
    drawing.edge(people, ingress, "HTTPS", false);
    drawing.put(people, 0);
    drawing.put(ingress, 1);

    let processes: BTreeMap<&ProcessId, usize> = deployment
        .processes
        .iter()
        .map(|process| {
            let place = drawing.node(&process.id.to_string(), Kind::Process, said_of(process));
            drawing.put(place, 2);
            (&process.id, place)
        })
        .collect();
    let stores: BTreeMap<Store, usize> = stores(deployment)
        .map(|(store, name, more)| {
            let place = drawing.node(name, Kind::Store, [more]);
            drawing.put(place, 3);
            (store, place)
        })
        .collect();

    for route in &deployment.ingress.routes {
        let to = match &route.to {
            Target::Process(id) => processes.get(id),
            Target::Media => stores.get(&Store::Media),
            Target::MailCatcher => stores.get(&Store::Mail),
            Target::WebDomain => None,
        };
        if let Some(to) = to {
            drawing.edge(
                ingress,
                *to,
                route.paths.first().cloned().unwrap_or_default(),
                false,
            );
        }
    }
    for process in &deployment.processes {
        for store in &process.stores {
            drawing.edge(processes[&process.id], stores[store], "", false);
        }
    }
    let jobs: BTreeMap<JobId, usize> = deployment
        .jobs
        .iter()
        .map(|job| {
            let place = drawing.node(&format!("job {}", job.id), Kind::Job, []);
            let is_first = deployment
                .jobs
                .iter()
                .any(|other| other.after_jobs.contains(&job.id));
            drawing.put(place, if is_first { 1 } else { 2 });
            (job.id, place)
        })
        .collect();
    for job in &deployment.jobs {
        for store in &job.stores {
            drawing.edge(jobs[&job.id], stores[store], "", true);
        }
        for before in &job.after_jobs {
            if let Some(before) = jobs.get(before) {
                drawing.edge(*before, jobs[&job.id], "", true);
            }
        }
    }
    drawing
}

fn said_of(process: &Process) -> Vec<String> {
    let times = if process.replicas == 1 {
        String::new()
    } else {
        format!("{} × ", process.replicas)
    };
    vec![format!("{times}{} vCPU, {}", process.cpu, process.memory)]
}

fn stores(deployment: &Deployment) -> impl Iterator<Item = (Store, &'static str, String)> {
    let stores = &deployment.stores;
    [
        (
            Store::Postgres,
            "postgres",
            format!("PostgreSQL {}", stores.postgres.version),
        ),
        (
            Store::Redis,
            "redis",
            match stores.redis.engine {
                topology::RedisEngine::Redis => format!("Redis {}", stores.redis.version),
                topology::RedisEngine::Valkey => format!("Valkey {}", stores.redis.version),
            },
        ),
        (
            Store::Media,
            "media",
            format!("bucket {}", stores.media.bucket),
        ),
        (
            Store::Mail,
            "mail",
            match &stores.mail.via {
                topology::MailRoute::Ses => "Amazon SES".to_owned(),
                topology::MailRoute::Smtp(smtp) => format!("{}:{}", smtp.server, smtp.port),
                topology::MailRoute::Catcher => "catcher".to_owned(),
            },
        ),
    ]
    .into_iter()
}
