//! What the commands have in common on Docker: from a topology to a plan, carrying it out, and
//! commands in containers.

pub(crate) mod bound;
pub(crate) mod child;
pub(crate) mod compose;
pub(crate) mod evidence;
pub(crate) mod execution;
pub(crate) mod federation;
pub(crate) mod interrupt;
pub(crate) mod offline;
pub(crate) mod patient;
pub(crate) mod reaper;
pub(crate) mod session;
pub(crate) mod terminal;
pub(crate) mod throw_away;
pub(crate) mod visibility;
