//! The network, its firewalls and the load balancer.

use std::collections::BTreeSet;

use mastodon::{Health, Process, ProcessId, Store, Target};
use topology::NetworkProfile;

use super::Scene;
use crate::id::{GroupRole, Id, ListenerRole, RuleRole, TargetRole, Tier, Zone};
use crate::resource::{
    Address, Condition, Inbound, InternetGateway, Listener, ListenerRule, LoadBalancer, NatGateway,
    Peer, Resource, RouteTable, Routing, S3Endpoint, SecurityGroup, Subnet, TargetGroup, Vpc,
};

/// The whole range of a deployment's VPC. Every deployment has a VPC of its own, so that ranges
/// may be equal.
pub(crate) const RANGE: &str = "10.0.0.0/16";

/// Where PostgreSQL listens.
pub(crate) const POSTGRES_PORT: u16 = 5432;
/// Where Redis and Valkey listen, with TLS as well.
pub(crate) const REDIS_PORT: u16 = 6379;

/// Seconds of silence on a connection; see [`LoadBalancer::idle_timeout`]. Mastodon sends something
/// on each of its streams every 15 to 30 seconds.
const IDLE_TIMEOUT: u16 = 60;

/// The first of the priorities of rules that refuse headers.
const HEADERS_FIRST: u16 = 1;
/// The priority of streaming: after the headers that are refused everywhere.
const STREAMING: u16 = 100;
/// The priority of the domain of a split server.
const WEB_DOMAIN: u16 = 200;

pub(super) fn all(scene: Scene<'_>) -> Vec<Resource> {
    let mut resources: Vec<Resource> = vec![
        Vpc {
            cidr: RANGE.to_owned(),
        }
        .into(),
        InternetGateway.into(),
    ];
    resources.extend(subnets(scene).map(Resource::from));
    for zone in nat_zones(scene.aws.network) {
        resources.extend([
            Address { zone: *zone }.into(),
            NatGateway { zone: *zone }.into(),
        ]);
    }
    let tables = route_tables(scene.aws.network);
    let ids = tables
        .iter()
        .map(|table| Id::RouteTable(table.tier, table.zone));
    let endpoint = S3Endpoint {
        route_tables: ids.collect(),
    };
    resources.push(endpoint.into());
    resources.extend(tables.into_iter().map(Resource::from));
    resources.extend(security_groups(scene).map(Resource::from));
    resources.extend(load_balancing(scene));
    resources
}

/// Where tasks run, with their way to the internet.
pub(crate) fn tasks_tier(network: NetworkProfile) -> Tier {
    match network {
        NetworkProfile::Public => Tier::Public,
        NetworkProfile::Private | NetworkProfile::Ha => Tier::Private,
    }
}

/// The group of a process's tasks.
pub(crate) fn group_of(process: &ProcessId) -> GroupRole {
    match process {
        ProcessId::Web => GroupRole::Web,
        ProcessId::Streaming => GroupRole::Streaming,
        ProcessId::Sidekiq(_) => GroupRole::Workers,
    }
}

/// A sixteenth of the range each.
fn subnets(scene: Scene<'_>) -> impl Iterator<Item = Subnet> {
    [Tier::Public, Tier::Private]
        .into_iter()
        .flat_map(move |tier| {
            Zone::ALL.map(move |zone| {
                let third = match (tier, zone) {
                    (Tier::Public, Zone::A) => 0,
                    (Tier::Public, Zone::B) => 16,
                    (Tier::Private, Zone::A) => 128,
                    (Tier::Private, Zone::B) => 144,
                };
                Subnet {
                    tier,
                    zone,
                    zone_name: scene.placement.zone(zone).to_owned(),
                    cidr: format!("10.0.{third}.0/20"),
                }
            })
        })
}

/// The zones with a NAT gateway.
fn nat_zones(network: NetworkProfile) -> &'static [Zone] {
    match network {
        NetworkProfile::Public => &[],
        NetworkProfile::Private => &[Zone::A],
        NetworkProfile::Ha => &Zone::ALL,
    }
}

/// Without NAT the private subnets keep the VPC's own table, which leads nowhere else.
fn route_tables(network: NetworkProfile) -> Vec<RouteTable> {
    let table = |tier, zone, zones: &[Zone]| RouteTable {
        tier,
        zone,
        zones: zones.to_vec(),
    };
    let mut tables = vec![table(Tier::Public, Zone::A, &Zone::ALL)];
    match network {
        NetworkProfile::Public => {}
        NetworkProfile::Private => tables.push(table(Tier::Private, Zone::A, &Zone::ALL)),
        NetworkProfile::Ha => {
            tables.extend(Zone::ALL.map(|zone| table(Tier::Private, zone, &[zone])));
        }
    }
    tables
}

/// One for each side of an edge of the deployment; nothing else may come in.
fn security_groups(scene: Scene<'_>) -> impl Iterator<Item = SecurityGroup> {
    [
        GroupRole::LoadBalancer,
        GroupRole::Web,
        GroupRole::Streaming,
        GroupRole::Workers,
        GroupRole::Postgres,
        GroupRole::Redis,
    ]
    .into_iter()
    .map(move |role| SecurityGroup {
        role,
        inbound: inbound(scene, role),
    })
}

fn inbound(scene: Scene<'_>, role: GroupRole) -> BTreeSet<Inbound> {
    match role {
        GroupRole::LoadBalancer => [ListenerRole::Http, ListenerRole::Https]
            .map(|role| Inbound {
                port: match role {
                    ListenerRole::Http => 80,
                    ListenerRole::Https => 443,
                },
                from: Peer::Anyone,
            })
            .into(),
        GroupRole::Web | GroupRole::Streaming | GroupRole::Workers => behind(scene, role),
        GroupRole::Postgres => clients(scene, Store::Postgres, POSTGRES_PORT),
        GroupRole::Redis => clients(scene, Store::Redis, REDIS_PORT),
    }
}

/// The ports of the processes in `role` that the load balancer sends requests to.
fn behind(scene: Scene<'_>, role: GroupRole) -> BTreeSet<Inbound> {
    let processes = scene.deployment.processes.iter();
    let here = processes.filter(|process| group_of(&process.id) == role);
    here.filter(|process| is_routed(scene, &process.id))
        .filter_map(|process| process.port)
        .map(|port| Inbound {
            port,
            from: Peer::Group(GroupRole::LoadBalancer),
        })
        .collect()
}

fn is_routed(scene: Scene<'_>, process: &ProcessId) -> bool {
    let mut routes = scene.deployment.ingress.routes.iter();
    routes.any(|route| route.to == Target::Process(process.clone()))
}

/// The tasks that talk to `store`. One-off work runs in the group of Sidekiq.
fn clients(scene: Scene<'_>, store: Store, port: u16) -> BTreeSet<Inbound> {
    let deployment = scene.deployment;
    let processes = deployment
        .processes
        .iter()
        .filter(|process| process.stores.contains(&store))
        .map(|process| group_of(&process.id));
    let has_jobs = deployment
        .jobs
        .iter()
        .any(|job| job.stores.contains(&store));
    processes
        .chain(has_jobs.then_some(GroupRole::Workers))
        .map(|role| Inbound {
            port,
            from: Peer::Group(role),
        })
        .collect()
}

fn load_balancing(scene: Scene<'_>) -> Vec<Resource> {
    let mut resources: Vec<Resource> = vec![
        LoadBalancer {
            idle_timeout: IDLE_TIMEOUT,
        }
        .into(),
        Listener {
            role: ListenerRole::Http,
            routing: Routing::ToHttps,
        }
        .into(),
        Listener {
            role: ListenerRole::Https,
            routing: Routing::Forward(TargetRole::Web),
        }
        .into(),
    ];
    let processes = scene.deployment.processes.iter();
    resources.extend(processes.filter_map(target_group).map(Resource::from));
    resources.extend(rules(scene).into_iter().map(Resource::from));
    resources
}

fn target_group(process: &Process) -> Option<TargetGroup> {
    let role = target(&process.id)?;
    let Health::Http { path } = &process.health else {
        return None;
    };
    Some(TargetGroup {
        role,
        port: process.port?,
        health_path: path.clone(),
        deregistration: match role {
            // A page takes seconds, an upload half a minute.
            TargetRole::Web => 30,
            // Streams end with their task, and clients connect again by themselves. Below the
            // two minutes that Spot gives.
            TargetRole::Streaming => 60,
        },
    })
}

fn target(process: &ProcessId) -> Option<TargetRole> {
    match process {
        ProcessId::Web => Some(TargetRole::Web),
        ProcessId::Streaming => Some(TargetRole::Streaming),
        ProcessId::Sidekiq(_) => None,
    }
}

/// Headers that only a proxy may set cannot be taken away by a load balancer: requests that have
/// one are refused. Then come the routes with paths; whatever is left goes to the web processes.
fn rules(scene: Scene<'_>) -> Vec<ListenerRule> {
    let ingress = &scene.deployment.ingress;
    let headers = ingress.strip_headers.iter();
    let mut rules: Vec<ListenerRule> = (HEADERS_FIRST..)
        .zip(headers)
        .map(|(priority, header)| without(header, priority))
        .collect();
    for route in &ingress.routes {
        let (role, priority, routing) = match &route.to {
            Target::Process(ProcessId::Streaming) => (
                RuleRole::Streaming,
                STREAMING,
                Routing::Forward(TargetRole::Streaming),
            ),
            Target::WebDomain => (
                RuleRole::WebDomain,
                WEB_DOMAIN,
                Routing::ToHost(scene.deployment.web_domain.to_string()),
            ),
            // The default action; what the stores answer themselves.
            Target::Process(_) | Target::Media | Target::MailCatcher => continue,
        };
        let mut conditions = vec![Condition::Path(route.paths.clone())];
        if route.host != scene.deployment.web_domain.as_str() {
            conditions.push(Condition::Host(route.host.clone()));
        }
        rules.push(ListenerRule {
            role,
            priority,
            conditions,
            routing,
        });
    }
    rules
}

fn without(header: &str, priority: u16) -> ListenerRule {
    ListenerRule {
        role: RuleRole::Without(header.to_ascii_lowercase()),
        priority,
        conditions: vec![Condition::Header(header.to_owned())],
        routing: Routing::Refuse(format!("The header {header} is not accepted here.\n")),
    }
}
