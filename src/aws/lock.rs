//! The deployment's lock in the account, and the history beside it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws::history::{self, Entry, Step};
use aws::lock::{self, Claimant, Fence};
use engine::{Cancel, ChangeAction, PlanSummary, Summary};
use jiff::Timestamp;
use tokio::task::JoinHandle;

use crate::aws::session::{Session, failed};
use crate::error::{Error, ExitStatus};
use crate::printer::Printer;
use crate::settings::machine;

/// The lock of a run, which tells its history at the end.
pub(crate) struct Held<'a> {
    session: &'a Session,
    held: lock::Held,
    operation: &'static str,
    began: Timestamp,
    done: Mutex<Option<(Summary, PlanSummary)>>,
    guard: JoinHandle<()>,
}

/// Takes the lock, and says for whom it waits. A lock that is lost later stops the run.
pub(crate) async fn acquire<'a>(
    session: &'a Session,
    operation: &'static str,
    patience: Duration,
    cancel: &Cancel,
    printer: Printer,
) -> Result<Held<'a>, Error> {
    let claimant = Claimant {
        who: session.identity.arn.clone(),
        host: machine(),
        operation: operation.to_owned(),
    };
    let name = session.name().clone();
    let held = lock::acquire(
        &session.account,
        &session.scope,
        claimant,
        patience,
        |holder| {
            printer.say(&format!(
                "Another masto is at work on `{name}`: {holder}; waiting for it …\n"
            ));
        },
    )
    .await
    .map_err(failed)?;
    let mut fence = held.fence();
    let cancel = cancel.clone();
    let guard = tokio::spawn(async move {
        fence.lost().await;
        cancel.stop();
    });
    Ok(Held {
        session,
        held,
        operation,
        began: Timestamp::now(),
        done: Mutex::default(),
        guard,
    })
}

impl Held<'_> {
    /// For what carries a plan out: no step begins without the lock.
    pub(crate) fn fence(&self) -> Fence {
        self.held.fence()
    }

    /// Remembers what was planned and what became of it.
    pub(crate) fn note(&self, summary: &Summary, changes: &PlanSummary) {
        *self.done.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((summary.clone(), changes.clone()));
    }

    /// Writes the history of a run that did something, and gives the lock back.
    pub(crate) async fn release(self, ended: &Result<ExitStatus, Error>) -> Result<(), Error> {
        self.guard.abort();
        let done = self
            .done
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let mut written = Ok(());
        if let Some((summary, changes)) = done
            && !changes.changes.is_empty()
        {
            let entry = entry(
                self.session,
                self.operation,
                self.began,
                matches!(ended, Ok(ExitStatus::Success)),
                &summary,
                &changes,
            );
            written = history::write(&self.session.account, &self.session.scope, &entry)
                .await
                .map_err(failed);
        }
        self.held.release().await.map_err(failed)?;
        written
    }
}

fn entry(
    session: &Session,
    operation: &str,
    began: Timestamp,
    success: bool,
    summary: &Summary,
    changes: &PlanSummary,
) -> Entry {
    Entry {
        who: session.identity.arn.clone(),
        host: machine(),
        operation: operation.to_owned(),
        masto: env!("CARGO_PKG_VERSION").to_owned(),
        began,
        ended: Timestamp::now(),
        success,
        steps: changes
            .changes
            .iter()
            .map(|change| Step {
                resource: change.resource.clone(),
                verb: match change.action {
                    ChangeAction::Create => "create",
                    ChangeAction::Update => "update",
                    ChangeAction::Replace => "replace",
                    ChangeAction::Delete => "delete",
                }
                .to_owned(),
                cause: change.cause.clone(),
            })
            .collect(),
        failed: summary
            .failed
            .iter()
            .map(|(resource, report)| (resource.clone(), report.message.clone()))
            .collect(),
    }
}
