//! What runs.

use serde_json::{Map, Value, json};

use super::reference::{attribute, attributes, identity, logical_name};
use super::{Template, tags};
use crate::attributes::Attribute;
use crate::definition::Definition;
use crate::desired::Scene;
use crate::id::Id;
use crate::kind::Kind as _;
use crate::names;
use crate::resource::{Alarm, LogGroup, Role, Scaling, Service, TaskDefinition};

pub(super) fn log_group(template: &mut Template, group: &LogGroup, scene: Scene<'_>) {
    let resource = template.resource(
        &Id::LogGroup,
        "AWS::Logs::LogGroup",
        json!({
            "LogGroupName": names::of(&Id::LogGroup, scene.scope),
            "RetentionInDays": group.retention_days,
            "Tags": tags(&Id::LogGroup, scene),
        }),
    );
    resource["DeletionPolicy"] = json!("Delete");
    resource["UpdateReplacePolicy"] = json!("Delete");
}

pub(super) fn cluster(template: &mut Template, scene: Scene<'_>) {
    template.resource(
        &Id::Cluster,
        "AWS::ECS::Cluster",
        json!({
            "ClusterName": names::of(&Id::Cluster, scene.scope),
            "CapacityProviders": ["FARGATE", "FARGATE_SPOT"],
            "Tags": tags(&Id::Cluster, scene),
        }),
    );
}

pub(super) fn role(template: &mut Template, role: &Role, scene: Scene<'_>) {
    let id = role.id();
    template.resource(
        &id,
        "AWS::IAM::Role",
        json!({
            "RoleName": names::of(&id, scene.scope),
            "AssumeRolePolicyDocument": role.trust(),
            "Policies": [{
                "PolicyName": "masto",
                "PolicyDocument": role.policy(&identity(&Id::Secret)),
            }],
            "Tags": tags(&id, scene),
        }),
    );
}

pub(super) fn task_definition(
    template: &mut Template,
    definition: &TaskDefinition,
    scene: Scene<'_>,
) {
    let id = definition.id();
    let sources = definition.needs();
    let told: Vec<_> = sources
        .iter()
        .map(|id| (id.clone(), attributes(id)))
        .collect();
    let find = |id: &Id| told.iter().find(|(of, _)| of == id).map(|(_, told)| told);
    // Everything that it needs has been told right above.
    let Ok(rendered) = definition.render(find) else {
        return;
    };
    template.resource(
        &id,
        "AWS::ECS::TaskDefinition",
        json!({
            "Family": names::of(&id, scene.scope),
            "NetworkMode": "awsvpc",
            "RequiresCompatibilities": ["FARGATE"],
            "Cpu": rendered.cpu,
            "Memory": rendered.memory,
            "RuntimePlatform": {
                "CpuArchitecture": rendered.architecture,
                "OperatingSystemFamily": "LINUX",
            },
            "TaskRoleArn": rendered.task_role,
            "ExecutionRoleArn": rendered.execution_role,
            "ContainerDefinitions": [container(&rendered)],
            "Tags": tags(&id, scene),
        }),
    );
}

fn container(definition: &Definition) -> Value {
    let environment: Vec<Value> = definition
        .environment
        .iter()
        .map(|(name, value)| json!({ "Name": name, "Value": value }))
        .collect();
    let secrets: Vec<Value> = definition
        .secrets
        .iter()
        .map(|(name, from)| json!({ "Name": name, "ValueFrom": from }))
        .collect();
    let mut container = Map::from_iter([
        ("Name".to_owned(), json!(definition.container)),
        ("Image".to_owned(), json!(definition.image)),
        ("Essential".to_owned(), json!(true)),
        ("Command".to_owned(), json!(definition.command)),
        ("Environment".to_owned(), json!(environment)),
        ("Secrets".to_owned(), json!(secrets)),
        ("StopTimeout".to_owned(), json!(definition.stop_timeout)),
        (
            "LinuxParameters".to_owned(),
            json!({ "InitProcessEnabled": true }),
        ),
        (
            "LogConfiguration".to_owned(),
            json!({
                "LogDriver": "awslogs",
                "Options": {
                    "awslogs-group": identity(&Id::LogGroup),
                    "awslogs-region": definition.log_region,
                    "awslogs-stream-prefix": definition.container,
                },
            }),
        ),
    ]);
    if let Some(port) = definition.port {
        let mapping = json!([{ "ContainerPort": port, "HostPort": port, "Protocol": "tcp" }]);
        container.insert("PortMappings".to_owned(), mapping);
    }
    if let Some(check) = definition.check() {
        container.insert("HealthCheck".to_owned(), check);
    }
    Value::Object(container)
}

pub(super) fn service(template: &mut Template, service: &Service, scene: Scene<'_>) {
    let id = service.id();
    let (minimum, maximum) = service.percent();
    let [a, b, group] = service.network.ids();
    let is_public = service.network.tier == crate::id::Tier::Public;
    let mut properties = json!({
        "ServiceName": names::of(&id, scene.scope),
        "Cluster": identity(&Id::Cluster),
        "TaskDefinition": identity(&service.definition.id()),
        "DesiredCount": service.replicas,
        "CapacityProviderStrategy": [{ "CapacityProvider": service.capacity(), "Weight": 1 }],
        "DeploymentConfiguration": {
            "DeploymentCircuitBreaker": { "Enable": true, "Rollback": true },
            "MinimumHealthyPercent": minimum,
            "MaximumPercent": maximum,
        },
        "AvailabilityZoneRebalancing": if service.singleton { "DISABLED" } else { "ENABLED" },
        "NetworkConfiguration": {
            "AwsvpcConfiguration": {
                "Subnets": [identity(&a), identity(&b)],
                "SecurityGroups": [identity(&group)],
                "AssignPublicIp": if is_public { "ENABLED" } else { "DISABLED" },
            },
        },
        "EnableExecuteCommand": true,
        "EnableECSManagedTags": true,
        "PropagateTags": "SERVICE",
        "Tags": tags(&id, scene),
    });
    if let Some(target) = service.target {
        properties["HealthCheckGracePeriodSeconds"] = json!(target.grace_seconds);
        properties["LoadBalancers"] = json!([{
            "ContainerName": service.definition.container(),
            "ContainerPort": target.port,
            "TargetGroupArn": identity(&Id::TargetGroup(target.role)),
        }]);
    }
    // What it cannot refer to, and needs all the same: the way out, and the listener or rule by
    // which its target group belongs to a load balancer.
    let waits: Vec<String> = service
        .needs()
        .into_iter()
        .filter(|id| matches!(id, Id::Listener(_) | Id::Rule(_)))
        .map(|id| logical_name(&id))
        .collect();
    let resource = template.resource(&id, "AWS::ECS::Service", properties);
    if !waits.is_empty() {
        resource["DependsOn"] = json!(waits);
    }
}

pub(super) fn scaling(template: &mut Template, scaling: &Scaling, scene: Scene<'_>) {
    let id = scaling.id();
    let service = Id::Service(scaling.process.clone());
    let target = template.resource(
        &id,
        "AWS::ApplicationAutoScaling::ScalableTarget",
        json!({
            "ServiceNamespace": "ecs",
            "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": format!(
                "service/{}/{}",
                names::of(&Id::Cluster, scene.scope),
                names::of(&service, scene.scope)
            ),
            "MinCapacity": scaling.autoscale.min,
            "MaxCapacity": scaling.autoscale.max,
        }),
    );
    target["DependsOn"] = json!(logical_name(&service));
    template.named(
        &format!("{}Policy", logical_name(&id)),
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        json!({
            "PolicyName": "masto-cpu",
            "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": identity(&id),
            "TargetTrackingScalingPolicyConfiguration": {
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "ECSServiceAverageCPUUtilization",
                },
                "TargetValue": scaling.autoscale.cpu,
            },
        }),
    );
}

pub(super) fn alarm(template: &mut Template, alarm: &Alarm, scene: Scene<'_>) {
    let id = alarm.id();
    let mut properties = alarm.properties(|id| attribute(id, Attribute::Dimension));
    properties["AlarmName"] = json!(names::of(&id, scene.scope));
    properties["Tags"] = tags(&id, scene);
    template.resource(&id, "AWS::CloudWatch::Alarm", properties);
}
