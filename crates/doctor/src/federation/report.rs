//! What an examination of two servers found.

use serde::Serialize;

use super::hop::Hop;
use crate::report::{Outcome, add_facts};

/// Everything that was found between two servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FederationReport {
    /// The server that is examined.
    pub url: String,
    /// The server it was tried out with.
    pub peer_url: String,
    /// Everything that could be tried arrived.
    pub healthy: bool,
    /// From the first login to the last clean-up.
    pub took_ms: u64,
    /// Why something did not arrive, the cause that explains most first. Empty when all arrived.
    pub causes: Vec<FederationCause>,
    /// One for each hop, in the order of the course.
    pub hops: Vec<Hop>,
}

/// One cause, and the hops it explains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FederationCause {
    /// In one line.
    pub cause: String,
    /// What it was concluded from, of all hops it explains.
    pub evidence: Vec<String>,
    /// What to do, with a command to type where there is one.
    pub fix: String,
    /// The titles of the hops that did not arrive because of it.
    pub explains: Vec<String>,
}

impl FederationReport {
    /// Whether nothing failed. Warnings and hops that were not run do not count.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.healthy
    }

    pub(crate) fn new(url: String, peer_url: String, took_ms: u64, hops: Vec<Hop>) -> Self {
        Self {
            url,
            peer_url,
            healthy: !hops.iter().any(|hop| hop.outcome == Outcome::Fail),
            took_ms,
            causes: causes(&hops),
            hops,
        }
    }
}

/// The causes of all hops, merged where they are the same, in the order of the course and the
/// weightier first.
fn causes(hops: &[Hop]) -> Vec<FederationCause> {
    let mut causes: Vec<FederationCause> = Vec::new();
    for hop in hops {
        let (Some(cause), Some(fix)) = (&hop.cause, &hop.fix) else {
            continue;
        };
        let known = causes.iter_mut().find(|known| known.cause == *cause);
        let Some(known) = known else {
            causes.push(FederationCause {
                cause: cause.clone(),
                evidence: hop.evidence.clone(),
                fix: fix.clone(),
                explains: vec![hop.title.clone()],
            });
            continue;
        };
        known.explains.push(hop.title.clone());
        add_facts(&mut known.evidence, &hop.evidence);
    }
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.explains.len()));
    causes
}
