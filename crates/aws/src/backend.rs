//! The account as the engine sees it.

use std::sync::Arc;

use engine::{Action, Backend, Known, Observed, Progress, Step};
use mastodon::Secrets;

use crate::account::Account;
use crate::attributes::Attributes;
use crate::error::Error;
use crate::kind::Site;
use crate::lock::{self, Fence};
use crate::observe::observe;
use crate::resource::Resource;
use crate::scope::Scope;

/// How many steps run at once. EC2 gives each action a bucket of tokens; the whole graph is never
/// wider than this where it matters.
pub(crate) const CONCURRENCY: usize = 12;

/// Carries out one plan in one account and region.
pub struct AwsBackend {
    account: Account,
    scope: Scope,
    secrets: Arc<Secrets>,
    fence: Option<Fence>,
}

impl AwsBackend {
    /// The secrets go to Secrets Manager, RDS and ElastiCache and nowhere else; a plan that only
    /// removes needs none.
    #[must_use]
    pub fn new(account: Account, scope: Scope, secrets: Secrets) -> Self {
        Self {
            account,
            scope,
            secrets: Arc::new(secrets),
            fence: None,
        }
    }

    /// The same, beginning no step when the lock behind `fence` is lost.
    #[must_use]
    pub fn fenced(self, fence: Fence) -> Self {
        Self {
            fence: Some(fence),
            ..self
        }
    }
}

impl Backend for AwsBackend {
    type Resource = Resource;
    type Error = Error;

    async fn observe(&self) -> Result<Observed<Resource>, Error> {
        observe(&self.account, &self.scope).await
    }

    async fn apply(
        &self,
        step: &Step<Resource>,
        inputs: &Known<Resource>,
        progress: &Progress,
    ) -> Result<Option<Attributes>, Error> {
        if let Some(fence) = &self.fence {
            lock::check(fence)?;
        }
        let site = Site {
            account: &self.account,
            scope: &self.scope,
            secrets: &self.secrets,
            inputs,
            progress,
        };
        match &step.action {
            Action::Create { desired, .. } => desired.create(site).await.map(Some),
            Action::Update { desired, live } => desired.update(live, site).await.map(Some),
            Action::Delete { live } => live.delete(site).await.map(|()| None),
        }
    }

    fn concurrency(&self) -> usize {
        CONCURRENCY
    }
}
