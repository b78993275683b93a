//! A backend over a world in memory.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::backend::Backend;
use crate::cancel::Cancel;
use crate::event::{Event, EventSink, Progress};
use crate::execute::execute;
use crate::graph::Graph;
use crate::plan::{Action, Plan, PlanOptions, Step};
use crate::planner::plan;
use crate::resource::{Known, Observed};
use crate::summary::Summary;
use crate::testing::faults::{Fault, Faults, MemoryError};
use crate::testing::thing::{Thing, ThingAttributes, ThingId};
use crate::testing::world::World;
use crate::wait::pause;

/// One process that works on a [`World`].
#[derive(Debug)]
pub struct MemoryBackend {
    world: World,
    faults: Faults,
    concurrency: usize,
    begun: AtomicUsize,
    crash: Notify,
}

/// How a run ended.
#[derive(Debug)]
pub enum Run {
    /// It came to its end, well or not.
    Ended(Summary),
    /// The process died at an injected crash.
    Crashed,
}

impl MemoryBackend {
    /// Works on `world`, eight steps at a time, without faults.
    #[must_use]
    pub fn new(world: &World) -> Self {
        Self {
            world: world.clone(),
            faults: Faults::none(),
            concurrency: 8,
            begun: AtomicUsize::new(0),
            crash: Notify::new(),
        }
    }

    /// The same with these faults.
    #[must_use]
    pub fn faults(self, faults: Faults) -> Self {
        Self { faults, ..self }
    }

    /// The same with this many steps at a time.
    #[must_use]
    pub fn concurrency(self, concurrency: usize) -> Self {
        Self {
            concurrency,
            ..self
        }
    }

    /// What to do for `desired`.
    #[must_use]
    pub fn plan(&self, desired: &Graph<Thing>, options: &PlanOptions<ThingId>) -> Plan<Thing> {
        plan(desired, &self.world.observe(), options)
    }

    /// Carries out a plan until its end or an injected crash.
    pub async fn run(&self, plan: &Plan<Thing>, sink: EventSink, cancel: &Cancel) -> Run {
        tokio::select! {
            biased;
            () = self.crash.notified() => Run::Crashed,
            summary = execute(self, plan, sink, cancel) => Run::Ended(summary),
        }
    }

    /// Looks, plans and carries out; events come back with the result.
    pub async fn up(
        &self,
        desired: &Graph<Thing>,
        options: &PlanOptions<ThingId>,
    ) -> (Run, Vec<Event>) {
        let (sink, events) = collector();
        let run = self
            .run(&self.plan(desired, options), sink, &Cancel::new())
            .await;
        let events = std::mem::take(&mut *events.lock().unwrap_or_else(PoisonError::into_inner));
        (run, events)
    }

    async fn die(&self) -> ! {
        self.crash.notify_one();
        pending().await
    }

    fn happen(
        &self,
        action: &Action<Thing>,
        inputs: &Known<Thing>,
    ) -> Result<Option<ThingAttributes>, MemoryError> {
        match action {
            Action::Create { desired, previous } => self
                .world
                .create(desired, previous.as_ref(), inputs)
                .map(Some),
            Action::Update { desired, live } => self.world.update(desired, live, inputs).map(Some),
            Action::Delete { live } => self.world.delete(live).map(|()| None),
        }
    }
}

/// A sink that remembers, and what it remembers.
pub(crate) fn collector() -> (EventSink, Arc<Mutex<Vec<Event>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&events);
    let sink = move |event| {
        kept.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(event);
    };
    (Arc::new(sink), events)
}

impl Backend for MemoryBackend {
    type Resource = Thing;
    type Error = MemoryError;

    async fn observe(&self) -> Result<Observed<Thing>, MemoryError> {
        Ok(self.world.observe())
    }

    async fn apply(
        &self,
        step: &Step<Thing>,
        inputs: &Known<Thing>,
        _progress: &Progress,
    ) -> Result<Option<ThingAttributes>, MemoryError> {
        let nth = self.begun.fetch_add(1, Ordering::Relaxed);
        match self.faults.find(nth, &step.id, step.verb()) {
            None => self.happen(&step.action, inputs),
            Some(Fault::Fail) => Err(MemoryError::Injected),
            Some(Fault::LoseAnswer) => {
                self.happen(&step.action, inputs)?;
                Err(MemoryError::AnswerLost)
            }
            Some(Fault::CrashBefore) => self.die().await,
            Some(Fault::CrashAfter) => {
                self.happen(&step.action, inputs)?;
                self.die().await
            }
            Some(Fault::Delay(time)) => {
                pause(time).await;
                self.happen(&step.action, inputs)
            }
        }
    }

    fn concurrency(&self) -> usize {
        self.concurrency
    }
}
