//! The load balancer.

use serde_json::{Value, json};

use super::reference::{attribute, identity};
use super::{Template, tags};
use crate::attributes::Attribute;
use crate::desired::Scene;
use crate::elb;
use crate::id::{CertificateRole, GroupRole, Id, ListenerRole, Tier, Zone};
use crate::kind::Kind as _;
use crate::names;
use crate::resource::{Condition, Listener, ListenerRule, LoadBalancer, Routing, TargetGroup};

pub(super) fn load_balancer(template: &mut Template, balancer: LoadBalancer, scene: Scene<'_>) {
    let subnets = Zone::ALL.map(|zone| identity(&Id::Subnet(Tier::Public, zone)));
    let attributes: Vec<Value> = balancer
        .settings()
        .into_iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    let resource = template.resource(
        &Id::LoadBalancer,
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        json!({
            "Name": names::of(&Id::LoadBalancer, scene.scope),
            "Type": "application",
            "Scheme": "internet-facing",
            "Subnets": subnets,
            "SecurityGroups": [identity(&Id::SecurityGroup(GroupRole::LoadBalancer))],
            "LoadBalancerAttributes": attributes,
            "Tags": tags(&Id::LoadBalancer, scene),
        }),
    );
    // Refused in subnets that lead nowhere.
    resource["DependsOn"] = json!("RouteTablePublicADefault");
    template.output(
        "LoadBalancerHost",
        "What the server's name has to lead to",
        attribute(&Id::LoadBalancer, Attribute::Host),
    );
}

pub(super) fn target_group(template: &mut Template, group: &TargetGroup, scene: Scene<'_>) {
    let id = group.id();
    let attributes: Vec<Value> = group
        .settings()
        .into_iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    let mut properties = group.check();
    properties["Name"] = json!(names::of(&id, scene.scope));
    properties["TargetType"] = json!("ip");
    properties["Protocol"] = json!("HTTP");
    properties["Port"] = json!(group.port);
    properties["VpcId"] = json!(identity(&Id::Vpc));
    properties["TargetGroupAttributes"] = json!(attributes);
    properties["Tags"] = tags(&id, scene);
    template.resource(&id, "AWS::ElasticLoadBalancingV2::TargetGroup", properties);
}

pub(super) fn listener(template: &mut Template, listener: &Listener) {
    let mut properties = json!({
        "LoadBalancerArn": identity(&Id::LoadBalancer),
        "Port": elb::port(listener.role),
        "DefaultActions": [action(&listener.routing)],
    });
    match listener.role {
        ListenerRole::Http => properties["Protocol"] = json!("HTTP"),
        ListenerRole::Https => {
            let certificate = identity(&Id::Validation(CertificateRole::Server));
            properties["Protocol"] = json!("HTTPS");
            properties["SslPolicy"] = json!(elb::TLS_POLICY);
            properties["Certificates"] = json!([{ "CertificateArn": certificate }]);
        }
    }
    template.resource(
        &listener.id(),
        "AWS::ElasticLoadBalancingV2::Listener",
        properties,
    );
}

pub(super) fn listener_rule(template: &mut Template, rule: &ListenerRule) {
    let conditions: Vec<Value> = rule.conditions.iter().map(condition).collect();
    template.resource(
        &rule.id(),
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        json!({
            "ListenerArn": identity(&Id::Listener(ListenerRole::Https)),
            "Priority": rule.priority,
            "Conditions": conditions,
            "Actions": [action(&rule.routing)],
        }),
    );
}

fn condition(condition: &Condition) -> Value {
    match condition {
        Condition::Path(paths) => {
            json!({ "Field": "path-pattern", "PathPatternConfig": { "Values": paths } })
        }
        Condition::Host(host) => {
            json!({ "Field": "host-header", "HostHeaderConfig": { "Values": [host] } })
        }
        Condition::Header(name) => json!({
            "Field": "http-header",
            "HttpHeaderConfig": { "HttpHeaderName": name, "Values": ["*"] },
        }),
    }
}

fn action(routing: &Routing) -> Value {
    let redirect = |host: &str| {
        json!({
            "Type": "redirect",
            "RedirectConfig": {
                "Protocol": "HTTPS",
                "Port": "443",
                "Host": host,
                "Path": "/#{path}",
                "Query": "#{query}",
                "StatusCode": "HTTP_301",
            },
        })
    };
    match routing {
        Routing::Forward(role) => {
            json!({ "Type": "forward", "TargetGroupArn": identity(&Id::TargetGroup(*role)) })
        }
        Routing::ToHttps => redirect("#{host}"),
        Routing::ToHost(host) => redirect(host),
        Routing::Refuse(text) => json!({
            "Type": "fixed-response",
            "FixedResponseConfig": {
                "StatusCode": "400",
                "ContentType": "text/plain",
                "MessageBody": text,
            },
        }),
    }
}
