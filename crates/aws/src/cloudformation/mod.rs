//! The same resources as a CloudFormation template: for those who deploy with nothing else, and
//! for tools that judge templates.
//!
//! What a template cannot say stays outside, and the template's metadata tells of it: the values
//! of secrets, and one-off work.

mod balancing;
mod network;
mod reference;
mod stores;
mod tasks;

use std::collections::BTreeMap;

use engine::{Graph, GraphError};
use serde_json::{Map, Value, json};

use self::reference::{fill, logical_name};
use crate::desired::offline::Offline;
use crate::desired::{Scene, desired};
use crate::id::Id;
use crate::placement::TaskImages;
use crate::resource::Resource;
use topology::Topology;

/// What a template cannot say.
const OUTSIDE: &str = "One-off work (database schema, owner account) is no resource: run it with \
    the task definition OneOff after the stores and before the services. The secret named by \
    SecretArn has to exist with all keys that the task definitions name.";

/// The template of `topology`'s deployment, JSON; `None` where the file has no `aws` part.
///
/// # Errors
///
/// Never for a topology without problems.
pub fn template(topology: &Topology, images: TaskImages) -> Result<Option<Value>, GraphError> {
    let Some(offline) = Offline::new(topology, images, reference::ACCOUNT) else {
        return Ok(None);
    };
    let scene = offline.scene();
    Ok(Some(of_graph(&desired(scene)?, scene)))
}

fn of_graph(graph: &Graph<Resource>, scene: Scene<'_>) -> Value {
    let mut template = Template::default();
    for resource in graph.iter() {
        add(&mut template, resource, scene);
    }
    let outside = Map::from_iter([("Outside".to_owned(), json!(OUTSIDE))]);
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": format!("Mastodon {} at {}", scene.deployment.version, scene.deployment.domain),
        "Metadata": outside,
        "Parameters": template.parameters,
        "Resources": template.resources,
        "Outputs": template.outputs,
    })
}

/// One function a kind.
fn add(template: &mut Template, resource: &Resource, scene: Scene<'_>) {
    match resource {
        Resource::Vpc(wanted) => network::vpc(template, wanted, scene),
        Resource::InternetGateway(_) => network::internet_gateway(template, scene),
        Resource::Subnet(wanted) => network::subnet(template, wanted, scene),
        Resource::Address(wanted) => network::address(template, ***wanted, scene),
        Resource::NatGateway(wanted) => network::nat_gateway(template, ***wanted, scene),
        Resource::RouteTable(wanted) => network::route_table(template, wanted, scene),
        Resource::S3Endpoint(wanted) => network::s3_endpoint(template, wanted, scene),
        Resource::SecurityGroup(wanted) => network::security_group(template, wanted, scene),
        Resource::LoadBalancer(wanted) => balancing::load_balancer(template, ***wanted, scene),
        Resource::TargetGroup(wanted) => balancing::target_group(template, wanted, scene),
        Resource::Listener(wanted) => balancing::listener(template, wanted),
        Resource::ListenerRule(wanted) => balancing::listener_rule(template, wanted),
        Resource::LogGroup(wanted) => tasks::log_group(template, wanted, scene),
        Resource::Cluster(_) => tasks::cluster(template, scene),
        Resource::Role(wanted) => tasks::role(template, wanted, scene),
        Resource::TaskDefinition(wanted) => tasks::task_definition(template, wanted, scene),
        Resource::Service(wanted) => tasks::service(template, wanted, scene),
        Resource::Scaling(wanted) => tasks::scaling(template, wanted, scene),
        Resource::Alarm(wanted) => tasks::alarm(template, wanted, scene),
        Resource::DeploymentSecret(_) => stores::secret(template, scene),
        Resource::DatabaseSubnets(_) => stores::database_subnets(template, scene),
        Resource::DatabaseParameters(wanted) => {
            stores::database_parameters(template, wanted, scene);
        }
        Resource::Database(wanted) => stores::database(template, wanted, scene),
        Resource::CacheSubnets(_) => stores::cache_subnets(template, scene),
        Resource::CacheParameters(wanted) => {
            stores::cache_parameters(template, wanted, scene);
        }
        Resource::Cache(wanted) => stores::cache(template, wanted, scene),
        Resource::Bucket(wanted) => stores::bucket(template, wanted, scene),
        Resource::OriginAccessControl(_) => stores::origin_access_control(template, scene),
        Resource::Distribution(wanted) => stores::distribution(template, wanted, scene),
        Resource::Certificate(wanted) => stores::certificate(template, wanted, scene),
        Resource::Dns(wanted) => stores::dns(template, wanted),
        Resource::MailIdentity(wanted) => stores::mail_identity(template, wanted, scene),
        Resource::MailUser(wanted) => stores::mail_user(template, wanted, scene),
        // CloudFormation waits for a certificate by itself, and knows no one-off work.
        Resource::Validation(_) | Resource::Job(_) => {}
    }
}

/// The parts of a template.
#[derive(Debug, Default)]
struct Template {
    parameters: BTreeMap<String, Value>,
    resources: BTreeMap<String, Value>,
    outputs: BTreeMap<String, Value>,
}

impl Template {
    /// A resource under the name of `id`.
    fn resource(&mut self, id: &Id, kind: &str, properties: Value) -> &mut Value {
        self.named(&logical_name(id), kind, properties)
    }

    /// A resource that has no [`Id`] of its own.
    fn named(&mut self, name: &str, kind: &str, properties: Value) -> &mut Value {
        let resource = json!({ "Type": kind, "Properties": fill(properties) });
        let entry = self.resources.entry(name.to_owned()).or_default();
        *entry = resource;
        entry
    }

    /// A value that whoever uses the template gives.
    fn parameter(&mut self, name: &str, kind: &str, description: &str) {
        self.parameters.insert(
            name.to_owned(),
            json!({ "Type": kind, "Description": description }),
        );
    }

    /// What is told of the stack afterwards.
    fn output(&mut self, name: &str, description: &str, value: impl Into<Value>) {
        let output = json!({ "Description": description, "Value": fill(value.into()) });
        self.outputs.insert(name.to_owned(), output);
    }
}

/// The tags of a thing as most kinds take them.
fn tags(id: &Id, scene: Scene<'_>) -> Value {
    crate::tags::of(id, scene.scope)
        .into_iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}

#[cfg(test)]
mod tests;
