//! Threads, pools, and the connections they take from the database.
//!
//! Each thread of Rails holds one connection: the pool follows `MAX_THREADS` in web and `-c` in
//! Sidekiq. Streaming takes ten.

use topology::{Memory, Queue, Size, Topology};

/// Connections of one streaming process, `DB_POOL` unset.
const STREAMING_POOL: u32 = 10;

/// Connections kept free for one-off work: `tootctl` with its default of five threads.
const ONE_OFF: u32 = 6;

/// `superuser_reserved_connections` of PostgreSQL.
const RESERVED: u32 = 3;

/// The connections of a topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Of all web processes, at their largest number.
    pub web: u32,
    /// Of all Sidekiq processes, at their largest number.
    pub sidekiq: u32,
    /// Of those, the ones that never run beside their successors.
    pub singletons: u32,
    /// Of all streaming processes.
    pub streaming: u32,
}

impl Connections {
    /// Counts those of `topology`.
    #[must_use]
    pub fn of(topology: &Topology) -> Self {
        let web = &topology.web;
        let replicas = web
            .autoscale
            .map_or(web.replicas, |scale| scale.max.max(web.replicas));
        let mut connections = Self {
            // Zero workers is one process with the same threads.
            web: product([replicas, web.workers.max(1), web.threads]),
            sidekiq: 0,
            singletons: 0,
            streaming: u32::from(topology.streaming.replicas) * STREAMING_POOL,
        };
        for sidekiq in &topology.sidekiq {
            let replicas = sidekiq
                .autoscale
                .map_or(sidekiq.replicas, |scale| scale.max.max(sidekiq.replicas));
            let threads = product([replicas, sidekiq.threads, 1]);
            connections.sidekiq = connections.sidekiq.saturating_add(threads);
            if sidekiq.queues.contains(&Queue::Scheduler) {
                connections.singletons = connections.singletons.saturating_add(threads);
            }
        }
        connections
    }

    /// At rest, with room for one-off work.
    #[must_use]
    pub fn steady(self) -> u32 {
        self.web
            .saturating_add(self.sidekiq)
            .saturating_add(self.streaming)
            .saturating_add(ONE_OFF)
    }

    /// While every process but the singletons runs beside its successor.
    #[must_use]
    pub fn rolling(self) -> u32 {
        self.steady()
            .saturating_mul(2)
            .saturating_sub(self.singletons)
            .saturating_sub(ONE_OFF)
    }
}

/// `max_connections` of a database of `size`. Both backends set it, so that they agree; the
/// figures stay a little below what RDS derives from the memory that its own processes leave.
#[must_use]
pub fn max_connections(size: Size) -> u32 {
    match size {
        Size::Micro => 80,
        Size::Small => 180,
        Size::Medium => 400,
        Size::Large => 800,
        Size::Xlarge => 1600,
        Size::Xxlarge => 3200,
    }
}

/// What of them is left for Mastodon.
#[must_use]
pub(crate) fn usable_connections(size: Size) -> u32 {
    max_connections(size) - RESERVED
}

/// The memory of an instance class.
#[must_use]
pub(crate) fn memory(size: Size) -> Memory {
    Memory::from_gib(match size {
        Size::Micro => 1,
        Size::Small => 2,
        Size::Medium => 4,
        Size::Large => 8,
        Size::Xlarge => 16,
        Size::Xxlarge => 32,
    })
}

fn product(factors: [u16; 3]) -> u32 {
    factors.into_iter().fold(1, |product: u32, factor| {
        product.saturating_mul(factor.into())
    })
}
