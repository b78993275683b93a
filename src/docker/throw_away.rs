//! A second server for the time of an examination: started beside the first one, from the same
//! images, and gone afterwards with everything it made.

use std::time::Duration;

use engine::PlanOptions;
use local::{Docker, LocalBackend, Lock, Reaper, SecretStore};
use rand::Rng as _;
use topology::{Domain, MailRoute, Memory, Name, Queue, Search, Topology, Vcpu};

use crate::command::up::is_unready;
use crate::docker::execution::{Ended, carry_out, or_cancelled};
use crate::docker::interrupt::Interrupts;
use crate::docker::patient::Patient;
use crate::docker::reaper;
use crate::docker::session::{self, Session};
use crate::error::{Error, ExitStatus};
use crate::settings::{ProgressMode, Settings};
use crate::view;
use crate::view::progress::Reporter;

/// What its name begins with. A deployment of this name that nobody holds a lock on was left by
/// an examination that was killed.
const PREFIX: &str = "tmp-";
/// How often what a killed masto left is looked for again: the engine may still be at work on the
/// last it was asked for.
const ROUNDS: usize = 3;
/// How long somebody else may take who is removing the same.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it may take to come up.
const BOUND: Duration = Duration::from_secs(180);

/// A server that is there for a while.
pub(crate) struct ThrowAway {
    session: Session,
    // One writer: also keeps others from taking it for a left-over.
    _lock: Lock,
    // Removes it where this process is killed before it can.
    reaper: Reaper,
}

impl ThrowAway {
    /// Makes a small server beside that of `topology`, and removes what earlier ones left. One
    /// that does not come up is removed again.
    pub(crate) async fn start(
        docker: &Docker,
        topology: &Topology,
        local: &local::Settings,
        settings: &Settings,
        interrupts: &Interrupts,
    ) -> Result<Self, Error> {
        sweep(docker, local, settings).await?;
        let name = name();
        let small = small(topology, name.clone())?;
        let session = Session::new(docker.clone(), small, local.clone(), settings);
        let lock = hold(&session.paths, &name, Duration::ZERO).await?;
        let reaper = reaper::watch(&name)?;
        let throw_away = Self {
            session,
            _lock: lock,
            reaper,
        };
        let done = match throw_away.bring_up(settings, interrupts).await {
            Ok(status) => status,
            Err(error) => {
                throw_away.remove(settings).await?;
                return Err(error);
            }
        };
        if done == ExitStatus::Success {
            return Ok(throw_away);
        }
        throw_away.remove(settings).await?;
        Err(if interrupts.cancel.is_stopped() {
            Error::Cancelled
        } else {
            Error::Backend {
                message: format!("the second server, `{name}`, did not come up"),
                causes: Vec::new(),
                hint: Some(
                    "it was removed again; `masto doctor --federation --peer NAME` uses a server of yours instead"
                        .to_owned(),
                ),
                log_tail: Vec::new(),
                status: done,
            }
        })
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &Name {
        self.session.name()
    }

    /// As the doctor examines it.
    pub(crate) async fn patient(&self) -> Result<Patient, Error> {
        let Session {
            docker,
            topology,
            local,
            ..
        } = &self.session;
        let containers = local::status(docker, &topology.name)
            .await
            .map_err(session::failed)?;
        Patient::new(docker.clone(), topology, local, &containers).await
    }

    async fn bring_up(
        &self,
        settings: &Settings,
        interrupts: &Interrupts,
    ) -> Result<ExitStatus, Error> {
        let session = &self.session;
        let (world, mut images) = futures_util::try_join!(session.look(), session.find_images())?;
        let reporter = quiet(settings);
        if !images.missing().is_empty() {
            let pulling = session.pull(images, reporter.sink());
            images = or_cancelled(interrupts, pulling).await?;
        }
        let prepared = session.prepare(world, images)?;
        let plan = prepared.plan(&PlanOptions::default());
        let changes = plan.summary();
        if !changes.refusals.is_empty() {
            settings
                .printer
                .tell(&view::plan::refusals(&changes.refusals));
            return Err(Error::Refused);
        }
        let backend = LocalBackend::new(
            session.docker.clone(),
            self.name().clone(),
            prepared.secrets.secrets.clone(),
            session.paths.clone(),
            &plan,
        );
        let Ended { summary, status } = carry_out(
            backend,
            is_unready,
            &plan,
            Some(BOUND),
            &reporter,
            interrupts,
        )
        .await;
        if !summary.failed.is_empty() {
            settings.printer.tell(&view::summary::render(&summary));
        }
        Ok(status)
    }

    /// Removes it and all it made. A Ctrl-C that came before does not hurry it; one that comes
    /// now leaves what is left to the process that waits for the end of this one.
    pub(crate) async fn remove(self, settings: &Settings) -> Result<(), Error> {
        let Session { docker, local, .. } = &self.session;
        remove(docker, self.name(), local, settings).await?;
        self.reaper.dismiss();
        Ok(())
    }
}

/// Removes the throw-away server `name` after the end of the masto that made it.
pub(crate) async fn reap(
    docker: &Docker,
    name: &Name,
    local: &local::Settings,
    settings: &Settings,
) -> Result<(), Error> {
    let Some(name) = left_over(name.as_str()) else {
        return Err(Error::Usage {
            message: format!("`{name}` is no throw-away server"),
            hint: Some(format!(
                "`masto down -p {name}` takes a server of yours away"
            )),
        });
    };
    let _lock = hold(&local.paths(), &name, PATIENCE).await?;
    for _ in 0..ROUNDS {
        remove(docker, &name, local, settings).await?;
        let world = local::observe_world(docker, &name).await;
        if !world.map_err(session::failed)?.exists() {
            break;
        }
    }
    Ok(())
}

async fn hold(paths: &local::Paths, name: &Name, patience: Duration) -> Result<Lock, Error> {
    let path = paths.deployment_lock(name);
    Lock::acquire(&path, "doctor", patience, |_| {})
        .await
        .map_err(|error| Error::plain(&error, None, ExitStatus::Locked))
}

/// Removes what examinations left that were killed before they could.
async fn sweep(docker: &Docker, local: &local::Settings, settings: &Settings) -> Result<(), Error> {
    let found = local::list_deployments(docker)
        .await
        .map_err(session::failed)?;
    for name in found.iter().filter_map(|found| left_over(&found.name)) {
        // Somebody who holds it is at work with it.
        let Ok(_lock) = hold(&local.paths(), &name, Duration::ZERO).await else {
            continue;
        };
        settings.printer.say(&format!(
            "Removing `{name}`, which an examination left that was killed\n"
        ));
        remove(docker, &name, local, settings).await?;
    }
    Ok(())
}

async fn remove(
    docker: &Docker,
    name: &Name,
    local: &local::Settings,
    settings: &Settings,
) -> Result<(), Error> {
    let paths = local.paths();
    local::kill(docker, name).await.map_err(session::failed)?;
    let world = local::observe_world(docker, name)
        .await
        .map_err(session::failed)?;
    let plan = world.removal(true);
    let backend = LocalBackend::for_removal(docker, name, &paths, &plan);
    let interrupts = Interrupts::listen()?;
    let Ended { summary, status } = carry_out(
        backend,
        is_unready,
        &plan,
        None,
        &quiet(settings),
        &interrupts,
    )
    .await;
    if status != ExitStatus::Success {
        settings.printer.tell(&view::summary::render(&summary));
        return Err(Error::Backend {
            message: format!("the second server, `{name}`, is not wholly removed"),
            causes: Vec::new(),
            hint: Some(format!(
                "`masto down -p {name} --data --yes` removes the rest; so does the next `masto doctor --federation`"
            )),
            log_tail: Vec::new(),
            status,
        });
    }
    SecretStore::new(&paths, name)
        .remove()
        .map_err(|error| Error::plain(&error, None, ExitStatus::Failure))
}

fn quiet(settings: &Settings) -> Reporter {
    let title = "masto doctor: a second server";
    Reporter::new(ProgressMode::Quiet, title, settings.printer, settings.signs)
}

/// Another one each time: what the first server remembers of an earlier one must not meet the
/// keys of this one.
fn name() -> Name {
    let number: u16 = rand::rng().random();
    let text = format!("{PREFIX}{number:04x}");
    text.parse()
        .unwrap_or_else(|_| unreachable!("`{text}` is a name"))
}

/// The name, where it is one of ours.
fn left_over(name: &str) -> Option<Name> {
    let number = name.strip_prefix(PREFIX)?;
    let is_ours = number.len() == 4 && number.chars().all(|c| c.is_ascii_hexdigit());
    is_ours.then(|| name.parse().ok())?
}

/// The same server, as small as it gets, and nobody's.
fn small(topology: &Topology, name: Name) -> Result<Topology, Error> {
    let domain = |text: String| {
        text.parse::<Domain>().map_err(|error| Error::Bug {
            message: error.to_string(),
        })
    };
    let mut small = topology.clone();
    small.domain = domain(format!("{name}.example.com"))?;
    small.web_domain = None;
    small.local.web_domain = None;
    small.local.domain = domain(format!("{name}.localhost"))?;
    small.mastodon.env.clear();
    small.search = Search::None;
    small.mail.via = MailRoute::Catcher;
    small.mail.from = format!("notifications@{name}.localhost");
    small.web.replicas = 1;
    small.web.workers = 0;
    small.web.threads = 5;
    small.web.cpu = Vcpu::from_millis(1000);
    small.web.memory = Memory::from_gib(1);
    small.streaming.replicas = 1;
    let mut sidekiq = small.sidekiq.first().cloned().ok_or_else(|| Error::Bug {
        message: "a topology without Sidekiq".to_owned(),
    })?;
    sidekiq.queues = Queue::ALL.to_vec();
    sidekiq.threads = 5;
    sidekiq.replicas = 1;
    sidekiq.cpu = Vcpu::from_millis(1000);
    sidekiq.memory = Memory::from_gib(1);
    small.sidekiq = vec![sidekiq];
    small.aws = None;
    small.name = name;
    Ok(small)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_a_name_of_its_own_that_is_known_again() {
        let name = name();
        assert_eq!(left_over(name.as_str()), Some(name));
        for other in ["tmp-", "tmp-12", "tmp-wxyz", "tmp-12345", "social"] {
            assert_eq!(left_over(other), None, "{other}");
        }
    }

    #[test]
    fn it_is_small_and_takes_nothing_personal_along() {
        let file = "name: social\ndomain: social.example.org\nweb: { replicas: 3, workers: 4 }\n\
                    mastodon: { version: v4.6.9, env: { DEEPL_API_KEY: canary } }\n\
                    local: { domain: mine.localhost, images: { mastodon: 'a/b:c' } }\n";
        let topology = topology::parse(file).unwrap();
        let small = small(&topology, "tmp-0000".parse().unwrap()).unwrap();
        assert_eq!(small.local.domain.as_str(), "tmp-0000.localhost");
        assert_eq!((small.web.replicas, small.web.workers), (1, 0));
        assert!(small.mastodon.env.is_empty());
        assert_eq!(small.mastodon.version, topology.mastodon.version);
        assert_eq!(small.local.images, topology.local.images);
    }
}
