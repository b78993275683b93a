//! A job goes through `ingress`, the queue by which messages of other servers come in.

use std::time::Duration;

use jiff::Timestamp;

use super::Finding;
use crate::evidence::{Evidence, EvidenceError, JobWay};
use crate::examination::Examination;
use crate::problem::{Problem, Symptom};
use crate::redis::RedisValue;
use crate::sidekiq::{JobState, TestJob};
use crate::wait;

/// Until a job that fails has failed: it does nothing, so at once.
const FAILED: Duration = Duration::from_millis(300);
const PACE: Duration = Duration::from_millis(50);

pub(crate) async fn probe<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    let way = match examination.job_sent() {
        Some(way) => way?,
        None => send(examination).await?,
    };
    judge(way)
}

/// Sends a job and looks where it goes.
async fn send<E: Evidence>(examination: &Examination<'_, E>) -> Result<JobWay, EvidenceError> {
    let job = TestJob::new(Timestamp::now());
    if let RedisValue::Error(error) = examination.redis(&job.push()).await? {
        return Ok(JobWay::Refused(error));
    }
    let begin = Timestamp::now();
    let look = || async {
        match JobState::read(&examination.redis(&job.look()).await.ok()?).ok()? {
            JobState::Waiting => None,
            state => Some(state),
        }
    };
    let Some(state) = wait::until(examination.patience, PACE, look).await else {
        // Nobody wants it: it must not lie there until somebody does.
        let taken_back = examination.redis(&job.take_back()).await;
        tracing::debug!(?taken_back, "the test job was taken back");
        return Ok(JobWay::Stayed {
            seconds: examination.patience.as_secs(),
        });
    };
    let took = Timestamp::now().duration_since(begin).as_millis();
    let failure = match state {
        JobState::Failed(error) => Some(error),
        JobState::Gone | JobState::Waiting => {
            wait::until(FAILED, PACE, || async {
                match JobState::read(&examination.redis(&job.look()).await.ok()?).ok()? {
                    JobState::Failed(error) => Some(error),
                    JobState::Gone | JobState::Waiting => None,
                }
            })
            .await
        }
    };
    Ok(match failure {
        None => JobWay::Taken {
            ms: u64::try_from(took).unwrap_or_default(),
        },
        Some(error) => JobWay::Failed(error),
    })
}

fn judge(way: JobWay) -> Finding {
    match way {
        JobWay::Taken { ms } => Ok(format!("taken within {ms} ms")),
        JobWay::Failed(error) => Err(Problem::new(
            format!("the job failed: {error}"),
            Symptom::JobFailed(error),
        )),
        JobWay::Stayed { seconds } => Err(Problem::new(
            format!("the job was not taken within {seconds} s"),
            Symptom::JobNotTaken("ingress".to_owned()),
        )),
        JobWay::Refused(error) => Err(Problem::new(
            format!("Redis did not take the job: {error}"),
            Symptom::JobFailed(error),
        )),
    }
}
