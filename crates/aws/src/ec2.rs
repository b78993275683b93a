//! What the kinds of EC2 have in common: tags on creation, filters by tag.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};

use crate::account::Account;
use crate::id::Id;
use crate::scope::Scope;
use crate::tags;

/// How long EC2 may take for what it usually does in seconds.
pub(crate) const SOON: Duration = Duration::from_secs(120);

/// Everything of the deployment.
pub(crate) fn of_deployment(scope: &Scope) -> Filter {
    Filter::builder()
        .name(format!("tag:{}", tags::DEPLOYMENT))
        .values(scope.name.as_str())
        .build()
}

/// One resource of the deployment.
pub(crate) fn of_resource(id: &Id) -> Filter {
    Filter::builder()
        .name(format!("tag:{}", tags::RESOURCE))
        .values(id.tag())
        .build()
}

/// The tags of a new thing: together with its creation, so that none is ever without.
pub(crate) fn tags(kind: ResourceType, id: &Id, scope: &Scope) -> TagSpecification {
    let tags = tags::of(id, scope)
        .into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect();
    TagSpecification::builder()
        .resource_type(kind)
        .set_tags(Some(tags))
        .build()
}

/// Tags as a map.
pub(crate) fn read(tags: Option<&[Tag]>) -> BTreeMap<String, String> {
    tags.unwrap_or_default()
        .iter()
        .filter_map(|tag| Some((tag.key.clone()?, tag.value.clone()?)))
        .collect()
}

/// See [`Account::once`].
pub(crate) fn once() -> aws_sdk_ec2::config::Builder {
    aws_sdk_ec2::config::Builder::new().retry_config(Account::once())
}
