use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use engine::testing::{Fault, Faults, MemoryBackend, Run, Thing, ThingId, World};
use engine::{Graph, Observed, PlanOptions, Resource as _, Verb};
use expect_test::expect;
use mastodon::{JobId, ProcessId, Schema};
use tokio::time::Instant;
use topology::{NetworkProfile, Topology};

use super::*;
use crate::duration::{expected, forecast, is_doubled};
use crate::id::{TaskFamily, Tier, Zone};
use crate::placement::TaskImages;
use crate::resource::Peer;
use crate::surroundings::surroundings;

/// A ready-made topology that has an `aws` part.
fn topology(name: &str) -> Topology {
    let path = format!(
        "{}/../../topologies/{name}.yaml",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).unwrap();
    topology::read(&text).topology.unwrap()
}

fn with_network(name: &str, network: NetworkProfile) -> Topology {
    let mut topology = topology(name);
    topology.aws.as_mut().unwrap().network = network;
    topology
}

fn graph(topology: &Topology) -> Graph<Resource> {
    let deployment = mastodon::deployment(topology, &surroundings(topology), &Schema::New);
    let placement = Placement {
        zones: ["eu-central-1a", "eu-central-1b"].map(str::to_owned),
        images: TaskImages::official(topology),
        hosted_zone: Some("Z0123456789".to_owned()),
        secrets: String::new(),
    };
    let scope = Scope::of(topology, "123456789012", "eu-central-1");
    let scene = Scene {
        deployment: &deployment,
        topology,
        aws: topology.aws.as_ref().unwrap(),
        scope: &scope,
        placement: &placement,
    };
    desired(scene).unwrap()
}

#[test]
fn every_topology_has_its_resources_and_edges() {
    for name in ["small", "medium", "large"] {
        let mut text = String::new();
        for resource in graph(&topology(name)).iter() {
            let needs: Vec<String> = resource.depends_on().iter().map(Id::tag).collect();
            writeln!(text, "{}: {}", resource.id().tag(), needs.join(" ")).unwrap();
        }
        insta::assert_snapshot!(format!("graph_{name}"), text);
    }
}

#[test]
fn groups_let_through_what_the_deployment_says_and_nothing_else() {
    let mut text = String::new();
    for resource in graph(&topology("large")).iter() {
        if let Resource::SecurityGroup(wanted) = resource {
            let inbound = wanted.inbound.iter().map(|inbound| match inbound.from {
                Peer::Anyone => format!(" {} from anyone", inbound.port),
                Peer::Group(role) => format!(" {} from {role}", inbound.port),
            });
            let inbound: Vec<String> = inbound.collect();
            writeln!(text, "{}:{}", wanted.role, inbound.join(",")).unwrap();
        }
    }
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    expect![[r#"
        load-balancer: 80 from anyone, 443 from anyone
        postgres: 5432 from web, 5432 from streaming, 5432 from workers
        redis: 6379 from web, 6379 from streaming, 6379 from workers
        streaming: 4000 from load-balancer
        web: 3000 from load-balancer
        workers:"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn a_profile_decides_who_pays_for_a_way_out() {
    let kinds = |network| {
        let graph = graph(&with_network("small", network));
        let ids: BTreeSet<Id> = graph.iter().map(engine::Resource::id).collect();
        let paid = ids
            .into_iter()
            .filter(|id| matches!(id, Id::Address(_) | Id::NatGateway(_) | Id::RouteTable(..)));
        paid.map(|id| id.to_string()).collect::<Vec<_>>().join(", ")
    };
    expect!["route table `public-a`"].assert_eq(&kinds(NetworkProfile::Public));
    expect!["Elastic IP `a`, NAT gateway `a`, route table `public-a`, route table `private-a`"]
        .assert_eq(&kinds(NetworkProfile::Private));
    expect!["Elastic IP `a`, Elastic IP `b`, NAT gateway `a`, NAT gateway `b`, route table `public-a`, route table `private-a`, route table `private-b`"]
        .assert_eq(&kinds(NetworkProfile::Ha));
}

#[test]
fn what_is_removed_knows_what_it_was_made_with() {
    // `down` orders removals by this table; an edge that only the spec knows would be lost.
    for name in ["small", "medium", "large"] {
        for resource in graph(&topology(name)).iter() {
            let id = resource.id();
            let table = crate::order::needs(&id);
            let held = resource.holds();
            let lost: Vec<String> = held.difference(&table).map(ToString::to_string).collect();
            assert!(lost.is_empty(), "{name}: {id} is removed before {lost:?}");
        }
    }
}

/// The same graph in the engine's world in memory, where each step takes as long as AWS usually
/// does.
fn simulated(graph: &Graph<Resource>) -> (Graph<Thing>, Faults) {
    let name = |id: &Id| ThingId::new(id.kind(), id.instance());
    let mut faults = Faults::none();
    let things = graph.iter().map(|resource| {
        let id = resource.id();
        let took = expected(&id, Verb::Create, is_doubled(resource));
        faults = faults
            .clone()
            .on(&name(&id), Verb::Create, Fault::Delay(took));
        Thing {
            needs: resource.depends_on().iter().map(&name).collect(),
            ..Thing::new(id.kind(), id.instance())
        }
    });
    let things = Graph::new(things.collect::<Vec<_>>()).unwrap();
    (things, faults)
}

#[tokio::test(start_paused = true)]
async fn nothing_waits_that_does_not_have_to() {
    // What no order of steps can shorten: a database has to be there before its schema, and the
    // schema before anything that serves.
    let chain = [
        Id::Vpc,
        Id::Subnet(Tier::Private, Zone::A),
        Id::DatabaseSubnets,
        Id::Database,
        Id::TaskDefinition(TaskFamily::OneOff),
        Id::Job(JobId::Schema),
        Id::Service(ProcessId::Web),
    ];
    for network in [
        NetworkProfile::Public,
        NetworkProfile::Private,
        NetworkProfile::Ha,
    ] {
        for name in ["small", "large"] {
            let graph = graph(&with_network(name, network));
            let doubled = |id: &Id| graph.get(id).is_some_and(is_doubled);
            let floor: Duration = chain
                .iter()
                .map(|id| expected(id, Verb::Create, doubled(id)))
                .sum();
            let (things, faults) = simulated(&graph);
            let backend = MemoryBackend::new(&World::new())
                .faults(faults)
                .concurrency(crate::backend::CONCURRENCY);
            let began = Instant::now();
            let (run, _) = backend.up(&things, &PlanOptions::default()).await;
            let wall = began.elapsed();
            let Run::Ended(summary) = run else {
                panic!("nothing crashes here");
            };
            assert_eq!((summary.failed.len(), summary.skipped.len()), (0, 0));
            assert!(
                wall <= floor.mul_f64(1.05),
                "{name}, {network}: {wall:?} for what takes {floor:?}"
            );
        }
    }
}

#[test]
fn a_plan_foretells_its_time_and_what_it_waits_for() {
    let told = |network| {
        let graph = graph(&with_network("small", network));
        let plan = engine::plan(
            &graph,
            &Observed::<Resource>::new(),
            &PlanOptions::default(),
        );
        let forecast = forecast(&plan);
        let legs = forecast.critical_path.iter();
        let legs: Vec<String> = legs
            .map(|leg| format!("{} {} s", leg.resource, leg.seconds))
            .collect();
        assert_eq!(
            forecast.seconds,
            forecast
                .critical_path
                .iter()
                .map(|leg| leg.seconds)
                .sum::<u64>()
        );
        format!("{} s: {}", forecast.seconds, legs.join(", "))
    };
    expect!["626 s: VPC 12 s, security group `load-balancer` 4 s, security group `streaming` 4 s, security group `postgres` 4 s, database 420 s, task definition `one-off` 2 s, job `schema` 90 s, service `sidekiq-all` 90 s"].assert_eq(&told(NetworkProfile::Public));
    expect!["986 s: VPC 12 s, security group `load-balancer` 4 s, security group `streaming` 4 s, security group `postgres` 4 s, database 780 s, task definition `one-off` 2 s, job `schema` 90 s, service `sidekiq-all` 90 s"].assert_eq(&told(NetworkProfile::Ha));
}

#[test]
fn what_a_profile_costs_is_said_by_component() {
    let told = |name: &str, network| {
        let cost = crate::cost::cost(&graph(&with_network(name, network)));
        let mut text = format!("{} a month\n", cost.total());
        for line in &cost.lines {
            writeln!(text, "{:>8} {}", line.monthly.to_string(), line.what).unwrap();
        }
        writeln!(text, "unknown: {:?}", cost.unknown).unwrap();
        text
    };
    insta::assert_snapshot!("cost_small_public", told("small", NetworkProfile::Public));
    insta::assert_snapshot!("cost_small_private", told("small", NetworkProfile::Private));
    insta::assert_snapshot!(
        "cost_medium_private",
        told("medium", NetworkProfile::Private)
    );
    insta::assert_snapshot!("cost_large_ha", told("large", NetworkProfile::Ha));
}
