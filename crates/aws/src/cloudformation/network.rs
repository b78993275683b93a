//! The network.

use serde_json::{Value, json};

use super::reference::{identity, logical_name};
use super::{Template, tags};
use crate::desired::Scene;
use crate::id::{Id, Tier, Zone};
use crate::kind::Kind as _;
use crate::names;
use crate::resource::{
    Address, Inbound, NatGateway, Peer, RouteTable, S3Endpoint, SecurityGroup, Subnet, Vpc,
};

pub(super) fn vpc(template: &mut Template, vpc: &Vpc, scene: Scene<'_>) {
    template.resource(
        &Id::Vpc,
        "AWS::EC2::VPC",
        json!({
            "CidrBlock": vpc.cidr,
            "EnableDnsSupport": true,
            "EnableDnsHostnames": true,
            "Tags": tags(&Id::Vpc, scene),
        }),
    );
}

/// Attached by a resource of its own.
const ATTACHMENT: &str = "InternetGatewayAttachment";

pub(super) fn internet_gateway(template: &mut Template, scene: Scene<'_>) {
    template.resource(
        &Id::InternetGateway,
        "AWS::EC2::InternetGateway",
        json!({ "Tags": tags(&Id::InternetGateway, scene) }),
    );
    template.named(
        ATTACHMENT,
        "AWS::EC2::VPCGatewayAttachment",
        json!({
            "VpcId": identity(&Id::Vpc),
            "InternetGatewayId": identity(&Id::InternetGateway),
        }),
    );
}

/// The zone is chosen by whoever makes the stack's account.
fn zone(zone: Zone) -> Value {
    let index = match zone {
        Zone::A => 0,
        Zone::B => 1,
    };
    json!({ "Fn::Select": [index, { "Fn::GetAZs": "" }] })
}

pub(super) fn subnet(template: &mut Template, subnet: &Subnet, scene: Scene<'_>) {
    let id = subnet.id();
    template.resource(
        &id,
        "AWS::EC2::Subnet",
        json!({
            "VpcId": identity(&Id::Vpc),
            "CidrBlock": subnet.cidr,
            "AvailabilityZone": zone(subnet.zone),
            "Tags": tags(&id, scene),
        }),
    );
}

pub(super) fn address(template: &mut Template, address: Address, scene: Scene<'_>) {
    let id = address.id();
    let resource = template.resource(
        &id,
        "AWS::EC2::EIP",
        json!({ "Domain": "vpc", "Tags": tags(&id, scene) }),
    );
    resource["DependsOn"] = json!(ATTACHMENT);
}

pub(super) fn nat_gateway(template: &mut Template, gateway: NatGateway, scene: Scene<'_>) {
    let id = gateway.id();
    template.resource(
        &id,
        "AWS::EC2::NatGateway",
        json!({
            "AllocationId": identity(&Id::Address(gateway.zone)),
            "SubnetId": identity(&Id::Subnet(Tier::Public, gateway.zone)),
            "Tags": tags(&id, scene),
        }),
    );
}

pub(super) fn route_table(template: &mut Template, table: &RouteTable, scene: Scene<'_>) {
    let id = table.id();
    let name = logical_name(&id);
    template.resource(
        &id,
        "AWS::EC2::RouteTable",
        json!({ "VpcId": identity(&Id::Vpc), "Tags": tags(&id, scene) }),
    );
    let mut route = json!({
        "RouteTableId": identity(&id),
        "DestinationCidrBlock": "0.0.0.0/0",
    });
    match table.tier {
        Tier::Public => route["GatewayId"] = json!(identity(&Id::InternetGateway)),
        Tier::Private => route["NatGatewayId"] = json!(identity(&Id::NatGateway(table.zone))),
    }
    let resource = template.named(&format!("{name}Default"), "AWS::EC2::Route", route);
    if table.tier == Tier::Public {
        resource["DependsOn"] = json!(ATTACHMENT);
    }
    for zone in &table.zones {
        let subnet = Id::Subnet(table.tier, *zone);
        template.named(
            &format!("{name}Of{}", logical_name(&subnet)),
            "AWS::EC2::SubnetRouteTableAssociation",
            json!({ "RouteTableId": identity(&id), "SubnetId": identity(&subnet) }),
        );
    }
}

pub(super) fn s3_endpoint(template: &mut Template, endpoint: &S3Endpoint, scene: Scene<'_>) {
    let tables: Vec<String> = endpoint.route_tables.iter().map(identity).collect();
    template.resource(
        &Id::S3Endpoint,
        "AWS::EC2::VPCEndpoint",
        json!({
            "VpcEndpointType": "Gateway",
            "VpcId": identity(&Id::Vpc),
            "ServiceName": format!("com.amazonaws.{}.s3", scene.scope.region),
            "RouteTableIds": tables,
            "Tags": tags(&Id::S3Endpoint, scene),
        }),
    );
}

pub(super) fn security_group(template: &mut Template, group: &SecurityGroup, scene: Scene<'_>) {
    let id = group.id();
    let rules: Vec<Value> = group.inbound.iter().map(inbound).collect();
    template.resource(
        &id,
        "AWS::EC2::SecurityGroup",
        json!({
            "GroupName": names::of(&id, scene.scope),
            "GroupDescription": group.description(),
            "VpcId": identity(&Id::Vpc),
            "SecurityGroupIngress": rules,
            "Tags": tags(&id, scene),
        }),
    );
}

fn inbound(inbound: &Inbound) -> Value {
    let mut rule = json!({
        "IpProtocol": "tcp",
        "FromPort": inbound.port,
        "ToPort": inbound.port,
    });
    match inbound.from {
        Peer::Anyone => rule["CidrIp"] = json!("0.0.0.0/0"),
        Peer::Group(role) => {
            rule["SourceSecurityGroupId"] = json!(identity(&Id::SecurityGroup(role)));
        }
    }
    rule
}
