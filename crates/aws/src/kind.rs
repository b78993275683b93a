//! What each kind of resource has to know of itself: one implementation a file of
//! [`crate::resource`].

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::future::Future;

use engine::{Change, Impact, Known, Progress, Refusal};
use mastodon::Secrets;

use crate::account::Account;
use crate::attributes::Attributes;
use crate::error::Error;
use crate::id::Id;
use crate::resource::Resource;
use crate::scope::Scope;

/// Whose a found thing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Of this deployment: it carries our tags, or it is of a kind that cannot and has our name.
    Ours,
    /// It has one of our names and not our tags: never changed, never removed.
    Stranger,
}

/// A thing that was found, with what every kind tells of itself.
#[derive(Clone, Debug)]
pub struct Found<L> {
    /// Which resource of the deployment it is.
    pub id: Id,
    /// Whose it is.
    pub owner: Owner,
    /// What dependents use of it.
    pub attributes: Attributes,
    /// What would be lost with it.
    pub removal_impact: Impact,
    /// The fields that are compared.
    pub live: L,
}

impl<L> Found<L> {
    /// Ours, and nothing is lost with it.
    pub(crate) fn ours(id: Id, attributes: Attributes, live: L) -> Self {
        Self {
            id,
            owner: Owner::Ours,
            attributes,
            removal_impact: Impact::None,
            live,
        }
    }
}

/// Where a step works and what it may use.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    pub(crate) account: &'a Account,
    pub(crate) scope: &'a Scope,
    /// Values of secrets; they go into Secrets Manager, RDS and ElastiCache, and nowhere else.
    pub(crate) secrets: &'a Secrets,
    /// Attributes of the direct dependencies.
    pub(crate) inputs: &'a Known<Resource>,
    pub(crate) progress: &'a Progress,
}

impl Site<'_> {
    /// The identity of a dependency.
    ///
    /// # Errors
    ///
    /// [`Error::Bug`] when it is not a dependency of the step's resource.
    pub(crate) fn identity(&self, id: &Id) -> Result<&str, Error> {
        self.input(id).map(|found| found.identity.as_str())
    }

    /// The attributes of a dependency; errors as [`Site::identity`].
    pub(crate) fn input(&self, id: &Id) -> Result<&Attributes, Error> {
        self.inputs
            .get(id)
            .ok_or_else(|| Error::bug(format!("a step uses {id} without depending on it")))
    }
}

/// One kind of resource: what it should be is `Self`, what was found of it is `Live`.
pub(crate) trait Kind: Clone + Debug + Send + Sync + 'static {
    /// The fields of what was found, as far as they are compared or needed to change it.
    type Live: Clone + Debug + Send + Sync + 'static;

    /// Which resource of the deployment.
    fn id(&self) -> Id;

    /// What must exist before: what [`crate::order::needs`] says, unless the spec knows better.
    /// Cut down to the deployment's resources by whoever builds the graph.
    fn needs(&self) -> BTreeSet<Id> {
        crate::order::needs(&self.id())
    }

    /// Dependencies whose identity is baked in; see `engine::Resource::holds`.
    fn holds(&self) -> BTreeSet<Id> {
        BTreeSet::new()
    }

    /// What would have to change. Called for things of ours only.
    fn diff(&self, live: &Self::Live, known: &Known<Resource>) -> Option<Change>;

    /// See `engine::Resource::refuse_create`.
    fn refuse_create(&self) -> Option<Refusal> {
        None
    }

    /// Everything of this kind that the deployment has, by tags and deterministic names, and
    /// strangers that have one of its names. As few calls as the API allows.
    fn observe(
        account: &Account,
        scope: &Scope,
    ) -> impl Future<Output = Result<Vec<Found<Self::Live>>, Error>> + Send;

    /// Makes it and waits until it can be used by those that depend on it. Looks it up before it
    /// asks a second time: an answer may have been lost.
    fn create(&self, site: Site<'_>) -> impl Future<Output = Result<Attributes, Error>> + Send;

    /// Changes `live` in place, and waits as [`Kind::create`].
    fn update(
        &self,
        live: &Found<Self::Live>,
        site: Site<'_>,
    ) -> impl Future<Output = Result<Attributes, Error>> + Send;

    /// Removes it, and waits until its name and what it depends on are free. What is gone already
    /// is no error.
    fn delete(
        live: &Found<Self::Live>,
        site: Site<'_>,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}
