//! One direction: somebody follows, somebody posts, and all of it arrives.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use super::cause::{self, View};
use super::hop::{HopKind, Planned, Station};
use super::recorder::{Found, Recorder, Trouble};
use super::side::{Posted, Side, is_answer};
use crate::diagnosis::{Diagnosis, diagnose};
use crate::evidence::Evidence;
use crate::probe::upload;
use crate::problem::{Problem, Symptom};
use crate::session::Session;
use crate::wait;

/// Between two looks. At this pace a server answers far less often than it limits.
pub(crate) const PACE: Duration = Duration::from_millis(120);

/// The hops of one direction, in order.
pub(crate) const COURSE: [HopKind; 5] = [
    HopKind::Follow,
    HopKind::Accept,
    HopKind::Post,
    HopKind::Image,
    HopKind::Deletion,
];

/// Somebody who follows, and somebody who is followed.
pub(crate) struct Course<'c, 's, F, A> {
    pub(crate) follower: &'c Side<'s, F>,
    pub(crate) author: &'c Side<'s, A>,
}

/// Both logged in, and known to each other.
pub(crate) struct Acquainted<'c> {
    /// The follower's login.
    pub(crate) follower: &'c Session,
    /// The author's login.
    pub(crate) author: &'c Session,
    /// The author's id on the follower's server.
    pub(crate) author_there: &'c str,
    /// The follower's id on the author's server.
    pub(crate) follower_there: &'c str,
}

/// What a course leaves to be undone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// The follow was made by this examination.
    pub(crate) follows: bool,
}

impl<F: Evidence, A: Evidence> Course<'_, '_, F, A> {
    pub(crate) fn planned(&self, kind: HopKind) -> Planned {
        Planned {
            kind,
            from: self.follower.name.clone(),
            to: self.author.name.clone(),
            handle: self.author.handle(),
        }
    }

    /// Looks the author up; gives the author's id on the follower's server.
    pub(crate) async fn find(&self, session: &Session) -> Found<String> {
        let handle = self.author.handle();
        let found = self.follower.find(session, &handle).await;
        // Some releases answer a look-up that failed with an error of their own.
        let found = match found {
            Err(problem)
                if is_answer(&problem) && problem.severity == crate::problem::Severity::Fail =>
            {
                return Err(Trouble::Missed(problem.detail));
            }
            other => other.map_err(Trouble::follower)?,
        };
        let Some((id, acct)) = found else {
            return Err(Trouble::Missed(format!("@{handle} is not found")));
        };
        if !acct.eq_ignore_ascii_case(&handle) {
            return Err(Trouble::author(other_handle(&handle, &acct)));
        }
        Ok((format!("@{handle} has the id {id} there"), id))
    }

    /// Every hop from the follow to the deletion; `first` is the place of the first in the report.
    pub(crate) async fn run(
        &self,
        recorder: &Recorder<'_>,
        first: usize,
        both: &Acquainted<'_>,
    ) -> Left {
        let mut left = Left::default();
        if !self.follow(recorder, first, both, &mut left).await {
            for (place, kind) in COURSE.iter().enumerate().skip(1) {
                recorder.needs(first + place, &self.planned(*kind));
            }
            return left;
        }
        let accept = self.planned(HopKind::Accept);
        let why = async |trouble: &Trouble| self.why(&accept, trouble).await;
        let accepted = recorder
            .run(first + 1, &accept, self.accepted(both), why)
            .await;
        if accepted.is_none() {
            for (place, kind) in COURSE.iter().enumerate().skip(2) {
                recorder.needs(first + place, &self.planned(*kind));
            }
            return left;
        }
        self.post(recorder, first + 2, both).await;
        left
    }

    async fn follow(
        &self,
        recorder: &Recorder<'_>,
        place: usize,
        both: &Acquainted<'_>,
        left: &mut Left,
    ) -> bool {
        let planned = self.planned(HopKind::Follow);
        let hop = async {
            let (mine, id) = (both.follower, both.author_there);
            let before = self.follower.relationship(mine, id).await;
            let before = before.map_err(Trouble::follower)?;
            if before.following {
                return Ok(("it follows already, and stays so".to_owned(), ()));
            }
            if before.requested {
                // Asking again would send nothing.
                self.follower
                    .unfollow(mine, id)
                    .await
                    .map_err(Trouble::follower)?;
            }
            left.follows = true;
            self.follower
                .follow(mine, id)
                .await
                .map_err(Trouble::follower)?;
            self.arrived(both).await
        };
        let why = async |trouble: &Trouble| self.why(&planned, trouble).await;
        recorder.run(place, &planned, hop, why).await.is_some()
    }

    /// The author's server knows of the follow; where the author wants to be asked, it says yes.
    async fn arrived(&self, both: &Acquainted<'_>) -> Found<()> {
        let (theirs, id) = (both.author, both.follower_there);
        let look = || async {
            match self.author.relationship(theirs, id).await {
                Ok(known) if known.followed_by => Some(Ok(false)),
                Ok(known) if known.requested_by => Some(Ok(true)),
                Ok(_) => None,
                Err(problem) => Some(Err(problem)),
            }
        };
        match wait::until(self.patience(), PACE, look).await {
            Some(Ok(false)) => Ok(("it is known there".to_owned(), ())),
            Some(Ok(true)) => {
                let accepted = self.author.authorize(theirs, id).await;
                accepted.map_err(Trouble::author)?;
                Ok(("it is known there, and accepted by hand".to_owned(), ()))
            }
            Some(Err(problem)) => Err(Trouble::author(problem)),
            None => Err(self.missed("the follow did not arrive")),
        }
    }

    async fn accepted(&self, both: &Acquainted<'_>) -> Found<()> {
        let look = || async {
            let known = self.follower.relationship(both.follower, both.author_there);
            match known.await {
                Ok(known) if known.following => Some(Ok(())),
                Ok(_) => None,
                Err(problem) => Some(Err(problem)),
            }
        };
        match wait::until(self.patience(), PACE, look).await {
            Some(Ok(())) => Ok(("the follow holds".to_owned(), ())),
            Some(Err(problem)) => Err(Trouble::follower(problem)),
            None => Err(self.missed("no accept came")),
        }
    }

    /// The post, its image and its deletion.
    async fn post(&self, recorder: &Recorder<'_>, first: usize, both: &Acquainted<'_>) {
        let planned = self.planned(HopKind::Post);
        // Its upload is no part of the way to the other server.
        let picture = upload::attachment(&self.author.examination, both.author).await;
        let hop = async {
            let picture = picture.map_err(Trouble::author)?;
            let now = Timestamp::now();
            let posted = self.author.post(both.author, &picture.id, now).await;
            let posted = posted.map_err(Trouble::author)?;
            let copy = self.copied(both, &posted).await?;
            let id = copy["id"].as_str().unwrap_or_default().to_owned();
            Ok((format!("it is post {id} there"), (posted, copy)))
        };
        let why = async |trouble: &Trouble| self.why(&planned, trouble).await;
        let arrived = recorder.run(first, &planned, hop, why).await;
        let (image, deletion) = (
            self.planned(HopKind::Image),
            self.planned(HopKind::Deletion),
        );
        let Some((posted, copy)) = arrived else {
            recorder.needs(first + 1, &image);
            recorder.needs(first + 2, &deletion);
            return;
        };
        let why = async |trouble: &Trouble| self.why(&image, trouble).await;
        recorder
            .run(first + 1, &image, self.image(&copy), why)
            .await;
        let why = async |trouble: &Trouble| self.why(&deletion, trouble).await;
        let hop = self.deletion(both, &posted, &copy);
        recorder.run(first + 2, &deletion, hop, why).await;
    }

    async fn copied(&self, both: &Acquainted<'_>, posted: &Posted) -> Result<Value, Trouble> {
        let look = || async {
            match self.follower.copy(both.follower, &posted.uri).await {
                Ok(copy) => copy.map(Ok),
                Err(problem) => Some(Err(problem)),
            }
        };
        match wait::until(self.patience(), PACE, look).await {
            Some(copy) => copy.map_err(Trouble::follower),
            None => Err(self.missed("the post did not arrive")),
        }
    }

    async fn image(&self, copy: &Value) -> Found<()> {
        let attachment = &copy["media_attachments"][0];
        let url = attachment["url"].as_str();
        let url = url.and_then(|url| Url::parse(url).ok());
        let Some(url) = url else {
            return Err(Trouble::Missed(
                "the post came without its image".to_owned(),
            ));
        };
        if url.path().starts_with("/media_proxy/") {
            return Err(Trouble::Missed(
                "the image was not copied from the author's media host".to_owned(),
            ));
        }
        let fetched = upload::fetch(&self.follower.examination, &url).await;
        Ok((fetched.map_err(Trouble::follower)?, ()))
    }

    async fn deletion(&self, both: &Acquainted<'_>, posted: &Posted, copy: &Value) -> Found<()> {
        let deleted = self.author.delete(both.author, &posted.id).await;
        deleted.map_err(Trouble::author)?;
        let id = copy["id"].as_str().unwrap_or_default();
        let look = || async {
            match self.follower.shows(both.follower, id).await {
                Ok(true) => None,
                Ok(false) => Some(Ok(())),
                Err(problem) => Some(Err(problem)),
            }
        };
        match wait::until(self.patience(), PACE, look).await {
            Some(Ok(())) => Ok((format!("post {id} is gone there"), ())),
            Some(Err(problem)) => Err(Trouble::follower(problem)),
            None => Err(self.missed("the post is still there")),
        }
    }

    /// Ends the follow, and waits until the author's server knows; gives what is left.
    pub(crate) async fn undo(&self, both: &Acquainted<'_>) -> Option<String> {
        let what = || format!("{} follows {}", self.follower.name, self.author.handle());
        if self
            .follower
            .unfollow(both.follower, both.author_there)
            .await
            .is_err()
        {
            return Some(what());
        }
        let gone = || async {
            let known = self.author.relationship(both.author, both.follower_there);
            match known.await {
                Ok(known) if known.followed_by || known.requested_by => None,
                Ok(_) => Some(()),
                Err(_) => None,
            }
        };
        wait::until(self.patience(), PACE, gone)
            .await
            .is_none()
            .then(|| {
                format!(
                    "{} still counts a follower of {}",
                    self.author.name, self.follower.name
                )
            })
    }

    /// Where a hop got stuck, and why.
    pub(crate) async fn why(
        &self,
        planned: &Planned,
        trouble: &Trouble,
    ) -> (Option<Station>, Diagnosis) {
        if let Trouble::Asked(side, problem) = trouble {
            let (name, facts) = match side {
                0 => (&self.follower.name, self.follower.facts().await),
                _ => (&self.author.name, self.author.facts().await),
            };
            let diagnosis = match &problem.diagnosis {
                Some(diagnosis) => diagnosis.as_ref().clone(),
                None => diagnose(&problem.symptom, &facts),
            };
            let cause = format!("{name}: {}", diagnosis.cause);
            return (None, Diagnosis { cause, ..diagnosis });
        }
        if let Some(diagnosis) = self.by_port() {
            return (None, diagnosis);
        }
        let (follower, author) = tokio::join!(
            view(self.follower, self.author, planned.kind, true),
            view(self.author, self.follower, planned.kind, false),
        );
        cause::stuck(planned, [&follower, &author])
    }

    /// Handles cannot say a port, so servers beside 443 are not found by them.
    fn by_port(&self) -> Option<Diagnosis> {
        let subjects = [
            self.follower.examination.subject,
            self.author.examination.subject,
        ];
        let subject = subjects
            .iter()
            .find(|subject| subject.base.port().is_some())?;
        Some(
            Diagnosis::new(
                "servers find each other by handle on port 443 only",
                "free port 443 and leave `--https-port` and `local.ports` out, then `masto up`",
            )
            .because(format!("one answers at {}", subject.base)),
        )
    }

    fn patience(&self) -> Duration {
        self.follower.examination.patience
    }

    fn missed(&self, what: &str) -> Trouble {
        Trouble::Missed(format!("{what} within {} s", self.patience().as_secs()))
    }
}

async fn view<H: Evidence, O: Evidence>(
    here: &Side<'_, H>,
    other: &Side<'_, O>,
    kind: HopKind,
    follows: bool,
) -> View {
    let subject = other.examination.subject;
    let media = Url::parse(&format!("https://{}/", subject.media_host)).ok();
    let asked: Vec<(&str, Option<Url>)> = match (kind, follows) {
        (HopKind::Find, true) => vec![("web", other.webfinger())],
        (HopKind::Image, true) => vec![(here.receiver(), media)],
        (HopKind::Find | HopKind::Image, false) => Vec::new(),
        _ => vec![
            (here.courier(), Some(other.front())),
            ("web", Some(other.front())),
        ],
    };
    let reaches = asked
        .iter()
        .filter_map(|(process, url)| Some(here.reach(process, url.as_ref()?)));
    let (view, reaches) = tokio::join!(here.view(), futures_util::future::join_all(reaches));
    View { reaches, ..view }
}

fn other_handle(handle: &str, acct: &str) -> Problem {
    let domain = |text: &str| text.rsplit('@').next().unwrap_or_default().to_owned();
    let fact = format!("@{handle} is known as @{acct}");
    let mut problem = Problem::known(
        fact.clone(),
        Diagnosis::new(
            format!(
                "it is found under the handles of {}, not of {}",
                domain(acct),
                domain(handle)
            ),
            format!(
                "let `/.well-known/webfinger` on {} lead to the server, and set `LOCAL_DOMAIN` and `WEB_DOMAIN` as the topology has them (`masto up` does)",
                domain(handle)
            ),
        )
        .because(fact),
    );
    problem.symptom = Box::new(Symptom::Known);
    problem
}
