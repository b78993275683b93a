//! The last lines of a task.

use crate::account::Account;
use crate::ecs;
use crate::error::Error;
use crate::id::Id;
use crate::names;
use crate::scope::Scope;

/// How many lines a failure shows.
const LINES: i32 = 20;

/// The log stream of a task's container: `web/web/0123abcd`.
pub(crate) fn stream(container: &str, task_arn: &str) -> String {
    format!("{container}/{container}/{}", ecs::last_part(task_arn))
}

/// What a task printed last, oldest first. Empty where there is no telling: it is shown beside an
/// error, and must not take its place.
pub(crate) async fn of_task(
    account: &Account,
    scope: &Scope,
    container: &str,
    task_arn: &str,
) -> Vec<String> {
    let answer = account
        .logs
        .get_log_events()
        .log_group_name(names::of(&Id::LogGroup, scope))
        .log_stream_name(stream(container, task_arn))
        .limit(LINES)
        .start_from_head(false)
        .send()
        .await
        .map_err(|error| Error::call("logs:GetLogEvents", error));
    match answer {
        Ok(answer) => answer
            .events
            .unwrap_or_default()
            .into_iter()
            .filter_map(|event| event.message)
            .flat_map(|message| message.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect(),
        Err(error) => {
            tracing::debug!(%error, "no lines of a task");
            Vec::new()
        }
    }
}
