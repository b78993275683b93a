//! What the kinds of ElastiCache have in common.

use aws_sdk_elasticache::types::Tag;

use crate::account::Account;
use crate::id::Id;
use crate::scope::Scope;

/// The tags of a new thing.
pub(crate) fn tags(id: &Id, scope: &Scope) -> Vec<Tag> {
    crate::tags::of(id, scope)
        .into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}

/// See [`Account::once`].
pub(crate) fn once() -> aws_sdk_elasticache::config::Builder {
    aws_sdk_elasticache::config::Builder::new().retry_config(Account::once())
}
