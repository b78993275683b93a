//! The workers: what is done with a job, by its class.

pub(crate) mod delivery;
pub(crate) mod distribution;
pub(crate) mod mail_delivery;
pub(crate) mod media_processing;
pub(crate) mod processing;
pub(crate) mod remote_media;
pub(crate) mod removal;
pub(crate) mod scheduler;

use serde_json::Value;

use crate::app::App;
use crate::database::pool::Session;
use crate::exception::Exception;
use crate::sidekiq::job::{Job, Kind};

/// `default`: fills feeds and tells streaming.
pub(crate) const DISTRIBUTION: Kind = Kind {
    class: "DistributionWorker",
    queue: "default",
    retries: 25,
};
/// `default`: one follower's home feed.
pub(crate) const FEED_INSERT: Kind = Kind {
    class: "FeedInsertWorker",
    queue: "default",
    retries: 25,
};
/// `default`: tells streaming of a post.
pub(crate) const PUSH_UPDATE: Kind = Kind {
    class: "PushUpdateWorker",
    queue: "default",
    retries: 25,
};
/// `default`: a notification of somebody here.
pub(crate) const LOCAL_NOTIFICATION: Kind = Kind {
    class: "LocalNotificationWorker",
    queue: "default",
    retries: 25,
};
/// `default`: removes a post everywhere.
pub(crate) const REMOVAL: Kind = Kind {
    class: "RemovalWorker",
    queue: "default",
    retries: 25,
};
/// `default`: a followed account's posts into a feed.
pub(crate) const MERGE: Kind = Kind {
    class: "MergeWorker",
    queue: "default",
    retries: 25,
};
/// `default`: video and audio.
pub(crate) const POST_PROCESS_MEDIA: Kind = Kind {
    class: "PostProcessMediaWorker",
    queue: "default",
    retries: 1,
};
/// `push`: to whom a post has to be delivered.
pub(crate) const ACTIVITY_DISTRIBUTION: Kind = Kind {
    class: "ActivityPub::DistributionWorker",
    queue: "push",
    retries: 25,
};
/// `push`: one delivery.
pub(crate) const DELIVERY: Kind = Kind {
    class: "ActivityPub::DeliveryWorker",
    queue: "push",
    retries: 16,
};
/// `pull`: media of other servers that could not be had at once.
pub(crate) const REDOWNLOAD_MEDIA: Kind = Kind {
    class: "RedownloadMediaWorker",
    queue: "pull",
    retries: 3,
};
/// `ingress`: what came in.
pub(crate) const PROCESSING: Kind = Kind {
    class: "ActivityPub::ProcessingWorker",
    queue: "ingress",
    retries: 8,
};

/// Works on a job.
///
/// # Errors
/// What the worker raises; [`Exception::UnknownClass`] for a class that is none of ours.
pub(crate) async fn perform(app: &App, session: &Session, job: &Job) -> Result<(), Exception> {
    let arguments = Arguments(job.args());
    match job.class() {
        "DistributionWorker" => distribution::distribute(app, session, arguments.int(0)?).await,
        "FeedInsertWorker" => {
            distribution::insert_into_feed(app, session, arguments.int(0)?, arguments.int(1)?).await
        }
        "PushUpdateWorker" => {
            distribution::push_update(app, session, arguments.int(0)?, arguments.int(1)?).await
        }
        "MergeWorker" => {
            distribution::merge(app, session, arguments.int(0)?, arguments.int(1)?).await
        }
        "LocalNotificationWorker" => {
            distribution::notify(
                app,
                session,
                arguments.int(0)?,
                arguments.int(1)?,
                arguments.text(2)?,
            )
            .await
        }
        "RemovalWorker" => removal::remove(app, session, arguments.int(0)?).await,
        "PostProcessMediaWorker" => {
            media_processing::post_process(app, session, arguments.int(0)?).await
        }
        "RedownloadMediaWorker" => remote_media::redownload(app, session, arguments.int(0)?).await,
        "ActivityPub::DistributionWorker" => {
            delivery::distribute(app, session, arguments.int(0)?).await
        }
        "ActivityPub::DeliveryWorker" => {
            delivery::deliver(
                app,
                session,
                arguments.text(0)?,
                arguments.int(1)?,
                arguments.text(2)?,
            )
            .await
        }
        "ActivityPub::ProcessingWorker" => {
            processing::process(app, session, arguments.int(0)?, arguments.text(1)?).await
        }
        "ActionMailer::MailDeliveryJob" => mail_delivery::deliver(app, session, job.args()).await,
        class if class.starts_with("Scheduler::") => scheduler::run(app, session, class).await,
        class => Err(Exception::UnknownClass(class.to_owned())),
    }
}

/// Arguments of a job, by place.
struct Arguments<'a>(&'a [Value]);

impl Arguments<'_> {
    fn int(&self, place: usize) -> Result<i64, Exception> {
        let value = self.0.get(place);
        // Ids may come as text: JSON has no integers beyond 2^53.
        value
            .and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok()))
            .ok_or_else(|| self.missing(place))
    }

    fn text(&self, place: usize) -> Result<&str, Exception> {
        self.0
            .get(place)
            .and_then(Value::as_str)
            .ok_or_else(|| self.missing(place))
    }

    fn missing(&self, place: usize) -> Exception {
        Exception::Argument(format!(
            "wrong number of arguments (given {}, expected at least {})",
            self.0.len(),
            place + 1
        ))
    }
}
