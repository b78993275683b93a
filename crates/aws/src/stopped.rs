//! Why tasks stopped, and what a person does about it.

use aws_sdk_ecs::types::{Task, TaskStopCode};

/// Why a task stopped: AWS's words, and ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stopped {
    /// In AWS's words, with the exit code where the container had one.
    pub reason: String,
    /// What to do; `None` where only the task's own output helps.
    pub hint: Option<String>,
    /// It would be the same the next time: nothing that waits helps.
    pub hopeless: bool,
    /// Of the container; `None` when it never ran.
    pub exit_code: Option<i32>,
}

impl Stopped {
    /// Of a task that has stopped.
    #[must_use]
    pub(crate) fn of(task: &Task) -> Self {
        let container = task.containers().first();
        let exit_code = container.and_then(|container| container.exit_code());
        let of_container = container.and_then(|container| container.reason());
        let of_task = task.stopped_reason().unwrap_or_default();
        // "Essential container in task exited" says nothing that the exit code does not say.
        let words = match of_container {
            Some(reason) if !of_task.contains(reason) && !of_task.is_empty() => {
                format!("{of_task}: {reason}")
            }
            Some(reason) => reason.to_owned(),
            None => of_task.to_owned(),
        };
        let is_spot = task.stop_code() == Some(&TaskStopCode::SpotInterruption);
        let cause = cause(&words, exit_code, is_spot);
        let reason = match exit_code {
            Some(code) if code != 0 || words.is_empty() => match words.is_empty() {
                true => format!("exit code {code}"),
                false => format!("exit code {code}: {words}"),
            },
            _ if words.is_empty() => "it stopped, and AWS does not say why".to_owned(),
            _ => words,
        };
        Self {
            reason,
            hint: cause.map(|cause| cause.hint().to_owned()),
            hopeless: cause.is_some_and(Cause::is_hopeless),
            exit_code,
        }
    }
}

/// What to do about what a task of Mastodon printed before it ended, where AWS's words say nothing;
/// `None` where the lines do not say either.
#[must_use]
pub(crate) fn hint_of_output(lines: &[String]) -> Option<&'static str> {
    let says = |what: &str| lines.iter().any(|line| line.contains(what));
    // In the words of libpq and of the two Redis clients that Mastodon has used.
    if says("PG::ConnectionBad") || says("ActiveRecord::ConnectionNotEstablished") {
        return Some(
            "the task cannot reach the database: `masto plan --aws` shows what somebody changed at its security groups or routes, and `masto up --aws` mends it",
        );
    }
    if says("Redis::CannotConnectError") || says("RedisClient::CannotConnectError") {
        return Some(
            "the task cannot reach Redis: `masto plan --aws` shows what somebody changed at its security groups or routes, and `masto up --aws` mends it",
        );
    }
    None
}

/// What AWS's words mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    ImageNotFound,
    ImageUnreachable,
    ImageRefused,
    ImageRateLimit,
    WrongArchitecture,
    SecretRefused,
    SecretKey,
    SecretUnreachable,
    LogGroup,
    Memory,
    LoadBalancerCheck,
    OwnCheck,
    Capacity,
    Quota,
    Spot,
}

/// The first that fits, from the most to the least specific.
fn cause(words: &str, exit_code: Option<i32>, is_spot: bool) -> Option<Cause> {
    let words = words.to_lowercase();
    let says = |what: &str| words.contains(what);
    let any = |what: &[&str]| what.iter().any(|what| says(what));
    if is_spot {
        return Some(Cause::Spot);
    }
    if says("cannotpull") || says("pull image manifest") || says("cannot pull") {
        return Some(if any(&["toomanyrequests", "rate limit"]) {
            Cause::ImageRateLimit
        } else if any(&["platform", "no match for", "exec format"]) {
            Cause::WrongArchitecture
        } else if any(&[
            "i/o timeout",
            "deadline",
            "dial tcp",
            "no such host",
            "refused",
        ]) {
            Cause::ImageUnreachable
        } else if any(&["denied", "unauthorized", "authorization", "403"]) {
            Cause::ImageRefused
        } else {
            Cause::ImageNotFound
        });
    }
    if any(&["exec format error", "does not match the specified platform"]) {
        return Some(Cause::WrongArchitecture);
    }
    if says("resourceinitializationerror") {
        return Some(if any(&["log group", "awslogs", "log stream"]) {
            Cause::LogGroup
        } else if any(&["json key", "did not contain"]) {
            Cause::SecretKey
        } else if any(&["accessdenied", "not authorized"]) {
            Cause::SecretRefused
        } else {
            Cause::SecretUnreachable
        });
    }
    if says("outofmemory") || exit_code == Some(137) && !says("scaling activity") {
        return Some(Cause::Memory);
    }
    if says("failed elb health checks") || says("target group") && says("unhealthy") {
        return Some(Cause::LoadBalancerCheck);
    }
    if says("failed container health checks") {
        return Some(Cause::OwnCheck);
    }
    if says("capacity is unavailable") {
        return Some(Cause::Capacity);
    }
    if says("limit on the number of") || says("concurrent") && says("limit") {
        return Some(Cause::Quota);
    }
    None
}

impl Cause {
    fn hint(self) -> &'static str {
        match self {
            Self::ImageNotFound => {
                "the registry has no such image: look at `mastodon.version`, or at the images that were given"
            }
            Self::ImageUnreachable => {
                "the registry cannot be reached from the task's subnet: look at its route to the internet with `masto plan --aws`"
            }
            Self::ImageRefused => "the registry refuses: the image is private, or not there",
            Self::ImageRateLimit => {
                "the registry limits anonymous pulls: wait a while and run the same command again, or copy the image to ECR"
            }
            Self::WrongArchitecture => {
                "the image is for other processors: set `aws.architecture` to `amd64` or `arm64`, whichever it is for"
            }
            Self::SecretRefused => {
                "the execution role may not read the secret: `masto up --aws` mends the role"
            }
            Self::SecretKey => {
                "the secret lacks a key that a process needs: `masto up --aws` completes it"
            }
            Self::SecretUnreachable => {
                "the task cannot reach Secrets Manager or the log group: look at its route to the internet with `masto plan --aws`"
            }
            Self::LogGroup => "the log group is gone: `masto up --aws` makes it anew",
            Self::Memory => "it took more memory than it has: raise its `memory`",
            Self::LoadBalancerCheck => {
                "it runs and does not answer the load balancer: look at what it printed with `masto logs --aws`"
            }
            Self::OwnCheck => {
                "it runs and does not answer its own health check: look at what it printed with `masto logs --aws`"
            }
            Self::Capacity => {
                "Fargate has no capacity left in these zones: run the same command again later, or set `aws.spot: false`"
            }
            Self::Quota => {
                "the account may not run more: ask for a higher quota of `Fargate On-Demand vCPU resource count` in Service Quotas"
            }
            Self::Spot => {
                "AWS took the Spot capacity back, and starts another task when it has some; `aws.spot: false` is never interrupted"
            }
        }
    }

    /// Whether a further try of ECS's own could not succeed.
    fn is_hopeless(self) -> bool {
        match self {
            Self::ImageNotFound
            | Self::ImageRefused
            | Self::WrongArchitecture
            | Self::SecretKey
            | Self::LogGroup
            | Self::Quota => true,
            // Roles and routes take a while to be known everywhere.
            Self::ImageUnreachable
            | Self::ImageRateLimit
            | Self::SecretRefused
            | Self::SecretUnreachable
            | Self::Memory
            | Self::LoadBalancerCheck
            | Self::OwnCheck
            | Self::Capacity
            | Self::Spot => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::Container;

    use super::*;

    fn stopped(task: &str, container: Option<&str>, exit_code: Option<i32>) -> Stopped {
        let container = Container::builder()
            .set_reason(container.map(str::to_owned))
            .set_exit_code(exit_code)
            .build();
        let task = Task::builder()
            .stopped_reason(task)
            .containers(container)
            .build();
        Stopped::of(&task)
    }

    #[test]
    fn reasons_are_aws_own_words_with_the_exit_code() {
        let exited = "Essential container in task exited";
        let of = |task, container, code| stopped(task, container, code).reason;
        assert_eq!(of(exited, None, Some(1)), format!("exit code 1: {exited}"));
        assert_eq!(of("", None, Some(1)), "exit code 1");
        assert_eq!(of("", None, Some(0)), "exit code 0");
        assert_eq!(of("", None, None), "it stopped, and AWS does not say why");
        assert_eq!(
            of(exited, Some("OutOfMemoryError: killed"), Some(137)),
            format!("exit code 137: {exited}: OutOfMemoryError: killed")
        );
    }

    #[test]
    fn what_a_task_printed_tells_what_it_could_not_reach() {
        let hint = |line: &str| hint_of_output(&["rails aborted!".to_owned(), line.to_owned()]);
        for (line, store) in [
            (
                "ActiveRecord::ConnectionNotEstablished: connection to server at \"10.0.1.7\", port 5432 failed: Connection timed out",
                "the database",
            ),
            (
                "PG::ConnectionBad: could not translate host name",
                "the database",
            ),
            (
                "RedisClient::CannotConnectError: Connection timed out",
                "Redis",
            ),
        ] {
            let hint = hint(line).unwrap();
            assert!(
                hint.contains(&format!("cannot reach {store}")),
                "{line}: {hint}"
            );
        }
        assert_eq!(hint("PG::DuplicateTable: relation exists"), None);
    }

    #[test]
    fn every_known_reason_has_something_to_do() {
        let cases = [
            (
                "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref ghcr.io/mastodon/mastodon:v9: not found",
                Cause::ImageNotFound,
            ),
            (
                "CannotPullContainerError: ref pull has been retried 1 time(s): dial tcp 1.2.3.4:443: i/o timeout",
                Cause::ImageUnreachable,
            ),
            (
                "CannotPullContainerError: pull access denied",
                Cause::ImageRefused,
            ),
            (
                "CannotPullContainerError: toomanyrequests: You have reached your pull rate limit",
                Cause::ImageRateLimit,
            ),
            (
                "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'",
                Cause::WrongArchitecture,
            ),
            (
                "ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: User is not authorized to perform: secretsmanager:GetSecretValue",
                Cause::SecretRefused,
            ),
            (
                "ResourceInitializationError: unable to pull secrets: retrieved secret did not contain json key REDIS_URL",
                Cause::SecretKey,
            ),
            (
                "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: context deadline exceeded",
                Cause::SecretUnreachable,
            ),
            (
                "ResourceInitializationError: failed to validate logger args: The specified log group does not exist",
                Cause::LogGroup,
            ),
            (
                "OutOfMemoryError: Container killed due to memory usage",
                Cause::Memory,
            ),
            (
                "Task failed ELB health checks in (target-group arn:x)",
                Cause::LoadBalancerCheck,
            ),
            ("Task failed container health checks", Cause::OwnCheck),
            (
                "Capacity is unavailable at this time. Please try again later or in a different availability zone",
                Cause::Capacity,
            ),
            (
                "You've reached the limit on the number of vCPUs you can run concurrently",
                Cause::Quota,
            ),
        ];
        for (words, expected) in cases {
            assert_eq!(cause(words, None, false), Some(expected), "{words}");
            assert!(stopped(words, None, None).hint.is_some(), "{words}");
        }
        assert_eq!(cause("", None, true), Some(Cause::Spot));
        assert_eq!(
            cause("Essential container in task exited", Some(1), false),
            None
        );
        assert_eq!(
            cause(
                "Scaling activity initiated by (deployment ecs-svc/1)",
                Some(137),
                false
            ),
            None
        );
    }
}
