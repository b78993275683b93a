//! Commands in running tasks, through Session Manager.

use aws_sdk_ecs::types::Task;
use serde_json::json;

use crate::account::Account;
use crate::ecs;
use crate::error::{Error, ErrorKind};
use crate::id::Id;
use crate::names;
use crate::one_off::not_up;
use crate::scope::Scope;
use crate::status::running;

/// The program that speaks Session Manager's protocol. AWS gives it away for every system, and no
/// SDK has it.
pub const PLUGIN: &str = "session-manager-plugin";

/// A session that AWS has opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecSession {
    /// What to give to [`PLUGIN`]. Holds a token that is good for this session alone.
    pub arguments: Vec<String>,
}

/// Opens a session in the first running task of `process` (`web`, or a replica: `web-2`).
///
/// # Errors
///
/// [`Error::Setup`] where there is no such process, where it does not run, and where its task was
/// started before exec was allowed.
pub async fn exec(
    account: &Account,
    scope: &Scope,
    process: &str,
    command: &[String],
) -> Result<ExecSession, Error> {
    let cluster = names::of(&Id::Cluster, scope);
    let tasks = running(account, scope).await?;
    let task = choose(scope, tasks, process)?;
    let arn = task.task_arn().unwrap_or_default();
    let container = task.containers().first();
    let answer = account
        .ecs
        .execute_command()
        .cluster(&cluster)
        .task(arn)
        .set_container(container.and_then(|container| container.name.clone()))
        .command(shell_words(command))
        .interactive(true)
        .send()
        .await
        .map_err(|error| refused(Error::call("ecs:ExecuteCommand", error), process))?;
    let session = answer
        .session
        .ok_or_else(|| Error::bug("ECS opened a session and told nothing of it"))?;
    let runtime = container
        .and_then(|container| container.runtime_id())
        .unwrap_or_default();
    let target = format!("ecs:{cluster}_{}_{runtime}", ecs::last_part(arn));
    let region = account.region();
    let session = json!({
        "SessionId": session.session_id,
        "StreamUrl": session.stream_url,
        "TokenValue": session.token_value,
    });
    Ok(ExecSession {
        arguments: vec![
            session.to_string(),
            region.to_owned(),
            "StartSession".to_owned(),
            String::new(),
            json!({ "Target": target }).to_string(),
            format!("https://ssm.{region}.amazonaws.com"),
        ],
    })
}

/// What to say where [`PLUGIN`] is not installed.
#[must_use]
pub fn plugin_missing() -> Error {
    Error::Setup {
        message: format!("`{PLUGIN}` is not installed: Session Manager's protocol needs it"),
        hint: "install it (https://docs.aws.amazon.com/systems-manager/latest/userguide/\
               session-manager-working-with-install-plugin.html), or run the command in a task of \
               its own:  masto run --aws …"
            .to_owned(),
        kind: ErrorKind::Usage,
    }
}

fn refused(error: Error, process: &str) -> Error {
    if !error.is(&["TargetNotConnectedException"]) {
        return error;
    }
    Error::Setup {
        message: format!("the task of `{process}` is not connected to Session Manager yet"),
        hint: "wait half a minute and run the same command again; a task that runs longer than \
               that has no way to the internet, or a role without `ssmmessages`: `masto plan \
               --aws` tells"
            .to_owned(),
        kind: ErrorKind::Resource,
    }
}

/// The task that `process` means: the oldest, or the replica of that number.
fn choose(scope: &Scope, mut tasks: Vec<Task>, process: &str) -> Result<Task, Error> {
    let service = |task: &Task| {
        let group = task.group()?.strip_prefix("service:")?;
        Some(group.to_owned())
    };
    tasks.sort_by_key(|task| (task.created_at().map(|at| at.secs()), task.task_arn.clone()));
    let mut known: Vec<String> = tasks.iter().filter_map(service).collect();
    known.sort();
    known.dedup();
    if known.is_empty() {
        return Err(not_up(scope));
    }
    let replica = process
        .rsplit_once('-')
        .and_then(|(name, number)| Some((name, number.parse::<usize>().ok()?)))
        .filter(|(name, _)| known.iter().any(|known| known == name));
    let (name, replica) = replica.unwrap_or((process, 1));
    tasks
        .into_iter()
        .filter(|task| service(task).as_deref() == Some(name))
        .nth(replica.saturating_sub(1))
        .ok_or_else(|| Error::Setup {
            message: format!("`{}` has no running `{process}`", scope.name),
            hint: format!("there are {}", known.join(", ")),
            kind: ErrorKind::Usage,
        })
}

/// ECS takes one text and splits it as a shell would.
fn shell_words(command: &[String]) -> String {
    let quoted = command.iter().map(|word| {
        let is_plain = !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_./=:@,+".contains(c));
        match is_plain {
            true => word.clone(),
            false => format!("'{}'", word.replace('\'', r"'\''")),
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(service: &str, id: &str) -> Task {
        Task::builder()
            .group(format!("service:{service}"))
            .task_arn(format!("arn/{id}"))
            .build()
    }

    #[test]
    fn a_process_means_its_first_task_and_a_number_that_replica() {
        let scope = crate::fixture::scope();
        let tasks = || vec![task("web", "2"), task("web", "1"), task("sidekiq-all", "3")];
        let chosen = |process| {
            choose(&scope, tasks(), process).map(|task| task.task_arn.unwrap_or_default())
        };
        assert_eq!(chosen("web").unwrap(), "arn/1");
        assert_eq!(chosen("web-2").unwrap(), "arn/2");
        assert_eq!(chosen("sidekiq-all").unwrap(), "arn/3");
        let error = chosen("web-3").unwrap_err();
        assert_eq!(error.to_string(), "`social` has no running `web-3`");
        assert_eq!(
            engine::Failure::hint(&error).as_deref(),
            Some("there are sidekiq-all, web")
        );
        let error = choose(&scope, Vec::new(), "web").unwrap_err();
        assert!(error.to_string().contains("does not run"));
    }

    #[test]
    fn words_reach_the_command_as_they_were_typed() {
        let words = |words: &[&str]| {
            shell_words(
                &words
                    .iter()
                    .map(|&word| word.to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(words(&["ls", "-la", "/tmp"]), "ls -la /tmp");
        assert_eq!(
            words(&["sh", "-c", "echo \"$HOME\""]),
            "sh -c 'echo \"$HOME\"'"
        );
        assert_eq!(words(&["echo", "it's", ""]), r"echo 'it'\''s' ''");
    }
}
