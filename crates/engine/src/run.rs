//! What an execution knows while it goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::event::{Event, EventKind, EventSink, FailureReport, Progress, whole_ms};
use crate::plan::{Action, Plan, Step};
use crate::resource::{Known, Live, Resource};
use crate::summary::Summary;

/// How far a step is.
enum State {
    /// For so many steps that have not ended.
    Waiting(usize),
    Running(Instant),
    Done(Duration),
    Failed(Duration, FailureReport),
    Skipped(Vec<String>),
}

/// The bookkeeping of one execution: which steps may start, what is known, what is reported.
pub(crate) struct Run<'a, R: Resource> {
    plan: &'a Plan<R>,
    /// The display of each step's id.
    names: Vec<String>,
    states: Vec<State>,
    /// The steps that come directly after each step.
    then: Vec<Vec<usize>>,
    /// Steps that wait for nothing but a free place.
    ready: BTreeSet<usize>,
    known: Known<R>,
    sink: EventSink,
    began: Instant,
    cancelled: bool,
}

impl<'a, R: Resource> Run<'a, R> {
    pub(crate) fn new(plan: &'a Plan<R>, sink: EventSink) -> Self {
        let mut then = vec![Vec::new(); plan.steps.len()];
        for (index, step) in plan.steps.iter().enumerate() {
            for earlier in &step.after {
                then[*earlier].push(index);
            }
        }
        let free = |(index, step): (usize, &Step<R>)| step.after.is_empty().then_some(index);
        Self {
            names: plan.steps.iter().map(|step| step.id.to_string()).collect(),
            states: plan
                .steps
                .iter()
                .map(|step| State::Waiting(step.after.len()))
                .collect(),
            then,
            ready: plan.steps.iter().enumerate().filter_map(free).collect(),
            known: plan.known.clone(),
            sink,
            began: Instant::now(),
            cancelled: false,
            plan,
        }
    }

    /// The next step to start, in the order of the plan; `None` when all wait for others.
    pub(crate) fn next_ready(&mut self) -> Option<usize> {
        self.ready.pop_first()
    }

    pub(crate) fn start(&mut self, index: usize) -> (Known<R>, Progress) {
        let step = &self.plan.steps[index];
        let progress = Progress {
            resource: self.names[index].clone(),
            began: self.began,
            sink: self.sink.clone(),
        };
        self.send(EventKind::Started {
            resource: self.names[index].clone(),
            verb: step.verb(),
            cause: step.cause.clone(),
        });
        self.states[index] = State::Running(Instant::now());
        (self.inputs(step), progress)
    }

    /// The attributes of direct dependencies, as far as they are there.
    fn inputs(&self, step: &Step<R>) -> Known<R> {
        let needed = match &step.action {
            Action::Create { desired, .. } | Action::Update { desired, .. } => desired.depends_on(),
            Action::Delete { live } => live.depends_on(),
        };
        let known = needed
            .into_iter()
            .filter_map(|id| self.known.get_key_value(&id));
        known
            .map(|(id, attributes)| (id.clone(), attributes.clone()))
            .collect()
    }

    pub(crate) fn finish(&mut self, index: usize, attributes: Option<R::Attributes>) {
        let took = self.took(index);
        let step = &self.plan.steps[index];
        self.states[index] = State::Done(took);
        // The removal of an old thing whose replacement came first says nothing of the new one.
        if let (Some(attributes), Action::Create { .. } | Action::Update { .. }) =
            (attributes, &step.action)
        {
            self.known.insert(step.id.clone(), attributes);
        }
        self.send(EventKind::Finished {
            resource: self.names[index].clone(),
            verb: step.verb(),
            took_ms: whole_ms(took),
        });
        for next in &self.then[index] {
            if let State::Waiting(left) = &mut self.states[*next] {
                *left -= 1;
                if *left == 0 {
                    self.ready.insert(*next);
                }
            }
        }
    }

    pub(crate) fn fail(&mut self, index: usize, error: FailureReport) {
        let took = self.took(index);
        self.states[index] = State::Failed(took, error.clone());
        self.send(EventKind::Failed {
            resource: self.names[index].clone(),
            verb: self.plan.steps[index].verb(),
            took_ms: whole_ms(took),
            error,
        });
        // Steps come after smaller indices only, so one pass finds everything downstream.
        for later in index + 1..self.states.len() {
            if matches!(self.states[later], State::Waiting(_)) {
                let needs = self.unmet(later);
                if !needs.is_empty() {
                    self.skip(later, needs);
                }
            }
        }
    }

    /// What a step comes after that failed or was skipped. The other half of the same replacement
    /// is no reason a person understands: its own needs are.
    fn unmet(&self, index: usize) -> Vec<String> {
        let mut needs = BTreeSet::new();
        for earlier in &self.plan.steps[index].after {
            match &self.states[*earlier] {
                State::Skipped(theirs)
                    if self.plan.steps[*earlier].id == self.plan.steps[index].id =>
                {
                    needs.extend(theirs.iter().cloned());
                }
                State::Skipped(_) | State::Failed(..) => {
                    needs.insert(self.names[*earlier].clone());
                }
                State::Waiting(_) | State::Running(_) | State::Done(_) => {}
            }
        }
        needs.into_iter().collect()
    }

    /// Skips everything that has not begun, and says so; without effect when all has.
    pub(crate) fn stop(&mut self) {
        let (mut running, mut waiting) = (Vec::new(), false);
        for (state, name) in self.states.iter().zip(&self.names) {
            match state {
                State::Running(_) => running.push(name.clone()),
                State::Waiting(_) => waiting = true,
                State::Done(_) | State::Failed(..) | State::Skipped(_) => {}
            }
        }
        if waiting || !running.is_empty() {
            self.send(EventKind::Stopping { running });
        }
        self.cancelled = waiting;
        self.skip_waiting(&[]);
    }

    pub(crate) fn skip_waiting(&mut self, needs: &[String]) {
        self.ready.clear();
        for index in 0..self.states.len() {
            if matches!(self.states[index], State::Waiting(_)) {
                self.skip(index, needs.to_vec());
            }
        }
    }

    fn skip(&mut self, index: usize, needs: Vec<String>) {
        self.states[index] = State::Skipped(needs.clone());
        self.send(EventKind::Skipped {
            resource: self.names[index].clone(),
            verb: self.plan.steps[index].verb(),
            needs,
        });
    }

    fn took(&self, index: usize) -> Duration {
        match &self.states[index] {
            State::Running(began) => began.elapsed(),
            State::Done(took) | State::Failed(took, _) => *took,
            State::Waiting(_) | State::Skipped(_) => Duration::ZERO,
        }
    }

    fn send(&self, kind: EventKind) {
        (self.sink)(Event {
            elapsed_ms: whole_ms(self.began.elapsed()),
            kind,
        });
    }

    pub(crate) fn summary(self) -> Summary {
        let mut summary = Summary {
            refusals: self.plan.refusals.clone(),
            took_ms: whole_ms(self.began.elapsed()),
            critical_path_ms: whole_ms(self.critical_path()),
            ..Summary::default()
        };
        for (name, states) in self.by_resource() {
            let failure = states.iter().find_map(|state| match state {
                State::Failed(_, error) => Some(error.clone()),
                _ => None,
            });
            let needs = states.iter().find_map(|state| match state {
                State::Skipped(needs) => Some(needs.clone()),
                _ => None,
            });
            if let Some(error) = failure {
                summary.failed.push((name, error));
            } else if states
                .iter()
                .any(|state| matches!(state, State::Running(_)))
            {
                summary.unfinished.push(name);
            } else if let Some(needs) = needs {
                summary.skipped.push((name, needs));
            } else {
                summary.done.push(name);
            }
        }
        summary.cancelled = self.cancelled || !summary.unfinished.is_empty();
        summary
    }

    /// The states of each resource's steps, in the order of the plan.
    fn by_resource(&self) -> Vec<(String, Vec<&State>)> {
        let mut grouped: Vec<(String, Vec<&State>)> = Vec::new();
        let mut places = BTreeMap::new();
        for (index, step) in self.plan.steps.iter().enumerate() {
            let place = *places.entry(&step.id).or_insert_with(|| {
                grouped.push((self.names[index].clone(), Vec::new()));
                grouped.len() - 1
            });
            grouped[place].1.push(&self.states[index]);
        }
        grouped
    }

    /// The longest chain of steps that waited for one another.
    fn critical_path(&self) -> Duration {
        let mut ends: Vec<Duration> = Vec::with_capacity(self.states.len());
        for (index, step) in self.plan.steps.iter().enumerate() {
            let begins = step.after.iter().map(|earlier| ends[*earlier]).max();
            ends.push(begins.unwrap_or_default() + self.took(index));
        }
        ends.into_iter().max().unwrap_or_default()
    }
}
