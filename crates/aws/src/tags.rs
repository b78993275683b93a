//! The tags by which masto finds its own again.

use std::collections::BTreeMap;

use crate::id::Id;
use crate::kind::Owner;
use crate::scope::Scope;

/// The deployment that a thing belongs to.
pub(crate) const DEPLOYMENT: &str = "masto.deployment";
/// Which of the deployment's resources it is: [`Id::tag`].
pub(crate) const RESOURCE: &str = "masto.resource";

/// The tags of a thing, its name for AWS's console among them.
pub(crate) fn of(id: &Id, scope: &Scope) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("Name".to_owned(), crate::names::of(id, scope)),
        (DEPLOYMENT.to_owned(), scope.name.to_string()),
        (RESOURCE.to_owned(), id.tag()),
    ])
}

/// Whose a thing with these tags is.
pub(crate) fn owner(tags: &BTreeMap<String, String>, scope: &Scope) -> Owner {
    if tags.get(DEPLOYMENT).map(String::as_str) == Some(scope.name.as_str()) {
        Owner::Ours
    } else {
        Owner::Stranger
    }
}

/// Which of `candidates` a thing with these tags is; `None` for one of no kind that is asked for.
pub(crate) fn id(
    tags: &BTreeMap<String, String>,
    candidates: impl IntoIterator<Item = Id>,
) -> Option<Id> {
    let tag = tags.get(RESOURCE)?;
    candidates.into_iter().find(|id| id.tag() == *tag)
}
