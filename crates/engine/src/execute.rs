//! From a plan to a world that matches it, within one task.

use std::collections::BTreeSet;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tracing::Instrument;

use crate::backend::Backend;
use crate::cancel::Cancel;
use crate::event::{EventSink, FailureReport};
use crate::plan::Plan;
use crate::run::Run;
use crate::summary::Summary;

/// Carries out `plan`: each step as soon as those it comes after have ended well, in the order of
/// the plan where there is a choice, at most [`Backend::concurrency`] at once.
///
/// When a step fails, what comes after it is skipped and everything else goes on. Nothing is undone
/// and nothing is tried again: the next plan goes on from what is there then. A plan with refusals
/// is not begun: all its steps are skipped. `cancel` ends the run early; see [`Cancel`].
///
/// Steps run inside the calling task, so they borrow, and dropping the future is an abort.
pub async fn execute<B: Backend>(
    backend: &B,
    plan: &Plan<B::Resource>,
    sink: EventSink,
    cancel: &Cancel,
) -> Summary {
    let mut run = Run::new(plan, sink);
    if !plan.is_executable() {
        let in_the_way: BTreeSet<_> = plan
            .refusals
            .iter()
            .map(|refusal| refusal.resource.clone())
            .collect();
        run.skip_waiting(&Vec::from_iter(in_the_way));
        return run.summary();
    }
    let limit = backend.concurrency().max(1);
    let mut running = FuturesUnordered::new();
    let mut stopping = false;
    loop {
        while running.len() < limit && !cancel.is_stopped() {
            let Some(index) = run.next_ready() else { break };
            let (inputs, progress) = run.start(index);
            let step = &plan.steps[index];
            let span = tracing::debug_span!("step", verb = %step.verb(), resource = %step.id);
            let apply = async move {
                let result = backend.apply(step, &inputs, &progress).await;
                (index, result)
            };
            running.push(apply.instrument(span));
        }
        if running.is_empty() {
            break;
        }
        tokio::select! {
            biased;
            () = cancel.aborted() => break,
            () = cancel.stopped(), if !stopping => {
                stopping = true;
                run.stop();
            }
            Some((index, result)) = running.next() => match result {
                Ok(attributes) => run.finish(index, attributes),
                Err(error) => run.fail(index, FailureReport::new(&error)),
            },
        }
    }
    drop(running);
    if !stopping {
        run.stop();
    }
    run.summary()
}
