//! What the commands do on AWS: from a topology to a plan, carrying it out, and looking at what
//! runs.

pub(crate) mod child;
pub(crate) mod doctor;
pub(crate) mod down;
pub(crate) mod drawing;
pub(crate) mod evidence;
pub(crate) mod forecast;
pub(crate) mod inside;
pub(crate) mod lease;
pub(crate) mod lock;
pub(crate) mod logs;
pub(crate) mod outputs;
pub(crate) mod plan;
pub(crate) mod preflight;
pub(crate) mod rehearsal;
pub(crate) mod session;
pub(crate) mod sql;
pub(crate) mod status;
pub(crate) mod up;
pub(crate) mod why;
