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

#[cfg(test)]
mod tests {
    use topology::{Autoscale, Queue};

    use super::*;
    use crate::fixture::{self, topology};

    #[test]
    fn every_thread_holds_a_connection() {
        let mut topology = topology();
        topology.web.replicas = 2;
        topology.web.workers = 3;
        topology.streaming.replicas = 2;
        topology.sidekiq = vec![
            fixture::sidekiq("clock", &[Queue::Scheduler], 5),
            fixture::sidekiq("rest", &[Queue::Default], 25),
        ];
        topology.sidekiq[1].replicas = 3;
        let connections = Connections::of(&topology);
        let expected = Connections {
            web: 30,
            sidekiq: 80,
            singletons: 5,
            streaming: 20,
        };
        assert_eq!(connections, expected);
        assert_eq!(connections.steady(), 136);
        assert_eq!(
            connections.rolling(),
            261,
            "all twice, but the singleton and one-off work"
        );
    }

    #[test]
    fn no_workers_is_one_process() {
        let mut topology = topology();
        topology.web.workers = 0;
        assert_eq!(Connections::of(&topology).web, 5);
    }

    #[test]
    fn scaled_processes_count_at_their_largest() {
        let mut topology = topology();
        topology.web.autoscale = Some(Autoscale {
            min: 1,
            max: 4,
            cpu: 70,
        });
        assert_eq!(Connections::of(&topology).web, 40);
    }

    #[test]
    fn absurd_numbers_do_not_overflow() {
        let mut topology = topology();
        topology.web.replicas = u16::MAX;
        topology.web.workers = u16::MAX;
        topology.web.threads = u16::MAX;
        assert_eq!(
            Connections::of(&topology).rolling(),
            u32::MAX - 10 - ONE_OFF
        );
    }

    #[test]
    fn a_larger_database_takes_more() {
        let takes = Size::ALL.map(max_connections);
        assert!(takes.is_sorted());
        // RDS: LEAST(bytes / 9531392, 5000), of the memory that its own processes leave.
        for size in Size::ALL {
            let derived = memory(size).as_bytes() / 9_531_392;
            assert!(u64::from(max_connections(size)) <= derived, "{size}");
        }
    }
}
