//! The marks masto leaves on what it makes. They are all the state there is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::id::Id;

/// The deployment a resource belongs to; `*` on what all share.
pub(crate) const DEPLOYMENT: &str = "masto.deployment";
/// Which resource it is, as [`Id::label`] writes it.
pub(crate) const RESOURCE: &str = "masto.resource";
/// Hash over what needs the resource to be made anew.
pub(crate) const CONFIG_HASH: &str = "masto.config-hash";
/// What the hash is made of, JSON, so that a plan can say what differs. Values of the environment
/// and of files are digests.
pub(crate) const CONFIG: &str = "masto.config";
/// The image as it was asked for; the engine forgets it once the tag moves on.
pub(crate) const IMAGE: &str = "masto.image";
/// What it needs, so that removals have an order without a topology.
pub(crate) const DEPENDS_ON: &str = "masto.depends-on";
/// Identities of what it was built upon, JSON by resource.
pub(crate) const HOLDS: &str = "masto.holds";
/// The server's domain, on volumes.
pub(crate) const DOMAIN: &str = "masto.domain";
/// Where the server answers when that is not its domain, on volumes.
pub(crate) const WEB_DOMAIN: &str = "masto.web-domain";
/// Major version of PostgreSQL, on its volume.
pub(crate) const POSTGRES_MAJOR: &str = "masto.postgres-major";
/// Mastodon's release: on volumes the one that made them, on jobs the one that ran.
pub(crate) const VERSION: &str = "masto.version";
/// On a process of which there must not be two: the Sidekiq with the `scheduler` queue.
pub(crate) const SINGLETON: &str = "masto.singleton";
/// How the `schema` job went about it: `prepare` or `migrate`.
pub(crate) const MODE: &str = "masto.mode";
/// Tells a volume from another of the same name.
pub(crate) const INCARNATION: &str = "masto.incarnation";
/// Marks a container of `masto run`.
pub(crate) const ONE_OFF: &str = "masto.one-off";

/// [`DEPLOYMENT`] of what all deployments share.
pub(crate) const SHARED: &str = "*";

/// Whose a found object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// This deployment's, or masto's shared ingress.
    Ours,
    /// Another deployment's whose names collide with this one's.
    Deployment(String),
    /// Nothing says that masto made it.
    Stranger,
}

impl Owner {
    /// Reads it off the labels of something that has one of our names.
    pub(crate) fn of(labels: &HashMap<String, String>, deployment: &str) -> Self {
        match labels.get(DEPLOYMENT) {
            Some(name) if name == deployment || name == SHARED => Self::Ours,
            Some(name) => Self::Deployment(name.clone()),
            None => Self::Stranger,
        }
    }
}

/// The labels every resource has.
pub(crate) fn common(deployment: &str, id: &Id) -> HashMap<String, String> {
    let deployment = if id.is_shared() { SHARED } else { deployment };
    HashMap::from([
        (DEPLOYMENT.to_owned(), deployment.to_owned()),
        (RESOURCE.to_owned(), id.label()),
    ])
}

/// The value of [`DEPENDS_ON`].
pub(crate) fn write_ids(ids: &BTreeSet<Id>) -> String {
    ids.iter().map(Id::label).collect::<Vec<_>>().join(",")
}

/// Reads [`DEPENDS_ON`]; what this version does not know is left out.
pub(crate) fn read_ids(text: &str) -> BTreeSet<Id> {
    text.split(',')
        .filter_map(|label| label.parse().ok())
        .collect()
}

/// The value of [`HOLDS`].
pub(crate) fn write_holds(holds: &BTreeMap<Id, String>) -> String {
    let by_label: BTreeMap<String, &String> = holds
        .iter()
        .map(|(id, identity)| (id.label(), identity))
        .collect();
    serde_json::to_string(&by_label).unwrap_or_default()
}

/// Reads [`HOLDS`]; empty when there is none or it is damaged, which makes the holder differ.
pub(crate) fn read_holds(text: &str) -> BTreeMap<Id, String> {
    let by_label: BTreeMap<String, String> = serde_json::from_str(text).unwrap_or_default();
    by_label
        .into_iter()
        .filter_map(|(label, identity)| Some((label.parse().ok()?, identity)))
        .collect()
}

/// The value of [`CONFIG`].
pub(crate) fn write_config(config: &BTreeMap<String, String>) -> String {
    serde_json::to_string(config).unwrap_or_default()
}

/// Reads [`CONFIG`]; empty when there is none.
pub(crate) fn read_config(text: &str) -> BTreeMap<String, String> {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{NetworkRole, StoreRole, VolumeRole};

    #[test]
    fn what_is_written_on_a_container_is_read_back() {
        let ids = BTreeSet::from([
            Id::Network(NetworkRole::Stores),
            Id::Store(StoreRole::Redis),
        ]);
        assert_eq!(write_ids(&ids), "network/stores,store/redis");
        assert_eq!(read_ids(&write_ids(&ids)), ids);
        assert_eq!(read_ids(""), BTreeSet::new());
        let holds = BTreeMap::from([(Id::Volume(VolumeRole::Postgres), "2026-01-02".to_owned())]);
        assert_eq!(read_holds(&write_holds(&holds)), holds);
    }

    #[test]
    fn the_shared_ingress_is_ours_and_a_neighbours_container_is_not() {
        let labels = |name: &str| HashMap::from([(DEPLOYMENT.to_owned(), name.to_owned())]);
        assert_eq!(Owner::of(&labels("social"), "social"), Owner::Ours);
        assert_eq!(Owner::of(&labels("*"), "social"), Owner::Ours);
        assert_eq!(
            Owner::of(&labels("other"), "social"),
            Owner::Deployment("other".to_owned())
        );
        assert_eq!(Owner::of(&HashMap::new(), "social"), Owner::Stranger);
    }
}
