//! The probes: one file each, a function from an examination to what was seen or a problem.

pub(crate) mod bucket;
pub(crate) mod clock;
pub(crate) mod database;
pub(crate) mod disk;
pub(crate) mod environment;
pub(crate) mod headers;
pub(crate) mod health;
pub(crate) mod hosts;
pub(crate) mod ingress_job;
pub(crate) mod instance;
pub(crate) mod login;
pub(crate) mod mail;
pub(crate) mod metrics;
pub(crate) mod nodeinfo;
pub(crate) mod ports;
pub(crate) mod post;
pub(crate) mod processes;
pub(crate) mod queues;
pub(crate) mod redirect;
pub(crate) mod redis;
pub(crate) mod spoofing;
pub(crate) mod stream;
pub(crate) mod tls;
pub(crate) mod upload;
pub(crate) mod webfinger;

use crate::problem::Problem;

/// What was seen, in one line, or what is wrong.
pub(crate) type Finding = Result<String, Problem>;
