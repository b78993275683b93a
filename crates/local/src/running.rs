//! A deployment as its own containers describe it: enough of a topology to examine it, without
//! the file it was made from.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bollard::models::ContainerConfig;
use mastodon::{JobId, ProcessId};
use topology::{Name, Topology};

use crate::docker::Docker;
use crate::error::Error;
use crate::id::{Id, StoreRole};
use crate::observe;
use crate::resource::LiveContainer;

/// What of the topology of the deployment `name` can be told from its containers: domains,
/// release, owner, queues, where mail goes. Everything else has its default. `None` when no web
/// process of it is there.
///
/// # Errors
/// When the engine does not answer.
pub async fn topology_of(docker: &Docker, name: &Name) -> Result<Option<Topology>, Error> {
    let mut seen = Seen::default();
    for container in observe::container_list(docker, name).await? {
        let Some(part) = Part::of(&container) else {
            continue;
        };
        let inspected = docker
            .client
            .inspect_container(&container.container_id, None)
            .await
            .map_err(Error::call("look at", &container.id))?;
        seen.take(part, inspected.config.unwrap_or_default());
    }
    Ok(seen.topology(name))
}

/// The containers that tell something.
enum Part {
    Web,
    Owner,
    Sidekiq(String),
    MailCatcher,
}

impl Part {
    fn of(container: &LiveContainer) -> Option<Self> {
        match &container.id {
            Id::Process(ProcessId::Web, 1) => Some(Self::Web),
            Id::Process(ProcessId::Sidekiq(name), 1) => Some(Self::Sidekiq(name.to_string())),
            Id::Job(JobId::Owner) => Some(Self::Owner),
            Id::Store(StoreRole::Mailpit) => Some(Self::MailCatcher),
            _ => None,
        }
    }
}

#[derive(Debug, Default)]
struct Seen {
    web: BTreeMap<String, String>,
    version: Option<String>,
    owner: BTreeMap<String, String>,
    /// Queues by the process's name.
    sidekiqs: BTreeMap<String, Vec<String>>,
    catches_mail: bool,
}

impl Seen {
    fn take(&mut self, part: Part, config: ContainerConfig) {
        match part {
            Part::Web => {
                self.version = config
                    .labels
                    .and_then(|labels| labels.get(crate::labels::VERSION).cloned());
                self.web = variables(config.env);
            }
            Part::Owner => self.owner = variables(config.env),
            Part::Sidekiq(name) => {
                let queues = queues(&config.cmd.unwrap_or_default());
                self.sidekiqs.insert(name, queues);
            }
            Part::MailCatcher => self.catches_mail = true,
        }
    }

    fn topology(&self, name: &Name) -> Option<Topology> {
        let with_queues = topology::parse(&self.file(name, true)?);
        // Somebody may have taken a process away by hand, and with it the only consumer of a
        // queue: then what should be there is the best guess.
        with_queues
            .or_else(|_| topology::parse(&self.file(name, false).unwrap_or_default()))
            .ok()
    }

    /// As the file might have been; `None` without a domain.
    fn file(&self, name: &Name, with_queues: bool) -> Option<String> {
        let domain = without_port(self.web.get("LOCAL_DOMAIN")?);
        let mut file = format!("name: {name}\ndomain: {domain}\n");
        if let Some(version) = &self.version {
            let _ = writeln!(file, "mastodon: {{ version: {version} }}");
        }
        let owner = |name: &str| self.owner.get(name);
        if let (Some(username), Some(email)) = (owner("OWNER_USERNAME"), owner("OWNER_EMAIL")) {
            let _ = writeln!(
                file,
                "owner: {{ username: {username:?}, email: {email:?} }}"
            );
        }
        let mail = if self.catches_mail {
            "catcher"
        } else {
            "{ smtp: { server: localhost } }"
        };
        let _ = writeln!(file, "mail: {{ via: {mail} }}");
        if with_queues && !self.sidekiqs.is_empty() {
            file.push_str("sidekiq:\n");
            for (process, queues) in &self.sidekiqs {
                let queues = queues.join(", ");
                let _ = writeln!(file, "  - {{ name: {process}, queues: [{queues}] }}");
            }
        }
        let _ = writeln!(file, "local:\n  domain: {domain}");
        if let Some(web) = self.web.get("WEB_DOMAIN").map(|web| without_port(web))
            && web != domain
        {
            let _ = writeln!(file, "  web_domain: {web}\nweb_domain: {web}");
        }
        Some(file)
    }
}

fn variables(env: Option<Vec<String>>) -> BTreeMap<String, String> {
    env.unwrap_or_default()
        .iter()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// `push` of `… -q push,6`.
fn queues(command: &[String]) -> Vec<String> {
    let words = command.iter().zip(command.iter().skip(1));
    words
        .filter(|(flag, _)| *flag == "-q")
        .map(|(_, queue)| queue.split(',').next().unwrap_or_default().to_owned())
        .collect()
}

fn without_port(authority: &str) -> &str {
    authority.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(env: &[&str], cmd: &str) -> ContainerConfig {
        ContainerConfig {
            env: Some(env.iter().map(ToString::to_string).collect()),
            cmd: Some(cmd.split(' ').map(str::to_owned).collect()),
            labels: Some(std::collections::HashMap::from([(
                crate::labels::VERSION.to_owned(),
                "v4.6.9".to_owned(),
            )])),
            ..ContainerConfig::default()
        }
    }

    fn seen(sidekiqs: &[(&str, &str)]) -> Seen {
        let mut seen = Seen::default();
        seen.take(Part::Web, config(&["LOCAL_DOMAIN=a.localhost:8443"], ""));
        seen.take(
            Part::Owner,
            config(&["OWNER_USERNAME=ann", "OWNER_EMAIL=ann@a.example"], ""),
        );
        for (name, command) in sidekiqs {
            seen.take(Part::Sidekiq((*name).to_owned()), config(&[], command));
        }
        seen
    }

    #[test]
    fn containers_tell_domain_release_owner_and_queues() {
        let all = "bundle exec sidekiq -c 5 -q default,8 -q push,6 -q ingress,4 -q mailers,2 -q pull -q fasp -q scheduler";
        let topology = seen(&[("rest", all)])
            .topology(&"a".parse().unwrap())
            .unwrap();
        assert_eq!(topology.local.domain.as_str(), "a.localhost");
        assert_eq!(topology.mastodon.version.to_string(), "v4.6.9");
        assert_eq!(topology.owner.username, "ann");
        assert_eq!(topology.sidekiq[0].name.to_string(), "rest");
        assert_eq!(topology.sidekiq[0].queues.len(), 7);
        assert!(matches!(topology.mail.via, topology::MailRoute::Smtp(_)));
    }

    #[test]
    fn a_split_domain_is_told() {
        let mut seen = seen(&[]);
        let env = ["LOCAL_DOMAIN=a.localhost", "WEB_DOMAIN=web.a.localhost"];
        seen.take(Part::Web, config(&env, ""));
        let topology = seen.topology(&"a".parse().unwrap()).unwrap();
        let web = topology.local.web_domain.unwrap();
        assert_eq!(web.as_str(), "web.a.localhost");
    }

    #[test]
    fn a_deployment_that_lost_a_process_is_still_told() {
        let some = "bundle exec sidekiq -c 5 -q default,8";
        let seen = seen(&[("some", some)]);
        assert!(seen.topology(&"a".parse().unwrap()).is_some());
        assert!(Seen::default().topology(&"a".parse().unwrap()).is_none());
    }
}
