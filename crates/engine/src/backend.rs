//! The seam between the engine and a world it changes.

use std::error::Error;
use std::future::Future;

use crate::event::Progress;
use crate::plan::Step;
use crate::resource::{Known, Observed, Resource};

/// A world that can be looked at and changed one step at a time.
pub trait Backend: Send + Sync {
    /// The resources of this world.
    type Resource: Resource;
    /// Why a look or a step failed.
    type Error: Failure;

    /// Everything of the deployment, in one pass, and whatever has one of its names without
    /// being its own.
    fn observe(&self)
    -> impl Future<Output = Result<Observed<Self::Resource>, Self::Error>> + Send;

    /// Carries out one step and waits until what it made is ready; idempotent: what is already
    /// as the step wants it is left alone. `inputs` holds the attributes of the direct
    /// dependencies, for a removal of those that were recorded and stay. Gives the attributes of
    /// what is there afterwards, `None` after a removal.
    ///
    /// The future is dropped when the run is aborted: each of its awaits may be its last, and the
    /// next [`Backend::observe`] must find what it left.
    fn apply(
        &self,
        step: &Step<Self::Resource>,
        inputs: &Known<Self::Resource>,
        progress: &Progress,
    ) -> impl Future<Output = Result<Option<<Self::Resource as Resource>::Attributes>, Self::Error>> + Send;

    /// How many steps may run at once; zero counts as one.
    fn concurrency(&self) -> usize;
}

/// An error a person will read.
pub trait Failure: Error + Send + Sync + 'static {
    /// What to type, or to do, next; `None` where only the message helps.
    fn hint(&self) -> Option<String> {
        None
    }

    /// The last lines the failed thing printed itself, oldest first; at most 20.
    fn log_tail(&self) -> Vec<String> {
        Vec::new()
    }
}
