//! An in-memory world with injected faults, for tests of the engine and of what drives it.
//!
//! It is strict where real worlds are: nothing is made before what it needs, nothing is removed
//! while something holds it, a replaced thing has another identity, and what a crash leaves is
//! found by the next look.

mod backend;
mod faults;
mod thing;
mod world;

#[cfg(test)]
pub(crate) use backend::collector;
pub use backend::{MemoryBackend, Run};
pub use faults::{Fault, Faults, MemoryError};
pub use thing::{LiveThing, Thing, ThingAttributes, ThingId};
pub use world::{Effect, World};
