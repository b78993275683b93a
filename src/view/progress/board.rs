//! What is known of a run so far: one row a resource, brought up to date by events.

use std::collections::BTreeMap;

use engine::{ChangeAction, Event, EventKind, PlanSummary, Verb};

use crate::view::text;

/// Every resource of a run and how far it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Board {
    rows: Vec<Row>,
    places: BTreeMap<String, usize>,
    /// The first interrupt has come.
    pub(crate) stopping: bool,
}

/// One resource.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// As its id displays, without backticks.
    pub(crate) resource: String,
    /// How far it is.
    pub(crate) state: State,
    /// Milliseconds into the run when its first step began.
    pub(crate) began_ms: u64,
    /// What happens to it in all.
    action: ChangeAction,
    steps_left: u8,
    measures: BTreeMap<String, Measure>,
}

/// How far a part of a step is, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Measure {
    current: u64,
    total: Option<u64>,
}

/// How far a resource is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    /// Its turn has not come.
    Pending,
    /// A step is under way.
    Running {
        /// What is done.
        verb: Verb,
        /// What it waits for and the last state seen.
        waiting: Option<(String, String)>,
    },
    /// All its steps ended well.
    Done {
        /// Milliseconds into the run.
        ended_ms: u64,
    },
    /// A step ended badly.
    Failed {
        /// Milliseconds into the run.
        ended_ms: u64,
        /// Why, on one line.
        message: String,
    },
    /// A step was not started.
    Skipped {
        /// What it needed; empty after an interrupt.
        needs: Vec<String>,
    },
}

impl Board {
    /// A row for each change of the plan, in its order.
    pub(crate) fn expect(&mut self, plan: &PlanSummary) {
        for change in &plan.changes {
            let row = self.row(&change.resource);
            row.action = change.action;
            row.steps_left = if change.action == ChangeAction::Replace {
                2
            } else {
                1
            };
        }
    }

    /// Brings the rows up to date.
    pub(crate) fn apply(&mut self, event: &Event) {
        let now = event.elapsed_ms;
        match &event.kind {
            EventKind::Started {
                resource,
                verb,
                cause: _,
            } => {
                let row = self.row(resource);
                row.begin(now, *verb);
            }
            EventKind::Waiting {
                resource,
                condition,
                state,
            } => {
                let row = self.row(resource);
                row.begin(now, Verb::Create);
                if let State::Running { waiting, .. } = &mut row.state {
                    *waiting = Some((condition.clone(), state.clone()));
                }
            }
            EventKind::Advanced {
                resource,
                what,
                current,
                total,
            } => {
                let row = self.row(resource);
                row.begin(now, Verb::Create);
                // `layer 3f2a: extracting` is about the same bytes as its download was.
                let part = what.split(':').next().unwrap_or(what).to_owned();
                row.measures
                    .entry(part)
                    .or_default()
                    .advance(*current, *total);
            }
            EventKind::Finished { resource, .. } => self.row(resource).finish(now),
            EventKind::Failed {
                resource, error, ..
            } => {
                self.row(resource).state = State::Failed {
                    ended_ms: now,
                    message: text::without_subject(&error.message, resource).to_owned(),
                };
            }
            EventKind::Skipped {
                resource, needs, ..
            } => {
                let row = self.row(resource);
                // The second half of a replacement whose first half failed keeps the failure.
                if !matches!(row.state, State::Failed { .. }) {
                    row.state = State::Skipped {
                        needs: needs.clone(),
                    };
                }
            }
            EventKind::Stopping { .. } => self.stopping = true,
        }
    }

    /// All rows, in the order of the plan, then of their first event.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// How many resources are through, one way or the other.
    pub(crate) fn ended(&self) -> usize {
        self.rows.iter().filter(|row| row.has_ended()).count()
    }

    fn row(&mut self, resource: &str) -> &mut Row {
        let rows = &mut self.rows;
        let place = *self.places.entry(resource.to_owned()).or_insert_with(|| {
            rows.push(Row {
                resource: resource.replace('`', ""),
                state: State::Pending,
                began_ms: 0,
                action: ChangeAction::Create,
                steps_left: 1,
                measures: BTreeMap::new(),
            });
            rows.len() - 1
        });
        &mut rows[place]
    }
}

impl Row {
    fn begin(&mut self, now: u64, verb: Verb) {
        match &mut self.state {
            State::Running {
                verb: current,
                waiting,
            } => {
                // A replacement's second half begins: what the first waited for is over.
                if *current != verb
                    && !matches!((*current, &waiting), (Verb::Delete | Verb::Update, Some(_)))
                {
                    *waiting = None;
                    *current = verb;
                }
            }
            State::Pending | State::Skipped { .. } => {
                self.began_ms = now;
                self.state = State::Running {
                    verb,
                    waiting: None,
                };
            }
            State::Done { .. } | State::Failed { .. } => {}
        }
    }

    fn finish(&mut self, now: u64) {
        self.steps_left = self.steps_left.saturating_sub(1);
        self.measures.clear();
        if self.steps_left == 0 {
            self.state = State::Done { ended_ms: now };
        }
    }

    /// Through, one way or the other.
    pub(crate) fn has_ended(&self) -> bool {
        match self.state {
            State::Pending | State::Running { .. } => false,
            State::Done { .. } | State::Failed { .. } | State::Skipped { .. } => true,
        }
    }

    /// Milliseconds it took, or has taken at `now_ms`; `None` when it was never begun.
    pub(crate) fn took_ms(&self, now_ms: u64) -> Option<u64> {
        match self.state {
            State::Pending | State::Skipped { .. } => None,
            State::Running { .. } => Some(now_ms.saturating_sub(self.began_ms)),
            State::Done { ended_ms } | State::Failed { ended_ms, .. } => {
                Some(ended_ms.saturating_sub(self.began_ms))
            }
        }
    }

    /// What goes on, in words: `creating`, `waiting: GET /health answers 200 (502)`, `created`.
    pub(crate) fn activity(&self) -> String {
        match &self.state {
            State::Pending => "pending".to_owned(),
            State::Running { verb, waiting } => {
                if let Some(measured) = self.measured() {
                    return measured;
                }
                match waiting {
                    Some((condition, state)) => waiting_for(condition, state),
                    None => doing(&self.resource, *verb).to_owned(),
                }
            }
            State::Done { .. } => match self.action {
                ChangeAction::Delete => "removed".to_owned(),
                _ if is_job(&self.resource) => "ended well".to_owned(),
                ChangeAction::Create => "created".to_owned(),
                ChangeAction::Update => "updated".to_owned(),
                ChangeAction::Replace => "replaced".to_owned(),
            },
            State::Failed { message, .. } => format!("failed: {message}"),
            State::Skipped { needs } if needs.is_empty() => "not started".to_owned(),
            State::Skipped { needs } => {
                format!("skipped: needs {}", needs.join(", ").replace('`', ""))
            }
        }
    }

    /// All measured parts together: one has a name, several are counted.
    fn measured(&self) -> Option<String> {
        let (name, _) = self.measures.first_key_value()?;
        let done = text::bytes(self.measures.values().map(|measure| measure.current).sum());
        let through = self
            .measures
            .values()
            .filter(|measure| Some(measure.current) == measure.total)
            .count();
        let what = match self.measures.len() {
            1 => name.clone(),
            parts => format!("{through} of {parts} parts"),
        };
        let totals: Option<Vec<u64>> = self
            .measures
            .values()
            .map(|measure| measure.total)
            .collect();
        Some(match totals.map(|totals| totals.iter().sum()) {
            Some(total) if total > 0 => format!("{what}, {done} of {}", text::bytes(total)),
            _ => format!("{what}, {done}"),
        })
    }
}

impl Measure {
    /// A later stage of the same part begins at nothing again, and may not tell its total: what
    /// was reached once stays.
    fn advance(&mut self, current: u64, total: Option<u64>) {
        self.current = match (total, self.total) {
            (None, Some(known)) => known,
            _ => self.current.max(current),
        };
        self.total = total.or(self.total);
    }
}

/// A step under way, in a word. A job is not made but run.
pub(crate) fn doing(resource: &str, verb: Verb) -> &'static str {
    match verb {
        Verb::Delete => "removing",
        Verb::Create | Verb::Update if is_job(resource) => "running",
        Verb::Create => "creating",
        Verb::Update => "updating",
    }
}

/// A step that ended well, in a word.
pub(crate) fn done(resource: &str, verb: Verb) -> &'static str {
    match verb {
        Verb::Delete => "removed",
        Verb::Create | Verb::Update if is_job(resource) => "ended well",
        Verb::Create => "created",
        Verb::Update => "updated",
    }
}

/// The backends begin the name of one-off work so.
fn is_job(resource: &str) -> bool {
    resource.starts_with("job ")
}

/// What a step waits for, in words.
pub(crate) fn waiting_for(condition: &str, state: &str) -> String {
    if state.is_empty() {
        format!("waiting: {condition}")
    } else {
        format!("waiting: {condition} ({state})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(plan: &[(&str, ChangeAction)], events: Vec<EventKind>) -> Board {
        let mut board = Board::default();
        board.expect(&PlanSummary {
            changes: plan
                .iter()
                .map(|(resource, action)| engine::ChangeSummary {
                    resource: (*resource).to_owned(),
                    action: *action,
                    cause: String::new(),
                    impact: engine::Impact::None,
                    attributes: Vec::new(),
                })
                .collect(),
            kept: Vec::new(),
            refusals: Vec::new(),
            unchanged: 0,
        });
        for kind in events {
            board.apply(&Event {
                elapsed_ms: 10,
                kind,
            });
        }
        board
    }

    fn started(verb: Verb) -> EventKind {
        EventKind::Started {
            resource: "web".to_owned(),
            verb,
            cause: String::new(),
        }
    }

    fn finished(verb: Verb) -> EventKind {
        EventKind::Finished {
            resource: "web".to_owned(),
            verb,
            took_ms: 1,
        }
    }

    fn measured(what: &str, current: u64, total: Option<u64>) -> EventKind {
        EventKind::Advanced {
            resource: "web".to_owned(),
            what: what.to_owned(),
            current,
            total,
        }
    }

    #[test]
    fn a_replacement_is_one_row_and_ends_with_its_second_half() {
        let plan = [("web", ChangeAction::Replace)];
        let half = board(&plan, vec![started(Verb::Delete), finished(Verb::Delete)]);
        assert_eq!((half.rows().len(), half.ended()), (1, 0));
        let whole = board(
            &plan,
            vec![
                started(Verb::Delete),
                finished(Verb::Delete),
                started(Verb::Create),
                finished(Verb::Create),
            ],
        );
        assert_eq!(whole.ended(), 1);
        assert_eq!(whole.rows()[0].activity(), "replaced");
    }

    #[test]
    fn a_failed_first_half_is_not_hidden_by_the_skipped_second() {
        let failed = EventKind::Failed {
            resource: "web".to_owned(),
            verb: Verb::Delete,
            took_ms: 1,
            error: engine::FailureReport {
                message: "is in use".to_owned(),
                causes: Vec::new(),
                hint: None,
                log_tail: Vec::new(),
            },
        };
        let skipped = EventKind::Skipped {
            resource: "web".to_owned(),
            verb: Verb::Create,
            needs: vec!["web".to_owned()],
        };
        let board = board(
            &[("web", ChangeAction::Replace)],
            vec![started(Verb::Delete), failed, skipped],
        );
        assert_eq!(board.rows()[0].activity(), "failed: is in use");
    }

    #[test]
    fn layers_are_counted_together_and_never_go_back() {
        let activity = |events: Vec<EventKind>| board(&[], events).rows()[0].activity();
        assert_eq!(
            activity(vec![measured("layer a: downloading", 512, None)]),
            "layer a, 512 B"
        );
        assert_eq!(
            activity(vec![
                measured("layer a: downloading", 2048, Some(2048)),
                measured("layer b: downloading", 1024, Some(2048)),
                measured("layer a: extracting", 10, Some(2048)),
            ]),
            "1 of 2 parts, 3.0 KiB of 4.0 KiB"
        );
        assert_eq!(
            activity(vec![
                measured("layer a: downloading", 1, Some(2048)),
                measured("layer a: pull complete", 0, None),
            ]),
            "layer a, 2.0 KiB of 2.0 KiB"
        );
    }

    #[test]
    fn rows_stand_in_the_order_of_the_plan() {
        let plan = [("b", ChangeAction::Create), ("web", ChangeAction::Update)];
        let board = board(&plan, vec![started(Verb::Update)]);
        let names: Vec<&str> = board
            .rows()
            .iter()
            .map(|row| row.resource.as_str())
            .collect();
        assert_eq!(names, ["b", "web"]);
        assert_eq!(board.rows()[0].activity(), "pending");
        assert_eq!(board.rows()[1].activity(), "updating");
    }
}
