//! Everything of a deployment, in one pass.

use engine::Observed;
use futures_util::future::try_join_all;

use crate::account::Account;
use crate::error::Error;
use crate::kind::Owner;
use crate::resource::{Resource, looks};
use crate::scope::Scope;

/// Looks at every kind at the same time.
///
/// # Errors
///
/// The first call that failed.
pub async fn observe(account: &Account, scope: &Scope) -> Result<Observed<Resource>, Error> {
    observe_within(&account.for_one_look(), scope).await
}

/// The same as a part of the look that `account` is for ([`Account::for_one_look`]); errors as
/// [`observe`].
pub async fn observe_within(account: &Account, scope: &Scope) -> Result<Observed<Resource>, Error> {
    let mut observed = Observed::<Resource>::new();
    for live in try_join_all(looks(account, scope))
        .await?
        .into_iter()
        .flatten()
    {
        // Of two under one id, ours is it; a stranger is told of only where it is in the way.
        let is_ours = *live.owner() == Owner::Ours;
        if is_ours || !observed.contains_key(live.id()) {
            observed.insert(live.id().clone(), live);
        }
    }
    Ok(observed)
}
