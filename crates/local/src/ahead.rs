//! Containers made ahead of their turn.
//!
//! A container can be made as soon as its networks and volumes are there, long before what it
//! requires is ready. While the database initialises itself, the containers that wait for it are
//! made; when their turn comes they are only started.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use engine::{Action, Known, Plan, Resource as _};
use mastodon::Secrets;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use topology::Name;

use crate::apply::{holds, make};
use crate::body::Ground;
use crate::docker::Docker;
use crate::error::Error;
use crate::id::{Id, NetworkRole, StoreRole};
use crate::resource::{Attributes, Container, Resource};

/// How many are made at once, besides what the plan does: what is on the way of everything else
/// shall not have to share the engine with many.
const AT_ONCE: usize = 2;

/// What everything else waits for longest. Nothing is made early until it has been started.
const FIRST: Id = Id::Store(StoreRole::Postgres);

/// The containers of a plan that may be made early.
pub(crate) struct Ahead {
    docker: Docker,
    name: Name,
    secrets: Arc<Secrets>,
    turns: Arc<Semaphore>,
    /// Turns true once [`FIRST`] was started; true from the beginning when it is not to be.
    open: watch::Sender<bool>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: Known<Resource>,
    /// In the order of the plan.
    waiting: Vec<Resource>,
    made: BTreeMap<Id, JoinHandle<Result<String, Error>>>,
}

impl Ahead {
    /// Those that are new, and whose name is therefore free. What stands first in the plan, or
    /// requires nothing, is made in its own turn.
    pub(crate) fn new(
        docker: &Docker,
        name: &Name,
        secrets: &Arc<Secrets>,
        plan: &Plan<Resource>,
    ) -> Self {
        let waiting = plan
            .steps
            .iter()
            .filter(|step| !step.replaces)
            .filter_map(|step| match &step.action {
                Action::Create {
                    desired,
                    previous: None,
                } => Some(desired),
                _ => None,
            })
            .filter(|resource| {
                container_of(resource).is_some_and(|found| !found.requires.is_empty())
            })
            .cloned()
            .collect();
        let has_first = plan.steps.iter().any(|step| step.id == FIRST);
        Self {
            open: watch::Sender::new(!has_first),
            docker: docker.clone(),
            name: name.clone(),
            secrets: Arc::clone(secrets),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            state: Mutex::new(State {
                known: plan.known.clone(),
                waiting,
                made: BTreeMap::new(),
            }),
        }
    }

    /// `id` is there now: whatever waited for no more than that is made.
    pub(crate) fn offer(&self, id: &Id, attributes: &Attributes) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.known.insert(id.clone(), attributes.clone());
        let known = std::mem::take(&mut state.known);
        let (ready, waiting) = std::mem::take(&mut state.waiting)
            .into_iter()
            .partition(|resource| resource.holds().iter().all(|held| known.contains_key(held)));
        for resource in ready {
            let made = self.spawn(&resource, &known);
            state.made.insert(resource.id(), made);
        }
        state.known = known;
        state.waiting = waiting;
    }

    fn spawn(
        &self,
        resource: &Resource,
        known: &Known<Resource>,
    ) -> JoinHandle<Result<String, Error>> {
        let (docker, name, secrets) = (
            self.docker.clone(),
            self.name.clone(),
            Arc::clone(&self.secrets),
        );
        let turns = Arc::clone(&self.turns);
        let mut open = self.open.subscribe();
        let resource = resource.clone();
        let held = holds(&resource, known);
        let subnet = known
            .get(&Id::Network(NetworkRole::Processes))
            .and_then(|network| network.subnet.clone());
        tokio::spawn(async move {
            // The sender outlives whoever waits for what is made here.
            let _ = open.wait_for(|open| *open).await;
            let _turn = turns.acquire_owned().await;
            let ground = Ground {
                deployment: &name,
                secrets: &secrets,
                depends_on: resource.depends_on(),
                holds: held,
                subnet: subnet.as_deref(),
                is_job: matches!(resource, Resource::Job(_)),
            };
            match container_of(&resource) {
                Some(container) => make(&docker, container, &ground).await,
                None => Ok(String::new()),
            }
        })
    }

    /// `id` was started, or could not be.
    pub(crate) fn started(&self, id: &Id) {
        if *id == FIRST {
            self.open.send_replace(true);
        }
    }

    /// The container of `id`, if it was begun early and went well; a failure comes again, and with
    /// its reason, when it is made in its turn.
    pub(crate) async fn take(&self, id: &Id) -> Option<String> {
        let made = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            // From here on it is its step's to make.
            state.waiting.retain(|resource| resource.id() != *id);
            state.made.remove(id)?
        };
        // Its turn has come: from here on it is as urgent as anything.
        self.open.send_replace(true);
        made.await.ok()?.ok()
    }
}

fn container_of(resource: &Resource) -> Option<&Container> {
    match resource {
        Resource::Container(container) => Some(container),
        Resource::Job(job) => Some(&job.container),
        Resource::Network(_) | Resource::Volume(_) | Resource::Route(_) => None,
    }
}
