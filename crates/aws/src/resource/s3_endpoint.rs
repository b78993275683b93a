//! S3 from inside the VPC, free and without NAT.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{ResourceType, VpcEndpoint, VpcEndpointType};
use engine::wait::Look;
use engine::{Change, Known};

use crate::account::Account;
use crate::attributes::Attributes;
use crate::difference::Differences;
use crate::ec2;
use crate::ensure::ensure;
use crate::error::Error;
use crate::id::Id;
use crate::kind::{Found, Kind, Site};
use crate::resource::Resource;
use crate::scope::Scope;

/// The gateway endpoint of S3: traffic to the bucket does not pass a NAT gateway, which is paid by
/// the gigabyte.
///
/// | Field | Change |
/// |---|---|
/// | route tables | in place |
/// | the VPC | replaces |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Endpoint {
    /// The route tables that get a route to S3.
    pub route_tables: BTreeSet<Id>,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveS3Endpoint {
    /// The id of its VPC.
    pub vpc: String,
    /// The ids of the route tables that it has a route in.
    pub route_tables: BTreeSet<String>,
}

impl Kind for S3Endpoint {
    type Live = LiveS3Endpoint;

    fn id(&self) -> Id {
        Id::S3Endpoint
    }

    fn needs(&self) -> BTreeSet<Id> {
        let mut needs = self.route_tables.clone();
        needs.insert(Id::Vpc);
        needs
    }

    fn holds(&self) -> BTreeSet<Id> {
        [Id::Vpc].into()
    }

    fn diff(&self, live: &LiveS3Endpoint, known: &Known<Resource>) -> Option<Change> {
        let LiveS3Endpoint { vpc, route_tables } = live;
        let mut differences = Differences::new().held("VPC", vpc, known.get(&Id::Vpc));
        for id in &self.route_tables {
            let now = known.get(id);
            let routed = now.and_then(|now| route_tables.get(&now.identity));
            differences =
                differences.refers(&id.to_string(), routed.map_or("", String::as_str), now);
        }
        differences.into_change()
    }

    async fn observe(
        account: &Account,
        scope: &Scope,
    ) -> Result<Vec<Found<LiveS3Endpoint>>, Error> {
        let found = list(account, scope)
            .await?
            .into_iter()
            .filter_map(|endpoint| {
                let live = LiveS3Endpoint {
                    vpc: endpoint.vpc_id.unwrap_or_default(),
                    route_tables: endpoint
                        .route_table_ids
                        .unwrap_or_default()
                        .into_iter()
                        .collect(),
                };
                let attributes = Attributes::of(endpoint.vpc_endpoint_id?);
                Some(Found::ours(Id::S3Endpoint, attributes, live))
            });
        Ok(found.collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let vpc = site.identity(&Id::Vpc)?;
        let tables = self.tables(site)?;
        let endpoint = ensure(
            || async {
                let found = list(account, scope).await?.into_iter().next();
                Ok(found.and_then(|endpoint| endpoint.vpc_endpoint_id))
            },
            || async {
                let made = account
                    .ec2
                    .create_vpc_endpoint()
                    .vpc_endpoint_type(VpcEndpointType::Gateway)
                    .vpc_id(vpc)
                    .service_name(format!("com.amazonaws.{}.s3", scope.region))
                    .set_route_table_ids(Some(tables.clone()))
                    .tag_specifications(ec2::tags(
                        ResourceType::VpcEndpoint,
                        &Id::S3Endpoint,
                        scope,
                    ))
                    .customize()
                    .config_override(ec2::once())
                    .send()
                    .await
                    .map_err(|error| Error::call("ec2:CreateVpcEndpoint", error))?;
                let endpoint = made.vpc_endpoint.and_then(|made| made.vpc_endpoint_id);
                Ok(endpoint.unwrap_or_default())
            },
            // What it refers to is new, and not everywhere yet.
            |error| {
                error.is(&[
                    "InvalidVpcID.NotFound",
                    "InvalidVpcId.NotFound",
                    "InvalidRouteTableID.NotFound",
                    "InvalidRouteTableId.NotFound",
                ])
            },
        )
        .await?;
        Ok(Attributes::of(endpoint))
    }

    async fn update(
        &self,
        live: &Found<LiveS3Endpoint>,
        site: Site<'_>,
    ) -> Result<Attributes, Error> {
        let wanted: BTreeSet<String> = self.tables(site)?.into_iter().collect();
        let has = &live.live.route_tables;
        let missing: Vec<String> = wanted.difference(has).cloned().collect();
        let stale: Vec<String> = has.difference(&wanted).cloned().collect();
        site.account
            .ec2
            .modify_vpc_endpoint()
            .vpc_endpoint_id(&live.attributes.identity)
            .set_add_route_table_ids((!missing.is_empty()).then_some(missing))
            .set_remove_route_table_ids((!stale.is_empty()).then_some(stale))
            .send()
            .await
            .map_err(|error| Error::call("ec2:ModifyVpcEndpoint", error))?;
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveS3Endpoint>, site: Site<'_>) -> Result<(), Error> {
        let endpoint = &live.attributes.identity;
        site.delete(&live.id, &["DependencyViolation"], || async {
            site.account
                .ec2
                .delete_vpc_endpoints()
                .vpc_endpoint_ids(endpoint)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("ec2:DeleteVpcEndpoints", error))
        })
        .await?;
        // Its routes go with it, and the tables cannot go before them.
        site.until(&live.id, "the S3 endpoint is gone", ec2::SOON, || async {
            Ok(match list(site.account, site.scope).await?.first() {
                Some(_) => Look::NotYet("still listed".to_owned()),
                None => Look::Ready(()),
            })
        })
        .await
    }
}

impl S3Endpoint {
    fn tables(&self, site: Site<'_>) -> Result<Vec<String>, Error> {
        let ids = self.route_tables.iter();
        ids.map(|id| site.identity(id).map(str::to_owned)).collect()
    }
}

async fn list(account: &Account, scope: &Scope) -> Result<Vec<VpcEndpoint>, Error> {
    let endpoints = account
        .ec2
        .describe_vpc_endpoints()
        .filters(ec2::of_deployment(scope))
        .send()
        .await
        .map_err(|error| Error::call("ec2:DescribeVpcEndpoints", error))?
        .vpc_endpoints
        .unwrap_or_default();
    let is_here = |endpoint: &VpcEndpoint| {
        let state = endpoint
            .state
            .as_ref()
            .map(|state| state.as_str().to_ascii_lowercase());
        !matches!(state.as_deref(), Some("deleted" | "deleting" | "failed"))
    };
    Ok(endpoints.into_iter().filter(is_here).collect())
}
