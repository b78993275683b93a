//! What AWS asks for by the hour: list prices of one region and day.
//!
//! In millionths of a dollar, so that sums are exact. Prices differ between regions by up to a
//! third; what a deployment costs in relation to another one does not.

use topology::Architecture;

/// The region whose prices these are.
pub const REGION: &str = "us-east-1";
/// The day they were taken down.
pub const DATE: &str = "2026-11-22";

/// AWS's own month.
pub(crate) const HOURS: u64 = 730;

/// Of a public IPv4 address, in use or not.
pub(crate) const ADDRESS: u64 = 5_000;
/// Of a load balancer, without what passes it.
pub(crate) const LOAD_BALANCER: u64 = 22_500;
/// Of a NAT gateway, without what passes it.
pub(crate) const NAT_GATEWAY: u64 = 45_000;
/// Of a secret, by the month.
pub(crate) const SECRET: u64 = 400_000;
/// Of an alarm, by the month.
pub(crate) const ALARM: u64 = 100_000;
/// Of a GiB of a database's disk (gp3), by the month.
pub(crate) const DISK: u64 = 115_000;

/// In hundredths of the price, where tasks run on spare capacity: it moves, and was never dearer
/// than half.
const SPOT: u64 = 30;
/// In hundredths of the price of Redis.
const VALKEY: u64 = 80;

/// What is paid by use, on top: shown beside the sum, because nobody knows it before.
pub const BY_USE: [(&str, &str); 6] = [
    ("requests through the load balancer", "$0.008 per LCU-hour"),
    ("media in S3", "$0.023 per GB and month"),
    ("CloudFront", "free up to 1 TB a month"),
    (
        "traffic out of the region",
        "$0.09 per GB after 100 GB a month",
    ),
    ("traffic through NAT gateways", "$0.045 per GB"),
    ("logs", "$0.50 per GB written"),
];

/// Of a vCPU and of a GiB of a task, by the hour.
fn task_parts(architecture: Architecture) -> (u64, u64) {
    match architecture {
        Architecture::Arm64 => (32_380, 3_560),
        Architecture::Amd64 => (40_480, 4_445),
    }
}

/// Of a task by the month.
pub(crate) fn task(
    architecture: Architecture,
    cpu_millis: u64,
    memory_mib: u64,
    spot: bool,
) -> u64 {
    let (cpu, memory) = task_parts(architecture);
    let full = HOURS * (cpu * cpu_millis * 1024 + memory * memory_mib * 1000) / (1000 * 1024);
    if spot { full * SPOT / 100 } else { full }
}

/// Of a database server of this class by the month, in one zone; `None` for a class that masto
/// never makes.
pub(crate) fn database(class: &str) -> Option<u64> {
    let hourly = match class {
        "db.t4g.micro" => 16_000,
        "db.t4g.small" => 32_000,
        "db.t4g.medium" => 65_000,
        "db.t4g.large" => 129_000,
        "db.t4g.xlarge" => 258_000,
        "db.t4g.2xlarge" => 517_000,
        "db.m7g.large" => 168_000,
        "db.m7g.xlarge" => 337_000,
        "db.m7g.2xlarge" => 674_000,
        _ => return None,
    };
    Some(hourly * HOURS)
}

/// Of a cache node of this type by the month; `None` for a type that masto never makes.
pub(crate) fn cache(node_type: &str, is_valkey: bool) -> Option<u64> {
    let hourly = match node_type {
        "cache.t4g.micro" => 16_000,
        "cache.t4g.small" => 32_000,
        "cache.t4g.medium" => 65_000,
        "cache.m7g.large" => 158_000,
        "cache.m7g.xlarge" => 315_000,
        "cache.m7g.2xlarge" => 629_000,
        "cache.r7g.large" => 219_000,
        "cache.r7g.xlarge" => 437_000,
        "cache.r7g.2xlarge" => 873_000,
        _ => return None,
    };
    let monthly: u64 = hourly * HOURS;
    Some(if is_valkey {
        monthly * VALKEY / 100
    } else {
        monthly
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cents, rounded.
    fn cents(price: u64) -> u64 {
        (price + 5_000) / 10_000
    }

    #[test]
    fn prices_are_those_of_the_price_list() {
        let arm = |cpu, memory| cents(task(Architecture::Arm64, cpu, memory, false));
        let x86 = |cpu, memory| cents(task(Architecture::Amd64, cpu, memory, false));
        assert_eq!(
            [arm(250, 512), arm(250, 1024), arm(500, 1024)],
            [721, 851, 1442]
        );
        assert_eq!(
            [x86(250, 512), x86(250, 1024), x86(500, 1024)],
            [901, 1063, 1802]
        );
        assert_eq!(cents(task(Architecture::Amd64, 500, 1024, true)), 541);
        assert_eq!(database("db.t4g.micro").map(cents), Some(1168));
        assert_eq!(cache("cache.t4g.micro", false).map(cents), Some(1168));
        assert_eq!(cache("cache.t4g.micro", true).map(cents), Some(934));
        assert_eq!(cents(LOAD_BALANCER * HOURS), 1643);
        assert_eq!(cents(NAT_GATEWAY * HOURS), 3285);
        assert_eq!(cents(ADDRESS * HOURS), 365);
    }
}
