//! What a deployment costs a month, and what a change of it changes.

use std::collections::BTreeMap;
use std::fmt;

use engine::{Graph, Observed};
use mastodon::ProcessId;
use serde::Serialize;
use topology::{Architecture, NetworkProfile, RedisEngine};

use crate::id::{Id, TaskFamily, Tier};
use crate::price;
use crate::resource::{Live, Resource};

/// What is paid by the hour or month, whoever uses it: the same every month. What is paid by use
/// ([`price::BY_USE`]) comes on top.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// One line a component, the dearest first.
    pub lines: Vec<CostLine>,
    /// Resources whose price masto does not know; they are not in the sum.
    pub unknown: Vec<String>,
}

/// One component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CostLine {
    /// ``service `web`: 2 tasks of 0.5 vCPU, 1 GiB``.
    pub what: String,
    /// By the month.
    pub monthly: Dollars,
}

/// Millionths of a US dollar. `Display`: `$12.34`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dollars(u64);

impl Dollars {
    /// Cents, rounded.
    #[must_use]
    pub fn cents(self) -> u64 {
        (self.0 + 5_000) / 10_000
    }
}

impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.cents();
        write!(f, "${}.{:02}", cents / 100, cents % 100)
    }
}

impl Serialize for Dollars {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!(
            "{}.{:02}",
            self.cents() / 100,
            self.cents() % 100
        ))
    }
}

impl Cost {
    /// All lines together.
    #[must_use]
    pub fn total(&self) -> Dollars {
        Dollars(self.lines.iter().map(|line| line.monthly.0).sum())
    }

    /// How the total differs from that of `before`: `+$12.00`, `-$3.10`; `None` where it does not.
    #[must_use]
    pub fn change_from(&self, before: &Self) -> Option<String> {
        let (new, old) = (self.total(), before.total());
        if new.cents() == old.cents() {
            return None;
        }
        Some(if new > old {
            format!("+{}", Dollars(new.0 - old.0))
        } else {
            format!("-{}", Dollars(old.0 - new.0))
        })
    }

    fn of(parts: impl IntoIterator<Item = (Id, Part)>) -> Self {
        let mut cost = Self::default();
        for (id, part) in parts {
            match part.monthly() {
                Some(0) => {}
                Some(monthly) => cost.lines.push(CostLine {
                    what: part.told(&id),
                    monthly: Dollars(monthly),
                }),
                None => cost.unknown.push(id.to_string()),
            }
        }
        cost.lines
            .sort_by(|a, b| b.monthly.cmp(&a.monthly).then_with(|| a.what.cmp(&b.what)));
        cost
    }
}

/// What `graph` will cost.
#[must_use]
pub fn cost(graph: &Graph<Resource>) -> Cost {
    let sizes: BTreeMap<TaskFamily, Size> = graph
        .iter()
        .filter_map(|resource| match resource {
            Resource::TaskDefinition(wanted) => {
                let spec = wanted;
                let size = Size {
                    architecture: spec.architecture,
                    cpu_millis: spec.cpu_millis.into(),
                    memory_mib: spec.memory,
                };
                Some((spec.family.clone(), size))
            }
            _ => None,
        })
        .collect();
    let parts = graph.iter().filter_map(|resource| {
        let part = match resource {
            Resource::Service(wanted) => {
                let spec = wanted;
                Part::tasks(
                    &spec.process,
                    spec.replicas.into(),
                    spec.spot,
                    spec.network.tier == Tier::Public,
                    &sizes,
                )?
            }
            Resource::Database(wanted) => Part::Database {
                class: wanted.class.clone(),
                storage: wanted.storage,
                doubled: wanted.multi_az,
            },
            Resource::Cache(wanted) => Part::Cache {
                node_type: wanted.node_type.clone(),
                is_valkey: wanted.engine == RedisEngine::Valkey,
                nodes: wanted.nodes,
            },
            resource => Part::plain(&engine::Resource::id(resource))?,
        };
        Some((engine::Resource::id(resource), part))
    });
    Cost::of(parts)
}

/// What costs now: of everything that was found and is ours.
#[must_use]
pub fn cost_now(observed: &Observed<Resource>) -> Cost {
    let sizes: BTreeMap<TaskFamily, Size> = observed
        .values()
        .filter_map(|live| match live {
            Live::TaskDefinition(found) => {
                let Id::TaskDefinition(family) = &found.id else {
                    return None;
                };
                let definition = &found.live.definition;
                let size = Size {
                    architecture: match definition.architecture.as_str() {
                        "ARM64" => Architecture::Arm64,
                        _ => Architecture::Amd64,
                    },
                    cpu_millis: definition.cpu.parse::<u64>().ok()? * 1000 / 1024,
                    memory_mib: definition.memory.parse().ok()?,
                };
                Some((family.clone(), size))
            }
            _ => None,
        })
        .collect();
    let ours = observed
        .values()
        .filter(|live| !engine::Live::is_foreign(*live));
    let parts = ours.filter_map(|live| {
        let part = match live {
            Live::Service(found) => {
                let Id::Service(process) = &found.id else {
                    return None;
                };
                let live = &found.live;
                Part::tasks(
                    process,
                    u64::try_from(live.replicas).unwrap_or(0),
                    live.capacity == "FARGATE_SPOT",
                    live.public_address,
                    &sizes,
                )?
            }
            Live::Database(found) => Part::Database {
                class: found.live.class.clone(),
                storage: found.live.storage,
                doubled: found.live.multi_az,
            },
            Live::Cache(found) => Part::Cache {
                node_type: found.live.node_type.clone(),
                is_valkey: found.live.engine == "valkey",
                nodes: found.live.nodes,
            },
            live => Part::plain(live.id())?,
        };
        Some((live.id().clone(), part))
    });
    Cost::of(parts)
}

/// What one task has.
#[derive(Clone, Copy, Debug)]
struct Size {
    architecture: Architecture,
    cpu_millis: u64,
    memory_mib: u64,
}

/// Something with a price.
#[derive(Clone, Debug)]
enum Part {
    Tasks {
        count: u64,
        size: Size,
        spot: bool,
        public: bool,
    },
    Database {
        class: String,
        storage: i32,
        doubled: bool,
    },
    Cache {
        node_type: String,
        is_valkey: bool,
        nodes: i32,
    },
    LoadBalancer,
    NatGateway,
    Address,
    Secret,
    Alarm,
}

impl Part {
    fn tasks(
        process: &ProcessId,
        count: u64,
        spot: bool,
        public: bool,
        sizes: &BTreeMap<TaskFamily, Size>,
    ) -> Option<Self> {
        let size = *sizes.get(&TaskFamily::Process(process.clone()))?;
        Some(Self::Tasks {
            count,
            size,
            spot,
            public,
        })
    }

    /// Of a resource whose price depends on nothing; `None` for what costs nothing by itself.
    fn plain(id: &Id) -> Option<Self> {
        Some(match id {
            Id::LoadBalancer => Self::LoadBalancer,
            Id::NatGateway(_) => Self::NatGateway,
            Id::Address(_) => Self::Address,
            Id::Secret => Self::Secret,
            Id::Alarm(_) => Self::Alarm,
            _ => return None,
        })
    }

    /// Millionths of a dollar; `None` where the price is not known.
    fn monthly(&self) -> Option<u64> {
        let address = price::ADDRESS * price::HOURS;
        Some(match self {
            Self::Tasks {
                count,
                size,
                spot,
                public,
            } => {
                let task = price::task(size.architecture, size.cpu_millis, size.memory_mib, *spot);
                count * (task + if *public { address } else { 0 })
            }
            Self::Database {
                class,
                storage,
                doubled,
            } => {
                let disk = price::DISK * u64::try_from(*storage).unwrap_or(0);
                (price::database(class)? + disk) * if *doubled { 2 } else { 1 }
            }
            Self::Cache {
                node_type,
                is_valkey,
                nodes,
            } => price::cache(node_type, *is_valkey)? * u64::try_from(*nodes).unwrap_or(1),
            // It has an address in each zone.
            Self::LoadBalancer => price::LOAD_BALANCER * price::HOURS + 2 * address,
            Self::NatGateway => price::NAT_GATEWAY * price::HOURS,
            Self::Address => address,
            Self::Secret => price::SECRET,
            Self::Alarm => price::ALARM,
        })
    }

    fn told(&self, id: &Id) -> String {
        match self {
            Self::Tasks {
                count,
                size,
                spot,
                public,
            } => {
                let tasks = if *count == 1 { "task" } else { "tasks" };
                let cpu = topology::Vcpu::from_millis(u32::try_from(size.cpu_millis).unwrap_or(0));
                let memory = topology::Memory::from_mib(size.memory_mib);
                let spot = if *spot { ", Spot" } else { "" };
                let public = if *public { ", public address" } else { "" };
                format!("{id}: {count} {tasks} of {cpu} vCPU, {memory}{spot}{public}")
            }
            Self::Database {
                class,
                storage,
                doubled,
            } => {
                let doubled = if *doubled { ", in two zones" } else { "" };
                format!("{id}: {class}, {storage} GiB{doubled}")
            }
            Self::Cache {
                node_type,
                is_valkey: _,
                nodes,
            } => format!("{id}: {nodes} × {node_type}"),
            Self::LoadBalancer => format!("{id}: with 2 public addresses"),
            Self::NatGateway | Self::Address | Self::Secret | Self::Alarm => id.to_string(),
        }
    }
}

/// What to change to pay less, the largest saving first: for the text below a plan.
#[must_use]
pub fn savings(
    network: NetworkProfile,
    architecture: Architecture,
    spot: bool,
) -> Vec<&'static str> {
    let mut savings = Vec::new();
    match network {
        NetworkProfile::Ha => savings
            .push("network: private  one NAT gateway and single stores instead of two of each"),
        NetworkProfile::Private => {
            savings.push("network: public  no NAT gateway: $32.85 a month less");
        }
        NetworkProfile::Public => {}
    }
    if !spot {
        savings.push("spot: true  tasks at about a third of the price, stopped now and then");
    }
    if architecture == Architecture::Amd64 {
        savings.push("architecture: arm64  tasks a fifth cheaper");
    }
    savings
}
