//! What one look at the account has seen already.
//!
//! Several kinds are read from the same answer, and what a plan is made from besides the kinds (the
//! secrets, the hosted zone) is in one of them. A look asks once for each. Steps work with clients
//! outside of any look, so that nothing is ever decided on what was so before a write.

use std::future::Future;
use std::sync::Arc;

use aws_sdk_rds::types::DbInstance;
use tokio::sync::OnceCell;

use crate::account::Account;
use crate::elb::LoadBalancing;
use crate::error::Error;
use crate::id::CertificateRole;
use crate::resource::Ours;
use crate::secrets::Stored;

/// Answers that are asked for once a look.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) load_balancing: OnceCell<Arc<LoadBalancing>>,
    pub(crate) database: OnceCell<Option<DbInstance>>,
    pub(crate) secret: OnceCell<Option<Stored>>,
    /// Of the zone that the file names.
    pub(crate) hosted_zone: OnceCell<Option<String>>,
    server_certificate: OnceCell<Option<Ours>>,
    media_certificate: OnceCell<Option<Ours>>,
}

impl Seen {
    pub(crate) fn certificate(&self, role: CertificateRole) -> &OnceCell<Option<Ours>> {
        match role {
            CertificateRole::Server => &self.server_certificate,
            CertificateRole::Media => &self.media_certificate,
        }
    }
}

impl Account {
    /// The same clients for one look: reads alone, and none of them twice. What it sees is not seen
    /// again by the next look.
    #[must_use]
    pub fn for_one_look(&self) -> Self {
        let mut account = self.clone();
        account.seen = Some(Arc::default());
        account
    }

    /// The same clients outside of any look: every answer is asked for.
    pub(crate) fn afresh(&self) -> Self {
        let mut account = self.clone();
        account.seen = None;
        account
    }

    /// The answer in `cell`, or else what `ask` gives; outside of a look always that.
    pub(crate) async fn once_a_look<T, F>(
        &self,
        cell: impl Fn(&Seen) -> &OnceCell<T>,
        ask: impl Fn() -> F,
    ) -> Result<T, Error>
    where
        T: Clone,
        F: Future<Output = Result<T, Error>>,
    {
        match &self.seen {
            Some(seen) => cell(seen).get_or_try_init(ask).await.cloned(),
            None => ask().await,
        }
    }
}
